"""`hems history`: how power, stored energy and circuits went, in plain lines."""

import argparse
from dataclasses import dataclass

from hems.commands.asking import add_run_dir, ask, pictured, print_json
from hems.commands.times import seconds
from hems.model.codec import from_plain
from hems.model.errors import HemsError
from hems.model.trend import Trend
from hems.wording.language import N_, say

STEPS = 60


@dataclass(frozen=True, slots=True)
class Command:
    """`hems history`."""

    help: str = "how power, stored energy and circuits went: lowest, mean, highest and last"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        parser.add_argument("find", nargs="?", default="", help="only what has this in its name; default: power")
        parser.add_argument("--for", dest="span", default="24h", metavar="TIME", help="such as 6h (default 24h)")
        parser.add_argument("--file", action="store_true", help="have HEMS write a file for a spreadsheet")
        parser.add_argument("--json", action="store_true")
        add_run_dir(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Ask for it, and print it."""
        from hems.tui.text.history import figure, groups

        picture = pictured(ask(args.run_dir, "view", "status"))
        every = groups(picture)
        names = {series: name for group in every for series, name in group.names.items()}
        chosen = [one for one in names if args.find and args.find.lower() in names[one].lower()]
        series = chosen or list(every[0].names)
        if args.find and not chosen:
            none, known = N_("Nothing is recorded that is called {name}; there is {known}."), ", ".join(names.values())
            raise HemsError(say(none, name=args.find, known=known))
        wanted = {"series": series, "span_s": seconds(args.span)}
        if args.file:
            path = ask(args.run_dir, "operate", "export", **wanted)["path"]
            print(say("Written on the gateway: {path}", path=path))
            return 0
        answer = ask(args.run_dir, "view", "history", **wanted, steps=STEPS)["trend"]
        if args.json:
            print_json(answer)
            return 0
        for curve in from_plain(Trend, answer).curves:
            ends = {"low": curve.low, "mean": curve.mean, "high": curve.high, "last": curve.last}
            told = {end: figure(curve.series, value) for end, value in ends.items()}
            line = N_("{name}: lowest {low}, mean {mean}, highest {high}, last {last}.")
            print(say(line, name=names[curve.series], **told))
        return 0


COMMAND = Command()
