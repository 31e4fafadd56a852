"""`hems history`: how power, stored energy and circuits went, in plain lines."""

import argparse
from dataclasses import dataclass

from hems.commands.asking import add_run_dir, ask, pictured, print_json
from hems.commands.times import seconds
from hems.model.codec import from_plain
from hems.model.errors import HemsError
from hems.model.trend import Trend

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
            raise HemsError(f"Nothing is recorded that is called {args.find}; there is {', '.join(names.values())}.")
        wanted = {"series": series, "span_s": seconds(args.span)}
        if args.file:
            print(f"Written on the gateway: {ask(args.run_dir, 'operate', 'export', **wanted)['path']}")
            return 0
        answer = ask(args.run_dir, "view", "history", **wanted, steps=STEPS)["trend"]
        if args.json:
            print_json(answer)
            return 0
        for curve in from_plain(Trend, answer).curves:
            low, mean, high, last = (
                figure(curve.series, one) for one in (curve.low, curve.mean, curve.high, curve.last)
            )
            print(f"{names[curve.series]}: lowest {low}, mean {mean}, highest {high}, last {last}.")
        return 0


COMMAND = Command()
