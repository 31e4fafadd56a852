"""Whatever a device answers, each point becomes a believable value or unknown with a reason, and nothing breaks."""

import json
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from drivers.modbus.codec import BadReading, decode
from drivers.modbus.layout import Layout
from drivers.modbus.place import layout_of
from drivers.modbus.schema import ModbusProfile
from drivers.mqtt.payload import Incoming
from drivers.mqtt.points import Points
from drivers.mqtt.schema import MqttProfile
from drivers.profile import alarms, derive, point
from drivers.profile.load import available, every_variant, load_raw
from drivers.profile.memory import Memory
from drivers.profile.schema import Profile
from drivers.sunspec import place as sunspec_place
from drivers.sunspec.models import MODELS
from drivers.sunspec.schema import SunSpecProfile
from drivers.sunspec.walk import Block
from hems.model.instant import Instant
from hems.model.reading import Quality, Reading
from hems.ports.device import DriverContext

ODD_WORDS = (0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF, 0xFFFE, 0x7FC0, 0xFF80, 0x7F80, 0x7F7F, 0x7FEF, 0x4248)
"""Sentinels, and the high words of NaN, of both infinities, of the greatest numbers and of an ordinary one."""
ENGINES = {name: load_raw(name)["engine"] for name in available()}
LAST_ADDRESS = 65535


def layouts(name: str) -> list[tuple[Profile, Layout]]:
    if ENGINES[name] == "modbus":
        return [(profile, layout_of(profile)) for profile in every_variant(ModbusProfile, name)]
    found = dict.fromkeys(MODELS, Block(0, LAST_ADDRESS))
    return [(profile, sunspec_place.layout_of(profile, found)) for profile in every_variant(SunSpecProfile, name)]


def judged(profile: Profile, layout: Layout, words) -> dict[str, Reading]:
    """Every point with what `words` says for its registers, private and computed ones too."""
    latest, memory = {}, Memory()
    for name, placed in layout.points.items():
        how = placed.register.coding
        try:
            raw = decode(how, [words() for _ in range(how.registers)])
            found = point.decode(placed.spec, raw, bits=how.bits, exponent=words() % 21 - 10)
        except BadReading as wrong:
            found = point.Decoded(None, str(wrong))
        latest[name] = memory.reading(name, placed.spec, found, taken_s=1.0, stale_after_s=5.0)
    for name, node in profile.derive.items():
        latest[name] = derive.derived(node, latest)
    assert alarms.standing(profile.alarms, latest, 1.0) is not None
    return latest


def is_honest(reading: Reading) -> bool:
    """A finite value that is good, or none with the reason."""
    if reading.value is None:
        return reading.quality is not Quality.GOOD and bool(reading.reason)
    return reading.quality is Quality.GOOD and reading.value == reading.value and abs_or_0(reading.value) < float("inf")


def abs_or_0(value: object) -> float:
    return abs(value) if isinstance(value, int | float) else 0.0


@pytest.mark.parametrize("name", [name for name, engine in ENGINES.items() if engine != "mqtt"])
def test_any_registers_are_a_value_or_unknown_with_a_reason(name):
    known = layouts(name)

    @settings(max_examples=10)
    @example(Random(0))
    @given(some.randoms(use_true_random=False))
    def judge(rng: Random) -> None:
        for profile, layout in known:
            for word in (*ODD_WORDS, None):
                latest = judged(profile, layout, lambda word=word: rng.getrandbits(16) if word is None else word)
                assert [point for point, reading in latest.items() if not is_honest(reading)] == []

    judge()


ODD_VALUES = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=8),
    lambda inner: some.lists(inner, max_size=2) | some.dictionaries(some.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


class StillClock:
    def now(self) -> Instant:
        return Instant(self.mono_s())

    def mono_s(self) -> float:
        return 1.0


def nested(path: str, value: object) -> object:
    for part in reversed(path.split(".")):
        value = {part: value}
    return value


@pytest.mark.parametrize("name", [name for name, engine in ENGINES.items() if engine == "mqtt"])
def test_any_message_is_a_value_or_unknown_with_a_reason(name):
    profiles = every_variant(MqttProfile, name)

    @settings(max_examples=30)
    @example(b"9" * 5000, 10**400)
    @example(b"[" * 100_000, 1e308)
    @given(some.binary(max_size=20), ODD_VALUES)
    def judge(octets: bytes, value: object) -> None:
        for profile in profiles:
            points = Points("box", profile, DriverContext(clock=StillClock(), sink=lambda *_: None, rng=Random(1)))
            for line in profile.read.values():
                body = json.dumps(nested(line.json_, value) if line.json_ else value).encode()
                for payload in (octets, body):
                    points.take(Incoming(line.topic, payload, retained=False))
                    assert [point for point, reading in points.latest.items() if not is_honest(reading)] == []

    judge()
