"""What no two entries of a site file may share: a device on both sides of the tie, a coil, a meter."""

from collections.abc import Iterator
from itertools import product

from hems.config.problem import Path, Problem, dotted, wrong
from hems.config.schema import SiteTable
from hems.config.tables.connection import VoltagePointTable
from hems.config.wires import Wire, wires

SOURCES = ("batteries", "pvs", "bays")
OWN = ("state", "power", "soc", "capacity")
"""What is of one source alone: read for two, one car's energy would count twice, and another's floor be broken."""


def utility_side(site: SiteTable) -> Iterator[Problem]:
    """No device can sit on both sides of an open tie."""
    utility = {name: point for name, point in site.voltage_points.items() if point.location == "utility"}
    inner = {name: point for name, point in site.voltage_points.items() if point.location != "utility"}
    for (name, point), (other, elsewhere) in product(utility.items(), inner.items()):
        for device in sorted(_devices_of(point) & _devices_of(elsewhere)):
            why = f"is claimed for device {device}, which also measures voltage_points.{other} downstream of the tie"
            remedy = "measure the grid with a device of its own upstream of the tie, or correct a location"
            where, there = ("voltage_points", name, "location"), ("voltage_points", other, "volts")
            yield wrong(where, point.location, why, remedy, ("voltage_points", name, "volts"), there)


def _devices_of(point: VoltagePointTable) -> set[str]:
    ports = point.volts if point.hz is None else [*point.volts, point.hz]
    return {port.split("/")[0] for port in ports}


def shared_ports(site: SiteTable) -> Iterator[Problem]:
    """One coil switches one thing, and one meter counts for one circuit or one source."""
    known = list(wires(site))
    yield from _twice([wire for wire in known if wire.writes], "commanded")
    yield from _twice([wire for wire in known if wire.where[0] == "circuits" and wire.where[-1] == "power"], "counted")
    groups: list[Path] = [("tie",), ("former", "power"), *(("voltage_points", name) for name in site.voltage_points)]
    for group in groups:
        yield from _twice([wire for wire in known if wire.where[: len(group)] == group and not wire.writes], "read")
    for quantity in OWN:
        sources = [wire for wire in known if wire.where[0] in SOURCES and wire.where[-1] == quantity]
        yield from _twice(sources, "read")


def _twice(candidates: list[Wire], verb: str) -> Iterator[Problem]:
    first: dict[str, Wire] = {}
    for wire in candidates:
        earlier = first.setdefault(str(wire.port), wire)
        if earlier is not wire:
            there = dotted(earlier.where)
            why = f"is {verb} by {there} already"
            yield wrong(wire.where, str(wire.port), why, "give each its own", earlier.where)
