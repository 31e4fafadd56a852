"""Control is kept while commands are fresh and given up when they stop, by the engine itself."""

import asyncio

import pytest

from hems.model.command import Fate
from tests.drivers import given
from tests.drivers.bench import Bench, Fault, Site, Unit, eventually, on_tcp

pytestmark = pytest.mark.wire

READ = {"shown": {"at": 20}}
WRITE = {"power_w": {"steps": [{"at": 20, "to": "{value}"}], "lapses_to": "zero"}}
SAFE = [{"at": 20, "to": 0}]


def charger() -> Unit:
    unit = Unit()
    unit.put("holding", 10, 0, 0, 0)
    unit.put("holding", 20, 0)
    return unit


def product(**control: object):
    return given.profile(read=READ, write=WRITE, control=control)


async def test_without_a_fresh_command_the_engine_writes_safe_although_polling_goes_on():
    site, unit = Site(), charger()
    watchdog = {"kind": "any_traffic", "timeout_s": 60, "hold_max_s": 0.3}
    async with (
        on_tcp(Bench(u1=unit)) as bench,
        given.driven(site, given.declared(bench, product(safe=SAFE, watchdog=watchdog)), armed=["box"]) as driver,
    ):
        await driver.write("box", "power_w", 500.0, urgent=False, islanded=False)
        assert unit.holding[20] == 500
        # when nobody asks any more, while the poller runs
        await eventually(lambda: unit.holding[20] == 0)
        stopped = len(bench.writes())
        await asyncio.sleep(0.5)
    # then safe was written once, not again and again
    assert len(bench.writes()) == stopped == 2


async def test_fresh_commands_keep_the_dead_man_quiet():
    site, unit = Site(), charger()
    watchdog = {"kind": "any_traffic", "hold_max_s": 0.3}
    async with (
        on_tcp(Bench(u1=unit)) as bench,
        given.driven(site, given.declared(bench, product(safe=SAFE, watchdog=watchdog)), armed=["box"]) as driver,
    ):
        for _ in range(6):
            await driver.write("box", "power_w", 500.0, urgent=False, islanded=False)
            await asyncio.sleep(0.1)
    assert all(request.values == [500] for request in bench.writes())


async def test_the_dead_man_tries_until_safe_has_arrived():
    site, unit = Site(), charger()
    watchdog = {"kind": "any_traffic", "hold_max_s": 0.2}
    async with (
        on_tcp(Bench(u1=unit)) as bench,
        given.driven(site, given.declared(bench, product(safe=SAFE, watchdog=watchdog)), armed=["box"]) as driver,
    ):
        await driver.write("box", "power_w", 500.0, urgent=False, islanded=False)
        unit.fault = lambda request: Fault(exception=6) if request.writes else None
        await eventually(lambda: len(bench.writes()) >= 3)
        unit.fault = lambda _request: None
        await eventually(lambda: unit.holding[20] == 0)


async def test_the_alive_bit_is_written_while_commands_are_fresh_and_not_before_nor_after():
    site, unit = Site(), charger()
    watchdog = {
        "kind": "alive_bit",
        "timeout_s": 1,
        "renew_s": 0.1,
        "renew": [{"at": 11, "to": 1, "fc": 6}],
        "hold_max_s": 0.5,
    }
    async with (
        on_tcp(Bench(u1=unit)) as bench,
        given.driven(site, given.declared(bench, product(safe=SAFE, watchdog=watchdog)), armed=["box"]) as driver,
    ):
        await site.until("box/shown")
        await asyncio.sleep(0.2)
        assert bench.writes() == []
        await driver.write("box", "power_w", 500.0, urgent=False, islanded=False)
        await eventually(lambda: unit.holding[20] == 0)
        beats = [request for request in bench.writes() if request.address == 11]
        await asyncio.sleep(0.3)
        assert 3 <= len(beats) <= 6
        assert [request for request in bench.writes() if request.address == 11] == beats


async def test_a_rewritten_setpoint_is_resent_even_if_unchanged():
    site, unit = Site(), charger()
    watchdog = {"kind": "rewrite", "timeout_s": 1, "renew_s": 0.1}
    async with (
        on_tcp(Bench(u1=unit)) as bench,
        given.driven(site, given.declared(bench, product(watchdog=watchdog)), armed=["box"]) as driver,
    ):
        await driver.write("box", "power_w", 500.0, urgent=False, islanded=False)
        await eventually(lambda: len(bench.writes()) >= 4)
        assert {tuple(request.values) for request in bench.writes()} == {(500,)}
        # when it is released
        await driver.release("box")
        released = len(bench.writes())
        await asyncio.sleep(0.3)
        # then the engine lets go
        assert len(bench.writes()) == released


async def test_control_is_taken_once_and_taken_again_with_the_setpoint_after_the_device_was_lost():
    site, unit = Site(), charger()
    control = product(acquire=[{"at": 10, "to": 60}], release=[{"at": 20, "to": 0}])
    async with (
        on_tcp(Bench(u1=unit)) as bench,
        given.driven(site, given.declared(bench, control), armed=["box"]) as driver,
    ):
        await driver.write("box", "power_w", 500.0, urgent=False, islanded=False)
        await driver.write("box", "power_w", 600.0, urgent=False, islanded=False)
        assert [request.address for request in bench.writes()] == [10, 20, 20]
        # when it falls silent and comes back without its memory
        unit.fault = lambda _request: Fault(silent=True)
        await eventually(lambda: driver.health()["box"].lost_since_s is not None)
        await asyncio.sleep(0.6)
        unit.put("holding", 20, 0)
        unit.fault = lambda _request: None
        # then it is taken again and hears the last set-point
        await eventually(lambda: unit.holding[20] == 600, within_s=8)
        assert [request.address for request in bench.writes()][-2:] == [10, 20]


async def test_a_board_that_comes_back_without_its_memory_hears_what_is_off_and_not_what_is_on():
    site, unit = Site(), charger()
    unit.put("coil", 0, 0, 1)
    coils = {
        name: {"kind": "bool", "lapses_to": "held", "steps": [{"space": "coil", "at": at, "to": "{value}"}]}
        for at, name in enumerate(("first", "second"))
    }
    relays = given.profile(read=READ, write=coils)
    async with (
        on_tcp(Bench(u1=unit)) as bench,
        given.driven(site, given.declared(bench, relays), armed=["box"]) as driver,
    ):
        # given one relay on and one off
        await driver.write("box", "first", True, urgent=False, islanded=False)
        await driver.write("box", "second", False, urgent=True, islanded=False)
        # when the board falls silent and comes back with both as it likes
        unit.fault = lambda _request: Fault(silent=True)
        await eventually(lambda: driver.health()["box"].lost_since_s is not None)
        await asyncio.sleep(0.6)
        unit.put("coil", 0, 0, 1)
        unit.fault = lambda _request: None
        # then the one that shall be off is, and nothing is switched on in one go
        await eventually(lambda: unit.coil[1] == 0, within_s=8)
        await asyncio.sleep(0.3)
        assert unit.coil[0] == 0


async def test_release_hands_control_back_as_the_profile_says():
    site, unit = Site(), charger()
    control = product(acquire=[{"at": 10, "to": 1}], release=[{"at": 20, "to": 0}, {"at": 10, "to": 0}])
    async with (
        on_tcp(Bench(u1=unit)) as bench,
        given.driven(site, given.declared(bench, control), armed=["box"]) as driver,
    ):
        reply = await driver.write("box", "power_w", 500.0, urgent=False, islanded=False)
        await driver.release("box")
    assert reply.fate is Fate.UNVERIFIED
    assert [(request.address, request.values) for request in bench.writes()] == [
        (10, [1]),
        (20, [500]),
        (20, [0]),
        (10, [0]),
    ]
