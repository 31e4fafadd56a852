"""Whether a shed has helped, judged by what the former delivers afterwards."""

from dataclasses import replace
from typing import Any

import pytest

from hems.control.demand import per_phase
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
    # then hems has tried twice, and late one essential circuit, and gone no further: not by dose, and not by time
    assert {name for name in made.off() if TIERS[CircuitId(name)] is Tier.ESSENTIAL} <= {"kitchen", "freezers"}
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


def growing(made: Panel, *more_w: float, metered: bool = False) -> Panel:
    """A quarter of a second in which the lift draws so much more by phase, and other circuits what they usually do."""
    on = [one for one in made.site.circuits if str(one.id) not in made.off()]
    net_w = per_phase(made.site, {one.id: one.typical_w for one in on}, on)
    lift = {wiring.circuit_power(CircuitId("lift")): 3_000.0 + sum(more_w)} if metered else {}
    former_w = (watts - 1_400.0 + more for watts, more in zip(net_w, more_w, strict=True))
    made.says(former(*former_w), lift).tick()
    made.now_s += 0.25
    return made


def gone_w(made: Panel) -> tuple[float, ...]:
    """What has gone off by phase."""
    off = [one for one in made.site.circuits if str(one.id) in made.off()]
    return per_phase(made.site, {one.id: one.typical_w for one in off}, off)


@pytest.mark.parametrize("metered", [True, False])
def test_a_load_that_grows_as_fast_as_circuits_go_is_shed_against_until_there_is_room(metered: bool):
    # given a former that is too warm, and a lift that draws more each time by what has just gone off
    made, more_w = overloaded(0.6, 10_800.0, 4_000.0, 4_000.0), (0.0, 0.0, 0.0)
    for quarter in range(200):
        growing(made, *more_w, metered=metered)
        if quarter == 20:  # five minutes later, if nothing has changed
            made.state = replace(made.state, dose=tuple(one and max(one, 0.89) for one in made.state.dose))
        more_w = tuple(min(6_900.0, max(pair)) for pair in zip(more_w, gone_w(made), strict=True))
    # then essential circuits go before the inverter does
    assert Tier.ESSENTIAL in tiers_off(made)
    assert max(one.state.dose[0] for _, one in made.steps) < 0.97
    assert made.state.effect.vain == 0
    assert "futile" not in made.state.alarms


def test_what_another_meter_says_has_grown_is_not_held_against_a_shed():
    # given a shed, in whose instant the lift begins to draw as much, which its meter tells
    made = overloaded(0.5, 10_800.0, 4_000.0, 4_000.0).says({wiring.circuit_power(CircuitId("lift")): 3_000.0})
    made.tick()
    made.now_s += 0.25
    expected_w = sum(gone_w(made))
    made.says({wiring.circuit_power(CircuitId("lift")): 3_000.0 + expected_w}).tick()
    assert made.state.effect.vain == 0
    assert all(memory.vain == 0 for memory in made.state.loads.values())


def test_a_load_that_nobody_measures_is_taken_to_go_on_growing():
    # given an overload that grows by 6 kW a second, so that what goes off is made good before it is seen
    made = overloaded(0.3, 10_800.0, 4_000.0, 4_000.0)
    for quarter in range(16):
        growing(made, 1_500.0 * quarter, 1_500.0 * quarter, 1_500.0 * quarter)
        # then nobody says that it has not helped
        assert made.state.effect.vain == 0
    assert gone_w(made)[0] > 0.0


def test_a_former_that_delivers_far_more_after_a_shed_proves_nothing():
    # given a shed, and in the same instant a motor that nobody measures
    made = overloaded(0.5, 10_800.0, 4_000.0, 4_000.0)
    made.tick()
    made.now_s += 0.25
    made.says(former(18_000.0, 4_000.0, 4_000.0)).tick()
    assert not made.state.effect.vain


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
