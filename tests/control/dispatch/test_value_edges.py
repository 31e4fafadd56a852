"""The account of a day, watt-hour by watt-hour; figures to be worked out by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hems.control.dispatch import value
from hems.control.dispatch.memory import ConnectionMemory, DayMemory, MarketMemory, Side
from hems.control.given import Given
from hems.control.memory.seeing import ModeMemory
from hems.control.params import Params
from hems.control.state import ControlState, initial
from hems.model.cause import Why
from hems.model.instant import Instant
from hems.model.mode import Mode
from hems.model.site import Site
from hems.model.snapshot import Snapshot
from hems.model.tariff import DemandCharge, Price, Tariff, Window
from hems.model.units import SourceId
from tests.control.fresh import battery_reading, fresh
from tests.given import flats

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
PRICE = Price(buy=0.30, sell=0.10, co2_g=400.0)
SIDE = Side(bought_wh=10.0, sold_wh=20.0, cost=3.0, co2_g=40.0, quarter_wh=50.0, peak_w=60.0)
MAIN = SourceId("main")


@pytest.mark.parametrize(
    ("watts", "price", "bought_wh", "sold_wh", "cost", "co2_g"),
    [
        pytest.param(4000.0, PRICE, 2000.0, 0.0, 0.60, 800.0, id="bought"),
        pytest.param(-4000.0, PRICE, 0.0, 2000.0, -0.20, 0.0, id="sold"),
        pytest.param(4000.0, replace(PRICE, buy=None), 2000.0, 0.0, 0.0, 800.0, id="bought at no known price"),
        pytest.param(-4000.0, replace(PRICE, sell=None), 0.0, 2000.0, 0.0, 0.0, id="sold at no known price"),
        pytest.param(4000.0, replace(PRICE, co2_g=None), 2000.0, 0.0, 0.60, 0.0, id="nobody knows the carbon"),
        pytest.param(0.0, PRICE, 0.0, 0.0, 0.0, 0.0, id="nothing flows"),
    ],
)
def test_what_flows_comes_on_top(
    watts: float, price: Price, bought_wh: float, sold_wh: float, cost: float, co2_g: float
):
    found = value.flowed(SIDE, watts, price, 0.5)
    assert (found.bought_wh, found.sold_wh) == (10.0 + bought_wh, 20.0 + sold_wh)
    assert (found.cost, found.co2_g) == pytest.approx((3.0 + cost, 40.0 + co2_g))
    assert (found.quarter_wh, found.peak_w) == (50.0 + bought_wh, 60.0)


@pytest.mark.parametrize(
    ("before", "counts", "peak_w", "demand_w"),
    [
        pytest.param(SIDE, (), 200.0, (), id="four times what a quarter had"),
        pytest.param(replace(SIDE, peak_w=201.0), (), 201.0, (), id="less than the peak"),
        pytest.param(SIDE, (True, False), 200.0, (200.0, 0.0), id="the first to be counted"),
        pytest.param(replace(SIDE, demand_w=(150.0, 160.0)), (True, False), 200.0, (200.0, 160.0), id="more"),
        pytest.param(replace(SIDE, demand_w=(250.0, 160.0)), (True, True), 200.0, (250.0, 200.0), id="each by itself"),
    ],
)
def test_a_quarter_of_an_hour_that_is_over(
    before: Side, counts: tuple[bool, ...], peak_w: float, demand_w: tuple[float, ...]
):
    found = value.closed(before, counts)
    assert (found.quarter_wh, found.peak_w, found.demand_w) == (0.0, peak_w, demand_w)
    assert (found.bought_wh, found.cost) == (10.0, 3.0)


def test_an_account_tells_both_sides_rounded_to_what_a_person_reads():
    real = Side(bought_wh=1000.4, sold_wh=200.4, cost=1.234, co2_g=400.4, quarter_wh=25.1, peak_w=50.0)
    rests = Side(bought_wh=9.0, sold_wh=9.0, cost=3.459, co2_g=500.4, quarter_wh=75.1, peak_w=70.0)
    memory = DayMemory(
        day=739768,
        real=real,
        resting=rests,
        seen_s=900.4,
        sun_wh=30.4,
        given_wh=40.4,
        taken_wh=50.4,
        least_above_pct=6.27,
    )
    found = value.account(memory, Tariff(buy=0.3, sell=0.1))
    assert found.why is Why.DAY_VALUE
    assert found.facts == {
        "paid": 1.23,
        "resting": 3.46,
        "saved": 2.23,
        "bought_wh": 1000,
        "sold_wh": 200,
        "sun_wh": 30,
        "given_wh": 40,
        "taken_wh": 50,
        "peak_w": 100,
        "resting_peak_w": 300,
        "co2_g": 400,
        "resting_co2_g": 500,
        "above_pct": 6.3,
        "seen_s": 900,
        "day": 739768,
    }


@pytest.mark.parametrize(
    ("quarter", "demand_1_w", "resting_demand_2_w"),
    [(71, 0, 0), (72, 100, 300), (75, 100, 300), (76, 0, 300), (79, 0, 300), (80, 0, 0)],
)
def test_a_demand_charge_counts_the_quarters_of_its_own_hours(quarter: int, demand_1_w: int, resting_demand_2_w: int):
    early, long = (DemandCharge(per_kw=9.0, window=Window(from_h=18.0, to_h=to_h)) for to_h in (19.0, 20.0))
    memory = DayMemory(day=739768, quarter=quarter, real=Side(quarter_wh=25.0), resting=Side(quarter_wh=75.0))
    facts = value.account(memory, Tariff(buy=0.3, sell=0.1, demand=(early, long))).facts
    assert (facts["demand_1_w"], facts["resting_demand_2_w"]) == (demand_1_w, resting_demand_2_w)


def site(**changes: Any) -> Site:
    one = replace(flats().batteries[0], reserve_pct=20.0)
    return replace(flats(), batteries=(one,), tariff=Tariff(buy=0.3, sell=0.1), **changes)


def instant(local: datetime = NOON, *, soc_pct: float | None = 50.0, battery_w: float = 100.0, **more: Any) -> Snapshot:
    return Snapshot(
        grid_w=fresh(3000.0),
        batteries={MAIN: battery_reading(power_w=battery_w, soc_pct=soc_pct)},
        pvs={SourceId("roof"): fresh(700.0), SourceId("barn"): fresh(None), SourceId("shed"): fresh(200.0)},
        local_h=local.hour + local.minute / 60.0,
        **more,
    )


def then(
    memory: DayMemory,
    dt_s: float = 36.0,
    *,
    local: datetime = NOON,
    price: Price | None = PRICE,
    mode: Mode = Mode.GRID_CONNECTED,
    **seen: Any,
) -> tuple[DayMemory, bool]:
    market = ConnectionMemory(market=MarketMemory(now=price))
    state: ControlState = replace(initial(0.0), mode=ModeMemory(mode=mode), connection=market)
    given = Given(site(), instant(local, **seen), Params(), Instant(50_000.0, local))
    found, told = value.after(given, state, memory, dt_s)
    return found, told is not None


TODAY = DayMemory(
    day=NOON.toordinal(), quarter=48, seen_s=10.0, sun_wh=1.0, given_wh=2.0, taken_wh=3.0, real=SIDE, resting=SIDE
)


def test_a_hundredth_of_an_hour_is_counted_on_both_sides():
    found, told = then(TODAY)
    assert not told
    assert found.seen_s == 46.0
    # 3,000 W through the meter, and 100 W from the battery that would have been bought too
    assert (found.real.bought_wh, found.resting.bought_wh) == pytest.approx((10.0 + 30.0, 10.0 + 31.0))
    assert (found.sun_wh, found.given_wh, found.taken_wh) == pytest.approx((1.0 + 9.0, 2.0 + 1.0, 3.0))
    assert found.least_above_pct == 30.0


def test_what_a_battery_takes_is_counted_too_and_does_not_touch_its_reserve():
    found, _ = then(TODAY, battery_w=-100.0)
    assert (found.given_wh, found.taken_wh) == pytest.approx((2.0, 3.0 + 1.0))
    assert found.least_above_pct == 100.0


@pytest.mark.parametrize(
    ("soc_pct", "battery_w", "least_pct"),
    [(50.0, 51.0, 30.0), (50.0, 50.0, 100.0), (15.0, 51.0, -5.0), (None, 51.0, 100.0)],
)
def test_how_near_a_battery_that_gives_comes_to_its_reserve(soc_pct: float | None, battery_w: float, least_pct: float):
    assert then(TODAY, soc_pct=soc_pct, battery_w=battery_w)[0].least_above_pct == least_pct


@pytest.mark.parametrize(
    ("more", "counted"),
    [
        pytest.param({"dt_s": 900.0}, True, id="a quarter of an hour since the last look"),
        pytest.param({"dt_s": 901.0}, False, id="a longer gap"),
        pytest.param({"dt_s": 0.0}, False, id="no time"),
        pytest.param({"dt_s": 0.5}, True, id="half a second"),
        pytest.param({"price": None}, False, id="no price"),
        pytest.param({"price": replace(PRICE, buy=None)}, False, id="no price to buy"),
        pytest.param({"price": replace(PRICE, sell=None)}, False, id="no price to sell"),
        pytest.param({"mode": Mode.ISLANDED}, False, id="on an island"),
    ],
)
def test_what_was_not_seen_is_not_counted(more: dict[str, Any], counted: bool):
    assert (then(TODAY, **more)[0].seen_s > 10.0) is counted


@pytest.mark.parametrize(("minutes", "quarter", "over"), [(14, 48, False), (15, 49, True), (60, 52, True)])
def test_a_quarter_ends_with_the_clocks(minutes: int, quarter: int, over: bool):
    found, _ = then(TODAY, local=NOON + timedelta(minutes=minutes))
    assert found.quarter == quarter
    assert (found.real.peak_w, found.resting.peak_w) == ((200.0, 200.0) if over else (60.0, 60.0))


def test_quarters_are_those_of_the_clock_on_the_wall():
    state = replace(initial(0.0), mode=ModeMemory(mode=Mode.GRID_CONNECTED))
    given = Given(site(), instant(NOON + timedelta(hours=2.5)), Params(), Instant(50_000.0, NOON))
    assert value.after(given, state, TODAY, 36.0)[0].quarter == 58


def test_a_day_ends_at_midnight_and_is_told_if_anything_was_seen_of_it():
    midnight = NOON + timedelta(hours=12)
    found, told = then(TODAY, local=midnight)
    assert told
    assert (found.day, found.seen_s, found.real.bought_wh) == (midnight.toordinal(), 36.0, pytest.approx(30.0))
    assert not then(replace(TODAY, seen_s=0.0), local=midnight)[1]
    assert then(replace(TODAY, seen_s=0.5), local=midnight)[1]
    # also one that ends on an island
    assert then(TODAY, local=midnight, mode=Mode.ISLANDED)[1]


def test_without_a_tariff_or_a_clock_nothing_is_counted():
    state = replace(initial(0.0), connection=ConnectionMemory(market=MarketMemory(now=PRICE)))
    for there, snapshot, utc in (
        (replace(site(), tariff=None), instant(), NOON),
        (site(), replace(instant(), local_h=None), NOON),
        (site(), instant(), None),
    ):
        given = Given(there, snapshot, Params(), Instant(50_000.0, utc))
        assert value.after(given, state, TODAY, 36.0) == (TODAY, None)
