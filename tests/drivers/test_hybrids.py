"""What becomes of a hybrid inverter when its controller falls silent, when the grid goes, when it hears a thing twice.

Real frames in virtual time, against the images.
"""

import asyncio
from pathlib import Path

import pytest

from hil import vloop
from tests.drivers.test_images import device

IMAGES = Path(__file__).parent / "images"
HUAWEI_METER = range(37100, 37138)


def frames(requests: list) -> list[list[int]]:
    return [[sent.code, sent.address, *sent.values] for sent in requests]


@pytest.mark.wire
@pytest.mark.parametrize(
    ("name", "command", "value", "silent_s", "handed_back"),
    [
        ("huawei-sun2000", "battery_w", -3000.0, 75.0, [[6, 47100, 0]]),
        ("goodwe-et", "battery_w", 2000.0, 75.0, [[16, 47511, 1, 0]]),
        ("sungrow-sh-on-grid", "battery_w", 2500.0, 75.0, [[6, 13050, 204], [6, 13051, 0], [6, 13049, 0]]),
        ("deye-hybrid-3p", "grid_charge", True, 3700.0, [[16, 130, 0]]),
    ],
)
def test_a_battery_is_handed_back_when_its_controller_falls_silent(name, command, value, silent_s, handed_back):
    async def silence(_loop: vloop.VirtualLoop) -> list:
        async with device(IMAGES / f"{name}.toml", armed=True) as its:
            await its.driver.write("box", command, value, urgent=False, islanded=False)
            # while polling goes on and nobody asks again
            await asyncio.sleep(silent_s)
            return its.bench.writes()

    # then the last that was written hands it back to itself
    assert frames(vloop.run(silence))[-len(handed_back) :] == handed_back


@pytest.mark.wire
def test_a_forced_charge_is_started_again_before_its_own_period_ends():
    async def held(_loop: vloop.VirtualLoop) -> list[float]:
        async with device(IMAGES / "huawei-sun2000.toml", armed=True) as its:
            await its.driver.write("box", "battery_w", -3000.0, urgent=False, islanded=False)
            await asyncio.sleep(55.0)
            return [sent.at_s for sent in its.bench.writes() if sent.values == [1]]

    # given a period of two minutes, when the command is still fresh, then a third of it later it begins anew
    first, second = vloop.run(held)
    assert second - first == pytest.approx(40.0, abs=2.0)


@pytest.mark.wire
def test_the_meter_of_an_inverter_that_would_hang_up_is_left_alone_in_an_outage():
    async def outage(_loop: vloop.VirtualLoop) -> tuple[list, list]:
        async with device(IMAGES / "huawei-sun2000.toml") as its:
            its.driver.islanded(True)
            await asyncio.sleep(1.0)
            its.bench.diary.clear()
            await asyncio.sleep(60.0)
            dark = list(its.bench.diary)
            its.driver.islanded(False)
            its.bench.diary.clear()
            await asyncio.sleep(60.0)
            return dark, list(its.bench.diary)

    # given an outage, when it is polled on
    dark, light = vloop.run(outage)
    # then its states are asked for and its meter is not, until the grid is back
    assert {32003, 32064} <= {asked.address for asked in dark}
    assert not [asked for asked in dark if asked.address in HUAWEI_METER]
    assert [asked for asked in light if asked.address in HUAWEI_METER]


@pytest.mark.wire
def test_a_memory_that_wears_is_not_written_twice_with_the_same():
    async def again(_loop: vloop.VirtualLoop) -> list:
        async with device(IMAGES / "deye-hybrid-3p.toml", armed=True) as its:
            for wanted in (True, True, True, False, False):
                await its.driver.write("box", "grid_charge", wanted, urgent=False, islanded=False)
                await asyncio.sleep(60.0)
            return its.bench.writes()

    assert frames(vloop.run(again)) == [[16, 130, 1], [16, 130, 0]]
