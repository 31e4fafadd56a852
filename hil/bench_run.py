"""A building on loopback and the real daemon on it, as two processes, started and ended together."""

import asyncio
import json
import os
import resource
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hems.api.client import Client, NoContact
from hems.model.codec import from_plain
from hems.model.errors import HemsError
from hems.model.picture import Picture
from hems.sim.planner import Solver
from hil import ending
from hil.emulate.remote import wait_until_ready
from hil.network import Network, laid
from hil.places import Place
from hil.relink import overlaid, relinked
from hil.small_disk import SmallDisk, mounted

READY_WITHIN_S = 60.0
"""Generous: right after an installation a small machine compiles everything first."""
END_WITHIN_S = 15.0
LOOK_S = 0.1


@dataclass(slots=True)
class Run:
    """A building and a daemon on it, and where to reach them."""

    where: Path
    site: Path

    @property
    def run_dir(self) -> Path:
        """Where the daemon's sockets are."""
        return self.where / "run"

    @property
    def view_socket(self) -> Path:
        """For watching."""
        return self.run_dir / "view.sock"

    @property
    def operate_socket(self) -> Path:
        """For running the building."""
        return self.run_dir / "operate.sock"

    @property
    def plant_socket(self) -> Path:
        """For doing things to the world."""
        return self.where / "plant.sock"

    @property
    def has_ended(self) -> bool:
        """Whether the daemon is gone."""
        raise NotImplementedError

    async def kill_and_restart(self, after_s: float = 0.0) -> None:
        """Take the daemon's life without a warning, and start it again so much later on the same site and state."""
        raise NotImplementedError

    async def freeze(self, for_s: float) -> None:
        """Stop the daemon for so long without ending it.  Raises: HemsError where it shares its loop with the world."""
        raise HemsError(f"A program cannot be stopped for {for_s:g} s on a clock that jumps; play it with --way real.")

    def fill_disk(self, full: bool) -> None:
        """Let the daemon write nothing more, or again.  Raises: HemsError where it has no process of its own."""
        raise HemsError(
            f"A disk {'fills' if full else 'has room'} for a process of its own only; play it with --way real."
        )

    def cut_network(self, cut: bool) -> bool:
        """Cut the network to all devices that are on it, or mend it; False where it has none: the bench plays that."""
        return False

    def step_clock(self, years: float) -> None:
        """Set the gateway's wall clock.  Raises: HemsError where it is this machine's, which nobody touches."""
        raise HemsError("The wall clock of this machine is not set wrong for a scenario; play it in virtual time.")

    def solver_fares(self, solver: Solver) -> None:
        """Have the plan's process fare so.  Raises: HemsError where it is the daemon's own."""
        raise HemsError(f"That the plan's process {solver} is played in virtual time; leave out --way real.")

    async def picture(self) -> Picture:
        """The daemon's present picture.  Raises: NoContact, RequestError."""
        async with Client(self.view_socket) as client:
            return from_plain(Picture, await client.request("status"))

    async def settled(self, *modes: str, within_s: float = READY_WITHIN_S) -> Picture:
        """The first picture in one of the modes.  Raises: TimeoutError; HemsError when the daemon has ended."""
        async with asyncio.timeout(within_s):
            while True:
                if self.has_ended:
                    raise HemsError(f"HEMS ended by itself; what it said is in {self.where / 'daemon.log'}.")
                try:
                    picture = await self.picture()
                    if picture.mode in modes:
                        return picture
                except (NoContact, HemsError):
                    pass
                await asyncio.sleep(LOOK_S)

    async def arm(self, who: str) -> None:
        """Allow the daemon to command every device, by the same request an engineer makes."""
        async with Client(self.run_dir / "admin.sock") as client:
            await client.request("arm", devices="all", who=who, unproven="an emulated building")


@dataclass(slots=True)
class BenchRun(Run):
    """As two processes of this machine, in real time."""

    bench: asyncio.subprocess.Process
    daemon: asyncio.subprocess.Process
    compiled: bool = False
    """Whether its modules are compiled once, as where it is installed, also where this machine keeps none."""
    disk: SmallDisk | None = None
    """Its state's own, where one could be mounted."""
    network: Network | None = None
    """Between it and the building, where one could be laid."""

    @property
    def has_ended(self) -> bool:
        """Whether the daemon is gone."""
        return self.daemon.returncode is not None

    async def start_daemon(self) -> None:
        """Start the daemon (again) on the same site and state."""
        self.daemon = await _daemon(self.where, self.site, compiled=self.compiled)

    @property
    def environment(self) -> Mapping[str, str]:
        """What a daemon is started in."""
        return _environment(self.where, compiled=self.compiled)

    async def kill_and_restart(self, after_s: float = 0.0) -> None:
        """SIGKILL, and a new process."""
        self.daemon.kill()
        await self.daemon.wait()
        await asyncio.sleep(after_s)
        await self.start_daemon()

    async def freeze(self, for_s: float) -> None:
        """SIGSTOP, and SIGCONT."""
        self.daemon.send_signal(signal.SIGSTOP)
        await asyncio.sleep(for_s)
        self.daemon.send_signal(signal.SIGCONT)

    def fill_disk(self, full: bool) -> None:
        """No space is left on its disk; where that is not its own, no file of its process can grow any more."""
        if self.disk is not None:
            self.disk.fill(full)
            return
        _, most = resource.prlimit(self.daemon.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.daemon.pid, resource.RLIMIT_FSIZE, (0 if full else most, most))

    def cut_network(self, cut: bool) -> bool:
        """Pull its cable, or put it in."""
        if self.network is not None:
            self.network.cut(cut)
        return self.network is not None

    async def end(self) -> None:
        """The daemon in good order first, then the building."""
        await _ended(self.daemon)
        await _ended(self.bench)


@asynccontextmanager
async def begin(
    chosen: Place,
    where: Path,
    *,
    data: Path | None = None,
    broker: str = "auto",
    short: bool = True,
    rig: Mapping[str, Any] = MappingProxyType({}),
    over: Mapping[str, Any] = MappingProxyType({}),
    links: Mapping[str, str] = MappingProxyType({}),
    gateways: bool = False,
    calm_s: float | None = None,
    compiled: bool = False,
    small_disk: bool = False,
    own_network: bool = False,
) -> AsyncIterator[BenchRun]:
    """Building and daemon running, every device armed, the building on the grid.

    `rig` and `over` are laid over the place's rig and its site file; at `links` are devices that somebody else plays.
    With `gateways` serial lines are gateways on loopback, which no kernel hands over in a time of its own.  With
    `calm_s` it begins so long after the start; the rest of the restoring, with nothing to restore, is not awaited.
    `compiled` has it find its modules compiled when it is started again, as where it is installed.
    `small_disk` gives the daemon one of its own that can be filled, `own_network` the building one that can be cut,
    where they may be made.
    """
    with mounted(where / "state", wanted=small_disk) as disk, laid(wanted=own_network) as network:
        run = await started(
            chosen,
            where,
            data=data,
            broker=broker,
            short=short,
            rig=rig,
            over=over,
            links=links,
            gateways=gateways,
            compiled=compiled,
            network=network,
        )
        run.disk = disk
        try:
            await run.settled("reconnected_restoring", "grid_connected", within_s=READY_WITHIN_S + (calm_s or 0.0))
            await run.arm("demonstration")
            if calm_s is None:
                await run.settled("grid_connected", within_s=60.0)
            else:
                await asyncio.sleep(calm_s)
            yield run
        finally:
            await run.end()


async def started(
    chosen: Place,
    where: Path,
    *,
    data: Path | None = None,
    broker: str = "auto",
    short: bool = True,
    rig: Mapping[str, Any] = MappingProxyType({}),
    over: Mapping[str, Any] = MappingProxyType({}),
    links: Mapping[str, str] = MappingProxyType({}),
    gateways: bool = False,
    compiled: bool = False,
    network: Network | None = None,
) -> BenchRun:
    """Both processes, without waiting for the daemon."""
    options = ["--rig", str(chosen.rig), "--over", json.dumps(dict(rig)), "--run", str(where), "--broker", broker]
    options += ["--data", str(data)] if data is not None else []
    options += ["--gateways"] if gateways else []
    bench = await _process(where / "bench.log", "-m", "hil.emulate", *options, network=network)
    async with AsyncExitStack() as undo:
        undo.push_async_callback(_ended, bench)
        played = await wait_until_ready(where, within_s=READY_WITHIN_S)
        site = where / "site.toml"
        text = overlaid(chosen.site.read_text(encoding="utf-8"), over)
        site.write_text(relinked(text, {**played, **links}, where, short=short), encoding="utf-8")
        daemon = await _daemon(where, site, compiled=compiled)
        undo.pop_all()
    return BenchRun(where=where, site=site, bench=bench, daemon=daemon, compiled=compiled, network=network)


async def _daemon(where: Path, site: Path, *, compiled: bool) -> asyncio.subprocess.Process:
    command = ("-m", "hems.cli", "run", "--site", str(site), "--trust-clock")
    return await _process(where / "daemon.log", *command, environment=_environment(where, compiled=compiled))


def _environment(where: Path, *, compiled: bool) -> Mapping[str, str]:
    """This process' own; if it keeps no compiled modules beside their source, they may be kept elsewhere.

    Read from source a start takes twice as long; where hems is installed that happens once.
    """
    kept = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(where / "compiled")}
    return os.environ | (kept if compiled and sys.dont_write_bytecode else {})


async def _process(
    log: Path, *arguments: str, environment: Mapping[str, str] = os.environ, network: Network | None = None
) -> asyncio.subprocess.Process:
    environment, before = {**environment, "PYTHONUNBUFFERED": "1"}, tuple[str, ...]()
    if network is not None:
        environment, before = environment | {"HEMS_BENCH_ADDRESS": network.there}, network.inside
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *before,
            *ending.taken_along(),
            sys.executable,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
        )


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(END_WITHIN_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
