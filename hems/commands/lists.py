"""`hems circuits`, `cars` and `alarms`: the operator's lists in plain lines, one thing after the other."""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from textwrap import wrap

from hems.commands.asking import add_run_dir, add_who, ask, columns, pictured, print_json, secret
from hems.commands.numbers import percent
from hems.commands.times import seconds, seconds_until
from hems.model.errors import HemsError
from hems.model.picture import Picture
from hems.runtime.clock import SystemClock
from hems.wording import duration
from hems.wording.language import N_, say

Lines = Callable[[Picture, str], Iterator[list[str]]]
"""What is told of the things in whose words the second argument occurs: for each its sentences."""


@dataclass(frozen=True, slots=True)
class Command:
    """One list."""

    help: str
    key: str
    """Of the picture, for `--json`."""
    told: Lines
    none: str
    """What is said where there is nothing to list."""
    not_found: str
    """What is said of a word that is in no name."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        parser.add_argument("find", nargs="?", default="", help="only what has this in its name")
        parser.add_argument("--json", action="store_true")
        add_run_dir(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Print it."""
        answer = ask(args.run_dir, "view", "status")
        if args.json:
            print_json(answer[self.key])
            return 0
        told = list(self.told(pictured(answer), args.find))
        for sentences in told:
            print("\n".join(_wrapped(sentences)))
        if not told and args.find:
            raise HemsError(say(self.not_found))
        if not told:
            print(say(self.none))
        return 0


def _wrapped(sentences: list[str]) -> Iterator[str]:
    for number, sentence in enumerate(sentences):
        indent = "  " if number else ""
        yield from wrap(sentence, columns(), initial_indent=indent, subsequent_indent="  ")


def _circuits(picture: Picture, find: str) -> Iterator[list[str]]:
    from hems.tui.text.circuit_list import about, in_a_line, ordered

    for circuit in ordered(picture, find):
        yield [in_a_line(picture, circuit), *about(picture, circuit)]


def _cars(picture: Picture, find: str) -> Iterator[list[str]]:
    from hems.tui.text.car_list import about, found

    for car in found(picture, find):
        yield list(about(picture, car))


def _alarms(picture: Picture, find: str) -> Iterator[list[str]]:
    from hems.tui.text.alarm_list import about, found

    for alarm in found(picture, find):
        yield about(picture, alarm)


@dataclass(frozen=True, slots=True)
class Alarms(Command):
    """The alarms, and saying that one has been seen."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        Command.add_arguments(self, parser)
        parser.add_argument("--seen", metavar="KEY", help="say that you have seen it; KEY is printed with each alarm")
        parser.add_argument("--aside", metavar="KEY", help="set it aside for a while; needs --reason, at most 8h")
        parser.add_argument("--back", metavar="KEY", help="no longer set it aside")
        parser.add_argument("--for", dest="duration", default="1h", metavar="TIME", help="with --aside (default 1h)")
        parser.add_argument("--reason", default="", help="with --aside: for the others, and for the log")
        add_who(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Print them, or mark one."""
        marks = {"seen": args.seen, "aside": args.aside, "unaside": args.back}
        asked = {do: key for do, key in marks.items() if key is not None}
        if not asked:
            return Command.run(self, args)
        if len(asked) > 1 or args.json or args.find:
            raise HemsError(say("--seen, --aside and --back go alone: each marks one alarm and lists none."))
        [(do, key)] = asked.items()
        more = {"duration_s": seconds(args.duration), "reason": args.reason} if do == "aside" else {}
        answer = ask(args.run_dir, "operate", do, key=key, who=args.who, **more)
        if do == "aside":
            aside = N_("Set aside for {time}. If it still stands then, it is news again.")
            print(say(aside, time=duration(answer["duration_s"])))
        else:
            seen = do == "seen"
            print(say("Noted: seen. It leaves when its cause is gone.") if seen else say("It is no longer set aside."))
        return 0


@dataclass(frozen=True, slots=True)
class Cars(Command):
    """The bays, and what a driver has to say about a car."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        Command.add_arguments(self, parser)
        told = parser.add_argument_group(
            "what a driver says",
            "goes with --bay; --leaves, --keeps, --target, --first, --never and --use need the code",
        )
        told.add_argument("--bay", metavar="BAY", help="the bay, as `hems cars --json` calls it")
        told.add_argument("--leaving", action="store_true", help="I am here and leave now: no code, no reason needed")
        told.add_argument("--staying", action="store_true", help="I do not leave after all")
        told.add_argument("--leaves", metavar="WHEN", help="the car leaves at 07:30, or in 2h; `unknown` takes it back")
        told.add_argument("--keeps", type=percent, metavar="PCT", help="what the car keeps for me, in percent")
        told.add_argument("--target", metavar="PCT", help="what it shall have when it leaves: 80, or 120km to go")
        told.add_argument("--first", action="store_true", help="for this visit it charges before others with time")
        told.add_argument("--not-first", action="store_true", help="no longer so")
        told.add_argument("--never", action="store_true", help="the building takes nothing from this car")
        told.add_argument("--use", action="store_true", help="the building may use it again")
        told.add_argument("--code", action="store_true", help="ask me for the code of the bay; without: as an operator")
        add_who(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Print them, or say something about one."""
        said = _said(args)
        if args.bay is None:
            if said:
                raise HemsError(say("Say which car: add --bay BAY; `hems cars --json` has the names."))
            return Command.run(self, args)
        if not said:
            raise HemsError(say("Say what about it: --leaving, --leaves, --target, --first, --keeps, --never, --use."))
        if args.code:
            said["code"] = secret(say("The code of {bay}", bay=args.bay))
        ask(args.run_dir, "operate", "car", bay=args.bay, who=args.who, **said)
        print(say("Noted for {bay}.", bay=args.bay), say(CAR_WORDS["leaving" if args.leaving else "other"]))
        return 0


CAR_WORDS = {
    "leaving": N_("It gives nothing more. On the grid it charges first; in a power cut it does not charge."),
    "other": N_("See `hems cars`."),
}


def _said(args: argparse.Namespace) -> dict[str, object]:
    """What goes with the request; only what was said."""
    said: dict[str, object] = {}
    if args.leaving or args.staying:
        said["leaving"] = bool(args.leaving)
    if args.leaves is not None:
        said["leaves_in_s"] = (
            -1.0 if args.leaves == "unknown" else seconds_until(args.leaves, SystemClock(trusted=True))
        )
    if args.keeps is not None:
        said["keeps_pct"] = args.keeps
    if args.target is not None:
        said |= _target(args.target)
    if args.first or args.not_first:
        said["first"] = bool(args.first)
    if args.never or args.use:
        said["never"] = bool(args.never)
    return said


def _target(typed: str) -> dict[str, float]:
    from hems.tui.when import target_told

    told = target_told(typed)
    if told is None:
        raise HemsError(say("{typed} is neither percent nor kilometres; write for example 80% or 120 km.", typed=typed))
    return told


CIRCUITS = Command(
    "every circuit: on or off, and why",
    "circuits",
    _circuits,
    N_("This building has no circuits that HEMS knows."),
    N_("There is no such circuit; see `hems circuits`."),
)
CARS = Cars(
    "every charger: what its car does, what its driver keeps, and why",
    "cars",
    _cars,
    N_("This building has no chargers that HEMS knows."),
    N_("There is no such bay; see `hems cars`."),
)
ALARMS = Alarms(
    "what is abnormal, what it means and what to do",
    "alarms",
    _alarms,
    N_("No alarms. Nothing needs you."),
    N_("There is no such alarm; see `hems alarms`."),
)
