"""Points computed from points: unknown stays unknown, age is that of the oldest."""

import pytest

from drivers.profile.checked import checked
from drivers.profile.derive import Expression, derived, evaluate, kind_of, operands
from hems.model.errors import ConfigError
from hems.model.reading import Quality, Reading

READY = {"all": [{"point": "session", "in": [3, 5]}, {"point": "floor_w", "below": 0}]}


def node(data: object) -> Expression:
    return checked(Expression, data, "example")


@pytest.mark.parametrize(
    ("data", "values", "result"),
    [
        ({"sum": ["a", "b"]}, {"a": 1.0, "b": 2.0}, 3.0),
        ({"sum": ["a", "b"]}, {"a": 1.0}, None),
        ({"max0": {"neg": "a"}}, {"a": -300.0}, 300.0),
        ({"max0": {"neg": "a"}}, {"a": 300.0}, 0.0),
        ({"max0": {"neg": "a"}}, {}, None),
        ({"first": ["a", "b"]}, {"a": None, "b": 2.0}, 2.0),
        ({"ratio": ["a", "b"], "times": 100}, {"a": 1.0, "b": 4.0}, 25.0),
        ({"ratio": ["a", "b"]}, {"a": 1.0, "b": 0.0}, None),
        ({"ratio": ["a", {"sum": ["b", 1]}]}, {"a": 6.0, "b": 2.0}, 2.0),
        ({"ratio": ["a", "b"]}, {"a": 1.0}, None),
        ({"ratio": ["a", "b"]}, {"a": 1e300, "b": 1e-300}, None),
        ({"sum": ["a", "a"]}, {"a": 1e308}, None),
        (READY, {"session": 5.0, "floor_w": -10.0}, True),
        (READY, {"session": 5.0, "floor_w": 0.0}, False),
        (READY, {"session": 1.0}, False),
        (READY, {"session": 5.0}, None),
        ({"any": [{"point": "a", "above": 5}, {"point": "b", "equals": True}]}, {"a": 9.0}, True),
        ({"any": [{"point": "a", "above": 5}, {"point": "b", "equals": True}]}, {"a": 1.0}, None),
        ({"select": "flow", "cases": {"1": {"neg": "p"}, "2": "p"}, "otherwise": 0}, {"flow": 1.0, "p": 7.0}, -7.0),
        ({"select": "flow", "cases": {"1": {"neg": "p"}}, "otherwise": 0}, {"flow": 4.0, "p": 7.0}, 0.0),
        ({"select": "flow", "cases": {"1": {"neg": "p"}}}, {"flow": 4.0, "p": 7.0}, None),
        ({"select": "flow", "cases": {"1": "p"}}, {"p": 7.0}, None),
        ({"select": "there", "cases": {"True": "p"}}, {"there": True, "p": 7.0}, 7.0),
        ({"select": "there", "cases": {"True": "p"}}, {"there": False, "p": 7.0}, None),
    ],
)
def test_an_expression_gives_its_value_or_unknown(data, values, result):
    assert evaluate(node(data), values) == result


def test_a_computed_point_is_as_old_as_its_oldest_operand_and_stale_when_the_first_of_them_is():
    latest = {"a": Reading(1.0, 10.0, 5.0), "b": Reading(2.0, 12.0, 2.0)}
    assert derived(node({"sum": ["a", "b"]}), latest) == Reading(3.0, 10.0, 4.0)


def test_an_operand_that_is_asked_for_once_does_not_make_the_result_stale():
    latest = {"rated": Reading(9000.0, 10.0, float("inf")), "now": Reading(3000.0, 5000.0, 4.0)}
    reading = derived(node({"ratio": ["now", "rated"]}), latest)
    assert reading.known(5003.0) == pytest.approx(1 / 3)
    assert reading.known(5005.0) is None


def test_an_operand_that_does_not_matter_does_not_age_the_result():
    latest = {"a": Reading(None, float("-inf"), 5.0, Quality.MISSING), "b": Reading(2.0, 12.0, 3.0)}
    assert derived(node({"first": ["a", "b"]}), latest) == Reading(2.0, 12.0, 3.0)


def test_an_unknown_result_names_what_is_missing():
    reading = derived(node(READY), {"session": Reading(5.0, 1.0)})
    assert reading.quality is Quality.INVALID
    assert reading.reason == "computed from floor_w, which is not known"


def test_operands_and_kind_are_known_beforehand():
    assert operands(node(READY)) == {"session", "floor_w"}
    assert kind_of(node(READY), {}) == "bool"
    assert kind_of(node({"first": ["state"]}), {"state": "str"}) == "str"
    assert kind_of(node({"max0": {"neg": "a"}}), {"a": "float"}) == "float"


@pytest.mark.parametrize("data", [{"median": ["a"]}, {"all": []}, {"all": [{"point": "a"}]}, {"sum": "a"}])
def test_what_is_no_expression_is_refused(data):
    with pytest.raises(ConfigError, match=r"."):
        node(data)
