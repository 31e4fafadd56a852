"""What all batteries together should do now, by marginal value: limits first, then the peak, then what pays.

A stored kilowatt-hour has a worth (`worth`, or the plan's).  It is given where the grid is dearer than that and its
wear, filled from sun that brings less and from a grid that is cheaper, and kept otherwise.  Where nobody knows prices
the sun is kept and the building served.
"""

from dataclasses import dataclass
from math import inf

from hems.control.dispatch import quarter
from hems.control.dispatch.envelope import Envelope
from hems.control.dispatch.flows import Flows
from hems.control.dispatch.memory import ConnectionMemory, MarketMemory
from hems.control.dispatch.store import ONE_WAY
from hems.model.cause import Cause, Why

EVEN = 0.01
"""The worth lies at the price of the very hour that is the last to be served, or the last in which is bought: so near
it batteries give at once and buy later, because the sun may come."""


@dataclass(frozen=True, slots=True)
class Aim:
    """W that all batteries together should give, positive towards the building, and why."""

    power_w: float
    cause: Cause
    urgent: bool = False
    """Now, and not let go at once: a limit is at stake."""


def peak_left_w(memory: ConnectionMemory, now_s: float) -> float:
    """What may be drawn until this quarter of an hour ends without a dearer month; infinite where nobody pays."""
    target_w = memory.market.target_w if memory.market.counts else None
    return inf if target_w is None else quarter.left_w(memory.quarter, target_w, now_s)


def peak_room_w(memory: ConnectionMemory, house_w: float, batteries_w: float, now_s: float) -> float:
    """What cars may draw without a dearer month, beside a house that batteries serve; infinite where nobody pays.

    What batteries give to keep the house itself below the peak is no room for cars: they would be empty before its end.
    """
    if not memory.market.counts:
        return inf
    steady_w = peak_steady_w(memory, now_s)
    return 0.0 if house_w > steady_w else steady_w - max(0.0, house_w - max(0.0, batteries_w))


def peak_steady_w(memory: ConnectionMemory, now_s: float) -> float:
    """Below what all stays that can wait; infinite where nobody pays.

    What a quarter of an hour has saved up is not made good in its last minute: chargers would be switched to and fro.
    """
    calm_w = memory.market.calm_w if memory.market.counts else None
    return inf if calm_w is None else min(calm_w, peak_left_w(memory, now_s))


@dataclass(frozen=True, slots=True)
class Cells:
    """The batteries together: what they have above their reserve, and what giving a kilowatt-hour wears off."""

    have_wh: float
    wear: float


@dataclass(frozen=True, slots=True)
class Help:
    """What the grid's frequency asks for, positive towards the grid."""

    power_w: float = 0.0
    hz: float = 0.0
    may_export: bool = False


def aim(
    flow: Flows, bounds: Envelope, memory: ConnectionMemory, cells: Cells, now_s: float, help_: Help = Help()
) -> Aim:
    """Limits first, then the grid's frequency, then what pays."""
    without_w = flow.without_batteries_w
    most_w = min(bounds.import_w, peak_left_w(memory, now_s))
    wanted = _helped(_pays(flow, bounds, memory, cells, now_s), help_, flow, (most_w, bounds.export_w))
    over_w = without_w - bounds.import_w
    if over_w > max(0.0, wanted.power_w):
        return Aim(over_w, bounds.import_by, urgent=True)
    back_w = -without_w - bounds.export_w
    if back_w > max(0.0, -wanted.power_w):
        return Aim(-back_w, bounds.export_by, urgent=True)
    peak_w = without_w - peak_left_w(memory, now_s)
    if peak_w > max(0.0, wanted.power_w):
        return Aim(peak_w, Cause(Why.PEAK_KEPT, {"limit_w": memory.market.target_w or 0.0}), urgent=True)
    return wanted


def holding(flow: Flows, bounds: Envelope, seen: Flows) -> Aim:
    """Only what keeps the connection inside its import limit, and never more than was `seen` to be drawn.

    What is only allowed for, because nobody measures, would be fed into the grid.
    """
    over_w = min(flow.without_batteries_w - bounds.import_w, seen.without_batteries_w)
    return Aim(over_w, bounds.import_by, urgent=True) if over_w > 0.0 else Aim(0.0, Cause(Why.STORAGE_BLIND))


def _helped(wanted: Aim, help_: Help, flow: Flows, limits_w: tuple[float, float]) -> Aim:
    """With what the frequency asks for on top, inside the limits; nothing is fed in without permission."""
    if not help_.power_w:
        return wanted
    without_w, (import_w, export_w) = flow.without_batteries_w, limits_w
    most_w = without_w + export_w if help_.may_export else max(0.0, without_w)
    power_w = max(min(wanted.power_w, without_w - import_w), wanted.power_w + help_.power_w)
    power_w = min(max(wanted.power_w, most_w), power_w)
    return Aim(power_w, Cause(Why.FREQUENCY, {"grid_hz": round(help_.hz, 2)}), urgent=power_w > wanted.power_w)


def _pays(flow: Flows, bounds: Envelope, memory: ConnectionMemory, cells: Cells, now_s: float) -> Aim:
    without_w = flow.without_batteries_w
    own_w = max(0.0, min(without_w, flow.house_w))
    market, price = memory.market, memory.market.now
    cost, gain = (None, None) if price is None else (price.cost, price.gain)
    if market.worth is None or cost is None or gain is None:
        return Aim(without_w, Cause(Why.STORE_SUN)) if without_w < 0.0 else Aim(own_w, Cause(Why.OWN_USE))
    even = EVEN * abs(market.worth)
    fills_below, gives_above = market.worth * ONE_WAY - even, market.worth / ONE_WAY + cells.wear - even
    if cost < fills_below or market.short_wh > 0.0:
        room_w = min(bounds.import_w, peak_steady_w(memory, now_s)) - max(without_w, flow.house_w)
        cause = _why(Why.CHEAP_ENERGY, market, cost) if cost < fills_below else Cause(Why.FILLED_FOR_PEAK)
        return Aim(-max(0.0, room_w, -without_w), cause)
    if without_w < 0.0:
        return (
            Aim(without_w, Cause(Why.STORE_SUN)) if gain < fills_below else Aim(0.0, _why(Why.SUN_SOLD, market, gain))
        )
    if cost > gives_above and cells.have_wh <= market.limit_wh and market.limit_wh > 0.0:
        return Aim(0.0, Cause(Why.KEPT_FOR_LIMIT))
    if cost > gives_above and cells.have_wh <= market.held_wh and market.held_wh > 0.0:
        return Aim(0.0, Cause(Why.KEPT_FOR_PEAK))
    if cost > gives_above:
        return Aim(own_w, Cause(Why.OWN_USE))
    return Aim(0.0, _why(Why.DEARER_LATER, market, cost))


def _why(why: Why, market: MarketMemory, price: float) -> Cause:
    """With what is compared, rounded so that a sentence does not change every minute."""
    return Cause(why, {"price": round(price, 2), "worth": round(market.worth or 0.0, 2)})
