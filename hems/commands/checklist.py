"""`hems checklist --wiring`: the wiring of a site as a sheet to print and tick off."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from hems.model.errors import HemsError


@dataclass(frozen=True, slots=True)
class Command:
    """`hems checklist`."""

    help: str = "a sheet for the panel door: terminals, fail states, hand switches, as text or HTML"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        parser.add_argument("--wiring", action="store_true", required=True, help="what is wired where")
        parser.add_argument("--site", type=Path, default=Path("/etc/hems/site.toml"), metavar="FILE")
        parser.add_argument("--html", type=Path, metavar="FILE", help="write one HTML file, to be printed by a browser")

    def run(self, args: argparse.Namespace) -> int:
        """Print it, or write it to a file."""
        from hems.app import installed_drivers
        from hems.config import load
        from hems.report.sheet import as_html, as_text
        from hems.report.wiring_sheet import wiring_sheet

        drivers = installed_drivers()
        site_file = load(args.site, drivers)
        used = dict.fromkeys(spec.driver for spec in site_file.wiring.devices)
        products = {product.id: product for name in used for product in drivers[name].products()}
        sheet = wiring_sheet(site_file, products)
        if args.html is None:
            print(as_text(sheet), end="")
            return 0
        try:
            args.html.write_text(as_html(sheet), encoding="utf-8")
        except OSError as error:
            raise HemsError(f"{args.html} cannot be written: {error.strerror}. Name another file.") from error
        print(f"Written to {args.html}. Open it in a browser and print it.")
        return 0


COMMAND = Command()
