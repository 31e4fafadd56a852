"""What each car draws on the grid, group by group; figures to be worked out by hand."""

from dataclasses import replace
from typing import Any

import pytest

from hems.control.cars.memory import BayMemory, DriverMemory, Sunny
from hems.control.dispatch.charging import charging, on_island
from hems.control.dispatch.memory import CarPrices, ConnectionMemory, MarketMemory, Standing
from hems.control.energy import Band
from hems.control.memory.acting import Sent
from hems.control.memory.seeing import ModeMemory
from hems.control.params import Params
from hems.control.state import ControlState, initial
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import Mode
from hems.model.site import Site
from hems.model.snapshot import BayState, Snapshot
from hems.model.tariff import Price
from hems.model.units import SourceId
from tests.control.fresh import bay_reading, fresh, seen
from tests.given import bay, flats

A, B = SourceId("bay_1"), SourceId("bay_2")
NOW_S, HOUR_S = 1000.0, 3600.0


def site(**first: Any) -> Site:
    """Two cars of 1,400 to 8,000 W behind a limit of 10 kW."""
    one = replace(
        bay("bay_1", charge_max_w=8000.0),
        **{"charge_min_w": 1400.0, "capacity_wh": 45_000.0, "target_pct": 80.0} | first,
    )
    return replace(
        flats(),
        grid=replace(flats().grid, import_max_w=10_000.0),
        batteries=(),
        bays=(one, replace(one, id=B, sun_first=False)),
    )


def state(
    house_w: float = 3000.0,
    *,
    market: MarketMemory | None = None,
    drivers: dict[SourceId, DriverMemory] | None = None,
    told_w: dict[SourceId, float] | None = None,
    **first: Any,
) -> ControlState:
    here = BayMemory(plugged_since_s=0.0)
    cause = Cause(Why.CHARGE_ON_GRID)
    sent = {
        wiring.bay_power(bay): Sent(value=watts, cause=cause, sent_s=0.0, last_s=0.0)
        for bay, watts in (told_w or {}).items()
    }
    return replace(
        initial(0.0),
        mode=ModeMemory(mode=Mode.GRID_CONNECTED),
        bays={A: replace(here, **first), B: here},
        drivers=drivers or {},
        sent=sent,
        connection=ConnectionMemory(
            standing=(Standing(watts=house_w / 4.0), Standing(watts=house_w / 4.0), Standing(watts=house_w / 2.0)),
            market=market or MarketMemory(),
        ),
    )


def cars(first_pct: float | None = 50.0, second: BayState = BayState.PLUGGED) -> Snapshot:
    return replace(
        seen(
            bay_1=bay_reading(state=BayState.PLUGGED, soc_pct=first_pct, power_w=0.0),
            bay_2=bay_reading(state=second, soc_pct=50.0, power_w=0.0),
        ),
        grid_w=fresh(3000.0),
    )


ALONE = cars(second=BayState.UNPLUGGED)


def wishes(there: Site, memory: ControlState, snapshot: Snapshot) -> dict[SourceId, tuple[float, Why]]:
    found = charging(list(there.bays), there, memory, snapshot, Params(), NOW_S)
    return {bay: (round(one.power_w, 6), one.cause.why) for bay, one in found.items()}


IDLE = (0.0, Why.CAR_IDLE)


@pytest.mark.parametrize(
    ("house_w", "first", "second"),
    [
        pytest.param(3000.0, (-3500.0, Why.CHARGE_ON_GRID), (-3500.0, Why.CHARGE_ON_GRID), id="half of what is left"),
        pytest.param(8000.0, (-2000.0, Why.CHARGE_ON_GRID), (0.0, Why.LIMIT_AGREED), id="enough for one"),
        pytest.param(9000.0, (0.0, Why.LIMIT_AGREED), (0.0, Why.LIMIT_AGREED), id="for none"),
        pytest.param(12_000.0, (0.0, Why.LIMIT_AGREED), (0.0, Why.LIMIT_AGREED), id="less than none"),
        pytest.param(-9000.0, (-8000.0, Why.CHARGE_ON_GRID), (-8000.0, Why.CHARGE_ON_GRID), id="all that they take"),
    ],
)
def test_cars_share_what_the_connection_leaves(house_w: float, first: tuple[float, Why], second: tuple[float, Why]):
    assert wishes(site(), state(house_w), cars()) == {A: first, B: second}


def test_who_charges_goes_on():
    found = wishes(site(), state(8000.0, told_w={A: 0.0, B: -3000.0}), cars())
    assert found == {A: (0.0, Why.LIMIT_AGREED), B: (-2000.0, Why.CHARGE_ON_GRID)}


@pytest.mark.parametrize(
    ("memory", "snapshot"),
    [
        pytest.param(state(), replace(cars(), grid_w=fresh(None)), id="the street is silent"),
        pytest.param(replace(state(), connection=ConnectionMemory()), cars(), id="nothing was seen yet"),
    ],
)
def test_while_nobody_knows_what_is_left_nobody_charges(memory: ControlState, snapshot: Snapshot):
    assert wishes(site(), memory, snapshot) == {A: IDLE, B: IDLE}


@pytest.mark.parametrize("away", [BayState.UNPLUGGED, BayState.UNAVAILABLE])
def test_who_is_not_here_gets_nothing(away: BayState):
    assert wishes(site(), state(), cars(second=away)) == {A: (-7000.0, Why.CHARGE_ON_GRID), B: IDLE}
    silent = replace(cars(), bays={B: bay_reading(soc_pct=50.0)})
    assert wishes(site(), state(), silent) == {A: IDLE, B: IDLE}


LEAVING = {B: DriverMemory(leaving_since_s=1.0)}
PRICES = MarketMemory(now=Price(buy=0.3, sell=0.1))


def test_who_is_about_to_leave_comes_first():
    found = wishes(site(), state(drivers=LEAVING, told_w={A: -3000.0}), cars())
    assert found == {A: (0.0, Why.LIMIT_AGREED), B: (-7000.0, Why.CHARGE_ON_GRID)}
    soon = {B: DriverMemory(leaves_s=NOW_S + 900.0)}
    assert wishes(site(), state(drivers=soon), cars())[B] == (-7000.0, Why.CHARGE_ON_GRID)


def test_who_would_not_be_ready_comes_before_those_who_would():
    # 15 kWh in two hours
    found = wishes(site(), state(usually_leaves_s=NOW_S + 2 * HOUR_S), cars())
    assert found == {A: (-7000.0, Why.CHARGE_TOO_LATE), B: (0.0, Why.LIMIT_AGREED)}


def test_who_has_time_charges_after_those_of_whom_nobody_knows():
    found = wishes(site(), state(8000.0, usually_leaves_s=NOW_S + 40 * HOUR_S), cars())
    assert found == {A: (0.0, Why.CHARGE_WAITS_FOR_PEAK), B: (-2000.0, Why.CHARGE_ON_GRID)}


@pytest.mark.parametrize(
    ("target_w", "first"),
    [
        pytest.param(5000.0, (-2000.0, Why.CHARGE_ON_GRID), id="2,000 W below the peak"),
        pytest.param(4000.0, (0.0, Why.CHARGE_WAITS_FOR_PEAK), id="too little below it"),
        pytest.param(None, (-7000.0, Why.CHARGE_ON_GRID), id="nobody pays for a peak"),
    ],
)
def test_who_has_time_stays_below_the_months_peak(target_w: float | None, first: tuple[float, Why]):
    memory = state(market=MarketMemory(target_w=target_w, calm_w=target_w), usually_leaves_s=NOW_S + 40 * HOUR_S)
    assert wishes(site(), memory, ALONE)[A] == first


def test_who_is_served_before_counts_for_the_peak():
    memory = state(
        market=MarketMemory(target_w=12_000.0, calm_w=12_000.0), drivers=LEAVING, usually_leaves_s=NOW_S + 40 * HOUR_S
    )
    there = replace(site(), bays=(site().bays[0], replace(site().bays[1], charge_max_w=5000.0)))
    assert wishes(there, memory, cars())[A] == (-2000.0, Why.CHARGE_ON_GRID)


def test_who_waits_for_a_cheaper_hour_gets_nothing():
    dear = replace(PRICES, cars={A: CarPrices(charge_below=0.2, give_above=0.9)})
    memory = state(market=dear, usually_leaves_s=NOW_S + 40 * HOUR_S)
    assert wishes(site(), memory, ALONE)[A] == (0.0, Why.CHARGE_WAITS_FOR_PRICE)
    cheap = replace(PRICES, cars={A: CarPrices(charge_below=0.3, give_above=0.9)})
    assert wishes(site(), replace(memory, connection=replace(memory.connection, market=cheap)), ALONE)[A][0] == -7000.0


@pytest.mark.parametrize(
    ("market", "pct", "first"),
    [
        pytest.param(PRICES, 80.0, (0.0, Why.CAR_READY), id="as full as it shall be"),
        pytest.param(PRICES, 79.81, (0.0, Why.CAR_READY), id="nearly"),
        pytest.param(PRICES, 79.79, (-7000.0, Why.CHARGE_ON_GRID), id="not quite"),
        pytest.param(PRICES, None, (-7000.0, Why.CHARGE_ON_GRID), id="it does not tell"),
        pytest.param(MarketMemory(), 80.0, (-7000.0, Why.CHARGE_ON_GRID), id="where nobody knows what it costs"),
    ],
)
def test_who_is_ready_takes_no_more_that_costs_money(market: MarketMemory, pct: float | None, first: Any):
    assert wishes(site(), state(market=market), cars(pct, BayState.UNPLUGGED))[A] == first


def test_who_is_ready_and_about_to_leave_takes_no_more_unless_the_driver_waits():
    soon = {A: DriverMemory(leaves_s=NOW_S + 900.0)}
    assert wishes(site(), state(market=PRICES, drivers=soon), cars(80.0))[A] == (0.0, Why.CAR_READY)
    waits = {A: DriverMemory(leaving_since_s=1.0)}
    assert wishes(site(), state(market=PRICES, drivers=waits), cars(80.0))[A][0] == -7000.0


SUN = site(sun_first=True)
LATER = {"usually_leaves_s": NOW_S + 40 * HOUR_S}


@pytest.mark.parametrize(
    ("house_w", "memory", "first"),
    [
        pytest.param(-3000.0, {"sunny": Sunny(begun_s=5.0)}, (-3000.0, Why.CHARGE_FROM_SUN), id="what there is"),
        pytest.param(-1000.0, {"sunny": Sunny(begun_s=5.0)}, (-1400.0, Why.CHARGE_FROM_SUN), id="a cloud: its least"),
        pytest.param(9000.0, {"sunny": Sunny(begun_s=5.0)}, (0.0, Why.CHARGE_WAITS_FOR_SUN), id="no room for that"),
        pytest.param(-3000.0, LATER, (0.0, Why.CHARGE_WAITS_FOR_SUN), id="it has not begun"),
        pytest.param(-3000.0, {}, (-8000.0, Why.CHARGE_ON_GRID), id="nobody knows when it leaves"),
    ],
)
def test_who_charges_from_the_sun_takes_what_others_leave(house_w: float, memory: dict[str, Any], first: Any):
    assert wishes(SUN, state(house_w, **memory), ALONE)[A] == first


def test_who_needs_nothing_more_does_not_wait_for_the_sun():
    assert wishes(SUN, state(-3000.0, **LATER), cars(80.0, BayState.UNPLUGGED))[A] == (0.0, Why.CAR_READY)


def test_what_others_take_of_the_sun_is_not_there():
    there = replace(SUN, bays=(SUN.bays[0], replace(SUN.bays[1], charge_max_w=2000.0)))
    found = wishes(there, state(-5000.0, sunny=Sunny(begun_s=5.0)), cars())
    assert found == {A: (-3000.0, Why.CHARGE_FROM_SUN), B: (-2000.0, Why.CHARGE_ON_GRID)}


def island(spare_w: float, *, told: dict[SourceId, float] | None = None, begun: bool = True) -> Any:
    """A full island: cars take what they take, plus half a kilowatt, less what the former gives."""
    memory = state(told_w=told, sunny=Sunny(begun_s=5.0 if begun else None))
    memory = replace(memory, mode=ModeMemory(mode=Mode.ISLANDED), band=Band.SURPLUS)
    memory = replace(memory, bays={A: memory.bays[A], B: replace(memory.bays[A])})
    takes_w = spare_w - 500.0
    snapshot = replace(
        seen(
            bay_1=bay_reading(state=BayState.PLUGGED, power_w=-takes_w),
            bay_2=bay_reading(state=BayState.PLUGGED, power_w=0.0),
        ),
        former_phase_w=(fresh(0.0),) * 3,
        pvs={SourceId("roof"): fresh(9000.0)},
    )
    there = site()
    found = on_island(list(there.bays), there, memory, snapshot, NOW_S)
    return {bay: (round(one.power_w, 6), one.cause.why) for bay, one in found.items()}


@pytest.mark.parametrize(
    ("spare_w", "told", "found"),
    [
        pytest.param(2000.0, None, {A: -2000.0, B: 0.0}, id="one begins"),
        pytest.param(9000.0, None, {A: -8000.0, B: 0.0}, id="one at a time"),
        pytest.param(9399.0, {A: -3000.0}, {A: -8000.0, B: 0.0}, id="one that charges takes nearly all"),
        pytest.param(9400.0, {A: -3000.0}, {A: -4700.0, B: -4700.0}, id="there is enough for another"),
        pytest.param(1300.0, None, {}, id="too little"),
    ],
)
def test_on_a_full_island_one_car_begins_after_the_other(spare_w: float, told: Any, found: dict[SourceId, float]):
    assert {bay: watts for bay, (watts, _) in island(spare_w, told=told).items()} == found


def test_on_an_island_who_takes_nothing_is_idle_and_who_has_not_begun_is_left_alone():
    assert island(2000.0) == {A: (-2000.0, Why.CHARGE_FROM_SUN), B: IDLE}
    assert island(2000.0, begun=False) == {}
