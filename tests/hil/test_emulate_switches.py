"""Relay boards on Modbus and plugs on MQTT."""

import asyncio
import json

import pytest

from hil.emulate.broker import Broker, find_mosquitto
from tests.hil.bench import bench, mqtt, remote, tcp

pytestmark = pytest.mark.wire
BROKERS = [
    "embedded",
    pytest.param("mosquitto", marks=pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")),
]


async def bits(client, count=8):
    return (await client.read_coils(0, count=count, device_id=1)).bits[:count]


async def test_a_coil_moves_its_contactor_a_moment_later_and_both_are_in_the_journal(run_dir):
    async with bench(run_dir, "relays") as built, tcp(built.links["relays"]) as client:
        assert await bits(client) == [True] * 7 + [False]
        await client.write_coil(2, False, device_id=1)
        assert await bits(client) == [True, True, False, True, True, True, True, False]
        await asyncio.sleep(0.1)
        assert not built.plant.circuits["kitchen"].closed
        coil = next(entry for entry in built.building.journal if entry.what == "coil")
        moved = next(entry for entry in built.building.journal if entry.what == "circuit")
        assert (coil.name, coil.value, moved.name, moved.value) == ("relays/coil_3", False, "kitchen", False)
        assert 0.02 < moved.at_s - coil.at_s < 0.08


async def test_several_coils_at_once(run_dir):
    async with bench(run_dir, "relays") as built, tcp(built.links["relays"]) as client:
        await client.write_coils(4, [False, False, True], device_id=1)
        await asyncio.sleep(0.1)
        closed = {name: load.closed for name, load in built.plant.circuits.items()}
        assert (closed["door_entry"], closed["heat_pump"], closed["ventilation"]) == (False, False, True)


async def test_a_board_that_lost_its_power_has_forgotten_its_coils(run_dir):
    async with bench(run_dir, "relays") as built, tcp(built.links["relays"]) as client:
        built.reboot("relays")
        await asyncio.sleep(0.1)
        assert not built.plant.circuits["heat_pump"].closed
        with pytest.raises(Exception, match="No response"):
            await client.read_coils(0, count=8, device_id=1)


async def test_the_ties_contacts_change_within_a_fifth_of_a_second_of_the_failure(run_dir):
    async with bench(run_dir, "tie_io") as built, tcp(built.links["tie_io"]) as client, remote(run_dir) as world:
        contacts = (await client.read_discrete_inputs(0, count=2, device_id=1)).bits[:2]
        assert contacts == [True, False]
        failed_s = (await world.do("fail_grid"))["at_s"]
        truth = await world.wait_for(lambda truth: truth["open_contact"], within_s=1.0)
        changes = {entry["name"]: entry["at_s"] for entry in truth["history"] if entry["what"] == "contact"}
        assert 0.04 < changes["closed"] - failed_s < 0.12
        assert changes["closed"] < changes["open"] < failed_s + 0.2
        contacts = (await client.read_discrete_inputs(0, count=2, device_id=1)).bits[:2]
        assert contacts == [False, True]
        # and the permit is a coil of the same board
        await client.write_coil(0, True, device_id=1)
        assert built.plant.permit


async def next_of(client, topic):
    async with asyncio.timeout(5):
        return await anext(message async for message in client.messages if message.topic.matches(topic))


@pytest.mark.parametrize("broker", BROKERS)
async def test_a_plug_is_online_tells_its_status_and_switches(run_dir, broker):
    async with bench(run_dir, "laundry_plug", broker=broker) as built, mqtt(built.links["laundry_plug"]) as client:
        await client.subscribe("maple/laundry/online")
        assert (await next_of(client, "maple/laundry/online")).payload == b"true"
        await client.subscribe("maple/laundry/status/#")
        await client.publish("maple/laundry/command", "status_update")
        status = json.loads((await next_of(client, "maple/laundry/status/switch:0")).payload)
        assert status["output"] is True
        assert status["apower"] == pytest.approx(built.plant.circuits["laundry"].power_w, rel=0.05)
        assert status["voltage"] == pytest.approx(228.0, abs=8.0)
        # when it is told to open
        await client.subscribe("anybody/rpc")
        order = {"id": 7, "src": "anybody", "method": "Switch.Set", "params": {"id": 0, "on": False}}
        await client.publish("maple/laundry/rpc", json.dumps(order), qos=1)
        # then it answers the sender, and the circuit is off
        reply = json.loads((await next_of(client, "anybody/rpc")).payload)
        assert (reply["id"], reply["dst"], reply["result"]) == (7, "anybody", {"was_on": True})
        await asyncio.sleep(0.1)
        assert not built.plant.circuits["laundry"].closed


async def test_a_plug_answers_an_unknown_method_and_a_wrong_argument_with_an_error(run_dir):
    async with bench(run_dir, "laundry_plug", broker="auto") as built, mqtt(built.links["laundry_plug"]) as client:
        await client.subscribe("anybody/rpc")
        await client.subscribe("maple/laundry/online")
        await next_of(client, "maple/laundry/online")
        for method, params in (("Cover.Open", {}), ("Switch.Set", {"id": 0, "on": "no"})):
            order = {"id": 1, "src": "anybody", "method": method, "params": params}
            await client.publish("maple/laundry/rpc", json.dumps(order))
            assert "error" in json.loads((await next_of(client, "anybody/rpc")).payload)
        assert built.plant.circuits["laundry"].closed


@pytest.mark.parametrize("broker", BROKERS)
async def test_a_plug_comes_back_when_its_broker_does(run_dir, broker):
    async with bench(run_dir, "laundry_plug", broker=broker) as built, remote(run_dir) as world:
        await world.do("kill_broker")
        assert (await world.status())["broker"]["alive"] is False
        await world.do("start_broker")
        async with mqtt(built.links["laundry_plug"]) as client:
            await client.subscribe("maple/laundry/online")
            assert (await next_of(client, "maple/laundry/online")).payload == b"true"


async def test_an_embedded_broker_whose_port_was_taken_meanwhile_takes_another(run_dir):
    # given a broker whose port somebody else has got hold of
    broker = Broker("embedded", run_dir)
    taken = broker.port
    squatter = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", taken)
    # when it is started
    await broker.start()
    # then it serves somewhere else
    assert broker.alive
    assert broker.port != taken
    await broker.stop()
    squatter.close()
