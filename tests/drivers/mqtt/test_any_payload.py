"""Whatever a device says, each point is a believable value of its kind or unknown with a reason, for every product."""

import json
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.mqtt import FACTORY
from drivers.mqtt.payload import Incoming
from drivers.mqtt.points import Points
from hems.model.reading import Quality
from hems.ports.device import DriverContext
from tests.drivers.mqtt.given import Readings, RunningClock
from tests.drivers.mqtt.images import BOX, IMAGES, image

KINDS = {"bool": bool, "float": float, "str": str}
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
NAMES = st.text(max_size=5)
TREES = st.recursive(PLAIN, lambda part: st.lists(part, max_size=3) | st.dictionaries(NAMES, part, max_size=3))


def near(payload):
    """Payloads that are almost what the device sends: one value in them is another."""
    try:
        tree = json.loads(payload)
    except ValueError:
        return PLAIN.map(str)
    if not isinstance(tree, dict) or not tree:
        return PLAIN.map(json.dumps)
    return st.builds(lambda key, value: json.dumps({**tree, key: value}), st.sampled_from(sorted(tree)), TREES)


@pytest.mark.parametrize("told", [image(path) for path in IMAGES], ids=[path.stem for path in IMAGES])
@settings(max_examples=30)
@given(data=st.data())
def test_any_payload_is_a_value_of_its_kind_or_unknown_with_a_reason(told, data):
    # given a device that has told what its image says
    spec = told.spec("mqtt://broker")
    sink = Readings()
    points = Points(BOX, FACTORY.profile(spec), DriverContext(clock=RunningClock(), sink=sink, rng=Random(1)))
    kinds = FACTORY.points(spec)
    said = [message for message in told.told["messages"] if message["topic"] in points.topics]
    for message in said:
        points.take(Incoming(message["topic"], message["text"].encode(), retained=False))

    # when something else comes on one of its topics
    message = data.draw(st.sampled_from(said))
    payload = data.draw(st.binary(max_size=40) | near(message["text"]).map(lambda text: text.encode(errors="replace")))
    points.take(Incoming(message["topic"], payload, retained=data.draw(st.booleans())))

    # then
    for _, name, reading in sink.all:
        if reading.value is None:
            assert reading.quality is not Quality.GOOD
            assert reading.reason
        else:
            assert isinstance(reading.value, KINDS[kinds[name]]), (name, reading.value)
            assert reading.value == reading.value  # no NaN
