"""Readings that do not age: for tests of single functions, which need no clock."""

from math import inf
from typing import Any

from hems.model.reading import Reading, missing
from hems.model.snapshot import BatteryReading, BayReading, Snapshot
from hems.model.units import SourceId


def fresh(value: Any) -> Reading[Any]:
    """What is known at any time; `None` is a reading that never came."""
    return missing() if value is None else Reading(value, 0.0, inf)


def bay_reading(**values: Any) -> BayReading:
    """What a charger tells."""
    return BayReading(**{name: fresh(value) for name, value in values.items()})


def battery_reading(**values: Any) -> BatteryReading:
    """What a battery tells."""
    return BatteryReading(**{name: fresh(value) for name, value in values.items()})


def seen(**bays: BayReading) -> Snapshot:
    """An instant at which nothing but these chargers is heard."""
    return Snapshot(bays={SourceId(name): one for name, one in bays.items()})
