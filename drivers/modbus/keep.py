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
from dataclasses import dataclass, field, replace

from drivers.modbus.errors import LinkError
from drivers.modbus.force import FOR_EVER_S, InForce, Keeping
from drivers.modbus.layout import Layout, PlacedCommand
from drivers.modbus.send import Sender, Still
from drivers.profile.expression import UnknownValueError

log = logging.getLogger(__name__)

REWRITES = ("rewrite", "lease")
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
    spared: bool = False
    """While the device makes the island: nothing tells it to stop that does not know of islands."""
    in_force: dict[str, InForce] = field(default_factory=dict)
    _begun: asyncio.Event = field(default_factory=asyncio.Event)
    _fresh_s: float = 0.0
    _beat_s: float = float("-inf")
    _count: int = 0
    _tries: int = 0
    _starved_s: float | None = None
    """When the device's own timer will have run out, while it is left to that."""

    @property
    def starving(self) -> bool:
        """Whether the device must not be asked anything."""
        return self._starved_s is not None and asyncio.get_running_loop().time() < self._starved_s

    def heard(self, name: str) -> None:
        """A fresh command has come: whoever controls is alive."""
        self._fresh_s = asyncio.get_running_loop().time()
        self._tries, self._starved_s = 0, None
        if name in self.in_force:
            self.in_force[name] = replace(self.in_force[name], asked_s=self._fresh_s)

    def sent(self, name: str, command: PlacedCommand, value: bool | float, still: Still, *, lease_s: float) -> InForce:
        """It is leaving and counts as in force, although its arrival is uncertain.

        What takes power away keeps the clock of what it replaced, in case that is still what the device follows.
        """
        now_s, held = asyncio.get_running_loop().time(), self.in_force.get(name)
        hold_s = min(lease_s or FOR_EVER_S, command.spec.hold_max_s or FOR_EVER_S) if value else FOR_EVER_S
        if not value and held is not None:
            hold_s = held.hold_s
        one = InForce(
            command=command,
            value=value,
            still=still,
            asked_s=now_s,
            said_s=now_s,
            hold_s=hold_s,
            taken=True,
            numbers=self.sender.numbers(command, value),
        )
        self.in_force[name] = one
        self._begun.set()
        return one

    def arrived(self, name: str, one: InForce) -> None:
        """The device has acknowledged it: what is off for certain has no clock."""
        if not one.value and self.in_force.get(name) is one:
            self.in_force[name] = replace(one, hold_s=FOR_EVER_S)

    def doubt(self, name: str, one: InForce) -> None:
        """It was refused or taken back, perhaps after a part of it: not to be said again, but it lapses."""
        if self.in_force.get(name) is one:
            self.in_force[name] = replace(one, taken=False)

    def put_back(self, name: str, one: InForce, before: InForce | None) -> None:
        """Nothing of it has reached the device, which goes on with what it had."""
        if self.in_force.get(name) is not one:
            return
        if before is None:
            del self.in_force[name]
        else:
            self.in_force[name] = replace(before, asked_s=one.asked_s, still=one.still)

    def moved(self, layout: Layout) -> None:
        """The device's map has changed: what is in force is said again at its new place, or not at all."""
        for name, one in tuple(self.in_force.items()):
            command = layout.commands.get(name)
            if command is None:
                del self.in_force[name]
            elif command != one.command:
                self.in_force[name] = replace(one, command=command)

    def spare(self, spared: bool) -> None:
        """Leave the powers of the device alone, or no longer.

        Switches, such as a permit, still lapse, and what is told to rest in another way on an island than on the grid:
        its profile knows what makes an island.
        """
        self.spared = spared
        self.in_force = {name: one for name, one in self.in_force.items() if not self._is_spared(one)}

    def _is_spared(self, one: InForce) -> bool:
        return self.spared and one.command.spec.kind != "bool" and not one.command.stop_depends

    def forget(self) -> None:
        """Control has been handed back: nothing to keep."""
        self.in_force.clear()

    async def run(self) -> None:
        """Renew and watch until cancelled."""
        while True:
            if not self.in_force:
                self._begun.clear()
                await self._begun.wait()
            await asyncio.sleep(self._look_s())
            if self.in_force:
                try:
                    await self._look()
                except Exception:  # whatever it is, a dead-man must outlive it
                    log.exception("The dead-man failed, and tries again.")

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
        spans = [one.hold_s for one in self.in_force.values()]
        spans += [span for span in (self.keeping.renew_s, self.keeping.hold_max_s) if span]
        return min([LONGEST_LOOK_S, *(span / 4 for span in spans)])

    async def _look(self) -> None:
        self.spare(self.spared)
        if self._stale():
            await self._end_hold()
        elif self.ready():
            await self._lapse_all()
            await self._say_again(self._stops_otherwise)
            if self.keeping.renew_s is not None and not self.spared:
                await self._renew(self.keeping.renew_s)

    def _stale(self) -> bool:
        """Whether nobody has asked for anything for as long as the device may be held."""
        hold_s = self.keeping.hold_max_s
        return not self.spared and hold_s is not None and asyncio.get_running_loop().time() - self._fresh_s > hold_s

    async def _end_hold(self) -> None:
        """Write `safe`, until it has arrived; a device that lives on traffic is starved if it does not."""
        if self._starved_s is not None:
            if not self.starving:
                self.in_force.clear()
                self._starved_s = None
            return
        if self.ready():
            for name, held in self._left_by_safe():
                await self._lapse(name, held)
            await self._make_safe()
        self._tries += self.there()
        gives = any(one.value for one in self.in_force.values())
        if gives and self._tries >= SAFE_TRIES and self.keeping.kind == "any_traffic" and self.keeping.timeout_s:
            self._starved_s = asyncio.get_running_loop().time() + STARVE_FACTOR * self.keeping.timeout_s

    async def _lapse_all(self) -> None:
        now_s = asyncio.get_running_loop().time()
        for name, held in tuple(self.in_force.items()):
            if now_s - held.asked_s > held.hold_s:
                await self._lapse(name, held)

    async def _lapse(self, name: str, held: InForce) -> None:
        """Until it has arrived, or a fresh command has: one attempt each look."""
        latest = self.begin(name)

        def still() -> bool:
            """Whether nothing has taken its place, and the device has not begun to make the island."""
            return latest() and not self._is_spared(held)

        if await self.sender.command(held.command, held.off, urgent=True, still=still) is None and still():
            numbers = self.sender.numbers(held.command, held.off)
            self.in_force[name] = replace(
                held, value=held.off, still=still, hold_s=FOR_EVER_S, taken=True, numbers=numbers
            )

    def _left_by_safe(self) -> list[tuple[str, InForce]]:
        """What would go on after `safe`, such as a permit on a relay beside a set-point that `safe` ends."""
        safe = {(step.register.space, step.register.address) for step in self.layout().safe}
        return [
            (name, one)
            for name, one in self.in_force.items()
            if one.value
            and one.hold_s < FOR_EVER_S
            and not safe & {(step.register.space, step.register.address) for step in one.command.steps}
        ]

    async def _make_safe(self) -> None:
        """Until it has arrived, or a fresh command has: one attempt each look."""
        before_s = self._fresh_s

        def stale() -> bool:
            """Whether nobody has asked for anything meanwhile, and the device has not begun to make the island."""
            return self._fresh_s == before_s and not self.spared

        try:
            await self.sender.send(self.layout().safe, urgent=False, still=stale)
        except (LinkError, UnknownValueError, ValueError):
            return
        if stale():
            self.in_force = dict(self._left_by_safe())

    async def _renew(self, renew_s: float) -> None:
        """Say again what is due, or feed the device's own timer, which no command feeds."""
        now_s = asyncio.get_running_loop().time()
        if self.keeping.kind in REWRITES:
            await self._say_again(
                lambda one: _may_repeat(one) and not one.gives_in_one_go and now_s - one.said_s >= renew_s
            )
        elif now_s - self._beat_s >= renew_s:
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
        for name, one in tuple(self.in_force.items()):
            if not one.taken or not wanted(one):
                continue
            said = replace(one, said_s=now_s, numbers=self.sender.numbers(one.command, one.value))
            self.in_force[name] = replace(said, numbers=one.numbers)
            arrived = await self.sender.command(one.command, one.value, urgent=False, still=one.still) is None
            if arrived and self.in_force.get(name) == replace(said, numbers=one.numbers):
                self.in_force[name] = said


def _may_repeat(one: InForce) -> bool:
    """Whether it may be said again for no other reason than that it is in force."""
    return not one.command.spec.persistent
