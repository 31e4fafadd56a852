"""Keeping control while commands are fresh, and giving it up when they stop: the engine's own dead-man.

Two clocks, which only a fresh command winds up: of each command, for its lease or the profile's `hold_max_s` for it;
when it runs out, off or 0 is sent in its place.  And of the whole device, for `watchdog.hold_max_s`; when it runs out,
nothing is renewed any more and `safe` is sent.  A switch without a lease stays where it was put, and nothing here ever
puts one on again.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace

from drivers.mqtt.message import Step
from drivers.mqtt.schema import MqttWrite
from drivers.profile.command import Scalar
from drivers.profile.schema import Control

FOR_EVER_S = float("inf")
LONG_AGO_S = float("-inf")

Repeat = Callable[[MqttWrite, bool | float], Awaitable[bool]]
"""Whether it went out."""
SendAll = Callable[[Iterable[Step]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class InForce:
    """One command that the device follows, as far as is known."""

    spec: MqttWrite
    value: bool | float
    asked_s: float
    hold_s: float
    """From the last fresh command until it lapses."""
    said_s: float
    """When it was last sent; long ago if the device may have forgotten it."""

    @property
    def off(self) -> bool | float:
        """What takes its place when it lapses."""
        return False if isinstance(self.value, bool) else 0.0

    def is_within(self, wanted: Scalar) -> bool:
        """Whether it gives or takes something, and no more than that."""
        return not isinstance(wanted, str) and (0 < self.value <= wanted or wanted <= self.value < 0)


class Keeper:
    """What is in force on one device, and when it was last asked for."""

    def __init__(self, control: Control[Step], send_all: SendAll, repeat: Repeat, now_s: Callable[[], float]) -> None:
        self._safe = control.safe
        self._watchdog = control.watchdog
        self._send_all = send_all
        self._repeat = repeat
        self._now_s = now_s
        self._in_force: dict[str, InForce] = {}
        self._fresh_s = 0.0
        self._beat_s = 0.0
        """When the last sign of life went out."""
        self._spared = False

    def spare(self, spared: bool) -> None:
        """Leave the powers of the device alone, or no longer: it makes the island.  Switches still lapse."""
        self._spared = spared
        if spared:
            self._in_force = {name: one for name, one in self._in_force.items() if isinstance(one.value, bool)}

    def heard(self, name: str) -> None:
        """A fresh command has come: whoever controls is alive."""
        self._fresh_s = self._now_s()
        if name in self._in_force:
            self._in_force[name] = replace(self._in_force[name], asked_s=self._fresh_s)

    def held(self, name: str) -> InForce | None:
        """What the device follows, as far as is known; None when it was told nothing that lasts."""
        return self._in_force.get(name)

    def leaving(self, name: str, spec: MqttWrite, value: bool | float, lease_s: float) -> None:
        """It is being sent and counts as in force, although its arrival is uncertain.

        What takes power away keeps the clock of what it replaces, in case that is still what the device follows.
        """
        held = self._in_force.get(name)
        hold_s = min(lease_s or FOR_EVER_S, spec.hold_max_s or FOR_EVER_S)
        if not value:
            hold_s = FOR_EVER_S if held is None else held.hold_s
        if isinstance(value, bool) and hold_s == FOR_EVER_S:
            return
        if not self._in_force:
            self._beat_s = self._now_s()
        self._in_force[name] = InForce(spec, value, self._now_s(), hold_s, said_s=self._now_s())

    def arrived(self, name: str) -> None:
        """The broker has all of it: what is off has no clock any more."""
        held = self._in_force.get(name)
        if held is not None and not held.value:
            self._settle(name, held)

    def unsaid(self, name: str, wanted: Scalar) -> None:
        """This was asked for and could not be said.

        What is in force and gives or takes more is over: it is ended as soon as it can be, and not said again.
        """
        held = self._in_force.get(name)
        if held is None or isinstance(wanted, str):
            return
        if not held.is_within(wanted):
            self._in_force[name] = replace(held, value=held.off, said_s=LONG_AGO_S)

    def denied(self, name: str, wanted: Scalar, before: InForce | None) -> None:
        """This was asked for in place of what was in force `before`, and has been refused.

        What gives or takes more than that has had its time: it is ended at the next look.
        """
        alike = before is not None and isinstance(wanted, bool) is isinstance(before.value, bool)
        if before is not None and alike and before.value and not before.is_within(wanted):
            self._in_force[name] = replace(before, value=before.off, asked_s=LONG_AGO_S, said_s=LONG_AGO_S)

    def regained(self) -> None:
        """The device or the broker is back and may have forgotten everything: say it again at the next look."""
        self._in_force = {name: replace(held, said_s=LONG_AGO_S) for name, held in self._in_force.items()}

    def forget(self) -> None:
        """Control has been handed back: nothing to keep."""
        self._in_force.clear()

    async def look(self) -> None:
        """Renew, let lapse, or give up when nothing fresh has come for too long.  Call every second.

        Raises:
            LinkError: it did not go out; the next look tries again.
        """
        self.spare(self._spared)
        if not self._in_force:
            return
        dog, now_s = self._watchdog, self._now_s()
        if (
            dog is not None
            and dog.hold_max_s is not None
            and not self._spared
            and now_s - self._fresh_s > dog.hold_max_s
        ):
            await self._give_up(self._fresh_s)
            return
        for name, held in tuple(self._in_force.items()):
            if now_s - held.asked_s > held.hold_s:
                await self._lapse(name, held)
        if not self._spared:
            await self._say_again(now_s)
            await self._beat(now_s)

    async def _give_up(self, fresh_s: float) -> None:
        """Send the safe values until they have arrived, or a fresh command has."""
        await self._send_all(self._safe)
        if self._fresh_s == fresh_s:
            self._in_force.clear()

    async def _lapse(self, name: str, held: InForce) -> None:
        if await self._repeat(held.spec, held.off) and self._in_force.get(name) is held:
            self._settle(name, replace(held, said_s=self._now_s()))

    def _settle(self, name: str, held: InForce) -> None:
        """It is off for certain."""
        if isinstance(held.value, bool):
            del self._in_force[name]
        else:
            self._in_force[name] = replace(held, value=0.0, hold_s=FOR_EVER_S)

    async def _say_again(self, now_s: float) -> None:
        """What the device forgets by itself when it is not repeated, or may have forgotten in a restart."""
        dog = self._watchdog
        renew_s = (dog.repeat_s if dog is not None else None) or FOR_EVER_S
        for name, held in tuple(self._in_force.items()):
            due = now_s - held.said_s >= renew_s and not held.spec.persistent
            if due and await self._repeat(held.spec, held.value) and self._in_force.get(name) is held:
                self._in_force[name] = replace(held, said_s=now_s)

    async def _beat(self, now_s: float) -> None:
        """The sign of life, in its own time however often commands come."""
        dog = self._watchdog
        if dog is not None and dog.beat_s is not None and now_s - self._beat_s >= dog.beat_s:
            await self._send_all(dog.renew)
            self._beat_s = now_s
