"""Frozen values that are made quickly: like any others, only cheaper."""

import dataclasses
from dataclasses import dataclass, field

import pytest

from hems.model.cause import Cause, Why
from hems.model.copies import replace
from hems.model.quick import quick


@quick
@dataclass(frozen=True, slots=True)
class Lamp:
    """A lamp."""

    name: str
    watts: float = 40.0
    hours: dict[int, float] = field(default_factory=dict)
    rooms: tuple[str, ...] = field(default=(), kw_only=True)


def test_it_is_made_as_any_other():
    # given one that is made from what it must have, and one from all there is
    least, most = Lamp("hall"), Lamp("hall", 60.0, {1: 2.0}, rooms=("hall",))
    # then what was not said is as the class has it, and what was said is there
    assert (least.name, least.watts, least.hours, least.rooms) == ("hall", 40.0, {}, ())
    assert (most.name, most.watts, most.hours, most.rooms) == ("hall", 60.0, {1: 2.0}, ("hall",))
    assert Lamp(name="hall") == least
    assert repr(least) == "Lamp(name='hall', watts=40.0, hours={}, rooms=())"


def test_what_a_factory_makes_belongs_to_one_value_alone():
    assert Lamp("hall").hours is not Lamp("stairs").hours


def test_it_is_frozen_and_can_be_copied():
    lamp = Lamp("hall")
    with pytest.raises(dataclasses.FrozenInstanceError):
        lamp.watts = 60.0  # type: ignore[misc]
    assert replace(lamp, watts=60.0) == dataclasses.replace(lamp, watts=60.0) == Lamp("hall", 60.0)


@pytest.mark.parametrize(
    ("given", "named"),
    [((), {}), (("hall",), {"colour": "red"}), (("hall",), {"name": "stairs"}), (("hall", 1.0, {}, ()), {})],
)
def test_what_it_does_not_have_and_what_it_must_have_is_refused(given: tuple[object, ...], named: dict[str, object]):
    with pytest.raises(TypeError):
        Lamp(*given, **named)  # type: ignore[arg-type]


def test_a_cause_is_still_a_cause():
    assert Cause(Why.FIRE) == Cause(why=Why.FIRE, facts={})
