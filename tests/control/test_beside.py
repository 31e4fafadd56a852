"""Batteries beside the former: what they give an island, what they take of its sun, and when nobody counts on them."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st

from hems.control import beside, idle, present
from hems.control.memory.acting import GeneratorMemory, Sent, Stage
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import Mode
from hems.model.reading import Reading
from hems.model.site import Site
from hems.model.units import SourceId
from tests.control.panel import GRID_DEAD, TIE_OPEN, Panel, car, on_an_island, on_the_grid
from tests.control.pencil import given, sent, state
from tests.given import flats

MAIN, SECOND = SourceId("main"), SourceId("second")
OWN = flats().batteries[0]
BESIDE = replace(OWN, id=SECOND, capacity_wh=20_000.0, charge_max_w=6000.0, discharge_max_w=6000.0, controllable=True)
SITE = flats(batteries=(OWN, BESIDE), bays=())
POWER, SOC = wiring.battery_power(SECOND), wiring.battery_soc(SECOND)
NOW_S = 1000.0
GIVES, TAKES = Cause(Why.SUPPORT_ISLAND), Cause(Why.CHARGE_FROM_SUN)


def seen(former_w: float, second_w: float = 0.0, main_pct: float | None = 60.0, second_pct: float | None = 60.0) -> Any:
    """What meters show: the former's three phases together, the second battery, and both charges."""
    phases = {wiring.former_phase_w(index): former_w / 3.0 for index in range(3)}
    return phases | {POWER: second_w, SOC: second_pct, wiring.battery_soc(MAIN): main_pct}


def asked(values: Any, known: ControlState | None = None, site: Site = SITE) -> float | None:
    """What the second battery is asked for; None where nobody says anything."""
    found = list(beside.proposals(given(site, values, NOW_S), known or state()))
    return found[-1].prefer if found else None


# What each gives ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "watts"),
    [
        # 55 % of 80 kWh and of 20 kWh above what stops: one fifth of what both carry
        pytest.param(seen(10_000.0), 2000.0, id="a fifth of the energy, a fifth of the load"),
        pytest.param(seen(8000.0, 2000.0), 2000.0, id="and no other when it is given"),
        pytest.param(seen(100_000.0), 6000.0, id="no more than it can"),
        pytest.param(seen(10_000.0, main_pct=90.0, second_pct=5.0), 0.0, id="it has nothing"),
        pytest.param(seen(10_000.0, second_pct=None), 0.0, id="nobody knows what it has"),
        pytest.param(seen(2000.0), 0.0, id="less than a tenth of its rating is not worth it"),
        # 1 % of 80 kWh above what stops, 85 % of 20 kWh: it carries all, and refills with 3 kW
        pytest.param(seen(1000.0, main_pct=6.0, second_pct=90.0), 4000.0, id="the former is nearly empty"),
        # at 35 % on the way from 50 to 20: half of the refill, and the former holds a tenth at least
        pytest.param(seen(1000.0, main_pct=35.0, second_pct=90.0), 500.0 + 1500.0, id="the former is low"),
        pytest.param(seen(10_000.0, main_pct=35.0, second_pct=35.0), 2000.0, id="both are"),
    ],
)
def test_each_battery_gives_in_proportion_to_what_it_holds(values: Any, watts: float):
    assert asked(values) == pytest.approx(watts)


def test_it_takes_over_what_the_formers_cold_battery_permits_no_more():
    # given 10 kW to carry, of which it would give a fifth, and a former whose battery permits 7.5 kW
    values = seen(10_000.0) | {wiring.battery_limit(MAIN): 7500.0}
    site = present.permitted(SITE, given(SITE, values, NOW_S).snapshot, NOW_S)
    # then it leaves the former four fifths of what is permitted
    assert asked(values, site=site) == pytest.approx(4000.0)


@for_any(load_w=st.floats(0.0, 60_000.0), main_pct=st.floats(51.0, 100.0), second_pct=st.floats(0.0, 100.0))
def test_the_former_keeps_enough_to_hold_the_bus(load_w: float, main_pct: float, second_pct: float):
    watts = asked(seen(load_w, main_pct=main_pct, second_pct=second_pct))
    assert watts is not None
    assert 0.0 <= watts <= 0.8 * load_w + 1e-6


def test_cars_that_make_the_island_are_helped_by_a_battery_that_hems_can_ask():
    # given a car of 60 kWh with 17.1 kWh above what its driver keeps, and 11 kWh in a battery
    bay = flats().bays[0]
    site = replace(SITE, batteries=(BESIDE,), bays=(bay,), former=replace(SITE.former, source=bay.id))
    values = car("bay_1", 71.5) | seen(8000.0)
    values.pop(wiring.battery_soc(MAIN))
    # then they share by that
    assert asked(values, site=site) == pytest.approx(8000.0 * 11.0 / (11.0 + 17.1), rel=0.01)


# What each takes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "watts"),
    [
        # 40 % of 80 kWh and of 20 kWh: one fifth of the sun
        pytest.param(seen(-10_000.0), -2000.0, id="a fifth of the room, a fifth of the sun"),
        pytest.param(seen(-8000.0, -2000.0), -2000.0, id="and no other when it is taken"),
        pytest.param(seen(-10_000.0, main_pct=95.0), -6000.0, id="the former's is full"),
        pytest.param(seen(-10_000.0, second_pct=99.5), 0.0, id="it is full"),
        pytest.param(seen(-10_000.0, second_pct=None), 0.0, id="nobody knows its charge"),
        pytest.param(seen(-10_000.0, main_pct=20.0), 0.0, id="the former's is low and goes first"),
        pytest.param(seen(-2000.0), 0.0, id="less than a tenth of its rating is not worth it"),
    ],
)
def test_each_battery_takes_the_sun_in_proportion_to_its_room(values: Any, watts: float):
    assert asked(values) == pytest.approx(watts)


def test_what_the_sun_gives_on_the_formers_own_side_is_not_carried_by_batteries():
    direct = replace(SITE, pvs=tuple(replace(one, direct=True) for one in SITE.pvs))
    assert asked(seen(10_000.0) | {wiring.pv_power(SITE.pvs[0].id): 4000.0}, site=direct) == pytest.approx(1200.0)


def test_while_the_sun_is_held_back_it_takes_a_little_more_at_a_time():
    # given a plant of 30 kW that may give 10 kW, and does
    plant = replace(SITE.pvs[0], limitable=True)
    site = replace(SITE, pvs=(plant,))
    held = {wiring.pv_limit(plant.id): sent(10_000.0)}
    values = seen(0.0, -1000.0) | {wiring.pv_power(plant.id): 10_000.0}
    # then a tenth of its rating more
    for told_w, watts in ((0.0, -600.0), (-1000.0, -1600.0), (-5700.0, -6000.0)):
        known = state(sent=held | {POWER: sent(told_w, cause=TAKES, last_s=NOW_S)})
        assert asked(values, known, site) == pytest.approx(watts)


# When it goes on as it is ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told_w", "values", "mode", "watts"),
    [
        pytest.param(3000.0, seen(10_000.0, None), Mode.ISLANDED, 3000.0, id="its meter is silent"),
        pytest.param(-3000.0, seen(10_000.0, None), Mode.ISLANDED, 0.0, id="and it charged"),
        pytest.param(
            3000.0, seen(1.0) | {wiring.former_phase_w(1): None}, Mode.ISLANDED, 3000.0, id="so is the former"
        ),
        pytest.param(3000.0, seen(10_000.0, main_pct=None), Mode.ISLANDED, 3000.0, id="nobody knows what that has"),
        pytest.param(3000.0, seen(0.0), Mode.ISLANDED_STABILIZING, 3000.0, id="the tie has just opened"),
        pytest.param(-3000.0, seen(0.0), Mode.ISLANDED_STABILIZING, 0.0, id="and it charged from the grid"),
        pytest.param(3000.0, seen(0.0), Mode.RECONNECTING, 3000.0, id="about to rejoin the grid"),
        pytest.param(None, seen(10_000.0), Mode.ISLANDED_STABILIZING, None, id="nobody has told it anything"),
        pytest.param(3000.0, seen(0.0), Mode.GRID_CONNECTED, None, id="the grid is dispatch's"),
        pytest.param(3000.0, seen(0.0), Mode.FAULT_SAFE, None, id="in doubt nothing is asked"),
    ],
)
def test_what_it_does_while_nobody_can_tell(told_w: float | None, values: Any, mode: Mode, watts: float | None):
    told = {} if told_w is None else {POWER: sent(told_w, NOW_S - 100.0, cause=GIVES)}
    assert asked(values, state(mode, sent=told)) == watts


def test_it_is_asked_anew_once_meters_show_what_it_was_told_last():
    # given one that was told 3 kW a moment ago, while the former still shows all of the load
    entry = sent(3000.0, NOW_S - 0.5, cause=GIVES)
    known = state(sent={POWER: entry})
    late = {role: Reading(value, NOW_S - 0.6) for role, value in seen(10_000.0, 0.0).items()}
    # then it goes on as told, and not with a share of what it already carries
    assert asked(late, known) == 3000.0
    # and after six seconds whatever they show counts
    assert asked(seen(10_000.0, 0.0), state(sent={POWER: replace(entry, sent_s=NOW_S - 6.0)})) == pytest.approx(2000.0)


def test_small_changes_are_not_told_and_a_generator_says_what_batteries_take():
    told = {POWER: sent(2100.0, NOW_S - 100.0, cause=GIVES)}
    assert asked(seen(8000.0, 2000.0), state(sent=told)) == 2100.0
    runs = state(sent=told, generator=GeneratorMemory(stage=Stage.RUNNING))
    assert asked(seen(8000.0, 2000.0), runs) is None


def test_while_meters_contradict_each_other_it_gives_no_more_than_it_did():
    known = state(sent={POWER: sent(1000.0, NOW_S - 100.0, cause=GIVES)}, unbalanced_since_s=0.0)
    bounds = list(beside.proposals(given(SITE, seen(20_000.0, 1000.0), NOW_S), known))
    assert [(one.cause.why, one.high) for one in bounds[:-1]] == [(Why.UNBALANCED, 1000.0)]


# The whole way --------------------------------------------------------------------------------------------------------


def island(main_pct: float, second_pct: float) -> Panel:
    """An island of 8 kW that the former carries alone, with both batteries so full."""
    return on_an_island(site=SITE).says(seen(8000.0, 0.0, main_pct, second_pct))


def test_a_full_battery_beside_an_empty_former_keeps_the_island_alive():
    # given a former at 12 % and a battery at 90 %
    made = island(12.0, 90.0).advance(5.0)
    # then that is asked for all it can, and the building still saves energy by the former's own charge
    assert made.commands(POWER)[-1][1].value == 6000
    assert made.state.band == "critical"


def test_what_does_not_give_when_asked_is_not_counted_on_and_asked_again_later():
    # given an island at 48 % whose second battery is full and asked for its part, and gives nothing
    made = island(48.0, 100.0).advance(10.0)
    assert made.state.band == "normal"
    assert made.commands(POWER)[-1][1].value > 0
    told_s = made.now_s
    made.advance(100.0)
    # then after a minute it does not count, people are told, and it is left alone
    assert made.state.band == "conserve"
    assert f"{POWER}/idle" in made.state.alarms
    quiet_s = made.state.idle_s[SECOND] + idle.IDLE_S
    made.advance(idle.LEFT_S - 60.0, every_s=10.0)
    assert not [t_s for t_s, _ in made.commands(POWER) if t_s > quiet_s]
    # and a quarter of an hour later it is asked again, with nobody called anew
    made.advance(100.0)
    assert [t_s for t_s, _ in made.commands(POWER) if t_s > quiet_s] != []
    assert f"{POWER}/idle" in made.state.alarms
    # and once it gives all is well
    made.says({POWER: float(made.commands(POWER)[-1][1].value)}).advance(5.0)
    assert made.state.idle_s == {}
    assert f"{POWER}/idle" not in made.state.alarms
    assert told_s < quiet_s


@pytest.mark.parametrize(
    ("entry", "watts", "since_s"),
    [
        pytest.param(sent(3000.0, cause=GIVES), 1400.0, NOW_S, id="less than half"),
        pytest.param(sent(3000.0, cause=GIVES), 1600.0, None, id="more than half"),
        pytest.param(sent(3000.0, cause=GIVES), None, 900.0, id="nobody can tell"),
        pytest.param(sent(400.0, cause=GIVES), 0.0, 900.0, id="too little to tell"),
        pytest.param(sent(-3000.0, cause=TAKES), 0.0, 900.0, id="it was told to take"),
        pytest.param(None, 0.0, 900.0, id="never asked"),
    ],
)
def test_who_is_idle(entry: Sent | None, watts: float | None, since_s: float | None):
    told = {} if entry is None else {POWER: entry}
    for before in ({}, {SECOND: 900.0}):
        known = state(sent=told, idle_s=before)
        there = given(SITE, seen(8000.0, watts), NOW_S).snapshot  # type: ignore[arg-type]
        kept = before if since_s == 900.0 else {} if since_s is None else {SECOND: before.get(SECOND, NOW_S)}
        assert idle.after(SITE, known, there, NOW_S) == kept
        assert idle.after(SITE, replace(known, mode=state(Mode.GRID_CONNECTED).mode), there, NOW_S) == {}


def test_a_battery_beside_the_former_does_not_go_on_charging_from_the_island():
    # given one that fills up to its reserve on the grid
    site = flats(batteries=(OWN, replace(OWN, id=SECOND, controllable=True, reserve_pct=20.0)))
    made = on_the_grid(site=site).says({SOC: 5.0}).advance(60.0)
    made.says({POWER: -15_000.0}).advance(5.0)
    assert made.commands(POWER)[-1][1].value < 0
    # when the tie opens
    opened_s = made.now_s
    made.says(GRID_DEAD, TIE_OPEN).advance(1.0)
    made.says({POWER: 0.0, wiring.former_phase_w(0): 2000.0}).advance(200.0)
    # then it is told to rest at once, and nothing else
    told = [(t_s, one.value) for t_s, one in made.commands(POWER) if t_s > opened_s]
    assert told[0] == (pytest.approx(opened_s + made.params.witness.contact_debounce_s), 0)
    assert {value for _, value in told} == {0}
