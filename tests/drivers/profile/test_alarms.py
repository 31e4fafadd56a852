"""What a device itself calls abnormal, in words and with its weight."""

import pytest

from drivers.profile.alarms import AlarmGroup, standing
from drivers.profile.checked import checked
from hems.model.errors import ConfigError
from hems.model.reading import Quality, Reading
from hems.model.snapshot import DeviceAlarm, Severity

FAULTS = checked(
    AlarmGroup,
    {"point": "_bits", "severity": "high", "bits": {"0": "over-voltage", "0x3": "fan stands still"}},
    "example",
)
STATE = checked(AlarmGroup, {"point": "state", "map": {"fault": "stopped with a fault", "5": "five"}}, "example")


def told(**values: object) -> list[str]:
    latest = {name: Reading(value, 10.0, 5.0) for name, value in values.items()}
    return [alarm.text for alarm in standing({"inverter": FAULTS, "state": STATE}, latest, 12.0)]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ({"_bits": 0.0}, []),
        ({"_bits": 1.0}, ["over-voltage"]),
        ({"_bits": 9.0}, ["over-voltage", "fan stands still"]),
        ({"_bits": 4.0}, []),
        ({"state": "fault"}, ["stopped with a fault"]),
        ({"state": 5.0}, ["five"]),
        ({"state": "running"}, []),
        ({"_bits": 8.0, "state": "fault"}, ["fan stands still", "stopped with a fault"]),
        ({}, []),
    ],
)
def test_bits_and_states_that_stand_are_told_in_words(values, texts):
    assert told(**values) == texts


def test_an_alarm_keeps_its_code_and_carries_its_weight():
    (alarm,) = standing({"inverter": FAULTS}, {"_bits": Reading(8.0, 0.0)}, 0.0)
    assert alarm == DeviceAlarm(code="inverter/0x3", text="fan stands still", severity=Severity.HIGH)


def test_what_is_old_or_unknown_is_no_alarm():
    assert standing({"inverter": FAULTS}, {"_bits": Reading(8.0, 0.0, 5.0)}, 6.0) == ()
    assert standing({"inverter": FAULTS}, {"_bits": Reading(None, 0.0, 5.0, Quality.INVALID)}, 0.0) == ()


@pytest.mark.parametrize(
    ("group", "problem"),
    [
        ({"point": "a"}, "exactly one of bits and map"),
        ({"point": "a", "bits": {"0": "x"}, "map": {"0": "x"}}, "exactly one of bits and map"),
        ({"point": "a", "bits": {"64": "x"}}, "no place of a bit"),
        ({"point": "a", "bits": {"low": "x"}}, "no place of a bit"),
        ({"point": "a", "bits": {"0": "x"}, "severity": "urgent"}, "'high', 'medium' or 'low'"),
    ],
)
def test_a_mistake_in_an_alarm_is_told(group, problem):
    with pytest.raises(ConfigError, match=problem):
        checked(AlarmGroup, group, "example")
