"""All devices together: arming that holds for one exact set-up, health, and handing back."""

import asyncio
from pathlib import Path
from random import Random

from hems.model.instant import Instant
from hems.model.mode import Mode
from hems.model.units import DeviceId
from hems.model.wiring import DeviceSpec
from hems.ports.device import DriverContext
from hems.runtime.fleet import Fleet, open_fleet
from hems.store.store import Store
from tests.runtime.parts import CHARGERS, METERS, SWITCHES, HandClock, Machines, Works
from tests.store.given import started

SPECS = tuple(DeviceSpec(id=one, driver="paper", profile="any", link="here") for one in (SWITCHES, CHARGERS, METERS))
NOW = Instant(5.0)


def fleet(
    store: Store, *, file: str = "the file", profile: str = "as printed", specs: tuple[DeviceSpec, ...] = SPECS
) -> tuple[Fleet, Machines]:
    """What a start makes of a site file and the profiles installed."""
    machines = Machines(devices=[spec.id for spec in specs])
    context = DriverContext(clock=HandClock(), sink=lambda device, readings: None, rng=Random(0))
    return open_fleet(
        specs, {"paper": Works(machines, profile)}, context, store.arming, digest=file, seal=lambda _: ""
    ), machines


async def armed(directory: Path) -> None:
    """A first run, in which somebody arms the switches and the chargers."""
    store = started(directory)
    ours, _ = fleet(store)
    for device in (SWITCHES, CHARGERS):
        await ours.arm(device, who="Kim", at=NOW)
    store.stop()


async def test_nothing_is_armed_at_first(tmp_path: Path):
    ours, machines = fleet(started(tmp_path))
    assert ours.rearm(NOW) == []
    assert machines.armed == {}
    assert not any(health.armed for health in ours.health(0.0).values())


async def test_drivers_hear_once_when_an_island_begins_comes_to_rest_and_ends(tmp_path: Path):
    ours, machines = fleet(started(tmp_path))
    for mode in (Mode.INIT, Mode.GRID_CONNECTED, Mode.ISLANDED_STABILIZING, Mode.ISLANDED_STABILIZING, Mode.ISLANDED):
        ours.follow(mode, METERS)
    for mode in (Mode.GRID_RETURN_QUALIFYING, Mode.RECONNECTING, Mode.RECONNECTED_RESTORING):
        ours.follow(mode, METERS)
    assert machines.former == METERS
    assert machines.islands == [(False, False), (True, True), (True, False), (False, False)]


async def test_arming_survives_a_restart_with_the_same_file_and_profile(tmp_path: Path):
    await armed(tmp_path)
    ours, machines = fleet(started(tmp_path))
    assert ours.rearm(NOW) == []
    assert machines.armed == {SWITCHES: True, CHARGERS: True}
    assert ours.faults() == {}


async def test_arming_does_not_survive_any_change_of_the_file(tmp_path: Path):
    await armed(tmp_path)
    store = started(tmp_path)
    ours, machines = fleet(store, file="the file with one more comment")
    # then nothing is armed, and that is told, and recorded
    assert set(ours.rearm(NOW)) == {SWITCHES, CHARGERS}
    assert machines.armed == {}
    [sentence] = ours.faults().values()
    assert sentence.startswith(
        "Only watched since the site file, a profile or the commissioning record has changed: chargers, switches."
    )
    store.stop()
    # and going back to the old file does not arm again
    again, machines = fleet(started(tmp_path))
    again.rearm(NOW)
    assert machines.armed == {}


async def test_arming_does_not_survive_a_change_of_the_profile(tmp_path: Path):
    await armed(tmp_path)
    ours, machines = fleet(started(tmp_path), profile="a register corrected")
    assert set(ours.rearm(NOW)) == {SWITCHES, CHARGERS}
    assert machines.armed == {}


async def test_it_is_told_until_somebody_arms_or_disarms_each_of_them(tmp_path: Path):
    await armed(tmp_path)
    ours, _ = fleet(started(tmp_path), file="another file")
    ours.rearm(NOW)
    await ours.arm(SWITCHES, who="Kim", at=NOW)
    assert ours.faults()["arming"].startswith(
        "Only watched since the site file, a profile or the commissioning record has changed: chargers."
    )
    ours.disarm(CHARGERS, at=NOW)
    assert ours.faults() == {}


async def test_a_device_that_has_left_the_file_is_forgotten_without_alarm(tmp_path: Path):
    await armed(tmp_path)
    store = started(tmp_path)
    ours, machines = fleet(store, specs=SPECS[:1])
    assert ours.rearm(NOW) == [CHARGERS]
    assert machines.armed == {SWITCHES: True}
    assert ours.faults() == {}
    assert set(store.arming.armed()) == {SWITCHES}


async def test_disarming_survives_a_restart(tmp_path: Path):
    await armed(tmp_path)
    store = started(tmp_path)
    ours, machines = fleet(store)
    ours.rearm(NOW)
    ours.disarm(CHARGERS, at=NOW)
    assert machines.armed == {SWITCHES: True, CHARGERS: False}
    store.stop()
    again, machines = fleet(started(tmp_path))
    again.rearm(NOW)
    assert machines.armed == {SWITCHES: True}


async def test_every_driver_is_opened_once_with_all_its_devices_in_the_order_of_the_file(tmp_path: Path):
    store = started(tmp_path)
    works = {name: Works(Machines(devices=[])) for name in ("one", "two", "idle")}
    specs = [
        DeviceSpec(id=DeviceId(f"d{number}"), driver=("one", "two")[number % 2], profile="any", link=f"at {number}")
        for number in range(4)
    ]
    context = DriverContext(clock=HandClock(), sink=lambda device, readings: None, rng=Random(0))
    ours = open_fleet(specs, works, context, store.arming, digest="the file", seal=lambda _: "")
    assert list(ours.drivers) == ["one", "two"]
    assert list(ours.devices) == ["d0", "d1", "d2", "d3"]
    assert works["idle"].machines.context is None
    assert ours.health(0.0)[DeviceId("d3")].link == "at 3"


async def test_a_device_that_hangs_or_stumbles_does_not_keep_the_others_from_being_handed_back(tmp_path: Path):
    ours, machines = fleet(started(tmp_path))

    def on_release(device: DeviceId) -> object:
        """One raises, one never comes back, and does not even listen to being cancelled."""
        if device == SWITCHES:
            raise ZeroDivisionError
        return _stubborn() if device == CHARGERS else None

    machines.on_release = on_release
    async with asyncio.timeout(2.0):
        await ours.release(within_s=0.1)
    assert machines.released == [METERS]


async def _stubborn() -> None:
    for _ in range(3):
        try:
            await asyncio.sleep(0.3)
        except asyncio.CancelledError:
            continue


def test_a_device_without_commands_is_told_to_be_read_only(tmp_path: Path):
    ours, _ = fleet(started(tmp_path))
    assert {name for name, one in ours.health(0.0).items() if one.reads_only} == {METERS}
