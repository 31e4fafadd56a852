"""What must hold between the keys of a site file, beyond each one's own type and range."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hems.config.connection import connection
from hems.config.feeding import feeding
from hems.config.grid_codes import CODES
from hems.config.problem import Path, Problem, absent, nearest, shown, wrong
from hems.config.schema import SiteTable
from hems.config.sharing import shared_ports, utility_side
from hems.config.sources import bays, floors, fuel, own_names
from hems.config.tables.sources import PvTable
from hems.config.tables.uses import BayTable, CircuitTable
from hems.config.tariff import tariff_problems
from hems.control.tuning.island import BandParams

IN_ORDER = (["L1"], ["L1", "L2"], ["L1", "L2", "L3"])


def broken(site: SiteTable, band: BandParams) -> Iterator[Problem]:
    """Every rule that does not hold; `band` are the site's energy bands."""
    for rule in RULES:
        yield from rule(site)
    for name, battery in site.batteries.items():
        if battery.shutdown_pct >= band.floor_pct:
            why = f"is not below params.band.floor_pct = {band.floor_pct:g}"
            remedy = "critical circuits need what lies between the two; lower it, or raise the floor"
            where = ("batteries", name, "shutdown_pct")
            yield wrong(where, battery.shutdown_pct, why, remedy, ("params", "band", "floor_pct"))


def _phases(site: SiteTable) -> Iterator[Problem]:
    if site.phases not in IN_ORDER:
        remedy = 'write ["L1"], ["L1", "L2"] or ["L1", "L2", "L3"]'
        yield wrong(("phases",), site.phases, "is not a supply that hems knows", remedy)
        return
    tables: dict[str, Mapping[str, CircuitTable | PvTable | BayTable]] = {
        "circuits": site.circuits,
        "pvs": site.pvs,
        "bays": site.bays,
    }
    for table, entries in tables.items():
        for name, entry in entries.items():
            where = (table, name, "phases")
            strange = [phase for phase in entry.phases if phase not in site.phases]
            if strange:
                why = f"names {', '.join(strange)}, which the site does not have"
                yield wrong(where, entry.phases, why, f"use phases of {shown(site.phases)}", ("phases",))
            elif len(set(entry.phases)) < len(entry.phases):
                yield wrong(where, entry.phases, "names a phase twice", "name each phase once")


WHOLE = ("utility", "bus")
"""Points that must show every phase; at a load or source one phase tells enough: whether there is voltage."""


def _one_per_phase(site: SiteTable) -> Iterator[Problem]:
    lists: list[tuple[Path, Sequence[object] | None]] = [
        (("former", "phase_kva"), site.former.phase_kva),
        (("former", "power"), site.former.power),
        (("grid", "phase_power"), site.grid.phase_power),
        *((("panels", name, "phase_power"), panel.phase_power) for name, panel in site.panels.items()),
        *(
            (("voltage_points", name, "volts"), point.volts)
            for name, point in site.voltage_points.items()
            if point.location in WHOLE
        ),
    ]
    for where, values in lists:
        if values is not None and len(values) != len(site.phases) and site.phases in IN_ORDER:
            why = f"has {len(values)} entries for {len(site.phases)} phases"
            remedy = f"give one entry for each of {', '.join(site.phases)}"
            yield wrong(where, values, why, remedy, ("phases",), (*where[:-1], "location"))


def _supply(site: SiteTable) -> Iterator[Problem]:
    hertz = CODES[site.grid.code].nominal_hz
    if site.grid.nominal_hz not in (50.0, 60.0):
        yield wrong(("grid", "nominal_hz"), site.grid.nominal_hz, "is not a supply frequency", "write 50 or 60")
    elif site.grid.nominal_hz != hertz:
        why = f"does not go with grid code {site.grid.code}, which is for {hertz:g} Hz"
        remedy = f"write {hertz:g} or change the code"
        yield wrong(("grid", "nominal_hz"), site.grid.nominal_hz, why, remedy, ("grid", "code"))


def _tie(site: SiteTable) -> Iterator[Problem]:
    contacts = {"closed_contact": site.tie.closed_contact, "open_contact": site.tie.open_contact}
    given = [name for name, port in contacts.items() if port is not None]
    if len(given) == 1:
        other = "open_contact" if given == ["closed_contact"] else "closed_contact"
        remedy = "wire both, or neither; one contact alone cannot tell a welded or broken one from a moved tie"
        yield absent(("tie", other), remedy, ("tie", given[0]))
    if not given and site.tie.grid_connected is None:
        why = "neither closed_contact and open_contact nor grid_connected, so nothing would tell hems of an outage"
        yield Problem(("tie",), f" has {why}; name both contacts, or the point of a device that knows.")


def _former(site: SiteTable) -> Iterator[Problem]:
    source, where = site.former.source, ("former", "source")
    sources = [*site.batteries, *site.bays]
    if source not in sources:
        near = nearest(source, sources)
        remedy = f'write "{near}"' if near else f"name one of: {', '.join(sources) or 'none is declared yet'}"
        yield wrong(
            where,
            source,
            "is neither a battery nor a bay of this file",
            remedy,
            ("batteries", source),
            ("bays", source),
        )
    elif source in site.bays and site.bays[source].discharge_max_kw == 0:
        key = ("bays", source, "discharge_max_kw")
        why = "is a bay whose charger cannot discharge, so no island can be formed from it"
        yield wrong(where, source, why, f"name another source, or set bays.{source}.discharge_max_kw", key)
    for index, point in enumerate(site.former.curve or []):
        if len(point) == 2 and point[0] <= 1:
            why = "begins an overload at or below the rating, which the inverter carries for ever"
            remedy = "write multiples of the rating above 1, such as [1.1, 600]; a data sheet's percent divided by 100"
            yield wrong(("former", "curve", index), point, why, remedy)
    for index, (lower, upper) in enumerate(pairwise(site.former.curve or [])):
        if len(lower) == len(upper) == 2 and not (lower[0] < upper[0] and lower[1] > upper[1]):
            why = "does not continue an overload curve"
            remedy = "let multiples rise from above 1 and times fall"
            yield wrong(("former", "curve", index + 1), upper, f"{why} after {shown(lower)}", remedy)


def _life_safety(site: SiteTable) -> Iterator[Problem]:
    for name, circuit in site.circuits.items():
        if circuit.tier == "life safety" and circuit.switch is not None:
            why = "is a switch for life safety, and life safety circuits cannot be given a switch"
            remedy = "remove the key, and the wiring if there is any"
            yield wrong(("circuits", name, "switch"), circuit.switch, why, remedy, ("circuits", name, "tier"))


def _temperatures(site: SiteTable) -> Iterator[Problem]:
    for name, circuit in site.circuits.items():
        given = {"temperature": circuit.temperature, "temp_max_c": circuit.temp_max_c}
        lacking = [key for key, value in given.items() if value is None]
        if len(lacking) == 1:
            there = next(key for key in given if key not in lacking)
            remedy = "give both or neither; a temperature means something only against its limit"
            yield absent(("circuits", name, lacking[0]), remedy, ("circuits", name, there))


def _timezone(site: SiteTable) -> Iterator[Problem]:
    name = site.settings.timezone
    if name is not None:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            remedy = "write a name of the IANA list, such as Europe/Dublin"
            yield wrong(("settings", "timezone"), name, "is not a time zone this machine knows", remedy)


RULES: tuple[Callable[[SiteTable], Iterator[Problem]], ...] = (
    _phases,
    _one_per_phase,
    _supply,
    connection,
    tariff_problems,
    _tie,
    _former,
    own_names,
    _life_safety,
    _temperatures,
    fuel,
    floors,
    bays,
    utility_side,
    shared_ports,
    feeding,
    _timezone,
)
