"""What a wanted value becomes, and whether the device has taken it."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from drivers.profile.checked import checked
from drivers.profile.command import Accepted, Refused, Verify, WriteSpec, prepare

CAR = checked(
    WriteSpec,
    {
        "range": ["-charge_max_w", "discharge_max_w"],
        "dead_zone": 500,
        "guard": [{"if_above": 0, "needs": "ready"}],
        "lapses_to": "zero",
    },
    "example",
)
POINTS = {"charge_max_w": 7000.0, "discharge_max_w": 5000.0, "ready": True}


@pytest.mark.parametrize(
    ("wanted", "value"),
    [(3000, 3000.0), (-3000, -3000.0), (9000, 5000.0), (-9000, -7000.0), (499, 0.0), (-499, 0.0), (0, 0.0)],
)
def test_a_setpoint_is_clamped_to_the_live_limits_and_small_ones_are_zero(wanted, value):
    assert prepare(CAR, wanted, POINTS, islanded=False) == Accepted(value, note=_note(wanted, value))


def _note(wanted: float, value: float) -> str:
    if wanted == value:
        return ""
    return (
        f"clamped from {wanted:g} to {value:g}"
        if value
        else f"{wanted:g} is below the smallest step of 500 and sent as 0"
    )


def test_discharging_without_the_live_permission_is_refused_and_charging_is_not():
    points = {**POINTS, "ready": False}
    assert prepare(CAR, 3000, points, islanded=True) == Refused("ready is not given")
    assert isinstance(prepare(CAR, -3000, points, islanded=True), Accepted)


def test_an_unknown_permission_or_limit_is_no_permission():
    assert prepare(CAR, 3000, {"discharge_max_w": 5000.0}, islanded=True) == Refused("ready is not known")
    refused = prepare(CAR, -3000, {"ready": True}, islanded=True)
    assert isinstance(refused, Refused)
    assert "charge_max_w is not known" in refused.reason


def test_stopping_needs_no_permission_no_limit_and_no_knowledge():
    assert prepare(CAR, 0, {}, islanded=True) == Accepted(0.0)


def test_the_smallest_step_may_hang_on_the_phases_in_use():
    charger = checked(
        WriteSpec, {"range": [-22000, 0], "dead_zone": "6 * 230 * {phases}", "lapses_to": "zero"}, "example"
    )
    assert prepare(charger, -4000, {"phases": 1.0}, islanded=False) == Accepted(-4000.0)
    assert prepare(charger, -4000, {"phases": 3.0}, islanded=False) == Accepted(
        0.0, note="-4000 is below the smallest step of 4140 and sent as 0"
    )
    assert prepare(charger, -4000, {}, islanded=False) == Refused(
        "the device's smallest step is not known: phases is not known"
    )
    assert prepare(charger, 0, {}, islanded=False) == Accepted(0.0)


def test_a_limit_below_the_smallest_step_means_zero():
    accepted = prepare(CAR, 3000, {**POINTS, "discharge_max_w": 300.0}, islanded=True)
    assert isinstance(accepted, Accepted)
    assert accepted.value == 0.0


@given(some.floats(-1e6, 1e6), some.floats(0, 2e4), some.floats(0, 2e4), some.booleans())
def test_what_is_sent_is_never_more_than_asked_nor_in_another_direction(wanted, charge_w, discharge_w, ready):
    points = {"charge_max_w": charge_w, "discharge_max_w": discharge_w, "ready": ready}
    judged = prepare(CAR, wanted, points, islanded=True)
    if isinstance(judged, Accepted):
        assert abs(judged.value) <= abs(wanted)
        assert judged.value * wanted >= 0
        assert -charge_w <= judged.value <= discharge_w


SWITCH = checked(WriteSpec, {"kind": "bool", "lapses_to": "closed"}, "example")


def test_a_switch_off_that_would_end_by_itself_is_refused_on_an_island():
    assert isinstance(prepare(SWITCH, False, {}, islanded=True), Refused)
    assert prepare(SWITCH, False, {}, islanded=False) == Accepted(False)
    assert prepare(SWITCH, True, {}, islanded=True) == Accepted(True)


@pytest.mark.parametrize(("spec", "wanted"), [(SWITCH, 1.0), (SWITCH, "off"), (CAR, True), (CAR, "much")])
def test_a_value_of_the_wrong_kind_is_refused(spec, wanted):
    assert isinstance(prepare(spec, wanted, POINTS, islanded=False), Refused)


@pytest.mark.parametrize(
    ("verify", "shown", "value", "holds"),
    [
        ({"equals": "{value}"}, True, True, True),
        ({"equals": "{value}"}, False, True, False),
        ({"equals": 1}, 1.0, 500.0, True),
        ({"equals": "{value} / 10"}, 50.0, 500.0, True),
        ({"within": 300}, 3200.0, 3000.0, True),
        ({"within": 300}, 3400.0, 3000.0, False),
        ({"within": 300}, None, 3000.0, False),
        ({"equals": "on"}, "on", 1.0, True),
    ],
)
def test_a_command_is_seen_to_be_followed(verify, shown, value, holds):
    assert checked(Verify, {"read": "p", **verify}, "example").satisfied(shown, value) is holds
