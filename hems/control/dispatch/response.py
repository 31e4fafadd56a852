"""Helping the grid to hold its frequency: what batteries give, or take, beyond what they would do.

By droop, in proportion to how far it is away, or in one step.  Limits and the reserve stand above it, and nothing is
fed in that the connection's owner may not feed in.
"""

from hems.model.site import Location, Site
from hems.model.snapshot import Snapshot
from hems.model.supply import FrequencyService

MEASURED_AT = (Location.UTILITY, Location.BUS)


def power_w(service: FrequencyService, away_hz: float) -> float:
    """W, positive towards the grid, at a frequency so far above nominal; nothing inside the dead band."""
    beyond_hz = abs(away_hz) - service.dead_hz
    if beyond_hz <= 0.0:
        return 0.0
    part = 1.0 if service.step else min(1.0, beyond_hz / max(1e-3, service.full_hz - service.dead_hz))
    return -service.most_w * part if away_hz > 0.0 else service.most_w * part


def wanted_w(site: Site, snapshot: Snapshot, now_s: float) -> tuple[float, float]:
    """What is asked for now, and the frequency; nothing where nobody measures it, or offers no such service."""
    service = site.grid.frequency
    found_hz = None if service is None else hertz(site, snapshot, now_s)
    if service is None or found_hz is None:
        return 0.0, 0.0
    return power_w(service, found_hz - site.grid.nominal_hz), found_hz


def hertz(site: Site, snapshot: Snapshot, now_s: float) -> float | None:
    """Where the utility's side is measured, else the building's, which on the grid is the same."""
    points = sorted(site.voltage_points, key=lambda point: point.location is not Location.UTILITY)
    known = (
        snapshot.voltages[point.id].hertz.known(now_s)
        for point in points
        if point.location in MEASURED_AT and point.id in snapshot.voltages
    )
    return next((value for value in known if value), None)
