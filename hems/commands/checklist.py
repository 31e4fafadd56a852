"""`hems checklist`: the card for the panel door, or the wiring of a site, as a sheet to print and tick off."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from hems.commands.paper import hand_out


@dataclass(frozen=True, slots=True)
class Command:
    """`hems checklist`."""

    help: str = "the card for the panel door: what to do by hand, in which order, whom to call; or all terminals"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        parser.add_argument("--wiring", action="store_true", help="the electrician's sheet: what is wired where")
        parser.add_argument("--site", type=Path, default=Path("/etc/hems/site.toml"), metavar="FILE")
        parser.add_argument("--html", type=Path, metavar="FILE", help="write one HTML file, to be printed by a browser")

    def run(self, args: argparse.Namespace) -> int:
        """Print it, or write it to a file."""
        from hems.app import installed_drivers
        from hems.config.load import load
        from hems.report.panel_card import panel_card, products_of
        from hems.report.wiring_sheet import wiring_sheet
        from hems.wording.language import use

        drivers = installed_drivers()
        site_file = load(args.site, drivers)
        use(site_file.site.language)
        products = products_of(site_file, drivers)
        if not args.wiring:
            return hand_out(panel_card(site_file, products), args.html)
        return hand_out(wiring_sheet(site_file, products), args.html)


COMMAND = Command()
