"""Devices that look at nothing but the utility's side of the tie: in a power cut their silence is no news."""

from hems.model import wiring
from hems.model.site import Location, Site
from hems.model.units import DeviceId
from hems.model.wiring import Role, Wiring


def upstream(site: Site, wires: Wiring) -> frozenset[DeviceId]:
    """Those of which everything that is read lies upstream, and through which nothing is commanded."""
    roles = _roles(site)
    seen = {port.device for role, port in wires.reads.items() if role in roles}
    more = {port.device for role, port in wires.reads.items() if role not in roles}
    return frozenset(seen - more - {port.device for port in wires.writes.values()})


def _roles(site: Site) -> frozenset[Role]:
    found = [wiring.GRID_POWER]
    for point in site.voltage_points:
        if point.location is Location.UTILITY:
            found += [wiring.frequency(point.id), *(wiring.voltage(point.id, n) for n in range(len(site.phases)))]
    return frozenset(found)
