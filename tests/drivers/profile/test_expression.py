"""Arithmetic in profiles: small, from left to right, and honest about what it does not know."""

import pytest

from drivers.profile.expression import UnknownValueError, evaluate, names_in
from drivers.profile.params import fill


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("5", 5.0),
        (7, 7.0),
        (True, 1.0),
        ("{value}", 6.0),
        ("{value} / {rated} * 100", 60.0),
        ("-rated", -10.0),
        ("0 - {value}", -6.0),
    ],
)
def test_an_expression_is_worked_out_from_left_to_right(text, result):
    assert evaluate(text, {"value": 6.0, "rated": 10.0}) == result


@pytest.mark.parametrize("text", ["{missing}", "{value} / {zero}", "{value} * {huge} * {huge}", "{word}"])
def test_what_cannot_be_known_is_said_to_be_unknown(text):
    with pytest.raises(UnknownValueError):
        evaluate(text, {"value": 6.0, "zero": 0.0, "huge": 1e300, "word": "text"})


@pytest.mark.parametrize("text", ["", "1 +", "1 ** 2", "__import__('os')", "a b c", "nan", "inf + 1"])
def test_anything_else_is_no_expression(text):
    with pytest.raises((ValueError, UnknownValueError)):
        evaluate(text, {})


def test_names_are_known_beforehand():
    assert names_in("{value} / power_rated_w * 100") == {"value", "power_rated_w"}
    assert names_in(5) == frozenset()


def test_placeholders_take_parameters_and_leave_the_rest():
    filled = fill(
        {
            "unit": "{unit}",
            "base": "{unit} * 100",
            "topic": "{prefix}/switch:{unit}",
            "to": "{value} / {unit}",
            "list": ["{unit}"],
        },
        {"unit": 3, "prefix": "house/plug"},
    )
    assert filled == {"unit": 3, "base": 300, "topic": "house/plug/switch:3", "to": "{value} / 3", "list": [3]}
