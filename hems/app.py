"""The composition root: the only place that builds objects and wires them together."""

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import signal
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from random import Random
from typing import IO, Any

from hems.api.server import Server
from hems.config import SiteFile
from hems.control.resume import resumed, surviving
from hems.control.state import ControlState, initial
from hems.model.codec import from_plain
from hems.model.errors import ConfigError, HemsError
from hems.model.event import Event
from hems.model.instant import Instant
from hems.model.picture import Picture
from hems.ports.clock import Clock
from hems.ports.device import DriverContext, DriverFactory
from hems.runtime.act import Actuators
from hems.runtime.board import Board
from hems.runtime.desk import FrontDesk
from hems.runtime.fleet import open_fleet
from hems.runtime.jobs import calendar
from hems.runtime.loop import Cycle, Loop
from hems.runtime.notify import notify
from hems.runtime.record import Recorder
from hems.runtime.stop import leave
from hems.runtime.supervise import kept_running
from hems.runtime.survival import Starts
from hems.store.boot import machine_boot_id
from hems.store.health import StoreHealth
from hems.store.store import Store

log = logging.getLogger(__name__)


def installed_drivers(names: set[str] | None = None) -> dict[str, DriverFactory]:
    """The drivers that are installed, or only those named; only what is asked for is imported."""
    found = entry_points(group="hems.drivers")
    return {entry.name: entry.load() for entry in found if names is None or entry.name in names}


@contextlib.contextmanager
def sole_instance(run_dir: Path) -> Iterator[IO[str]]:
    """Hold the lock that says "a daemon runs this site".  Raises: HemsError when another one holds it."""
    run_dir.mkdir(parents=True, exist_ok=True)
    with (run_dir / "hems.lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise HemsError(
                f"Another hems already runs in {run_dir}. Stop it first, or use another run_dir."
            ) from error
        yield lock


class Daemon:
    """One site under control."""

    def __init__(self, site_file: SiteFile, *, clock: Clock, seed: int) -> None:
        self._file = site_file
        self._clock = clock
        self._seed = seed
        self._stopping = asyncio.Event()
        self._hold = False
        self._last: Cycle | None = None

    def stop(self, hold: bool = False) -> None:
        """End soon; `hold` leaves every device as it is commanded now, for a restart or upgrade."""
        self._hold = hold
        self._stopping.set()

    async def run(self) -> None:
        """Until stopped.  Raises: whatever `tick` raises; nothing that a device, a disk or a client does."""
        settings = self._file.settings
        boot_id = machine_boot_id()
        settings.state_dir.mkdir(parents=True, exist_ok=True)
        store = Store(settings.state_dir, boot_id=boot_id)
        now = self._clock.now()
        store.start(now)
        starts = Starts(settings.state_dir, boot_id)
        state = _first_state(store, now, survival=starts.begin(now.mono_s))
        try:
            await self._control(store, state)
            starts.end()
        finally:
            store.stop()

    async def _control(self, store: Store, state: ControlState) -> None:
        site, wiring = self._file.site, self._file.wiring
        board = Board(wiring, self._clock, shed=lambda commands: actuators.send(commands), wake=lambda: loop.wake.set())
        factories = installed_drivers({spec.driver for spec in wiring.devices})
        context = DriverContext(clock=self._clock, sink=board, rng=Random(self._seed))
        fleet = open_fleet(wiring.devices, factories, context, store.arming, digest=self._file.digest)
        for device in fleet.rearm(self._clock.now()):
            log.warning("%s is no longer armed: the site file or its profile has changed.", device)
        actuators = Actuators(
            fleet.devices, wiring.writes, store.journal, self._clock, islanded=lambda: loop.state.mode.mode.on_island
        )
        desk = FrontDesk(site, self._file.params, fleet, self._clock, stop=self.stop)
        server = Server(self._file.settings.run_dir, desk)
        recorder = Recorder(store, self._file.params)

        def publish(picture: Picture, events: tuple[Event, ...]) -> None:
            """Events first, so that a screen knows why the picture has changed."""
            for event in events:
                server.publish_event(event)
            server.publish(picture)

        loop = Loop(
            site,
            self._file.params,
            state,
            clock=self._clock,
            board=board,
            fleet=fleet,
            actuators=actuators,
            desk=desk,
            recorder=recorder,
            publish=publish,
            completed=self._completed,
            faults=lambda: _faults(store.health),
            shortened=self._file.shortened,
        )
        jobs = calendar(lambda: store.keep_copy(self._clock.now()))
        jobs.start()
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(kept_running(type(driver).__name__, driver.run), name=type(driver).__name__)
                for driver in fleet.drivers
            ]
            tasks.append(group.create_task(kept_running("api", server.serve), name="api"))
            cycle = group.create_task(loop.run(), name="cycle")
            await self._until_stopped(cycle)
            cycle.cancel()
            if self._last is not None and not self._hold:
                now = self._clock.now()
                await leave(site, self._file.params, loop.state, loop.look(now), now, fleet, actuators)
            recorder.save(self._clock.now(), loop.state, at_once=True)
            jobs.shutdown(wait=False)
            for task in tasks:
                task.cancel()

    async def _until_stopped(self, cycle: "asyncio.Task[None]") -> None:
        """Until somebody asks for it, or the cycle ends by a fault."""
        asked = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({asked, cycle}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        notify("STOPPING=1")

    def _completed(self, cycle: Cycle) -> None:
        if self._last is None:
            notify("READY=1")
        self._last = cycle
        notify(f"WATCHDOG=1\nSTATUS={cycle.picture.mode}; {len(cycle.picture.alarms)} alarms")


def _faults(health: StoreHealth) -> dict[str, str]:
    """What is wrong with either file, and what was found wrong at the start."""
    files = {"state": health.state, "history": health.history}
    faults = {name: one.why for name, one in files.items() if not one.ok}
    return faults | {f"{name} set aside": one.set_aside for name, one in files.items() if one.set_aside}


def _first_state(store: Store, now: Instant, *, survival: bool) -> ControlState:
    """What an earlier run left, on the present clock; else a state that knows nothing."""
    state = _saved_state(store, now)
    if survival:
        log.error(
            "Three starts have failed within ten minutes: only overload, energy bands and floors are watched now."
        )
        return surviving(state)
    return state


def _saved_state(store: Store, now: Instant) -> ControlState:
    saved = store.load_state()
    if saved is None:
        return initial(now.mono_s)
    try:
        state = from_plain(ControlState, json.loads(saved.blob))
    except (ValueError, TypeError, KeyError) as error:
        log.error("The saved state cannot be read and is left aside: %s", error)
        return initial(now.mono_s)
    elapsed_s = saved.elapsed_s(now) or 0.0
    return resumed(state, shift_s=now.mono_s - elapsed_s - saved.at.mono_s, now_s=now.mono_s)


async def serve(site_file: SiteFile, *, clock: Clock, seed: int) -> None:
    """Run the daemon until a signal asks it to stop: SIGTERM and SIGINT in good order, SIGHUP holding all as it is."""
    daemon = Daemon(site_file, clock=clock, seed=seed)
    loop = asyncio.get_running_loop()
    for number, hold in ((signal.SIGTERM, False), (signal.SIGINT, False), (signal.SIGHUP, True)):
        loop.add_signal_handler(number, daemon.stop, hold)
    await daemon.run()


def run(site_file: SiteFile, *, clock: Clock) -> int:
    """The whole life of a daemon; returns its exit code."""
    try:
        with sole_instance(site_file.settings.run_dir):
            asyncio.run(serve(site_file, clock=clock, seed=int.from_bytes(os.urandom(4))))
    except ConfigError:
        raise
    except HemsError as error:
        log.error("%s", error)
        return 1
    return 0


def load_commands() -> dict[str, Any]:
    """Subcommands that other packages add to the command line, by entry point."""
    return {entry.name: entry for entry in entry_points(group="hems.commands")}
