"""Units and signs, stated once.

Every quantity carries its unit in its name: `_w _wh _va _a _v _hz _pct _s _c`.  SI inside; kW and kWh appear only
on screens, in reports and in the text of a site file.  State of charge is `soc_pct`, 0 to 100.

**Sources are positive when they feed the building's bus** (PV, battery discharge, EV discharge, generator).
**Loads are positive when they consume.  The grid is positive on import.**  Hence, at any instant,

    grid_w + pv_w + storage_w + ev_w + generator_w = load_w

Drivers convert once, at their boundary.  Phase vectors are tuples aligned with `Site.phases`.
"""

from typing import NewType

CircuitId = NewType("CircuitId", str)
"""A switchable or at least known branch of the building's distribution, such as `laundry`."""

SourceId = NewType("SourceId", str)
"""Something that can feed the bus: an inverter with its battery, a PV plant, an EV bay."""

DeviceId = NewType("DeviceId", str)
"""A thing that answers on a wire; one device may serve several circuits or sources."""

PanelId = NewType("PanelId", str)
"""A sub-panel, as the site file names it."""
PointId = NewType("PointId", str)
"""A place where voltage and frequency are measured."""

HOUR_S = 3600.0
DAY_S = 86_400.0
W_PER_KW = 1000.0


def wh_from(power_w: float, duration_s: float) -> float:
    """Energy in Wh of a constant `power_w` over `duration_s`."""
    return power_w * duration_s / HOUR_S
