"""What becomes of a hybrid inverter when the grid goes, and when it hears a thing twice.

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


@pytest.mark.wire
@pytest.mark.parametrize(
    ("name", "outage", "stopped"),
    [
        ("goodwe-et", ("holding", 35187, 2), [[16, 47511, 1, 0]]),
        ("sungrow-sh-on-grid", ("input", 12999, 0x1000), [[6, 13049, 0], [6, 13051, 0], [6, 13050, 204]]),
        ("huawei-sun2000", ("holding", 32089, 0x0203), [[6, 47100, 0]]),
    ],
)
def test_a_battery_that_makes_the_island_is_left_to_itself_when_its_lease_runs_out(name, outage, stopped):
    async def story(_loop: vloop.VirtualLoop) -> list[list[int]]:
        async with device(IMAGES / f"{name}.toml", armed=True) as its:
            # given a battery that charges by order, when the grid goes and nobody repeats the order
            (unit,) = its.bench.units.values()
            await its.driver.write("box", "battery_w", -1500.0, urgent=False, islanded=False, lease_s=15.0)
            ordered = len(its.bench.writes())
            unit.put(*outage)
            await asyncio.sleep(19.0)
            return frames(its.bench.writes()[ordered:])

    # then it is told to run itself, and not to stand by
    assert vloop.run(story)[-len(stopped) :] == stopped


@pytest.mark.wire
@pytest.mark.parametrize(
    ("name", "outage", "stopped"),
    [
        ("goodwe-et", ("holding", 35187, 2), [[16, 47511, 1, 0]]),
        ("sungrow-sh-on-grid", ("input", 12999, 0x1000), [[6, 13049, 0], [6, 13051, 0], [6, 13050, 204]]),
        ("sigenergy-hybrid", ("input", 30009, 1), [[6, 40031, 2], [16, 40032, 0, 8800], [16, 40034, 0, 9600]]),
    ],
)
@pytest.mark.parametrize("asked_again", [False, True])
def test_a_battery_that_rests_by_order_is_left_to_itself_when_it_makes_the_island(name, outage, stopped, asked_again):
    async def story(_loop: vloop.VirtualLoop) -> list[list[int]]:
        async with device(IMAGES / f"{name}.toml", armed=True) as its:
            # given a battery that was told 0 on the grid, and stands by
            (unit,) = its.bench.units.values()
            await its.driver.write("box", "battery_w", 0.0, urgent=False, islanded=False)
            ordered = len(its.bench.writes())
            # when the grid goes, whether or not it is told 0 again
            unit.put(*outage)
            await asyncio.sleep(5.0)
            if asked_again:
                await its.driver.write("box", "battery_w", 0.0, urgent=False, islanded=True)
            await asyncio.sleep(5.0)
            return frames(its.bench.writes()[ordered:])

    # then it is told to run itself
    sent = vloop.run(story)
    assert [frame for frame in sent if frame[1] != 13079][: len(stopped)] == stopped
