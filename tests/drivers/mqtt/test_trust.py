"""What of all that a broker brings is believed: who says it, when it was said, and what it is."""

import asyncio

import aiomqtt
import pytest

from hems.model.command import Fate
from hems.model.reading import Quality
from tests.drivers.mqtt.given import at_once, eventually, heard_by, one_device, stranger

pytestmark = pytest.mark.wire

METER = """
schema = 1
id = "meter"
title = "A switch with a meter"
class = "load_switch"
engine = "mqtt"
status = "draft"
sources = ["nobody"]
[link]
silent_ms = 30000
available = [
  { topic = "box/state", json = "s", yes = "here", no = ["away", "lost"] },
  { topic = "bridge", yes = "up", no = ["down"] },
]
[identify]
model = { contains = "Box" }
[read]
model = { topic = "box/model", type = "str" }
closed = { topic = "box/relay", on_change = true, map = { ON = true, OFF = false } }
power_w = { topic = "box/meter", json = "phases.0.w", valid = [-10000, 10000] }
level = { topic = "box/level", json = "state", on_change = true, type = "str" }
[write.closed]
kind = "bool"
lapses_to = "held"
steps = [{ topic = "box/set", text = "{value}" }]
values = { true = "ON", false = "OFF" }
verify = { read = "closed", equals = "{value}", after_ms = 400 }
"""


async def told(player, **payloads):
    for name, payload in payloads.items():
        await player.publish(f"box/{name}", payload, qos=1)
    await player.barrier.passed_by(player)


async def test_a_device_that_has_not_said_what_it_is_is_not_commanded(broker):
    async with one_device(broker, METER) as (device, _, player):
        await player.subscribe("box/set", qos=1)
        reply = await device.write("closed", False, islanded=True)
        assert (reply.fate, reply.detail) == (Fate.UNREACHABLE, "has not told what it is: model is not known")
        assert await heard_by(player, 0.1) == []


async def test_another_device_is_neither_commanded_nor_believed(broker):
    async with one_device(broker, METER) as (device, context, player):
        await player.subscribe("box/set", qos=1)
        # given something else that speaks on the same topics
        await told(player, model="Heater 3000", relay="ON")

        # then
        reply = await device.write("closed", False, islanded=True)
        assert reply.fate is Fate.REFUSED
        assert "Heater 3000" in reply.detail
        assert "Heater 3000" in device.health().detail
        assert (context.sink.last("closed").value, context.sink.last("closed").quality) == (None, Quality.INVALID)
        assert await heard_by(player, 0.1) == []

        # and the right one is, once it is there
        await told(player, model="Box 2", relay="ON")
        assert context.sink.last("closed").value is True


async def test_a_value_told_only_when_it_changes_holds_while_the_device_is_heard(broker):
    async with one_device(broker, METER) as (_, context, player):
        await told(player, model="Box", relay="ON")
        # when nothing but the meter speaks for longer than a reading holds
        for _ in range(3):
            context.clock.added_s += 20
            await told(player, meter='{"phases": [{"w": 12}]}')
        # then the relay is still known to be closed
        assert context.sink.last("closed").known(context.clock.mono_s()) is True

        # and when the device falls silent, it is not
        context.clock.added_s += 31
        assert context.sink.last("closed").known(context.clock.mono_s()) is None


async def test_a_message_that_says_nothing_of_a_point_leaves_it_as_it_is(broker):
    async with one_device(broker, METER) as (_, context, player):
        await told(player, level='{"state": "high"}')
        await told(player, level='{"linkquality": 80}')
        assert context.sink.last("level").value == "high"


async def test_after_a_new_connection_what_held_has_to_be_told_again(broker):
    async with one_device(broker, METER) as (device, context, player):
        await told(player, relay="ON")
        broker.kill()
        await eventually(lambda: device.health().lost_since_s is not None)
        broker.start()
        async with stranger(broker) as again:
            again.barrier = player.barrier
            context.clock.added_s += 31
            await eventually(lambda: "no connection" not in device.health().detail)
            await told(again, meter='{"phases": [{"w": 12}]}')
            assert context.sink.last("power_w").known(context.clock.mono_s()) == 12
            assert context.sink.last("closed").known(context.clock.mono_s()) is None


KEEPER_OF_STATE = METER.replace("silent_ms = 30000", 'silent_ms = 30000\nretained = "current"')
LEFT = [("box/state", '{"s": "here"}'), ("box/relay", "ON")]


async def test_a_retained_state_is_old_until_the_device_is_heard(broker):
    # given a device that keeps its state retained and nothing else, as its maker says
    async with one_device(broker, KEEPER_OF_STATE, begin=LEFT) as (device, context, player):
        await eventually(lambda: context.sink.last("closed") is not None)
        assert (context.sink.last("closed").value, context.sink.last("closed").reason) == (None, "retained")
        assert device.health().lost_since_s is not None

        # when it says anything at all, it is connected and has had the chance to correct it
        await told(player, meter='{"phases": [{"w": 12}]}')
        assert context.sink.last("closed").known(context.clock.mono_s()) is True

        # and its good-bye ends that at once
        await told(player, state='{"s": "lost"}')
        assert context.sink.last("closed").value is None


async def test_elsewhere_a_retained_state_stays_unknown_whatever_else_is_heard(broker):
    async with one_device(broker, METER, begin=LEFT) as (_, context, player):
        await told(player, meter='{"phases": [{"w": 12}]}')
        assert context.sink.last("closed").value is None


async def test_what_was_told_before_a_command_is_not_its_effect(broker):
    # given a relay that says it is open, and does not answer
    async with one_device(broker, METER) as (device, _, player):
        await told(player, model="Box", relay="OFF")
        # when it is told to open, and only its meter speaks afterwards
        writing = asyncio.create_task(device.write("closed", False, islanded=True))
        await asyncio.sleep(0.1)
        await told(player, meter='{"phases": [{"w": 0}]}')
        # then nobody claims to have seen it
        assert (await writing).fate is Fate.UNREACHABLE


async def test_a_retained_message_is_no_read_back(broker):
    async with one_device(broker, METER) as (device, context, player):
        await told(player, model="Box", relay="ON")
        writing = asyncio.create_task(device.write("closed", False, islanded=True))
        await asyncio.sleep(0.05)
        # when the broker hands out the wanted state as one it had kept
        device._link._hand_out(aiomqtt.Message("box/relay", b"OFF", qos=1, retain=True, mid=1, properties=None))
        assert (await writing).fate is Fate.UNREACHABLE
        assert context.sink.last("closed").value is True


async def test_the_device_or_the_bridge_in_between_may_say_good_bye(broker):
    async with one_device(broker, METER) as (device, _, player):
        await told(player, model="Box", relay="ON")
        await player.subscribe("box/set", qos=1)
        assert device.health().lost_since_s is None
        for topic, gone, back in [("box/state", '{"s": "away"}', '{"s": "here"}'), ("bridge", "down", "up")]:
            await player.publish(topic, gone, qos=1)
            await eventually(lambda: device.health().lost_since_s is not None)
            assert (await device.write("closed", False, islanded=True)).fate is Fate.UNREACHABLE
            await player.publish(topic, back, qos=1)
            await eventually(lambda: device.health().lost_since_s is None)

        # and nothing was left for it meanwhile, which a broker might deliver hours later
        assert await heard_by(player, 0.1) == []


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", "empty"),
        (b"\xff\xfe", "not text"),
        (b"{", "not JSON"),
        (b"[" * 30000, "not JSON"),
        (b"9" * 6000, "not JSON"),
        (b"x" * 70000, "70000 bytes"),
        (b"{}", "has no phases.0.w"),
        (b'{"phases": []}', "has no phases.0.w"),
        (b'{"phases": {"0": {}}}', "has no phases.0.w"),
        (b'{"phases": [{"w": null}]}', "null"),
        (b'{"phases": [{"w": true}]}', "True where a number"),
        (b'{"phases": [{"w": [1]}]}', "a list where a number"),
        (b'{"phases": [{"w": "lots"}]}', "'lots' where a number"),
        (b'{"phases": [{"w": NaN}]}', "nan"),
        (b'{"phases": [{"w": 1e999}]}', "inf"),
        (b'{"phases": [{"w": 1' + b"0" * 400 + b"}]}", "where a number"),
        (b'{"phases": [{"w": 99999}]}', "outside"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
async def test_whatever_comes_is_a_value_or_unknown_with_a_reason(broker, payload, why):
    async with one_device(broker, METER) as (device, context, player):
        await player.publish("box/meter", payload, qos=1)
        await eventually(lambda: context.sink.last("power_w") is not None)
        reading = context.sink.last("power_w")
        assert (reading.value, reading.quality) == (None, Quality.INVALID)
        assert why in reading.reason
        assert len(reading.reason) < 120

        # and the next message is read as ever
        await told(player, meter='{"phases": [{"w": 12.5}]}')
        assert context.sink.last("power_w").value == 12.5
        assert device.health().lost_since_s is None


async def test_a_broker_that_can_is_asked_to_throw_old_commands_away(broker):
    if broker.kind != "mosquitto":
        pytest.skip("the embedded broker does not speak MQTT 5")
    async with (
        one_device(broker, METER) as (device, _, player),
        aiomqtt.Client("127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5, timeout=2) as late,
    ):
        await told(player, model="Box", relay="ON")
        await late.subscribe("box/set", qos=1)
        await device.write("closed", False, islanded=True)
        message = await anext(aiter(late.messages))
        assert message.properties.MessageExpiryInterval <= 10


async def test_a_ghost_is_never_cleared_for_a_device_that_is_not_armed(broker):
    async with one_device(broker, METER, armed=False, begin=[("box/set", "OFF")]) as (device, _, _player):
        await eventually(lambda: "retained" in device.health().detail or "never" in device.health().detail)
        await asyncio.sleep(1.2)
        async with stranger(broker) as late:
            await late.subscribe("box/set", qos=1)
            assert await heard_by(late, 0.2) == [("box/set", "OFF")]

        # and once it is armed it is gone
        await at_once(device)
        async with stranger(broker) as later:
            await later.subscribe("box/set", qos=1)
            assert await heard_by(later, 0.2) == []


ANSWERING = METER.replace(
    "verify = { read", 'reply = { topic = "box/answer", id = "id", refused = "error" }\nverify = { read'
).replace('text = "{value}"', 'json = { id = "{seq}", on = "{value}" }')


@pytest.mark.parametrize(("kept", "fate"), [(False, Fate.REFUSED), (True, Fate.UNREACHABLE)])
async def test_a_retained_answer_is_no_answer(broker, kept, fate):
    async with one_device(broker, ANSWERING) as (device, _, player):
        await told(player, model="Box", relay="ON")
        writing = asyncio.create_task(device.write("closed", False, islanded=True))
        await asyncio.sleep(0.05)
        # when the broker hands out an answer with the number of this very command
        answer = b'{"id": 1, "error": "no"}'
        device._link._hand_out(aiomqtt.Message("box/answer", answer, qos=1, retain=kept, mid=1, properties=None))
        assert (await writing).fate is fate


async def test_what_is_sent_live_is_live_also_when_the_broker_is_asked_to_keep_it(each_broker):
    # given a bridge that publishes everything retained, such as the one to ECHONET Lite
    async with one_device(each_broker, METER) as (device, context, player):
        await player.publish("box/relay", "ON", qos=1, retain=True)
        await eventually(lambda: context.sink.last("closed") is not None)
        # then who is connected hears it as it happens
        assert context.sink.last("closed").value is True
        assert device.health().lost_since_s is None


async def test_a_command_that_somebody_leaves_retained_is_cleared_at_once_and_not_when_it_has_switched_again(broker):
    if broker.kind != "mosquitto":
        pytest.skip("the embedded broker does not speak MQTT 5")
    async with one_device(broker, METER) as (_, _, player), stranger(broker) as late:
        # given a device that is watched since long
        await told(player, model="Box", relay="ON")
        await late.subscribe("box/set", qos=1)
        # when somebody else commands it, and has the broker keep that
        await player.publish("box/set", "OFF", qos=1, retain=True)
        # then the broker is told to forget it
        async with asyncio.timeout(60):
            heard = aiter(late.messages)
            assert [(await anext(heard)).payload for _ in range(2)] == [b"OFF", b""]
