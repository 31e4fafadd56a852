"""The products that hems knows, as lists and pages: for the terminal, and as the page of supported devices."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from textwrap import wrap

from hems.ports.device import Product, ProductStatus

KINDS: Mapping[str, str] = {
    "meter": "Meters",
    "pv": "Solar inverters",
    "battery": "Batteries and hybrid inverters",
    "evse": "Vehicle chargers",
    "load_switch": "Switches and plugs",
    "transfer_switch": "Grid switches",
    "generator": "Generators",
    "io": "Relay boards and inputs",
}
STATUSES: Mapping[ProductStatus, str] = {
    ProductStatus.HARDWARE: "seen to work on the device",
    ProductStatus.EMULATOR: "works with an emulation that was written from its maker's documents",
    ProductStatus.DOCUMENTED: "written from documents, each number with its source; not yet seen on a device",
    ProductStatus.DRAFT: "parts are not certain, see the notes; prove each point and command yourself",
}
INTRODUCTION = """\
# Devices that HEMS knows

Each device is described by one file in `drivers/profiles`, and this page is written from those files:
do not change it by hand. `hems drivers` shows the same on a terminal, `hems drivers WORDS` searches,
`hems drivers show ID` prints one device.

**Status** says how far a description is proven:
{statuses}.
Whatever the status: before a device is armed, prove every sign, phase and relay of your own one.

**If HEMS falls silent** says what becomes of the device when nobody commands it any more.
A circuit that was switched off never comes back by itself in an outage; "stays as last told" is therefore the right
answer for relays.

**Names.** `l1_v`, `l1_a`, `l1_w`: voltage to neutral, current and power of one phase. `power_w`: the device's own
power; positive is import for a meter at the grid, giving for a source, taking for a load. `hz`: frequency.
`import_wh`, `export_wh`: counters. `soc_pct`: state of charge. `grid_connected`: the device's own word whether it runs
on the grid. `closed`: a switch that is on. `charge_max_w`, `discharge_max_w`: what the device allows at present.
`discharge_ready`, `ess_ready`: the device's own leave to do so. "Where fitted": some models or older firmware lack it.

**Commands.** A power is positive when the device shall give to the building and negative when it shall charge or draw.
"Above 0 only while `discharge_ready`" means that HEMS orders it only as long as the device says so; 0 and off need no
leave."""


def found(products: Sequence[Product], words: Sequence[str]) -> list[Product]:
    """The products whose page has every one of `words`; all of them without any."""
    return [product for product in products if all(word.lower() in _text(product) for word in words)]


def listing(products: Sequence[Product]) -> Iterator[str]:
    """Every product in two lines, by kind."""
    for kind, group in _by_kind(products):
        yield KINDS.get(kind, kind)
        for product in group:
            yield f"  {product.id:26} {product.status:10}  {product.fails_safe}"
            yield f"    {product.title}"
        yield ""


def page(product: Product, width: int = 80) -> Iterator[str]:
    """One product for the terminal."""
    yield product.title
    yield f"{product.id}, {product.status}: {STATUSES[product.status]}"
    for heading, lines in product.page.items():
        yield ""
        yield heading
        for line in lines:
            yield from wrap(line.replace("`", ""), width, initial_indent="  - ", subsequent_indent="    ")


def markdown(products: Sequence[Product]) -> str:
    """The page of supported devices."""
    return "\n".join(_markdown(products)) + "\n"


def _markdown(products: Sequence[Product]) -> Iterator[str]:
    statuses = ";\n".join(f"*{status}*: {words}" for status, words in STATUSES.items())
    yield INTRODUCTION.format(statuses=statuses)
    for kind, group in _by_kind(products):
        shown = list(group)
        yield f"\n## {KINDS.get(kind, kind)}\n"
        yield "| Device | Profile | Status | If HEMS falls silent |\n|---|---|---|---|"
        for product in shown:
            yield f"| {product.title} | [{product.id}](#{product.id}) | {product.status} | {product.fails_safe} |"
        for product in shown:
            yield from _section(product)


def _section(product: Product) -> Iterator[str]:
    yield f"\n### {product.id}\n\n{product.title}. Status: {product.status}."
    for heading, lines in product.page.items():
        yield f"\n*{heading}*\n"
        yield from (f"- {line}" for line in lines)


def _by_kind(products: Sequence[Product]) -> Iterator[tuple[str, Iterator[Product]]]:
    order = list(KINDS)
    place = {kind: order.index(kind) if kind in order else len(order) for kind in {one.kind for one in products}}
    return groupby(sorted(products, key=lambda one: (place[one.kind], one.kind, one.id)), key=lambda one: one.kind)


def _text(product: Product) -> str:
    lines = [line for lines in product.page.values() for line in lines]
    kind = KINDS.get(product.kind, product.kind)
    return " ".join((product.id, product.title, kind, product.status, product.fails_safe, *lines)).lower()
