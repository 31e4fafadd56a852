"""The building and the unmodified daemon on one virtual loop: real sockets and frames, nobody waits for a clock."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hems.app import Daemon, installed_drivers
from hems.config.load import load
from hems.control.state import initial
from hems.model.codec import to_plain
from hems.runtime.outlook import NoOutlook, WithPlan
from hems.sim.planner import Solver, seen
from hems.sim.rig import load_rig
from hems.store.store import Store
from hems.store.writer import AtOnce
from hil.bench_run import Run
from hil.emulate.bench import Bench
from hil.emulate.broker import Broker
from hil.emulate.control import Control
from hil.places import Place
from hil.relink import overlaid, relinked
from hil.solver import VirtualPlanProcess
from hil.vloop import VirtualClock, VirtualLoop

SEED = 1
STEP_S = 0.1
"""How long the building may look away while nothing happens; it looks at once when a device is asked."""
SETTLED_WITHIN_S = 120.0
CALM_S = 20.0


@dataclass(slots=True)
class VirtualRun(Run):
    """As two tasks of this process, in virtual time."""

    loop: VirtualLoop
    seen_days: int = 0
    """For so many days hems has seen the building before; without any nobody plans."""
    solver: Solver = Solver.WORKS
    task: "asyncio.Task[None] | None" = None
    daemon: Daemon | None = None
    clock: VirtualClock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = VirtualClock(self.loop)

    def step_clock(self, years: float) -> None:
        """Set the gateway's wall clock."""
        self.clock.step(years)

    def solver_fares(self, solver: Solver) -> None:
        """Whatever is asked from now on."""
        self.solver = solver

    @property
    def has_ended(self) -> bool:
        """Whether the daemon is gone."""
        return self.task is None or self.task.done()

    def start_daemon(self) -> None:
        """Start the daemon (again) on the same site and state."""
        drivers, file = installed_drivers(), load(self.site, installed_drivers())
        outlook = WithPlan(NoOutlook(), VirtualPlanProcess(self.loop, lambda: self.solver)) if self.seen_days else None
        self.daemon = Daemon(file, drivers, clock=self.clock, seed=SEED, writer=AtOnce(), outlook=outlook)
        self.task = asyncio.create_task(self.daemon.run(), name="daemon")

    def remember(self) -> None:
        """Leave behind what a daemon has learned in those days."""
        file, now = load(self.site, installed_drivers()), self.clock.now()
        state = replace(initial(now.mono_s), habits=seen(file.site, self.seen_days))
        file.settings.state_dir.mkdir(parents=True, exist_ok=True)
        store = Store(file.settings.state_dir, writer=AtOnce())
        store.start(now)
        store.save_state(json.dumps(to_plain(state)), now, at_once=True)
        store.stop()

    async def kill_and_restart(self, after_s: float = 0.0) -> None:
        """End the daemon where it stands; what it had not written is lost."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait({self.task})
        await asyncio.sleep(after_s)
        self.start_daemon()

    async def stop_daemon(self) -> None:
        """Tell it to stop in good order and wait for its end.  Raises: whatever has ended it instead."""
        if self.daemon is not None and self.task is not None:
            self.daemon.stop()
            await self.task


@asynccontextmanager
async def begin(
    chosen: Place,
    where: Path,
    loop: VirtualLoop,
    *,
    short: bool = False,
    rig: Mapping[str, Any] = MappingProxyType({}),
    over: Mapping[str, Any] = MappingProxyType({}),
    seen_days: int = 0,
) -> AsyncIterator[VirtualRun]:
    """Building and daemon running, every device armed, on the grid; `rig` and `over` are laid over its files.

    With `seen_days` hems knows what the building usually does, and plans.
    """
    built = load_rig(chosen.rig, rig)
    bench = Bench(
        built.plant(), built.devices, where, Broker("embedded", where), now_s=loop.time, step_s=STEP_S, serial=False
    )
    control = Control(bench, where / "plant.sock")
    await control.open()
    await bench.open()
    running = asyncio.create_task(bench.run(), name="bench")
    try:
        site = where / "site.toml"
        text = overlaid(chosen.site.read_text(encoding="utf-8"), over)
        site.write_text(relinked(text, bench.links, where, short=short), encoding="utf-8")
        run = VirtualRun(where=where, site=site, loop=loop, seen_days=seen_days)
        if seen_days:
            run.remember()
        run.start_daemon()
        await run.settled("reconnected_restoring", "grid_connected", within_s=SETTLED_WITHIN_S)
        await run.arm("the bench")
        await asyncio.sleep(CALM_S)  # the last minutes of restoring, in which nothing is left to restore
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
