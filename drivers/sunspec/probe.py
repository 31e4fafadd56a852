"""What answers with a SunSpec map: found by its walk, named by its common model.  Reads only."""

from collections.abc import AsyncIterator, Callable, Mapping
from functools import cache

from drivers.modbus.codec import BadReading, coding, decode
from drivers.modbus.errors import LinkDown, LinkError
from drivers.modbus.frame import ReadFrame, Space
from drivers.modbus.probe import addresses, introduced, link_of
from drivers.modbus.prober import Prober, probers
from drivers.profile.candidate import best, candidates, names_product, placeholder, profiles_of
from drivers.sunspec.place import layout_of
from drivers.sunspec.schema import SunSpecProfile
from drivers.sunspec.walk import Block, NoSunSpec, walk
from hems.ports.device import Found, Held, Sought

COMMON = 1
TEXTS = (2, 18)
"""Offsets of the maker's and the product's name in the common model."""
TEXT = coding("str", length=16)
MOST_LINES = 3
"""Settings of a serial line that are tried: SunSpec on a serial line is rare."""


async def probe(sought: Sought, tell: Callable[[str], None], held: Held) -> AsyncIterator[Found]:
    """Every unit that keeps a SunSpec map, with the profiles that can make something of it."""
    places = [address for address in addresses(sought) if address.kind != "rtu-over-tcp"]
    for prober in probers(places if sought.kind == "tcp" else places[:MOST_LINES], held):
        try:
            for unit in sought.units:
                tell(f"{prober.address}: unit {unit}, looking for SunSpec")
                for one in await _at(prober, unit):
                    yield one
        except LinkDown as down:
            tell(str(down))
        finally:
            prober.close()


async def _at(prober: Prober, unit: int) -> list[Found]:
    try:
        models = await walk(prober.ask, unit, _bases())
        name = await _name(prober, unit, models)
        return best([found async for found in _fitting(prober, unit, models, name)])
    except LinkDown:
        raise
    except (LinkError, NoSunSpec):
        return []


async def _fitting(prober: Prober, unit: int, models: Mapping[int, Block], name: str) -> AsyncIterator[Found]:
    """Profiles that want something this device has, those that have most of their points here first."""
    fitting = []
    for profile_name in profiles_of("sunspec"):
        parameter = placeholder(profile_name, "link", "unit_id")
        for one in candidates(SunSpecProfile, profile_name, {} if parameter is None else {parameter: unit}):
            layout = layout_of(one.profile, models)
            said = await introduced(prober, unit, one.profile.identify, layout.points)
            if said is not None and one.profile.link.unit_id == unit and layout.points:
                share = 1.0 - len(layout.absent) / len(one.profile.read)
                sure = bool(one.profile.identify) and names_product(one.profile.identify)
                fitting.append((share, one.found(link_of(prober.address), f"unit {unit}", told=name, sure=sure)))
    for _, found in sorted(fitting, key=lambda pair: -pair[0]):
        yield found


async def _name(prober: Prober, unit: int, models: Mapping[int, Block]) -> str:
    """What the common model says, and which models there are."""
    known = f"SunSpec models {', '.join(str(model) for model in models)}"
    if COMMON not in models:
        return known
    texts = []
    for offset in TEXTS:
        answer = await prober.ask(ReadFrame(unit, Space.HOLDING, models[COMMON].start + offset, TEXT.registers))
        try:
            texts.append(str(decode(TEXT, answer)))
        except BadReading:
            continue
    return f"{' '.join(texts)}, {known}"


@cache
def _bases() -> tuple[int, ...]:
    """Every place where a known product keeps its map."""
    found: dict[int, None] = {}
    for name in profiles_of("sunspec"):
        for one in candidates(SunSpecProfile, name, {}):
            found |= dict.fromkeys(one.profile.link.base)
    return tuple(found)
