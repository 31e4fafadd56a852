"""`hems simulate`: the whole controller on a simulated building, in fast-forward; numbers, tables and a page."""

import argparse
import gc
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from hems.app import installed_drivers
from hems.config import SiteFile, load
from hems.control.params import Params, shortened
from hems.model.codec import to_plain
from hems.model.errors import ConfigError
from hems.model.site import Site
from hems.model.units import DAY_S, HOUR_S
from hems.report import timeline_line
from hems.report.study import Study, page, results, tables
from hems.sim.generated import GeneratedTraces
from hems.sim.judge import judge
from hems.sim.plant import Plant
from hems.sim.play import NOON, play
from hems.sim.rig import load_rig
from hems.sim.run import FastForward, Ticked
from hems.sim.scenario import Scenario, load_scenario, plain_day
from hems.sim.start import StartPoint
from hems.sim.survive import SETTLE_S, Survived, survive
from hems.sim.tables import Tables, read_tables
from hems.sim.tally import Tally
from hems.sim.traces import ShiftedTraces, Traces
from hems.wording import names_of

DAY_H = 24.0
START_HOUR = 18.0
NEAR_S, WATCH_S = 60.0, 10.0
"""Hours of tables are looked at this closely: every second for a minute after an event."""
BAR = 24


@dataclass(frozen=True, slots=True)
class World:
    """What the controller is put in front of."""

    site_file: SiteFile
    params: Params
    real: Site
    """The building as it really is."""
    start: StartPoint
    traces: Traces
    hour: float
    """Time of day when the days begin."""


@dataclass(frozen=True, slots=True)
class Command:
    """`hems simulate`."""

    help: str = "run a site on a simulated building, fast-forward; writes numbers, tables and a page with plots"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        parser.add_argument("site", type=Path, metavar="SITE", help="the site file")
        parser.add_argument(
            "--rig", type=Path, metavar="FILE", help="the building as it really is; default: as SITE says"
        )
        parser.add_argument("--scenario", type=Path, metavar="FILE", help="a story; without it a plain day, or tables")
        for name, what in (
            ("loads", "time_s, then W of each circuit"),
            ("pv", "time_s, then W of each PV plant"),
            ("evs", "time_s, bay, does, soc_pct, capacity_kwh"),
            ("grid", "time_s, on: 1 or 0"),
        ):
            parser.add_argument(f"--{name}", type=Path, metavar="CSV", help=f"a table of {what}")
        parser.add_argument("--hours", type=float, help="how long; default: as long as the tables, else 24")
        parser.add_argument("--starts", type=int, default=0, metavar="N", help="power cuts at random times to survive")
        parser.add_argument("--lasts", type=float, default=72.0, metavar="H", help="how long each lasts (default 72 h)")
        parser.add_argument("--seed", type=int, help="of invented days and random times")
        parser.add_argument("--out", type=Path, default=Path("simulation"), metavar="DIR", help="default: ./simulation")
        parser.add_argument("--short", action="store_true", help="with the shortened times of the demonstration")
        parser.add_argument("--json", action="store_true", help="print every event as JSON and write no files")

    def run(self, args: argparse.Namespace) -> int:
        """Simulate, write and print; 1 when a story did not go as expected."""
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)  # a simulation leaves no cycles behind
        study, told = _study(args)
        if args.json:
            print(json.dumps(told, indent=2))
        else:
            _print(study)
            _write(study, args.out)
        return 0 if all(held for _, held, _ in study.verdicts) else 1


COMMAND = Command()


def _study(args: argparse.Namespace) -> tuple[Study, list[dict[str, object]]]:
    by_tables = any(getattr(args, name) for name in ("loads", "pv", "evs", "grid"))
    if by_tables and args.scenario:
        raise ConfigError(("Give either a scenario or tables: --scenario has its own events.",))
    if not 0 <= args.starts <= 1000 or not 0.0 < args.lasts <= 1000.0 or (args.hours is not None and args.hours <= 0.0):
        raise ConfigError(("Give --hours above 0, --starts from 0 to 1000 and --lasts from above 0 to 1000 hours.",))
    site_file = load(args.site, installed_drivers())
    scenario = load_scenario(args.scenario) if args.scenario else plain_day(args.hours or DAY_H)
    world = _world(args, site_file, scenario)
    tally = Tally(site_file.site)
    if by_tables:
        hours, verdicts = _by_tables(args, world, tally), []
    else:
        hours, verdicts = scenario.ends_s / HOUR_S, _by_story(world, scenario, tally)
    tally.close(hours * HOUR_S)
    survived = list(_survived(args, world)) if args.starts else []
    study = Study(
        title=site_file.site.name if by_tables else scenario.title,
        site=site_file.site,
        tally=tally,
        hours=hours,
        survived=survived,
        survived_upto_h=args.lasts,
        verdicts=verdicts,
        given=_given(args),
    )
    return study, [{"t_s": round(t_s, 3), "event": to_plain(event)} for t_s, event in tally.events]


def _given(args: argparse.Namespace) -> dict[str, str]:
    names = ("site", "rig", "scenario", "loads", "pv", "evs", "grid")
    given = {name: str(path) for name in names if (path := getattr(args, name)) is not None}
    return {**given, "seed": "its own" if args.seed is None else str(args.seed)}


def _world(args: argparse.Namespace, site_file: SiteFile, scenario: Scenario) -> World:
    params = shortened(site_file.params) if args.short else site_file.params
    if args.rig is None:
        site = site_file.site
        days = GeneratedTraces(site, args.seed or 1, START_HOUR)
        return World(site_file, params, site, StartPoint(seed=args.seed or 1), days, START_HOUR)
    rig = load_rig(args.rig, scenario.rig)
    return World(site_file, params, rig.site, rig.start, rig.traces(seed=args.seed), rig.hour)


def _by_story(world: World, scenario: Scenario, tally: Tally) -> list[tuple[str, bool, str]]:
    site, progress = world.site_file.site, Progress("simulating")

    def look(t_s: float, ticked: Ticked, plant: Plant) -> None:
        tally.look(t_s, ticked, plant)
        progress.show(t_s / scenario.ends_s)

    plant = Plant(world.real, world.traces, start=world.start)
    record = play(site, world.params, plant, scenario, world.site_file.wiring, look)
    progress.end()
    return [(one.text, one.held, one.detail) for one in judge(scenario, site, world.params, record)]


def _by_tables(args: argparse.Namespace, world: World, tally: Tally) -> float:
    """Runs through the tables, after a quarter of an hour on their first row; returns the hours."""
    site, paths = world.site_file.site, {name: getattr(args, name) for name in ("loads", "pv", "evs", "grid")}
    found: Tables = read_tables(site, ShiftedTraces(world.traces, -SETTLE_S), SETTLE_S, **paths)
    ends_s = args.hours * HOUR_S if args.hours else found.ends_s or DAY_H * HOUR_S
    plant = Plant(world.real, found, start=world.start)
    forward = FastForward(site, world.params, plant, wall_clock=NOON, near_s=NEAR_S, watch_s=WATCH_S)
    progress = Progress("simulating")
    for ticked in forward.run(SETTLE_S + ends_s, found.acts()):
        if ticked.t_s >= SETTLE_S:
            tally.look(ticked.t_s - SETTLE_S, ticked, plant)
            progress.show((ticked.t_s - SETTLE_S) / ends_s)
    progress.end()
    return float(ends_s) / HOUR_S


def _survived(args: argparse.Namespace, world: World) -> Iterator[Survived]:
    """Power cuts at random times of a week of such days."""
    rng = Random(args.seed or 1)
    starts_s = [rng.uniform(0.0, 7.0 * DAY_S) for _ in range(args.starts)]
    midnight = NOON.replace(hour=0) + timedelta(hours=world.hour)

    def plant_at(begins_s: float) -> Plant:
        return Plant(world.real, ShiftedTraces(world.traces, begins_s), start=world.start)

    progress = Progress("surviving")
    runs = survive(
        world.site_file.site,
        world.params,
        plant_at,
        starts_s,
        hours=args.lasts,
        clock_at=lambda begins_s: midnight + timedelta(seconds=begins_s),
    )
    for done, one in enumerate(runs, start=1):
        progress.show(done / args.starts)
        yield one
    progress.end()


class Progress:
    """A bar on the terminal, and nothing where there is none."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._shown = -1
        self._on = sys.stderr.isatty()

    def show(self, share: float) -> None:
        """How much is done, 0 to 1."""
        percent = int(100.0 * min(1.0, max(0.0, share)))
        if self._on and percent != self._shown:
            self._shown = percent
            bar = "#" * (percent * BAR // 100)
            print(f"\r{self._what} [{bar:.<{BAR}}] {percent:3} %", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Wipe it away."""
        if self._on:
            print(f"\r{'':{BAR + 30}}\r", end="", file=sys.stderr, flush=True)


def _print(study: Study) -> None:
    names, found = names_of(study.site), results(study)
    print(study.title)
    for t_s, event in study.tally.events:
        print(timeline_line(event, event.at.mono_s - t_s, names))
    for text, held, detail in study.verdicts:
        print(f"{'held' if held else 'FAILED':6} {text} ({detail})")
    for tier, one in found["tiers"].items():
        print(f"{tier}: {one['served_kwh']:.1f} kWh served, {one['unserved_kwh']:.1f} kWh not")
    print(
        f"Without power: {found['minutes_off_per_circuit']:.0f} min and {found['interruptions_per_circuit']:.2f} times"
    )


def _write(study: Study, where: Path) -> None:
    """Raises: ConfigError when it cannot be written there."""
    files = {"results.json": json.dumps(results(study), indent=2) + "\n", **tables(study), "report.html": page(study)}
    try:
        where.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (where / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            (f"{where}: cannot be written ({error.strerror}). Name another directory with --out.",)
        ) from error
    print(f"Written to {where}: {', '.join(files)}")
