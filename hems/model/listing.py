"""What must not be commanded before somebody has declared a certified device between building and grid.

Without one nothing keeps a source of this building from feeding a street on which people work.  Source: domain
reference, unsafe action 10.
"""

from hems.model import wiring
from hems.model.site import Site
from hems.model.units import DeviceId
from hems.model.wiring import Role, Wiring

REMEDY = "enter its make, model and certificate as tie.listing in the site file"


def feeding(site: Site) -> frozenset[Role]:
    """Commands that let something feed the building, or let the building rejoin the grid."""
    bays = (wiring.bay_power(bay.id) for bay in site.bays if bay.bidirectional)
    batteries = (wiring.battery_power(battery.id) for battery in site.batteries)
    tie = (wiring.TIE_PERMIT, wiring.TIE_ISLAND, wiring.FORMER_START, wiring.GENERATOR_RUN)
    return frozenset((*tie, *bays, *batteries))


def unlisted(site: Site, wires: Wiring) -> frozenset[DeviceId]:
    """Devices that may only be watched for that reason; none once the device is declared."""
    if site.tie.listing:
        return frozenset()
    roles = feeding(site)
    return frozenset(port.device for role, port in wires.writes.items() if role in roles)
