"""What a point remembers: a counter runs forwards only, and a value may stand while the device has none."""

import pytest

from drivers.profile.checked import checked
from drivers.profile.memory import SET_BACK_AFTER, Memory
from drivers.profile.point import Decoded, ReadSpec
from hems.model.errors import ConfigError
from hems.model.reading import Quality

COUNTER = ReadSpec(monotonic=True)
HELD = ReadSpec(hold_s=30.0)


def told(memory: Memory, spec: ReadSpec, *values: float | None, from_s: float = 0.0):
    """The last of the readings of one point, one each second."""
    decoded = [Decoded(value, "" if value is not None else "nothing") for value in values]
    return [
        memory.reading("point", spec, one, taken_s=from_s + second, stale_after_s=5.0)
        for second, one in enumerate(decoded)
    ]


def test_a_step_back_is_unknown_until_the_counter_has_passed_where_it_was():
    first, back, still, passed = told(Memory(), COUNTER, 100.0, 40.0, 99.0, 101.0)
    assert (first.value, back.value, still.value, passed.value) == (100.0, None, None, 101.0)
    assert "40 is less than 100" in back.reason


def test_a_counter_that_was_set_back_is_believed_after_ten_readings_that_agree():
    readings = told(Memory(), COUNTER, 100.0, *(float(number) for number in range(SET_BACK_AFTER + 1)))
    assert [reading.value for reading in readings[1:SET_BACK_AFTER]] == [None] * (SET_BACK_AFTER - 1)
    assert [reading.value for reading in readings[SET_BACK_AFTER:]] == [9.0, 10.0]


def test_values_that_jump_about_below_are_never_believed():
    readings = told(Memory(), COUNTER, 100.0, *([50.0, 10.0] * SET_BACK_AFTER))
    assert all(reading.value is None for reading in readings[1:])


def test_a_value_that_cannot_be_read_neither_moves_nor_resets_a_counter():
    assert [reading.value for reading in told(Memory(), COUNTER, 100.0, None, 40.0, 100.0)] == [
        100.0,
        None,
        None,
        100.0,
    ]


def test_a_missing_value_is_stood_in_for_with_its_own_age_and_no_longer_than_said():
    memory = Memory()
    known, held = told(memory, HELD, 55.0, None)
    assert (held.value, held.taken_s, held.quality) == (55.0, known.taken_s, Quality.GOOD)
    assert held.known(29.0) == 55.0
    assert held.known(31.0) is None
    (late,) = told(memory, HELD, None, from_s=31.0)
    assert (late.value, late.reason) == (None, "nothing")


def test_nothing_stands_in_for_what_was_never_known():
    (reading,) = told(Memory(), HELD, None)
    assert reading.value is None


def test_points_do_not_share_a_memory():
    memory = Memory()
    memory.reading("import_wh", COUNTER, Decoded(100.0), taken_s=0.0, stale_after_s=5.0)
    assert memory.reading("export_wh", COUNTER, Decoded(1.0), taken_s=1.0, stale_after_s=5.0).value == 1.0


@pytest.mark.parametrize("spec", [{"monotonic": True, "bit": 1}, {"monotonic": True, "map": {"1": "x"}}])
def test_only_a_number_can_be_a_counter(spec):
    with pytest.raises(ConfigError, match="counters"):
        checked(ReadSpec, spec, "example")
