"""The card for the panel door: what to do by hand when HEMS is gone, in which order, and whom to call."""

from collections.abc import Mapping, Sequence

from hems.config.site_file import SiteFile
from hems.control.energy import shedding_pct
from hems.control.sheddable import shed_order
from hems.model import wiring
from hems.model.site import Circuit, Site, Tier
from hems.ports.device import DriverFactory, Product
from hems.report.sheet import BLANK, BOX, Section, Sheet, as_text
from hems.wording import alone_words, kw, percent, tier_name
from hems.wording.language import N_, say

CARD_COLUMNS = 76
"""It is kept for screens of 80 columns."""
NONE = "-"
GIVING = N_("Cars may give power at: {names}. Any of them may leave at any time.")
FORMING = N_("DO NOT UNPLUG THE CAR AT {name} IN A POWER CUT: it alone powers the building.")
COLUMNS = (
    N_("No."), N_("Circuit"), N_("Group"), N_("Uses"), N_("HEMS: off at"), N_("Relay"), N_("Breaker"), N_("Done")
)  # fmt: skip
CALLS = (
    "Fire, ambulance, police",
    "Electrician",
    "Installer of HEMS",
    "Utility, power cuts",
    "Lift company",
    "Neighbour",
)


def card_of(file: SiteFile, drivers: Mapping[str, DriverFactory]) -> str:
    """The card as text."""
    return as_text(panel_card(file, products_of(file, drivers)), CARD_COLUMNS)


def products_of(file: SiteFile, drivers: Mapping[str, DriverFactory]) -> dict[str, Product]:
    """Every product its devices may be of, by its id."""
    used: dict[str, set[str]] = {}
    for spec in file.wiring.devices:
        used.setdefault(spec.driver, set()).add(spec.profile)
    return {product.id: product for name, profiles in used.items() for product in drivers[name].products(profiles)}


def panel_card(file: SiteFile, products: Mapping[str, Product]) -> Sheet:
    """The card of one site file; `products` are those its devices may be of, by their ids."""
    site = file.site
    under = say(
        "By site file {path}, SHA-256 {digest}; a card with another number is out of date.",
        path=file.path,
        digest=file.digest[:16],
    )
    never = [(one.name, tier_name(one.tier), _why(one)) for one in site.circuits if not one.sheddable]
    columns = (say("Circuit"), say("Group"), say("Why"))
    return Sheet(
        title=say("Power cut: {site}", site=site.name),
        under=(under,),
        sections=(
            _first(),
            _by_hand(file),
            Section(heading=say("Never switched off"), columns=columns, rows=never),
            Section(heading=say("What each device does without HEMS"), words=_alone(file, products)),
            Section(heading=say("Cars"), words=_cars(file)),
            _return(),
            Section(heading=say("Call"), columns=(say("Whom"), say("Number"), say("Name")), rows=_calls(site)),
        ),
    )


def _first() -> Section:
    boxes = (
        say("Is anybody in the lift, on the stairs, or on a medical device? Look after people first."),
        say("Do not open the panel. Do not move the switch between grid and building by hand."),
        say("Look at the screen, or type `hems status`. HEMS acts by itself; mostly there is nothing to do."),
    )
    return Section(heading=say("First"), boxes=boxes)


def _by_hand(file: SiteFile) -> Section:
    words = say(
        "Each contactor has a switch HAND - OFF - AUTO. OFF keeps a circuit off, HAND keeps it on, both without any "
        "computer. Switch OFF from the top until the inverter is no longer overloaded and stored energy lasts. Put all "
        "of them back to AUTO when HEMS runs again."
    )
    return Section(
        heading=say("If HEMS is gone: the hand switches, the least important circuits first"),
        words=(words,),
        columns=tuple(say(column) for column in COLUMNS),
        rows=[_row(number, one, file) for number, one in enumerate(shed_order(file.site), start=1)],
    )


def _return() -> Section:
    words = say(
        "The certified switch closes by itself once the grid has stayed good. Then put circuits back one by one, from "
        "the bottom of the list, half a minute apart."
    )
    return Section(heading=say("When the grid returns"), words=(words,))


def _calls(site: Site) -> list[Sequence[str]]:
    """Those of the site file, and room for the others."""
    known = [(one.whom, one.phone, one.name) for one in site.contacts]
    told = {one.whom.lower() for one in site.contacts}
    missing = [one for one in CALLS if not {one.lower(), say(one).lower()} & told]
    return [*known, *((say(one), BLANK, BLANK) for one in missing)]


def _row(number: int, circuit: Circuit, file: SiteFile) -> Sequence[str]:
    port = file.wiring.writes.get(wiring.circuit_closed(circuit.id))
    at_pct = shedding_pct(circuit.tier, file.params.band)
    at = say("at once") if circuit.tier is Tier.FLEXIBLE else say("never") if at_pct is None else percent(at_pct)
    relay = NONE if port is None else f"{port.device}/{port.point}"
    return (str(number), circuit.name, tier_name(circuit.tier), kw(circuit.typical_w), at, relay, BLANK, BOX)


def _why(circuit: Circuit) -> str:
    if circuit.tier is Tier.LIFE_SAFETY:
        return say("life safety: only by its breaker, with the fire officer")
    return say("protected: HEMS and its network need it") if circuit.protected else say("it has no switch")


def _alone(file: SiteFile, products: Mapping[str, Product]) -> Sequence[str]:
    """Those that obey the same way in one line; meters do nothing, with or without HEMS."""
    alike: dict[str, list[str]] = {}
    for spec in file.wiring.devices:
        product = products.get(spec.profile)
        if product is not None and any(port.device == spec.id for port in file.wiring.writes.values()):
            alike.setdefault(product.fails_safe, []).append(spec.id)
    return [f"{', '.join(names)}: {alone_words(does)}." for does, names in alike.items()] or (
        say("HEMS commands no device here."),
    )


def _cars(file: SiteFile) -> Sequence[str]:
    site = file.site
    forming = next((bay.name for bay in site.bays if bay.id == site.former.source), "")
    giving = [bay.name for bay in site.bays if bay.bidirectional]
    words = [say(GIVING, names=", ".join(giving))] if giving else []
    if forming:
        words.append(say(FORMING, name=forming.upper()))
    return words or (say("No car gives power here."),)
