"""What is wrong with a site's Modbus devices, told before any connection, while the rest of the site runs."""

import os
import pty

import pytest

from drivers.modbus import FACTORY
from drivers.modbus.check import problems
from drivers.modbus.link import ModbusLink
from drivers.sunspec import FACTORY as SUNSPEC
from hems.model.errors import ConfigError
from hems.model.wiring import DeviceSpec
from tests.drivers import given
from tests.drivers.bench import Bench, Site, Unit, eventually, on_pty, on_tcp


def device(name: str, profile: str = "waveshare-relay", link: str = "rtu:///dev/ttyUSB0", **params) -> DeviceSpec:
    return DeviceSpec(id=name, driver="modbus", profile=profile, link=link, params=params)


def test_devices_that_differ_are_no_problem():
    assert not FACTORY.check(
        [
            device("one"),
            device("two", unit_id=2),
            device("meter", "eastron-sdm630", unit_id=3),
            device("elsewhere", link="tcp://192.0.2.1"),
        ]
    )


def test_two_connectors_of_one_charger_are_two_devices():
    first = device("first", "evtec-bidipro", "tcp://192.0.2.1", connector=1)
    second = device("second", "evtec-bidipro", "tcp://192.0.2.1", connector=2)
    assert FACTORY.check([first, second]) == []


def test_one_device_under_two_names_is_told():
    (told,) = FACTORY.check([device("one"), device("two")])
    assert told == (
        "devices.two: link /dev/ttyUSB0 and unit 1 are those of one. "
        "Remove one of the two, or correct its link or unit_id."
    )


@pytest.mark.parametrize("other", ["eastron-sdm72d", "waveshare-relay"])
def test_two_products_that_were_left_at_the_number_they_were_delivered_with_are_told(other):
    (told,) = FACTORY.check([device("one", "eastron-sdm630"), device("two", other)])
    assert told == (
        "devices.two: link /dev/ttyUSB0 and unit 1 are those of one, another product, and answers would collide. "
        "Give one of the two another number, on the device and as its unit_id."
    )


def test_what_one_board_does_for_two_purposes_is_no_problem():
    inverter, car = (device(name, f"sigenergy-{name}", "tcp://192.0.2.1") for name in ("inverter", "evdc"))
    assert FACTORY.check([inverter, car]) == []


def test_the_number_of_everybody_on_a_line_is_refused_and_on_a_network_it_is_one_device():
    told = FACTORY.check([device("one", "huawei-sun2000", unit_id=0)])
    assert told == [
        "devices.one.params.unit_id = 0: on a serial line that is every device at once, and none answers. "
        "Write the number that is set on the device, 1 to 247."
    ]
    assert FACTORY.check([device("one", "huawei-sun2000", "tcp://192.0.2.1", unit_id=0)]) == []


def test_two_devices_that_command_the_same_relay_are_told():
    (told,) = FACTORY.check([device("one"), device("two", inputs_ms=200)])
    assert told == (
        "devices.two: link /dev/ttyUSB0 and unit 1 are also those of one, and both command coil 0. "
        "Let only one of them command it."
    )


def test_one_line_under_two_names_is_told(tmp_path):
    line, alias = tmp_path / "ttyUSB0", tmp_path / "usb-FTDI_A1-if00-port0"
    line.touch()
    alias.symlink_to(line)
    (told,) = FACTORY.check([device("one", link=f"rtu://{alias}"), device("two", link=f"rtu://{line}", unit_id=2)])
    assert told.startswith(f"devices.two.link = 'rtu://{line}': this is the line of one under another name")
    assert told.endswith(f"Write rtu://{alias} for both.")


def test_two_drivers_that_want_one_line_to_be_different_things_are_told_when_they_open_it():
    site = Site()
    FACTORY.open([device("board")], site.context)
    inverter = DeviceSpec(
        id="pv", driver="sunspec", profile="sunspec-inverter", link="rtu:///dev/ttyUSB0?baud=19200", params={}
    )
    with pytest.raises(ConfigError) as told:
        SUNSPEC.open([inverter], site.context)
    assert "devices.pv.link" in str(told.value)
    assert "with other settings" in str(told.value)


def test_a_profile_whose_safe_state_would_close_a_relay_is_refused():
    closed = {"kind": "bool", "lapses_to": "held", "steps": [{"space": "coil", "at": 3, "to": "{value}"}]}
    for safe, wrong in ((1, True), (0, False)):
        product = given.profile(
            write={"closed": closed},
            control={"safe": [{"space": "coil", "at": 3, "to": safe}], "watchdog": {"kind": "none", "hold_max_s": 9}},
        )
        bench = Bench()
        bench.link = "tcp://192.0.2.1"
        told = problems([given.declared(bench, product)])
        assert bool(told) is wrong
        if wrong:
            assert "writes 1 to coil 3, which would undo that closed was switched off. Correct the profile." in told[0]


def test_a_device_cannot_be_identified_by_what_is_not_asked_for_on_an_island():
    with pytest.raises(ConfigError, match="identify names first, which is not asked for on an island"):
        given.profile(
            poll={"normal": {"every_ms": 1000, "islanded": "skip"}},
            identify={"first": {"equals": 1}},
        )


@pytest.mark.wire
async def test_a_line_on_which_another_program_speaks_is_told_and_the_other_links_run():
    site, unit = Site(), Unit()
    unit.put("holding", 10, *range(20))
    async with on_pty(Bench(u1=unit)) as taken, on_tcp(Bench(u1=unit)) as free:
        # given a tty that somebody else has opened for himself
        here = given.declared(taken, given.profile(), "here")
        other = ModbusLink(here.address)
        await other.open(1.0)
        async with given.driven(site, here, given.declared(free, given.profile(), "there")) as driver:
            # then that is said, and the other device is read
            await site.until("there/first")
            await eventually(lambda: bool(driver.health()["here"].detail))
            assert driver.health()["here"].detail.endswith(
                "another program speaks on it; end that, a line has one master"
            )
            # when he has gone, it works
            other.close()
            await site.until("here/first", within_s=6.0)


@pytest.mark.wire
async def test_an_adapter_that_is_not_plugged_in_is_told():
    site, bench = Site(), Bench()
    master, slave = pty.openpty()
    bench.link = f"rtu://{os.ttyname(slave)}"
    missing = given.declared(bench, given.profile())
    os.close(master)
    os.close(slave)
    async with given.driven(site, missing) as driver:
        await eventually(lambda: bool(driver.health()["box"].detail))
        assert driver.health()["box"].detail == f"there is no {missing.address}: is the adapter plugged in?"
