"""Keeping control while commands are fresh, and giving it up when they stop: the engine's own dead-man.

Polling keeps many devices' own timers alive, so that a controller that hangs while its poller runs would hold the last
command for ever.  Hence: without a fresh command for `hold_max_s` the engine stops renewing and writes `safe`.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from drivers.modbus.errors import LinkError
from drivers.modbus.layout import Layout, PlacedCommand
from drivers.modbus.send import Sender, Still
from drivers.profile.expression import UnknownValueError

REWRITES = ("rewrite", "lease")
LONGEST_LOOK_S = 1.0
COUNT_END = 0xFFFF
"""A heartbeat starts over here, so that it fits one register and is never what means "not implemented"."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """What a profile says about it."""

    kind: str = "none"
    renew_s: float | None = None
    hold_max_s: float | None = None


@dataclass(slots=True)
class Keeper:
    """The commands now in force on one device, and when each was last asked for."""

    sender: Sender
    layout: Callable[[], Layout]
    armed: Callable[[], bool]
    keeping: Keeping
    in_force: dict[str, tuple[PlacedCommand, float, Still]] = field(default_factory=dict)
    _asked_s: float = 0.0
    _renewed_s: float = 0.0
    _count: int = 0

    def asked(self, name: str, command: PlacedCommand, value: float, still: Still) -> None:
        """A fresh command has been sent; it is in force while it is `still` the latest."""
        self.in_force[name] = (command, value, still)
        self._asked_s = self._renewed_s = asyncio.get_running_loop().time()

    def forget(self) -> None:
        """Control has been handed back: nothing to keep."""
        self.in_force.clear()

    async def run(self) -> None:
        """Renew and watch until cancelled."""
        spans = [span for span in (self.keeping.renew_s, self.keeping.hold_max_s) if span]
        if not spans:
            return
        look_s = min(LONGEST_LOOK_S, min(spans) / 4)
        while True:
            await asyncio.sleep(look_s)
            if self.in_force and self.armed():
                await self._look(self.keeping)

    async def resend(self) -> None:
        """Say again what is in force: the device may have started afresh.

        Not that a switch shall be on: a board that has lost its relays must not get them all back in one go, so that is
        left to whoever sees them off and brings them back one by one.
        """
        for command, value, still in tuple(self.in_force.values()):
            switches_on = command.spec.kind == "bool" and bool(value)
            if not command.spec.persistent and not switches_on:
                await self.sender.command(command, value, urgent=False, still=still)

    async def _look(self, keeping: Keeping) -> None:
        now_s = asyncio.get_running_loop().time()
        if keeping.hold_max_s is not None and now_s - self._asked_s > keeping.hold_max_s:
            await self._make_safe()
        elif keeping.renew_s is not None and now_s - self._renewed_s >= keeping.renew_s:
            await self._renew(keeping)

    async def _make_safe(self) -> None:
        """Until it has arrived, or a fresh command has: one attempt each look."""
        held = [still for _, _, still in self.in_force.values()]

        def stale() -> bool:
            """Whether all it would renew has lapsed."""
            return all(still() for still in held)

        try:
            await self.sender.send(self.layout().safe, urgent=False, still=stale)
        except (LinkError, UnknownValueError, ValueError):
            return
        if stale():
            self.in_force.clear()

    async def _renew(self, keeping: Keeping) -> None:
        self._renewed_s = asyncio.get_running_loop().time()
        if keeping.kind in REWRITES:
            await self.resend()
            return
        self._count = (self._count + 1) % COUNT_END
        try:
            await self.sender.send(self.layout().renew, value=self._count, urgent=False)
        except (LinkError, UnknownValueError, ValueError):
            # The device's own timer decides; the next look tries again.
            self._renewed_s -= keeping.renew_s or 0.0
