"""What answers on a Modbus link: each unit is asked what every profile would ask it to identify itself.

Read-only by construction: nothing here makes a frame that writes.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache

from drivers.modbus.address import Address, SerialLine
from drivers.modbus.batches import plan
from drivers.modbus.codec import BadReading, Raw, decode
from drivers.modbus.errors import LinkDown, LinkError, Refusal
from drivers.modbus.frame import ReadFrame
from drivers.modbus.layout import PlacedPoint
from drivers.modbus.place import layout_of
from drivers.modbus.prober import Guest, Prober, probers
from drivers.modbus.schema import ModbusProfile
from drivers.profile import point
from drivers.profile.candidate import Candidate, best, candidates, names_product, placeholder, profiles_of
from drivers.profile.load import load_raw
from drivers.profile.schema import Expect
from hems.ports.device import Found, Held, Scalar, Sought

MOST_REQUESTS = 40
"""For one profile that a unit does not name itself as."""
LIVELY = 0.6
"""Share of a profile's points that must be believable where nothing else tells the product."""

Tell = Callable[[str], None]


async def probe(sought: Sought, tell: Tell, held: Held) -> AsyncIterator[Found]:
    """Everything that answers, unit by unit; the first framing or line setting that anything answers to is kept.

    Where nothing does, the likeliest reason.
    """
    why: dict[str, None] = {}
    for prober in probers(addresses(sought), held):
        address, answered = prober.address, False
        try:
            for unit in sought.units if isinstance(prober, Guest) else units(sought):
                tell(f"{address}, {_line(address)}: unit {unit}")
                if await prober.answers(unit):
                    answered = True
                    tell(f"{address}, {_line(address)}: unit {unit} answers; comparing it with the known products")
                    for one in await recognised(prober, unit) or [_met(address, unit, UNKNOWN)]:
                        yield one
        except LinkDown as down:
            tell(str(down))
            why |= {str(down): None}
            if sought.kind == "rtu":
                break
        finally:
            prober.close()
        if answered:
            return
        why = ({prober.strange: None} if prober.strange else {}) | why
    if why:
        yield _met(next(addresses(sought)), None, next(iter(why)))


UNKNOWN = "answers, and no known product fits; compare it with `hems drivers`, or describe it in a profile"


def _met(address: Address, unit: int | None, told: str) -> Found:
    """What is there and is no proposal."""
    place = "" if unit is None else f"unit {unit}"
    return Found(
        driver="modbus", profile="", title="", class_="", link=link_of(address), place=place, params={}, told=told
    )


def addresses(sought: Sought) -> Iterator[Address]:
    """Every way in which that place may be spoken to."""
    if sought.kind == "tcp":
        ports = [sought.port] if sought.port else usual_ports()
        for port in ports:
            yield Address("tcp", sought.place, port)
        for port in ports:
            yield Address("rtu-over-tcp", sought.place, port)
    elif sought.kind == "rtu":
        for line in usual_lines():
            yield Address("rtu", sought.place, serial=line)


def units(sought: Sought) -> list[int]:
    """Those asked for; on a network also those that some product answers to and to no other."""
    if sought.kind == "rtu":
        return list(sought.units)
    own = {next(candidates(ModbusProfile, name, {})).profile.link.unit_id for name in profiles_of("modbus")}
    return list(dict.fromkeys([*sought.units, *sorted(own)]))


def usual_lines() -> list[SerialLine]:
    """Line settings of the known products, the commonest first."""
    known = Counter(load_line(name) for name in profiles_of("modbus"))
    return [line for line, _ in known.most_common() if line is not None]


def usual_ports() -> list[int]:
    """502, and wherever else a known product listens."""
    known = {int(load_raw(name).get("link", {}).get("port", 502)) for name in profiles_of("modbus")}
    return [502, *sorted(known - {502})]


def load_line(name: str) -> SerialLine | None:
    """How a product talks on a serial line; None if it does not."""
    link = next(candidates(ModbusProfile, name, {})).profile.link
    return link.serial.line() if "rtu" in link.kinds else None


async def recognised(prober: Prober, unit: int) -> list[Found]:
    """The profiles that fit a unit.  Raises: LinkDown."""
    found: list[tuple[float, Found]] = []
    for candidate in all_candidates(unit, prober.address.kind):
        try:
            likeness, told = await resembles(prober, unit, candidate)
        except LinkDown:
            raise
        except LinkError:
            continue
        if likeness > 0.0:
            sure = names_product(candidate.profile.identify)
            found.append((likeness, candidate.found(link_of(prober.address), f"unit {unit}", told=told, sure=sure)))
    return best([one for _, one in sorted(found, key=lambda pair: -pair[0])])


@cache
def all_candidates(unit: int, kind: str) -> Sequence[Candidate[ModbusProfile]]:
    """Every product that may sit at this unit and is spoken to in this way."""
    found = []
    for name in profiles_of("modbus"):
        parameter = placeholder(name, "link", "unit_id")
        known: dict[str, Scalar] = {} if parameter is None else {parameter: unit}
        for one in candidates(ModbusProfile, name, known):
            if kind in one.profile.link.kinds and one.profile.link.unit_id == unit:
                found.append(one)
    return tuple(found)


async def resembles(prober: Prober, unit: int, candidate: Candidate[ModbusProfile]) -> tuple[float, str]:
    """How well a unit fits the profile, 0 for not at all, and what it said of itself.  Raises: LinkError."""
    profile = candidate.profile
    points = layout_of(profile).points
    said = await introduced(prober, unit, profile.identify, points)
    if said is None:
        return 0.0, ""
    if names_product(profile.identify):
        return 1.0, said
    return await _liveliness(prober, unit, profile, points.values()), said


async def introduced(
    prober: Prober, unit: int, identify: Mapping[str, Expect], points: Mapping[str, PlacedPoint]
) -> str | None:
    """What a unit says of itself, or None if a profile expects something else.  Raises: LinkError."""
    said = []
    for name, expected in identify.items():
        value = await _value(prober, unit, points[name]) if name in points else None
        if value is None or not expected.met_by(value):
            return None
        said.append(f"{name.lstrip('_')} {value:.6g}" if isinstance(value, float) else f"{name.lstrip('_')} {value}")
    return ", ".join(said)


async def _value(prober: Prober, unit: int, place: PlacedPoint) -> Scalar | None:
    register = place.register
    words = await prober.ask(ReadFrame(unit, register.space, register.address, register.end - register.address))
    try:
        return _meaning(place, decode(register.coding, words))
    except BadReading:
        return None


def _meaning(place: PlacedPoint, raw: Raw | BadReading) -> Scalar | None:
    if isinstance(raw, BadReading):
        return None
    return point.decode(place.spec, raw, bits=place.register.coding.bits).value


async def _liveliness(prober: Prober, unit: int, profile: ModbusProfile, places: Iterable[PlacedPoint]) -> float:
    """The more points a unit has and the more of them can be believed, the higher; 0 below a bound."""
    wanted = [place for place in places if not place.spec.optional]
    link = profile.link
    batches = plan(unit, wanted, max_gap=link.max_gap, max_read=link.max_read, barriers=link.barriers)
    good = asked = 0
    while batches and asked < MOST_REQUESTS:
        batch, asked = batches.pop(0), asked + 1
        try:
            answer = await prober.ask(batch.frame)
        except Refusal as refusal:
            batches += batch.halves() if refusal.about_addresses else ()
        else:
            said = zip(batch.points, batch.values(answer), strict=True)
            good += sum(_meaning(place, raw) is not None for place, raw in said)
    share = good / len(wanted) if wanted else 0.0
    return share * good if share >= LIVELY else 0.0


def link_of(address: Address) -> str:
    """As it is written in a site file."""
    if address.kind != "rtu":
        return f"{address.kind}://{address.place}:{address.port}"
    line = address.serial
    return f"rtu://{address.place}?baud={line.baud}&parity={line.parity}&stop_bits={line.stop_bits}"


def _line(address: Address) -> str:
    line = address.serial
    return f"{line.baud} baud {line.parity}{line.stop_bits}" if address.kind == "rtu" else address.kind
