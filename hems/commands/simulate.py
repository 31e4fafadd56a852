"""`hems simulate`: the whole controller on a simulated building, in fast-forward; numbers, tables and a page."""

import argparse
import gc
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path

from hems.app import installed_drivers
from hems.commands.numbers import number
from hems.commands.simulating import WIDE, by_days, by_story, survived
from hems.config.load import load
from hems.config.site_file import SiteFile
from hems.control.params import shortened
from hems.model.codec import to_plain
from hems.model.errors import ConfigError
from hems.model.site import Site
from hems.model.units import HOUR_S, W_PER_KW
from hems.report import timeline_line
from hems.report.sheet import Sheet, as_text
from hems.report.study import Study, results
from hems.report.study_page import page
from hems.report.study_tables import tables
from hems.report.worth import Worth
from hems.report.worth_sections import sections
from hems.sim.baseline import Compared
from hems.sim.checks.case import Verdict
from hems.sim.names import Built
from hems.sim.rig import load_rig
from hems.sim.scenario import Scenario
from hems.sim.scenario_file import load_scenario
from hems.sim.tally import Tally
from hems.sim.world import NEW_YEAR, World, midnight, of_rig, of_site
from hems.wording import names_of

DAY_H = 24.0
TOLD_H = 48.0
"""The longest time of which each event is printed."""
START_HOUR = 18.0
TABLES = ("loads", "pv", "evs", "grid", "prices")
DAY_OF_YEAR = 290


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
        study = _study(args)
        if args.json:
            print(json.dumps(_events(study.tally), indent=2))
        else:
            _print(study)
            _write(study, args.out)
        return 0 if all(one.held for one in study.verdicts) else 1


COMMAND = Command()


def _study(args: argparse.Namespace) -> Study:
    _contradictions(args)
    site_file = load(args.site, installed_drivers())
    scenario = load_scenario(args.scenario, lambda _: _ground(args)) if args.scenario else None
    world = _world(args, site_file, scenario)
    tally = Tally(world.site, every_s=60.0 if args.days is None else 900.0)
    verdicts: list[Verdict] = []
    if scenario is None:
        hours, compared = by_days(args, world, tally)
    else:
        hours = scenario.ends_s / HOUR_S
        verdicts, compared = by_story(world, scenario, tally)
    tally.close(hours * HOUR_S)
    compared.close()
    return Study(
        title=scenario.title if scenario else f"{world.site.name}: {_span(hours)}",
        site=world.site,
        tally=tally,
        hours=hours,
        worth=_worth(world.site, compared),
        survived=list(survived(args, world)) if args.starts else [],
        survived_upto_h=args.lasts,
        verdicts=verdicts,
        given=_given(args),
    )


def _worth(site: Site, compared: Compared) -> Worth:
    ledgers = {} if compared.state is None else dict(compared.state.ledgers)
    return Worth(site, compared.real.bill, compared.base.bill, ledgers)


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
    if args.rig is not None:
        return of_rig(site_file, params, load_rig(args.rig, scenario.rig if scenario else {}), seed=args.seed)
    begins = args.begins or (NEW_YEAR if args.days else midnight(DAY_OF_YEAR))
    return of_site(
        site_file,
        params,
        seed=args.seed or 1,
        begins=begins + timedelta(hours=0.0 if args.days else START_HOUR),
        drives_wh=None if args.drives is None else args.drives * W_PER_KW,
        slot_s=None if args.days is None else WIDE.far_s,
    )


def _events(tally: Tally) -> list[dict[str, object]]:
    return [{"t_s": round(t_s, 3), "event": to_plain(event)} for t_s, event in tally.events]


def _print(study: Study) -> None:
    names, found = names_of(study.site), results(study)
    print(study.title)
    for t_s, event in study.tally.events if study.hours <= TOLD_H else ():
        print(timeline_line(event, event.at.mono_s - t_s, names))
    for verdict in study.verdicts:
        print(f"{'held' if verdict.held else 'FAILED':6} {verdict.text} ({verdict.detail})")
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
