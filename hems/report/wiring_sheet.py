"""The wiring of a building as a sheet for the electrician: terminals, fail states, hand switches, to be ticked off."""

from collections.abc import Iterator, Mapping, Sequence

from hems.config import SiteFile
from hems.model import wiring
from hems.model.site import Circuit, Tier
from hems.model.units import DeviceId
from hems.model.wiring import Port, Role
from hems.ports.device import Product
from hems.report.sheet import BOX, Section, Sheet
from hems.wording import kw, tier_name

NONE = "-"
SETUP = "Set on the device"
SILENT = "If HEMS falls silent"
HAND_SWITCHES = (
    "Every contactor that HEMS switches has a hand-off-auto switch (H-O-A) beside it: HAND keeps the circuit on "
    "without HEMS, OFF keeps it off, AUTO leaves it to HEMS. In normal service all of them stand in AUTO.",
    "A circuit is on while its relay's coil is on, so that a board without supply switches its circuits off and never "
    "on. No timers, pulses or automatic reclosing.",
)
LAYER_0 = (
    "These circuits drop by themselves the moment the tie opens: the contactor's coil is fed from the grid side, or "
    "through the tie's auxiliary contact. They come back through an on-delay relay once the grid is back, also when "
    "HEMS is dead; on the island they stay off unless HEMS permits.",
)


def wiring_sheet(site_file: SiteFile, products: Mapping[str, Product]) -> Sheet:
    """The sheet of one site file; `products` are what the installed drivers know, by profile."""
    site = site_file.site
    ratings = [f"{va / 1000:g} kVA on {one}" for one, va in zip(site.phases, site.former.phase_va, strict=True)]
    return Sheet(
        title=f"Wiring of {site.name}",
        under=(
            f"Site file {site_file.path}, SHA-256 {site_file.digest[:16]}; a sheet with another one is out of date.",
            f"Supply: {', '.join(site.phases)}, {site.grid.nominal_v:g} V, {site.grid.nominal_hz:g} Hz, main fuse "
            f"{site.grid.service_a:g} A per phase. Island: {site.former.name}, {', '.join(ratings)}.",
        ),
        sections=(
            _circuits(site_file),
            _layer_0(site_file),
            Section(heading="Hand switches and fail states", words=HAND_SWITCHES),
            _tie(site_file),
            _measured(site_file),
            _sources(site_file),
            _devices(site_file, products),
            *_setup(site_file, products),
            Section(heading="Signed", columns=("What", "Name", "Date", "Signature"), rows=_signatures()),
        ),
    )


def _circuits(site_file: SiteFile) -> Section:
    circuits = sorted(site_file.site.circuits, key=lambda one: (one.tier, one.rank))
    return Section(
        heading="Circuits, the most important first",
        columns=("Circuit", "Group", "Phases", "Typical", "Relay", "HEMS", "Own meter", "Breaker", "H-O-A", "Proven"),
        rows=[_circuit(one, site_file) for one in circuits],
    )


def _circuit(circuit: Circuit, site_file: SiteFile) -> Sequence[str]:
    relay = _port(site_file.wiring.writes, wiring.circuit_closed(circuit.id))
    meter = _port(site_file.wiring.reads, wiring.circuit_power(circuit.id))
    switched = circuit.sheddable
    return (
        circuit.name,
        tier_name(circuit.tier),
        " ".join(circuit.phases),
        kw(circuit.typical_w),
        relay if circuit.switchable else NONE,
        _hands(circuit),
        meter,
        "____",
        BOX if switched else NONE,
        BOX if switched else NONE,
    )


def _hands(circuit: Circuit) -> str:
    """What hems may do with it."""
    if circuit.tier is Tier.LIFE_SAFETY:
        return "never: life safety, locked"
    if circuit.protected:
        return "never: protected"
    if not circuit.switchable:
        return "none: always on"
    return "switches it; layer 0" if circuit.layer_0 else "switches it"


def _layer_0(site_file: SiteFile) -> Section:
    falls = [one for one in site_file.site.circuits if one.layer_0]
    if not falls:
        words = ("No circuit is declared to drop by itself. `hems check` says whether one should.",)
        return Section(heading="Layer 0: what drops without software", words=words)
    rows = [(one.name, " ".join(one.phases), kw(one.typical_w), BOX, BOX, BOX) for one in falls]
    columns = ("Circuit", "Phases", "Typical", "Coil on grid side", "On-delay relay", "Dropped when tried")
    return Section(heading="Layer 0: what drops without software", words=LAYER_0, columns=columns, rows=rows)


def _tie(site_file: SiteFile) -> Section:
    reads, writes = site_file.wiring.reads, site_file.wiring.writes
    wires = (
        ("contact closed with the tie (52a)", _port(reads, wiring.TIE_CLOSED_CONTACT), "dry contact"),
        ("contact closed when it is open (52b)", _port(reads, wiring.TIE_OPEN_CONTACT), "dry contact"),
        ("a device's own word", _port(reads, wiring.TIE_FLAG), "register"),
        ("permission to reconnect", _port(writes, wiring.TIE_PERMIT), "command"),
    )
    rows = [(what, port, kind, BOX) for what, port, kind in wires if port != NONE]
    listing = site_file.site.tie.listing
    words = (
        f"Certified disconnect device (MID): {listing}. Compare with its label: ____"
        if listing
        else "NO CERTIFIED DISCONNECT DEVICE (MID) IS DECLARED: nothing that feeds the building may be armed. "
        "Fit one, then enter it as tie.listing.",
        f"HEMS never closes it. Longest travel between the contacts: {site_file.site.tie.travel_max_s:g} s.",
    )
    columns = ("Wire", "Terminal", "Kind", "Seen")
    return Section(heading="Switch between grid and building (tie)", words=words, columns=columns, rows=rows)


def _measured(site_file: SiteFile) -> Section:
    site, reads = site_file.site, site_file.wiring.reads
    rows = [("power from the grid", _port(reads, wiring.GRID_POWER), "plus is import", NONE, BOX)]
    for index, phase in enumerate(site.phases):
        port = _port(reads, wiring.former_phase_w(index))
        rows.append((f"inverter on {phase}", port, "plus is giving", NONE, BOX))
    for point in site.voltage_points:
        for index, phase in enumerate(site.phases):
            port = _port(reads, wiring.voltage(point.id, index))
            rows.append((f"voltage {point.id}, {phase}", port, f"{point.location} side", point.powered_from, BOX))
    columns = ("Quantity", "Terminal", "Sign or side", "Meter fed from", "Proven")
    return Section(heading="Measured", columns=columns, rows=[row for row in rows if row[1] != NONE])


def _sources(site_file: SiteFile) -> Section:
    site, writes, reads = site_file.site, site_file.wiring.writes, site_file.wiring.reads
    rows: list[Sequence[str]] = []
    for one in site.batteries:
        role = wiring.battery_power(one.id)
        rows.append((one.name, "battery", _port(reads, role), _port(writes, role), NONE))
    for pv in site.pvs:
        rows.append((pv.name, f"sun, {' '.join(pv.phases)}", _port(reads, wiring.pv_power(pv.id)), NONE, NONE))
    for bay in site.bays:
        role, keeps = wiring.bay_power(bay.id), f"driver keeps {bay.floor_pct:.0f}%"
        mind = keeps if bay.bidirectional else "only charges"
        rows.append((bay.name, f"car, {' '.join(bay.phases)}", _port(reads, role), _port(writes, role), mind))
    columns = ("Source", "What", "Measured at", "Commanded at", "Mind", "Proven")
    return Section(heading="Sources and cars", columns=columns, rows=[(*row, BOX) for row in rows])


def _devices(site_file: SiteFile, products: Mapping[str, Product]) -> Section:
    rows = []
    for spec in site_file.wiring.devices:
        product = products.get(spec.profile)
        params = " ".join(f"{key}={value}" for key, value in spec.params.items()) or NONE
        silent = product.fails_safe if product is not None else NONE
        seconds = site_file.actuation_s.get(spec.id)
        acts = f"{seconds:.1f} s" if seconds is not None and _commands(spec.id, site_file) else NONE
        rows.append((spec.id, spec.profile, params, acts, silent, "____", spec.link))
    columns = ("Device", "Product", "Set to", "Acts within", "Without HEMS", "Fed from", "Link")
    return Section(heading="Devices", columns=columns, rows=rows)


def _commands(device: DeviceId, site_file: SiteFile) -> bool:
    return any(port.device == device for port in site_file.wiring.writes.values())


def _setup(site_file: SiteFile, products: Mapping[str, Product]) -> Iterator[Section]:
    """What has to be set on each product, once for each device of it."""
    for profile in dict.fromkeys(spec.profile for spec in site_file.wiring.devices):
        product = products.get(profile)
        if product is None or not product.page.get(SETUP):
            continue
        names = ", ".join(spec.id for spec in site_file.wiring.devices if spec.profile == profile)
        silent = "; ".join(line.replace("`", "") for line in product.page.get(SILENT, ()))
        boxes = [line.replace("`", "") for line in product.page[SETUP]]
        yield Section(heading=f"To set on {names}: {product.title}", words=(f"{SILENT}: {silent}.",), boxes=boxes)


def _signatures() -> Sequence[Sequence[str]]:
    done = ("wired as above", "hand switches tried", "layer 0 tried", "proven with HEMS")
    return [(what, "", "", "") for what in done]


def _port(ports: Mapping[Role, Port], role: Role) -> str:
    port = ports.get(role)
    return NONE if port is None else str(port)
