"""The wiring of a building as a sheet for the electrician: terminals, fail states, hand switches, to be ticked off."""

from collections.abc import Iterator, Mapping, Sequence

from hems.config.site_file import SiteFile
from hems.model import wiring
from hems.model.site import Circuit, Location, Supply, Tier
from hems.model.units import DeviceId
from hems.model.wiring import Port, Role
from hems.ports.device import Product
from hems.report.sheet import BOX, Section, Sheet
from hems.wording import alone_words, kw, tier_name
from hems.wording.language import N_, say

NONE = "-"
SETUP = "Set on the device"
SILENT = "If HEMS falls silent"
"""Headings of a product's page, which is in English: what the maker calls it is what the installer looks for."""
SIDES = {
    Location.UTILITY: N_("utility side"),
    Location.BUS: N_("bus side"),
    Location.SOURCE: N_("source side"),
    Location.LOAD: N_("load side"),
}
FEEDS = {Supply.UTILITY: N_("utility"), Supply.BUS: N_("bus"), Supply.DC: N_("DC"), Supply.UPS: N_("UPS")}
HAND_SWITCHES = (
    N_(
        "Every contactor that HEMS switches has a hand-off-auto switch (H-O-A) beside it: HAND keeps the circuit on "
        "without HEMS, OFF keeps it off, AUTO leaves it to HEMS. In normal service all of them stand in AUTO."
    ),
    N_(
        "A circuit is on while its relay's coil is on, so that a board without supply switches its circuits off and "
        "never on. No timers, pulses or automatic reclosing."
    ),
)
LAYER_0 = N_(
    "These circuits drop by themselves the moment the tie opens: the contactor's coil is fed from the grid side, or "
    "through the tie's auxiliary contact. They come back through an on-delay relay once the grid is back, also when "
    "HEMS is dead; on the island they stay off unless HEMS permits."
)


def wiring_sheet(site_file: SiteFile, products: Mapping[str, Product]) -> Sheet:
    """The sheet of one site file; `products` are what the installed drivers know, by profile."""
    site = site_file.site
    rated = zip(site.phases, site.former.phase_va, strict=True)
    ratings = [say("{kva:g} kVA on {phase}", kva=va / 1000, phase=one) for one, va in rated]
    return Sheet(
        title=say("Wiring of {site}", site=site.name),
        under=(
            say(
                "Site file {path}, SHA-256 {digest}; a sheet with another one is out of date.",
                path=site_file.path,
                digest=site_file.digest[:16],
            ),
            say(
                "Supply: {phases}, {volts:g} V, {hz:g} Hz, main fuse {amps:g} A per phase. Island: {name}, {ratings}.",
                phases=", ".join(site.phases),
                volts=site.grid.nominal_v,
                hz=site.grid.nominal_hz,
                amps=site.grid.service_a,
                name=site.former.name,
                ratings=", ".join(ratings),
            ),
        ),
        sections=(
            _circuits(site_file),
            _layer_0(site_file),
            Section(heading=say("Hand switches and fail states"), words=_said(*HAND_SWITCHES)),
            _tie(site_file),
            _measured(site_file),
            _sources(site_file),
            _devices(site_file, products),
            *_setup(site_file, products),
            Section(
                heading=say("Signed"),
                columns=_said(N_("What"), N_("Name"), N_("Date"), N_("Signature")),
                rows=_signatures(),
            ),
        ),
    )


def _circuits(site_file: SiteFile) -> Section:
    circuits = sorted(site_file.site.circuits, key=lambda one: (one.tier, one.rank))
    return Section(
        heading=say("Circuits, the most important first"),
        columns=_said(
            N_("Circuit"),
            N_("Group"),
            N_("Phases"),
            N_("Typical"),
            N_("Relay"),
            N_("HEMS"),
            N_("Own meter"),
            N_("Breaker"),
            N_("H-O-A"),
            N_("Proven"),
        ),
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
        return say("never: life safety, locked")
    if circuit.protected:
        return say("never: protected")
    if not circuit.switchable:
        return say("none: always on")
    return say("switches it; layer 0") if circuit.layer_0 else say("switches it")


def _layer_0(site_file: SiteFile) -> Section:
    falls = [one for one in site_file.site.circuits if one.layer_0]
    cars = [one for one in site_file.site.bays if one.layer_0]
    if not falls and not cars:
        words = (say("No circuit is declared to drop by itself. `hems check` says whether one should."),)
        return Section(heading=say("Layer 0: what drops without software"), words=words)
    bays = [(one.name, " ".join(one.phases), kw(one.charge_max_w), BOX, BOX, BOX) for one in cars]
    rows = [*((one.name, " ".join(one.phases), kw(one.typical_w), BOX, BOX, BOX) for one in falls), *bays]
    columns = _said(
        N_("Circuit"),
        N_("Phases"),
        N_("Typical"),
        N_("Coil on grid side"),
        N_("On-delay relay"),
        N_("Dropped when tried"),
    )
    return Section(
        heading=say("Layer 0: what drops without software"), words=_said(LAYER_0), columns=columns, rows=rows
    )


def _tie(site_file: SiteFile) -> Section:
    reads, writes = site_file.wiring.reads, site_file.wiring.writes
    wires = (
        (say("contact closed with the tie (52a)"), _port(reads, wiring.TIE_CLOSED_CONTACT), say("dry contact")),
        (say("contact closed when it is open (52b)"), _port(reads, wiring.TIE_OPEN_CONTACT), say("dry contact")),
        (say("a device's own word"), _port(reads, wiring.TIE_FLAG), say("register")),
        (say("permission to reconnect"), _port(writes, wiring.TIE_PERMIT), say("command")),
    )
    rows = [(what, port, kind, BOX) for what, port, kind in wires if port != NONE]
    listing = site_file.site.tie.listing
    words = (
        say("Certified disconnect device (MID): {listing}. Compare with its label: ____", listing=listing)
        if listing
        else say(
            "NO CERTIFIED DISCONNECT DEVICE (MID) IS DECLARED: nothing that feeds the building may be armed. Fit one, "
            "then enter it as tie.listing."
        ),
        say(
            "HEMS never closes it. Longest travel between the contacts: {travel_s:g} s.",
            travel_s=site_file.site.tie.travel_max_s,
        ),
    )
    columns = _said(N_("Wire"), N_("Terminal"), N_("Kind"), N_("Seen"))
    return Section(heading=say("Switch between grid and building (tie)"), words=words, columns=columns, rows=rows)


def _measured(site_file: SiteFile) -> Section:
    site, reads = site_file.site, site_file.wiring.reads
    rows = [(say("power from the grid"), _port(reads, wiring.GRID_POWER), say("plus is import"), NONE, BOX)]
    for index, phase in enumerate(site.phases):
        port = _port(reads, wiring.former_phase_w(index))
        rows.append((say("inverter on {phase}", phase=phase), port, say("plus is giving"), NONE, BOX))
    for point in site.voltage_points:
        for index, phase in enumerate(site.phases):
            port = _port(reads, wiring.voltage(point.id, index))
            what = say("voltage {point}, {phase}", point=point.id, phase=phase)
            rows.append((what, port, say(SIDES[point.location]), say(FEEDS[point.powered_from]), BOX))
    columns = _said(N_("Quantity"), N_("Terminal"), N_("Sign or side"), N_("Meter fed from"), N_("Proven"))
    return Section(heading=say("Measured"), columns=columns, rows=[row for row in rows if row[1] != NONE])


def _sources(site_file: SiteFile) -> Section:
    site, writes, reads = site_file.site, site_file.wiring.writes, site_file.wiring.reads
    rows: list[Sequence[str]] = []
    for one in site.batteries:
        role = wiring.battery_power(one.id)
        rows.append((one.name, say("battery"), _port(reads, role), _port(writes, role), NONE))
    for pv in site.pvs:
        what = say("sun, {phases}", phases=" ".join(pv.phases))
        rows.append((pv.name, what, _port(reads, wiring.pv_power(pv.id)), NONE, NONE))
    for bay in site.bays:
        role, keeps = wiring.bay_power(bay.id), say("driver keeps {floor_pct:.0f}%", floor_pct=bay.floor_pct)
        mind = keeps if bay.bidirectional else say("only charges")
        what = say("car, {phases}", phases=" ".join(bay.phases))
        rows.append((bay.name, what, _port(reads, role), _port(writes, role), mind))
    columns = _said(N_("Source"), N_("What"), N_("Measured at"), N_("Commanded at"), N_("Mind"), N_("Proven"))
    return Section(heading=say("Sources and cars"), columns=columns, rows=[(*row, BOX) for row in rows])


def _devices(site_file: SiteFile, products: Mapping[str, Product]) -> Section:
    rows = []
    for spec in site_file.wiring.devices:
        product = products.get(spec.profile)
        params = " ".join(f"{key}={value}" for key, value in spec.params.items()) or NONE
        silent = alone_words(product.fails_safe) if product is not None else NONE
        seconds = site_file.actuation_s.get(spec.id)
        acts = f"{seconds:.1f} s" if seconds is not None and _commands(spec.id, site_file) else NONE
        rows.append((spec.id, spec.profile, params, acts, silent, "____", spec.link))
    columns = _said(
        N_("Device"), N_("Product"), N_("Set to"), N_("Acts within"), N_("Without HEMS"), N_("Fed from"), N_("Link")
    )
    return Section(heading=say("Devices"), columns=columns, rows=rows)


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
        heading = say("To set on {names}: {product}", names=names, product=product.title)
        yield Section(heading=heading, words=(f"{say(SILENT)}: {silent}.",), boxes=boxes)


def _signatures() -> Sequence[Sequence[str]]:
    done = (N_("wired as above"), N_("hand switches tried"), N_("layer 0 tried"), N_("proven with HEMS"))
    return [(what, "", "", "") for what in _said(*done)]


def _said(*messages: str) -> tuple[str, ...]:
    return tuple(say(message) for message in messages)


def _port(ports: Mapping[Role, Port], role: Role) -> str:
    port = ports.get(role)
    return NONE if port is None else str(port)
