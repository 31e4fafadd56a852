"""What the gateway says of itself, and what to do about it."""

import os
from pathlib import Path

import pytest

from hems.runtime.machine import LOOK_EVERY_S, Machine
from hems.runtime.power import FLAG, PowerEnd
from hems.runtime.survival import Starts
from hems.store import reader
from hems.store.store import Store
from hems.store.writer import AtOnce
from tests.store.given import at


def board(system: Path, **files: str) -> Path:
    """A kernel's tree of devices with these files; `__` stands for a slash."""
    for name, text in files.items():
        path = system / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return system


def said(tmp_path: Path, **files: str) -> dict[str, str]:
    return dict(Machine(tmp_path, system=board(tmp_path / "sys", **files)).faults(0.0))


def test_a_machine_that_is_well_says_nothing(tmp_path: Path) -> None:
    well = {
        "class__thermal__thermal_zone0__temp": "51000\n",
        "devices__platform__soc__firmware__get_throttled": "50000\n",
        "class__power_supply__ups__type": "UPS\n",
        "class__power_supply__ups__status": "Full\n",
    }
    assert said(tmp_path, **well) == {}


SEEN = [
    ({"class__thermal__thermal_zone1__temp": "84500"}, "temperature", "84 C hot. Give it air"),
    ({"devices__platform__soc__firmware__get_throttled": "50005"}, "supply", "supply voltage is too low and it runs"),
    (
        {"class__power_supply__u__type": "UPS", "class__power_supply__u__status": "Discharging"},
        "ups",
        "runs on its own battery (u). See why",
    ),
    (
        {
            "class__power_supply__u__type": "Battery",
            "class__power_supply__u__status": "Discharging",
            "class__power_supply__u__capacity": "12",
        },
        "ups",
        "has 12 % left. The gateway ends soon",
    ),
    ({"class__thermal__thermal_zone0__temp": "not a number"}, "", ""),
]


@pytest.mark.parametrize(("files", "name", "text"), SEEN, ids=[name or "rubbish" for _, name, _ in SEEN])
def test_what_is_not_well_is_said_with_what_to_do(tmp_path: Path, files: dict[str, str], name: str, text: str) -> None:
    found = said(tmp_path, **files)
    assert list(found) == ([name] if name else [])
    assert text in found.get(name, "")


def test_a_disk_that_cannot_be_reached_is_said(tmp_path: Path) -> None:
    found = Machine(tmp_path / "gone", system=tmp_path).faults(0.0)
    assert "cannot be reached" in found["disk"]


def disk(*, free_mb: int, read_only: bool = False) -> os.statvfs_result:
    """Of 16 GB."""
    flags = os.ST_RDONLY if read_only else 0
    return os.statvfs_result((1_000_000, 1_000_000, 16_000, free_mb, free_mb, 1000, 900, 900, flags, 255))


def test_a_disk_without_room_or_that_became_read_only_is_said(tmp_path: Path) -> None:
    def found(what: os.statvfs_result) -> str:
        machine = Machine(tmp_path, system=tmp_path / "sys", disk=lambda path: what)
        return machine.faults(0.0).get("disk", "")

    assert found(disk(free_mb=900)) == ""
    assert found(disk(free_mb=150)).startswith("150 MB are left")
    assert "has become read-only" in found(disk(free_mb=900, read_only=True))


def test_the_machine_is_looked_at_now_and_then(tmp_path: Path) -> None:
    machine = Machine(tmp_path, system=tmp_path / "sys")
    assert machine.faults(0.0) == {}
    board(tmp_path / "sys", class__thermal__thermal_zone0__temp="99000")
    assert machine.faults(LOOK_EVERY_S - 1.0) == {}
    assert "temperature" in machine.faults(LOOK_EVERY_S)


def test_restarts_of_a_whole_day_are_counted_and_a_good_end_forgives_them(tmp_path: Path) -> None:
    # given a daemon that falls over every five hours
    for hour in (0, 5, 10, 15):
        starts = Starts(tmp_path, "boot")
        assert starts.begin(hour * 3600.0) == 0
    assert starts.in_a_day == 3

    # then somebody hears of it
    found = Machine(tmp_path, system=tmp_path / "sys", failed_starts=starts.in_a_day).faults(0.0)
    assert "started again 3 times in a day" in found["restarts"]
    starts.end()
    assert Starts(tmp_path, "boot").begin(60_000.0) == 0


RUNNING_OUT = {
    "class__power_supply__ups__type": "UPS",
    "class__power_supply__ups__status": "Discharging",
    "class__power_supply__ups__capacity": "9",
}
KEYBOARD = RUNNING_OUT | {"class__power_supply__ups__scope": "Device"}


@pytest.mark.parametrize(
    ("files", "ends"),
    [
        (RUNNING_OUT, True),
        (RUNNING_OUT | {"class__power_supply__ups__capacity": "11"}, False),
        (RUNNING_OUT | {"class__power_supply__ups__capacity": "?"}, False),
        (RUNNING_OUT | {"class__power_supply__ups__status": "Charging"}, False),
        ({**RUNNING_OUT, "class__power_supply__ups__capacity_level": "Critical"}, True),
        (KEYBOARD, False),
    ],
    ids=["empty", "not yet", "it does not say", "it is charged", "it says critical", "that of a keyboard"],
)
def test_the_battery_of_the_gateway_ends_when_it_says_so_twice(
    tmp_path: Path, files: dict[str, str], ends: bool
) -> None:
    machine = Machine(tmp_path, system=board(tmp_path / "sys", **files))
    machine.faults(0.0)
    assert not machine.ends  # one reading may be wrong
    found = machine.faults(LOOK_EVERY_S)
    assert machine.ends is ends
    assert ("gateway battery" in found) is ends


def test_before_the_gateway_ends_all_is_written_and_when_the_supply_returns_it_stays_on(tmp_path: Path) -> None:
    # given minutes that wait for their flush, and a battery that gets empty
    store = Store(tmp_path, boot_id="boot-a", writer=AtOnce())
    store.start(at(0))
    for second in range(90):
        store.record_samples(at(second), {"grid_w": float(second)})
    machine = Machine(tmp_path, system=board(tmp_path / "sys", **RUNNING_OUT))
    power = PowerEnd(machine, store, tmp_path)
    for look in range(2):
        power.turn()
        assert not (tmp_path / FLAG).exists()
        machine.faults(look * LOOK_EVERY_S)

    # when it says so for the second time
    power.turn()

    # then every value is on the disk, and the system is asked to end
    assert (tmp_path / FLAG).exists()
    assert sum(one.n for one in reader.series(tmp_path, "grid_w")) == 90

    # and if the supply is back before it does, it is not asked any more
    board(tmp_path / "sys", class__power_supply__ups__status="Charging")
    machine.faults(2 * LOOK_EVERY_S)
    power.turn()
    assert not (tmp_path / FLAG).exists()
    store.stop()
