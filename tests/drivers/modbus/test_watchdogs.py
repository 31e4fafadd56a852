"""Each kind of watchdog: what the engine sends while commands are fresh, and what happens when they stop."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from drivers.modbus.driver import BusDriver
from hil.vloop import VirtualLoop, run
from tests.drivers import given
from tests.drivers.bench import Bench, Fault, Request, Site, Unit, on_tcp, running

SETPOINT, BEAT, TIMER = 20, 21, 22
SAFE = [{"at": SETPOINT, "to": 0}]
Story = Callable[[BusDriver, Bench], Awaitable[None]]


def product(watchdog: dict[str, Any] | None):
    control = {} if watchdog is None else {"safe": SAFE, "watchdog": watchdog}
    return given.profile(
        read={"shown": {"at": SETPOINT}},
        poll={"normal": {"every_ms": 1000}},
        write={"power_w": {"steps": [{"at": SETPOINT, "to": "{value}"}], "lapses_to": "default"}},
        control=control,
    )


def played(watchdog: dict[str, Any] | None, story: Story) -> None:
    async def main(_loop: VirtualLoop) -> None:
        site, unit = Site(), Unit()
        unit.put("holding", SETPOINT, 0, 0, 0)
        async with on_tcp(Bench(u1=unit)) as bench:
            driver = BusDriver([given.declared(bench, product(watchdog))], site.context)
            driver.arm("box", True)
            async with running(driver):
                await site.until("box/shown")
                await story(driver, bench)

    run(main)


async def hold(driver: BusDriver, watts: float, *, seconds: int) -> None:
    """As control does: say it again every 20 s."""
    for _ in range(seconds // 20):
        await driver.write("box", "power_w", watts, urgent=False, islanded=False, lease_s=60.0)
        await asyncio.sleep(20.0)


def written(bench: Bench, address: int) -> list[int]:
    return [request.values[0] for request in bench.writes() if request.address == address]


@pytest.mark.parametrize(
    ("kind", "to", "beats"),
    [
        ("alive_bit", 1, [1] * 6),
        ("timeout_reg", 60, [60] * 6),
        ("counter", "{value}", [1, 2, 3, 4, 5, 6]),
    ],
)
def test_what_keeps_the_device_going_is_sent_while_commands_are_fresh_and_not_before_nor_after(kind, to, beats):
    async def story(driver: BusDriver, bench: Bench) -> None:
        await asyncio.sleep(60.0)
        assert bench.writes() == []
        # when a power is asked for over two minutes, and then nobody asks any more
        await hold(driver, 900.0, seconds=120)
        sent = written(bench, BEAT)
        assert sent[:6] == beats
        assert 8 <= len(sent) <= 13
        await asyncio.sleep(100.0)
        # then the device has been made safe, and its own timer runs out
        assert bench.units[1].holding[SETPOINT] == 0
        ended = len(bench.writes())
        await asyncio.sleep(300.0)
        assert len(bench.writes()) == ended

    renew = [{"at": BEAT, "to": to}]
    played({"kind": kind, "timeout_s": 60, "renew_s": 10, "renew": renew, "hold_max_s": 60}, story)


def test_commands_do_not_stand_in_for_the_beat_that_the_device_waits_for():
    async def story(driver: BusDriver, bench: Bench) -> None:
        for _ in range(30):
            await driver.write("box", "power_w", 900.0, urgent=False, islanded=False, lease_s=60.0)
            await asyncio.sleep(4.0)
        assert len(written(bench, BEAT)) >= 11

    renew = [{"at": BEAT, "to": 1}]
    played({"kind": "alive_bit", "timeout_s": 60, "renew_s": 10, "renew": renew, "hold_max_s": 60}, story)


@pytest.mark.parametrize("kind", ["rewrite", "lease"])
def test_what_must_be_said_again_is_said_again_while_it_is_fresh(kind):
    async def story(driver: BusDriver, bench: Bench) -> None:
        await hold(driver, 900.0, seconds=120)
        assert 9 <= len(written(bench, SETPOINT)) <= 16
        assert set(written(bench, SETPOINT)) == {900}
        await asyncio.sleep(300.0)
        told = written(bench, SETPOINT)
        assert told[-1] == 0
        await asyncio.sleep(300.0)
        assert written(bench, SETPOINT) == told

    played({"kind": kind, "timeout_s": 30, "renew_s": 10, "hold_max_s": 60}, story)


@pytest.mark.parametrize("watchdog", [None, {"kind": "none"}])
def test_a_device_that_notices_nothing_is_told_to_stop_when_the_lease_runs_out(watchdog):
    async def story(driver: BusDriver, bench: Bench) -> None:
        await hold(driver, 900.0, seconds=60)
        assert written(bench, SETPOINT) == [900, 900, 900]
        await asyncio.sleep(300.0)
        assert written(bench, SETPOINT) == [900, 900, 900, 0]

    played(watchdog, story)


class Idler:
    """A charger with a timer of 60 s that any request feeds, and that stops it when it runs out."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.heard_s = self.now_s()
        self.longest_s = 0.0
        unit.fault = self.feed
        self.refuses = False

    def now_s(self) -> float:
        return asyncio.get_running_loop().time()

    def feed(self, request: Request) -> Fault | None:
        silence_s = self.now_s() - self.heard_s
        if silence_s >= 60.0:
            self.unit.put("holding", SETPOINT, 0)
        self.heard_s, self.longest_s = self.now_s(), max(silence_s, self.longest_s)
        return Fault(exception=4) if request.writes and self.refuses else None


@pytest.mark.parametrize("disarmed", [False, True], ids=["writes are refused", "it was disarmed"])
def test_a_device_that_any_traffic_keeps_going_is_not_asked_while_it_cannot_be_told_to_stop(disarmed):
    async def story(driver: BusDriver, bench: Bench) -> None:
        charger = Idler(bench.units[1])
        await hold(driver, 900.0, seconds=60)
        assert charger.longest_s < 2.0
        # when nobody asks any more, and the engine cannot write to it either
        charger.refuses = not disarmed
        driver.arm("box", not disarmed)
        await asyncio.sleep(15.0 + 5.0 + 80.0)
        # then its own timer has stopped it, and it is read again
        assert bench.units[1].holding[SETPOINT] == 0
        assert 60.0 <= charger.longest_s < 80.0
        charger.longest_s = 0.0
        await asyncio.sleep(100.0)
        assert charger.longest_s < 2.0

    played({"kind": "any_traffic", "timeout_s": 60, "hold_max_s": 15 + 20}, story)


def test_a_fresh_command_ends_the_silence():
    async def story(driver: BusDriver, bench: Bench) -> None:
        charger = Idler(bench.units[1])
        await hold(driver, 900.0, seconds=20)
        charger.refuses = True
        await asyncio.sleep(60.0)
        asked = len(bench.diary)
        charger.refuses = False
        await driver.write("box", "power_w", 500.0, urgent=False, islanded=False, lease_s=60.0)
        await asyncio.sleep(5.0)
        assert len(bench.diary) > asked + 4
        assert bench.units[1].holding[SETPOINT] == 500

    played({"kind": "any_traffic", "timeout_s": 60, "hold_max_s": 30}, story)


def test_a_device_that_comes_back_after_its_hold_is_made_safe_and_not_told_its_power_again():
    async def story(driver: BusDriver, bench: Bench) -> None:
        await hold(driver, 900.0, seconds=20)
        bench.units[1].fault = lambda _request: Fault(silent=True)
        await asyncio.sleep(100.0)
        bench.units[1].fault = lambda _request: None
        await asyncio.sleep(60.0)
        assert written(bench, SETPOINT)[-1] == 0
        assert bench.units[1].holding[SETPOINT] == 0

    played({"kind": "any_traffic", "timeout_s": 60, "hold_max_s": 30}, story)
