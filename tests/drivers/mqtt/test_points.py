"""What points of a device behind a broker remember from one message to the next."""

from random import Random

import pytest

from drivers.mqtt.payload import Incoming
from drivers.mqtt.points import Points
from drivers.mqtt.schema import MqttProfile
from drivers.profile.load import parse
from hems.model.instant import Instant
from hems.ports.device import DriverContext

METER = {
    "schema": 1,
    "id": "meter",
    "title": "A meter",
    "class": "meter",
    "engine": "mqtt",
    "status": "draft",
    "sources": ["this test"],
    "link": {"silent_ms": 30000},
    "read": {
        "import_wh": {"topic": "meter/wh", "monotonic": True},
        "soc_pct": {"topic": "meter/soc", "zero_is_null": True, "hold_s": 600},
    },
}


class Clock:
    now_s = 100.0

    def now(self):
        return Instant(self.now_s)

    def mono_s(self):
        return self.now_s


def test_a_counter_runs_forwards_only_and_a_missing_value_is_stood_in_for_with_its_own_age():
    clock = Clock()
    context = DriverContext(clock=clock, sink=lambda *_: None, rng=Random(1))
    points = Points("meter", parse(MqttProfile, METER, {}), context)
    for topic, text in (("meter/wh", "5000"), ("meter/soc", "63")):
        points.take(Incoming(topic, text.encode(), retained=False))
    # when, ten seconds later, the counter is lower and the state of charge is not known
    clock.now_s = 110.0
    for topic, text in (("meter/wh", "12"), ("meter/soc", "0")):
        points.take(Incoming(topic, text.encode(), retained=False))
    # then the one is unknown, and the other is as it was and as old as it is
    assert points.latest["import_wh"].value is None
    assert "runs forwards only" in points.latest["import_wh"].reason
    assert (points.latest["soc_pct"].value, points.latest["soc_pct"].taken_s) == (63.0, 100.0)
    assert points.latest["soc_pct"].stale_after_s == 600


def heard(text):
    points = Points(
        "meter", parse(MqttProfile, METER, {}), DriverContext(clock=Clock(), sink=lambda *_: None, rng=Random(1))
    )
    points.take(Incoming("meter/soc", text.encode(), retained=False))
    return points.latest["soc_pct"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("63", 63.0),
        ("63.5", 63.5),
        ("-0.5", -0.5),
        ("+7", 7.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("6.3E1", 63.0),
        ("  63.0\n", 63.0),
    ],
)
def test_a_number_in_text_is_what_devices_write_as_one(text, value):
    assert heard(text).value == value


@pytest.mark.parametrize(
    "text",
    [
        "1_000",
        "1,5",
        "0x10",
        "\N{FULLWIDTH DIGIT ONE}",
        "\N{NO-BREAK SPACE}63",
        "nan",
        "inf",
        "-Infinity",
        "6 3",
        "",
        "63 %",
        "--",
        ".",
    ],
)
def test_what_only_looks_like_a_number_to_python_is_none(text):
    reading = heard(text)
    assert reading.value is None
    assert reading.reason


def test_a_number_too_large_for_anything_is_none():
    for text in ("1e999", "9" * 400):
        assert heard(text).reason == "the device sends inf"
