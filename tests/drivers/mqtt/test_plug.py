"""A plug behind a real broker."""

import asyncio
import json

import pytest

from hems.model.command import Fate
from hems.model.reading import Quality
from hems.model.units import DeviceId
from tests.drivers.mqtt.given import GYM, eventually, heard_by, plug, running, stranger
from tests.drivers.mqtt.shelly import shelly

pytestmark = pytest.mark.wire


async def test_readings_arrive_in_our_units_without_being_waited_for(each_broker):
    # given a plug that has told its status before hems came, and tells nothing by itself now
    async with shelly(each_broker.port), running(plug(each_broker.url), armed=False) as rig:
        # when hems connects
        await rig.until_answers()

    # then it has asked, and has everything
    got = {point: rig.readings.last(point).value for point in ("closed", "power_w", "l1_v", "l1_a", "hz", "energy_wh")}
    assert got == {"closed": True, "power_w": 1200.5, "l1_v": 231.4, "l1_a": 5.19, "hz": 50.0, "energy_wh": 4242.1}
    assert rig.readings.last("closed").stale_after_s == 30.0


async def test_a_shed_is_confirmed_by_what_the_plug_shows_well_within_a_second(each_broker):
    async with shelly(each_broker.port) as device, running(plug(each_broker.url)) as rig:
        await rig.until_answers()

        # when it is switched off
        loop = asyncio.get_running_loop()
        began = loop.time()
        reply = await rig.switch(False)

        # then the relay has moved, the reading says so, and no timer was given that would close it again
        assert reply.fate is Fate.CONFIRMED
        assert loop.time() - began < 0.5
        assert device.on is False
        assert rig.readings.last("closed").value is False
        assert device.rpc_frames[-1]["params"] == {"id": 0, "on": False}


async def test_switching_off_what_is_off_already_is_confirmed_by_a_fresh_look(broker):
    # given a plug that is off: it tells nothing when told to be off
    async with shelly(broker.port, on=False), running(plug(broker.url)) as rig:
        await rig.until_answers()
        before = len(rig.readings.of("closed"))

        # when it is switched off
        reply = await rig.switch(False)

        # then a new reading was asked for
        assert reply.fate is Fate.CONFIRMED
        assert len(rig.readings.of("closed")) > before


async def test_nothing_is_sent_to_a_plug_that_is_not_armed_but_the_harmless_request(broker):
    async with stranger(broker) as listener, shelly(broker.port) as device:
        await listener.subscribe([("gym-plug/rpc", 1), ("gym-plug/command/#", 1)])
        async with running(plug(broker.url), armed=False) as rig:
            await rig.until_answers()

            # when somebody tries
            reply = await rig.switch(False)
            sent = await heard_by(listener, 0.3)

    # then
    assert reply.fate is Fate.OBSERVING
    assert device.on is True
    assert set(sent) == {("gym-plug/command", "status_update")}


async def test_disarming_takes_effect_at_once(broker):
    async with shelly(broker.port) as device, running(plug(broker.url)) as rig:
        await rig.until_answers()
        rig.driver.arm(GYM, False)
        assert (await rig.switch(False)).fate is Fate.OBSERVING
        assert device.switched == []


async def test_a_retained_command_left_by_somebody_is_noticed_and_cleared_once_armed(each_broker):
    # given a command that somebody published with the retain flag
    ghost = json.dumps({"id": 1, "src": "phone", "method": "Switch.Set", "params": {"id": 0, "on": False}})
    async with stranger(each_broker) as phone:
        await phone.publish("gym-plug/rpc", ghost, qos=1, retain=True)

    # when hems watches, unarmed
    async with shelly(each_broker.port) as device, running(plug(each_broker.url), armed=False) as rig:
        await eventually(lambda: "retained" in rig.health().detail)

        # then it says so, and arming makes the broker forget it
        rig.driver.arm(GYM, True)
        await eventually(lambda: not rig.health().detail)
        assert device.switched == [False]  # the ghost itself, before hems came

    # and whoever comes next is not switched
    async with stranger(each_broker) as late:
        await late.subscribe("gym-plug/rpc", qos=1)
        assert "gym-plug/rpc" not in dict(await heard_by(late, 0.2))


async def test_a_retained_status_is_no_evidence(broker):
    # given a status that somebody retained, and a plug that is gone
    async with stranger(broker) as bridge:
        await bridge.publish("gym-plug/status/switch:0", '{"id": 0, "output": false}', qos=1, retain=True)

    # when hems comes
    async with running(plug(broker.url)) as rig:
        await eventually(lambda: rig.readings.last("closed") is not None)

        # then nothing is known and the plug does not count as there
        reading = rig.readings.last("closed")
        assert (reading.value, reading.quality, reading.reason) == (None, Quality.INVALID, "retained")
        assert rig.health().lost_since_s is not None

        # and a live message settles it
        async with shelly(broker.port):
            await eventually(lambda: rig.readings.last("closed").known(rig.clock.mono_s()) is True)


async def test_a_hanging_plug_is_lost_after_silence_although_its_connection_stands(broker):
    async with shelly(broker.port) as device, running(plug(broker.url)) as rig:
        await rig.until_answers()

        # when it hangs and more than half a minute passes
        device.deaf = True
        rig.clock.added_s += 31

        # then
        assert "silent" in rig.health().detail
        assert rig.readings.last("closed").known(rig.clock.mono_s()) is None
        reply = await rig.switch(False)
        assert reply.fate is Fate.UNREACHABLE


async def test_a_plug_that_loses_power_is_lost_at_once_by_its_last_will_and_comes_back(broker):
    async with running(plug(broker.url)) as rig:
        async with shelly(broker.port) as device:
            await rig.until_answers()

            # when its plug is pulled
            await device.die()
            await eventually(lambda: rig.health().lost_since_s is not None, within_s=1)

            # then its last reading says nothing any more, and no command is left lying for it
            assert rig.readings.last("closed").quality is Quality.INVALID
            assert (await rig.switch(False)).fate is Fate.UNREACHABLE

        # and when it is back, it is read anew
        async with shelly(broker.port) as device:
            await rig.until_answers()
            await eventually(lambda: rig.readings.last("closed").value is True)
            assert device.switched == []


async def test_a_welded_relay_is_unverified_and_shows_what_it_does(broker):
    async with shelly(broker.port) as device, running(plug(broker.url)) as rig:
        await rig.until_answers()
        device.stuck = True
        reply = await rig.switch(False)
        assert reply.fate is Fate.UNVERIFIED
        assert "still shows on" in reply.detail


async def test_a_refusal_comes_with_the_words_of_the_device(broker):
    async with shelly(broker.port) as device, running(plug(broker.url)) as rig:
        await rig.until_answers()
        device.objects = "Resource unavailable: overtemp"
        reply = await rig.switch(True)
        assert (reply.fate, reply.detail) == (Fate.REFUSED, "Resource unavailable: overtemp")


async def test_an_output_that_the_device_does_not_have_is_not_commanded(broker):
    # given a plug with one output, and a site file that names its fourth
    async with shelly(broker.port) as device, running(plug(broker.url, channel=3)) as rig:
        await asyncio.sleep(0.2)
        reply = await rig.switch(False)
        assert reply.fate is Fate.UNREACHABLE
        assert device.rpc_frames == []


async def test_a_later_shed_overtakes_a_closing_that_is_still_waiting(broker):
    # given a closing that gets no answer
    async with shelly(broker.port, on=False) as device, running(plug(broker.url)) as rig:
        await rig.until_answers()
        device.stuck = True
        closing = asyncio.create_task(rig.switch(True))
        await eventually(lambda: device.switched == [True])

        # when it is shed
        device.stuck = False
        reply = await rig.switch(False)

        # then the shed did not wait, and the closing is not repeated
        assert reply.fate is Fate.CONFIRMED
        assert (await closing).fate is Fate.UNVERIFIED
        assert device.switched == [True, False]


async def test_a_broker_that_dies_and_comes_back_costs_seconds_and_no_ghost_switching(each_broker):
    async with shelly(each_broker.port) as device, running(plug(each_broker.url)) as rig:
        await rig.until_answers()

        # when the broker dies, a shed fails at once
        each_broker.kill()
        await eventually(lambda: rig.health().lost_since_s is not None)
        assert (await rig.switch(False)).fate is Fate.UNREACHABLE

        # and when it is back, both find each other again, and what failed has not been done behind our back
        each_broker.start()
        await asyncio.wait_for(device.ready.wait(), 5)
        await rig.until_answers()
        assert device.switched == []
        assert (await rig.switch(False)).fate is Fate.CONFIRMED


async def test_a_broker_that_hangs_does_not_hold_a_command_for_longer_than_its_time(broker):
    async with shelly(broker.port), running(plug(broker.url)) as rig:
        await rig.until_answers()
        broker.freeze()
        began = asyncio.get_running_loop().time()
        reply = await rig.switch(False)
        assert reply.fate is Fate.UNREACHABLE
        assert asyncio.get_running_loop().time() - began < 1.5


async def test_stopping_works_at_any_moment_also_while_the_broker_hangs(broker):
    # given drivers that are stopped while they connect, ask and wait for answers
    async with shelly(broker.port):
        for turn in range(30):
            async with asyncio.timeout(2), running(plug(broker.url)) as rig:
                if turn % 2:
                    await rig.until_answers()
                await asyncio.sleep(turn / 1000)

    # and one whose broker does not answer its farewell
    async with asyncio.timeout(5), running(plug(broker.url)):
        await asyncio.sleep(0.1)
        broker.freeze()


async def test_without_a_broker_the_driver_lives_and_says_where_it_looked(unused_tcp_port):
    async with running(plug(f"mqtt://127.0.0.1:{unused_tcp_port}")) as rig:
        await eventually(lambda: str(unused_tcp_port) in rig.health().detail)
        assert (await rig.switch(False)).fate is Fate.UNREACHABLE


async def test_one_silent_plug_does_not_delay_another_and_all_share_one_connection(broker):
    # given two plugs, one of which hangs
    laundry = DeviceId("laundry_plug")
    specs = (plug(broker.url), plug(broker.url, device=laundry, prefix="laundry-plug"))
    async with (
        shelly(broker.port) as gym,
        shelly(broker.port, prefix="laundry-plug"),
        running(*specs) as rig,
    ):
        await rig.until_answers()
        await rig.until_answers(laundry)
        gym.deaf = True

        # when both are shed together
        waiting = asyncio.create_task(rig.switch(False))
        reply = await rig.switch(False, laundry)

        # then the other one is off while the first still waits
        assert reply.fate is Fate.CONFIRMED
        assert not waiting.done()
        assert (await waiting).fate is Fate.UNREACHABLE
        assert len(rig.context.shared) == 1


@pytest.mark.parametrize("rubbish", [b"\xff\xfe", b"not json", b"[]", b'{"output": "perhaps"}', b"{}", b"null"])
async def test_rubbish_from_a_device_is_a_reading_that_says_so(broker, rubbish):
    async with stranger(broker) as other, running(plug(broker.url)) as rig:
        await eventually(lambda: "never been heard" in rig.health().detail)
        await other.publish("gym-plug/status/switch:0", rubbish, qos=1)
        await eventually(lambda: rig.readings.last("closed") is not None)
        reading = rig.readings.last("closed")
        assert (reading.value, reading.quality) == (None, Quality.INVALID)
        assert reading.reason
