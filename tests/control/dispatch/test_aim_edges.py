"""What batteries together should do, limit by limit and price by price; figures to be worked out by hand."""

from dataclasses import replace
from math import inf
from typing import Any

import pytest

from hems.control.dispatch.aim import Aim, Cells, Help, aim, holding, peak_left_w, peak_room_w
from hems.control.dispatch.envelope import Envelope
from hems.control.dispatch.flows import Flows
from hems.control.dispatch.memory import ConnectionMemory, MarketMemory, QuarterMemory
from hems.model.cause import Cause, Why
from hems.model.tariff import Price

AGREED, FED = Cause(Why.LIMIT_AGREED), Cause(Why.LIMIT_HOURS)
WIDE = Envelope(inf, AGREED, inf, FED)
FULL = Cells(5000.0, 0.05)
NOW_S = 1000.0


def market(cost: float | None = 0.40, gain: float | None = 0.10, **more: Any) -> ConnectionMemory:
    """Worth 0.19: batteries fill below 0.1786 and give above 0.2481, all to within a hundredth of the worth."""
    known = {"now": Price(buy=cost, sell=gain), "worth": 0.19} | more
    return ConnectionMemory(market=MarketMemory(**known))


def flow(without_w: float, cars_w: float = 0.0) -> Flows:
    return Flows(without_w - 70.0, 70.0, cars_w)


def peak(target_w: float | None, *, counts: bool = True, drawn_wh: float = 0.0) -> ConnectionMemory:
    """Half of a quarter of an hour is over."""
    known = MarketMemory(target_w=target_w, calm_w=target_w, counts=counts)
    return ConnectionMemory(market=known, quarter=QuarterMemory(begun_s=550.0, drawn_wh=drawn_wh))


@pytest.mark.parametrize(
    ("memory", "left_w"),
    [
        (peak(None), inf),
        (peak(4000.0, counts=False), inf),
        (peak(4000.0), 8000.0),
        (peak(4000.0, drawn_wh=750.0), 2000.0),
        (peak(0.0), 0.0),
    ],
)
def test_what_is_left_below_the_peak(memory: ConnectionMemory, left_w: float):
    assert peak_left_w(memory, NOW_S) == pytest.approx(left_w)


@pytest.mark.parametrize(
    ("memory", "house_w", "batteries_w", "room_w"),
    [
        pytest.param(peak(None), 3000.0, 1000.0, inf, id="nobody pays"),
        pytest.param(peak(4000.0, counts=False), 3000.0, 1000.0, inf, id="nobody counts it now"),
        pytest.param(peak(4000.0), 3000.0, 0.0, 1000.0, id="what was saved up is not spent"),
        pytest.param(peak(4000.0), 3000.0, 1000.0, 2000.0, id="batteries serve a part"),
        pytest.param(peak(4000.0), 3000.0, -1000.0, 1000.0, id="what they take is nobody's"),
        pytest.param(peak(4000.0), -3000.0, 0.0, 4000.0, id="sun makes no room below the peak"),
        pytest.param(peak(4000.0), 3000.0, 5000.0, 4000.0, id="batteries serve all"),
        pytest.param(peak(4000.0, drawn_wh=750.0), 3000.0, 0.0, 0.0, id="much was drawn before"),
    ],
)
def test_what_cars_may_draw_below_the_peak(memory: ConnectionMemory, house_w: float, batteries_w: float, room_w: float):
    assert peak_room_w(memory, house_w, batteries_w, NOW_S) == pytest.approx(room_w)


@pytest.mark.parametrize(
    ("there", "memory", "power_w", "why", "urgent"),
    [
        pytest.param(flow(3000.0), market(), 3000.0, Why.OWN_USE, False, id="dear: the building is served"),
        pytest.param(flow(3000.0, -1000.0), market(), 2000.0, Why.OWN_USE, False, id="but no car"),
        pytest.param(flow(3000.0, 1000.0), market(), 3000.0, Why.OWN_USE, False, id="nor what a car serves"),
        pytest.param(flow(500.0, -1000.0), market(), 0.0, Why.OWN_USE, False, id="cars draw more than all"),
        pytest.param(flow(3000.0), market(0.2482), 3000.0, Why.OWN_USE, False, id="just dear enough"),
        pytest.param(flow(3000.0), market(0.2480), 0.0, Why.DEARER_LATER, False, id="not dear enough"),
        pytest.param(flow(3000.0), market(0.1787), 0.0, Why.DEARER_LATER, False, id="not cheap enough"),
        pytest.param(flow(0.0), market(0.20), 0.0, Why.DEARER_LATER, False, id="nothing flows"),
        pytest.param(flow(-3000.0), market(0.40, 0.1785), -3000.0, Why.STORE_SUN, False, id="the sun is stored"),
        pytest.param(flow(-3000.0), market(0.40, 0.1787), 0.0, Why.SUN_SOLD, False, id="the sun is sold"),
        pytest.param(flow(-3000.0), market(worth=None), -3000.0, Why.STORE_SUN, False, id="no worth known, sun"),
        pytest.param(flow(3000.0), market(worth=None), 3000.0, Why.OWN_USE, False, id="no worth known"),
        pytest.param(flow(0.0), market(worth=None), 0.0, Why.OWN_USE, False, id="no worth known, nothing flows"),
        pytest.param(flow(3000.0), market(None), 3000.0, Why.OWN_USE, False, id="no price known"),
        pytest.param(flow(3000.0), market(0.20, None), 3000.0, Why.OWN_USE, False, id="no price for the sun"),
        pytest.param(flow(3000.0), market(now=None), 3000.0, Why.OWN_USE, False, id="no price at all"),
        pytest.param(flow(3000.0), market(limit_wh=5000.0), 0.0, Why.KEPT_FOR_LIMIT, False, id="kept for the limit"),
        pytest.param(flow(3000.0), market(limit_wh=4999.0), 3000.0, Why.OWN_USE, False, id="more than is kept"),
        pytest.param(flow(3000.0), market(held_wh=5000.0), 0.0, Why.KEPT_FOR_PEAK, False, id="kept for the peak"),
        pytest.param(flow(3000.0), market(held_wh=4999.0), 3000.0, Why.OWN_USE, False, id="more than the peak needs"),
        pytest.param(flow(3000.0), market(0.2, limit_wh=5000.0), 0.0, Why.DEARER_LATER, False, id="it pays not"),
        pytest.param(flow(-300.0), market(limit_wh=5000.0), -300.0, Why.STORE_SUN, False, id="kept, and sun"),
    ],
)
def test_what_pays(there: Flows, memory: ConnectionMemory, power_w: float, why: Why, urgent: bool):
    found = aim(there, WIDE, memory, FULL, NOW_S)
    assert (found.power_w, found.cause.why, found.urgent) == (pytest.approx(power_w), why, urgent)


def test_empty_batteries_keep_nothing_where_nothing_is_kept():
    assert aim(flow(3000.0), WIDE, market(), Cells(0.0, 0.05), NOW_S).cause.why is Why.OWN_USE


def test_what_is_compared_is_told_rounded():
    found = aim(flow(3000.0), WIDE, market(0.2049, worth=0.1949), FULL, NOW_S)
    assert found.cause == Cause(Why.DEARER_LATER, {"price": 0.2, "worth": 0.19})


LIMITED = Envelope(5000.0, AGREED, 2000.0, FED)


@pytest.mark.parametrize(
    ("there", "memory", "power_w", "why"),
    [
        pytest.param(flow(3000.0), market(0.1785), -2000.0, Why.CHEAP_ENERGY, id="cheap: all that the limit leaves"),
        pytest.param(flow(-1000.0), market(0.1785), -6000.0, Why.CHEAP_ENERGY, id="cheap, and sun"),
        pytest.param(flow(3000.0), market(0.20, short_wh=0.5), -2000.0, Why.FILLED_FOR_PEAK, id="filled for the peak"),
        pytest.param(
            flow(3000.0),
            market(0.1785, target_w=3500.0, calm_w=3500.0),
            -500.0,
            Why.CHEAP_ENERGY,
            id="cheap: what the peak leaves",
        ),
    ],
)
def test_how_much_is_bought(there: Flows, memory: ConnectionMemory, power_w: float, why: Why):
    found = aim(there, LIMITED, memory, FULL, NOW_S)
    assert (found.power_w, found.cause.why) == (pytest.approx(power_w), why)


@pytest.mark.parametrize(
    ("there", "memory", "power_w", "cause"),
    [
        pytest.param(flow(6000.0, -4500.0), market(), 1500.0, None, id="what pays is more than the limit needs"),
        pytest.param(flow(6500.0, -5000.0), market(), 1500.0, None, id="what pays is just what the limit needs"),
        pytest.param(flow(6501.0, -5002.0), market(), 1501.0, AGREED, id="the limit needs more"),
        pytest.param(flow(5001.0), market(0.20), 1.0, AGREED, id="a watt too much"),
        pytest.param(flow(5000.0), market(0.20), 0.0, None, id="just at the limit"),
        pytest.param(flow(-2000.0), market(0.40, 0.30), 0.0, None, id="just as much as may be fed in"),
        pytest.param(flow(-2001.0), market(0.40, 0.30), -1.0, FED, id="a watt more"),
        pytest.param(flow(-2600.0), market(0.40, 0.10), -2600.0, None, id="the sun is stored anyhow"),
    ],
)
def test_limits_come_before_what_pays(there: Flows, memory: ConnectionMemory, power_w: float, cause: Cause | None):
    found = aim(there, LIMITED, memory, FULL, NOW_S)
    assert found.power_w == pytest.approx(power_w)
    assert found.urgent is (cause is not None)
    assert cause is None or found.cause == cause


@pytest.mark.parametrize(
    ("there", "cost", "power_w", "urgent"),
    [
        pytest.param(flow(3500.0), 0.20, 0.0, False, id="just at the peak"),
        pytest.param(flow(3501.0), 0.20, 1.0, True, id="a watt above it"),
        pytest.param(flow(3600.0), 0.40, 3600.0, False, id="what pays is more"),
        pytest.param(flow(5100.0, -5000.0), 0.40, 1600.0, True, id="cars make the peak"),
    ],
)
def test_the_peak_comes_before_what_pays(there: Flows, cost: float, power_w: float, urgent: bool):
    found = aim(there, WIDE, market(cost, target_w=3500.0), FULL, NOW_S)
    assert (found.power_w, found.urgent) == (power_w, urgent)
    assert not urgent or found.cause == Cause(Why.PEAK_KEPT, {"limit_w": 3500.0})


@pytest.mark.parametrize(
    ("without_w", "seen_w", "held"),
    [
        pytest.param(6000.0, 6000.0, Aim(1000.0, AGREED, urgent=True), id="what is too much"),
        pytest.param(6000.0, 400.0, Aim(400.0, AGREED, urgent=True), id="no more than was seen"),
        pytest.param(5000.0, 5000.0, Aim(0.0, Cause(Why.STORAGE_BLIND)), id="just at the limit"),
        pytest.param(6000.0, -1.0, Aim(0.0, Cause(Why.STORAGE_BLIND)), id="the sun was seen"),
    ],
)
def test_while_nobody_measures_only_the_limit_is_held(without_w: float, seen_w: float, held: Aim):
    assert holding(flow(without_w), LIMITED, flow(seen_w)) == held


def helped(without_w: float, help_w: float, *, may: bool = False, cost: float = 0.20, **flowing: float) -> Aim:
    return aim(flow(without_w, **flowing), LIMITED, market(cost), FULL, NOW_S, Help(help_w, 49.812, may))


@pytest.mark.parametrize(
    ("without_w", "help_w", "more", "power_w", "urgent"),
    [
        pytest.param(3000.0, 800.0, {}, 800.0, True, id="on top of nothing"),
        pytest.param(3000.0, -800.0, {}, -800.0, False, id="taken"),
        pytest.param(3000.0, 4000.0, {}, 3000.0, True, id="nothing is fed in without permission"),
        pytest.param(3000.0, 4000.0, {"may": True}, 4000.0, True, id="fed in with permission"),
        pytest.param(3000.0, 9000.0, {"may": True}, 5000.0, True, id="but no more than may be fed in"),
        pytest.param(3000.0, -9000.0, {}, -2000.0, False, id="no more is taken than may be drawn"),
        pytest.param(3000.0, 800.0, {"cost": 0.40}, 3000.0, False, id="on top of all that is drawn"),
        pytest.param(3000.0, 800.0, {"cost": 0.40, "cars_w": -1000.0}, 2800.0, True, id="on top of what circuits draw"),
        pytest.param(-1000.0, 800.0, {"cost": 0.40}, -200.0, True, id="less of the sun is stored"),
        pytest.param(-1000.0, 1800.0, {"cost": 0.40}, 0.0, True, id="but none is given"),
    ],
)
def test_help_for_the_frequency_comes_on_top_inside_the_limits(
    without_w: float, help_w: float, more: dict[str, Any], power_w: float, urgent: bool
):
    found = helped(without_w, help_w, **more)
    assert (found.power_w, found.urgent) == (pytest.approx(power_w), urgent)
    assert found.cause == Cause(Why.FREQUENCY, {"grid_hz": 49.81})


def test_without_a_wish_for_help_nothing_changes():
    assert helped(3000.0, 0.0).cause.why is Why.DEARER_LATER
    assert replace(Help()) == Help(0.0, 0.0, may_export=False)
