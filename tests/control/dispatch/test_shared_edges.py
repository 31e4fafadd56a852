"""Who holds how much of a shared reserve, and who may give; figures to be worked out by hand."""

from dataclasses import replace
from datetime import UTC, datetime
from math import inf
from typing import Any

import pytest

from hems.control.cars.memory import BayMemory, Charge, DriverMemory, Rung, Waking
from hems.control.dispatch import shared
from hems.control.memory.using import Habits
from hems.control.params import Params
from hems.control.state import ControlState, initial
from hems.model.site import Reserve, Site, Tier
from hems.model.snapshot import BayState, Snapshot
from hems.model.units import SourceId
from tests.control.fresh import battery_reading, bay_reading, seen
from tests.given import bay, circuit, flats

PARAMS = Params()
BAY_1, BAY_2, MAIN = SourceId("bay_1"), SourceId("bay_2"), SourceId("main")
JUNE, DECEMBER = (int(datetime(2026, month, 15, tzinfo=UTC).timestamp() // 3600) for month in (6, 12))
NOW_S, STAYS_S = 1000.0, 14_400.0
AGREED = Reserve(wh=10_000.0)
DAYS = ((0,) * 24,) * 3


def site(reserve: Reserve | None = AGREED, **battery: Any) -> Site:
    """A battery of 40 kWh with a reserve of 10 %, one that decides alone, and two cars that can give."""
    one = replace(flats().batteries[0], capacity_wh=40_000.0, reserve_pct=10.0, shutdown_pct=5.0, **battery)
    return replace(
        flats(),
        reserve=reserve,
        circuits=(circuit("lift", Tier.LIFE_SAFETY, 950.0),),
        batteries=(one,),
        bays=tuple(bay(f"bay_{n}", discharge_max_w=10_000.0) for n in (1, 2)),
    )


def known(hour: int = JUNE, *cuts_h: float, days: int = 3) -> ControlState:
    return replace(initial(0.0), habits=Habits(hour=hour, cuts_h=cuts_h, suns_w=DAYS[:days]))


@pytest.mark.parametrize(
    ("reserve", "state", "kept_wh"),
    [
        pytest.param(None, known(DECEMBER, 20.0), 0.0, id="nothing agreed"),
        pytest.param(AGREED, known(DECEMBER, 20.0), 10_000.0, id="as agreed"),
        pytest.param(replace(AGREED, winter_wh=15_000.0), known(JUNE), 10_000.0, id="in summer"),
        pytest.param(replace(AGREED, winter_wh=15_000.0), known(DECEMBER), 15_000.0, id="in winter"),
        pytest.param(replace(AGREED, winter_wh=15_000.0), known(-1), 15_000.0, id="nobody knows the month"),
        pytest.param(replace(AGREED, winter_wh=5000.0), known(DECEMBER), 10_000.0, id="less in winter is not meant"),
        pytest.param(replace(AGREED, by_history=True), known(JUNE, 20.0), 20_000.0, id="cuts were long"),
        pytest.param(replace(AGREED, by_history=True), known(JUNE, 5.0), 10_000.0, id="cuts were short"),
        pytest.param(replace(AGREED, by_history=True), known(JUNE, 20.0, days=2), 10_000.0, id="too few days seen"),
    ],
)
def test_what_all_together_keep(reserve: Reserve | None, state: ControlState, kept_wh: float):
    assert shared.kept_wh(site(reserve), state) == pytest.approx(kept_wh)


def holding(state: ControlState | None = None, **memory: Any) -> ControlState:
    """A car that stays for just four hours."""
    one = BayMemory(**{"charge": Charge(pct=63.0, capacity_wh=50_000.0), "usually_leaves_s": NOW_S + STAYS_S} | memory)
    return replace(state or known(), bays={BAY_1: one})


def now(soc_pct: float | None = 60.0, **car: Any) -> Snapshot:
    """A car with 20 % of 50 kWh above its floor of 40 and 3 %; the battery has 55 % of 40 kWh above where it stops."""
    one = {"state": BayState.PLUGGED, "soc_pct": 63.0, "capacity_wh": 50_000.0, "discharge_ready": True} | car
    return replace(seen(bay_1=bay_reading(**one)), batteries={MAIN: battery_reading(soc_pct=soc_pct)})


def held(there: Site, state: ControlState, snapshot: Snapshot) -> dict[SourceId, float]:
    return dict(shared.held_by_cars_wh(there, state, snapshot, PARAMS, NOW_S))


def test_a_car_holds_nine_tenths_of_what_it_has_above_its_floor():
    assert held(site(), holding(), now()) == pytest.approx({BAY_1: 9000.0})


def changed(**bay_1: Any) -> Site:
    there = site()
    return replace(there, bays=(replace(there.bays[0], **bay_1), there.bays[1]))


@pytest.mark.parametrize(
    ("there", "state", "snapshot"),
    [
        pytest.param(site(), holding(), now(soc_pct=60.0, state=BayState.UNPLUGGED), id="it is not there"),
        pytest.param(site(), holding(), replace(now(), bays={}), id="it was never heard"),
        pytest.param(site(), holding(), now(discharge_ready=False), id="it is not ready to give"),
        pytest.param(site(), holding(), now(discharge_ready=None), id="it does not say that it is"),
        pytest.param(changed(discharge_max_w=0.0), holding(), now(), id="its charger cannot give"),
        pytest.param(changed(controllable=False), holding(), now(), id="its charger cannot be told"),
        pytest.param(site(), holding(waking=Waking(way=1, rung=Rung.GIVEN_UP)), now(), id="it refuses"),
        pytest.param(site(), holding(charge=None), now(), id="its charge is not known"),
        pytest.param(
            site(),
            holding(charge=Charge(pct=63.0, capacity_wh=5e4, stale=True)),
            now(),
            id="its charge is counted",
        ),
        pytest.param(site(), holding(usually_leaves_s=None), now(), id="nobody knows when it leaves"),
        pytest.param(site(), holding(usually_leaves_s=NOW_S + STAYS_S - 1.0), now(), id="it leaves a second too soon"),
        pytest.param(
            site(),
            replace(holding(), drivers={BAY_1: DriverMemory(never=True)}),
            now(),
            id="its driver says no",
        ),
        pytest.param(
            site(),
            replace(holding(), drivers={BAY_1: DriverMemory(leaving_since_s=1.0)}),
            now(),
            id="its driver is here",
        ),
        pytest.param(site(), known(), now(), id="nothing is remembered of it"),
    ],
)
def test_a_car_nobody_can_count_on_holds_nothing(there: Site, state: ControlState, snapshot: Snapshot):
    assert held(there, state, snapshot) == {}


def test_a_car_at_its_floor_holds_nothing():
    assert held(site(), holding(), now(60.0)) != {}
    low = replace(now(), bays={BAY_1: replace(now().bays[BAY_1], soc_pct=bay_reading(soc_pct=43.0).soc_pct)})
    assert held(site(), holding(), low) == {}


def test_what_a_driver_says_of_leaving_comes_before_what_is_usual():
    told = replace(holding(), drivers={BAY_1: DriverMemory(leaves_s=NOW_S + STAYS_S - 1.0)})
    assert held(site(), told, now()) == {}


@pytest.mark.parametrize(
    ("there", "state", "reserve_pct"),
    [
        pytest.param(site(None), holding(), 10.0, id="nothing agreed"),
        pytest.param(site(), known(), 30.0, id="no car: 10 of 40 kWh above where it stops"),
        pytest.param(site(), holding(), 10.0, id="a car holds nearly all: the battery's own reserve"),
        pytest.param(site(Reserve(wh=13_000.0)), holding(), 15.0, id="4 kWh are left to the battery"),
        pytest.param(site(Reserve(wh=60_000.0)), known(), 100.0, id="more than it has"),
        pytest.param(site(Reserve(wh=38_000.0)), known(), 100.0, id="all of it"),
        pytest.param(site(Reserve(wh=37_200.0)), known(), 98.0, id="nearly all of it"),
        pytest.param(site(Reserve(wh=5000.0)), holding(), 10.0, id="a car holds more than all"),
    ],
)
def test_batteries_keep_what_cars_do_not_hold(there: Site, state: ControlState, reserve_pct: float):
    found = shared.keeping(there, state, now(), PARAMS, NOW_S)
    assert found.batteries[0].reserve_pct == pytest.approx(reserve_pct)


def test_batteries_share_it_by_their_size_and_those_that_decide_alone_stay_as_they_are():
    there = site(Reserve(wh=12_000.0))
    one = there.batteries[0]
    more = (one, replace(one, id=SourceId("barn"), capacity_wh=20_000.0, reserve_pct=None, shutdown_pct=0.0))
    found = shared.keeping(replace(there, batteries=more), known(), now(), PARAMS, NOW_S)
    assert [battery.reserve_pct for battery in found.batteries] == [25.0, None]


def test_without_batteries_or_agreement_the_site_is_the_same():
    for there in (replace(site(), batteries=()), site(None)):
        assert shared.keeping(there, known(), now(), PARAMS, NOW_S) is there


@pytest.mark.parametrize(
    ("wh", "gives", "may"),
    [
        pytest.param(30_500.0, False, False, id="half a kilowatt-hour above it: not yet"),
        pytest.param(30_499.0, False, True, id="more than that"),
        pytest.param(30_999.0, True, True, id="one that gives goes on"),
        pytest.param(31_000.0, True, False, id="until it is reached"),
    ],
)
def test_a_car_gives_what_is_above_the_reserve(wh: float, gives: bool, may: bool):
    # 22 kWh in the battery, 9 in the car: 31 in all
    there = site(Reserve(wh=wh))
    found = shared.car_may_give(there.bays[0], there, holding(), now(), PARAMS, NOW_S, gives=gives)
    assert found is may


def test_a_car_that_holds_nothing_of_it_or_where_nothing_is_agreed_may_give():
    there = site(Reserve(wh=99_000.0))
    assert shared.car_may_give(there.bays[1], there, holding(), now(), PARAMS, NOW_S, gives=False)
    assert not shared.car_may_give(there.bays[0], there, holding(), now(), PARAMS, NOW_S, gives=True)
    assert shared.car_may_give(there.bays[0], site(None), holding(), now(), PARAMS, NOW_S, gives=False)


def test_what_is_beyond_what_is_kept():
    def spare(there: Site, soc_pct: float | None = 60.0, by: SourceId | None = None) -> float:
        return shared.spare_wh(there, holding(), now(soc_pct), PARAMS, NOW_S, by=by)

    assert spare(site()) == pytest.approx(21_000.0)
    assert spare(site(), by=BAY_1) == pytest.approx(21_000.0)
    assert spare(site(), by=BAY_2) == inf
    assert spare(site(None)) == inf
    assert spare(site(), None) == pytest.approx(-1000.0)
    assert spare(site(), 0.0) == pytest.approx(-1000.0)
