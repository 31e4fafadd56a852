"""`hems forget BAY`: take out of the records what they tell of the cars of one bay, as when its tenant leaves."""

import argparse
import sys
from dataclasses import dataclass

from hems.commands.asking import YES, add_run_dir, add_who, ask, forget_typed
from hems.model.errors import HemsError
from hems.wording.language import N_, say

STAYS = N_("What stays: the audit, in which only the bay's id stands, and copies on other disks, for fourteen nights.")


@dataclass(frozen=True, slots=True)
class Command:
    """`hems forget`."""

    help: str = "forget what is recorded of the cars of a bay, for good"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        parser.add_argument("bay", metavar="BAY", help="its id in the site file")
        parser.add_argument("--yes", action="store_true", help="do not ask again")
        add_run_dir(parser)
        add_who(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Ask once, then have it done."""
        if not args.yes:
            if not sys.stdin.isatty():
                raise HemsError(say("This cannot be undone: say --yes."))
            forget_typed()
            what = N_("Charge of cars, events and full inputs of {bay}, its code, and all exports are deleted.")
            if input(f"{say(what, bay=args.bay)} {say('Sure? [y/n] ')}").strip().lower() not in YES:
                print(say("Nothing was changed."))
                return 1
        ask(args.run_dir, "admin", "forget", bay=args.bay, who=args.who)
        told = say("{bay} is forgotten.", bay=args.bay)
        print(f"{told} {say(STAYS)}")
        return 0


COMMAND = Command()
