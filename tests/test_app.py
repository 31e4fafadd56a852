"""The daemon as a whole: how it begins, how it ends, what it survives."""

import asyncio
import json
import os
import signal
import socket
import sqlite3
import sys
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import pytest

from hems.api.client import Client, NoContact
from hems.app import Daemon
from hems.model import wiring
from hems.model.codec import from_plain
from hems.model.errors import ConfigError
from hems.model.mode import Mode
from hems.model.picture import Picture
from hems.model.units import PointId
from hems.runtime.process import sole_instance
from hems.runtime.survival import CRASHES
from hems.store import audit_check
from hil.relink import relinked
from tests.control.panel import GRID_DEAD, TIE_OPEN, car, utility
from tests.runtime.parts import CHARGERS, LAUNDRY, METERS, SWITCHES, Living, LoopClock, site_file, soon
from tests.store.given import rows

EXAMPLE = Path(__file__).parents[1] / "examples" / "home.toml"


# In this process, with machines that tell and obey --------------------------------------------------------------------


@asynccontextmanager
async def daemon(
    where: Path, living: Living, card: Callable[[], str] | None = None, **more: Any
) -> AsyncIterator[tuple[Daemon, "asyncio.Task[None]"]]:
    """A daemon that runs; whatever is left of it afterwards is killed, as it were."""
    made = Daemon(site_file(where, **more), living.drivers, clock=LoopClock(), seed=1, card=card)
    running = asyncio.create_task(made.run())
    try:
        yield made, running
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await running


async def picture(where: Path) -> Picture:
    async with Client(where / "view.sock") as client:
        return from_plain(Picture, await client.request("status"))


async def in_mode(where: Path, *modes: Mode, within_s: float = 8.0) -> Picture:
    """The first picture in one of these modes.  Raises: TimeoutError."""
    async with asyncio.timeout(within_s):
        while True:
            with suppress(Exception):
                if (seen := await picture(where)).mode in modes:
                    return seen
            await asyncio.sleep(0.05)


async def armed(where: Path) -> None:
    async with Client(where / "admin.sock") as client:
        await client.request("arm", devices="all", who="Kim", unproven="in a test")


class Notices:
    """What the service manager is told."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._told: list[str] = []

    def heard(self) -> list[str]:
        with suppress(BlockingIOError):
            while True:
                self._told.append(self._listener.recv(1000).decode())
        return list(self._told)


@pytest.fixture
def notices(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notices]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(run_dir / "notify"))
        listener.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(run_dir / "notify"))
        yield Notices(listener)


async def test_it_says_ready_once_a_sign_of_life_after_each_cycle_and_that_it_stops(run_dir: Path, notices: Notices):
    async with daemon(run_dir, Living()) as (made, running):
        await in_mode(run_dir, Mode.RECONNECTED_RESTORING, Mode.GRID_CONNECTED)
        made.stop()
        await running
    told = notices.heard()
    assert told.count("READY=1") == told.count("STOPPING=1") == 1
    assert told[-1] == "STOPPING=1"
    signs = [one for one in told if one.startswith("WATCHDOG=1\nSTATUS=")]
    assert len(signs) == len(told) - 2 >= 2
    assert signs[0] == "WATCHDOG=1\nSTATUS=init; 0 alarms"


async def test_a_fault_in_the_tick_ends_the_process_without_another_sign_of_life(run_dir: Path, notices: Notices):
    # given a driver that delivers a word where a voltage should be
    living = Living({wiring.voltage(PointId("bus"), 0): "about right"})
    async with daemon(run_dir, living) as (_, running):
        # then the process ends with that very fault, and what it had is kept
        with pytest.raises(TypeError):
            await asyncio.wait_for(running, 5.0)
    told = notices.heard()
    assert not any(one.startswith("STOPPING") for one in told)
    await asyncio.sleep(0.1)
    assert notices.heard() == told
    assert json.loads((run_dir / "state" / "starts.json").read_text())["starts_s"]


async def test_on_the_grid_a_stop_hands_every_device_back_and_is_a_good_end(run_dir: Path):
    living = Living()
    async with daemon(run_dir, living) as (made, running):
        await in_mode(run_dir, Mode.RECONNECTED_RESTORING, Mode.GRID_CONNECTED)
        async with Client(run_dir / "admin.sock") as client:
            assert await client.request("stop", who="Kim") == {}
        await asyncio.wait_for(running, 5.0)
    assert sorted(living.machines.released) == sorted([SWITCHES, CHARGERS, METERS])
    assert made.left_behind == []
    assert json.loads((run_dir / "state" / "starts.json").read_text())["starts_s"] == []
    assert not (run_dir / "view.sock").exists()


async def test_holding_leaves_every_device_as_it_is(run_dir: Path):
    living = Living()
    async with daemon(run_dir, living) as (made, running):
        await in_mode(run_dir, Mode.RECONNECTED_RESTORING, Mode.GRID_CONNECTED)
        made.hang_up()
        made.stop()  # too late: it holds already
        await asyncio.wait_for(running, 5.0)
    assert living.machines.released == []


async def test_on_an_island_a_hang_up_is_passed_over_and_a_stop_sheds_first(run_dir: Path):
    # given a building on its own, where a car carries what the inverter alone could not
    heavy = {wiring.former_phase_w(index): 7_000.0 for index in range(3)}
    living = Living(GRID_DEAD, TIE_OPEN, utility(0.0, 0.0), heavy, car("bay_1", 80.0, 8_000.0))
    async with daemon(run_dir, living) as (made, running):
        await in_mode(run_dir, Mode.ISLANDED_STABILIZING, Mode.ISLANDED)
        await armed(run_dir)
        # when the terminal goes, nothing happens
        made.hang_up()
        await asyncio.sleep(0.3)
        assert not running.done()
        # when it is told to stop, it sheds, and then stops the car
        written = len(living.machines.written)
        made.stop()
        await asyncio.wait_for(running, 8.0)
    last = living.machines.written[written:]
    assert last[-1].device == CHARGERS
    assert last[-1].value == 0
    assert not any(one.value for one in last)
    assert any(one.device == SWITCHES for one in last)
    assert living.machines.released == []


async def test_after_three_unfinished_starts_only_the_essentials_run_and_a_good_end_forgives(run_dir: Path):
    for _ in range(CRASHES):
        async with daemon(run_dir, Living()):
            await in_mode(run_dir, *Mode)
    async with daemon(run_dir, Living()) as (made, running):
        alarms = {alarm.key for alarm in (await in_mode(run_dir, *Mode)).alarms}
        assert {"decision/restoring", "decision/cars"} <= alarms
        made.stop()
        await asyncio.wait_for(running, 5.0)
    async with daemon(run_dir, Living()):
        assert (await in_mode(run_dir, *Mode)).alarms == ()


async def test_a_disk_that_takes_nothing_does_not_hide_that_start_after_start_fails(run_dir: Path):
    # given a file where the state directory should be
    (run_dir / "state").write_text("in the way")
    for _ in range(CRASHES):
        async with daemon(run_dir, Living()):
            await in_mode(run_dir, *Mode)
    # then the next start knows it all the same
    async with daemon(run_dir, Living()):
        alarms = {alarm.key for alarm in (await in_mode(run_dir, *Mode)).alarms}
        assert {"decision/restoring", "decision/cars"} <= alarms


async def test_a_driver_that_falls_over_is_alarmed_and_costs_nothing_else(run_dir: Path):
    living = Living()

    def falls_over() -> None:
        raise ZeroDivisionError

    living.machines.on_run = falls_over
    async with daemon(run_dir, living):
        await soon(lambda: living.machines.runs >= 2)
        await asyncio.sleep(1.1)
        seen = await picture(run_dir)
    assert "fault/driver paper" in {alarm.key for alarm in seen.alarms}


async def test_a_card_that_cannot_be_made_costs_the_card_and_nothing_else(run_dir: Path, notices: Notices):
    def no_card() -> str:
        raise ConfigError(("no such product.",))

    async with daemon(run_dir, Living(), card=no_card) as (made, running):
        await in_mode(run_dir, Mode.RECONNECTED_RESTORING, Mode.GRID_CONNECTED)
        made.stop()
        await running
    assert notices.heard()[-1] == "STOPPING=1"


async def test_a_changed_site_file_disarms_with_an_alarm(run_dir: Path):
    async with daemon(run_dir, Living()) as (made, running):
        await in_mode(run_dir, *Mode)
        await armed(run_dir)
        made.stop()
        await asyncio.wait_for(running, 5.0)
    changed = Living()
    for device in changed.machines.devices:
        changed.machines.arm(device, False)
    async with daemon(run_dir, changed, digest="one comma more"):
        seen = await in_mode(run_dir, *Mode)
    assert not any(device.armed for device in seen.devices)
    assert "fault/arming" in {alarm.key for alarm in seen.alarms}
    # and the audit says that the file was changed, by whose hand as far as that is known, and what followed
    acts = [(kept.entry.who, kept.entry.action) for kept in audit_check.entries(run_dir / "state")]
    assert acts.count(("hems", "disarm")) == len(changed.machines.devices)
    assert acts.count(("hems", "configuration")) == 2


async def test_a_disk_that_cannot_be_written_stops_history_and_not_control(run_dir: Path):
    # given a file where the state directory should be
    (run_dir / "state").write_text("in the way")
    living = Living()
    async with daemon(run_dir, living) as (made, running):
        # then the building is controlled, with an alarm
        seen = await in_mode(run_dir, Mode.RECONNECTED_RESTORING, Mode.GRID_CONNECTED)
        await soon(lambda: living.machines.runs)
        assert "fault/state" in {alarm.key for alarm in seen.alarms}
        made.stop()
        await asyncio.wait_for(running, 8.0)
    assert sorted(living.machines.released) == sorted([SWITCHES, CHARGERS, METERS])


# As a process of its own, with real drivers and devices that do not answer --------------------------------------------


class Silent:
    """A place that takes connections, writes down what it hears, and never answers."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.link = ""

    async def listen(self) -> asyncio.Server:
        server = await asyncio.start_server(self._hear, "127.0.0.1", 0)
        self.link = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return server

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while some := await reader.read(1000):
                self.heard.append(some)
        writer.close()

    def functions(self) -> set[int]:
        """The Modbus functions that were asked for; each request came in a piece of its own."""
        return {some[7] for some in self.heard}


def closed_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{free.getsockname()[1]}"


def lost_site(where: Path, **silent: str) -> Path:
    """The home, with devices that do not answer."""
    tty = f"rtu://{where}/no-such-tty?baud=9600&parity=N&stop_bits=1"
    links = {"main_meter": tty, "house_meter": tty} | {
        name: silent.get(name) or closed_port() for name in ("car", "roof", "tie_io", "relays")
    }
    text = relinked(EXAMPLE.read_text(encoding="utf-8"), links, where, short=True)
    site = where / "site.toml"
    site.write_text(text + "\n[params.witness]\nno_witness_s = 10\n", encoding="utf-8")
    return site


@asynccontextmanager
async def process(where: Path, *arguments: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A Python program, gone at the end."""
    with (where / "said").open("ab") as said:
        made = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, stdout=said, stderr=said, env=os.environ | environment
        )
    try:
        yield made
    finally:
        if made.returncode is None:
            made.kill()
            await made.wait()


def hems_run(where: Path, site: Path, **environment: str) -> Any:
    return process(where, "-m", "hems.cli", "run", "--site", str(site), "--trust-clock", **environment)


async def ended(process: asyncio.subprocess.Process, *, within_s: float) -> int:
    async with asyncio.timeout(within_s):
        return await process.wait()


@pytest.mark.wire
async def test_with_every_device_lost_it_gets_ready_goes_into_fault_safe_and_writes_nothing(
    run_dir: Path, notices: Notices
):
    # given devices that take connections and never answer, and some that do not even do that
    car_charger, tie, relays = Silent(), Silent(), Silent()
    servers = [await one.listen() for one in (car_charger, tie, relays)]
    site = lost_site(run_dir, car=car_charger.link, tie_io=tie.link, relays=relays.link)
    async with hems_run(run_dir, site) as running:
        # when it runs for as long as it waits for a witness
        await soon(lambda: "READY=1" in notices.heard(), within_s=15.0)
        assert (await picture(run_dir / "run")).mode is Mode.INIT
        seen = await in_mode(run_dir / "run", Mode.FAULT_SAFE, within_s=15.0)
        # then every device is shown as lost, and has been asked things, and nobody was told anything
        async with asyncio.timeout(40.0):  # the slowest of them is given five seconds for each of several requests
            while not all(device.lost_for_s is not None for device in seen.devices):
                await asyncio.sleep(0.2)
                seen = await picture(run_dir / "run")
        assert seen.mode is Mode.FAULT_SAFE
        assert "silent/network" in {alarm.key for alarm in seen.alarms}
        assert car_charger.heard
        assert tie.heard
        assert car_charger.functions() | tie.functions() | relays.functions() <= {1, 2, 3, 4}
        # and it ends in good order and in time, without a word of regret
        running.send_signal(signal.SIGTERM)
        assert await ended(running, within_s=10.0) == 0
    assert "Traceback" not in (run_dir / "said").read_text()
    for server in servers:
        server.close()


@pytest.mark.wire
async def test_overrides_and_arming_survive_a_kill_with_their_remaining_time(run_dir: Path):
    site, sockets = lost_site(run_dir), run_dir / "run"
    # given an override of half an hour, and armed devices
    async with hems_run(run_dir, site) as first:
        await in_mode(sockets, *Mode, within_s=15.0)
        await armed(sockets)
        async with Client(sockets / "operate.sock") as client:
            await client.request("override", circuit="laundry", want="off", reason="it leaks", duration_s=1800.0)
        began_s = asyncio.get_running_loop().time()
        await soon(lambda: "laundry" in saved(run_dir), within_s=5.0)
        # when the daemon is killed, and started again a little later
        first.kill()
        await first.wait()
    await asyncio.sleep(1.0)
    async with hems_run(run_dir, site) as second:
        seen = await in_mode(sockets, *Mode, within_s=15.0)
        gone_s = asyncio.get_running_loop().time() - began_s
        # then it goes on, for the time that remained
        [left_s] = [one.override_left_s for one in seen.circuits if one.id == "laundry"]
        assert left_s == pytest.approx(1800.0 - gone_s, abs=2.0)
        assert all(device.armed for device in seen.devices)
        # and a second one in the same place is refused in one sentence
        said = len((run_dir / "said").read_text())
        async with hems_run(run_dir, site) as third:
            assert await ended(third, within_s=10.0) == 1
            new = [
                line for line in (run_dir / "said").read_text()[said:].splitlines() if not line.startswith("WARNING")
            ]
            assert new == [
                f"ERROR hems.service: Another hems already runs in {sockets}. Stop it first, or use another run_dir."
            ]
        assert (await picture(sockets)).mono_s >= seen.mono_s
        second.send_signal(signal.SIGINT)
        assert await ended(second, within_s=10.0) == 0


def saved(where: Path) -> str:
    with closing(sqlite3.connect(where / "state" / "state.db")) as connection:
        row = connection.execute("SELECT blob FROM saved").fetchone()
    overrides = json.loads(zlib.decompress(row[0]))["overrides"] if row else []
    return str(overrides)


STUBBORN = """
import asyncio, sys
from pathlib import Path
from hems.service import run
from hems.runtime.clock import SystemClock
from tests.runtime.parts import Living, site_file

async def stubborn():
    while True:
        try:
            await asyncio.sleep(60.0)
        except asyncio.CancelledError:
            pass

living = Living()
living.machines.on_run = stubborn
sys.exit(run(site_file(Path(sys.argv[1])), living.drivers, clock=SystemClock(trusted=True)))
"""


async def test_a_driver_that_does_not_listen_cannot_keep_the_process_from_ending(run_dir: Path):
    here = str(Path(__file__).parents[1])
    async with process(run_dir, "-c", STUBBORN, str(run_dir), PYTHONPATH=here) as running:
        await in_mode(run_dir, *Mode, within_s=15.0)
        running.send_signal(signal.SIGTERM)
        assert await ended(running, within_s=12.0) == 0
    # and the state was kept, and the end was a good one
    assert rows(run_dir / "state", "state.db", "SELECT count(*) FROM saved") == [(1,)]
    assert json.loads((run_dir / "state" / "starts.json").read_text())["starts_s"] == []


async def test_a_lock_that_is_held_is_reported_before_anything_is_touched(run_dir: Path):
    site = lost_site(run_dir)
    with sole_instance(run_dir / "run"):
        async with hems_run(run_dir, site) as running:
            assert await ended(running, within_s=10.0) == 1
    assert not (run_dir / "state").exists()
    assert "Traceback" not in (run_dir / "said").read_text()


async def test_nobody_answers_where_no_daemon_runs(run_dir: Path):
    with pytest.raises(NoContact, match="HEMS does not run here"):
        await picture(run_dir)


async def test_what_a_person_asks_is_done_by_the_machines(run_dir: Path):
    living = Living()
    async with daemon(run_dir, living):
        await in_mode(run_dir, Mode.RECONNECTED_RESTORING, Mode.GRID_CONNECTED)
        await armed(run_dir)
        async with Client(run_dir / "operate.sock") as client:
            await client.request("override", circuit="laundry", want="off", reason="it leaks")
        await soon(lambda: living.machines.values(LAUNDRY) == [False])
