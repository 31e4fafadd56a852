"""What no shipped product needs yet: set-points, text payloads, a dead-man of the engine, handing back."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from hems.model.command import Fate
from tests.drivers.mqtt.given import at_once, eventually, heard_by, one_device, stranger
from tests.ending import end

pytestmark = pytest.mark.wire

CHARGER = """
schema = 1
id = "charger"
title = "A charger that takes a charging power as text"
class = "evse"
engine = "mqtt"
status = "draft"
sources = ["nobody"]
[link]
silent_ms = 30000
[read]
charge_w = { topic = "car/power" }
limit_w = { topic = "car/limit" }
[derive]
power_w = { neg = "charge_w" }
[write.power_w]
lapses_to = "zero"
steps = [{ topic = "car/set", text = "{value}" }]
negate = true
range = ["-limit_w", 0]
min_interval_ms = 300
[control]
safe = [{ topic = "car/set", text = "0" }]
release = [{ topic = "car/mode", text = "auto" }]
watchdog = { kind = "none", hold_max_s = 15 }
"""


@asynccontextmanager
async def charger(broker, text=CHARGER):
    async with one_device(broker, text) as (device, context, car):
        await car.subscribe([("car/set", 1), ("car/mode", 1), ("car/alive", 1)])
        await car.publish("car/power", "0", qos=1)
        await car.publish("car/limit", "7000", qos=1)
        await eventually(lambda: context.sink.last("limit_w") is not None)
        yield device, context, car


async def sent_to(car, for_s=0.25):
    return [payload for topic, payload in await heard_by(car, for_s)]


async def test_a_set_point_has_the_devices_sign_and_limit_and_nobody_claims_that_it_works(broker):
    async with charger(broker) as (device, context, car):
        writing = asyncio.create_task(device.write("power_w", -9000.0, islanded=False))
        assert await sent_to(car) == ["7000.0"]

        # what the car draws comes in with hems' sign
        await car.publish("car/power", "6900", qos=1)
        await eventually(lambda: context.sink.last("power_w").value == -6900)
        assert (await writing).fate is not Fate.CONFIRMED


async def test_a_stop_does_not_wait_for_the_shortest_interval_but_a_new_set_point_does(broker):
    async with charger(broker) as (device, _, car):
        writes = []
        for watts in (-3000.0, 0.0):
            writes.append(asyncio.create_task(device.write("power_w", watts, islanded=False)))
            await asyncio.sleep(0.02)
        assert await sent_to(car, 0.1) == ["3000.0", "0.0"]

        waiting = asyncio.create_task(device.write("power_w", -2000.0, islanded=False))
        assert await sent_to(car, 0.1) == []
        assert await sent_to(car, 0.3) == ["2000.0"]
        waiting.cancel()


async def test_without_a_fresh_command_the_engine_sends_the_safe_value_once(broker):
    # given a set-point
    async with charger(broker) as (device, context, car):
        writing = asyncio.create_task(device.write("power_w", -3000.0, islanded=False))
        assert await sent_to(car) == ["3000.0"]

        # when the control loop stops asking
        context.clock.added_s += 16
        await at_once(device)

        # then
        assert await sent_to(car, 0.3) == ["0"]
        writing.cancel()


async def test_handing_back_sends_what_the_profile_says(broker):
    async with charger(broker) as (device, _, car):
        await device.release()
        assert await sent_to(car, 0.1) == ["auto"]


async def test_an_unknown_command_is_refused(broker):
    async with charger(broker) as (device, _, _car):
        assert (await device.write("fly", True, islanded=False)).fate is Fate.REFUSED


def keeping(watchdog, more=""):
    """The charger with another watchdog."""
    return CHARGER.replace('watchdog = { kind = "none", hold_max_s = 15 }', f"watchdog = {{ {watchdog} }}{more}")


async def test_a_set_point_is_repeated_while_the_control_loop_lives(broker):
    # given a charger that forgets a set-point after 20 s
    text = keeping('kind = "rewrite", timeout_s = 20, renew_s = 5, hold_max_s = 30')
    async with charger(broker, text) as (device, context, car):
        await device.write("power_w", -3000.0, islanded=False)
        assert await sent_to(car, 0.1) == ["3000.0"]

        # when time passes, then it is repeated, although it has not changed
        for _ in range(2):
            context.clock.added_s += 6
            await at_once(device)
        assert await sent_to(car, 0.1) == ["3000.0", "3000.0"]

        # and when nobody asks any more, it ends with the safe value, and nothing after that
        context.clock.added_s += 31
        await at_once(device)
        context.clock.added_s += 31
        await at_once(device)
        assert await sent_to(car, 0.1) == ["0"]


async def test_a_sign_of_life_is_sent_while_commands_are_fresh_and_no_longer(broker):
    # given a charger that wants to hear of hems every 5 s
    alive = '[{ topic = "car/alive", text = "1" }]'
    text = keeping(f'kind = "keepalive_topic", timeout_s = 5, renew_s = 2, renew = {alive}, hold_max_s = 15')
    async with charger(broker, text) as (device, context, car):
        # then nothing is sent before there is a command
        context.clock.added_s += 3
        await at_once(device)
        assert await heard_by(car, 0.1) == []

        # and after one, the sign of life and not the command again
        await device.write("power_w", -3000.0, islanded=False)
        context.clock.added_s += 3
        await at_once(device)
        assert await heard_by(car, 0.1) == [("car/set", "3000.0"), ("car/alive", "1")]

        # and without fresh commands the safe value, then silence
        context.clock.added_s += 16
        await at_once(device)
        context.clock.added_s += 3
        await at_once(device)
        assert await heard_by(car, 0.1) == [("car/set", "0")]


async def test_frequent_commands_do_not_starve_the_sign_of_life(broker):
    # given a charger that wants to hear of hems every 5 s, and a control loop that asks every second
    alive = '[{ topic = "car/alive", text = "1" }]'
    text = keeping(f'kind = "keepalive_topic", timeout_s = 5, renew_s = 2, renew = {alive}, hold_max_s = 15')
    async with charger(broker, text) as (device, context, car):
        for watts in (-3000.0, -3100.0, -3200.0, -3300.0):
            await device.write("power_w", watts, islanded=False)
            context.clock.added_s += 1
            await at_once(device)
        # then it hears it all the same
        assert ("car/alive", "1") in await heard_by(car, 0.1)


async def test_a_lease_that_nobody_renews_becomes_zero_although_the_device_has_no_timer(broker):
    async with charger(broker, keeping('kind = "none"')) as (device, context, car):
        await device.write("power_w", -3000.0, islanded=False, lease_s=30.0)
        context.clock.added_s += 29
        await at_once(device)
        assert await sent_to(car, 0.1) == ["3000.0"]

        # when the lease is over
        context.clock.added_s += 2
        await at_once(device)
        context.clock.added_s += 31
        await at_once(device)

        # then it is zero, once
        assert await sent_to(car, 0.1) == ["0.0"]


RELAY = """[write.closed]
lapses_to = "held"
kind = "bool"
values = { true = "on", false = "off" }
steps = [{ topic = "car/set", text = "{value}" }]
[control]"""


@pytest.mark.parametrize(
    ("on", "lease_s", "sent"), [(True, 30.0, ["on", "off"]), (True, 0.0, ["on"]), (False, 30.0, ["off"])]
)
async def test_a_switch_that_was_lent_goes_off_and_no_switch_ever_goes_on_by_itself(broker, on, lease_s, sent):
    async with charger(broker, keeping('kind = "none"').replace("[control]", RELAY)) as (device, context, car):
        # given a relay that was told something, for a while or for good
        await device.write("closed", on, islanded=True, lease_s=lease_s)
        # when nobody asks for anything any more
        for _ in range(5):
            context.clock.added_s += 31
            await at_once(device)
        # then what was lent is taken back, and everything else stays
        assert await sent_to(car, 0.1) == sent


async def test_a_fresh_command_winds_the_lease_up_also_if_it_is_refused(broker):
    async with charger(broker, keeping('kind = "none"')) as (device, context, car):
        await device.write("power_w", -3000.0, islanded=False, lease_s=30.0)
        context.clock.added_s += 20
        assert (await device.write("power_w", True, islanded=False)).fate is Fate.REFUSED
        context.clock.added_s += 20
        await at_once(device)
        assert await sent_to(car, 0.1) == ["3000.0"]


async def test_what_is_in_force_is_said_again_after_the_broker_was_away(broker):
    async with charger(broker, keeping('kind = "none", hold_max_s = 600')) as (device, _, _car):
        await device.write("power_w", -3000.0, islanded=False)

        # when the broker starts anew, and with it perhaps the charger
        device.arm(False)  # until somebody listens to what is said then
        broker.kill()
        await eventually(lambda: device.health().lost_since_s is not None)
        broker.start()

        # then the set-point comes again
        async with stranger(broker) as late, asyncio.timeout(60):
            await late.subscribe("car/set", qos=1)
            device.arm(True)
            assert (await anext(aiter(late.messages))).payload == b"3000.0"


async def test_a_command_that_had_to_wait_too_long_is_not_sent(broker):
    async with charger(broker) as (device, context, car):
        await device.write("power_w", -3000.0, islanded=False)
        waiting = asyncio.create_task(device.write("power_w", -4000.0, islanded=False))
        await asyncio.sleep(0.05)

        # when more than ten seconds pass before its turn
        context.clock.added_s += 11
        reply = await waiting

        # then what it was decided on is no longer so, and it stays unsent
        assert reply.fate is Fate.UNREACHABLE
        assert "older than 10 s" in reply.detail
        assert await sent_to(car, 0.1) == ["3000.0"]


async def test_a_command_that_would_have_to_wait_too_long_is_refused_at_once_but_a_stop_never(broker):
    text = CHARGER.replace("min_interval_ms = 300", "min_interval_ms = 30000")
    async with charger(broker, text) as (device, _, car):
        await device.write("power_w", -3000.0, islanded=False)
        reply = await device.write("power_w", -4000.0, islanded=False)
        assert (reply.fate, reply.detail) == (Fate.REFUSED, "the device takes this command again in 30 s")
        await device.write("power_w", 0.0, islanded=False)
        assert await sent_to(car, 0.1) == ["3000.0", "0.0"]


@pytest.mark.parametrize(("hard", "sent"), [("false", ["3000.0", "1000.0"]), ("true", ["3000.0"])])
async def test_what_a_limit_asks_for_waits_for_no_pause_unless_the_device_fails_without_it(broker, hard, sent):
    # given a device that is told every 30 s at most
    text = CHARGER.replace("min_interval_ms = 300", f"min_interval_ms = 30000\nmin_interval_hard = {hard}")
    async with charger(broker, text) as (device, _, car):
        await device.write("power_w", -3000.0, islanded=False)
        # when a limit comes at once after a set-point
        await device.write("power_w", -1000.0, islanded=False, presses=True)
        assert await sent_to(car, 0.1) == sent


async def test_a_clamped_value_says_so(broker):
    async with charger(broker) as (device, _, _car):
        reply = await device.write("power_w", -9000.0, islanded=False)
        assert (reply.fate, reply.detail) == (Fate.UNVERIFIED, "clamped from -9000 to -7000; nothing reads it back")


async def test_nothing_half_filled_in_is_ever_sent(broker):
    # given a command that needs a point of the device
    text = CHARGER.replace('text = "{value}"', 'text = "{value} + {house_w}"').replace(
        "[derive]", 'house_w = { topic = "car/house" }\n[derive]'
    )
    async with charger(broker, text) as (device, _, car):
        # then it is refused while that is not known
        reply = await device.write("power_w", -1000.0, islanded=False)
        assert (reply.fate, reply.detail) == (Fate.REFUSED, "house_w is not known")

        # and worked out once it is
        await car.publish("car/house", "500", qos=1)
        await car.barrier.passed_by(car)
        await device.write("power_w", -1000.0, islanded=False)
        assert await sent_to(car, 0.1) == ["1500"]


async def test_nothing_is_left_for_a_charger_that_has_said_good_bye(broker):
    # given a charger in use
    online = 'silent_ms = 30000\navailable = [{ topic = "car/online", yes = "yes", no = ["no"] }]'
    async with charger(broker, CHARGER.replace("silent_ms = 30000", online)) as (device, context, car):
        await device.write("power_w", -3000.0, islanded=False)
        assert await sent_to(car, 0.1) == ["3000.0"]

        # when it goes, and the time of its last command runs out
        await car.publish("car/online", "no", qos=1)
        await car.barrier.passed_by(car)
        context.clock.added_s += 16
        await at_once(device)
        await device.release()

        # then neither the safe value nor the handing back waits for it on the broker
        assert await sent_to(car, 0.1) == []

        # and once it is back it takes commands as ever
        await car.publish("car/online", "yes", qos=1)
        await car.publish("car/limit", "7000", qos=1)
        await car.barrier.passed_by(car)
        await device.write("power_w", -3000.0, islanded=False)
        assert await sent_to(car, 0.1) == ["3000.0"]


async def test_what_was_ended_while_a_charger_was_away_is_not_begun_again_when_it_is_back(broker):
    # given a charger that charges, and goes
    online = 'silent_ms = 30000\navailable = [{ topic = "car/online", yes = "yes", no = ["no"] }]'
    async with charger(broker, CHARGER.replace("silent_ms = 30000", online)) as (device, _, car):
        await device.write("power_w", -3000.0, islanded=False)
        assert await sent_to(car, 0.1) == ["3000.0"]
        await car.publish("car/online", "no", qos=1)
        await car.barrier.passed_by(car)

        # when it is to stop meanwhile, because the building is an island by now
        assert (await device.write("power_w", 0.0, islanded=True)).fate is Fate.UNREACHABLE

        # then it is told so as soon as it is back, and not once more to charge
        await car.publish("car/online", "yes", qos=1)
        await car.barrier.passed_by(car)
        await at_once(device)
        assert await sent_to(car, 0.1) == ["0.0"]


async def test_what_is_ended_without_a_broker_is_over_also_where_control_has_to_be_taken_first(broker):
    # given a charger of which hems has to take control, and no broker any more
    text = keeping('kind = "none"').replace("[control]", '[control]\nacquire = [{ topic = "car/mode", text = "hems" }]')
    async with charger(broker, text) as (device, _, _car):
        await device.write("power_w", -3000.0, islanded=False)
        broker.kill()
        await eventually(lambda: device.health().lost_since_s is not None)
        for asked_w, follows_w in ((-4000.0, -3000.0), (-2000.0, 0.0)):
            # when something else is asked for, then what is in force goes on only where it is no more than that
            assert (await device.write("power_w", asked_w, islanded=True)).fate is Fate.UNREACHABLE
            assert device._commander.keeper.held("power_w").value == follows_w


READY = keeping('kind = "none", hold_max_s = 600').replace(
    "[derive]", 'ready = { topic = "car/ready", map = { no = false, yes = true } }\n[derive]'
)
GUARDED = READY.replace("min_interval_ms = 300", 'guard = [{ if_below = 0, needs = "ready" }]')
UNFILLED = READY.replace("min_interval_ms = 300\n", "").replace('text = "{value}"', 'text = "{value} + {ready}"')


@pytest.mark.parametrize(("asked_w", "ended"), [(-2000.0, True), (-3000.0, False), (-4000.0, False)])
@pytest.mark.parametrize("text", [GUARDED, UNFILLED])
async def test_a_power_goes_on_only_if_what_was_refused_in_its_place_is_no_less(broker, text, asked_w, ended):
    # given a charger that charges, and may not any more
    async with charger(broker, text) as (device, _, car):
        await car.publish("car/ready", "yes", qos=1)
        await car.barrier.passed_by(car)
        await device.write("power_w", -3000.0, islanded=False, lease_s=60.0)
        assert len(await sent_to(car, 0.1)) == 1
        await car.publish("car/ready", "perhaps", qos=1)
        await car.barrier.passed_by(car)
        # when it is asked for something
        assert (await device.write("power_w", asked_w, islanded=False, lease_s=60.0)).fate is Fate.REFUSED
        # then it goes on only with what is no more than that
        await at_once(device)
        sent = await sent_to(car, 0.1)
        assert sent == ["0.0"] if text is GUARDED and ended else not sent
        assert bool(device._commander.keeper.held("power_w").value) is not ended


SHOWN = (
    CHARGER.replace("limit_w = {", 'shown_w = { topic = "car/setpoint", negate = true }\nlimit_w = {')
    .replace('range = ["-limit_w", 0]', 'verify = { read = "shown_w", within = 50, after_ms = 20000 }')
    .replace("min_interval_ms = 300\n", "")
)
"""The same charger, which tells the set-point that it follows."""


@asynccontextmanager
async def obedient(broker, text=SHOWN):
    """Its maker's program takes what comes and tells it; returns also who may write to it besides hems."""
    async with charger(broker, text) as (device, context, car):

        async def follow():
            async for message in car.messages:
                if str(message.topic) == "car/set":
                    await car.publish("car/setpoint", message.payload, qos=1)

        following = asyncio.create_task(follow())
        try:
            yield device, context, car
        finally:
            await end(following)


async def test_a_set_point_is_confirmed_by_what_the_device_tells_of_it(broker):
    async with obedient(broker) as (device, context, _):
        reply = await device.write("power_w", -3000.0, islanded=False)
        assert (reply.fate, reply.overruled) == (Fate.CONFIRMED, False)
        assert context.sink.last("shown_w").value == -3000


@pytest.mark.parametrize(
    ("told_w", "else_w", "overruled"),
    [
        pytest.param(-3000.0, "7000", True, id="more"),
        pytest.param(-3000.0, "3100", False, id="its rounding"),
        pytest.param(-3000.0, "1000", False, id="less"),
        pytest.param(-3000.0, "-3000", True, id="the opposite"),
        pytest.param(0.0, "3000", True, id="something instead of nothing"),
    ],
)
async def test_uca6_a_set_point_that_something_else_has_raised_is_found_before_it_is_told_again(
    broker, told_w, else_w, overruled
):
    async with obedient(broker) as (device, context, car):
        # given a set-point that the device has told it follows
        assert (await device.write("power_w", told_w, islanded=False)).fate is Fate.CONFIRMED
        # when something else tells it another, and it is told anew
        await car.publish("car/setpoint", else_w, qos=1)
        await eventually(lambda: context.sink.last("shown_w").value == -float(else_w))
        again = await device.write("power_w", -2000.0, islanded=False)
        # then that is found; what the device itself makes less is its own affair
        assert (again.fate, again.overruled) == (Fate.CONFIRMED, overruled)
        # and it is found once: since then it follows hems again
        assert not (await device.write("power_w", -2100.0, islanded=False)).overruled


async def test_what_a_device_follows_after_a_restart_accuses_nobody(broker):
    available = 'silent_ms = 30000\navailable = [{ topic = "car/there", yes = "yes", no = ["no"] }]'
    async with obedient(broker, SHOWN.replace("silent_ms = 30000", available)) as (device, context, car):
        await car.publish("car/there", "yes", qos=1)
        assert (await device.write("power_w", -3000.0, islanded=False)).fate is Fate.CONFIRMED
        # when it goes, and comes back with a set-point of its own
        await car.publish("car/there", "no", qos=1)
        await eventually(lambda: device.health().lost_since_s is not None)
        await car.publish("car/there", "yes", qos=1)
        await car.publish("car/setpoint", "7000", qos=1)
        # (hems tells it again what is in force, so that it may soon follow that)
        await eventually(lambda: -7000 in [reading.value for reading in context.sink.of("shown_w")])
        # then nobody else has told it that
        assert not (await device.write("power_w", -2000.0, islanded=False)).overruled
