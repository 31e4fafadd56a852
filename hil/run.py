"""`hems hil`: plays scenarios and says which expectations held, for people, for CI and for a file."""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

from hems.commands.numbers import whole
from hems.config.source import read
from hems.control.params import Params, differences, shortened
from hems.model.errors import ConfigError, HemsError
from hems.report import timeline_line
from hems.sim.checks.case import Verdict
from hems.sim.rig import laid_over
from hems.sim.rig_tables import WHAT, mistakes
from hems.sim.scenario import Scenario, in_short
from hems.wording import names_of
from hil import complaints, record_command
from hil.fuzz import command as fuzz
from hil.page import page
from hil.places import place
from hil.pool import play_all
from hil.stage import WAYS, Played, scenarios

NAMES = {"fast": "fast-forward", "virtual": "sockets, virtual time", "real": "sockets, real time"}


@dataclass(frozen=True, slots=True)
class Command:
    """A subcommand of `hems`."""

    help: str = "play scenarios against an emulated building and judge what hems did"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """The options of `hems hil`."""
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        listed = verbs.add_parser("list", help="which scenarios there are and what they prove")
        run = verbs.add_parser("run", help="play them")
        fuzz.add_arguments(verbs.add_parser("fuzz", help=fuzz.HELP))
        listed.add_argument("--complaints", action="store_true", help="what people complain of, and what shows better")
        record_command.add_arguments(verbs.add_parser("record", help=record_command.HELP))
        for one in (listed, run):
            one.add_argument("wanted", nargs="?", default="all", metavar="ID|TAG|FILE", help="default: all")
        run.add_argument(
            "--way",
            action="append",
            choices=tuple(WAYS),
            help="again for several; default: as each story says",
        )
        run.add_argument("--rig", type=Path, metavar="FILE", help="a real bench: what of the building is real there")
        run.add_argument("--short", action="store_true", help="with shortened waits, where a scenario says how")
        run.add_argument("--jobs", type=whole(1), default=1, metavar="N", help="play so many at the same time")
        run.add_argument("--timeline", action="store_true", help="tell everything that happened")
        run.add_argument("--table", type=Path, metavar="FILE", help="write the results as a Markdown table")
        run.add_argument("--html", type=Path, metavar="FILE", help="write a report with plots, complete in one file")
        run.add_argument("--junit", type=Path, metavar="FILE", help="write the results for a CI server")
        run.add_argument("--json", type=Path, metavar="FILE", help="write the results as JSON")

    def run(self, args: argparse.Namespace) -> int:
        """List, play or draw by lot."""
        if args.verb == "fuzz":
            return fuzz.run(args)
        if args.verb == "record":
            return record_command.run(args)
        found = scenarios(args.wanted)
        if not found:
            known = ", ".join(one.id for one in scenarios())
            raise ConfigError((f"{args.wanted}: no scenario has that id or tag. There are {known}.",))
        if args.verb == "list" and args.complaints:
            print(complaints.page(scenarios()), end="")
            return 0
        if args.verb == "list":
            for one in found:
                print(f"{one.id:6} {one.title}  [{', '.join(one.proves)}]")
            return 0
        found = [in_short(one) for one in found] if args.short else found
        found = [on_rig(one, args.rig, args.way) for one in found] if args.rig else found
        tasks = [(scenario, way) for scenario in found for way in args.way or scenario.ways]
        began_s, came = time.monotonic(), list[Played]()
        for played in play_all(tasks, args.jobs):
            came.append(played)
            self._told(played, args, f"{len(came)}/{len(tasks)}", time.monotonic() - began_s)
        results = [next(one for one in came if (one.scenario, one.way) == task) for task in tasks]
        _write(results, args)
        failed = sum(not result.held for result in results)
        print(f"\n{len(results) - failed} passed, {failed} failed")
        return 1 if failed else 0

    def _told(self, played: Played, args: argparse.Namespace, count: str, so_far_s: float) -> None:
        told = "held  " if played.held else "FAILED"
        way, one = NAMES[played.way], played.scenario
        print(f"{count:>7} {so_far_s / 60.0:5.1f} min  {told} {one.id:6} {way:22} {played.took_s:6.1f} s  {one.title}")
        if args.timeline:
            names = names_of(played.site_file.site)
            for t_s, event in played.record.events:
                print(timeline_line(event, event.at.mono_s - t_s, names))
        for verdict in played.verdicts:
            if args.timeline or not verdict.held:
                print(f"         {'held' if verdict.held else 'NOT HELD'}: {verdict.text} ({verdict.detail})")
        sys.stdout.flush()


COMMAND = Command()


def on_rig(scenario: Scenario, rig: Path, ways: Sequence[str] | None) -> Scenario:
    """The same story with real devices in it.  Raises: ConfigError for a way in which time is not real."""
    if ways != ["real"]:
        raise ConfigError(("A real device lives in real time: add --way real.",))
    source = read(rig, "a file of real devices, as in docs/bench.md")
    built = laid_over(read(place(scenario.place).rig, WHAT).table, laid_over(scenario.rig, source.table))
    if found := mistakes(built):
        raise ConfigError(source.sentences(found))
    return replace(scenario, rig=laid_over(scenario.rig, source.table))


PAGE = """# Scenarios and what came of them

Each row is an expectation of one scenario of `hil/scenarios`, played on the building's equations and with the
unmodified daemon over real sockets, in virtual time and, where its last field says so, in real time as processes that
can be killed. The ids are those of the acceptance list; what else a scenario stands for is in its file. Rows are
written by `hems hil run all --table docs/scenarios.md`, or by the run of one story and put in their place; what they
say is what came of it. An empty field is a way not gone.

"""


def _write(results: Sequence[Played], args: argparse.Namespace) -> None:
    for path, text in ((args.table, table), (args.html, page), (args.junit, junit), (args.json, plain)):
        if path is None:
            continue
        try:
            path.write_text(text(results), encoding="utf-8")
        except OSError as error:
            raise HemsError(f"{path} cannot be written: {error.strerror}. Name another file.") from error


def table(results: Sequence[Played]) -> str:
    """A page of Markdown: a row per scenario and expectation, a column per way it was played."""
    ways = list(dict.fromkeys(result.way for result in results))
    head = ["id", "what happens", "what must hold", *(NAMES[way] for way in ways)]
    rows = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    by_id: dict[str, list[Played]] = {}
    for result in results:
        by_id.setdefault(result.scenario.id, []).append(result)
    for plays in by_id.values():
        first, came_of = plays[0].scenario, {one.way: one.verdicts for one in plays}
        for index, expectation in enumerate(first.expectations):
            told = [_cell(came_of[way][index]) if way in came_of else "" for way in ways]
            cells = [first.id if not index else "", first.title if not index else "", expectation.text, *told]
            rows.append(f"| {' | '.join(cells)} |")
    return PAGE + "\n".join(rows) + "\n" + "".join(_shortened(results))


def _cell(verdict: Verdict) -> str:
    return f"{'held' if verdict.held else '**not held**'}: {verdict.detail}"


def _shortened(results: Sequence[Played]) -> Iterator[str]:
    """Which scenarios were played with shorter waits than a real site has, and which those are."""
    names = list(dict.fromkeys(one.scenario.id for one in results if one.scenario.times == "short"))
    if names:
        yield f"\n## Played with shortened waits: {', '.join(names)}\n\n| wait | here | by default |\n|---|---|---|\n"
        for name, (short, long) in differences(shortened(Params()), Params()).items():
            yield f"| `{name}` | {short:g} | {long:g} |\n"


def junit(results: Sequence[Played]) -> str:
    """As CI servers read it: a suite per way, a case per scenario."""
    root = ElementTree.Element("testsuites")
    for way in dict.fromkeys(result.way for result in results):
        suite = ElementTree.SubElement(root, "testsuite", name=f"hil {way}")
        for result in results:
            if result.way != way:
                continue
            case = ElementTree.SubElement(
                suite, "testcase", classname=f"hil.{way}", name=result.scenario.id, time=f"{result.took_s:.2f}"
            )
            for verdict in result.verdicts:
                if not verdict.held:
                    ElementTree.SubElement(case, "failure", message=verdict.text).text = verdict.detail
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def plain(results: Sequence[Played]) -> str:
    """Everything, for programs."""
    return json.dumps(
        [
            {
                "id": result.scenario.id,
                "title": result.scenario.title,
                "proves": result.scenario.proves,
                "way": result.way,
                "took_s": round(result.took_s, 2),
                "held": result.held,
                "expectations": [
                    {"text": verdict.text, "held": verdict.held, "detail": verdict.detail}
                    for verdict in result.verdicts
                ],
            }
            for result in results
        ],
        indent=1,
    )
