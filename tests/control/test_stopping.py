"""Ending in good order on an island."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hems.control.demand import per_phase
from hems.control.memory.acting import Sent
from hems.control.memory.seeing import ModeMemory
from hems.control.params import Params
from hems.control.state import initial
from hems.control.stopping import Ending, ending, withdrawn
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import Mode
from hems.model.site import Site, Tier
from hems.model.units import CircuitId, SourceId
from hems.model.wiring import Role
from tests.control.panel import TIE_OPEN, car, snapshot
from tests.given import flats

SITE, PARAMS = flats(), Params()


def former(*phase_w: float | None) -> dict[Role, Any]:
    return {wiring.former_phase_w(index): watts for index, watts in enumerate(phase_w)}


def stopped(values: dict[Role, Any], site: Site = SITE) -> Ending:
    """Told to stop on an island."""
    return ending(site, initial(0.0), snapshot(site, TIE_OPEN | values), PARAMS, 0.0)


def names(end: Ending) -> list[str]:
    return [str(one.role).split("/")[1] for one in end.sheds]


def drawing(share: float) -> dict[Role, Any]:
    return {wiring.circuit_power(one.id): share * one.typical_w for one in SITE.circuits}


def test_what_the_cars_carried_is_shed_and_only_then_are_they_released():
    # given 36.6 kW, of which two cars carry 16 kW: 12 kW a phase would be left for 10 kVA
    end = stopped(former(6_900.0, 6_900.0, 6_500.0) | car("bay_1", 80.0, 8_000.0) | car("bay_2", 80.0, 8_000.0))
    assert names(end) == ["hot_water", "laundry", "gym", "ventilation"]
    assert [(str(one.role), one.value) for one in end.releases] == [
        ("bays/bay_1/power_w", 0),
        ("bays/bay_2/power_w", 0),
    ]
    assert not any(one.energises for one in (*end.sheds, *end.releases))
    assert {one.cause.why for one in (*end.sheds, *end.releases)} == {Why.STOPPING}


def test_nobody_is_switched_off_when_no_car_gives():
    end = stopped(former(9_900.0, 9_900.0, 9_900.0) | car("bay_1", 80.0, 0.0))
    assert (end.sheds, end.releases) == ((), ())


def test_nobody_is_switched_off_when_the_former_can_take_over():
    end = stopped(drawing(0.4) | former(3_000.0, 3_000.0, 3_000.0) | car("bay_1", 80.0, 3_000.0))
    assert (names(end), len(end.releases)) == ([], 1)


def test_a_former_that_cannot_be_read_counts_as_full():
    end = stopped(drawing(0.4) | former(None, 3_000.0, 3_000.0) | car("bay_1", 80.0, 6_000.0))
    assert names(end)[:3] == ["hot_water", "laundry", "gym"]


def test_the_car_that_forms_the_island_is_never_released():
    site = replace(SITE, former=replace(SITE.former, source=SourceId("bay_1")))
    end = stopped(former(9_000.0, 9_000.0, 9_000.0) | car("bay_1", 80.0, 10_000.0) | car("bay_2", 80.0, 5_000.0), site)
    assert [str(one.role) for one in end.releases] == ["bays/bay_2/power_w"]


@pytest.mark.parametrize(("pump_w", "goes"), [(27_000.0, False), (31_000.0, True)])
def test_critical_circuits_stay_on_as_long_as_the_former_can_bear_it(pump_w: float, goes: bool):
    # given a pump that alone draws more than the target, and half of it carried by a car
    values = drawing(0.0) | {wiring.circuit_power(CircuitId("sump_pump")): pump_w}
    end = stopped(values | former(*(pump_w / 6.0,) * 3) | car("bay_1", 80.0, pump_w / 2.0))
    assert ("sump_pump" in names(end)) is goes


@given(
    st.lists(st.floats(0.0, 10_000.0), min_size=3, max_size=3),
    st.floats(0.0, 10_000.0, allow_subnormal=False),
    st.floats(0.0, 10_000.0, allow_subnormal=False),
)
@settings(max_examples=60)
def test_what_is_left_is_within_the_rating_or_everything_that_helps_is_off(
    now_w: list[float], first_w: float, second_w: float
):
    end = stopped(former(*now_w) | car("bay_1", 80.0, first_w) | car("bay_2", 80.0, second_w))
    cars_w = (first_w + second_w) / 3.0
    watts = {one.id: one.typical_w for one in SITE.circuits}
    chosen = [one for one in SITE.circuits if one.id in names(end)]
    wanted = per_phase(SITE, watts, SITE.circuits)
    gone = per_phase(SITE, watts, chosen)
    left = [max(w + cars_w, all_w) - off_w for w, all_w, off_w in zip(now_w, wanted, gone, strict=True)]
    if cars_w > 0.0:
        assert max(left) <= 10_000.0 or {"sump_pump", "medical_sockets"} & set(names(end))
    assert {one.tier for one in chosen} & {Tier.LIFE_SAFETY} == set()


ASKED = dict.fromkeys((wiring.TIE_PERMIT, wiring.TIE_ISLAND, wiring.FORMER_START, wiring.GENERATOR_RUN), True)


@pytest.mark.parametrize(
    ("mode", "ends"),
    [
        (Mode.GRID_CONNECTED, set(ASKED)),
        (Mode.ISLANDED, {wiring.TIE_PERMIT}),
        (Mode.BLACK_START, {wiring.TIE_PERMIT}),
        (Mode.FAULT_SAFE, {wiring.TIE_PERMIT}),
        (Mode.BLACKOUT, set()),
    ],
)
def test_requests_end_that_nobody_is_left_to_take_back_but_not_what_carries_an_island(mode: Mode, ends: set[Role]):
    sent = {role: told(value, acknowledged_s=0.0) for role, value in ASKED.items()}
    state = replace(initial(0.0), mode=ModeMemory(mode=mode), sent=sent)
    assert {one.role: one.value for one in withdrawn(state)} == dict.fromkeys(ends, False)
    assert not any(one.energises for one in withdrawn(state))


def test_a_permit_whose_end_was_not_acknowledged_is_ended_again():
    for acknowledged_s, ends in ((None, [wiring.TIE_PERMIT]), (1.0, [])):
        state = replace(initial(0.0), sent={wiring.TIE_PERMIT: told(False, acknowledged_s=acknowledged_s)})
        assert [one.role for one in withdrawn(state)] == ends


def test_a_switch_that_hems_only_watches_is_left_alone():
    state = replace(initial(0.0), sent={wiring.TIE_PERMIT: replace(told(True), observed=True)})
    assert withdrawn(state) == ()


def told(value: bool, acknowledged_s: float | None = None) -> Sent:
    cause = Cause(Why.PERMIT_RECONNECT)
    return Sent(value=value, cause=cause, sent_s=0.0, last_s=0.0, acknowledged_s=acknowledged_s)
