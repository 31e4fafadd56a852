"""What each car is asked to do, and what nobody may ask of it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hems.control import wanting
from hems.control.arbitrate import Rank
from hems.control.bay_memory import remembered
from hems.control.cars.charge import left_pct
from hems.control.cars.memory import BayMemory, Ledger, Month
from hems.control.energy import floor_pct
from hems.control.giving import carriers, phase_w_of_cars
from hems.control.params import Params
from hems.control.state import ControlState, initial
from hems.control.wish import Wish
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import ISLAND_MODES, Mode
from hems.model.request import CarWish
from hems.model.site import Site
from hems.model.snapshot import BayState
from hems.model.units import SourceId
from hems.model.wiring import Role
from tests.control.panel import (
    GRID_DEAD,
    TIE_CLOSED,
    TIE_OPEN,
    UNMETERED,
    Panel,
    car,
    kept,
    on_an_island,
    on_the_grid,
    panel,
    snapshot,
    tie,
    utility,
)
from tests.given import flats

SITE, PARAMS = flats(), Params()
BAY_1, BAY_2 = SourceId("bay_1"), SourceId("bay_2")


def former(each_w: float) -> dict[Role, Any]:
    return {wiring.former_phase_w(index): each_w for index in range(3)}


def asked(made: Panel, bay: str = "bay_1") -> float | None:
    """What a car was last told."""
    told = made.commands(wiring.bay_power(SourceId(bay)))
    return float(told[-1][1].value) if told else None


@kept
def island_with_cars(*, site: Site = SITE, soc_pct: float = 80.0, each_w: float = 4000.0) -> Panel:
    """An island of 12 kW with two cars that have long been plugged in."""
    made = panel(site=site).says(car("bay_1", soc_pct), car("bay_2", soc_pct)).advance(700.0, every_s=100.0)
    made.says(GRID_DEAD, TIE_OPEN, former(each_w)).advance(15.0)
    assert made.mode is Mode.ISLANDED
    return made


# On an island --------------------------------------------------------------------------------------------------------


def test_cars_share_what_the_sun_does_not_deliver_in_proportion_to_what_they_have_to_spare():
    # given 12 kW on the inverter, and cars of 60 kWh at 80 %, floors at 43 and 53 %
    made = island_with_cars()
    # then they take over eight tenths, 37 to 27
    assert asked(made, "bay_1") == pytest.approx(0.8 * 12_000.0 * 37.0 / 64.0, abs=1.0)
    assert asked(made, "bay_2") == pytest.approx(0.8 * 12_000.0 * 27.0 / 64.0, abs=1.0)
    # and chargers that cannot give are told to rest
    assert asked(made, "bay_3") == 0.0


def test_the_share_follows_what_all_of_them_deliver_together():
    made = island_with_cars().says(car("bay_1", 80.0, 5000.0), car("bay_2", 80.0, 4000.0), former(1000.0)).advance(1.0)
    first, second = asked(made, "bay_1"), asked(made, "bay_2")
    assert first is not None
    assert second is not None
    assert first + second == pytest.approx(0.8 * 12_000.0, abs=600.0)


def test_a_car_that_could_only_give_a_trickle_rests():
    assert asked(island_with_cars(each_w=150.0), "bay_2") == 0.0


def test_when_the_sun_covers_everything_no_car_gives():
    assert asked(island_with_cars(each_w=-3000.0)) == 0.0


def test_a_car_at_its_floor_rests_and_gives_again_only_well_above():
    made = island_with_cars()
    made.says(car("bay_1", 43.0, 5000.0)).advance(1.0)
    assert asked(made) == 0.0
    made.says(car("bay_1", 44.9)).advance(30.0)
    assert asked(made) == 0.0
    made.says(car("bay_1", 45.1)).advance(30.0)
    assert (asked(made) or 0.0) > 0.0


@pytest.mark.parametrize(
    "change",
    [
        {wiring.bay_discharge_ready(BAY_1): None},
        {wiring.bay_discharge_ready(BAY_1): False},
        {wiring.bay_state(BAY_1): BayState.UNPLUGGED},
        {wiring.bay_state(BAY_1): BayState.UNAVAILABLE},
    ],
)
def test_a_car_that_cannot_or_does_not_tell_is_stopped(change: dict[Role, Any]):
    made = island_with_cars()
    assert (asked(made) or 0.0) > 0.0
    made.says(change).advance(1.0)
    assert asked(made) == 0.0


def test_a_state_that_no_charger_should_know_is_no_car():
    made = island_with_cars()
    made.says({wiring.bay_state(BAY_1): "purple"}).advance(1.0)
    assert asked(made) == 0.0


def test_a_car_that_arrives_in_an_outage_is_left_alone_for_a_minute():
    # given an island, and a car that is plugged in
    made = on_an_island().says(UNMETERED, former(4000.0))
    made.says(car("bay_1", 90.0))
    began_s = made.now_s
    # when time passes, however rarely anybody looks
    made.advance(200.0, every_s=500.0)
    # then it gives after its minute, and never charges
    told = made.commands(wiring.bay_power(BAY_1))
    gives = [t_s for t_s, one in told if one.value > 0]
    assert gives[0] == pytest.approx(began_s + 60.0)
    assert min(one.value for t_s, one in told if t_s >= 700.0) == 0


def test_a_car_that_leaves_and_comes_back_begins_anew():
    memory = {BAY_1: BayMemory(plugged_since_s=10.0, at_floor=True)}
    state = replace(initial(0.0), bays=memory)
    gone = snapshot(SITE, {wiring.bay_state(BAY_1): BayState.UNPLUGGED}, 100.0)
    assert remembered(SITE, state, gone, PARAMS, 100.0)[BAY_1] == BayMemory()
    silent = snapshot(SITE, {wiring.bay_state(BAY_1): None}, 100.0)
    assert remembered(SITE, state, silent, PARAMS, 100.0)[BAY_1] == memory[BAY_1]


def test_while_the_former_is_silent_cars_go_on_as_they_are():
    made = island_with_cars()
    before = asked(made)
    made.says(dict.fromkeys(former(0.0)), car("bay_1", 80.0, before or 0.0)).advance(60.0)
    assert asked(made) == before


def test_what_the_cars_carry_is_known_by_phase():
    values = car("bay_1", 80.0, 6000.0) | car("bay_3", 80.0, 900.0) | car("bay_2", 80.0, -3000.0)
    assert phase_w_of_cars(SITE, snapshot(SITE, values), 0.0) == (2900.0, 2000.0, 2000.0)


# On the grid ---------------------------------------------------------------------------------------------------------


def test_on_a_good_grid_cars_share_what_the_service_leaves():
    # given 80 % of 3 x 100 A = 55.2 kW, 40 kW of house, and two cars on three phases
    made = on_the_grid().says({wiring.GRID_POWER: 40_000.0}, car("bay_1", 50.0), car("bay_2", 50.0)).advance(1.0)
    assert [asked(made, bay) for bay in ("bay_1", "bay_2", "bay_3", "bay_4")] == [-7600.0, -7600.0, 0.0, 0.0]


def test_cars_on_several_phases_share_with_one_that_fills_a_single_phase():
    # given 5.07 kW left on each phase, and a third car that charges on L1 alone
    made = on_the_grid().says({wiring.GRID_POWER: 40_000.0}, car("bay_1", 50.0), car("bay_2", 50.0), car("bay_3", 50.0))
    made.advance(1.0)
    # then each gets the same, and L1 carries all of it: 1/3 + 1/3 + 1 of 3.04 kW
    assert [asked(made, bay) for bay in ("bay_1", "bay_2", "bay_3")] == [-3040.0, -3040.0, -3040.0]


@pytest.mark.parametrize("grid_w", [55_000.0, None])
def test_without_room_or_without_knowing_nobody_charges(grid_w: float | None):
    made = on_the_grid().says({wiring.GRID_POWER: grid_w}, car("bay_1", 50.0)).advance(1.0)
    assert asked(made) in (0.0, None)


@pytest.mark.parametrize(
    ("change", "mode"),
    [
        (utility(180.0), Mode.GRID_DISTURBED),
        (utility(None, None), Mode.GRID_CONNECTED_DEGRADED),
        ({**GRID_DEAD, **TIE_OPEN}, Mode.ISLANDED_STABILIZING),
        (tie(None, None, None), Mode.FAULT_SAFE),
    ],
)
def test_in_any_other_mode_charging_stops_at_once(change: dict[Role, Any], mode: Mode):
    made = on_the_grid().says(car("bay_1", 50.0)).advance(1.0)
    assert (asked(made) or 0.0) < 0.0
    made.says(change).advance(2.0)
    assert (made.mode, asked(made)) == (mode, 0.0)


def test_back_on_the_grid_cars_wait_for_the_circuits():
    made = island_with_cars().says(utility(230.0), TIE_CLOSED).advance(30.0)
    assert (made.mode, asked(made)) == (Mode.RECONNECTED_RESTORING, 0.0)


# A car that forms the island -----------------------------------------------------------------------------------------

FORMED = replace(SITE, former=replace(SITE.former, source=BAY_1, phase_va=(4000.0, 4000.0, 4000.0)), batteries=())


def test_a_car_that_forms_the_island_is_never_told_anything_while_it_does():
    made = panel(site=FORMED).says(car("bay_1", 80.0)).advance(700.0, every_s=100.0)
    assert asked(made) is not None
    told = len(made.commands(wiring.bay_power(BAY_1)))
    made.says(GRID_DEAD, TIE_OPEN, car("bay_1", 80.0, 5000.0)).advance(20.0)
    assert made.mode is Mode.ISLANDED
    made.says(car("bay_1", None, 5000.0)).advance(20.0)
    made.says(utility(230.0)).advance(70.0)
    assert made.mode is Mode.RECONNECTING
    made.says(tie(None, None, None)).advance(20.0)
    assert made.mode is Mode.FAULT_SAFE
    assert len(made.commands(wiring.bay_power(BAY_1))) == told


def test_nor_in_the_instant_in_which_its_tie_is_seen_to_move():
    # given that car charging from the grid
    made = panel(site=FORMED).says(car("bay_1", 50.0)).advance(700.0, every_s=100.0)
    told = len(made.commands(wiring.bay_power(BAY_1)))
    # when the contacts leave "closed", before any debounce, and its lease is due
    made.says(tie(False, False, True), {wiring.GRID_POWER: 50_000.0})
    made.tick()
    made.now_s += 30.0
    made.tick()
    assert len(made.commands(wiring.bay_power(BAY_1))) == told


# Any history ---------------------------------------------------------------------------------------------------------

levels = st.one_of(st.none(), st.floats(0.0, 100.0))
WORLD = st.one_of(
    st.sampled_from(
        [
            {**GRID_DEAD, **TIE_OPEN},
            {**utility(230.0), **TIE_CLOSED},
            utility(230.0),
            utility(None, None),
            tie(False, False, None),
            tie(None, None, None),
            {wiring.bay_state(BAY_1): BayState.UNPLUGGED},
            {wiring.bay_discharge_ready(BAY_2): None},
        ]
    ),
    st.builds(lambda soc_pct: car("bay_1", soc_pct), levels),
    st.builds(lambda soc_pct, watts: car("bay_2", soc_pct, watts), levels, st.floats(0.0, 10_000.0)),
    st.builds(former, st.floats(-5000.0, 9000.0)),
)


@given(st.lists(st.tuples(WORLD, st.floats(0.1, 90.0)), min_size=3, max_size=14))
@example([(car("bay_2", 54.0, 1.0), 1.0), ({**GRID_DEAD, **TIE_OPEN}, 59.0)])
@example([(car("bay_2", 59.0, 1500.0), 1.0), ({**GRID_DEAD, **TIE_OPEN}, 76.0), (car("bay_2", None, 0.0), 3.0)])
@settings(max_examples=30)
def test_no_car_is_ever_asked_to_give_what_it_may_not_or_to_charge_on_an_island(
    history: list[tuple[dict[Role, Any], float]],
):
    made = panel()
    for values, seconds in history:
        made.says(values)
        began = len(made.steps)
        made.advance(seconds, every_s=20.0)
        for _, step in made.steps[began:]:
            _check(made, step.state, {one.role: float(one.value) for one in step.commands})


def _check(made: Panel, state: ControlState, told: dict[Role, float]) -> None:
    mode = state.mode.mode
    giving_w = 0.0
    for bay in SITE.bays:
        watts = told.get(wiring.bay_power(bay.id), 0.0)
        giving_w += max(0.0, watts)
        if watts > 0.0:
            assert bay.bidirectional
            charge = state.bays[bay.id].charge
            assert charge is not None
            assert left_pct(charge) > floor_pct(bay, PARAMS.car) + (PARAMS.car.stale_pct if charge.stale else 0.0)
            assert made.values[wiring.bay_discharge_ready(bay.id)] is True
            # after the loss of a source it goes on as it was told before
            told_before = state.sent[wiring.bay_power(bay.id)].sent_s < state.mode.since_s
            goes_on = state.mode.because.why is Why.SOURCE_LOST and told_before
            assert goes_on or mode in (Mode.ISLANDED, Mode.GRID_RETURN_QUALIFYING, Mode.RECONNECTING)
            assert watts <= bay.discharge_max_w
        if watts < 0.0:
            assert mode is Mode.GRID_CONNECTED
    if giving_w > 0.0 and mode in ISLAND_MODES and mode is not Mode.ISLANDED_STABILIZING:
        cars_w = sum(max(0.0, made.values[wiring.bay_power(bay.id)]) for bay in SITE.bays)
        former_w = sum(made.values[role] for role in former(0.0))
        residual_w = max(0.0, former_w + cars_w)
        # with next to nothing to do a car works at the least that is worth its losses, and the battery takes the rest
        batch_w = 3000.0 if 0.0 < residual_w < 700.0 else 0.0
        assert giving_w <= max(0.8 * residual_w, batch_w) + 2.0


def test_support_says_why():
    made = island_with_cars()
    assert {one.cause.why for _, one in made.commands(wiring.bay_power(BAY_1)) if one.value > 0} == {Why.SUPPORT_ISLAND}


@pytest.mark.parametrize(
    ("stored_pct", "watts"), [(50.0, 9600.0), (35.0, 10_800.0), (20.0, 12_000.0), (15.0, 13_500.0), (10.0, 15_000.0)]
)
def test_cars_give_more_the_emptier_the_battery_and_refill_it_in_the_end(stored_pct: float, watts: float) -> None:
    # given an island of 12 kW whose battery goes down
    made = island_with_cars().says({wiring.battery_soc(SourceId("main")): stored_pct}).advance(5.0)
    # then cars give eight tenths of what is needed, below 50 % more and more, and in the end 3 kW to refill the battery
    told_w = [asked(made, bay) or 0.0 for bay in ("bay_1", "bay_2")]
    assert sum(told_w) == pytest.approx(watts, abs=600.0)


def test_when_little_is_needed_one_car_gives_it_and_goes_on_while_the_others_are_alike() -> None:
    # given an island of 1.5 kW and two cars: 1.2 kW from one work better than 0.6 kW from each
    made = island_with_cars(each_w=500.0)
    assert [asked(made, bay) or 0.0 for bay in ("bay_1", "bay_2")] == [pytest.approx(1200.0, abs=1.0), 0.0]
    # when the other is a little fuller now, then nothing changes
    made.says(car("bay_1", 70.0, 1200.0), car("bay_2", 82.0), former(100.0)).advance(5.0)
    assert asked(made, "bay_2") == 0.0
    # when it is much fuller, then it takes over
    made.says(car("bay_1", 60.0, 1200.0)).advance(5.0)
    assert asked(made, "bay_1") == 0.0
    assert (asked(made, "bay_2") or 0.0) > 1000.0


@pytest.mark.parametrize(("stored_pct", "gives_w"), [(75.0, 0.0), (69.0, 3000.0)])
def test_for_next_to_nothing_the_battery_serves_alone_until_a_car_can_refill_it_at_a_good_rate(
    stored_pct: float, gives_w: float
):
    made = island_with_cars(each_w=150.0).says({wiring.battery_soc(SourceId("main")): stored_pct}).advance(5.0)
    assert (asked(made) or 0.0) + (asked(made, "bay_2") or 0.0) == pytest.approx(gives_w, abs=1.0)


def test_a_car_that_refills_goes_on_to_the_upper_mark():
    made = island_with_cars(each_w=150.0).says({wiring.battery_soc(SourceId("main")): 69.0}).advance(5.0)
    giving = car("bay_1", 80.0, 3000.0), former(-850.0)
    made.says(*giving, {wiring.battery_soc(SourceId("main")): 76.0}).advance(5.0)
    assert asked(made) == pytest.approx(3000.0, abs=300.0)
    made.says({wiring.battery_soc(SourceId("main")): 80.5}).advance(5.0)
    assert asked(made) == 0.0


def test_of_cars_that_are_alike_the_one_that_has_given_least_gives():
    given_wh = {BAY_1: Ledger(before=Month(outage_wh=500_000.0))}
    free = {BAY_1: 20_000.0, BAY_2: 19_900.0}
    worn = {bay: one.before.outage_wh for bay, one in given_wh.items()}
    assert set(carriers(free, {}, 1200.0, worn)) == {BAY_2}
    assert set(carriers(free | {BAY_1: 25_000.0}, {}, 1200.0, worn)) == {BAY_1}


@pytest.mark.parametrize(("soc_pct", "why"), [(30.0, Why.CAR_AT_FLOOR), (None, Why.CAR_SOC_UNKNOWN)])
def test_uca12_what_limits_a_car_is_its_floor_or_that_nobody_knows_its_charge(soc_pct: float | None, why: Why):
    made = on_an_island().says(car("bay_1", soc_pct))
    seen = snapshot(made.site, made.values, made.now_s)
    wish = {BAY_1: Wish(4000.0, Cause(Why.SUPPORT_ISLAND))}
    limits = [
        one
        for one in wanting.cars(made.site, made.state, seen, wish.items(), PARAMS, made.now_s)
        if one.rank is Rank.LIMIT
    ]
    assert [(one.cause.why, one.high) for one in limits] == [(why, 0.0)]


@pytest.mark.parametrize("wish", [{"keeps_pct": 97.0}, {"keeps_pct": 100.0}, {"never": True}])
def test_a_driver_may_keep_all_of_the_car_that_makes_the_island_and_nothing_of_it_is_counted_on(wish: dict[str, Any]):
    # given a building that only its car can carry
    site = replace(SITE, batteries=(), former=replace(SITE.former, source=BAY_1))
    made = on_the_grid(site=site).says(car("bay_1", 60.0)).advance(2.0)
    # when its driver keeps as good as all
    made.ask(CarWish(bay=BAY_1, who="ana", **wish)).advance(2.0)
    # then hems goes on deciding, and there is nothing in store
    assert made.state.band == "shutdown"
    assert made.says(GRID_DEAD, TIE_OPEN).advance(15.0).mode is Mode.ISLANDED


def test_no_permit_is_given_while_a_car_that_nobody_can_see_may_still_feed_in():
    # given a car that carries a part of an island, whose charger falls silent shortly before the grid has qualified
    made = on_an_island().says(UNMETERED, car("bay_1", 90.0), former(4_000.0)).advance(80.0)
    made.says(car("bay_1", 90.0, 6_000.0), utility(230.0)).advance(PARAMS.grid.qualify_s - 5.0, every_s=5.0)
    power = wiring.bay_power(SourceId("bay_1"))
    assert made.commands(power)[-1][1].value > 0
    assert made.mode is Mode.GRID_RETURN_QUALIFYING
    made.says({power: None}).advance(25.0)
    # when the building may go back
    since_s = made.entered_s(Mode.RECONNECTING)
    rests_s = next(t_s for t_s, one in made.commands(power) if one.value == 0 and t_s >= since_s)
    # then it is told to rest first, and has had time to
    permits = [t_s for t_s, one in made.commands(wiring.TIE_PERMIT) if one.value]
    assert permits
    assert permits[0] >= rests_s + 6.0
