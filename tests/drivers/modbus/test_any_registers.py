"""Whatever a device sends: values that are believable, or the reason why there is none, and never anything else."""

import asyncio
import math
import struct
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from drivers.modbus.codec import BOUNDS, WIDTHS, BadReading, coding, decode
from drivers.modbus.factory import product_of
from drivers.modbus.frame import ReadFrame
from drivers.modbus.job import Manners
from drivers.modbus.place import layout_of
from drivers.modbus.poll import Reader
from drivers.modbus.wire import Question
from hems.model.reading import Quality, Reading
from hems.ports.device import DriverContext
from tests.drivers.bench import LoopClock
from tests.drivers.given import profile

WORDS = some.integers(0, 0xFFFF)
NUMBERS = sorted(set(WIDTHS) - {"bool"})
EXTREME = some.sampled_from((0, 1, 0x7FFF, 0x8000, 0xFFFF, 0x7FC0, 0x7F80, 0xFF80, 0x7FF0, 0xFFF0))


@given(
    some.sampled_from([*NUMBERS, "bool", "str"]),
    some.sampled_from(("big", "little")),
    some.sampled_from(("big", "little")),
    some.lists(some.integers(-5, 0x1_0005), max_size=6),
)
def test_the_decoder_raises_nothing_but_bad_reading(kind, word, byte, registers):
    wide = kind == "str" or WIDTHS[kind] > 1
    how = coding(kind, length=3 if kind == "str" else None, word=word if wide else "big", byte=byte)
    try:
        value = decode(how, registers)
    except BadReading:
        return
    assert isinstance(value, bool | int | float | str)


@some.composite
def lines(draw: Any) -> dict[str, Any]:
    """One line of `[read]` as a profile may have it."""
    kind = draw(some.sampled_from(NUMBERS))
    line: dict[str, Any] = {"type": kind}
    if draw(some.booleans()) and WIDTHS[kind] > 1:
        line["word"] = "little"
    extra = draw(some.sampled_from(("plain", "scaled", "map", "bit", "mask", "nan", "valid", "sf")))
    if extra == "scaled":
        line |= {"scale": draw(some.sampled_from((0.001, 0.1, 10, 1e6, 1e300))), "offset": draw(some.integers(-9, 9))}
        line |= {"negate": draw(some.booleans()), "unit": "kW"}
    if extra == "map":
        line |= {"map": {"0": "off", "0x8000": "on"}, **draw(some.sampled_from(({}, {"otherwise": "other"})))}
    if extra == "bit":
        line["bit"] = draw(some.integers(0, 16 * WIDTHS[kind] - 1))
    if extra == "mask":
        line |= {"mask": draw(WORDS), "shift": draw(some.integers(0, 15))}
    if extra == "nan":
        line |= {"nan": [draw(some.sampled_from(BOUNDS[kind]))] if kind in BOUNDS else [], "zero_is_null": True}
    if extra == "valid":
        line |= {"valid": [-1000, 1000], "monotonic": draw(some.booleans())}
    if extra == "sf":
        line["sf"] = "_scale"
    return line


class Line:
    """In place of a queue: answers with what it is given, over and over."""

    def __init__(self, words: list[int]) -> None:
        self.words = words

    async def read(self, frame: ReadFrame, manners: Manners, **_: Any) -> tuple[int, ...]:
        words = [self.words[place % len(self.words)] for place in range(frame.address, frame.address + frame.count)]
        return Question(frame).answered(struct.pack(f">BB{frame.count}H", 3, 2 * frame.count, *words))


@settings(max_examples=150)
@given(
    some.lists(lines(), min_size=1, max_size=8),
    some.lists(some.one_of(WORDS, EXTREME), min_size=1, max_size=40),
    some.integers(0, 6),
    some.integers(1, 3),
)
def test_a_device_may_send_anything_for_any_profile(read, words, gap, times):
    # given points one after the other, with and without holes
    placed, at = {"_scale": {"at": 0, "type": "s16"}}, 1
    for number, line in enumerate(read):
        placed[f"p{number}"] = {**line, "at": at}
        at += WIDTHS[line["type"]] + gap % 3
    product = product_of(profile(read=placed))
    got: dict[str, Reading[Any]] = {}

    async def polled() -> None:
        context = DriverContext(clock=LoopClock(), sink=lambda _, found: got.update(found), rng=Random(1))
        reader = Reader(
            "box",
            1,
            Line(words),  # type: ignore[arg-type]
            context,
            manners=Manners(),
            classes=product.classes,
            computed={},
            out_of_date=lambda: False,
        )
        reader.lay_out(layout_of(profile(read=placed)), max_gap=gap, max_read=20)
        for _ in range(times):
            await reader.poll("normal")

    asyncio.run(polled())
    # then each has a value that is one, or none and a reason
    assert set(got) == set(placed) - {"_scale"}
    for name, reading in got.items():
        assert (reading.value is None) == (reading.quality is not Quality.GOOD), name
        assert reading.value is not None or reading.reason, name
        assert not isinstance(reading.value, float) or math.isfinite(reading.value), name
