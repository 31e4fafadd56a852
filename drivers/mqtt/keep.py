"""Keeping control while commands are fresh, and giving it up when they stop: the engine's own dead-man.

Only powers are kept and only they age: a switch stays where it was put, and nothing here ever puts one on again.
"""

from collections.abc import Awaitable, Callable, Iterable

from drivers.mqtt.message import Step
from drivers.mqtt.schema import MqttWrite
from drivers.profile.schema import Control

REPEATS = ("rewrite", "lease")

Repeat = Callable[[MqttWrite, bool | float], Awaitable[None]]
SendAll = Callable[[Iterable[Step]], Awaitable[None]]


class Keeper:
    """The powers now in force on one device, and when one was last asked for."""

    def __init__(self, control: Control[Step], send_all: SendAll, repeat: Repeat, now_s: Callable[[], float]) -> None:
        self._safe = control.safe
        self._watchdog = control.watchdog
        self._send_all = send_all
        self._repeat = repeat
        self._now_s = now_s
        self._in_force: dict[str, tuple[MqttWrite, float]] = {}
        self._asked_s = 0.0
        self._renewed_s = 0.0

    def asked(self, name: str, spec: MqttWrite, value: bool | float) -> None:
        """A fresh command has been sent."""
        if not isinstance(value, bool):
            self._in_force[name] = (spec, value)
            self._asked_s = self._renewed_s = self._now_s()

    def forget(self) -> None:
        """Control has been handed back: nothing to keep."""
        self._in_force.clear()

    async def look(self) -> None:
        """Renew, or give up when nothing fresh has been asked for too long.  Call every second.  Raises: LinkError."""
        dog, now_s = self._watchdog, self._now_s()
        if dog is None or not self._in_force:
            return
        if dog.hold_max_s is not None and now_s - self._asked_s > dog.hold_max_s:
            await self._give_up(self._asked_s)
        elif dog.renew_s is not None and now_s - self._renewed_s >= dog.renew_s:
            await self._renew(dog.kind, dog.renew)
            self._renewed_s = now_s

    async def _give_up(self, asked_s: float) -> None:
        """Write the safe values until they have arrived, or a fresh command has."""
        await self._send_all(self._safe)
        if self._asked_s == asked_s:
            self._in_force.clear()

    async def _renew(self, kind: str, steps: Iterable[Step]) -> None:
        if kind not in REPEATS:
            await self._send_all(steps)
            return
        for spec, value in tuple(self._in_force.values()):
            if not spec.persistent:
                await self._repeat(spec, value)
