"""SunSpec inverters on the wire: models found, values scaled, limits set with their revert timer."""

import asyncio

import pytest

from drivers.sunspec import FACTORY
from hems.model.command import Fate
from hems.model.reading import Quality
from tests.drivers import given
from tests.drivers.bench import Bench, Site, Unit, eventually, on_tcp, running
from tests.drivers.sunspec import inverters as made

pytestmark = pytest.mark.wire

CLASSIC = (
    made.common(),
    made.inverter_103(W=12345, W_SF=0, PhVphA=2301, PhVphB=2302, PhVphC=2303, Hz=5001, WH=98765, St=4),
    made.nameplate_120(30000),
    made.status_122(1),
    made.controls_123(),
)
MODERN = (
    made.common(),
    made.measured_701(1234, energy_wh=4711),
    made.rating_702(3000),
    made.controls_704(),
)


async def values(inverter: Unit, *points: str) -> dict:
    site = Site()
    async with on_tcp(Bench(u1=inverter)) as bench:
        spec = given.spec(bench, "pv", engine="sunspec", product="sunspec-inverter")
        assert FACTORY.check([spec]) == []
        async with running(FACTORY.open([spec], site.context)):
            await site.until(*(f"pv/{point}" for point in points))
    return {point: site.latest[f"pv/{point}"] for point in points}


@pytest.mark.parametrize("base", [40000, 50000, 0])
async def test_an_inverter_of_the_first_generation_is_read_wherever_its_map_begins(base):
    read = await values(made.unit(*CLASSIC, base=base), "power_w", "l1_v", "l3_v", "hz", "energy_wh", "state")
    assert {name: reading.value for name, reading in read.items()} == {
        "power_w": 12345.0,
        "l1_v": 230.1,
        "l3_v": 230.3,
        "hz": 50.01,
        "energy_wh": 98765.0,
        "state": "producing",
    }


async def test_an_inverter_of_the_ieee_1547_generation_is_read_with_its_own_scale_factors():
    read = await values(made.unit(*MODERN), "power_w", "l2_v", "hz", "energy_wh", "state", "connected")
    assert {name: reading.value for name, reading in read.items()} == {
        "power_w": 12340.0,
        "l2_v": 230.2,
        "hz": 50.02,
        "energy_wh": 4711.0,
        "state": "producing",
        "connected": True,
    }


async def test_a_negative_power_and_a_negative_scale_factor_keep_their_signs():
    read = await values(made.unit(made.common(), made.inverter_103(W=-250, W_SF=-1)), "power_w")
    assert read["power_w"].value == -25.0


async def test_what_an_inverter_does_not_implement_is_unknown_and_never_a_number():
    # given an inverter at night: power, voltages and energy are sentinels
    read = await values(made.unit(made.common(), made.inverter_103(St=2)), "power_w", "l1_v", "energy_wh", "state")
    assert [read[name].quality for name in ("power_w", "l1_v", "energy_wh")] == [Quality.INVALID] * 3
    assert read["state"].value == "sleeping"


async def test_a_scale_factor_that_sleeps_makes_its_values_unknown_and_not_wrong():
    read = await values(made.unit(made.common(), made.inverter_103(W=100, W_SF=0x8000)), "power_w")
    assert read["power_w"].value is None
    assert "scale factor" in read["power_w"].reason


async def test_points_whose_model_is_not_there_are_missing():
    read = await values(made.unit(made.common(), made.inverter_103(W=1)), "connected", "power_rated_w", "power_w")
    assert read["connected"].quality is Quality.MISSING
    assert read["power_rated_w"].value is None
    assert read["power_w"].value == 1.0


async def test_an_outage_shows_as_the_relay_of_the_inverter_that_opens():
    site, inverter = Site(), made.unit(*CLASSIC)
    async with on_tcp(Bench(u1=inverter)) as bench:
        spec = given.spec(bench, "pv", engine="sunspec", product="sunspec-inverter")
        async with running(FACTORY.open([spec], site.context)):
            await site.until("pv/connected")
            inverter.holding[made.place(inverter, 122, 4)] = 0
            await eventually(lambda: site.value("pv/connected") is False)


async def limited_to(driver, power_w: float):
    """The fate of a limit, asked for again while the scale factors have not all been read yet."""
    async with asyncio.timeout(5.0):
        while True:
            reply = await driver.write("pv", "power_limit_w", power_w, urgent=False, islanded=True)
            if reply.fate is not Fate.REFUSED:
                return reply
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("models", "written"),
    [
        # 6 kW of 30 kW are 20 %: first the revert time, then the percentage in tenths, then the switch
        (CLASSIC, {(123, 7): [60], (123, 5): [200], (123, 9): [1]}),
        # and in hundredths; the revert time there has 32 bits, and at its end nothing is limited
        (MODERN, {(704, 18): [0, 60], (704, 16): [10000], (704, 17): [0], (704, 15): [2000], (704, 14): [1]}),
    ],
)
async def test_a_limit_is_set_with_its_revert_timer_and_verified(models, written):
    site, inverter = Site(), made.unit(*models)
    async with on_tcp(Bench(u1=inverter)) as bench:
        spec = given.spec(bench, "pv", engine="sunspec", product="sunspec-inverter")
        driver = FACTORY.open([spec], site.context)
        driver.arm("pv", True)
        async with running(driver):
            await eventually(lambda: site.latest.get("pv/power_rated_w") is not None)
            await eventually(lambda: site.value("pv/power_rated_w") == 30000)
            reply = await limited_to(driver, 6000.0)
            limited = list(bench.writes())
            await driver.release("pv")
    assert reply.fate is Fate.CONFIRMED
    assert [(request.address, request.values) for request in limited] == [
        (made.place(inverter, *where), words) for where, words in written.items()
    ]
    switch = made.place(inverter, *list(written)[-1])
    assert (bench.writes()[-1].address, bench.writes()[-1].values) == (switch, [0])


async def test_an_inverter_that_cannot_be_limited_says_so():
    site = Site()
    async with on_tcp(Bench(u1=made.unit(made.common(), made.inverter_103(W=1)))) as bench:
        driver = FACTORY.open([given.spec(bench, "pv", engine="sunspec", product="sunspec-inverter")], site.context)
        driver.arm("pv", True)
        async with running(driver):
            await site.until("pv/power_w")
            reply = await driver.write("pv", "power_limit_w", 0.0, urgent=True, islanded=True)
    assert reply.fate is Fate.REFUSED
    assert bench.writes() == []


async def test_a_device_without_sunspec_is_disabled():
    site, other = Site(), Unit()
    other.put("holding", 40000, 1, 2, 3)
    async with on_tcp(Bench(u1=other)) as bench:
        driver = FACTORY.open([given.spec(bench, "pv", engine="sunspec", product="sunspec-inverter")], site.context)
        async with running(driver):
            await eventually(lambda: "SunSpec" in driver.health()["pv"].detail, within_s=5)


async def test_values_agree_with_pysunspec2_reading_the_same_inverter():
    sunspec2 = pytest.importorskip("sunspec2.modbus.client")
    inverter = made.unit(*CLASSIC)

    def foreign(port: int) -> tuple[float, float, float, int]:
        device = sunspec2.SunSpecModbusClientDeviceTCP(slave_id=1, ipaddr="127.0.0.1", ipport=port)
        device.scan()
        model = device.models[103][0]
        device.close()
        return model.W.cvalue, model.PhVphA.cvalue, model.Hz.cvalue, model.WH.cvalue

    async with on_tcp(Bench(u1=inverter)) as bench:
        theirs = await asyncio.to_thread(foreign, int(bench.link.rsplit(":", 1)[1]))
    ours = await values(inverter, "power_w", "l1_v", "hz", "energy_wh")
    assert [reading.value for reading in ours.values()] == pytest.approx(theirs)
