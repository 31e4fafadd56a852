"""`hems drill`: practise a power cut, in thought or in earnest."""

import argparse
from dataclasses import dataclass

from hems.commands.asking import add_run_dir, add_who, ask, print_json
from hems.commands.times import seconds
from hems.model.request import Task
from hems.report.rehearsal import rehearsal_lines
from hems.wording.language import N_, say

KEPT = N_("Its report is kept: `hems report drill`; `hems report drills` lists all.")


@dataclass(frozen=True, slots=True)
class Command:
    """`hems drill`."""

    help: str = "practise a power cut: rehearse it and switch nothing, or leave the grid for a few minutes"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        text = "rehearse: decide and report, send nothing; begin: leave the grid, back at the first trouble"
        parser.add_argument("what", choices=("rehearse", "begin", "end"), help=text)
        parser.add_argument("--for", dest="duration", default="10m", metavar="TIME", help="such as 5m (default 10m)")
        parser.add_argument("--json", action="store_true")
        add_run_dir(parser)
        add_who(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Ask for it, and print what comes of it."""
        if args.what == "rehearse":
            answer = ask(args.run_dir, "operate", "rehearse", who=args.who)
            if args.json:
                print_json(answer["rehearsal"])
                return 0
            names = {one["id"]: one["name"] for one in ask(args.run_dir, "view", "status")["circuits"]}
            print("\n".join(rehearsal_lines(answer["rehearsal"], names)))
            print(say(KEPT))
            return 0
        begin = args.what == "begin"
        more = {"duration_s": seconds(args.duration)} if begin else {}
        answer = ask(args.run_dir, "operate", "order", task=Task.DRILL, begin=begin, who=args.who, **more)
        if args.json:
            print_json(answer)
            return 0
        print(
            say("The drill begins. HEMS ends it by itself.") if begin else say("The drill is over: back to the grid.")
        )
        print(say(KEPT))
        return 0


COMMAND = Command()
