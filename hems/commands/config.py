"""`hems config schema`: what an editor completes and explains the keys of a site file with."""

import argparse
from dataclasses import dataclass

from hems.commands.asking import print_json
from hems.config.schema import json_schema


@dataclass(frozen=True, slots=True)
class Command:
    """`hems config`."""

    help: str = "what may stand in a site file"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        parser.add_argument("what", choices=("schema",), help="schema: JSON Schema of the site file, for editors")

    def run(self, args: argparse.Namespace) -> int:
        """Print it."""
        print_json(json_schema())
        return 0


COMMAND = Command()
