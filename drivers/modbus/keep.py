"""Keeping control while commands are fresh, and giving it up when they stop: the engine's own dead-man.

Polling keeps many devices' own timers alive, so that a controller that hangs while its poller runs would hold the last
command for ever.  Hence two clocks that only a fresh command winds up:

- of each command, for its lease (or the profile's `hold_max_s` for it, whichever is shorter): when it runs out, the
  engine itself sends off or 0 in its place, and nothing else of the device changes.  It only ever takes power away:
  what is off stays off;
- of the whole device, for `watchdog.hold_max_s`: when it runs out, the engine stops renewing and writes `safe`.  Where
  that does not arrive and the device's own timer is fed by any traffic, nothing is asked until that has run out.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from drivers.modbus.errors import LinkError
from drivers.modbus.force import FOR_EVER_S, Force, InForce, Keeping
from drivers.modbus.layout import Layout
from drivers.modbus.send import Sender, Still
from drivers.profile.expression import UnknownValueError
from hems.model.contained import contained
from hems.model.copies import replace

log = logging.getLogger(__name__)

SAFE_TRIES = 3
"""Attempts to write `safe` before a device that any traffic keeps going is left to its own timer."""
STARVE_FACTOR = 1.2
"""Of the device's own time-out: for so long it is not asked anything."""
LONGEST_LOOK_S = 1.0
COUNT_END = 0xFFFF
"""A heartbeat starts over here, so that it fits one register and is never what means "not implemented"."""


@dataclass(slots=True)
class Keeper:
    """The commands now in force on one device, and when each was last asked for."""

    sender: Sender
    layout: Callable[[], Layout]
    ready: Callable[[], bool]
    """Whether the device may be written to and is known to be the right one."""
    there: Callable[[], bool]
    """Whether it answers and is the right one."""
    begin: Callable[[str], Still]
    """Takes the place of any earlier command of that name."""
    keeping: Keeping
    force: Force = field(default_factory=Force)
    _beat_s: float = float("-inf")
    _count: int = 0
    _tries: int = 0
    _starved_s: float | None = None
    """When the device's own timer will have run out, while it is left to that."""

    def heard(self, name: str) -> None:
        """A fresh command has come: whoever controls is alive."""
        self._tries, self._starved_s = 0, None
        self.force.heard(name)

    @property
    def starving(self) -> bool:
        """Whether the device must not be asked anything."""
        return self._starved_s is not None and asyncio.get_running_loop().time() < self._starved_s

    async def run(self) -> None:
        """Renew and watch until cancelled."""
        while True:
            if not self.force.held:
                self.force.begun.clear()
                await self.force.begun.wait()
            await asyncio.sleep(self._look_s())
            if self.force.held:
                with contained() as look:  # a dead-man must outlive whatever it meets
                    await self._look()
                if look.fault is not None:
                    log.error("The dead-man failed, and tries again.", exc_info=look.fault)

    async def regained(self) -> None:
        """Say again what is in force: the device may have started afresh.

        Not that a switch shall be on: a board that has lost its relays must not get them all back in one go, so that is
        left to whoever sees them off and brings them back one by one.
        """
        if self._stale():
            return
        await self._lapse_all()
        await self._say_again(lambda one: _may_repeat(one) and one.value is not True)

    def _look_s(self) -> float:
        spans = [one.hold_s for one in self.force.held.values()]
        spans += [span for span in (self.keeping.repeat_s, self.keeping.beat_s, self.keeping.hold_max_s) if span]
        return min([LONGEST_LOOK_S, *(span / 4 for span in spans)])

    async def _look(self) -> None:
        self.force.spare(self.force.spared)
        if self._stale():
            await self._end_hold()
        elif self.ready():
            await self._lapse_all()
            await self._say_again(self._stops_otherwise)
            if not self.force.spared:
                await self._renew()

    def _stale(self) -> bool:
        """Whether nobody has asked for anything for as long as the device may be held."""
        hold_s = self.force.at_least(self.keeping.hold_max_s)
        if hold_s is None or self.force.spared:
            return False
        return asyncio.get_running_loop().time() - self.force.fresh_s > hold_s

    async def _end_hold(self) -> None:
        """Write `safe`, until it has arrived; a device that lives on traffic is starved if it does not."""
        if self._starved_s is not None:
            if not self.starving:
                self.force.held.clear()
                self._starved_s = None
            return
        if self.ready():
            for name, held in self._left_by_safe():
                await self._lapse(name, held)
            await self._make_safe()
        self._tries += self.there()
        gives = any(one.value for one in self.force.held.values())
        if gives and self._tries >= SAFE_TRIES and self.keeping.kind == "any_traffic" and self.keeping.timeout_s:
            self._starved_s = asyncio.get_running_loop().time() + STARVE_FACTOR * self.keeping.timeout_s

    async def _lapse_all(self) -> None:
        now_s = asyncio.get_running_loop().time()
        for name, held in tuple(self.force.held.items()):
            if now_s - held.asked_s > held.hold_s:
                await self._lapse(name, held)

    async def _lapse(self, name: str, held: InForce) -> None:
        """Until it has arrived, or a fresh command has: one attempt each look.

        A cap is only no longer said: the device's own timer lifts it, and 0 would be the hardest cap of all.
        """
        if held.caps:
            del self.force.held[name]
            return
        latest = self.begin(name)

        def still() -> bool:
            """Whether nothing has taken its place, and the device has not begun to make the island."""
            return latest() and not self.force.is_spared(held)

        if await self.sender.command(held.command, held.off, urgent=True, still=still) is None and still():
            numbers = self.sender.numbers(held.command, held.off)
            self.force.held[name] = replace(
                held, value=held.off, still=still, hold_s=FOR_EVER_S, taken=True, numbers=numbers
            )

    def _left_by_safe(self) -> list[tuple[str, InForce]]:
        """What would go on after `safe`, such as a permit on a relay beside a set-point that `safe` ends."""
        safe = {(step.register.space, step.register.address) for step in self.layout().safe}
        return [
            (name, one)
            for name, one in self.force.held.items()
            if one.value
            and one.hold_s < FOR_EVER_S
            and not safe & {(step.register.space, step.register.address) for step in one.command.steps}
        ]

    async def _make_safe(self) -> None:
        """Until it has arrived, or a fresh command has: one attempt each look."""
        before_s = self.force.fresh_s

        def stale() -> bool:
            """Whether nobody has asked for anything meanwhile, and the device has not begun to make the island."""
            return self.force.fresh_s == before_s and not self.force.spared

        try:
            await self.sender.send(self.layout().safe, urgent=False, still=stale)
        except (LinkError, UnknownValueError, ValueError):
            return
        if stale():
            self.force.held = dict(self._left_by_safe())

    async def _renew(self) -> None:
        """Say again what is due, and feed the device's own timer, which no command feeds."""
        now_s, repeat_s, beat_s = asyncio.get_running_loop().time(), self.keeping.repeat_s, self.keeping.beat_s
        if repeat_s is not None:
            await self._say_again(
                lambda one: _may_repeat(one) and not one.gives_in_one_go and now_s - one.said_s >= repeat_s
            )
        if beat_s is not None and now_s - self._beat_s >= beat_s:
            self._count = (self._count + 1) % COUNT_END
            try:
                await self.sender.send(self.layout().renew, value=self._count, urgent=False)
            except (LinkError, UnknownValueError, ValueError):
                return  # The device's own timer decides; the next look tries again.
            self._beat_s = now_s

    def _stops_otherwise(self, one: InForce) -> bool:
        """Whether a power of 0 is another order by now: a battery that rests by order must not rest on its island."""
        if one.value or one.command.spec.kind == "bool":
            return False
        now = self.sender.numbers(one.command, one.value)
        return now is not None and now != one.numbers

    async def _say_again(self, wanted: Callable[[InForce], bool]) -> None:
        now_s = asyncio.get_running_loop().time()
        for name, one in tuple(self.force.held.items()):
            if not one.taken or not wanted(one):
                continue
            said = replace(one, said_s=now_s, numbers=self.sender.numbers(one.command, one.value))
            self.force.held[name] = replace(said, numbers=one.numbers)
            arrived = await self.sender.command(one.command, one.value, urgent=False, still=one.still) is None
            if arrived and self.force.held.get(name) == replace(said, numbers=one.numbers):
                self.force.held[name] = said


def _may_repeat(one: InForce) -> bool:
    """Whether it may be said again for no other reason than that it is in force."""
    return not one.command.spec.persistent
