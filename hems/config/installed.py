"""The devices of a site file against the drivers that are installed and the profiles these know."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from urllib.parse import urlsplit

from hems.config.problem import Path, Problem, nearest, one_of, wrong
from hems.config.schema import DeviceTable
from hems.config.wires import Wire
from hems.model.errors import HemsError
from hems.model.point import unit_of
from hems.model.units import DeviceId
from hems.model.wiring import DeviceSpec
from hems.ports.device import DriverFactory

KINDS = {"bool": "yes or no", "int": "a number", "float": "a number", "str": "text"}
PHASE = re.compile(r"(?:^|_)(l[123])_")
NUMBERS = re.compile(r"[\d.]+")
NAMED_KEY = re.compile(r"devices\.([a-z][a-z0-9_]*)((?:\.[A-Za-z0-9_]+)*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What one device can be asked for and told."""

    points: Mapping[str, str] = field(default_factory=dict)
    commands: Mapping[str, str] = field(default_factory=dict)


def specs(devices: Mapping[str, DeviceTable]) -> tuple[DeviceSpec, ...]:
    """The devices as drivers take them."""
    return tuple(
        DeviceSpec(
            id=DeviceId(name), driver=device.driver, profile=device.profile, link=device.link, params=device.params
        )
        for name, device in devices.items()
    )


def known_drivers(
    devices: Sequence[DeviceSpec], factories: Mapping[str, DriverFactory], said: Sequence[Problem] = ()
) -> Iterator[Problem]:
    """Drivers that are not installed, and two names for one and the same device unless its driver has `said` so."""
    told = {problem.where[:2] for problem in said}
    places: dict[tuple[str, str, tuple[tuple[str, object], ...]], DeviceId] = {}
    for spec in devices:
        if spec.driver not in factories:
            near = nearest(spec.driver, factories)
            installed = one_of(sorted(factories)) if factories else "none"
            remedy = f'write "{near}"' if near else "install it"
            why = f"is not an installed driver (installed: {installed})"
            yield wrong(("devices", spec.id, "driver"), spec.driver, why, remedy)
        yield from _lost_host(spec)
        place = (spec.driver, spec.link, tuple(sorted(spec.params.items())))
        first = places.setdefault(place, spec.id)
        if first != spec.id and ("devices", spec.id) not in told:
            why = f"is where devices.{first} answers already, with the same params"
            yield wrong(("devices", spec.id, "link"), spec.link, why, "give it its own link or params, or remove one")


def _lost_host(spec: DeviceSpec) -> Iterator[Problem]:
    """A host and a path in one link, or numbers that are no address: both would only fail to answer."""
    try:
        where, parts = ("devices", spec.id, "link"), urlsplit(spec.link)
    except ValueError:
        return  # its driver says what a link looks like
    host = parts.netloc.rpartition("@")[2].partition(":")[0]
    if host and parts.path.strip("/"):
        remedy = f"write {parts.scheme}://HOST:PORT for a network, or {parts.scheme}:///dev/... for a device file"
        yield wrong(where, spec.link, "has both a host and a path", remedy)
    elif NUMBERS.fullmatch(host) and not _is_address(host):
        why = f"names {host}, which is no address"
        yield wrong(where, spec.link, why, "write four numbers from 0 to 255, as in 10.0.20.11, or a name")


def _is_address(host: str) -> bool:
    try:
        IPv4Address(host)
    except ValueError:
        return False
    return True


def profile_problems(devices: Sequence[DeviceSpec], factories: Mapping[str, DriverFactory]) -> Iterator[Problem]:
    """What the drivers say about profiles, links and parameters."""
    for driver in dict.fromkeys(spec.driver for spec in devices if spec.driver in factories):
        own = [spec for spec in devices if spec.driver == driver]
        for sentence in factories[driver].check(own):
            yield Problem(_key_named_in(sentence, own), sentence, whole=True)


def lacking(devices: Sequence[DeviceSpec], factories: Mapping[str, DriverFactory]) -> Iterator[Problem]:
    """What this machine lacks for some devices; without them the rest of the site runs."""
    for driver in dict.fromkeys(spec.driver for spec in devices):
        own = [spec for spec in devices if spec.driver == driver]
        for sentence in factories[driver].lacks(own):
            yield Problem(_key_named_in(sentence, own), f"{sentence} Until then the device is lost.", whole=True)


def _key_named_in(sentence: str, devices: Sequence[DeviceSpec]) -> Path:
    """The key a driver's sentence is about, as far as it names one; else the device."""
    named = NAMED_KEY.search(sentence)
    if named and any(spec.id == named[1] for spec in devices):
        return ("devices", named[1], *(part for part in named[2].split(".") if part))
    words = set(re.findall(r"[A-Za-z0-9_-]+", sentence))
    about = next((spec for spec in devices if spec.id in words or spec.profile in words), None)
    return ("devices", about.id) if about else ("devices",)


def vocabularies(devices: Sequence[DeviceSpec], factories: Mapping[str, DriverFactory]) -> dict[DeviceId, Vocabulary]:
    """What each device understands; devices whose driver or profile is not to be had are left out."""
    found: dict[DeviceId, Vocabulary] = {}
    for spec in devices:
        factory = factories.get(spec.driver)
        if factory is None:
            continue
        try:
            found[spec.id] = Vocabulary(points=factory.points(spec), commands=factory.commands(spec))
        except (HemsError, LookupError, OSError, ValueError):
            continue  # `check` has said why
    return found


def wrong_ports(
    wires: Sequence[Wire], ids: Collection[str], vocabulary: Mapping[DeviceId, Vocabulary]
) -> Iterator[Problem]:
    """Ports whose device does not exist, or whose point or command the device does not have in the right kind."""
    for wire in wires:
        device = wire.port.device
        driver_key = ("devices", device)
        if device not in ids:
            near = nearest(device, ids)
            remedy = f'write "{near}/{wire.port.point}"' if near else f"name one of: {', '.join(sorted(ids))}"
            yield wrong(
                wire.where, str(wire.port), f"names device {device}, which this file does not have", remedy, driver_key
            )
        elif device in vocabulary:
            words = vocabulary[device]
            unread = list(_unfit(wire, words.points, "point", driver_key)) if wire.reads else []
            yield from unread
            if wire.writes and not unread:
                yield from _unfit(wire, words.commands, "command", driver_key)
            if not wire.writes and not unread:
                yield from _output(wire, words, driver_key)


def _phase(point: str) -> str | None:
    """The phase in its name: what is of one phase is never meant by what is of another, or of all."""
    found = PHASE.search(point)
    return found[1] if found else None


def _unfit(wire: Wire, known: Mapping[str, str], sort: str, involved: Path) -> Iterator[Problem]:
    """Not there, of another kind, or of another unit: a frequency is a number as well, and no power."""
    point, kind = wire.port.point, known.get(wire.port.point)
    if kind is None:
        near = nearest(point, [name for name in known if _phase(name) == _phase(point)])
        choice = ", ".join(sorted(known)) or "none at all"
        remedy = f'write "{wire.port.device}/{near}"' if near else f"its {sort}s are: {choice}"
        yield wrong(wire.where, str(wire.port), f"is not a {sort} of that device", remedy, involved)
    elif kind != wire.kind and not (wire.kind == "float" and kind == "int"):
        why = f"is {KINDS.get(kind, kind)}, where {KINDS[wire.kind]} is needed"
        yield wrong(wire.where, str(wire.port), why, f"name a {sort} that is {KINDS[wire.kind]}", involved)
    elif _differ(unit := unit_of(point), needed := unit_of(wire.role)):
        fit = sorted(name for name in known if unit_of(name) == needed)
        remedy = f"name one of its {sort}s in {needed}: {', '.join(fit)}" if fit else f"name a {sort} in {needed}"
        yield wrong(wire.where, str(wire.port), f"is in {unit}, where {needed} is needed", remedy, involved)


def _differ(unit: str, needed: str) -> bool:
    """Whether both are named, and are not the same."""
    return bool(unit and needed and unit != needed)


def _output(wire: Wire, words: Vocabulary, involved: Path) -> Iterator[Problem]:
    """A contact that is read where hems commands: it would show what was told to it, and nothing of the building."""
    if wire.kind == "bool" and wire.port.point in words.commands:
        inputs = sorted(name for name, kind in words.points.items() if kind == "bool" and name not in words.commands)
        remedy = f"name one of its inputs: {', '.join(inputs)}" if inputs else "name an input"
        why = "is an output of that device and shows only what is told to it"
        yield wrong(wire.where, str(wire.port), why, remedy, involved)
