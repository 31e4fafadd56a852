"""What would come of what somebody says of a car, in sentences."""

from typing import Any

import pytest

from hems.model.consequence import CarConsequence, OtherCar
from hems.wording.foretold import NOT_IN_TIME
from hems.wording.ready import GUESSED, NOT_HERE, ON_ISLAND, car_effects


def said(**known: Any) -> list[str]:
    told = CarConsequence(**{"name": "Bay 1", "target_pct": 80.0, "looked_ahead": True, **known})
    return car_effects(told, lambda in_s: f"in {in_s:.0f} s")


def other(**known: Any) -> OtherCar:
    return OtherCar(**{"name": "Bay 2", "now_s": 60.0, "then_s": 90.0, "now_pct": 80.0, "then_pct": 80.0, **known})


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        ({"ready_in_s": 60.0, "leaves_in_s": 90.0}, "It will be ready: 80% about in 60 s, and it leaves in 90 s."),
        ({"ready_in_s": 0.0, "leaves_in_s": 90.0}, "It will be ready: 80% already now, and it leaves in 90 s."),
        ({"pct": 62.0, "leaves_in_s": 90.0}, "It CANNOT be ready: when it leaves in 90 s it has about 62% of 80%."),
        ({"ready_in_s": 60.0}, "It has 80% about in 60 s; nobody knows when it leaves."),
        ({"pct": 62.0}, "It will not have 80% within 12 hours, but about 62%."),
    ],
)
def test_whether_it_will_be_ready_is_said_first(known: dict[str, Any], sentence: str):
    assert said(**known) == [sentence, "Other cars: as before."]


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        ({}, "Bay 2 is ready about in 90 s (now about in 60 s)."),
        ({"then_s": None, "then_pct": 71.0}, "Bay 2 is NOT ready then: about 71%."),
        ({"now_s": None, "now_pct": 60.0}, "Bay 2 leaves with about 80% (now 60%)."),
        ({"now_s": None, "then_s": None, "then_pct": 50.0}, "Bay 2 leaves with about 50% (now 80%)."),
    ],
)
def test_what_another_gets_is_said_after_it(known: dict[str, Any], sentence: str):
    assert said(others=(other(**known),))[1:] == [sentence]


def test_three_others_are_named_and_more_are_counted():
    told = said(others=(other(),) * 5)
    assert told[4:] == ["It changes something for 2 more cars."]


def test_what_nobody_knows_is_said_so():
    assert said(looked_ahead=False) == [NOT_IN_TIME]
    assert said(on_island=True, looked_ahead=False) == [ON_ISLAND]
    assert said(plugged=False) == [NOT_HERE]
    assert GUESSED in said(tells=False)
    assert said(first=True)[0].startswith("It charges before others that have time")
