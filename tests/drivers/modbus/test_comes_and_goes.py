"""A link that comes and goes makes one alarm and little noise, however often it does."""

import asyncio

from drivers.losses import OFTEN
from drivers.modbus.errors import NoAnswer
from drivers.modbus.presence import Presence
from hems.control import alarms
from hems.model.instant import Instant
from hems.model.snapshot import COMES_AND_GOES, DeviceHealth
from hil.vloop import VirtualLoop, run
from tests.drivers import given
from tests.drivers.bench import Bench, Site, Unit, on_tcp


class HandClock:
    def __init__(self) -> None:
        self.s = 0.0

    def now(self) -> Instant:
        return Instant(self.s)

    def mono_s(self) -> float:
        return self.s


def flapped(times: int, every_s: float) -> tuple[Presence, HandClock]:
    clock = HandClock()
    presence = Presence("box", "tcp://192.0.2.1", clock)
    for _ in range(times):
        presence.failed(NoAnswer("no answer"))
        clock.s += every_s / 2
        presence.answered(None)
        clock.s += every_s / 2
    return presence, clock


def codes(presence: Presence) -> list[str]:
    return [alarm.code for alarm in presence.alarms]


def test_a_device_that_is_lost_now_and_then_raises_no_alarm_of_its_own():
    presence, _ = flapped(OFTEN + 4, every_s=1500.0)
    assert codes(presence) == []


def test_one_alarm_stands_while_it_comes_and_goes_and_for_an_hour_after():
    presence, clock = flapped(30, every_s=20.0)
    assert codes(presence) == [COMES_AND_GOES]
    assert "30 times in the last hour" in presence.alarms[0].text
    presence.failed(NoAnswer("no answer"))
    assert codes(presence) == [COMES_AND_GOES]
    presence.answered(None)
    clock.s += 3600.0
    assert COMES_AND_GOES not in codes(presence)


def test_people_are_told_that_it_is_silent_once_it_has_been_so_for_longer_than_it_usually_is():
    presence, _ = flapped(30, every_s=20.0)
    comes_and_goes = DeviceHealth(link="here", lost_since_s=100.0, alarms=presence.alarms)
    assert alarms.silent_s(comes_and_goes) == 160.0
    assert alarms.silent_s(DeviceHealth(link="here", lost_since_s=100.0)) == 105.0


def test_over_sockets_a_connection_that_is_dropped_every_two_seconds_is_told_as_one_thing():
    async def story(_loop: VirtualLoop) -> None:
        unit, site = Unit(), Site()
        for address in (10, 20):
            unit.put("holding", address, 7)
        product = given.profile(poll={"normal": {"every_ms": 1000}})
        async with on_tcp(Bench(u1=unit)) as bench, given.driven(site, given.declared(bench, product)) as driver:
            for _ in range(60):
                await asyncio.sleep(2.0)
                bench.drop()
            assert [alarm.code for alarm in driver.health()["box"].alarms] == [COMES_AND_GOES]

    run(story)
