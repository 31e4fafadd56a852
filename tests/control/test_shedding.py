"""Which circuits go off on an island, and in what order."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hems.control.demand import per_phase
from hems.control.overload import Excess
from hems.control.params import Params
from hems.control.sheddable import candidates, shed_order, smallest_set
from hems.control.step import Step
from hems.model import wiring
from hems.model.cause import Why
from hems.model.command import Command
from hems.model.mode import Mode
from hems.model.request import Want
from hems.model.site import Site, Tier
from hems.model.units import CircuitId, SourceId
from hems.model.wiring import Role
from tests.control.panel import (
    GRID_DEAD,
    METERED,
    TIE_OPEN,
    UNMETERED,
    Panel,
    bus,
    car,
    on_an_island,
    on_the_grid,
    panel,
    snapshot,
    tie,
    utility,
)
from tests.given import flats, forces

SITE = flats()
ORDER = [
    "hot_water",
    "laundry",
    "gym",
    "ventilation",
    "heat_pump",
    "kitchen",
    "freezers",
    "door_entry",
    "medical_sockets",
    "sump_pump",
]
"""Least important tier first, within a tier the highest rank, within a rank by name."""


def former(*phase_w: float) -> dict[Role, Any]:
    return {wiring.former_phase_w(index): watts for index, watts in enumerate(phase_w)}


def shed_by(step: Step) -> set[str]:
    return {str(one.role).split("/")[1] for one in step.commands if one.role.endswith("closed") and not one.value}


def is_stop(command: Command) -> bool:
    return command.role == wiring.bay_power(SourceId("bay_1")) and command.value == 0


def told_off(made: Panel, since_s: float = 0.0) -> list[str]:
    return [
        str(one.role).split("/")[1]
        for t_s, one in made.commands()
        if t_s >= since_s and one.role.endswith("closed") and not one.value
    ]


# Order ---------------------------------------------------------------------------------------------------------------


def test_the_order_is_tier_then_rank_and_knows_neither_life_safety_nor_what_is_protected():
    assert [circuit.id for circuit in shed_order(SITE)] == ORDER


def test_what_a_person_keeps_on_goes_after_all_but_the_critical_circuits():
    forced = {CircuitId("hot_water"), CircuitId("sump_pump")}
    assert [circuit.id for circuit in shed_order(SITE, forced)] == [
        *ORDER[1:8],
        "hot_water",
        "medical_sockets",
        "sump_pump",
    ]


watts = st.fixed_dictionaries({circuit.id: st.floats(0.0, 9000.0) for circuit in SITE.circuits})


@given(watts, st.lists(st.floats(-20_000.0, 20_000.0), min_size=3, max_size=3))
def test_the_smallest_set_goes_down_the_order_and_stops_as_soon_as_every_phase_is_helped(
    draws: dict[CircuitId, float], excess: list[float]
):
    candidates = shed_order(SITE)
    chosen = smallest_set(candidates, Excess(tuple(excess)), draws, SITE)
    left = [over - gone for over, gone in zip(excess, per_phase(SITE, draws, chosen), strict=True)]
    assert max(left) <= 0.0 or all(
        all(
            share == 0.0 or over <= 0.0
            for share, over in zip(SITE.per_phase(draws[one.id], one.phases), left, strict=True)
        )
        for one in candidates
        if one not in chosen
    )
    if chosen:  # without the last of them some phase would still be in need
        before = [over - gone for over, gone in zip(excess, per_phase(SITE, draws, chosen[:-1]), strict=True)]
        assert max(before) > 0.0
    # what was passed over could not have helped at its turn
    spent = list(excess)
    for one in candidates:
        shares = SITE.per_phase(draws[one.id], one.phases)
        helps = any(share > 0.0 and over > 0.0 for share, over in zip(shares, spent, strict=True))
        assert (one in chosen) == (helps and max(spent) > 0.0)
        if one in chosen:
            spent = [over - share for over, share in zip(spent, shares, strict=True)]


def test_circuits_that_are_not_on_the_phase_in_need_are_passed_over():
    chosen = smallest_set(shed_order(SITE), Excess((0.0, 0.0, 4000.0)), {one.id: 1500.0 for one in SITE.circuits}, SITE)
    names = [one.id for one in chosen]
    assert names == ["hot_water", "laundry", "ventilation", "heat_pump", "kitchen", "medical_sockets"]


# Overload ------------------------------------------------------------------------------------------------------------


def overloaded(pu: float, *deaf: str) -> Panel:
    """An island whose L1 stands at a multiple of the rating, whatever is shed."""
    made = on_an_island().says(former(pu * 10_000.0, 2000.0, 2000.0))
    made.deaf |= {wiring.circuit_closed(CircuitId(name)) for name in deaf}
    made.steps.clear()
    return made


def test_at_half_more_than_rated_groups_fall_at_5_7_9_and_the_last_reserve_before_10_seconds():
    # given an island with 1.5 times the rating on a phase that shedding does not relieve
    made = overloaded(1.5)
    began_s = made.now_s
    made.tick()
    made.now_s += 0.001
    # when time passes
    made.advance(9.9)
    # then everything is tried in its order, and life safety is not touched
    falls = {
        str(one.role).split("/")[1]: round(t_s - began_s, 1)
        for t_s, one in made.commands()
        if one.role.startswith("circuits/")
    }
    assert falls["heat_pump"] == 5.0
    assert falls["kitchen"] == 5.0
    assert falls["door_entry"] == 9.0
    assert falls["sump_pump"] == falls["medical_sockets"] == 9.7
    assert set(falls) <= set(ORDER)


def test_nothing_more_falls_once_the_load_is_below_the_rating():
    made = overloaded(1.5).advance(4.0).says(former(9_900.0, 2000.0, 2000.0)).advance(60.0)
    assert told_off(made) == []


def test_faster_than_three_actuations_the_set_that_works_falls_at_once_and_only_once():
    # given an island at 1.9 pu on every phase, whose meter lags behind the switches
    made = on_an_island().says(former(19_000.0, 19_000.0, 19_000.0))
    # when several ticks see the same measurement
    first = shed_by(made.tick())
    made.now_s += 0.02
    second = shed_by(made.tick())
    # then what is on its way off is counted as gone
    assert first == {"heat_pump", "kitchen", "freezers", "door_entry", "sump_pump", "medical_sockets"}
    assert second == set()


def test_a_second_measurement_that_is_still_too_high_takes_the_next():
    made = on_an_island().says(former(18_000.0, 2_000.0, 2_000.0))
    assert "heat_pump" in shed_by(made.tick())
    made.now_s += 0.5
    made.says(former(17_900.0, 2_000.0, 2_000.0))
    made.advance(1.0, every_s=0.5)
    assert {"kitchen", "freezers"} <= made.off()


def test_a_relay_that_does_not_obey_is_passed_over_and_the_next_is_taken():
    # given an overload and a heat pump that does not answer
    made = overloaded(1.2, "heat_pump")
    # when its turn has come and a second has passed without an answer
    made.advance(120.0)
    # then it is an alarm, and the next circuits have gone
    assert "circuits/heat_pump/closed/deaf" in made.state.alarms
    assert "kitchen" in made.off()
    # and it is tried again, but not in a hurry
    tries = [t_s for t_s, _ in made.commands(wiring.circuit_closed(CircuitId("heat_pump")))]
    assert 3 <= len(tries) <= 8


def test_a_deaf_relay_is_found_when_its_second_is_over_even_without_a_tick_in_between():
    made = overloaded(1.5, "heat_pump")
    made.advance(9.0, every_s=60.0)
    raised = [
        t_s for t_s, step in made.steps for event in step.events if event.subject.endswith("heat_pump/closed/deaf")
    ]
    asked = [t_s for t_s, _ in made.commands(wiring.circuit_closed(CircuitId("heat_pump")))]
    assert raised[0] == pytest.approx(asked[0] + 1.0)


def test_a_relay_that_obeys_again_is_forgiven():
    made = overloaded(1.2, "heat_pump").advance(120.0)
    made.deaf.clear()
    made.says({wiring.circuit_power(CircuitId("heat_pump")): 0.0})
    made.advance(40.0)
    assert "circuits/heat_pump/closed/deaf" not in made.state.alarms
    assert "heat_pump" in made.off()


def test_a_switch_that_says_off_while_current_flows_has_welded_and_is_told():
    # given an overload in which the heat pump's relay obeys and its meter goes on showing what flows
    made = overloaded(1.2).advance(100.0).says({wiring.circuit_power(CircuitId("heat_pump")): 4000.0})
    # when it has been off for longer than any meter averages
    made.advance(120.0)
    assert "heat_pump" in made.off()
    # then it counts as a switch that does not obey
    assert "circuits/heat_pump/closed/deaf" in made.state.alarms
    # in the dark nothing flows through it, which proves nothing about its contacts
    made.says(bus(3.0, 0.0), former(0.0, 0.0, 0.0), {wiring.circuit_power(CircuitId("heat_pump")): 0.0}).advance(90.0)
    assert made.state.loads[CircuitId("heat_pump")].welded_s is not None
    # and once nothing has flowed for a minute although there is voltage, they have parted
    made.says(bus(230.0), former(1_000.0, 1_000.0, 1_000.0)).advance(90.0)
    assert "circuits/heat_pump/closed/deaf" not in made.state.alarms
    assert made.state.loads[CircuitId("heat_pump")].welded_s is None


def test_critical_circuits_are_not_switched_off_for_the_sake_of_comfort():
    # given an island where tiers 0 and 1 alone stand between the target and the rating
    made = on_an_island()
    for name in ORDER[:8]:
        made.values[wiring.circuit_closed(CircuitId(name))] = False
    made.says(former(9_500.0, 9_000.0, 9_800.0)).advance(60.0)
    # then nobody touches them
    assert made.off() == set(ORDER[:8])


def test_an_unreadable_former_sheds_nothing():
    made = on_an_island()
    before = made.off()
    made.says(dict.fromkeys(former(0.0, 0.0, 0.0))).advance(100.0)
    assert made.off() == before


# The island begins ---------------------------------------------------------------------------------------------------


def armed_names(made: Panel) -> set[str]:
    lists = [one for one in made.steps[-1][1].armed if one.name == "tie open"]
    return {str(one.role).split("/")[1] for one in lists[0].commands if one.role.endswith("closed")}


def drawing(draws: dict[CircuitId, float]) -> dict[Role, Any]:
    return {wiring.circuit_power(name): watts for name, watts in draws.items()}


@given(watts)
@settings(max_examples=20)
def test_what_is_armed_is_what_the_tick_sheds_and_covers_what_the_measurement_asks_for(draws: dict[CircuitId, float]):
    # given a building on the grid with any load
    made = on_the_grid().says(drawing(draws))
    made.tick()
    armed = armed_names(made)
    # when the tie opens and only the tick sees it
    made.now_s += 0.2
    full = per_phase(SITE, draws, SITE.circuits)
    made.says(GRID_DEAD, TIE_OPEN, former(*full))
    made.tick()
    made.now_s += 0.1
    step = made.tick()
    # then it sheds what was armed; more only where the inverter would trip before a second decision
    assert armed <= made.off()
    hurried = max(full) > 1.7 * 10_000.0
    assert shed_by(step) - armed == set() or hurried
    # and what was armed brings every phase to the target, or nothing but critical circuits is left
    left = per_phase(SITE, draws, [one for one in SITE.circuits if one.id not in armed])
    kept = [one for one in shed_order(SITE) if one.tier > Tier.CRITICAL and one.id not in armed]
    helpful = [
        one
        for one in kept
        if any(
            share > 0.0 and now_w > 8000.0
            for share, now_w in zip(SITE.per_phase(draws[one.id], one.phases), left, strict=True)
        )
    ]
    assert max(left) <= 8000.0 + 1e-6 or not helpful
    # and nothing armed ranks above something that was spared although it would have helped
    assert "hot_water" in armed
    assert armed <= set(ORDER[:8])


def test_a_reflex_that_was_quicker_is_confirmed_and_not_repeated():
    made = on_the_grid()
    ready = made.steps[-1][1].armed[0]
    for command in ready.commands:
        made._obey(command)
    made.now_s += 0.1
    made.says(GRID_DEAD, TIE_OPEN)
    made.tick(*ready.commands)
    made.advance(5.0)
    assert made.mode is Mode.ISLANDED_STABILIZING
    assert told_off(made, since_s=700.0) == []
    assert made.off() == armed_names_of(ready)
    assert made.state.last_shed_s == pytest.approx(700.1)


def armed_names_of(ready: Any) -> set[str]:
    return {str(one.role).split("/")[1] for one in ready.commands if one.role.endswith("closed")}


def test_an_island_that_does_not_come_to_rest_keeps_only_tiers_0_and_1():
    # given an island whose dose stays high, although switching off has helped
    made = on_the_grid().says(GRID_DEAD, TIE_OPEN, former(14_000.0, 0.0, 0.0))
    made.advance(0.15)
    made.says(former(10_900.0, 0.0, 0.0))
    made.state = replace(made.state, dose=(0.45, 0.0, 0.0))
    made.advance(40.0, every_s=60.0)
    # then after half a minute, to the instant, all that may go has gone
    assert set(ORDER[:8]) <= made.off()
    assert not {"sump_pump", "medical_sockets"} & made.off()
    late = [t_s for t_s, one in made.commands() if one.cause.why is Why.STABILISING_TOO_LONG]
    assert late[0] == pytest.approx(made.entered_s(Mode.ISLANDED_STABILIZING) + 30.0)


def test_a_contested_tie_sheds_what_was_armed():
    # given contacts that say closed, a device that says open, and nothing upstream
    made = on_the_grid()
    armed = armed_names(made)
    made.says(utility(0.0, 0.0), tie(True, False, False)).advance(10.0)
    # then nobody knows, and one witness is enough to shed
    assert made.mode is Mode.FAULT_SAFE
    assert made.off() == armed


# Energy --------------------------------------------------------------------------------------------------------------


def stored(soc_pct: float) -> dict[Role, Any]:
    return {wiring.battery_soc(SourceId("main")): soc_pct}


@pytest.mark.parametrize(
    ("soc_pct", "off"), [(51.0, ORDER[:4]), (50.0, ORDER[:4]), (20.0, ORDER[:5]), (10.0, ORDER[:8]), (5.0, ORDER)]
)
def test_less_energy_serves_fewer_tiers(soc_pct: float, off: list[str]):
    # the island of 36 kW has shed four circuits for want of power; energy takes the rest
    made = on_an_island().says(stored(soc_pct)).advance(5.0)
    assert made.off() == set(off)


def test_energy_comes_back_tier_by_tier_with_hysteresis():
    made = on_an_island().says(stored(20.0)).advance(5.0)
    made.says(stored(29.0)).advance(2000.0, every_s=100.0)
    assert {"heat_pump", "ventilation"} <= made.off()
    made.says(stored(31.0)).advance(890.0, every_s=100.0)
    assert {"heat_pump", "ventilation"} <= made.off()
    made.advance(700.0, every_s=100.0)
    assert not {"heat_pump", "ventilation"} & made.off()


def test_saving_energy_waits_for_the_minimum_on_time_and_protection_does_not():
    # given a heat pump that has just come back
    made = on_an_island().says(stored(20.0)).advance(5.0).says(stored(31.0)).advance(2000.0, every_s=50.0)
    made.says(stored(19.0))
    back = made.state.loads[CircuitId("heat_pump")].restored_s
    assert back is not None
    made.now_s = back + 1.0
    made.tick()
    # then the band that would switch it off waits for its minute, to the instant
    assert "heat_pump" not in made.off()
    made.advance(70.0, every_s=100.0)
    heat_pump = [t_s for t_s, one in made.commands(wiring.circuit_closed(CircuitId("heat_pump"))) if not one.value]
    assert heat_pump[-1] == pytest.approx(back + 60.0)


# Other modes ---------------------------------------------------------------------------------------------------------


def test_in_a_blackout_everything_that_has_a_switch_is_opened_for_the_restart():
    made = on_an_island().says(bus(3.0, 0.0), former(0.0, 0.0, 0.0))
    made.says({role: 0.0 for role in made.values if role.endswith("power_w")}).advance(5.0)
    assert made.mode is Mode.BLACKOUT
    assert made.off() == set(ORDER)


def test_in_doubt_about_the_tie_loads_stay_on_unless_overload_or_the_last_reserve_demands_otherwise():
    # given a building on the grid whose tie nobody can read any more
    made = on_the_grid().says(tie(None, None, None)).advance(5.0)
    assert made.mode is Mode.FAULT_SAFE
    # then all stays on, at half charge as well
    assert made.says(stored(30.0)).advance(10.0).off() == set()
    # but the last reserve is kept for tier 1
    assert made.says(stored(9.0)).advance(10.0).off() == set(ORDER[:8])
    # and an overload is shed as on an island
    made = on_the_grid().says(tie(None, None, None)).advance(5.0)
    assert made.says(former(12_500.0, 0.0, 0.0)).advance(45.0).off() != set()


def test_on_the_grid_nothing_is_shed_whatever_passes_through_the_former():
    made = on_the_grid().says(former(17_000.0, 17_000.0, 17_000.0), stored(4.0)).advance(60.0)
    assert made.off() == set()
    assert max(made.state.dose) == 0.0


def test_while_looking_around_only_a_measured_overload_opens_anything():
    # given a start in the middle of an overloaded island, with an unreadable bus
    made = panel().says(GRID_DEAD, TIE_OPEN, bus(None, None), former(13_000.0, 0.0, 0.0), stored(30.0))
    made.params = replace(Params(), boot=replace(Params().boot, settle_s=30.0))
    made.advance(3.0)
    assert (made.mode, made.off()) == (Mode.INIT, set())
    made.advance(20.0)
    # then what the curve asks for goes, and nothing else is told anything
    assert made.mode is Mode.INIT
    assert "hot_water" in made.off()
    assert {one.cause.why for _, one in made.commands() if one.role.endswith("closed")} == {Why.OVERLOAD}
    assert not [one for _, one in made.commands() if one.role.startswith("bays/")]


def test_before_reconnecting_room_is_made_for_what_the_cars_gave():
    # given an island at 9 kW a phase of which a car carries 10 kW altogether, and a grid about to have qualified
    made = on_an_island().says(UNMETERED, car("bay_1", 90.0)).advance(70.0)
    made.says(METERED, car("bay_1", 90.0, 9_000.0), former(8_000.0, 8_000.0, 8_000.0), utility(230.0))
    made.steps.clear()
    made.advance(60.1)
    # when reconnecting begins
    assert made.mode is Mode.RECONNECTING
    # then 3 kW a phase would have to be taken over on top of 8 of 10: 0.8 kW of ventilation is not enough
    gone = [one for _, one in made.commands() if one.cause.why is Why.BEFORE_RECONNECT and one.role.endswith("closed")]
    assert [str(one.role).split("/")[1] for one in gone] == ["heat_pump", "ventilation"]
    # and the car stops in a later tick, once they have gone
    sheds = [n for n, (_, step) in enumerate(made.steps) if "heat_pump" in shed_by(step)]
    stops = [n for n, (_, step) in enumerate(made.steps) for one in step.commands if is_stop(one)]
    assert sheds[0] < stops[0]


# Kept on by a person -------------------------------------------------------------------------------------------------


def test_what_a_person_keeps_on_survives_the_beginning_of_an_island_and_low_energy_but_not_a_dose_of_0_9():
    # given hot water that somebody wants on
    made = on_the_grid().ask(forces("hot_water", Want.ON)).advance(5.0)
    # when the building goes on its own with little energy left
    made.says(GRID_DEAD, TIE_OPEN, stored(25.0)).advance(20.0)
    # then others have gone instead
    assert "hot_water" not in made.off()
    assert {"laundry", "gym"} <= made.off()
    # and a dose of 0.5 or 0.7 does not touch it, but 0.9 does
    made.says(former(15_000.0, 2000.0, 2000.0))
    for dose, kept in ((0.5, True), (0.7, True), (0.9, False)):
        made.state = replace(made.state, dose=(dose, 0.0, 0.0))
        made.tick()
        assert ("hot_water" not in made.off()) == kept
        made.now_s += 0.01


def test_what_a_person_keeps_on_goes_at_the_last_reserve():
    made = on_an_island().ask(forces("kitchen", Want.ON)).advance(5.0).says(stored(9.0)).advance(5.0)
    assert "kitchen" in made.off()


def test_an_island_with_something_kept_on_comes_to_rest():
    made = on_the_grid().ask(forces("hot_water", Want.ON)).advance(5.0).says(GRID_DEAD, TIE_OPEN).advance(15.0)
    assert made.mode is Mode.ISLANDED


# Any load, any mode --------------------------------------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    {**GRID_DEAD, **TIE_OPEN},
                    {**utility(230.0), **tie(True, False, True)},
                    tie(None, None, None),
                    bus(2.0, 0.0),
                    bus(230.0),
                    stored(3.0),
                    stored(60.0),
                    former(19_000.0, 1_000.0, 1_000.0),
                    former(12_000.0, 12_000.0, 12_000.0),
                    former(2_000.0, 2_000.0, 2_000.0),
                ]
            ),
            st.floats(0.1, 60.0),
        ),
        min_size=1,
        max_size=10,
    )
)
@settings(max_examples=20)
def test_life_safety_and_protected_circuits_are_never_told_anything(history: list[tuple[dict[Role, Any], float]]):
    made = panel()
    for values, seconds in history:
        made.says(values).advance(seconds, every_s=5.0)
    told = {str(one.role).split("/")[1] for _, one in made.commands() if one.role.startswith("circuits/")}
    armed = {
        str(one.role).split("/")[1]
        for _, step in made.steps
        for ready in step.armed
        for one in ready.commands
        if one.role.startswith("circuits/")
    }
    assert told | armed <= set(ORDER)


def test_the_site_of_these_tests_has_both(site: Site = SITE):
    assert [one.id for one in site.circuits if one.tier is Tier.LIFE_SAFETY or one.protected] == [
        "lift",
        "emergency_lighting",
        "fire_panel",
        "network_room",
    ]


# Short answers to changes that only long stories would notice -------------------------------------------------------


def test_a_phase_that_is_exactly_at_its_limit_is_not_helped():
    site = flats()
    on = [site.circuit(CircuitId("freezers")), site.circuit(CircuitId("door_entry"))]  # L1, L2
    watts = {one.id: one.typical_w for one in site.circuits}
    assert smallest_set(on, Excess((0.0, 100.0, -5.0)), watts, site) == on[1:]


def test_only_what_is_on_or_not_proven_off_can_be_shed():
    made = on_the_grid()
    gym, laundry = wiring.circuit_closed(CircuitId("gym")), wiring.circuit_closed(CircuitId("laundry"))
    seen = snapshot(made.site, made.values | {gym: False, laundry: None}, made.now_s)
    found = {one.id for one in candidates(made.site, made.state, seen, made.now_s)}
    assert found == {one.id for one in made.site.circuits if one.sheddable} - {"gym"}
