"""Registers to numbers and back."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as some

from drivers.modbus.codec import BOUNDS, WIDTHS, BadReading, Coding, coding, decode, decoder, encode, straight

ORDERS = some.sampled_from(("big", "little"))
REGISTERS = some.lists(some.integers(0, 0xFFFF), min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("kind", "orders", "registers", "value"),
    [
        ("u16", {}, (0xFFFF,), 65535),
        ("s16", {}, (0xFFFF,), -1),
        ("u32", {}, (0x0001, 0x0002), 65538),
        ("u32", {"word": "little"}, (0x0002, 0x0001), 65538),
        ("s32", {"word": "little"}, (0xF830, 0xFFFF), -2000),
        ("f32", {}, (0x4366, 0x8000), 230.5),
        ("f32", {"word": "little"}, (0x8000, 0x4366), 230.5),
        ("f32", {"byte": "little"}, (0x6643, 0x0080), 230.5),
        ("f64", {}, (0x406C, 0xD000, 0, 0), 230.5),
        ("u64", {}, (0, 0, 1, 0), 65536),
        ("s64", {}, (0xFFFF,) * 4, -1),
        ("bool", {}, (1,), True),
    ],
)
def test_a_value_lies_in_registers_as_the_standard_says(kind, orders, registers, value):
    how = coding(kind, **orders)
    assert decode(how, registers) == value
    assert encode(how, value) == registers


def test_text_ends_at_its_first_zero():
    how = coding("str", length=5)
    assert decode(how, (0x6372, 0x656D, 0x6100, 0x2121, 0)) == "crema"
    assert encode(how, "crema") == (0x6372, 0x656D, 0x6100, 0, 0)


@given(some.sampled_from(sorted(BOUNDS)), ORDERS, ORDERS, some.data())
def test_every_whole_number_survives_the_way_there_and_back(kind, word, byte, data):
    how = coding(kind, word=word if WIDTHS[kind] > 1 else "big", byte=byte)
    value = data.draw(some.integers(*BOUNDS[kind]))
    assert decode(how, encode(how, value)) == value


@given(some.floats(width=32, allow_nan=False), ORDERS, ORDERS)
def test_every_single_survives_the_way_there_and_back(value, word, byte):
    how = coding("f32", word=word, byte=byte)
    assert decode(how, encode(how, value)) == value


@given(some.sampled_from(sorted(WIDTHS)), ORDERS, REGISTERS)
def test_no_registers_break_the_decoder(kind, word, registers):
    how = coding(kind, word=word if WIDTHS[kind] > 1 else "big")
    try:
        decode(how, registers)
    except BadReading:
        assert len(registers) != how.registers


@given(some.binary(min_size=8, max_size=8))
def test_no_octets_break_the_decoding_of_text(octets):
    registers = [int.from_bytes(octets[place : place + 2], "big") for place in range(0, 8, 2)]
    try:
        assert isinstance(decode(coding("str", length=4), registers), str)
    except BadReading as wrong:
        assert "no characters" in str(wrong)


def test_fractions_are_cut_towards_less_but_rounding_errors_are_not():
    assert encode(coding("s16"), 6.9) == (6,)
    assert encode(coding("s16"), -6.9) == (0xFFFA,)
    assert encode(coding("u16"), 4140 / 230 / 3 - 1e-12) == (6,)


@pytest.mark.parametrize(("kind", "value"), [("u16", -1), ("u16", 65536), ("s16", 40000), ("u32", 2**32)])
def test_a_value_that_does_not_fit_is_refused_and_not_wrapped(kind, value):
    with pytest.raises(ValueError, match="does not fit"):
        encode(coding(kind), value)


@pytest.mark.parametrize(
    ("kind", "more", "problem"),
    [
        ("u16", {"word": "little"}, "word order"),
        ("str", {}, "len"),
        ("u16", {"length": 2}, "len"),
        ("str", {"length": 0}, "len"),
    ],
)
def test_a_coding_that_contradicts_itself_is_refused(kind, more, problem):
    with pytest.raises(ValueError, match=problem):
        coding(kind, **more)


@some.composite
def laid_out(draw: some.DrawFn) -> list[tuple[int, Coding]]:
    """Values of all kinds at places of an answer of forty words, one behind the other or across each other."""
    apart, places, free = draw(some.booleans()), [], 0
    for _ in range(draw(some.integers(1, 8))):
        kind = draw(some.sampled_from(["u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64", "str"]))
        turned = draw(some.sampled_from([{}, {}, {"byte": "little"}, {"word": "little"}]))
        if kind.endswith("16"):
            turned.pop("word", None)
        how = coding(kind, length=3 if kind == "str" else None, **turned)
        start = free + draw(some.integers(0, 1)) if apart else draw(some.integers(0, 36))
        free = start + how.registers
        places.append((start, how))
    return places


@given(words=some.lists(some.integers(0, 0xFFFF), min_size=4, max_size=4))
def test_bits_are_read_in_the_prepared_way_as_in_the_plain_one(words):
    bit = coding("bool")
    assert decoder([(0, bit), (3, bit)])(words) == [decode(bit, words[:1]), decode(bit, words[3:])]


@given(places=laid_out(), words=some.lists(some.integers(0, 0xFFFF), min_size=40, max_size=40))
def test_the_prepared_way_reads_what_the_plain_way_reads(places, words):
    layout, octets = straight(places, 40), struct.pack(">40H", *words)
    told = struct.unpack(f">{layout}", octets) if layout else decoder(places)(words)
    assert len(told) == len(places)
    for (start, how), fast in zip(places, told, strict=True):
        try:
            slow = decode(how, words[start : start + how.registers])
        except BadReading:
            assert isinstance(fast, BadReading)
            continue
        assert type(fast) is type(slow)
        assert fast == slow or (fast != fast and slow != slow)
