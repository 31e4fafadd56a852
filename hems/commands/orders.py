"""`hems maintenance`, `island`, `storm`, `evacuate`, `estimate`, `fire`: what a person orders of the whole building."""

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hems.commands.asking import add_run_dir, add_who, agree, ask, print_json, tell
from hems.commands.numbers import percent
from hems.commands.times import seconds, seconds_until
from hems.model.codec import from_plain
from hems.model.consequence import OrderConsequence
from hems.model.errors import HemsError
from hems.model.request import Task
from hems.runtime.clock import SystemClock
from hems.wording import duration
from hems.wording.foretold import lasts, order_effects
from hems.wording.language import N_, say

TWICE = N_("Not yet, this is grave. To go ahead, say it again with --yes, or within a minute with --confirm {word}")
Options = Callable[[argparse.ArgumentParser], None]


@dataclass(frozen=True, slots=True)
class Command:
    """One order that begins and ends."""

    task: Task
    help: str
    begun: str
    ended: str
    options: tuple[Options, ...] = ()
    verbs: tuple[str, ...] = ("begin", "end")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        parser.add_argument("what", choices=self.verbs)
        parser.add_argument("--reason", default="", help="for the others, and for the log")
        parser.add_argument("--json", action="store_true")
        for add in self.options:
            add(parser)
        _weighs(parser)
        add_run_dir(parser)
        add_who(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Ask for it, and say what comes of it."""
        begin = args.what == "begin"
        asked = _asked(args) if begin else {}
        asked |= {"task": self.task, "begin": begin, "who": args.who, "reason": args.reason}
        if begin:
            asked |= _weighed(args, asked)
            if args.consider:
                return 0
        answer = ask(args.run_dir, "operate", "order", **asked)
        if "confirm" in answer and args.yes:
            answer = ask(args.run_dir, "operate", "order", **asked, confirm=answer["confirm"])
        if args.json:
            print_json(answer)
            return 1 if "confirm" in answer else 0
        if "confirm" in answer:
            raise HemsError(say(TWICE, word=answer["confirm"]))
        print(say(self.begun if begin else self.ended), say("See `hems status` and `hems log`."))
        return 0


def _asked(args: argparse.Namespace) -> dict[str, object]:
    """What goes with a beginning; options that the command does not have are left out."""
    given = vars(args)
    values: dict[str, object] = {
        "duration_s": seconds(given["duration"]) if given.get("duration") else None,
        "start_in_s": seconds_until(given["start"], SystemClock(trusted=True)) if given.get("start") else None,
        "target_pct": given.get("target"),
        "subjects": given.get("lock"),
        "confirm": given.get("confirm") or None,
    }
    return {key: value for key, value in values.items() if value is not None}


def _weighs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--consider", action="store_true", help="only tell what it would do")
    parser.add_argument("--yes", action="store_true", help="do it without asking again")


def _weighed(args: argparse.Namespace, order: Mapping[str, object]) -> dict[str, str]:
    """On a terminal: the word of what it would do, once the person has read that and agreed.  Raises: HemsError."""
    asks = sys.stdin.isatty() and not (args.yes or args.consider or order.get("confirm"))
    if not (asks or args.consider):
        return {}
    shown = ask(args.run_dir, "operate", "consider", **order)
    if args.consider and getattr(args, "json", False):
        print_json(shown["consequence"])
    else:
        tell(order_effects(from_plain(OrderConsequence, shown["consequence"]), lasts))
    if asks:
        agree(say("Go ahead? Y does it: "))
    return {"confirm": str(shown["confirm"])}


def _locks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lock", nargs="+", metavar="NAME", help="circuits and bays that nobody may command")


def _times(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--for", dest="duration", default="1h", metavar="TIME", help="such as 30m or 4h (default 1h)")
    parser.add_argument(
        "--in", dest="start", default="", metavar="TIME", help="from when, such as 2h or 16:00; default: now"
    )
    parser.add_argument(
        "--target", type=percent, metavar="PCT", help="stored energy to charge to beforehand, in percent"
    )


def _expected(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--for", dest="duration", default="", metavar="TIME", help="such as 90m or 6h, from now")


def _confirms(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--confirm", default="", metavar="WORD", help="the word of the first answer")


MAINTENANCE = Command(
    Task.MAINTENANCE,
    "people work on the plant: HEMS switches nothing on, until each of them has ended it",
    N_("HEMS now switches nothing on, and does not touch what is locked out."),
    N_("Your work is over. HEMS looks around afresh once nobody else is at work."),
    (_locks,),
)
ISLAND = Command(
    Task.ISLAND,
    "leave the grid on purpose for a while",
    N_("Asked for. HEMS sheds to plan, lets nothing flow through the grid switch, and has it opened."),
    N_("The building goes back to the grid as soon as that has proven itself."),
    (_times,),
)
EVACUATE = Command(
    Task.EVACUATION,
    "people may have to leave: cars keep more and charge first",
    N_("Cars now keep at least what an evacuation needs, and charge first."),
    N_("Cars keep what their drivers ask for again."),
    (_confirms,),
)
STORM = Command(
    Task.STORM,
    "a power cut is likely: charge to a target and keep it",
    N_("Batteries charge and keep it until the time is over."),
    N_("The storm watch is over: batteries go on as before."),
    (_times,),
)
ESTIMATE = Command(
    Task.RETURN,
    "say in what time the grid is expected back, so that energy is made to last until then",
    N_("Noted. Until then energy is made to last that long; HEMS does not take the grid to be back because of it."),
    N_("Forgotten. HEMS goes by how long power cuts usually last."),
    (_expected,),
)
FIRE = Command(
    Task.FIRE,
    "say that a fire alarm is over",
    "",
    N_("Said. HEMS goes on as before, unless the contact still says alarm."),
    verbs=("over",),
)
HOLD = Command(
    Task.HOLD,
    "in a power cut: switch nothing off to save energy for 15 minutes",
    N_("HEMS switches nothing off to save energy for 15 minutes; it still protects the building."),
    N_("HEMS saves energy again as the battery empties."),
)


def _grid_times(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--for", dest="duration", default="1h", metavar="TIME", help="such as 30m or 4h (default 1h)")


@dataclass(frozen=True, slots=True)
class GridWord:
    """`hems grid`: what a person says of the utility, where HEMS cannot see it."""

    help: str = "say that the grid is lost or there, where HEMS cannot see it; it always ends by itself"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        text = "lost: nothing charges and nothing goes back to it; present: circuits that were off to save energy"
        parser.add_argument("what", choices=("lost", "present", "auto"), help=f"{text} may return; auto: take it back")
        parser.add_argument("--reason", default="", help="for the others, and for the log")
        _grid_times(parser)
        _weighs(parser)
        add_run_dir(parser)
        add_who(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Say it, or take back whatever was said."""
        said = {"who": args.who, "reason": args.reason}
        if args.what == "auto":
            for task in (Task.GRID_LOST, Task.GRID_PRESENT):
                ask(args.run_dir, "operate", "order", task=task, begin=False, **said)
            print(say("HEMS goes by what it measures again."))
            return 0
        task = Task.GRID_LOST if args.what == "lost" else Task.GRID_PRESENT
        order = {"task": task, "begin": True, "duration_s": seconds(args.duration), **said}
        order |= _weighed(args, order)
        if args.consider:
            return 0
        answer = ask(args.run_dir, "operate", "order", **order)
        ends = N_("It ends by itself in {time}; `hems grid auto` ends it now.")
        print(say(GRID_WORDS[task]), say(ends, time=duration(answer["duration_s"])))
        return 0


GRID_WORDS = {
    Task.GRID_LOST: "HEMS takes the grid for lost: no car charges from it, and the building does not go back to it.",
    Task.GRID_PRESENT: (
        "Where the grid switch is closed and nobody sees the street, HEMS brings back what was off to save energy."
        " It never reconnects on your word."
    ),
}
GRID = GridWord()
