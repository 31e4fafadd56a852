"""A year in which nothing is the matter, as one run: the real control, and its records through the real store.

Usage: python -m hil.quiet_year RECORDS COPIES [--place home] [--days 365]

The building is its equations; each night a copy goes to another disk.  Prints a line for each month.  Started anew with
the same COPIES it goes on where the last whole week ended.  RECORDS is best on a file system in memory that counts what
is written, such as an image mounted as a loop: each ten seconds something is forced to the disk.
"""

import argparse
import pickle
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from random import Random
from time import monotonic, process_time
from types import MappingProxyType

from hems.app import installed_drivers
from hems.commands import backup
from hems.config.load import load
from hems.control.state import ControlState
from hems.model.event import EventKind
from hems.model.instant import Instant
from hems.model.picture import Picture
from hems.model.units import DAY_S
from hems.model.upstream import upstream
from hems.runtime.picture.building import paint
from hems.runtime.record import Recorder
from hems.runtime.scene import Scene
from hems.sim.faults import Faults
from hems.sim.rig import load_rig
from hems.sim.run import FastForward, Ticked
from hems.store.last import LastPicture
from hems.store.store import Store
from hems.store.writer import AtOnce
from hil.bench_history import bytes_written
from hil.places import place

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
WHERE = "where.pickle"
WEEK_DAYS = 7
EACH_S, NEAR_S = 10.0, 1.0
"""How often what a tick saw is recorded until the next one: as the history is flushed, and where inputs are kept."""
SHARES = [0.99 + 0.0001 * step for step in range(201)]
"""Of the true power.  No meter says the same twice; without it records would be packed better than in a building."""


@dataclass(kw_only=True)
class Month:
    """What a month has come to."""

    days: int = 0
    alarms: list[str] = field(default_factory=list)
    events: int = 0
    written: int = 0
    copied: int = 0
    """Bytes of the copies of the nights."""
    cpu_s: float = 0.0
    wall_s: float = 0.0


@dataclass(kw_only=True)
class Where:
    """A place in the year from which it can go on."""

    forward: FastForward
    days: int = 0
    months: list[Month] = field(default_factory=list)


class Trembling(Store):
    """The store behind meters that are never quite still."""

    seen: Mapping[str, float | None] = MappingProxyType({})

    def record_samples(self, at: Instant, values: Mapping[str, float | None]) -> None:
        """As the store's, with each power a little off."""
        self.seen, shares = values, iter(Random(at.mono_s).choices(SHARES, k=len(values)))
        super().record_samples(
            at,
            {
                name: one * next(shares) if one is not None and name.endswith("_w") else one
                for name, one in values.items()
            },
        )


class Year:
    """The run; iterate it for each day's end."""

    def __init__(self, name: str, records: Path, copies: Path) -> None:
        chosen = place(name)
        self._file = load(chosen.site, installed_drivers())
        self._records, self._copies = records, copies
        self.where = self._gone_on() or self._begun(chosen.rig)
        self._store = Trembling(records, boot_id="a year", writer=AtOnce())
        self._recorder = Recorder(self._store, self._file.params)
        self._state: ControlState = self.where.forward.state
        self._shown: tuple[Ticked, Picture] | None = None

    def run(self, days: int) -> Iterator[Month]:
        """The month that each day belongs to, after it."""
        self._store.start(self._at(self.where.forward.plant.t_s))
        with tempfile.TemporaryDirectory(dir="/dev/shm") as memory:
            last = LastPicture(Path(memory), self._records, self._store.beside)
            while self.where.days < days:
                yield self._day(last)
        self._store.stop()

    def sizes(self) -> dict[str, int]:
        """Bytes of each file of the records."""
        return {one.name: one.stat().st_size for one in sorted(self._records.iterdir()) if one.suffix == ".db"}

    def _day(self, last: LastPicture) -> Month:
        where, month = self.where, self._month()
        cpu_s, wall_s, written = process_time(), monotonic(), bytes_written()
        for ticked in where.forward.run((where.days + 1) * DAY_S):
            self._until(ticked.t_s)
            last.keep(self._kept(ticked))
            month.events += len(ticked.step.events)
            raised = (one for one in ticked.step.events if one.kind is EventKind.ALARM_RAISED)
            month.alarms += [f"{self._at(one.at.mono_s).utc} {one.subject}" for one in raised]
        self._store.keep_copy(self._at(where.forward.plant.t_s))
        month.written += bytes_written() - written
        where.days, month.days = where.days + 1, month.days + 1
        before_copy = bytes_written()
        self._copy()
        month.copied += bytes_written() - before_copy
        month.cpu_s, month.wall_s = month.cpu_s + process_time() - cpu_s, month.wall_s + monotonic() - wall_s
        if where.days % WEEK_DAYS == 0:
            self._mark()
        return month

    def _kept(self, ticked: Ticked) -> Picture:
        """What the daemon keeps of a tick, in its order."""
        now, step = self._at(ticked.t_s), ticked.step
        self._store.journal.note(step.commands, now)
        self._recorder.save(now, step.state)
        picture = self._picture(now, ticked)
        self._recorder.record(now, self._state, ticked.snapshot, step, picture)
        self._state, self._shown = step.state, (replace(ticked, step=replace(step, events=())), picture)
        return picture

    def _picture(self, now: Instant, ticked: Ticked) -> Picture:
        """Of this tick; of the last few seconds where nothing has happened."""
        if self._shown and not ticked.step.events and now.mono_s - self._shown[1].mono_s < EACH_S:
            return self._shown[1]
        return paint(
            Scene(
                site=self._file.site,
                params=self._file.params,
                snapshot=ticked.snapshot,
                step=ticked.step,
                now=now,
                armed=True,
                shortened=False,
            )
        )

    def _until(self, t_s: float) -> None:
        """Seconds in which nothing was decided are recorded as well, in full where inputs are kept."""
        if self._shown is None:
            return
        ticked, picture = self._shown
        at_s = ticked.t_s + NEAR_S
        while at_s < t_s and self._store.ring.keeps(at_s):
            self._recorder.record(self._at(at_s), self._state, ticked.snapshot, ticked.step, picture)
            at_s += NEAR_S
        while at_s < t_s:
            self._store.record_samples(self._at(at_s), self._store.seen)
            at_s += EACH_S

    def _at(self, t_s: float) -> Instant:
        began = self.where.forward.wall_clock
        return Instant(t_s, began + timedelta(seconds=t_s) if began is not None else None)

    def _month(self) -> Month:
        date = self._at(self.where.days * DAY_S).utc or JANUARY
        while len(self.where.months) < 12 * (date.year - JANUARY.year) + date.month:
            self.where.months.append(Month())
        return self.where.months[-1]

    def _copy(self) -> None:
        parser = argparse.ArgumentParser()
        backup.COMMAND.add_arguments(parser)
        told = [str(self._copies), "--state-dir", str(self._records), "--site", str(self._file.path)]
        with redirect_stdout(StringIO()):
            backup.COMMAND.run(parser.parse_args(told))

    def _mark(self) -> None:
        """Write beside the newest copy where it was made; it counts once it is whole."""
        newest = max(self._copies.glob(f"{backup.PREFIX}*"))
        (newest / ".making").write_bytes(pickle.dumps(self.where))
        (newest / ".making").rename(newest / WHERE)

    def _gone_on(self) -> Where | None:
        """The newest mark, with the records as they were then; None at the beginning."""
        found = max(self._copies.glob(f"{backup.PREFIX}*/{WHERE}"), default=None)
        if found is None:
            return None
        for name in ("state.db", "history.db"):
            for rest in self._records.glob(f"{name}*"):
                rest.unlink()
            shutil.copy(found.with_name(name), self._records / name)
        (self._records / "history.now").unlink(missing_ok=True)
        where = pickle.loads(found.read_bytes())
        return where if isinstance(where, Where) else None

    def _begun(self, rig_file: Path) -> Where:
        rig = replace(load_rig(rig_file), day_of_year=1)
        site, params, wiring = self._file.site, self._file.params, self._file.wiring
        faults = Faults(wiring, upstream(site, wiring))
        began = JANUARY + timedelta(hours=rig.hour)
        return Where(
            forward=FastForward(site, params, rig.plant(), faults=faults, wall_clock=began),
        )


def line(number: int, month: Month, sizes: Mapping[str, int]) -> str:
    """A month in a line."""
    per_day = f"{month.written / month.days / 1e6:5.1f} MB written a day, {month.copied / month.days / 1e6:5.1f} copied"
    files = ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in sizes.items())
    cost = f"{month.cpu_s / month.days:.1f} s of a processor a day, {month.wall_s:.0f} s"
    return (
        f"month {number:2}: {month.days} days, {len(month.alarms)} alarms, {month.events} events; {files}; {per_day}; "
        f"{rss_mb():.1f} MB of memory; {cost}"
    )


def rss_mb() -> float:
    """Memory of this process, simulator included."""
    told = (one.split() for one in Path("/proc/self/status").read_text(encoding="ascii").splitlines())
    return next(int(one[1]) / 1e3 for one in told if one[0] == "VmRSS:")


def main() -> int:
    """As above."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("records", type=Path, metavar="RECORDS")
    parser.add_argument("copies", type=Path, metavar="COPIES")
    parser.add_argument("--place", default="home")
    parser.add_argument("--days", type=int, default=365)
    args = parser.parse_args()
    year = Year(args.place, args.records, args.copies)
    print(f"{args.place}, from day {year.where.days} on", flush=True)
    for month in year.run(args.days):
        if year.where.days % WEEK_DAYS == 0:
            print(f"  day {year.where.days}: {line(len(year.where.months), month, year.sizes())}", flush=True)
    for number, month in enumerate(year.where.months, start=1):
        print(line(number, month, year.sizes()))
        for alarm in month.alarms:
            print(f"  {alarm}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
