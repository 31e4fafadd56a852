"""Copies with something changed: the same as `dataclasses.replace` gives, only cheaper."""

import dataclasses
from dataclasses import dataclass, field

import pytest

from hems.control.cars.memory import BayMemory
from hems.control.memory.acting import Sent
from hems.control.memory.using import LoadMemory
from hems.control.state import ControlState, initial
from hems.model.cause import Cause, Why
from hems.model.copies import replace, revised


@pytest.mark.parametrize(
    ("value", "changes"),
    [
        (initial(5.0), {"at_s": 7.0, "by_hand": True}),
        (LoadMemory(), {"demand_w": 3.0}),
        (BayMemory(at_floor=True), {}),
        (Sent(value=True, cause=Cause(Why.STARTED), sent_s=1.0, last_s=2.0), {"tries": 4}),
    ],
)
def test_a_copy_is_what_dataclasses_would_make_and_leaves_the_original_alone(
    value: ControlState, changes: dict[str, object]
):
    before = dataclasses.replace(value)
    copy = replace(value, **changes)  # type: ignore[arg-type]
    assert copy == dataclasses.replace(value, **changes)  # type: ignore[arg-type]
    assert type(copy) is type(value)
    assert value == before
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(copy, dataclasses.fields(copy)[0].name, None)


def test_a_field_that_is_none_is_refused():
    with pytest.raises(AttributeError):
        replace(LoadMemory(), no_such=1)  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        replace(initial(0.0), no_such=1)  # type: ignore[call-arg]


@dataclass(frozen=True, slots=True)
class Checked:
    """Looks at itself when it is made."""

    value: int
    double: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "double", 2 * self.value)


@dataclass(frozen=True)
class Plain:
    value: int


def test_what_looks_at_itself_is_left_to_dataclasses_and_what_has_no_slots_is_copied_in_one_go():
    assert replace(Checked(2), value=5).double == 10
    assert replace(Plain(2), value=5) == Plain(5)


def test_what_says_nothing_new_is_the_very_same_value():
    before = LoadMemory(demand_w=3.0, deaf=True)
    assert revised(before, demand_w=3.0, deaf=True) is before
    assert revised(before, demand_w=3.0, deaf=False) == LoadMemory(demand_w=3.0)
    with pytest.raises(AttributeError):
        revised(before, no_such=1)
