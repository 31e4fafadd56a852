"""Devices whose silence is no news in a power cut: they see only the utility's side, or lose their own supply."""

from hems.model import wiring
from hems.model.site import Location, Site
from hems.model.units import DeviceId
from hems.model.wiring import Role, Wiring


def upstream(site: Site, wires: Wiring) -> frozenset[DeviceId]:
    """Those by which nothing else is read or commanded than the utility's side, or a charger that a contactor drops."""
    roles = _roles(site)
    dropped = tuple(f"bays/{bay.id}/" for bay in site.bays if bay.layer_0)
    seen = {port.device for role, port in wires.reads.items() if role in roles or role.startswith(dropped)}
    more = {port.device for role, port in wires.reads.items() if role not in roles and not role.startswith(dropped)}
    more |= {port.device for role, port in wires.writes.items() if not role.startswith(dropped)}
    return frozenset(seen - more)


def _roles(site: Site) -> frozenset[Role]:
    found = [wiring.GRID_POWER]
    for point in site.voltage_points:
        if point.location is Location.UTILITY:
            found += [wiring.frequency(point.id), *(wiring.voltage(point.id, n) for n in range(len(site.phases)))]
    return frozenset(found)
