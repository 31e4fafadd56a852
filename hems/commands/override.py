"""`hems override`: keep a circuit on or off for a while, in two steps, or hand it back in one."""

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hems.commands.asking import add_run_dir, add_who, agree, ask, print_json, tell
from hems.commands.times import seconds
from hems.model.codec import from_plain
from hems.model.consequence import Consequence
from hems.model.request import Want
from hems.wording import duration, hours, kw, percent
from hems.wording.language import say


@dataclass(frozen=True, slots=True)
class Command:
    """`hems override`."""

    help: str = "keep a circuit on or off for a while, or hand it back"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        parser.add_argument("circuit")
        parser.add_argument("want", choices=("on", "off", "auto"))
        parser.add_argument("--for", dest="duration", default="1h", metavar="TIME", help="such as 30m (default 1h)")
        parser.add_argument("--reason", default="", help="of five letters or more; others will want to know")
        parser.add_argument("--consider", action="store_true", help="only tell what it would do")
        parser.add_argument("--yes", action="store_true", help="do it without asking again")
        parser.add_argument("--json", action="store_true")
        add_run_dir(parser)
        add_who(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Tell what it would do, ask, and do it; handing back asks nothing, because it is always safe."""
        asked: dict[str, Any] = {"circuit": args.circuit, "want": args.want, "who": args.who}
        if args.want != "auto":
            asked |= {"duration_s": seconds(args.duration), "reason": args.reason}
            asked |= self._confirmed(args, asked)
            if args.consider:
                return 0
        answer = ask(args.run_dir, "operate", "override", **asked)
        if args.json:
            print_json(answer)
            return 0
        print(_done(str(answer["circuit"]), Want(args.want), float(answer["duration_s"])))
        return 0

    def _confirmed(self, args: argparse.Namespace, asked: Mapping[str, Any]) -> dict[str, str]:
        """The word of what was shown, once the person has agreed to it.  Raises: HemsError when not."""
        unasked = {"reason"} if args.consider else set()  # who only looks need not say why
        shown = ask(args.run_dir, "operate", "consider", **{key: asked[key] for key in asked if key not in unasked})
        told = from_plain(Consequence, shown["consequence"])
        if args.json and args.consider:
            print_json(shown["consequence"])
        elif args.consider or sys.stdin.isatty():
            tell(sentences(told))
        if sys.stdin.isatty() and not (args.yes or args.consider):
            agree(say("Keep {name} {want} for {time}? Y does it: ", **_wish(told)))
        return {"confirm": str(shown["confirm"])}


def _done(circuit: str, want: Want, duration_s: float) -> str:
    """What is said once it is asked for."""
    if want is Want.AUTO:
        told = say("{circuit}: back to automatic.", circuit=circuit)
    else:
        told = say("{circuit}: {want} for {time}.", circuit=circuit, want=_switched(want), time=duration(duration_s))
    return f"{told} {say('HEMS does it as soon as it is safe; see `hems status`.')}"


def _switched(want: Want) -> str:
    return say("ON") if want is Want.ON else say("OFF")


def _wish(told: Consequence) -> Mapping[str, str]:
    return {"name": told.name, "want": _switched(told.want), "time": duration(told.duration_s)}


def sentences(told: Consequence) -> Iterator[str]:
    """What an override would do."""
    yield say("{name} {want} for {time}. It uses about {draws}.", **_wish(told), draws=kw(told.draws_w))
    if told.essential_now_h is not None and told.essential_then_h is not None:
        then, now = hours(told.essential_then_h), hours(told.essential_now_h)
        yield say("Essential power would last {then} (now {now}).", then=then, now=now)
    if told.room_w is not None:
        yield say("Room left on own power now: {room}.", room=kw(told.room_w))
    if told.waits:
        yield say("It would not be switched on at once: there is no room now, or the building must settle first.")
    if told.want is Want.OFF:
        yield say("Afterwards it comes back by itself, in its turn.")
        return
    yield say(
        "HEMS still switches it off without asking when stored energy reaches {floor} or the inverter is overloaded in "
        "a power cut, or when somebody presses the red button.",
        floor=percent(told.floor_pct),
    )


COMMAND = Command()
