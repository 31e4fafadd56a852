"""Which car gives on the grid, and how much: every reason not to, and sums by pencil."""

from dataclasses import replace
from typing import Any

import pytest

from hems.control.cars.memory import BayMemory, Charge, DriverMemory, Ledger, Month, Rung, Waking
from hems.control.dispatch import lending
from hems.control.dispatch.memory import CarPrices, ConnectionMemory, MarketMemory
from hems.control.memory.acting import Sent
from hems.control.params import Params
from hems.control.state import ControlState, initial
from hems.control.wish import Wish
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.request import Standing, Task
from hems.model.site import Reserve, Site
from hems.model.snapshot import BayState, Snapshot
from hems.model.tariff import Price
from hems.model.units import SourceId
from tests.control.fresh import battery_reading, bay_reading, fresh, seen
from tests.given import bay, flats

PARAMS = Params()
BAY_1, BAY_2, MAIN = SourceId("bay_1"), SourceId("bay_2"), SourceId("main")
NOW_S = 1000.0
HOUR_S = 3600.0


def site(import_max_w: float | None = 10_000.0, reserve: Reserve | None = None, **bay_1: Any) -> Site:
    """Two cars that may give down to 40 and 3 and 20, to begin 2 % more; the second wears less."""
    one = replace(
        bay("bay_1", discharge_max_w=7000.0, charge_max_w=10_000.0),
        gives_on_grid=True,
        capacity_wh=45_000.0,
        target_pct=80.0,
        wear_per_kwh=0.06,
    )
    battery = replace(flats().batteries[0], controllable=True, reserve_pct=20.0, discharge_max_w=3000.0)
    return replace(
        flats(),
        grid=replace(flats().grid, import_max_w=import_max_w),
        reserve=reserve,
        batteries=(battery,),
        bays=(replace(one, **bay_1), replace(one, id=BAY_2, wear_per_kwh=0.05)),
    )


def state(told_w: float | None = None, *, driver: DriverMemory | None = None, **memory: Any) -> ControlState:
    one = BayMemory(**{"plugged_since_s": 0.0, "charge": Charge(pct=75.0, capacity_wh=45_000.0)} | memory)
    cause = Cause(Why.CAR_LENDS)
    sent = {} if told_w is None else {wiring.bay_power(BAY_1): Sent(value=told_w, cause=cause, sent_s=0.0, last_s=0.0)}
    return replace(initial(0.0), bays={BAY_1: one}, drivers={BAY_1: driver} if driver else {}, sent=sent)


def now(
    grid_w: float | None = 15_000.0, pct: float | None = 20.0, battery_w: float | None = 0.0, **car: Any
) -> Snapshot:
    """A battery at its reserve, and one car."""
    one = {"state": BayState.PLUGGED, "soc_pct": 75.0, "discharge_ready": True, "power_w": 0.0} | car
    return replace(
        seen(bay_1=bay_reading(**one)),
        grid_w=fresh(grid_w),
        batteries={MAIN: battery_reading(power_w=battery_w, soc_pct=pct)},
    )


def may(there: Site, memory: ControlState, snapshot: Snapshot) -> bool:
    return lending.may(there.bays[0], there, memory, snapshot, PARAMS, NOW_S)


@pytest.mark.parametrize(
    ("there", "memory", "snapshot", "allowed"),
    [
        pytest.param(site(), state(), now(), True, id="all agree"),
        pytest.param(site(gives_on_grid=False), state(), now(), False, id="the site does not let it"),
        pytest.param(site(discharge_max_w=0.0), state(), now(), False, id="its charger cannot"),
        pytest.param(site(), state(), now(discharge_ready=False), False, id="it is not ready"),
        pytest.param(site(), state(), now(discharge_ready=None), False, id="it does not say that it is"),
        pytest.param(site(), state(), now(soc_pct=None), False, id="it does not tell its charge"),
        pytest.param(site(), state(waking=Waking(way=1, rung=Rung.GIVEN_UP)), now(), False, id="it refuses"),
        pytest.param(site(), state(driver=DriverMemory(never=True)), now(), False, id="its driver says no"),
        pytest.param(site(), state(), now(soc_pct=65.0), False, id="just where it may begin"),
        pytest.param(site(), state(), now(soc_pct=65.1), True, id="above it"),
        pytest.param(site(), state(1000.0), now(soc_pct=63.1), True, id="it gives, and goes on"),
        pytest.param(site(), state(1000.0), now(soc_pct=63.0), False, id="until it has come down"),
        pytest.param(site(), state(0.0), now(soc_pct=65.0), False, id="it was told nothing"),
        pytest.param(site(), state(0.5), now(soc_pct=65.0), True, id="it was told next to nothing"),
        pytest.param(site(reserve=Reserve(wh=99_000.0)), state(), now(), True, id="it holds nothing of what is kept"),
        pytest.param(
            site(reserve=Reserve(wh=99_000.0)),
            state(usually_leaves_s=NOW_S + 8 * HOUR_S),
            now(),
            False,
            id="it holds a part of what is kept",
        ),
    ],
)
def test_whether_a_car_may_give(there: Site, memory: ControlState, snapshot: Snapshot, allowed: bool):
    assert may(there, memory, snapshot) is allowed


@pytest.mark.parametrize(("given_wh", "allowed"), [(999.0, True), (1000.0, False), (1001.0, False)])
def test_a_warranty_that_is_used_up_ends_it(given_wh: float, allowed: bool):
    ledgers = {BAY_1: Ledger(before=Month(grid_wh=given_wh))}
    assert may(site(warranty_wh=1000.0), replace(state(), ledgers=ledgers), now()) is allowed


@pytest.mark.parametrize(
    ("leaves_in_s", "allowed"),
    [
        pytest.param(1800.0, True, id="what it needs takes a quarter of an hour, of two"),
        pytest.param(1799.0, False, id="it leaves too soon for that"),
        pytest.param(None, True, id="nobody knows when it leaves"),
    ],
)
def test_what_it_needs_must_fit_into_half_of_the_time(leaves_in_s: float | None, allowed: bool):
    # five percent of 45 kWh, a tenth of it lost: 2,500 Wh at 10 kW
    leaves_s = None if leaves_in_s is None else NOW_S + leaves_in_s
    assert may(site(), state(usually_leaves_s=leaves_s), now()) is allowed


@pytest.mark.parametrize(
    ("snapshot", "told_w", "above_wh"),
    [
        pytest.param(now(), None, 8.0 * 450.0, id="above 67 %"),
        pytest.param(now(), 1000.0, 10.0 * 450.0, id="it gives: above 65 %"),
        pytest.param(now(capacity_wh=90_000.0), None, 8.0 * 900.0, id="as large as it says"),
        pytest.param(now(soc_pct=66.0), None, 0.0, id="below it"),
        pytest.param(now(soc_pct=67.001), None, 0.45, id="hardly above it"),
        pytest.param(now(soc_pct=None), None, 0.0, id="it does not tell"),
        pytest.param(seen(), None, 0.0, id="it was never heard"),
    ],
)
def test_what_a_car_has_above_what_it_keeps(snapshot: Snapshot, told_w: float | None, above_wh: float):
    found = lending.above_wh(site().bays[0], state(told_w), snapshot, PARAMS.car, NOW_S)
    assert found == pytest.approx(above_wh)


def rests(first_w: float = 0.0, second_w: float = 0.0) -> dict[SourceId, Wish]:
    return {bay: Wish(watts, Cause(Why.CAR_READY)) for bay, watts in ((BAY_1, first_w), (BAY_2, second_w))}


def lent(there: Site, memory: ControlState, snapshot: Snapshot, wishes: dict[SourceId, Wish] | None = None) -> Any:
    found = lending.lent(list(there.bays), there, memory, snapshot, PARAMS, wishes or rests(), NOW_S)
    return {bay: (round(one.power_w, 6), one.cause.why) for bay, one in found.items()}


IDLE = (0.0, Why.CAR_READY)


@pytest.mark.parametrize(
    ("snapshot", "power_w"),
    [
        pytest.param(now(), 5300.0, id="15,000 W, of which 9,700 are let through"),
        pytest.param(now(13_000.0, power_w=2000.0), 5300.0, id="it gives a part of it already"),
        pytest.param(now(15_000.0, power_w=-2000.0), 5300.0, id="what it takes is not what it gives"),
        pytest.param(now(18_000.0), 7000.0, id="no more than it can"),
        pytest.param(now(10_200.0), 500.0, id="its least"),
        pytest.param(now(10_199.0), None, id="less than its least"),
        pytest.param(now(15_000.0, 22.1), 2300.0, id="a battery gives 3,000 of it"),
        pytest.param(now(14_000.0, 22.1, 1000.0), 2300.0, id="a battery gives 1,000 already, and can give 2,000"),
        pytest.param(now(15_000.0, 22.0), 5300.0, id="a battery near its reserve does not"),
        pytest.param(now(15_000.0, None), 5300.0, id="nor one that does not tell its charge"),
        pytest.param(now(15_000.0, 50.0, 4000.0), 5300.0, id="nor one that gives more than all"),
        pytest.param(now(None), None, id="the street is silent"),
        pytest.param(now(soc_pct=65.0), None, id="it may not"),
    ],
)
def test_a_car_gives_what_the_limit_needs_beyond_what_batteries_can(snapshot: Snapshot, power_w: float | None):
    found = lent(site(), state(), snapshot)
    assert found == {BAY_1: IDLE if power_w is None else (pytest.approx(power_w), Why.CAR_LENDS), BAY_2: IDLE}


def test_who_wears_less_gives_first_and_the_other_what_is_left():
    both = replace(state(), bays=dict.fromkeys((BAY_1, BAY_2), state().bays[BAY_1]))
    there = now(17_500.0)
    snapshot = replace(there, bays={BAY_1: there.bays[BAY_1], BAY_2: there.bays[BAY_1]})
    assert lent(site(), both, snapshot) == {BAY_1: (800.0, Why.CAR_LENDS), BAY_2: (7000.0, Why.CAR_LENDS)}
    assert lent(site(), both, replace(snapshot, grid_w=fresh(17_000.0))) == {
        BAY_1: IDLE,
        BAY_2: (7000.0, Why.CAR_LENDS),
    }


def test_while_one_charges_it_takes_less_instead_and_one_that_charges_gives_nothing():
    charges = (-3000.0, Why.CAR_READY)
    assert lent(site(), state(), now(), rests(0.0, -3000.0)) == {BAY_1: IDLE, BAY_2: charges}
    assert lent(site(), state(), now(), rests(-3000.0, 0.0)) == {BAY_1: charges, BAY_2: IDLE}


def dear(keeps_wh: float = 0.0) -> ControlState:
    prices = MarketMemory(
        now=Price(buy=0.5, sell=0.0), cars={BAY_1: CarPrices(charge_below=0.1, give_above=0.4, keeps_wh=keeps_wh)}
    )
    return replace(state(), connection=ConnectionMemory(market=prices))


@pytest.mark.parametrize(
    ("memory", "snapshot", "found"),
    [
        pytest.param(dear(), now(4000.0), (3880.0, Why.CAR_PAYS), id="nearly all that the building draws"),
        pytest.param(dear(), now(9000.0), (7000.0, Why.CAR_PAYS), id="no more than it can"),
        pytest.param(dear(), now(10_150.0), (7000.0, Why.CAR_PAYS), id="the limit alone asks for less than its least"),
        pytest.param(dear(), now(10_200.0), (7000.0, Why.CAR_LENDS), id="it is the limit's sake too"),
        pytest.param(dear(), now(500.0), IDLE, id="the building hardly draws anything"),
        pytest.param(dear(3600.0), now(4000.0), IDLE, id="kept for the limit"),
        pytest.param(dear(3599.0), now(4000.0), (3880.0, Why.CAR_PAYS), id="more than is kept"),
        pytest.param(dear(), now(4000.0, 50.0), (3880.0, Why.CAR_PAYS), id="a battery rests"),
        pytest.param(dear(), now(6000.0, 50.0, 1000.0), (3820.0, Why.CAR_PAYS), id="a battery gives, and could more"),
        pytest.param(dear(), now(1000.0, power_w=3000.0), (3880.0, Why.CAR_PAYS), id="it gives already"),
        pytest.param(state(), now(4000.0), IDLE, id="it does not pay"),
    ],
)
def test_where_it_pays_a_car_serves_the_building(memory: ControlState, snapshot: Snapshot, found: Any):
    assert lent(site(), memory, snapshot)[BAY_1] == found


def test_for_money_a_car_serves_no_other_car():
    there = now(4000.0)
    snapshot = replace(there, bays={**there.bays, BAY_2: bay_reading(power_w=-2500.0)})
    assert lent(site(), dear(), snapshot)[BAY_1] == (1455.0, Why.CAR_PAYS)


def test_below_the_months_peak_cars_give_too():
    market = MarketMemory(target_w=5000.0)
    memory = replace(state(), connection=ConnectionMemory(market=market))
    assert lent(site(), memory, now(9000.0))[BAY_1] == (4150.0, Why.CAR_LENDS)


def test_two_cars_serve_the_building_for_money_one_after_the_other():
    one = state().bays[BAY_1]
    prices = dict.fromkeys((BAY_1, BAY_2), CarPrices(charge_below=0.1, give_above=0.4))
    market = ConnectionMemory(market=MarketMemory(now=Price(buy=0.5, sell=0.0), cars=prices))
    both = replace(state(), bays={BAY_1: one, BAY_2: one}, connection=market)
    there = now(9500.0)
    snapshot = replace(there, bays={BAY_1: there.bays[BAY_1], BAY_2: there.bays[BAY_1]})
    found = lent(site(), both, snapshot)
    assert found == {BAY_1: (2215.0, Why.CAR_PAYS), BAY_2: (7000.0, Why.CAR_PAYS)}
    assert lent(site(), both, replace(snapshot, grid_w=fresh(7700.0)))[BAY_1] == IDLE


@pytest.mark.parametrize(("begins_s", "allowed"), [(NOW_S, False), (NOW_S - 60.0, True)])
def test_while_a_storm_is_watched_for_nothing_is_given(begins_s: float, allowed: bool):
    storm = Standing(task=Task.STORM, who="a", reason="", begins_s=begins_s, ends_s=begins_s + 60.0, target_pct=90.0)
    assert may(site(), replace(state(), orders={Task.STORM: storm}), now()) is allowed
