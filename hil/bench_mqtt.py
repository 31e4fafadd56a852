"""A message in, a decision, a command out, over mosquitto: the whole MQTT driver beside an echo in C.

A plug tells that it draws more; whoever hears it switches the plug off or on.  The player is the same for both, and so
is the broker; driver and echo are processes of their own (`python -m hil.bench_mqtt PORT` is the driver).
"""

import asyncio
import json
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import aiomqtt

from drivers.mqtt import FACTORY
from hems.model.reading import Reading
from hems.model.units import DeviceId
from hems.model.wiring import DeviceSpec
from hems.ports.device import DriverContext
from hems.runtime.clock import SystemClock
from hil import ending, foreign
from hil.bench_row import Row, noisy, paired, unmeasured
from hil.emulate.broker import Broker, find_mosquitto
from hil.emulate.lines import LOOPBACK

WHAT = "MQTT in, decision, command out"
PLUG, PREFIX = DeviceId("plug"), "bench/plug"
ASKS = f"{PREFIX}/command"
"""Where the driver asks the plug how it is, first of all when it is connected."""
TURNS, EACH = 7, 40
ANSWERED_S, STARTED_S = 5.0, 20.0
PAUSE_S = 0.002
"""Between two messages, for both: whoever sleeps has to be woken."""
AT_ONCE = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
"""The player sends several short messages in a row, of which none may wait for the last one to be acknowledged."""


def rows() -> list[Row]:
    """The figure, or why there is none."""
    reason = foreign.missing("echo") or (None if find_mosquitto() else "mosquitto is not installed")
    return [unmeasured(WHAT, reason)] if reason else asyncio.run(_measured())


async def _measured() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="hems-bench-") as name:
        broker = Broker("mosquitto", Path(name))
        await broker.start()
        try:
            ours, in_c = await _turns(broker.port)
        finally:
            await broker.stop()
    return [
        Row(
            what=WHAT,
            yardstick="libmosquitto's echo on the same broker, QoS 0",
            figure=f"{1000 * median(ours):.2f} ms, echo {1000 * median(in_c):.2f} ms",
            value=paired(ours, in_c),
            least=3.0,
            aim=2.0,
            invalid=noisy(in_c),
        )
    ]


async def _turns(port: int) -> tuple[list[float], list[float]]:
    """Median times of single turns, in turn, s."""
    ours, in_c = [], []
    echo = foreign.echo(port, "bench/in", "bench/out")
    client = aiomqtt.Client(LOOPBACK, port, identifier="player", socket_options=AT_ONCE)
    async with echo, client as player:
        await player.subscribe(ASKS)
        async with _driver(port):
            async with asyncio.timeout(STARTED_S):
                await anext(player.messages)  # the driver is there and asks how the plug is
            await player.unsubscribe(ASKS)
            await player.subscribe([(f"{PREFIX}/rpc", 0), ("bench/out", 0)])
            await player.publish(f"{PREFIX}/online", "true", qos=1, retain=True)
            await player.publish(f"{PREFIX}/status/switch:0", json.dumps({"id": 0, "output": True}), qos=1)
            for _ in range(TURNS):
                ours.append(await _turn(player, f"{PREFIX}/status/switch:0", plays=True))
                in_c.append(await _turn(player, "bench/in", plays=False))
    return ours, in_c


async def _turn(player: aiomqtt.Client, topic: str, *, plays: bool) -> float:
    """The median of some, from publishing to what comes back of it."""
    took_s, on, loop = [], True, asyncio.get_running_loop()
    for number in range(EACH):
        status = json.dumps({"id": 0, "output": on, "apower": 100.0 + number, "voltage": 230.0})
        began_s = loop.time()
        await player.publish(topic, status, qos=0)
        async with asyncio.timeout(ANSWERED_S):
            while (answer := await _answer(player)).get("method") == "Switch.GetStatus":
                pass
        took_s.append(loop.time() - began_s)
        if plays:
            on = answer["params"]["on"]
            reply = {"id": answer["id"], "src": PREFIX, "dst": answer["src"], "result": {"was_on": not on}}
            await player.publish(f"{answer['src']}/rpc", json.dumps(reply), qos=0)
        await asyncio.sleep(PAUSE_S)
    return median(took_s)


async def _answer(player: aiomqtt.Client) -> dict[str, Any]:
    payload = (await anext(player.messages)).payload
    assert isinstance(payload, bytes)
    answer: dict[str, Any] = json.loads(payload)
    return answer


@asynccontextmanager
async def _driver(port: int) -> AsyncIterator[None]:
    """The driver as a process."""
    command = [*ending.taken_along(), sys.executable, "-m", "hil.bench_mqtt", str(port)]
    child = await asyncio.create_subprocess_exec(*command)
    try:
        yield
    finally:
        child.kill()
        await child.wait()


async def _serve(port: int) -> None:
    """The driver, and a decision as short as the reflex's: on what arrives the switch is moved to the other side."""
    tasks = set[asyncio.Task[object]]()

    def decide(device: DeviceId, readings: Mapping[str, Reading[Any]]) -> None:
        if "power_w" in readings and readings["power_w"].value:
            state["on"] = not state["on"]
            task = asyncio.create_task(driver.write(device, "closed", state["on"], urgent=True, islanded=True))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    state = {"on": True}
    spec = DeviceSpec(
        id=PLUG,
        driver="mqtt",
        profile="shelly-gen2-switch",
        link=f"mqtt://{LOOPBACK}:{port}",
        params={"prefix": PREFIX},
    )
    driver = FACTORY.open((spec,), DriverContext(clock=SystemClock(), sink=decide, rng=Random(1)))
    driver.arm(PLUG, True)
    await driver.run()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
