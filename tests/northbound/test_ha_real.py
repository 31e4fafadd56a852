"""What Home Assistant itself makes of it: its own core with its own MQTT integration, in a Python of its own.

    python3.11 -m venv ha && ha/bin/pip install homeassistant==2024.3.3 paho-mqtt==1.6.1 janus==1.0.0
    ha/bin/pip install numpy PyTurboJPEG==1.7.1 ha-av==10.1.1  # 2024.3.3 loads its cameras as well
    HEMS_HOME_ASSISTANT=$PWD/ha/bin/python pytest tests/northbound/test_ha_real.py

Several, separated by colons, are tried one after the other.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hems.northbound.ha.service import Bridge
from tests.brokers import Broker, broker
from tests.desk import HandMadeDesk, serving, until
from tests.northbound.given import ear, running
from tests.northbound.test_ha import QUICK, table
from tests.pictures import normal_day, power_cut, unknown

__all__ = ["broker"]

PYTHONS = [one for one in os.environ.get("HEMS_HOME_ASSISTANT", "").split(":") if one]
CORE = Path(__file__).with_name("home_assistant_core.py")
DEVICE_FROM = (2024, 12)
"""The first version that knows discovery of a whole device."""
WITHIN_S = 30.0

pytestmark = [
    pytest.mark.wire,
    pytest.mark.skipif(not PYTHONS, reason="set HEMS_HOME_ASSISTANT to the Python of a venv with Home Assistant in it"),
]


class Core:
    """A running Home Assistant."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.version: tuple[int, ...] = ()

    async def heard(self) -> Any:
        assert self._process.stdout is not None
        async with asyncio.timeout(WITHIN_S):
            return json.loads(await self._process.stdout.readline())

    async def ask(self, **asked: Any) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        return await self.heard()

    async def entity(self, key: str) -> str:
        """Its id, by our own key."""
        found: dict[str, str] = (await self.ask(do="devices"))["entities"]
        return found.get(f"hems_hems_{key}", "")

    async def state(self, key: str) -> str:
        states = await self.ask(do="states")
        return str(states.get(await self.entity(key), ["not there"])[0])

    async def shows(self, key: str, value: str) -> None:
        """Wait until it does."""
        state = "never looked"
        try:
            async with asyncio.timeout(WITHIN_S):
                while True:
                    state = await self.state(key)
                    if state in (value, f"{value}.0"):
                        return
                    await asyncio.sleep(0.05)
        except TimeoutError:
            pytest.fail(f"{key} is {state}, not {value}")

    async def call(self, service: str, key: str, **data: Any) -> None:
        domain, _, name = service.partition(".")
        await self.ask(do="call", domain=domain, service=name, data={"entity_id": await self.entity(key), **data})


@asynccontextmanager
async def home_assistant(python: str, folder: Path, broker: Broker) -> AsyncIterator[Core]:
    pipe = asyncio.subprocess.PIPE
    with (folder / "log").open("wb") as log:
        arguments = (str(CORE), str(folder / "ha"), str(broker.port))
        process = await asyncio.create_subprocess_exec(
            python, *arguments, stdin=pipe, stdout=pipe, stderr=log, env={"PATH": os.environ["PATH"]}
        )
    core = Core(process)
    try:
        version = (await core.heard())["version"]
        core.version = tuple(int(part) for part in version.split(".")[:2])
        yield core
        said = (folder / "log").read_text(encoding="utf-8")
        assert "ERROR" not in said
        assert "WARNING:homeassistant.components" not in said
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture(params=PYTHONS)
def python(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.timeout(180)
async def test_home_assistant_shows_the_building_and_asks_for_it(
    run_dir: Path, broker: Broker, tmp_path: Path, python: str
):
    desk = HandMadeDesk(normal_day())
    async with serving(run_dir, desk) as server, home_assistant(python, tmp_path, broker) as core, ear(broker) as heard:
        # given a building that announces itself as this version understands it
        style = "device" if core.version >= DEVICE_FROM else "single"
        bridge = Bridge(table(broker.port, discovery=style), run_dir, numbers_every_s=0.0)
        async with running(bridge.run(**QUICK)):
            # then it is one device, and each of its entities is there with the right state
            await core.shows("load_w", str(round(normal_day().load_w or 0.0)))
            assert (await core.ask(do="devices"))["devices"] == ["Maple Court 12"]
            announced = {payload for topic, payload in heard.said.items() if topic.endswith("/config")}
            wanted = {key for one in announced for key in (json.loads(one).get("components") or {"": 0})} - {""}
            there = (await core.ask(do="devices"))["entities"]
            assert wanted <= {one.removeprefix("hems_hems_") for one in there}
            assert len(there) == (len(wanted) if style == "device" else len(announced))
            await core.shows("outage", "off")
            await core.shows("circuit_laundry_on", "on")
            await core.shows("circuit_laundry_keep", "auto")

            # when the power fails, and when nothing is known any more
            server.publish(power_cut())
            await core.shows("outage", "on")
            server.publish(unknown())
            # then it is shown, and unknown is unknown
            await core.shows("grid_w", "unknown")
            await core.shows("grid_good", "unknown")

            # when somebody keeps a circuit off there, for half an hour
            await core.call("number.set_value", "minutes", value=30)
            await core.shows("minutes", "30")
            await core.call("select.select_option", "circuit_laundry_keep", option="off")
            await until(lambda: desk.asked, within_s=WITHIN_S)
            # then the daemon is asked as by an operator, with an end
            name, args, role, _ = desk.asked[0]
            assert (name, args["circuit"], args["want"], role) == ("override", "laundry", "off", "operator")
            assert (args["duration_s"], args["who"]) == (1800.0, "Home Assistant")
            await core.shows("answer", "laundry off.")

            # and a driver speaks with a code
            await core.call("text.set_value", "bay_bay_1_code", value="1234")
            await core.call("number.set_value", "bay_bay_1_keeps_pct", value=70)
            await core.call("button.press", "bay_bay_2_leaving")
            await until(lambda: len(desk.asked) == 3, within_s=WITHIN_S)
            asked = [dict(args) for _, args, _, _ in desk.asked[1:]]
            assert asked[0] == {"bay": "bay_1", "who": "Home Assistant", "code": "1234", "keeps_pct": 70.0}
            assert asked[1] == {"bay": "bay_2", "who": "Home Assistant", "leaving": True}
        # when the bridge goes
        # then nothing that is shown pretends to be of now
        await core.shows("load_w", "unavailable")
        await core.shows("circuit_laundry_keep", "unavailable")
