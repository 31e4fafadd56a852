"""A night with a SunSpec inverter: it dozes off, goes away and wakes by halves.

Real frames in virtual time.
"""

import asyncio
from contextlib import AsyncExitStack

import pytest

from drivers.sunspec import FACTORY
from hems.model.command import Fate
from hil import vloop
from tests.drivers import given
from tests.drivers.bench import Bench, Site, Unit, eventually, on_tcp, running
from tests.drivers.sunspec import inverters as made

pytestmark = pytest.mark.wire

NIGHT_S = 3600.0


def at_noon() -> Unit:
    return made.unit(
        made.common(),
        made.inverter_103(W=1234, W_SF=1, PhVphA=2301, Hz=5001, WH=98765, St=4),
        made.nameplate_120(3000, 1),
        made.controls_123(),
    )


def test_between_dusk_and_dawn_nothing_is_told_that_is_not_so():
    async def story(loop: vloop.VirtualLoop) -> None:
        site, inverter = Site(), at_noon()
        bench, day = Bench(u1=inverter), AsyncExitStack()
        await day.enter_async_context(on_tcp(bench))
        driver = FACTORY.open([given.spec(bench, "pv", engine="sunspec", product="sunspec-inverter")], site.context)
        driver.arm("pv", True)
        async with running(driver):
            # given an inverter at noon, limited for as long as somebody says so
            await eventually(lambda: "pv/power_rated_w" in site.latest, within_s=60.0)
            await eventually(lambda: site.value("pv/power_w") == 12340.0, within_s=60.0)
            limited = await driver.write("pv", "power_limit_w", 6000.0, urgent=False, islanded=False)
            assert limited.fate is Fate.CONFIRMED
            # when it dozes off: power and scale factor are not implemented any more
            says(inverter, made.UNKNOWN_S16, made.UNKNOWN_S16, state=2)
            await eventually(lambda: site.value("pv/state") == "sleeping", within_s=10.0)
            assert site.value("pv/power_w") is None
            # and goes away for the night
            port = int(bench.link.rsplit(":", 1)[1])
            await day.aclose()
            await asyncio.sleep(NIGHT_S)
            assert driver.health()["pv"].lost_since_s is not None
            assert site.latest["pv/state"].known(loop.time()) is None
            # and wakes: it has a power again, and says only later in what unit
            says(inverter, 5, made.UNKNOWN_S16, state=3)
            async with on_tcp(bench, port):
                await eventually(lambda: site.value("pv/state") == "starting", within_s=30.0)
                says(inverter, 5, 2, state=4)
                await eventually(lambda: site.value("pv/power_w") == 500.0, within_s=30.0)
                assert driver.health()["pv"].lost_since_s is None
        # then in all that time no 5 W were told, and no 50 W by the scale of the evening
        told = {reading.value for name, reading in site.history if name == "pv/power_w"}
        assert told == {12340.0, None, 500.0}

    vloop.run(story)


def says(inverter: Unit, power: int, scale: int, *, state: int) -> None:
    inverter.put("holding", made.place(inverter, 103, 14), power, scale)
    inverter.put("holding", made.place(inverter, 103, 38), state)
