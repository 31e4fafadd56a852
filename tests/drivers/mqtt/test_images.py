"""Every MQTT product against messages written by hand from its maker's facts: wrong topics, signs and payloads show."""

import asyncio

import pytest

from drivers.mqtt import FACTORY
from drivers.profile.load import available, load_raw
from tests.drivers.mqtt.given import eventually
from tests.drivers.mqtt.images import BOX, IMAGES, as_told, image, played

pytestmark = pytest.mark.wire
EACH = pytest.mark.parametrize("told", [image(path) for path in IMAGES], ids=[path.stem for path in IMAGES])


def test_every_mqtt_product_has_an_image():
    engines = {name: load_raw(name)["engine"] for name in available()}
    assert {name for name, engine in engines.items() if engine == "mqtt"} == {image(path).product for path in IMAGES}


@EACH
async def test_an_image_reads_as_its_maker_says(told, broker):
    assert FACTORY.check([told.spec(broker.url)]) == []
    async with played(told, broker, armed=False) as (rig, _):
        now_s = rig.clock.mono_s()

        # then each point is what it should be, or unknown for the right reason
        got = {point: rig.readings.last(point, BOX).known(now_s) for point in told.told["points"]}
        assert got == {
            point: pytest.approx(value, rel=1e-6) if isinstance(value, float) else value
            for point, value in told.told["points"].items()
        }
        for point, reason in told.told.get("unknown", {}).items():
            reading = rig.readings.last(point, BOX)
            assert reading.value is None
            assert reason in reading.reason
        alarms = {alarm.code: alarm.text for alarm in rig.health(BOX).alarms}
        assert alarms == told.told.get("alarms", {})


@pytest.mark.parametrize(
    ("told", "line"),
    [(image(path), line) for path in IMAGES for line in image(path).told.get("commands", [])],
    ids=lambda part: part["name"] + str(part["value"]) if isinstance(part, dict) else part.product,
)
async def test_a_command_is_sent_as_its_maker_says(told, line, broker):
    requests = FACTORY.profile(told.spec(broker.url)).link.request
    async with played(told, broker, armed=True) as (rig, heard):
        # when the command is given
        write = rig.driver.write(BOX, line["name"], line["value"], urgent=False, islanded=False)
        writing = asyncio.create_task(write)
        await eventually(lambda: writing.done() or len(heard.beside(requests)) >= max(1, len(line["sends"])))

        # then exactly these messages are on the broker, in this order
        sent = heard.beside(requests)
        assert [topic for topic, _ in sent] == [wanted["topic"] for wanted in line["sends"]]
        payloads = [as_told(payload, like) for (_, payload), like in zip(sent, line["sends"], strict=True)]
        assert payloads == [like.get("text", like.get("json")) for like in line["sends"]]
        # and once the device shows what its maker says it shows then, hems has seen it
        await heard.answer(line.get("then", []))
        wanted = line.get("fate", "confirmed" if "then" in line else None)
        assert wanted is None or (await writing).fate == wanted
        writing.cancel()


@EACH
async def test_while_watching_nothing_leaves_but_the_harmless_requests(told, broker):
    spec = told.spec(broker.url)
    profile = FACTORY.profile(spec)
    async with played(told, broker, armed=False) as (rig, heard):
        # when everything is tried that can be written
        for name, kind in FACTORY.commands(spec).items():
            for value in (True, False) if kind == "bool" else (-2000.0, 0.0, 2000.0):
                for islanded in (False, True):
                    reply = await rig.driver.write(BOX, name, value, urgent=True, islanded=islanded)
                    assert reply.fate in ("observing", "refused")
        await rig.driver.release(BOX)
        rig.clock.added_s += 3600
        await asyncio.sleep(1.2)

        # then nothing was sent but requests, and each of those says why it is harmless
        assert heard.beside(profile.link.request) == []
        assert all(request.harmless for request in profile.link.request)
