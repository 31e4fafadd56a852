"""`hems drivers`: which devices hems knows, and what an installer must know of one."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hems.commands.asking import print_json
from hems.commands.catalogue import found, listing, markdown, page
from hems.model.errors import HemsError
from hems.ports.device import Product

EPILOG = (
    "hems drivers WORDS lists the devices whose page has all these words; hems drivers show ID prints one page; "
    "hems drivers schema ENGINE prints what editors complete profiles with."
)


@dataclass(frozen=True, slots=True)
class Command:
    """`hems drivers`."""

    help: str = "the devices that hems knows, and what an installer must know of each"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        parser.add_argument("words", nargs="*", metavar="WORD", help="search for these, or: show ID, or: schema ENGINE")
        parser.add_argument("--markdown", action="store_true", help="all pages, as in docs/devices.md")
        parser.epilog = EPILOG

    def run(self, args: argparse.Namespace) -> int:
        """Print what was asked for."""
        products = known_products()
        if args.markdown:
            print(markdown(products), end="")
        elif args.words[:1] == ["show"] and len(args.words) > 1:
            for name in args.words[1:]:
                print("\n".join(page(_one(products, name))))
        elif args.words[:1] == ["schema"] and len(args.words) == 2:
            print_json(profile_schema(args.words[1]))
        else:
            return _list(products, args.words)
        return 0


COMMAND = Command()


def known_products() -> list[Product]:
    """Every product of every installed driver.  Raises: ConfigError."""
    from hems.app import installed_drivers

    drivers = installed_drivers()
    return [product for name in sorted(drivers) for product in drivers[name].products()]


def profile_schema(engine: str) -> Mapping[str, Any]:
    """JSON Schema of the profiles of one driver.  Raises: HemsError."""
    from hems.app import installed_drivers

    drivers = installed_drivers()
    if engine not in drivers:
        raise HemsError(f"There is no driver {engine[:40]}; there are {', '.join(sorted(drivers))}.")
    return drivers[engine].schema()


def _list(products: Sequence[Product], words: Sequence[str]) -> int:
    chosen = found(products, words)
    if not chosen:
        raise HemsError(f"No device has all of: {', '.join(words)}. Try fewer words, or `hems drivers` for all.")
    print("\n".join(listing(chosen)))
    number = "1 device" if len(chosen) == 1 else f"{len(chosen)} devices"
    print(f"{number}. `hems drivers show ID` prints the page of one.")
    return 0


def _one(products: Sequence[Product], name: str) -> Product:
    for product in products:
        if product.id == name:
            return product
    near = [product.id for product in found(products, name.split("-"))][:5]
    remedy = f"Did you mean {', '.join(near)}?" if near else "`hems drivers` lists all."
    raise HemsError(f"There is no device {name[:60]}. {remedy}")
