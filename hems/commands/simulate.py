"""`hems simulate`: the whole controller on a simulated building, in fast-forward; numbers, tables and a page."""

import argparse
import gc
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path
from random import Random

from hems.app import installed_drivers
from hems.commands.numbers import number
from hems.config.load import load
from hems.config.site_file import SiteFile
from hems.control.params import Params, shortened
from hems.model.codec import to_plain
from hems.model.errors import ConfigError
from hems.model.prices import Prices
from hems.model.site import Site
from hems.model.units import DAY_S, HOUR_S, W_PER_KW
from hems.report import timeline_line
from hems.report.sheet import Sheet, as_text
from hems.report.study import Study, page, results, tables
from hems.report.worth import Worth
from hems.report.worth_sections import sections
from hems.sim.baseline import Compared
from hems.sim.bill import Bill, Metered, price_of
from hems.sim.exchange import KINDS, market_of, told_by
from hems.sim.generated import GeneratedTraces
from hems.sim.judge import judge
from hems.sim.lot import cuts
from hems.sim.names import Built
from hems.sim.plant import Plant
from hems.sim.play import NOON, SETTLED_WITHIN_S, play
from hems.sim.rig import load_rig
from hems.sim.run import Act, FastForward, Ticked
from hems.sim.scenario import WORLD, Scenario, WorldAct, act_on
from hems.sim.scenario_file import load_scenario
from hems.sim.start import StartPoint
from hems.sim.survive import SETTLE_S, Survived, survive
from hems.sim.tables import Tables, prices, read_tables
from hems.sim.tally import Tally
from hems.sim.traces import ShiftedTraces, SlotTraces, Traces
from hems.wording import names_of

DAY_H, TOLD_H = 24.0, 48.0
"""A day; and the longest time of which each event is printed."""
START_HOUR = 18.0
TABLES = ("loads", "pv", "evs", "grid", "prices")
DAY_OF_YEAR = 290
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Pace:
    """How closely time is looked at."""

    near_s: float
    """So long after an event every second is."""
    watch_s: float
    """On an island so often."""
    far_s: float
    """Where nothing happens, so often."""


CLOSE, WIDE = Pace(60.0, 10.0, 300.0), Pace(3.0, 60.0, 900.0)
"""Hours, and days: then loads and sun keep still for a quarter of an hour, and so does hems."""
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
    clock: datetime
    """What the wall shows when the days begin."""
    market: Prices | None = None
    """What an exchange tells."""

    def plant(self, traces: Traces | None = None) -> Metered:
        """The building, with a bill."""
        site = self.site_file.site
        bill = Bill(site=site, price=price_of(site, self.market), clock=self.clock)
        return Metered(self.real, traces or self.traces, start=self.start, bill=bill)

    def compared(self, plant: Metered, traces: Traces | None, ends_s: float) -> Compared:
        """With its baseline."""
        return Compared(self.site_file.site, self.params, plant, self.plant(traces), ends_s)


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
            ("prices", "time_s, buy, and perhaps sell and co2_g, for a dynamic tariff"),
        ):
            parser.add_argument(f"--{name}", type=Path, metavar="CSV", help=f"a table of {what}")
        parser.add_argument("--hours", type=float, help="how long; default: as long as the tables, else 24")
        parser.add_argument("--days", type=int, metavar="N", help="so many days from 1 January on")
        parser.add_argument(
            "--begins", type=_date, metavar="MM-DD", help="first day; default: 01-01 with --days, else 10-17"
        )
        drives = "what each invented car uses on an average day"
        parser.add_argument("--drives", type=number(0.0), metavar="KWH", help=drives)
        parser.add_argument("--outages", type=int, default=0, metavar="N", help="power cuts in these days, by lot")
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
    _contradictions(args)
    site_file = load(args.site, installed_drivers())
    scenario = load_scenario(args.scenario, lambda _: _ground(args)) if args.scenario else None
    world = _world(args, site_file, scenario)
    tally = Tally(site_file.site, every_s=60.0 if args.days is None else 900.0)
    if scenario is None:
        hours, compared = _by_days(args, world, tally)
        verdicts: list[tuple[str, bool, str]] = []
    else:
        hours = scenario.ends_s / HOUR_S
        verdicts, compared = _by_story(world, scenario, tally)
    tally.close(hours * HOUR_S)
    compared.close()
    survived = list(_survived(args, world)) if args.starts else []
    study = Study(
        title=scenario.title if scenario else f"{site_file.site.name}: {_span(hours)}",
        site=site_file.site,
        tally=tally,
        hours=hours,
        worth=Worth(
            site_file.site,
            compared.real.bill,
            compared.base.bill,
            dict(compared.state.ledgers) if compared.state is not None else {},
        ),
        survived=survived,
        survived_upto_h=args.lasts,
        verdicts=verdicts,
        given=_given(args),
    )
    return study, [{"t_s": round(t_s, 3), "event": to_plain(event)} for t_s, event in tally.events]


def _ground(args: argparse.Namespace) -> Built | None:
    """Where a story happens, whatever place it was written for; None without a rig, whose names it speaks of."""
    return None if args.rig is None else Built.read(args.rig, args.site)


def _date(text: str) -> datetime:
    """A day of the year of all simulations."""
    try:
        return datetime.strptime(f"{NEW_YEAR.year}-{text}", "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no day; write month and day, such as 06-01") from None


def _contradictions(args: argparse.Namespace) -> None:
    """Raises: ConfigError."""
    by_tables = any(getattr(args, name) for name in TABLES)
    if args.scenario and (by_tables or args.days or args.outages):
        raise ConfigError(("Give a scenario alone: it has its own events, and neither tables nor days beside it.",))
    if args.days is not None and (args.hours or args.rig):
        raise ConfigError(("Give --days without --hours and --rig: days are whole, and as the site file says.",))
    hours = 1.0 if args.hours is None else args.hours
    if not 0 <= args.starts <= 1000 or not 0.0 < args.lasts <= 1000.0 or not 0.0 < hours < inf:
        raise ConfigError(("Give --hours above 0, --starts from 0 to 1000 and --lasts from above 0 to 1000 hours.",))
    if (args.days is not None and not 1 <= args.days <= 3660) or not 0 <= args.outages <= 1000:
        raise ConfigError(("Give --days from 1 to 3660 and --outages from 0 to 1000.",))


def _span(hours: float) -> str:
    return f"{hours:g} hours" if hours < 48.0 else f"{hours / DAY_H:g} days"


def _given(args: argparse.Namespace) -> dict[str, str]:
    names = ("site", "rig", "scenario", *TABLES)
    given = {name: str(path) for name in names if (path := getattr(args, name)) is not None}
    return {**given, "seed": "its own" if args.seed is None else str(args.seed)}


def _world(args: argparse.Namespace, site_file: SiteFile, scenario: Scenario | None) -> World:
    params = shortened(site_file.params) if args.short else site_file.params
    seed = args.seed or 1
    if args.rig is None:
        site = site_file.site
        begins = args.begins or (NEW_YEAR if args.days else midnight(DAY_OF_YEAR))
        begins += timedelta(hours=0.0 if args.days else START_HOUR)
        drives_wh = None if args.drives is None else args.drives * W_PER_KW
        days: Traces = GeneratedTraces(
            site, seed, begins.hour, day_of_year=begins.timetuple().tm_yday, drives_wh=drives_wh
        )
        if args.days is not None:
            days = SlotTraces(days, WIDE.far_s)
        return World(site_file, params, site, StartPoint(seed=seed), days, begins)
    rig = load_rig(args.rig, scenario.rig if scenario else {})
    begins = midnight(rig.day_of_year) + timedelta(hours=rig.hour)
    return World(site_file, params, rig.site, rig.start, rig.traces(seed=args.seed), begins)


def midnight(day_of_year: int) -> datetime:
    """Of the year of all simulations."""
    return NEW_YEAR + timedelta(days=day_of_year - 1)


def _by_story(world: World, scenario: Scenario, tally: Tally) -> tuple[list[tuple[str, bool, str]], Compared]:
    """A story; its clock begins at noon, as everywhere it is played."""
    site, progress = world.site_file.site, Progress("simulating")
    world = replace(world, clock=NOON)
    plant = world.plant()
    compared = world.compared(plant, None, scenario.ends_s + SETTLED_WITHIN_S)

    def look(t_s: float, ticked: Ticked, _: Plant) -> None:
        tally.look(t_s, ticked, plant)
        begin_s = plant.t_s - t_s
        compared.look(ticked, [_of_the_world(act, begin_s) for act in scenario.acts if act.do in WORLD])
        progress.show(t_s / scenario.ends_s)

    record = play(site, world.params, plant, scenario, world.site_file.wiring, look)
    progress.end()
    return [(one.text, one.held, one.detail) for one in judge(scenario, site, world.params, record)], compared


def _of_the_world(act: WorldAct, begin_s: float) -> Act:
    return Act(begin_s + act.t_s, lambda plant: act_on(plant, act), act.do, fails_grid=act.do == "fail_grid")


def _by_days(args: argparse.Namespace, world: World, tally: Tally) -> tuple[float, Compared]:
    """Through tables or days, after a quarter of an hour on their first row; returns the hours."""
    site, paths = world.site_file.site, {name: getattr(args, name) for name in ("loads", "pv", "evs", "grid")}
    market = None if args.prices is None else market_of(prices(args.prices, KINDS), world.clock)
    world = replace(world, clock=world.clock - timedelta(seconds=SETTLE_S), market=market)
    found: Tables = read_tables(site, ShiftedTraces(world.traces, -SETTLE_S), SETTLE_S, **paths)
    ends_s = args.days * DAY_S if args.days else args.hours * HOUR_S if args.hours else found.ends_s or DAY_H * HOUR_S
    plant, pace = world.plant(found), CLOSE if args.days is None else WIDE
    forward = FastForward(
        site, world.params, plant, wall_clock=world.clock, near_s=pace.near_s, watch_s=pace.watch_s, far_s=pace.far_s
    )
    acts = [*found.acts(), *cuts(args.outages, ends_s / HOUR_S, args.seed or 1, SETTLE_S)]
    compared = world.compared(plant, found, SETTLE_S + ends_s)
    progress = Progress("simulating")
    told_h = -1
    for ticked in forward.run(SETTLE_S + ends_s, acts):
        utc = world.clock + timedelta(seconds=ticked.t_s)
        if market is not None and utc.hour != told_h:
            told_h = utc.hour
            forward.requests.append(told_by(market, utc))
        if ticked.t_s >= SETTLE_S:
            tally.look(ticked.t_s - SETTLE_S, ticked, plant)
            compared.look(ticked, acts)
            progress.show((ticked.t_s - SETTLE_S) / ends_s)
    progress.end()
    return float(ends_s) / HOUR_S, compared


def _survived(args: argparse.Namespace, world: World) -> Iterator[Survived]:
    """Power cuts at random times of a week of such days."""
    rng = Random(args.seed or 1)
    starts_s = [rng.uniform(0.0, 7.0 * DAY_S) for _ in range(args.starts)]

    def plant_at(begins_s: float) -> Plant:
        return Plant(world.real, ShiftedTraces(world.traces, begins_s), start=world.start)

    progress = Progress("surviving")
    runs = survive(
        world.site_file.site,
        world.params,
        plant_at,
        starts_s,
        hours=args.lasts,
        clock_at=lambda begins_s: world.clock + timedelta(seconds=begins_s),
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
    for t_s, event in study.tally.events if study.hours <= TOLD_H else ():
        print(timeline_line(event, event.at.mono_s - t_s, names))
    for text, held, detail in study.verdicts:
        print(f"{'held' if held else 'FAILED':6} {text} ({detail})")
    for tier, one in found["tiers"].items():
        print(f"{tier}: {one['served_kwh']:.1f} kWh served, {one['unserved_kwh']:.1f} kWh not")
    for line in as_text(Sheet(title="", under=(), sections=tuple(sections(study.worth))), screen=120).splitlines()[2:]:
        print(line)
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
