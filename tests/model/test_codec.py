"""What goes into JSON comes back the same, or is refused in a sentence that names the field."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hems.model.codec import from_plain, to_plain
from hems.model.command import Command, Outcome
from hems.model.event import Event
from hems.model.instant import Instant
from hems.model.mode import Mode
from hems.model.picture import Picture
from hems.model.reading import Reading, missing
from hems.model.request import Override
from hems.model.site import Tier
from hems.model.snapshot import BayState

VALUES = (Picture, Event, Command, Outcome, Override, Instant)


@pytest.fixture(autouse=True, scope="module")
def _only_comparable_floats() -> None:
    st.register_type_strategy(float, st.floats(allow_nan=False))
    st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)))


def through_json(cls: Any, value: object) -> Any:
    return from_plain(cls, json.loads(json.dumps(to_plain(value), allow_nan=False)))


@pytest.mark.parametrize("cls", VALUES)
def test_every_value_survives_the_way_through_json(cls: type) -> None:
    @given(st.from_type(cls))
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    def survives(value: object) -> None:
        assert through_json(cls, value) == value

    survives()


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """The shapes that a remembered state may have."""

    by_tier: dict[Tier, float]
    names: frozenset[str]
    pair: tuple[int, str]
    reading: Reading[float]
    state: Reading[BayState]
    maybe: Mode | None = None


def test_odd_shapes_survive() -> None:
    value = Odd(
        by_tier={Tier.COMFORT: 1.5, Tier.LIFE_SAFETY: 0.0},
        names=frozenset({"b", "a"}),
        pair=(3, "x"),
        reading=missing(),
        state=Reading(BayState.PLUGGED, 12.5),
        maybe=Mode.ISLANDED,
    )

    again = through_json(Odd, value)

    assert again == value
    assert isinstance(next(iter(again.by_tier)), Tier)
    assert again.state.value is BayState.PLUGGED


def test_whole_numbers_come_back_as_floats_where_a_float_is_declared() -> None:
    again = from_plain(Instant, {"mono_s": 5})

    assert isinstance(again.mono_s, float)


def test_an_unknown_key_is_passed_over_and_a_missing_one_takes_its_default() -> None:
    assert from_plain(Instant, {"mono_s": 5.0, "from_the_future": [1]}) == Instant(5.0)


@pytest.mark.parametrize(
    ("cls", "plain", "says"),
    [
        (Instant, {}, "lacks mono_s"),
        (Instant, {"mono_s": "soon"}, "mono_s: expected float, found str"),
        (Instant, {"mono_s": True}, "mono_s: expected float, found bool"),
        (Instant, {"mono_s": 10**400}, "mono_s: expected float, found a number that is too large"),
        (Instant, [], "expected an object for Instant"),
        (Event, {"at": {"mono_s": 1.0}, "kind": "party", "subject": "", "cause": {"why": "started"}}, "kind: 'party'"),
        (tuple[int, ...], [1, "2"], "expected int, found str"),
        (tuple[int, int], [1], "expected 2 values, found 1"),
        (dict[str, float], {"a": None}, "a: expected float"),
    ],
)
def test_a_wrong_type_is_refused_by_the_name_of_the_field(cls: Any, plain: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        from_plain(cls, plain)


def test_what_json_cannot_carry_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="cannot write object"):
        to_plain(object())
    with pytest.raises(TypeError, match="JSON key"):
        to_plain({(1, 2): 3})
