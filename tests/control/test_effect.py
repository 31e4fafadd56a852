"""Whether a shed has helped, judged by what the former delivers afterwards."""

from dataclasses import replace
from typing import Any

import pytest

from hems.control.state import LoadMemory
from hems.model import wiring
from hems.model.cause import Why
from hems.model.request import Acknowledge
from hems.model.site import Tier
from hems.model.units import CircuitId
from hems.model.wiring import Role
from tests.control.panel import UNMETERED, Panel, on_an_island
from tests.given import flats

TIERS = {one.id: one.tier for one in flats().circuits}


def former(*phase_w: float) -> dict[Role, Any]:
    return {wiring.former_phase_w(index): watts for index, watts in enumerate(phase_w)}


def overloaded(dose: float, *phase_w: float) -> Panel:
    """An island that carries everything, with some of its overload curve used up."""
    made = on_an_island().says(UNMETERED)
    loads = {name: replace(memory, shed_because=None, shed_since_s=None) for name, memory in made.state.loads.items()}
    sent = {role: replace(one, value=True) if "circuits" in role else one for role, one in made.state.sent.items()}
    made.state = replace(made.state, loads=loads, sent=sent, dose=(dose, 0.0, 0.0))
    made.says({role: True for role in made.values if role.endswith("/closed")})
    return made.says(former(*phase_w))


def tiers_off(made: Panel) -> set[Tier]:
    return {TIERS[CircuitId(name)] for name in made.off()}


def test_when_nothing_that_is_switched_off_helps_the_house_is_not_walked_dark():
    # given a former that says it delivers too much, whatever goes off
    made = overloaded(0.5, 10_800.0, 4_000.0, 4_000.0)
    made.advance(600.0, every_s=20.0)
    assert made.state.dose[0] == pytest.approx(1.0), "it would have tripped long ago, if it were true"
    # then hems has tried twice and gone no further: not by dose, and not by time
    assert {Tier.FLEXIBLE, Tier.NON_ESSENTIAL, Tier.COMFORT} <= tiers_off(made)
    assert Tier.CRITICAL not in tiers_off(made)
    assert "door_entry" not in made.off(), "essential, and on another phase"
    # and a person is told
    assert made.state.alarms["futile"].cause.why is Why.SHED_FUTILE
    # and what the reflex holds ready spares them as well
    armed = [command.role for step in made.steps[-1:] for one in step[1].armed for command in one.commands]
    assert not {wiring.circuit_closed(name) for name, tier in TIERS.items() if tier <= Tier.ESSENTIAL} & set(armed)


def test_as_long_as_switching_off_helps_it_goes_on_down_to_critical_circuits():
    # given a load that life safety and critical circuits alone make too high
    made = overloaded(0.5, 10_000.0, 4_000.0, 4_000.0)
    made.load = 5.0
    made.advance(60.0)
    assert Tier.CRITICAL in tiers_off(made)
    assert "futile" not in made.state.alarms


def test_the_guard_ends_with_the_overload():
    made = overloaded(0.5, 12_000.0, 4_000.0, 4_000.0)
    made.advance(60.0, every_s=5.0)
    assert "futile" in made.state.alarms
    made.says(former(6_000.0, 3_000.0, 3_000.0)).advance(2.0)
    assert made.state.effect.vain == 0


def vain(made: Panel, name: str, times: int) -> Panel:
    made.state = replace(
        made.state, loads={**made.state.loads, CircuitId(name): LoadMemory(vain=times, read_back=True)}
    )
    return made


def test_a_circuit_whose_shedding_shows_nothing_is_marked_and_the_next_one_taken():
    # given the first circuit in line, whose switch has moved twice without any effect, and does so again
    made = vain(overloaded(0.5, 11_000.0, 3_000.0, 3_000.0), "gym", 2)
    made.tick()
    assert "gym" in made.off()
    made.advance(3.0)
    # then it is marked, and a person is told
    assert made.state.loads[CircuitId("gym")].vain == 3
    assert made.state.alarms["circuits/gym/closed/vain"].cause.why is Why.SHED_IN_VAIN
    # and when it is on again and load must go, it is passed over
    again = vain(overloaded(0.5, 11_000.0, 3_000.0, 3_000.0), "gym", 3).advance(1.0)
    assert "ventilation" in again.off()
    assert "gym" not in again.off()


def test_one_that_helps_is_cleared_and_a_person_clears_all():
    helped = vain(overloaded(0.5, 11_000.0, 3_000.0, 3_000.0), "hot_water", 2)
    helped.tick()
    helped.says(former(5_000.0, 1_000.0, 1_000.0)).advance(2.0)
    assert helped.state.loads[CircuitId("hot_water")].vain == 0
    looked = vain(on_an_island(), "laundry", 3).ask(Acknowledge(who="ana", role="operator")).advance(1.0)
    assert looked.state.loads[CircuitId("laundry")].vain == 0


def test_a_circuit_with_a_meter_is_judged_by_that():
    made = overloaded(0.5, 11_000.0, 3_000.0, 3_000.0)
    made.says({wiring.circuit_power(name): 2_000.0 for name in TIERS}).advance(4.0)
    assert made.off()
    assert all(memory.vain == 0 for memory in made.state.loads.values())


def test_a_former_that_cannot_be_read_and_a_shed_too_small_to_be_seen_judge_nobody():
    blind = overloaded(0.5, 12_000.0, 4_000.0, 4_000.0)
    blind.tick()
    blind.says(dict.fromkeys(former(0.0, 0.0, 0.0))).advance(20.0)
    assert blind.state.effect.vain == 0
    assert not blind.state.effect.expected_w
