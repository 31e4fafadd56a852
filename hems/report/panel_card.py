"""The card for the panel door: what to do by hand when HEMS is gone, in which order, and whom to call."""

from collections.abc import Mapping, Sequence

from hems.config import SiteFile
from hems.control.energy import shedding_pct
from hems.control.shedding import shed_order
from hems.model import wiring
from hems.model.site import Circuit, Site, Tier
from hems.ports.device import DriverFactory, Product
from hems.report.sheet import BLANK, BOX, Section, Sheet
from hems.wording import kw, percent, tier_name

NONE = "-"
CALLS = (
    "Fire, ambulance, police",
    "Electrician",
    "Installer of HEMS",
    "Utility, power cuts",
    "Lift company",
    "Neighbour",
)


def products_of(file: SiteFile, drivers: Mapping[str, DriverFactory]) -> dict[str, Product]:
    """Every product its devices may be of, by its id."""
    used = dict.fromkeys(spec.driver for spec in file.wiring.devices)
    return {product.id: product for name in used for product in drivers[name].products()}


def panel_card(file: SiteFile, products: Mapping[str, Product]) -> Sheet:
    """The card of one site file; `products` are those its devices may be of, by their ids."""
    site = file.site
    return Sheet(
        title=f"Power cut: {site.name}",
        under=(f"By site file {file.path}, SHA-256 {file.digest[:16]}; a card with another number is out of date.",),
        sections=(
            Section(
                heading="First",
                boxes=(
                    "Is anybody in the lift, on the stairs, or on a medical device? Look after people first.",
                    "Do not open the panel. Do not move the switch between grid and building by hand.",
                    "Look at the screen, or type `hems status`. HEMS acts by itself; mostly there is nothing to do.",
                ),
            ),
            Section(
                heading="If HEMS is gone: the hand switches, the least important circuits first",
                words=(
                    "Each contactor has a switch HAND - OFF - AUTO. OFF keeps a circuit off, HAND keeps it on, both "
                    "without any computer. Switch OFF from the top until the inverter is no longer overloaded and "
                    "stored energy lasts. Put all of them back to AUTO when HEMS runs again.",
                ),
                columns=("No.", "Circuit", "Group", "Uses", "HEMS: off at", "Relay", "Breaker", "Done"),
                rows=[_row(number, one, file) for number, one in enumerate(shed_order(site), start=1)],
            ),
            Section(
                heading="Never switched off",
                columns=("Circuit", "Group", "Why"),
                rows=[(one.name, tier_name(one.tier), _why(one)) for one in site.circuits if not one.sheddable],
            ),
            Section(heading="What each device does without HEMS", words=_alone(file, products)),
            Section(heading="Cars", words=_cars(file)),
            Section(
                heading="When the grid returns",
                words=(
                    "The certified switch closes by itself once the grid has stayed good. Then put circuits back one "
                    "by one, from the bottom of the list, half a minute apart.",
                ),
            ),
            Section(heading="Call", columns=("Whom", "Number", "Name"), rows=_calls(site)),
        ),
    )


def _calls(site: Site) -> list[Sequence[str]]:
    """Those of the site file, and room for the others."""
    known = [(one.whom, one.phone, one.name) for one in site.contacts]
    told = {one.whom.lower() for one in site.contacts}
    return [*known, *((one, BLANK, BLANK) for one in CALLS if one.lower() not in told)]


def _row(number: int, circuit: Circuit, file: SiteFile) -> Sequence[str]:
    port = file.wiring.writes.get(wiring.circuit_closed(circuit.id))
    at_pct = shedding_pct(circuit.tier, file.params.band)
    at = "at once" if circuit.tier is Tier.FLEXIBLE else "never" if at_pct is None else percent(at_pct)
    relay = NONE if port is None else f"{port.device}/{port.point}"
    return (str(number), circuit.name, tier_name(circuit.tier), kw(circuit.typical_w), at, relay, BLANK, BOX)


def _why(circuit: Circuit) -> str:
    if circuit.tier is Tier.LIFE_SAFETY:
        return "life safety: only by its breaker, with the fire officer"
    return "protected: HEMS and its network need it" if circuit.protected else "it has no switch"


def _alone(file: SiteFile, products: Mapping[str, Product]) -> Sequence[str]:
    """Those that obey the same way in one line; meters do nothing, with or without HEMS."""
    alike: dict[str, list[str]] = {}
    for spec in file.wiring.devices:
        product = products.get(spec.profile)
        if product is not None and any(port.device == spec.id for port in file.wiring.writes.values()):
            alike.setdefault(product.fails_safe, []).append(spec.id)
    return [f"{', '.join(names)}: {does}." for does, names in alike.items()] or ("HEMS commands no device here.",)


def _cars(file: SiteFile) -> Sequence[str]:
    site = file.site
    forming = next((bay.name for bay in site.bays if bay.id == site.former.source), "")
    giving = [bay.name for bay in site.bays if bay.bidirectional]
    words = [f"Cars may give power at: {', '.join(giving)}. Any of them may leave at any time."] if giving else []
    if forming:
        words.append(f"DO NOT UNPLUG THE CAR AT {forming.upper()} IN A POWER CUT: it alone powers the building.")
    return words or ("No car gives power here.",)
