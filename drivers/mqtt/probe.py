"""What speaks on a broker: topics that are heard are compared with the topics of every profile.  Sends nothing."""

import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from drivers.mqtt.address import parse_address
from drivers.mqtt.errors import LinkDown
from drivers.mqtt.link import overhear
from drivers.mqtt.schema import MqttProfile
from drivers.profile.candidate import best, candidates, profiles_of
from drivers.profile.expression import NAME
from drivers.profile.load import declared_in, load_raw
from drivers.profile.params import Scalar, fill
from hems.ports.device import Found, Sought

Values = tuple[tuple[str, str], ...]
"""Parameters that a topic has given away, as text."""
LIKELY = 0.5
"""Share of a profile's topics that must be heard for it to be proposed."""


async def probe(sought: Sought, tell: Callable[[str], None]) -> AsyncIterator[Found]:
    """Listen for a while, then say which products the topics look like."""
    if sought.kind != "mqtt":
        return
    topics: dict[str, None] = {}
    try:
        address = parse_address(sought.place)
        tell(f"broker {address}: listening for {sought.listen_s:g} s")
        async for message in overhear(address, sought.listen_s):
            if message.topic not in topics:
                topics[message.topic] = None
                tell(f"broker {address}: {len(topics)} topics heard, {message.topic}")
    except (LinkDown, ValueError) as trouble:
        tell(str(trouble))
        yield _met(sought, str(trouble))
        return
    found = proposals(list(topics), sought.place)
    for one in found:
        yield one
    if topics and not found:
        yield _met(sought, f"{len(topics)} topics heard, such as {next(iter(topics))}, and none is a known product's")


def _met(sought: Sought, told: str) -> Found:
    """What is there and is no proposal."""
    return Found(driver="mqtt", profile="", title="", class_="", link=sought.place, params={}, told=told)


def proposals(topics: Sequence[str], link: str) -> list[Found]:
    """Products whose topics are among those that were heard: one for each device, and its alternatives."""
    devices: dict[str, list[tuple[float, Found]]] = {}
    for name in profiles_of("mqtt"):
        templates = sorted(_templates(name))
        for values, heard in _matches(templates, topics).items():
            share = len(heard) / len(templates)
            if share >= LIKELY:
                place = min(heard.values())
                devices.setdefault(place, []).append((share, _found(name, dict(values), link, place)))
    known = [dict(one.params) for group in devices.values() for _, one in group]
    for topic, group in _only_there(topics, link, known).items():
        devices.setdefault(topic, group)
    return [one for group in devices.values() for one in best(_likeliest_first(group))]


def _only_there(
    topics: Sequence[str], link: str, known: Sequence[Mapping[str, Scalar]]
) -> dict[str, list[tuple[float, Found]]]:
    """Devices that have said no more than that they are there; the more of a topic a product prescribes, the likelier.

    Many speak only when something changes, but their retained last will is heard at once.
    """
    found: dict[str, list[tuple[float, Found]]] = {}
    for name in profiles_of("mqtt"):
        for template in _availability(name):
            for values, heard in _matches([template], topics).items():
                if not any(all(one.get(key) == text for key, text in values) for one in known):
                    one = _found(name, dict(values), link, heard[template])
                    told = f"{one.told}, and nothing else yet: switch it by hand, or compare with the label"
                    likeness = len(NAME.sub("", template)) / 1000
                    found.setdefault(heard[template], []).append((likeness, replace(one, told=told)))
    return found


def _availability(name: str) -> set[str]:
    lines: Sequence[Mapping[str, str]] = load_raw(name).get("link", {}).get("available", ())
    topics = {str(fill(line.get("topic", ""), _usual(name))) for line in lines}
    return {topic for topic in topics if NAME.search(topic)}


def _likeliest_first(group: Iterable[tuple[float, Found]]) -> list[Found]:
    return [one for _, one in sorted(group, key=lambda pair: -pair[0])]


def _templates(name: str) -> set[str]:
    """Topics of a profile's points that tell one device from another."""
    lines: Mapping[str, Mapping[str, str]] = load_raw(name).get("read", {})
    topics = {str(fill(line.get("topic", ""), _usual(name))) for line in lines.values()}
    return {topic for topic in topics if NAME.search(topic)}


def _usual(name: str) -> Mapping[str, Scalar]:
    """Where the product's topics begin as delivered: without that, `{base}/{name}` would be any topic at all."""
    declared = declared_in(name)
    return {
        key: param.default for key, param in declared.items() if param.type == "topic" and param.default is not None
    }


def _matches(templates: Iterable[str], topics: Iterable[str]) -> Mapping[Values, dict[str, str]]:
    """Topics that were heard, by template, for each set of parameters that they give away."""
    found: dict[Values, dict[str, str]] = {}
    for template in templates:
        pattern = _pattern(template)
        for topic in topics:
            if (match := pattern.fullmatch(topic)) is not None:
                found.setdefault(tuple(sorted(match.groupdict().items())), {})[template] = topic
    return found


def _pattern(template: str) -> re.Pattern[str]:
    """A topic with placeholders; what stands for one may hold several levels."""
    parts, seen, position = [], set[str](), 0
    for name in NAME.finditer(template):
        parts.append(re.escape(template[position : name.start()]))
        parts.append(f"(?P={name[1]})" if name[1] in seen else f"(?P<{name[1]}>.+?)")
        seen.add(name[1])
        position = name.end()
    return re.compile("".join(parts) + re.escape(template[position:]))


def _found(name: str, values: Mapping[str, str], link: str, topic: str) -> Found:
    declared = declared_in(name)
    known: dict[str, Scalar] = {
        key: int(text) if declared[key].type == "int" and text.isdecimal() else text
        for key, text in values.items()
        if key in declared
    }
    candidate = next(candidates(MqttProfile, name, known))
    return candidate.found(link, topic, told=f"topic {topic}", sure=False)
