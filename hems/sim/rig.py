"""A building as it is really wired, and where it stands when a simulation begins, from one TOML file.

A site file says what hems believes; a rig says what is so.  They are written apart, so that a phase, a rating or a
relay mistaken in the one shows against the other.  A rig's `[devices]` concern the wire bench only and are kept as
they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hems.config.source import read
from hems.model.errors import ConfigError
from hems.model.site import Battery, Bay, Circuit, Former, Generator, Phase, Pv, Site, Tie, Tier
from hems.model.supply import GridConnection
from hems.model.units import W_PER_KW, CircuitId, PointId, SourceId
from hems.sim.compressor import Hermetic
from hems.sim.generated import GeneratedTraces
from hems.sim.measured import MeasuredTraces
from hems.sim.plant import Plant
from hems.sim.rig_tables import WHAT, mistakes
from hems.sim.start import Car, Physics, StartPoint, WattHz
from hems.sim.traces import Traces, scaled_to

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """One bench building."""

    title: str
    site: Site
    """The building as built.  Tiers, floors and switches are hems' affair and stay at their defaults."""
    start: StartPoint
    hour: float
    """Time of day at t = 0."""
    day_of_year: int
    load_w: float | None
    """What all circuits together want at t = 0; None for whatever the day brings."""
    devices: Table
    """Untouched, for the wire bench."""

    def traces(self, *, seed: int | None = None, data: Path | None = None) -> Traces:
        """Its days: generated, or measured ones from the data directory `data`; scaled to `load_w`."""
        chosen = self.start.seed if seed is None else seed
        traces: Traces = GeneratedTraces(
            self.site, chosen, self.hour, day_of_year=self.day_of_year, home=tuple(self.start.cars)
        )
        if data is not None:
            traces = MeasuredTraces(
                data, self.site, self.hour, others=traces, day_of_year=self.day_of_year, seed=chosen
            )
        if self.load_w is None:
            return traces
        return scaled_to(traces, (circuit.id for circuit in self.site.circuits), self.load_w)

    def plant(self, *, seed: int | None = None, data: Path | None = None) -> Plant:
        """The building at its starting point."""
        return Plant(self.site, self.traces(seed=seed, data=data), start=self.start)


def load_rig(path: Path, overlay: Table = MappingProxyType({})) -> Rig:
    """The rig at `path`, with what a scenario lays over it.

    Raises: ConfigError with every mistake, one sentence each, naming file, line, key, value and remedy.
    """
    source = read(path, WHAT)
    table = laid_over(source.table, overlay)
    if found := mistakes(table):
        raise ConfigError(source.sentences(found))
    return _rig(table)


def laid_over(table: Table, overlay: Table) -> Table:
    """`table` with every value that `overlay` names; tables within are laid over each other."""
    mixed = {
        key: laid_over(table[key], value) if isinstance(value, Mapping) and key in table else value
        for key, value in overlay.items()
    }
    return {**table, **mixed}


def _rig(table: Table) -> Rig:
    start = table["start"]
    load_kw = start.get("load_kw")
    return Rig(
        title=str(table["title"]),
        site=_site(table),
        start=StartPoint(
            seed=int(start.get("seed", 1)),
            battery_soc_pct=float(start.get("battery_soc_pct", 60.0)),
            soc_error_pct=float(start.get("soc_error_pct", 0.0)),
            cars={SourceId(bay): _car(car) for bay, car in start.get("cars", {}).items()},
            hermetics={
                CircuitId(name): Hermetic(**own["compressor"])
                for name, own in table["circuits"].items()
                if "compressor" in own
            },
            watt_hz={
                SourceId(name): WattHz(**own["watt_hz"])
                for name, own in table.get("pvs", {}).items()
                if "watt_hz" in own
            },
            direct_pvs=frozenset(SourceId(pv) for pv, own in table.get("pvs", {}).items() if own.get("direct")),
            misplaced=frozenset(PointId(point) for point in start.get("misplaced", ())),
            open_circuits=frozenset(CircuitId(circuit) for circuit in start.get("open_circuits", ())),
            physics=Physics(**table.get("physics", {})),
        ),
        hour=float(start["hour"]),
        day_of_year=int(start.get("day_of_year", 290)),
        load_w=None if load_kw is None else float(load_kw) * W_PER_KW,
        devices=table.get("devices", {}),
    )


def _site(table: Table) -> Site:
    grid, former = table["grid"], table["former"]
    return Site(
        name=str(table["title"]),
        phases=tuple(Phase(phase) for phase in table["phases"]),
        grid=GridConnection(
            nominal_v=float(grid["nominal_v"]), nominal_hz=float(grid["nominal_hz"]), service_a=float(grid["service_a"])
        ),
        tie=Tie(has_contacts=True, has_flag=True, has_permit=True),
        former=_former(former),
        generator=_generator(table.get("generator")),
        circuits=tuple(_circuit(name, circuit) for name, circuit in table["circuits"].items()),
        batteries=tuple(_battery(name, battery) for name, battery in table.get("batteries", {}).items()),
        pvs=tuple(_pv(name, pv) for name, pv in table.get("pvs", {}).items()),
        bays=tuple(_bay(name, bay) for name, bay in table.get("bays", {}).items()),
    )


def _former(table: Table) -> Former:
    plain = Former(source=SourceId(table["source"]), name="", phase_va=_watts(table["phase_kva"]))
    curve = tuple((float(pu), float(after_s)) for pu, after_s in table.get("curve", plain.curve))
    return Former(source=plain.source, name="", phase_va=plain.phase_va, curve=curve)


def _generator(table: Table | None) -> Generator | None:
    if table is None:
        return None
    return Generator(name="", rated_w=_w(table, "rated_kw"), separated=bool(table.get("separated", False)))


def _circuit(name: str, table: Table) -> Circuit:
    return Circuit(
        id=CircuitId(name),
        name=name,
        tier=Tier.NON_ESSENTIAL,
        phases=_phases(table),
        typical_w=_w(table, "kw"),
        inrush_w=_w(table, "inrush_kw", 0.0),
        thermostatic=bool(table.get("thermostatic")),
        layer_0=bool(table.get("layer_0")),
    )


def _battery(name: str, table: Table) -> Battery:
    return Battery(
        id=SourceId(name),
        name=name,
        capacity_wh=_w(table, "capacity_kwh"),
        charge_max_w=_w(table, "charge_max_kw"),
        discharge_max_w=_w(table, "discharge_max_kw"),
    )


def _pv(name: str, table: Table) -> Pv:
    return Pv(id=SourceId(name), name=name, rated_w=_w(table, "rated_kw"), phases=_phases(table), limitable=True)


def _bay(name: str, table: Table) -> Bay:
    return Bay(
        id=SourceId(name),
        name=name,
        phases=_phases(table),
        charge_max_w=_w(table, "charge_max_kw"),
        charge_min_w=_w(table, "charge_min_kw", 1.38),
        discharge_max_w=_w(table, "discharge_max_kw", 0.0),
        maker_floor_pct=float(table.get("maker_floor_pct", 20.0)),
        layer_0=bool(table.get("layer_0")),
    )


def _car(table: Table) -> Car:
    """In kWh here; every other key is one of `Car`."""
    more = {key: value for key, value in table.items() if key != "capacity_kwh"}
    return Car(capacity_wh=_w(table, "capacity_kwh", 60.0), **more)


def _phases(table: Table) -> tuple[Phase, ...]:
    return tuple(Phase(phase) for phase in table["phases"])


def _w(table: Table, key: str, default_kw: float | None = None) -> float:
    """Kilowatts or kilowatt-hours of the file as watts or watt-hours."""
    value = table[key] if default_kw is None else table.get(key, default_kw)
    return float(value) * W_PER_KW


def _watts(values: list[float]) -> tuple[float, ...]:
    return tuple(float(value) * W_PER_KW for value in values)
