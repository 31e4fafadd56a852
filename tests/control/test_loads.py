"""What is remembered of circuits: what the reflex did, what is found off, what comes due."""

from dataclasses import replace
from typing import Any

import pytest

from hems.control.decided import adopted
from hems.control.found_off import found_open
from hems.control.going import expiries
from hems.control.memory.acting import Sent
from hems.control.memory.seeing import BusMemory, EvidenceMemory
from hems.control.memory.using import LoadMemory
from hems.control.obeying import PARTED_S, observed
from hems.control.params import Params
from hems.control.state import ControlState, initial
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.command import Command
from hems.model.mode import Bus
from hems.model.units import CircuitId, SourceId
from tests.control.panel import snapshot
from tests.given import flats

SITE, PARAMS = flats(), Params()
LAUNDRY = CircuitId("laundry")
ROLE = wiring.circuit_closed(LAUNDRY)
OVERLOAD, ENERGY = Cause(Why.OVERLOAD), Cause(Why.ENERGY_BAND)


def knowing(memory: LoadMemory, **sent: Any) -> ControlState:
    entry = {ROLE: Sent(**{"value": False, "cause": ENERGY, "sent_s": 50.0, "last_s": 50.0} | sent)} if sent else {}
    return replace(initial(0.0), at_s=900.0, loads={LAUNDRY: memory}, sent=entry)


def test_what_the_reflex_sheds_anew_keeps_the_reason_and_the_hour_of_the_first_time():
    fired = [Command(role=ROLE, value=False, cause=OVERLOAD, energises=False)]
    off = adopted(knowing(LoadMemory(shed_because=ENERGY, shed_since_s=50.0)), fired, SITE, PARAMS, 900.0)
    assert (off.loads[LAUNDRY].shed_because, off.loads[LAUNDRY].shed_since_s) == (ENERGY, 50.0)
    on = adopted(knowing(LoadMemory()), fired, SITE, PARAMS, 900.0)
    assert (on.loads[LAUNDRY].shed_because, on.loads[LAUNDRY].shed_since_s) == (OVERLOAD, 900.0)


def test_a_car_that_the_reflex_stops_is_no_circuit():
    role = wiring.bay_power(SourceId("bay_1"))
    fired = [Command(role=role, value=0, cause=OVERLOAD, energises=False)]
    after = adopted(knowing(LoadMemory()), fired, SITE, PARAMS, 900.0)
    assert after.sent[role].sent_s == 900.0
    assert set(after.loads) == {LAUNDRY}


@pytest.mark.parametrize(
    ("memory", "sent"),
    [
        (LoadMemory(), {"value": False}),  # it was told to be off
        (LoadMemory(shed_because=ENERGY, shed_since_s=50.0), {"value": True}),  # it is off for a reason already
    ],
)
def test_what_is_meant_to_be_off_is_not_found_off(memory: LoadMemory, sent: dict[str, Any]):
    state = knowing(memory, contradicted_since_s=100.0, **sent)
    for now_s in (1.0, 900.0):  # while hems holds still after its start, and later
        after = found_open(SITE, state, snapshot(SITE, {ROLE: False}, now_s), PARAMS, now_s)
        assert after.loads[LAUNDRY] == memory


def test_what_is_meant_to_be_on_is_found_off_after_the_time_a_switch_needs():
    state, wait_s = knowing(LoadMemory(), value=True, contradicted_since_s=100.0), PARAMS.command.confirm_s

    def after(now_s: float) -> LoadMemory:
        return found_open(SITE, state, snapshot(SITE, {ROLE: False}, now_s), PARAMS, now_s).loads[LAUNDRY]

    assert after(100.0 + wait_s - 0.1).shed_because is None
    assert after(100.0 + wait_s).shed_because == Cause(Why.FOUND_OFF)


@pytest.mark.parametrize(
    ("memory", "sent", "due_s"),
    [
        (LoadMemory(), {}, []),
        (LoadMemory(shed_because=ENERGY), {"acknowledged_s": None}, [50.0 + PARAMS.command.shed_ack_s]),
        (LoadMemory(), {"value": True, "contradicted_since_s": 60.0}, [60.0 + PARAMS.command.confirm_s]),
        (LoadMemory(let_go_s=70.0), {}, [70.0 + PARAMS.command.confirm_s]),
        (LoadMemory(let_go_s=70.0, shed_because=ENERGY), {}, []),
        (LoadMemory(restored_s=80.0), {}, [80.0 + SITE.circuit(LAUNDRY).min_on_s * PARAMS.restore.pause_factor]),
        (LoadMemory(restored_s=80.0, shed_because=ENERGY), {}, []),
    ],
)
def test_hems_looks_again_when_time_alone_changes_something(
    memory: LoadMemory, sent: dict[str, Any], due_s: list[float]
):
    assert list(expiries(SITE, knowing(memory, **sent), PARAMS)) == due_s


@pytest.mark.parametrize(("bus", "forgiven"), [(Bus.LIVE, True), (Bus.DEAD, False), (Bus.UNKNOWN, False)])
def test_welded_contacts_have_parted_when_nothing_flows_although_there_is_voltage(bus: Bus, *, forgiven: bool):
    # given a switch that was told to open long ago, says so, and draws nothing
    memory = LoadMemory(shed_because=ENERGY, welded_s=100.0, read_back=True)
    state = replace(knowing(memory, acknowledged_s=51.0), evidence=EvidenceMemory(bus=BusMemory(value=bus)))
    # when that has gone on for long enough
    now_s = 100.0 + PARTED_S
    known = snapshot(SITE, {ROLE: False, wiring.circuit_power(LAUNDRY): 0.0}, now_s)
    after = observed(SITE, state, known, PARAMS, now_s)[LAUNDRY]
    # then it counts as mended, but not on a dead bus
    assert (after.welded_s is None) is forgiven
