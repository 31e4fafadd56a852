"""Finding the models of an inverter, also of a strange one."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.modbus.errors import Garbled, NoAnswer, Refusal
from drivers.modbus.frame import ReadFrame
from drivers.sunspec.walk import Block, NoSunSpec, walk

BASES = (40000, 50000, 0)


def device(registers: dict[int, int]):
    async def ask(frame: ReadFrame) -> tuple[int, ...]:
        places = range(frame.address, frame.address + frame.count)
        if any(place not in registers for place in places):
            raise Refusal(2)
        return tuple(registers[place] for place in places)

    return ask


def at(base: int, *words: int) -> dict[int, int]:
    return {base + place: word for place, word in enumerate((0x5375, 0x6E53, *words))}


async def test_models_are_found_in_whatever_order_and_the_first_of_two_counts():
    registers = at(50000, 1, 2, 0, 0, 160, 1, 0, 103, 3, 0, 0, 0, 103, 0, 0xFFFF, 0)
    assert await walk(device(registers), 1, BASES) == {
        1: Block(50002, 2),
        160: Block(50006, 1),
        103: Block(50009, 3),
    }


async def test_a_place_that_answers_with_something_else_is_passed_over():
    registers = {40000: 1, 40001: 2, **at(0, 0xFFFF, 0)}
    assert await walk(device(registers), 1, BASES) == {}


async def test_no_map_anywhere_is_another_product():
    with pytest.raises(NoSunSpec, match="40000, 50000, 0"):
        await walk(device({}), 1, BASES)


async def test_a_list_without_end_is_given_up():
    async def endless(frame: ReadFrame) -> tuple[int, ...]:
        return (0x5375, 0x6E53) if frame.address == 40000 else (64000, 0)

    with pytest.raises(Garbled, match="no end"):
        await walk(endless, 1, BASES)


async def test_silence_is_not_taken_for_another_product():
    async def silent(_frame: ReadFrame) -> tuple[int, ...]:
        raise NoAnswer("nothing")

    with pytest.raises(NoAnswer):
        await walk(silent, 1, BASES)


@settings(max_examples=200, deadline=None)
@given(
    base=st.sampled_from(BASES),
    words=st.lists(
        st.one_of(st.sampled_from([0, 1, 2, 66, 103, 160, 701, 0xFFFF]), st.integers(0, 0xFFFF)), max_size=60
    ),
    elsewhere=st.integers(0, 0xFFFF),
)
def test_whatever_a_device_holds_the_walk_ends_soon_and_with_a_word_for_it(base, words, elsewhere):
    # given a mark and then anything at all, and one value at all other places
    registers, asked = at(base, *words), []

    async def anything(frame: ReadFrame) -> tuple[int, ...]:
        asked.append(frame)
        return tuple(registers.get(place, elsewhere) for place in range(frame.address, frame.address + frame.count))

    # when it is walked
    try:
        found = asyncio.run(walk(anything, 1, BASES))
    except (Garbled, NoSunSpec):
        found = {}
    # then every request was for registers that exist, there were not many, and no model ends outside
    assert all(frame.address >= 0 and frame.address + frame.count <= 0x10000 for frame in asked)
    assert len(asked) <= 100
    assert all(block.start + 2 + block.length <= 0x10000 for block in found.values())
