"""What a rig may say, key by key, and what is wrong with one that says something else."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, fields
from typing import Annotated, Any, Literal

from pydantic import Field as Within
from pydantic import ValidationError, create_model

from hems.config.explain import explain
from hems.config.problem import Path, Problem, nearest, shown, wrong
from hems.config.tables.words import Kw, Line, OverloadPoint, Pct, Phases, Table
from hems.sim.compressor import Hermetic
from hems.sim.start import Car, Physics, WattHz

WHAT = "a rig, such as those of hil/rigs"
AtLeast0 = Annotated[float, Within(ge=0)]
Above0 = Annotated[float, Within(gt=0)]
Kilowatts = Annotated[float, Within(ge=0, le=5000)]
Channel = Literal["1", "2", "3", "4", "5", "6", "7", "8"]
Input = Literal["tie_closed", "tie_open", "fire_alarm", "red_button", "dark_start", "reduced"]
SIDES = ("utility", "former", "wrong side")
"""What a meter may measure besides circuits: the last sees the building's voltage and the utility's power."""
ASKED_BY_COIL = ("tie_permit", "tie_island", "former_start")
"""What a coil may be wired to besides a circuit."""


def table_like(values: type, **instead: tuple[object, object] | None) -> type[Table]:
    """A table with the fields of a dataclass: its numbers are at least 0, its percents at most 100.

    `instead` names what is otherwise here, and with None what is not here at all.
    """
    given: dict[str, Any] = {
        one.name: (_bounded(one), ... if one.default is MISSING else one.default) for one in fields(values)
    }
    own = {name: one for name, one in (given | instead).items() if one is not None}
    return create_model(f"{values.__name__}Table", __base__=Table, **own)


def _bounded(one: Field[Any]) -> object:
    kinds: Mapping[object, object] = {
        float: Pct if one.name.endswith("_pct") else AtLeast0,
        int: Annotated[int, Within(ge=0)],
    }
    return kinds.get(one.type, one.type)


CarTable = table_like(Car, capacity_wh=None, capacity_kwh=(Above0, 60.0))
"""A car that is plugged in; in a rig its capacity is in kWh."""
PhysicsTable = table_like(Physics)
WattHzTable = table_like(WattHz)
CompressorTable = table_like(Hermetic)


class GridTable(Table):
    """The connection to the utility."""

    nominal_v: Above0
    nominal_hz: Above0
    service_a: Above0


class FormerTable(Table):
    """What forms the island."""

    source: str
    phase_kva: Annotated[list[Kw], Within(min_length=1, max_length=3)]
    curve: Annotated[list[OverloadPoint], Within(min_length=1)] | None = None


class BatteryTable(Table):
    """A battery of the building."""

    capacity_kwh: Above0
    charge_max_kw: Kilowatts
    discharge_max_kw: Kilowatts


class PvTable(Table):
    """A PV plant."""

    rated_kw: Kw
    phases: Phases
    direct: bool = False
    watt_hz: WattHzTable | None = None  # type: ignore[valid-type]


class BayTable(Table):
    """A charger and its parking place."""

    phases: Phases
    charge_max_kw: Kilowatts
    charge_min_kw: Kilowatts = 1.38
    discharge_max_kw: Kilowatts = 0.0
    maker_floor_pct: Pct = 20.0
    layer_0: bool = False


class CircuitTable(Table):
    """A circuit, and what it draws when it is busy."""

    phases: Phases
    kw: Kilowatts
    inrush_kw: Kilowatts = 0.0
    thermostatic: bool = False
    layer_0: bool = False
    compressor: CompressorTable | None = None  # type: ignore[valid-type]


class GeneratorTable(Table):
    """A generator."""

    rated_kw: Kw
    separated: bool = False


class StartTable(Table):
    """Where the building stands when a simulation begins."""

    hour: Annotated[float, Within(ge=0, lt=24)]
    day_of_year: Annotated[int, Within(ge=1, le=366)] = 290
    seed: int = 1
    battery_soc_pct: Pct = 60.0
    soc_error_pct: float = 0.0
    load_kw: Kilowatts | None = None
    cars: dict[str, CarTable] = Within(default={})  # type: ignore[valid-type]
    misplaced: list[str] = Within(default=[])
    open_circuits: list[str] = Within(default=[])


class DeviceTable(Table):
    """A device on the wires; which of these it needs is its product's affair."""

    emulates: str
    powered_from: Literal["bus", "ups"] = "ups"
    link: str | None = None
    port: Annotated[int, Within(ge=0, le=65535)] = 0
    bus: str | None = None
    baud: Annotated[int, Within(ge=300)] = 9600
    unit_id: Annotated[int, Within(ge=1, le=255)] = 1
    prefix: str | None = None
    connector: Annotated[int, Within(ge=1)] = 1
    failsafe_a: Annotated[int, Within(ge=0)] = 0
    battery: str | None = None
    bay: str | None = None
    pv: str | None = None
    circuit: str | None = None
    measures: str | list[str] | None = None
    coils: dict[Channel, str] = Within(default={})
    inputs: dict[Channel, Input] = Within(default={})


class RigTable(Table):
    """The whole file."""

    title: Line
    phases: Phases
    grid: GridTable
    former: FormerTable
    generator: GeneratorTable | None = None
    batteries: dict[str, BatteryTable] = Within(default={})
    pvs: dict[str, PvTable] = Within(default={})
    bays: dict[str, BayTable] = Within(default={})
    circuits: dict[str, CircuitTable]
    start: StartTable
    physics: PhysicsTable = PhysicsTable()  # type: ignore[valid-type]
    devices: dict[str, DeviceTable] = Within(default={})


def mistakes(raw: Mapping[str, Any]) -> list[Problem]:
    """Everything that is wrong with a rig: each key by itself, and if those are right, what they say of each other."""
    try:
        table = RigTable.model_validate(raw)
    except ValidationError as error:
        return explain(error, raw, RigTable)
    return [*_names(table), *_phases(table, raw["former"]["phase_kva"])]


def unknown_name(where: Path, name: str, known: Iterable[str], what: str) -> Problem:
    """A name that nothing of the building has, with the nearest that something has."""
    names = sorted(known)
    near = nearest(name, names)
    remedy = f"write {shown(near)}" if near else f"use one of: {', '.join(names) or 'there is none'}"
    why = f"is no {what} of this building"
    return Problem(where, f" {why}; {remedy}.") if where[-1] == name else wrong(where, name, why, remedy)


def _names(table: RigTable) -> Iterator[Problem]:
    """What is named and not there."""
    wanted: list[tuple[Path, str, Iterable[str], str]] = [
        (("former", "source"), table.former.source, [*table.batteries, *table.bays], "battery or bay"),
        *((("start", "cars", bay), bay, table.bays, "bay") for bay in table.start.cars),
        *(
            (("start", "open_circuits", place), name, table.circuits, "circuit")
            for place, name in enumerate(table.start.open_circuits)
        ),
    ]
    for name, device in table.devices.items():
        wanted += _wired(("devices", name), device, table)
    for where, name, known, what in wanted:
        if name not in known:
            yield unknown_name(where, name, known, what)


def _wired(where: Path, device: DeviceTable, table: RigTable) -> Iterator[tuple[Path, str, Iterable[str], str]]:
    """What a device is wired to."""
    for key, known, what in (
        ("battery", table.batteries, "battery"),
        ("bay", table.bays, "bay"),
        ("pv", table.pvs, "PV plant"),
        ("circuit", table.circuits, "circuit"),
    ):
        if (name := getattr(device, key)) is not None:
            yield (*where, key), name, known, what
    for channel, wire in device.coils.items():
        yield (*where, "coils", channel), wire, [*table.circuits, *ASKED_BY_COIL], "circuit"
    if isinstance(device.measures, str):
        yield (*where, "measures"), device.measures, SIDES, "side of the switch to the grid"
    for place, name in enumerate(device.measures or ()):
        if isinstance(device.measures, list):
            yield (*where, "measures", place), name, [*table.circuits, *table.bays], "circuit or bay"


def _phases(table: RigTable, phase_kva: object) -> Iterator[Problem]:
    """What hangs on a phase that the building does not have."""
    there = set(table.phases)
    remedy = f"use {', '.join(table.phases)}, or correct phases"
    for kind, things in (("circuits", table.circuits), ("bays", table.bays), ("pvs", table.pvs)):
        for name, one in things.items():
            if not set(one.phases) <= there:
                yield wrong((kind, name, "phases"), one.phases, "is not on the building's phases", remedy)
    if len(table.former.phase_kva) != len(table.phases):
        why, remedy = "is not one value for each phase", f"give {len(table.phases)}, for {', '.join(table.phases)}"
        yield wrong(("former", "phase_kva"), phase_kva, why, remedy)
