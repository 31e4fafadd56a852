"""`hems report`: what became of a power cut, or of a month, as text or as one HTML file with plots."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from hems.commands.asking import print_json
from hems.commands.paper import hand_out, write
from hems.model.errors import HemsError
from hems.model.event import Event
from hems.report.past import Cut
from hems.wording.language import N_, say

if TYPE_CHECKING:
    from hems.model.site import Site
    from hems.report.drills import Drill
    from hems.report.past import Curves

NO_CLOCK = N_(
    "There was a power cut while nobody knew the time of day, and reports go by it: what happened then stands in "
    "hems log. Give the gateway a clock (installer's manual, section 2)."
)
WHAT = ("outages", "outage", "month", "cars", "drills", "drill")


@dataclass(frozen=True, slots=True)
class Command:
    """`hems report`."""

    help: str = "after a power cut or for a month: what happened and what to do better; what each car took and gave"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        parser.add_argument("what", choices=WHAT, help="outages, drills: list them")
        parser.add_argument(
            "which", nargs="?", default="", help="the number of it, or the month, as 2026-11; default: the last"
        )
        parser.add_argument("--site", type=Path, default=Path("/etc/hems/site.toml"), metavar="FILE")
        parser.add_argument("--state-dir", type=Path, metavar="DIR", help="where the records are; default: the site's")
        parser.add_argument("--html", type=Path, metavar="FILE", help="write one HTML file that needs nothing else")
        parser.add_argument("--csv", type=Path, metavar="FILE", help="with cars: write the statement as CSV")
        parser.add_argument("--json", action="store_true", help="with outages: as data")

    def run(self, args: argparse.Namespace) -> int:
        """Print it, or write it to a file."""
        from hems.app import installed_drivers
        from hems.config.load import load
        from hems.report import past
        from hems.report.after import after_outage
        from hems.report.drills import drills
        from hems.report.monthly import monthly
        from hems.runtime.jobs import zone_named
        from hems.wording.language import use

        file = load(args.site, installed_drivers())
        use(file.site.language)
        directory, zone = args.state_dir or file.settings.state_dir, zone_named(file.settings.timezone)
        if args.what == "cars":
            return _cars(file.site, directory, args)
        events = past.on_the_wall(directory)
        cuts = past.outages(events)
        if past.without_a_clock(directory):
            print(say(NO_CLOCK), file=sys.stderr)
        if args.what == "outages":
            return _listed(cuts, zone, as_json=args.json)
        curves = past.curves_of(directory)
        if args.what in ("drills", "drill"):
            return _drills(file.site, drills(events, cuts), curves, zone, args)
        if args.what == "outage":
            sheet = after_outage(file.site, past.chosen(cuts, _number(args.which)), curves, zone)
        else:
            if not (which := args.which or _last_month(events, zone)):
                print(say("Nothing has been recorded yet."))
                return 0
            begins = _month(which, zone)
            ends = past.next_month(begins)
            inside = [cut for cut in cuts if cut.start.utc is not None and begins <= cut.start.utc < ends]
            sheet = monthly(file.site, begins, past.month(events, begins), inside, curves)
        return hand_out(sheet, args.html)


def _drills(
    site: "Site", done: Sequence["Drill"], curves: "Curves", zone: tzinfo | None, args: argparse.Namespace
) -> int:
    """The list of drills, or the report of one.  Raises: HemsError."""
    from hems.report.drills import dated, drill_sheet

    if not done:
        print(say("No drill has been recorded. `hems drill rehearse` is one."))
        return 0
    if args.what == "drill":
        number = _number(args.which)
        if not 0 <= number <= len(done):
            none = N_("There is no drill {number}; {count} were recorded: `hems report drills` lists them.")
            raise HemsError(say(none, number=number, count=len(done)))
        return hand_out(drill_sheet(site, done[number - 1], curves, zone), args.html)
    if args.json:
        print_json(
            [{"number": one.number, "at": dated(one.at, zone), "who": one.who, "result": one.result} for one in done]
        )
        return 0
    for one in done:
        print(f"{one.number}: {dated(one.at, zone)}, {one.who}: {one.result}.")
    return 0


def _cars(site: "Site", directory: Path, args: argparse.Namespace) -> int:
    """The statement of a month; the last one in which a car did anything when none is named."""
    from hems.control.state import ControlState
    from hems.model.codec import from_plain
    from hems.report.cars import as_csv, known_months, statement
    from hems.store.reader import saved_state

    blob = saved_state(directory)
    ledgers = from_plain(ControlState, json.loads(blob)).ledgers if blob else {}
    months = known_months(ledgers)
    if args.which:
        _month(args.which, None)
    elif not months:
        print(say("No car has taken or given anything yet."))
        return 0
    month = args.which or months[-1]
    if args.csv is not None:
        write(args.csv, as_csv(site, ledgers, [month]))
        print(say("Written to {path}.", path=args.csv))
        return 0
    return hand_out(statement(site, ledgers, month), args.html)


def _listed(cuts: Sequence[Cut], zone: tzinfo | None, *, as_json: bool) -> int:
    from hems.wording import duration

    rows = []
    for cut in cuts:
        lasted_s = None if cut.end is None else cut.end.since_s(cut.start.mono_s)
        began = "" if cut.start.utc is None else f"{cut.start.utc.astimezone(zone):%Y-%m-%d %H:%M:%S}"
        rows.append({"number": cut.number, "began": began, "lasted_s": lasted_s})
        if not as_json:
            lasts = say("still lasting") if lasted_s is None else say("lasted {time}", time=duration(lasted_s))
            print(say("{number}: began {began}, {lasts}.", number=cut.number, began=began, lasts=lasts))
    if as_json:
        print_json(rows)
    elif not rows:
        print(say("No power cut has been recorded."))
    return 0


def _number(text: str) -> int:
    """Which outage; the newest one without a number.  Raises: HemsError."""
    try:
        return int(text) if text else 0
    except ValueError:
        told = N_("{text} is not the number of a power cut or drill; `hems report outages|drills` lists them.")
        raise HemsError(say(told, text=text)) from None


def _month(text: str, zone: tzinfo | None) -> datetime:
    """The beginning of a month such as 2026-11.  Raises: HemsError."""
    try:
        begins = datetime.strptime(text, "%Y-%m")
        return begins.astimezone() if zone is None else begins.replace(tzinfo=zone)
    except ValueError:
        raise HemsError(say("{text} is not a month; write for example 2026-11.", text=text)) from None


def _last_month(events: Sequence[Event], zone: tzinfo | None) -> str:
    """The last one of which anything is recorded; empty for none."""
    known = [one.at.utc for one in events if one.at.utc is not None]
    return f"{max(known).astimezone(zone):%Y-%m}" if known else ""


COMMAND = Command()
