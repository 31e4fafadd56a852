"""The building and the unmodified daemon on one virtual loop: real sockets and frames, nobody waits for a clock."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from hems.app import Daemon, installed_drivers
from hems.config import load
from hems.sim.rig import load_rig
from hems.store.writer import AtOnce
from hil.bench_run import Run
from hil.emulate.bench import Bench
from hil.emulate.broker import Broker
from hil.emulate.control import Control
from hil.places import Place
from hil.relink import relinked
from hil.vloop import VirtualClock, VirtualLoop

SEED = 1
SETTLED_WITHIN_S = 1200.0


@dataclass(slots=True)
class VirtualRun(Run):
    """As two tasks of this process, in virtual time."""

    loop: VirtualLoop
    task: "asyncio.Task[None] | None" = None
    daemon: Daemon | None = None

    @property
    def has_ended(self) -> bool:
        """Whether the daemon is gone."""
        return self.task is None or self.task.done()

    def start_daemon(self) -> None:
        """Start the daemon (again) on the same site and state."""
        drivers = installed_drivers()
        self.daemon = Daemon(
            load(self.site, drivers), drivers, clock=VirtualClock(self.loop), seed=SEED, writer=AtOnce()
        )
        self.task = asyncio.create_task(self.daemon.run(), name="daemon")

    async def stop_daemon(self) -> None:
        """Tell it to stop in good order and wait for its end.  Raises: whatever has ended it instead."""
        if self.daemon is not None and self.task is not None:
            self.daemon.stop()
            await self.task


@asynccontextmanager
async def begin(chosen: Place, where: Path, loop: VirtualLoop, *, short: bool = False) -> AsyncIterator[VirtualRun]:
    """Building and daemon running, every device armed, the building on the grid."""
    rig = load_rig(chosen.rig)
    bench = Bench(rig.plant(), rig.devices, where, Broker("amqtt", where), now_s=loop.time)
    control = Control(bench, where / "plant.sock")
    await control.open()
    await bench.open()
    running = asyncio.create_task(bench.run(), name="bench")
    try:
        site = where / "site.toml"
        text = chosen.site.read_text(encoding="utf-8")
        site.write_text(relinked(text, bench.links, where, short=short), encoding="utf-8")
        run = VirtualRun(where=where, site=site, loop=loop)
        run.start_daemon()
        await run.settled("reconnected_restoring", "grid_connected", within_s=SETTLED_WITHIN_S)
        await run.arm("the bench")
        await run.settled("grid_connected", within_s=SETTLED_WITHIN_S)
        yield run
        await run.stop_daemon()
    finally:
        if run.task is not None:
            run.task.cancel()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        await control.close()
        await bench.close()
