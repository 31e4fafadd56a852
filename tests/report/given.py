"""The events of an evening outage, as the daemon would record them."""

from datetime import UTC, datetime, timedelta

from hems.model.cause import Cause, Value, Why
from hems.model.event import Event, EventKind
from hems.model.instant import Instant
from hems.model.mode import Mode

BEGAN = datetime(2026, 11, 20, 13, 7, 2, tzinfo=UTC)
T0 = 1000.0
"""Monotonic time at which the grid failed."""


def event(after_s: float, kind: EventKind, subject: str, why: Why, **facts: Value) -> Event:
    return Event(Instant(T0 + after_s, BEGAN + timedelta(seconds=after_s)), kind, subject, Cause(why, facts))


def switched(after_s: float, circuit: str, on: bool, why: Why, **facts: Value) -> Event:
    return event(after_s, EventKind.COMMAND, f"circuits/{circuit}/closed", why, value=on, **facts)


def mode(after_s: float, to: Mode, why: Why) -> Event:
    return event(after_s, EventKind.MODE, to, why)


def seen(after_s: float, axis: str, now: str, was: str, says: str) -> Event:
    return event(after_s, EventKind.EVIDENCE, axis, Why.EVIDENCE, **{"axis": axis, "is": now, "was": was, "says": says})


def evening() -> list[Event]:
    """Grid lost, three circuits shed, one back on the island, two on the grid."""
    return [
        mode(-60.0, Mode.GRID_CONNECTED, Why.RESTORED_AND_CALM),
        switched(0.1, "laundry", False, Why.ISLAND_CAPACITY, loading_pct=128),
        switched(0.1, "heat_pump", False, Why.ISLAND_CAPACITY, loading_pct=128),
        switched(0.1, "hot_water", False, Why.FLEXIBLE_ON_ISLAND),
        seen(0.2, "tie", "open", "closed", "auxiliary contacts: open"),
        mode(0.2, Mode.ISLANDED_STABILIZING, Why.TIE_OPENED),
        seen(0.6, "grid", "dead", "good", "street: dead"),
        mode(10.2, Mode.ISLANDED, Why.ISLAND_STABLE),
        event(10.2, EventKind.COMMAND, "bays/bay_1/power_w", Why.SUPPORT_ISLAND, value=5200),
        event(60.0, EventKind.COMMAND, "bays/bay_1/power_w", Why.SUPPORT_ISLAND, value=3300),
        switched(320.0, "heat_pump", True, Why.ROOM_ON_ISLAND, w=9000),
        seen(5000.0, "grid", "qualifying", "dead", "street: in window"),
        mode(5000.0, Mode.GRID_RETURN_QUALIFYING, Why.GRID_SEEN),
        mode(5060.0, Mode.RECONNECTING, Why.GRID_QUALIFIED),
        mode(5080.2, Mode.RECONNECTED_RESTORING, Why.TIE_CLOSED),
        switched(5150.0, "laundry", True, Why.GRID_RESTORED),
        switched(5160.0, "hot_water", True, Why.GRID_RESTORED),
        mode(5800.0, Mode.GRID_CONNECTED, Why.RESTORED_AND_CALM),
    ]
