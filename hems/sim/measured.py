"""Loads and sun as they were measured in real buildings, read from a data directory that is not part of hems.

The directory is named by `HEMS_DATA` and described by its own PROVENANCE.md: appliance-days at one minute, dwellings at
15 minutes, photovoltaics at one hour.  Nothing of it is copied; licences stay with the data.
"""

import gzip
import zipfile
from array import array
from ast import literal_eval
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from hems.model.site import Circuit, Site
from hems.model.units import DAY_S, HOUR_S, CircuitId
from hems.sim.generated import MINUTE_S
from hems.sim.shapes import MINUTES
from hems.sim.traces import CarEvent, Traces

APPLIANCES = "tracebase_1min.npz"
DWELLINGS = "ev2gym_residential_loads_15min_kw.csv.gz"
SUN = "ev2gym_pv_netherlands_hourly.csv.gz"
DAYS_TOGETHER = 8
"""Appliance-days or dwellings laid over one another to make one circuit of a building."""
TOP = MINUTES // 10
"""A circuit's typical power is what its busiest tenth of the day averages."""

CLASSES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("laundry", ("Washingmachine", "LaundryDryer")),
    ("kitchen", ("Cookingstove", "MicrowaveOven", "WaterKettle", "Dishwasher", "Toaster")),
    ("freez", ("Freezer", "Refrigerator")),
    ("fridge", ("Refrigerator",)),
    ("network", ("Router", "EthernetSwitch")),
    ("router", ("Router",)),
    ("lighting", ("Lamp",)),
    ("gym", ("TV-LCD", "Amplifier", "Subwoofer")),
)
"""Appliance classes by a part of the circuit's name; every other circuit is made of dwellings."""


class MeasuredTraces:
    """Measured days, laid together and scaled to each circuit's typical power; cars still come from `others`."""

    def __init__(
        self, directory: Path, site: Site, start_hour: float, *, others: Traces, day_of_year: int = 290, seed: int = 1
    ) -> None:
        self._start_s = start_hour * HOUR_S
        self._day_of_year = day_of_year
        self._seed = seed
        self._others = others
        self._circuits = {circuit.id: circuit for circuit in site.circuits}
        self._appliances = read_appliances(directory / APPLIANCES)
        self._dwellings = _lines(directory / DWELLINGS)
        self._sun = [float(line.split(",")[2]) for line in _lines(directory / SUN)[1:]]
        self._days: dict[tuple[CircuitId, int], list[float]] = {}

    def load_w(self, circuit: CircuitId, t_s: float) -> float:
        """Constant within each minute."""
        day, second = divmod(self._start_s + t_s, DAY_S)
        key = (circuit, int(day))
        minutes = self._days.get(key)
        if minutes is None:
            minutes = self._days[key] = self._day(self._circuits[circuit], int(day))
        return minutes[int(second / MINUTE_S)]

    def sun_pu(self, t_s: float) -> float:
        """Between the hours, in a straight line."""
        hours = (self._start_s + t_s) / HOUR_S + (self._day_of_year - 1) * 24.0
        whole, part = divmod(hours % len(self._sun), 1.0)
        low, high = self._sun[int(whole)], self._sun[(int(whole) + 1) % len(self._sun)]
        return low + (high - low) * part

    def next_car(self, after_s: float) -> CarEvent | None:
        """The data have no cars of this building."""
        return self._others.next_car(after_s)

    def _day(self, circuit: Circuit, day: int) -> list[float]:
        rng = Random(f"{self._seed}/{circuit.id}/{day}")
        parts = self._appliance_days(circuit, rng) or self._dwelling_days(rng, day)
        together = [float(sum(values)) for values in zip(*parts, strict=True)]
        busiest_w = sum(sorted(together)[-TOP:]) / TOP
        return [value * circuit.typical_w / busiest_w for value in together] if busiest_w > 0.0 else together

    def _appliance_days(self, circuit: Circuit, rng: Random) -> list[Sequence[float]]:
        classes = next((names for part, names in CLASSES if part in circuit.id), ())
        rows = [row for row, name in enumerate(self._appliances.classes) if name in classes]
        chosen = rng.sample(rows, min(DAYS_TOGETHER, len(rows)))
        return [self._appliances.power_w[row * MINUTES : (row + 1) * MINUTES] for row in chosen]

    def _dwelling_days(self, rng: Random, day: int) -> list[Sequence[float]]:
        quarters = MINUTES // 15
        first = (self._day_of_year - 1 + day) % 365 * quarters
        rows = [[float(value) for value in line.split(",")] for line in self._dwellings[first : first + quarters]]
        chosen = rng.sample(range(len(rows[0])), min(DAYS_TOGETHER, len(rows[0])))
        return [[rows[minute // 15][column] for minute in range(MINUTES)] for column in chosen]


class Appliances(NamedTuple):
    """Appliance-days, one after the other, and the class of each."""

    power_w: Sequence[int]
    classes: tuple[str, ...]


def read_appliances(path: Path) -> Appliances:
    """The appliance-days of a NumPy archive, without NumPy: a zip of arrays with a literal header.

    Raises: FileNotFoundError; ValueError when an array is not of the documented type.
    """
    with zipfile.ZipFile(path) as archive:
        kind, _, body = _npy(archive.read("power_w.npy"))
        if kind != "<i2":
            raise ValueError(f"{path.name}: power_w is {kind}, expected <i2")
        power_w = array("h")
        power_w.frombytes(body)
        kind, count, body = _npy(archive.read("appliance.npy"))
        if not kind.startswith("<U"):
            raise ValueError(f"{path.name}: appliance is {kind}, expected text")
    width = 4 * int(kind[2:])
    names = (body[row * width : (row + 1) * width].decode("utf-32-le").rstrip("\0") for row in range(count))
    return Appliances(power_w, tuple(names))


def _npy(data: bytes) -> tuple[str, int, bytes]:
    """Type, length of the first axis and the bytes of one array (NumPy format 1.0)."""
    header_end = 10 + int.from_bytes(data[8:10], "little")
    header = literal_eval(data[10:header_end].decode("latin-1"))
    return str(header["descr"]), int(header["shape"][0]), data[header_end:]


def _lines(path: Path) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return lines.read().splitlines()
