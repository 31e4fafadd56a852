"""The cycle: measure, decide, act, record.

It turns each second, when the last tick asked to be woken, and when a witness changes.  What takes power away leaves
before anything else is done: what the reflex has sent before the tick that it woke, what a tick has decided before it
is recorded and shown.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import TypeVar

from hems.control.measure import Measure
from hems.control.params import Params
from hems.control.state import ControlState
from hems.control.step import Step
from hems.control.tick import tick
from hems.model import wiring
from hems.model.contained import contained
from hems.model.event import Event
from hems.model.instant import Instant
from hems.model.picture import Picture
from hems.model.site import Site
from hems.model.snapshot import Snapshot
from hems.model.units import DeviceId
from hems.model.wiring import Port, Role
from hems.ports.clock import Clock
from hems.runtime.act import Actuators
from hems.runtime.board import Board
from hems.runtime.desk import FrontDesk
from hems.runtime.fleet import Fleet
from hems.runtime.outlook import Outlook
from hems.runtime.picture.building import paint
from hems.runtime.record import Recorder
from hems.runtime.scene import Scene

log = logging.getLogger(__name__)

DoneT = TypeVar("DoneT")

PERIOD_S = 1.0
SHORTEST_S = 0.02
"""Pause between two ticks, however often they are called for: a bouncing contact must not starve the drivers."""
LEAVES_S = 0.01
"""So long at most the cycle gives way to what takes power away; a device that answers does so well within it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """One completed cycle."""

    now: Instant
    snapshot: Snapshot
    step: Step


class Loop:
    """Runs the cycle until told to stop.

    A fault in `tick` ends the process, and the service manager starts it anew.  A fault in what only shows or records
    is alarmed, and the cycle goes on.
    """

    def __init__(
        self,
        site: Site,
        params: Params,
        state: ControlState,
        *,
        clock: Clock,
        board: Board,
        fleet: Fleet,
        actuators: Actuators,
        desk: FrontDesk,
        outlook: Outlook,
        recorder: Recorder,
        publish: Callable[[Picture, tuple[Event, ...]], None],
        completed: Callable[[Cycle], None],
        faults: Callable[[], Mapping[str, str]],
        shortened: bool,
        zone: tzinfo | None = None,
    ) -> None:
        self.state = state
        self.wake = asyncio.Event()
        self._site = site
        self._params = params
        self._clock = clock
        self._board = board
        self._fleet = fleet
        self._actuators = actuators
        self._desk = desk
        self._outlook = outlook
        self._recorder = recorder
        self._publish = publish
        self._completed = completed
        self._faults = faults
        self._shortened = shortened
        self._zone = zone
        self._measure = Measure(site)
        self._former = _former(site, actuators.writes)
        self._period_s = float("-inf")
        self._beside: dict[str, str] = {}
        """What of showing and recording fails, in sentences."""

    async def run(self) -> None:
        """Cycle until cancelled."""
        while True:
            cycle = await self.cycle()
            self._completed(cycle)
            await self._rest(cycle.step.wake_at_s)

    async def cycle(self) -> Cycle:
        """One cycle, on what is known now."""
        await self._actuators.away(within_s=LEAVES_S)
        now = self._clock.now()
        snapshot = self.look(now)
        before = self.state
        step = tick(self._site, before, snapshot, self._params, now)
        self.state = step.state
        self._fleet.follow(step.state.mode.mode, self._former)
        self._board.arm(step.armed, step.watch)
        self._actuators.send(step.commands)
        await self._actuators.away(within_s=LEAVES_S)
        self._try("keep its state", lambda: self._recorder.save(now, step.state))
        await _give_way()
        picture = self._try("show the building", lambda: self._show(now, snapshot, step))
        if picture is not None:
            await _give_way()
            self._try("record what it did", lambda: self._recorder.record(now, before, snapshot, step, picture))
        return Cycle(now=now, snapshot=snapshot, step=step)

    def look(self, now: Instant) -> Snapshot:
        """All that is known now, with everything that has waited for the next look."""
        health = self._fleet.health(now.mono_s)
        return self._measure.snapshot(
            self._board.latest,
            devices=health,
            faults={**self._faults(), **self._beside},
            watched_only=self._fleet.watched_only(self._actuators.writes, health),
            outcomes=self._actuators.take_outcomes(),
            fired=self._board.take_fired(),
            requests=(*self._desk.take_requests(), *self._outlook.take()),
            local_h=now.hour_in(self._zone),
        )

    def _show(self, now: Instant, snapshot: Snapshot, step: Step) -> Picture:
        scene = self._scene(now, snapshot, step)
        self._outlook.follow(scene)
        picture = self._desk.marked(paint(scene))
        self._desk.show(picture, step.events, scene)
        self._publish(picture, step.events)
        return picture

    def _try(self, what: str, do: Callable[[], DoneT]) -> DoneT | None:
        """Do what control does not depend on; None where it fails."""
        with contained() as beside:
            done = do()
            self._beside.pop(what, None)
            return done
        if what not in self._beside:
            log.error("HEMS cannot %s.", what, exc_info=beside.fault)
        self._beside[what] = f"HEMS cannot {what} ({type(beside.fault).__name__}); its log says why."
        return None

    def _scene(self, now: Instant, snapshot: Snapshot, step: Step) -> Scene:
        return Scene(
            site=step.site,
            params=self._params,
            snapshot=snapshot,
            step=step,
            now=now,
            armed=any(health.armed for health in snapshot.devices.values()),
            shortened=self._shortened,
            foresight=self._outlook.latest(),
        )

    async def _rest(self, wake_at_s: float) -> None:
        """Until the next whole period, the asked-for instant, or a witness that changes; whichever is first."""
        now_s = self._clock.mono_s()
        if now_s - self._period_s >= PERIOD_S * 2.0:
            self._period_s = now_s
        while self._period_s <= now_s:
            self._period_s += PERIOD_S
        await asyncio.sleep(SHORTEST_S)
        left_s = min(self._period_s, wake_at_s) - self._clock.mono_s()
        try:
            async with asyncio.timeout(max(0.0, left_s)):
                await self.wake.wait()
        except TimeoutError:
            pass
        self.wake.clear()


async def _give_way() -> None:
    """To whatever is due: what a device has answered, a reflex, a timer, which the loop looks for once in each turn."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def _former(site: Site, writes: Mapping[Role, Port]) -> DeviceId | None:
    """The device of what makes the island, if hems commands it at all."""
    source = site.former.source
    port = writes.get(wiring.battery_power(source)) or writes.get(wiring.bay_power(source))
    return port.device if port is not None else None
