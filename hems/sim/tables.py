"""Loads, sun, cars and the grid from CSV tables, for buildings whose past is known.

Each table has a heading line and begins with `time_s`, seconds from the beginning, rising.  A row holds until the next.

    loads   time_s, then a column for each circuit, in W
    pv      time_s, then a column for each PV plant, in W
    evs     time_s, bay, does (arrives or leaves), soc_pct, capacity_kwh
    grid    time_s, on (1 or 0)
    prices  time_s, buy, and perhaps sell and co2_g: for a kWh, as an exchange tells them
"""

import csv
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from hems.model.errors import ConfigError
from hems.model.site import Site
from hems.model.units import W_PER_KW, CircuitId, SourceId
from hems.sim.plant import Plant
from hems.sim.run import Act
from hems.sim.start import Car
from hems.sim.traces import CarEvent, Traces

TIME = "time_s"
EVS = (TIME, "bay", "does", "soc_pct", "capacity_kwh")
GRID = (TIME, "on")
APART_S = 1e-3
"""Cars that come at the same time come one after the other."""


@dataclass(frozen=True, slots=True)
class Steps:
    """One column: each value holds until the next time."""

    times_s: Sequence[float]
    values: Sequence[float]

    def at(self, t_s: float) -> float:
        """The value at `t_s`; the first one before that."""
        return self.values[max(0, bisect_right(self.times_s, t_s) - 1)]


@dataclass(frozen=True)
class Tables:
    """What has been read.  Fulfils `Traces`; what no table tells comes from `others`."""

    others: Traces
    begin_s: float
    """The plant's time at which the tables begin."""
    loads: Mapping[CircuitId, Steps] = field(default_factory=dict)
    sun: Steps | None = None
    cars: tuple[CarEvent, ...] | None = None
    grid: Steps | None = None

    def load_w(self, circuit: CircuitId, t_s: float) -> float:
        """W that its users want."""
        if not self.loads:
            return self.others.load_w(circuit, t_s)
        column = self.loads.get(circuit)
        return 0.0 if column is None else column.at(t_s - self.begin_s)

    def sun_pu(self, t_s: float) -> float:
        """Part of their rating that all plants give."""
        return self.others.sun_pu(t_s) if self.sun is None else self.sun.at(t_s - self.begin_s)

    def next_car(self, after_s: float) -> CarEvent | None:
        """The first arrival or departure later than `after_s`."""
        if self.cars is None:
            return self.others.next_car(after_s)
        return next((event for event in self.cars if event.t_s > after_s), None)

    @property
    def ends_s(self) -> float | None:
        """The last time that any table tells of, from their beginning; None without any."""
        last = [column.times_s[-1] for column in (*self.loads.values(), self.sun, self.grid) if column is not None]
        return max(last, default=None)

    def acts(self) -> Iterator[Act]:
        """The grid going and coming."""
        if self.grid is None:
            return
        for t_s, on in zip(self.grid.times_s, self.grid.values, strict=True):
            yield Act(self.begin_s + t_s, Plant.return_grid if on else Plant.fail_grid, "grid", fails_grid=not on)


def read_tables(
    site: Site,
    others: Traces,
    begin_s: float,
    *,
    loads: Path | None = None,
    pv: Path | None = None,
    evs: Path | None = None,
    grid: Path | None = None,
) -> Tables:
    """Whatever tables are given.  Raises: ConfigError naming file, line, value and remedy."""
    return Tables(
        others=others,
        begin_s=begin_s,
        loads={} if loads is None else _loads(loads, site),
        sun=None if pv is None else _sun(pv, site),
        cars=None if evs is None else tuple(_cars(evs, site, begin_s)),
        grid=None if grid is None else _grid(grid),
    )


def prices(path: Path, kinds: Sequence[str]) -> Mapping[str, Steps]:
    """A table of prices, a column for each kind.  Raises: ConfigError."""
    return _columns(path, kinds, "kind of price")


NO_SOURCE = "a circuit draws no less than nothing; give what flows to it, without what a plant gives"
NO_LOAD = "the sun gives no less than nothing; write 0 for the night"


def _loads(path: Path, site: Site) -> dict[CircuitId, Steps]:
    columns = _columns(
        path,
        [one.id for one in site.circuits],
        "circuit",
        NO_SOURCE,
    )
    return {CircuitId(name): column for name, column in columns.items()}


def _sun(path: Path, site: Site) -> Steps:
    columns = _columns(path, [one.id for one in site.pvs], "PV plant", NO_LOAD)
    rated_w = sum(one.rated_w for one in site.pvs if one.id in columns)
    times_s = next(iter(columns.values())).times_s
    total_w = [sum(values) for values in zip(*(column.values for column in columns.values()), strict=True)]
    return Steps(times_s, [watts / rated_w for watts in total_w])


def _grid(path: Path) -> Steps:
    rows = list(_rows(path, lambda names: None if tuple(names) == GRID else f"has {', '.join(names)}; use time_s, on"))
    for line, row in rows:
        if row["on"] not in ("0", "1"):
            raise _wrong(path, line, f"on is {row['on']!r}: write 1 while there is a grid and 0 while there is none")
    return Steps([_number(path, line, TIME, row) for line, row in rows], [float(row["on"]) for _, row in rows])


def _cars(path: Path, site: Site, begin_s: float) -> Iterator[CarEvent]:
    bays = {bay.id: bay for bay in site.bays}
    for line, row in _rows(path, lambda names: None if set(names) == set(EVS) else f"needs {', '.join(EVS)}"):
        bay = bays.get(SourceId(row["bay"]))
        if bay is None:
            raise _wrong(path, line, f"bay is {row['bay']!r}: use one of {', '.join(bays) or 'none'}")
        if row["does"] not in ("arrives", "leaves"):
            raise _wrong(path, line, f"does is {row['does']!r}: write arrives or leaves")
        car = None
        if row["does"] == "arrives":
            soc_pct = _number(path, line, "soc_pct", row)
            if not 0.0 <= soc_pct <= 100.0:
                raise _wrong(path, line, f"soc_pct is {soc_pct:g}: give percent from 0 to 100")
            capacity_wh = _number(path, line, "capacity_kwh", row) * W_PER_KW if row["capacity_kwh"] else 0.0
            car = Car(soc_pct=soc_pct, capacity_wh=capacity_wh or bay.capacity_wh)
        yield CarEvent(begin_s + _number(path, line, TIME, row) + APART_S * line, bay.id, car)


def _columns(path: Path, known: Sequence[str], what: str, never_negative: str = "") -> dict[str, Steps]:
    """Every column but the time, as numbers; why none may be negative, where that is so."""

    def problem(names: Sequence[str]) -> str | None:
        unknown = [name for name in names if name != TIME and name not in known]
        if unknown:
            return f"has a column {unknown[0]!r}, which is no {what} of the site: use {', '.join(known) or 'none'}"
        return None if len(names) > 1 else f"has no column but {TIME}: add one for each {what}"

    rows = list(_rows(path, problem))
    times_s = [_number(path, line, TIME, row) for line, row in rows]
    names = [name for name in rows[0][1] if name != TIME]
    found = {name: Steps(times_s, [_number(path, line, name, row) for line, row in rows]) for name in names}
    for name, steps in found.items():
        below = next((index for index, value in enumerate(steps.values) if value < 0.0), None)
        if never_negative and below is not None:
            raise _wrong(path, rows[below][0], f"{name} is {steps.values[below]:g}: {never_negative}")
    return found


def _rows(path: Path, problem: Callable[[Sequence[str]], str | None]) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row with its line, after a look at the heading; times must rise."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as text:
            table = csv.DictReader(text)
            names = [name.strip() for name in table.fieldnames or ()]
            table.fieldnames = names
            found = f"must begin with {TIME}, has {', '.join(names) or 'nothing'}" if names[:1] != [TIME] else None
            if found := found or problem(names):
                raise ConfigError((f"{path}: the heading {found}.",))
            rows = [(table.line_num, {key: (row[key] or "").strip() for key in names}) for row in table]
    except OSError as error:
        raise ConfigError((f"{path}: cannot be read ({error.strerror}). Name an existing table.",)) from error
    except UnicodeDecodeError as error:
        raise ConfigError((f"{path}: is not text in UTF-8. Save it as CSV in UTF-8.",)) from error
    if not rows:
        raise ConfigError((f"{path}: has no rows below its heading. Add at least one.",))
    before_s = -1.0
    for line, row in rows:
        now_s = _number(path, line, TIME, row)
        if now_s < before_s:
            raise _wrong(path, line, f"{TIME} is {now_s:g}, after {before_s:g}: sort the rows by time")
        before_s = now_s
        yield line, row


def _number(path: Path, line: int, name: str, row: Mapping[str, str]) -> float:
    try:
        value = float(row[name])
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise _wrong(path, line, f"{name} is {row[name]!r}: write a number")
    return value


def _wrong(path: Path, line: int, what: str) -> ConfigError:
    return ConfigError((f"{path}:{line}: {what}.",))
