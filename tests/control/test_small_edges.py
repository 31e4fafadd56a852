"""Small rules, each at its edge: times of day, triggers, balances, faults, what is saved, the sun to spare."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any

import pytest

from hems.control import balance, guard, headroom, lasting, reflex, saving, surplus, wear
from hems.control.energy import Band
from hems.control.memory.acting import Failing
from hems.control.memory.using import Habits, LoadMemory, SavingMemory, SurplusMemory
from hems.control.params import Params
from hems.control.state import ControlState
from hems.control.step import Armed, Test, Trigger
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.command import Command
from hems.model.mode import Mode, TiePosition
from hems.model.reading import Reading
from hems.model.request import Override, Want
from hems.model.site import Site, Tier
from hems.model.units import CircuitId, SourceId
from hems.model.wiring import Role
from tests.control.panel import snapshot
from tests.control.pencil import BECAUSE, PARAMS, evidence, given, names, outlook, sent, state
from tests.given import flats

SITE = flats()
MAIN, ROOF = SourceId("main"), SourceId("roof")
LAUNDRY, GYM, HOT = names("laundry", "gym", "hot_water")
NOW_S = 1000.0


@pytest.mark.parametrize(
    ("hour", "minute", "local_h", "ahead_h"),
    [
        (10, 0, 12.0, 2.0),
        (10, 30, 6.0, -4.5),
        (23, 0, 1.0, 2.0),
        (1, 0, 23.0, -2.0),
        (0, 0, 13.75, -10.25),
        (0, 0, 13.5, -10.5),
        (0, 0, 13.0, 13.0),
        (0, 0, 12.0, 12.0),
        (11, 0, 0.0, 13.0),
        (10, 15, 16.0, 5.75),
        (10, 0, 12.1, 2.0),
    ],
)
def test_a_zone_is_told_by_the_clock_on_the_wall_to_the_quarter_of_an_hour(
    hour: int, minute: int, local_h: float, ahead_h: float
):
    utc = datetime(2026, 6, 1, hour, minute, tzinfo=UTC)
    now = given(SITE, {}, utc=utc, local_h=local_h)
    assert now.local_offset == timedelta(hours=ahead_h)
    assert now.local == utc + timedelta(hours=ahead_h)
    assert given(SITE, {}, utc=utc).local_offset is given(SITE, {}, local_h=local_h).local is None


@pytest.mark.parametrize(
    ("test", "wanted", "value", "fires"),
    [
        (Test.IS, True, True, True),
        (Test.IS, True, False, False),
        (Test.ABOVE, 5.0, 5.1, True),
        (Test.ABOVE, 5.0, 5.0, False),
        (Test.BELOW, 5.0, 4.9, True),
        (Test.BELOW, 5.0, 5.0, False),
        (Test.CHANGES, 0.0, 7.0, False),
        (Test.ABOVE, 5.0, "much", False),
        (Test.BELOW, "little", 1.0, False),
    ],
)
def test_a_trigger_fires(test: Test, wanted: Any, value: Any, *, fires: bool):
    assert Trigger(Role("x"), test, wanted).fires(value) is fires


def test_an_armed_list_is_used_until_it_expires_on_a_fresh_reading_of_its_role():
    ready = Armed(name="x", triggers=(Trigger(Role("x"), Test.IS, True),), commands=(), expires_s=NOW_S)
    good: Reading[Any] = Reading(True, NOW_S, 5.0)
    assert reflex.sets_off(ready, Role("x"), good, NOW_S)
    assert not reflex.sets_off(ready, Role("x"), good, NOW_S + 0.1)
    assert not reflex.sets_off(ready, Role("y"), good, NOW_S)
    assert not reflex.sets_off(ready, Role("x"), good._replace(taken_s=NOW_S - 6.0), NOW_S)


@pytest.mark.parametrize(
    ("test", "before", "after", "due"),
    [
        (Test.ABOVE, 4.0, 6.0, True),
        (Test.ABOVE, 6.0, 4.0, True),
        (Test.ABOVE, 6.0, 7.0, False),
        (Test.ABOVE, None, 6.0, True),
        (Test.ABOVE, None, 4.0, False),
        (Test.CHANGES, 6.0, 7.0, True),
        (Test.CHANGES, 6.0, 6.0, False),
        (Test.CHANGES, None, 6.0, True),
    ],
)
def test_a_tick_is_due_when_a_watched_condition_begins_or_ends(test: Test, before: Any, after: Any, *, due: bool):
    watch = [Trigger(Role("x"), test, 5.0)]
    was = None if before is None else Reading(before, NOW_S)
    assert reflex.crossed(watch, Role("x"), was, Reading(after, NOW_S), NOW_S) is due
    assert not reflex.crossed(watch, Role("y"), was, Reading(after, NOW_S), NOW_S)
    # the one that matters may stand behind another
    assert (
        reflex.crossed([Trigger(Role("x"), Test.IS, 9.0), *watch], Role("x"), was, Reading(after, NOW_S), NOW_S) is due
    )


METERED: dict[Role, Any] = {wiring.circuit_power(one.id): 0.0 for one in SITE.circuits}


@pytest.mark.parametrize(
    ("grid_w", "drawn_w", "since_s"),
    [
        pytest.param(1000.0, 500.0, None, id="500 W are nothing"),
        pytest.param(1000.0, 499.0, NOW_S, id="more are wrong"),
        pytest.param(1000.0, 1500.0, None, id="500 W the other way"),
        pytest.param(1000.0, 1501.0, NOW_S, id="more the other way"),
        pytest.param(10_000.0, 8500.0, None, id="nor are 15 %"),
        pytest.param(10_000.0, 8499.0, NOW_S, id="more than that is"),
        pytest.param(8500.0, 10_000.0, None, id="of what is drawn, if that is more"),
        pytest.param(8499.0, 10_000.0, NOW_S, id="beyond it"),
        pytest.param(None, 9000.0, None, id="nobody knows"),
    ],
)
def test_what_is_given_and_what_is_drawn_must_add_up(grid_w: float | None, drawn_w: float, since_s: float | None):
    values = METERED | {wiring.GRID_POWER: grid_w, wiring.circuit_power(LAUNDRY): drawn_w}
    known = state(Mode.GRID_CONNECTED, evidence=evidence(TiePosition.CLOSED))
    there = snapshot(SITE, values, NOW_S)
    assert balance.unbalanced_since(SITE, known, there, PARAMS.witness, NOW_S) == since_s
    for_long = replace(known, unbalanced_since_s=7.0)
    assert balance.unbalanced_since(SITE, for_long, there, PARAMS.witness, NOW_S) == (7.0 if since_s else None)


def test_where_not_all_is_metered_only_too_much_is_wrong_and_what_is_off_draws_nothing():
    known = state(Mode.GRID_CONNECTED, evidence=evidence(TiePosition.CLOSED))
    for grid_w, drawn_w, wrong in ((9000.0, 100.0, False), (100.0, 9000.0, True)):
        values = METERED | {wiring.GRID_POWER: grid_w, wiring.circuit_power(LAUNDRY): drawn_w}
        blind = snapshot(SITE, values | {wiring.circuit_power(GYM): None}, NOW_S)
        assert (balance.unbalanced_since(SITE, known, blind, PARAMS.witness, NOW_S) is not None) is wrong
    off = METERED | {wiring.GRID_POWER: 9000.0, wiring.circuit_closed(GYM): False, wiring.circuit_power(GYM): None}
    assert balance.unbalanced_since(SITE, known, snapshot(SITE, off, NOW_S), PARAMS.witness, NOW_S) == NOW_S


@pytest.mark.parametrize(
    ("times", "until_s", "after"),
    [(None, 0.0, Failing(times=1, until_s=NOW_S, error="")), (2, NOW_S, Failing(times=3, until_s=4600.0, error=""))],
)
def test_a_maker_that_raises_three_times_rests_an_hour(times: int | None, until_s: float, after: Failing):
    def raises() -> list[int]:
        raise ValueError("no")

    known = state(failing={} if times is None else {"cars": Failing(times=times, until_s=until_s, error="")})
    made, found = guard.guarded(known, "cars", raises, NOW_S)
    assert (found, replace(made.failing["cars"], error="")) == ([], after)
    well, found = guard.guarded(known, "cars", lambda: [7], NOW_S)
    assert (found, dict(well.failing)) == ([7], {})
    rests = state(failing={"cars": Failing(times=3, until_s=NOW_S + 0.1, error=""), "other": after})
    assert guard.guarded(rests, "cars", lambda: [7], NOW_S) == (rests, [])
    over, _ = guard.guarded(rests, "cars", lambda: [7], NOW_S + 0.1)
    assert set(over.failing) == {"other"}


def test_a_switch_that_moves_is_counted_and_one_that_is_told_again_is_not():
    role = wiring.circuit_closed(LAUNDRY)
    off = [Command(role=role, value=False, cause=BECAUSE, energises=False)]
    known = state()
    for before, moves in (({}, (NOW_S,)), ({role: sent(True)}, (NOW_S,)), ({role: sent(False)}, ())):
        after = wear.moved(known, before, off, PARAMS.restore, NOW_S)
        assert (after.loads[LAUNDRY].moves_s if LAUNDRY in after.loads else ()) == moves
    many = state(loads={LAUNDRY: LoadMemory(moves_s=tuple(float(at) for at in range(30)))})
    assert wear.moved(many, {}, off, PARAMS.restore, NOW_S).loads[LAUNDRY].moves_s == (*map(float, range(1, 30)), NOW_S)


# Saving ---------------------------------------------------------------------------------------------------------------


def saved(known: ControlState, **seen: Any) -> dict[str, Why]:
    watts = {"laundry": 100.0, "gym": 60.0, "hot_water": 10.0}
    looks = outlook(SITE, watts, **{"mode": known.mode.mode, "least": Tier.COMFORT, "band": Band.CONSERVE} | seen)
    on = [SITE.circuit(one) for one in (HOT, LAUNDRY, GYM)]
    return {str(one): cause.why for one, cause in saving.by_band(on, known, looks, PARAMS, NOW_S).items()}


ALL = {"hot_water": Why.FLEXIBLE_ON_ISLAND, "laundry": Why.ENERGY_BAND, "gym": Why.ENERGY_BAND}
KEPT = (Override(circuit=GYM, want=Want.ON, who="a", role="operator", reason="", set_s=0.0, expires_s=9e9),)
TURN, LATER = Cause(Why.NOT_ITS_TURN), Cause(Why.KEPT_FOR_LATER)


@pytest.mark.parametrize(
    ("known", "seen", "goes"),
    [
        pytest.param(state(), {}, ALL, id="all that the band does not serve"),
        pytest.param(state(), {"held": True}, {}, id="a person holds it"),
        pytest.param(state(), {"held": True, "band": Band.FLOOR}, ALL, id="until the last reserve"),
        pytest.param(state(Mode.FAULT_SAFE), {}, {}, id="in doubt nothing"),
        pytest.param(state(Mode.FAULT_SAFE), {"band": Band.SHUTDOWN}, ALL, id="but for the last reserve"),
        pytest.param(state(overrides=KEPT), {"band": Band.FLOOR}, ALL, id="kept on until then"),
        pytest.param(
            state(overrides=KEPT), {}, {"hot_water": Why.FLEXIBLE_ON_ISLAND, "laundry": Why.ENERGY_BAND}, id="kept on"
        ),
        pytest.param(state(loads={LAUNDRY: LoadMemory(restored_s=940.0)}), {}, ALL, id="on for a minute"),
        pytest.param(
            state(), {"bears_w": 110.0}, {"hot_water": ALL["hot_water"], "laundry": ALL["laundry"]}, id="bears"
        ),
        pytest.param(state(), {"bears_w": 109.0}, {"hot_water": ALL["hot_water"]}, id="bears less"),
        pytest.param(state(), {"bears_w": 9.0}, {"hot_water": ALL["hot_water"]}, id="one at least"),
        pytest.param(state(), {"bears_w": 9.0, "sheds_settled": False}, {}, id="not before the last has shown"),
        pytest.param(state(), {"bears_w": 9.0, "band": Band.FLOOR}, ALL, id="the last reserve does not wait"),
        pytest.param(
            state(),
            {"least": Tier.FLEXIBLE, "resting": {GYM: LATER}},
            {"gym": Why.KEPT_FOR_LATER},
            id="before any band",
        ),
        pytest.param(state(), {"resting": {GYM: TURN}}, ALL | {"gym": Why.NOT_ITS_TURN}, id="in turn"),
        pytest.param(state(), {"resting": {GYM: LATER}}, ALL, id="for the band"),
        pytest.param(state(), {"resting": {GYM: TURN}, "band": Band.CRITICAL}, ALL, id="a lower band has no turns"),
    ],
)
def test_what_energy_is_not_to_be_spent_on_goes(known: ControlState, seen: dict[str, Any], goes: dict[str, Why]):
    assert saved(known, **seen) == goes


def test_who_has_just_come_back_stays_on_for_its_least_time():
    assert "laundry" not in saved(state(loads={LAUNDRY: LoadMemory(restored_s=940.1)}))


# Sun to spare ---------------------------------------------------------------------------------------------------------

SUNNY = replace(SITE, pvs=(replace(SITE.pvs[0], limitable=True),))


@pytest.mark.parametrize(
    ("soc_pct", "told_w", "mode", "room_w"),
    [
        pytest.param(89.9, None, Mode.ISLANDED, inf, id="there is room"),
        pytest.param(90.0, None, Mode.ISLANDED, 30_000.0, id="nearly full"),
        pytest.param(97.5, None, Mode.ISLANDED, 15_000.0, id="half of its last twentieth"),
        pytest.param(100.0, None, Mode.ISLANDED, 0.0, id="full"),
        pytest.param(101.0, None, Mode.ISLANDED, 0.0, id="more than full"),
        pytest.param(85.0, 29_999.0, Mode.ISLANDED, 30_000.0, id="while the sun is held back"),
        pytest.param(84.9, 29_999.0, Mode.ISLANDED, inf, id="until there is room again"),
        pytest.param(85.0, 30_000.0, Mode.ISLANDED, inf, id="it is not held back"),
        pytest.param(99.0, None, Mode.GRID_CONNECTED, inf, id="on the grid"),
        pytest.param(None, None, Mode.ISLANDED, inf, id="unread"),
    ],
)
def test_a_battery_takes_less_the_fuller_it_is(soc_pct: float | None, told_w: float | None, mode: Mode, room_w: float):
    known = state(mode, sent={} if told_w is None else {wiring.pv_limit(ROOF): sent(told_w)})
    now = given(SUNNY, {wiring.battery_soc(MAIN): soc_pct})
    assert headroom.room_w(now, known) == pytest.approx(room_w)
    bears = headroom.bears_w(now, known, (-1000.0, 3000.0, -5000.0))
    assert bears == pytest.approx(max(0.0, room_w - 3000.0))
    assert headroom.bears_w(now, known, None) == inf


@pytest.mark.parametrize(
    ("told_w", "former_w", "sun_w", "limit_w"),
    [
        # half of 30 kW of room, at 97.5 %; the largest load is a car's 3 kW
        pytest.param(None, -4000.0, 9000.0, 17_000.0, id="9 kW, less 4 that flow in, and 15 less 3"),
        pytest.param(None, 12_000.0, 9000.0, None, id="all of it"),
        pytest.param(10_000.0, -4000.0, 9000.0, 17_000.0, id="more again"),
        pytest.param(15_501.0, -4000.0, 9000.0, 15_501.0, id="not for so little more"),
        pytest.param(15_500.0, -4000.0, 9000.0, 17_000.0, id="for a twentieth of its rating"),
        pytest.param(20_000.0, None, 9000.0, 20_000.0, id="as told while the former is unread"),
        pytest.param(20_000.0, -4000.0, None, 20_000.0, id="as told while the sun is unread"),
        pytest.param(29_000.0, 12_000.0, 9000.0, 30_000.0, id="free at last"),
        pytest.param(None, -50_000.0, 9000.0, 0.0, id="none at all"),
    ],
)
def test_the_sun_gives_no_more_than_could_be_taken_without_the_largest_load(
    told_w: float | None, former_w: float | None, sun_w: float | None, limit_w: float | None
):
    values = {wiring.battery_soc(MAIN): 97.5, wiring.former_phase_w(0): former_w, wiring.pv_power(ROOF): sun_w}
    now = given(SUNNY, values | {wiring.bay_power(SourceId("bay_1")): -3000.0}, NOW_S)
    known = state(sent={} if told_w is None else {wiring.pv_limit(ROOF): sent(told_w)})
    looks = outlook(SUNNY, {"laundry": 2999.0}, going_w=(900.0, 900.0, 900.0))
    found = [(one.high, one.cause.why) for one in headroom.proposals(now, known, looks)]
    why = Why.SUN_FREE if limit_w == 30_000.0 else Why.SUN_HEADROOM
    assert found == ([] if limit_w is None else [(pytest.approx(limit_w), why)])


def sinks(memory: SurplusMemory, into_w: float, now_s: float = NOW_S, **more: Any) -> SurplusMemory:
    values = {wiring.battery_soc(MAIN): 96.0} | {wiring.former_phase_w(index): -into_w / 3.0 for index in range(3)}
    now = given(SITE, values, now_s)
    return surplus.after(now, state(surplus=memory, **{"band": "surplus"} | more))


SPARE = SurplusMemory(since_s=0.0, part=1.0)


@pytest.mark.parametrize(
    ("into_w", "moved_s", "usual_w", "comes"),
    [
        pytest.param(6003.0, -inf, None, True, id="as much as it typically takes"),
        pytest.param(5990.0, -inf, None, False, id="less"),
        pytest.param(1203.0, -inf, 1200.0, True, id="as much as it usually takes"),
        pytest.param(6003.0, 940.1, None, False, id="another moved a moment ago"),
        pytest.param(6003.0, 940.0, None, True, id="a minute ago"),
    ],
)
def test_a_sink_comes_on_when_the_sun_has_room_for_it(
    into_w: float, moved_s: float, usual_w: float | None, *, comes: bool
):
    loads = {} if usual_w is None else {HOT: LoadMemory(usual_w=usual_w)}
    after = sinks(replace(SPARE, moved_s=moved_s), into_w, loads=loads)
    assert after.sinks == ((HOT,) if comes else ())
    assert after.moved_s == (NOW_S if comes else moved_s)


# Lasting --------------------------------------------------------------------------------------------------------------


def lasts(memory: SavingMemory, params: Params = PARAMS, site: Site = SITE, soc_pct: float | None = 35.0) -> Any:
    utc = datetime(2026, 6, 1, 18, tzinfo=UTC)
    now = given(site, {wiring.battery_soc(MAIN): soc_pct}, NOW_S, params=params, utc=utc)
    return lasting.lasting(now, state(saving=memory, band="conserve", habits=Habits()), 1.0).memory


HOMES = tuple(replace(SITE.circuit(GYM), id=CircuitId(f"home_{number}"), rank=0) for number in range(8))


@pytest.mark.parametrize(
    ("soc_pct", "served"),
    [
        pytest.param(50.0, 4, id="half of the equals"),
        pytest.param(35.0, 2, id="a quarter, halfway down to critical"),
        pytest.param(20.0, 0, id="none at critical"),
        pytest.param(99.0, 4, id="never more than half"),
    ],
)
def test_where_the_first_band_saves_half_of_equals_are_served_and_fewer_on_the_way_down(soc_pct: float, served: int):
    site = flats(circuits=HOMES)
    memory = SavingMemory(solved_s=NOW_S)
    assert lasts(memory, site=site, soc_pct=soc_pct).served == {int(Tier.NON_ESSENTIAL): served}


@pytest.mark.parametrize(
    ("price", "before", "served"),
    [
        # four homes of eight at their worth of 3; all at 15 % less, none at 15 % more
        pytest.param(3.0, None, 4, id="at its worth"),
        pytest.param(2.55, None, None, id="15 % less"),
        pytest.param(3.45, None, 0, id="15 % more"),
        pytest.param(3.0, 3, 4, id="one more is clear"),
        pytest.param(3.04, 4, 4, id="not so clear"),
        pytest.param(9.0, None, 0, id="dear"),
    ],
)
def test_around_its_worth_the_price_decides_how_many_are_served(price: float, before: int | None, served: int | None):
    site = flats(circuits=HOMES)
    kept = {} if before is None else {int(Tier.NON_ESSENTIAL): before}
    now = given(site, {wiring.battery_soc(MAIN): 70.0}, NOW_S)
    memory = SavingMemory(solved_s=NOW_S, price=price, served=kept)
    found = lasting.lasting(now, state(saving=memory), 1.0).memory.served
    assert found == ({} if served is None else {int(Tier.NON_ESSENTIAL): served})


def test_a_price_is_found_each_minute_and_not_without_habits_or_where_nobody_expects_a_cut():
    old = SavingMemory(solved_s=NOW_S - 60.0, price=5.0)
    assert lasts(old).price is None
    assert lasts(replace(old, solved_s=NOW_S - 59.0)).price == 5.0
