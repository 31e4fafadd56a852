"""What a device is held to: its commands in force, and what its profile says about keeping them so."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from drivers.modbus.layout import Layout, PlacedCommand
from drivers.modbus.send import Still
from drivers.profile.command import Scalar
from drivers.profile.schema import Watchdog
from hems.model.copies import replace

FOR_EVER_S = float("inf")


@dataclass(frozen=True, slots=True)
class Keeping:
    """What a profile says about it."""

    kind: str = "none"
    repeat_s: float | None = None
    beat_s: float | None = None
    hold_max_s: float | None = None
    timeout_s: float | None = None


def keeping_of(watchdog: Watchdog[Any] | None) -> Keeping:
    """The part of a profile that the engine keeps to."""
    if watchdog is None:
        return Keeping()
    return Keeping(watchdog.kind, watchdog.repeat_s, watchdog.beat_s, watchdog.hold_max_s, watchdog.timeout_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """One command that the device follows, as far as is known."""

    command: PlacedCommand
    value: bool | float
    still: Still
    asked_s: float
    """When it was last asked for."""
    said_s: float
    """When it was last told to the device."""
    hold_s: float
    """From the last fresh command until it lapses."""
    taken: bool
    """Whether the device has not said no to a part of it."""
    numbers: tuple[float, ...] | None = None
    """What its steps wrote, where that can change: a stop may depend on whether the battery makes the island."""

    @property
    def off(self) -> bool | float:
        """What takes its place when it lapses."""
        return False if self.command.spec.kind == "bool" else 0.0

    @property
    def caps(self) -> bool:
        """Whether it only limits: 0 is the most that it can do then, and no rest to fall back to."""
        return self.command.spec.lapses_to == "uncapped"

    def is_within(self, wanted: Scalar) -> bool:
        """Whether it gives or takes something, and no more than that."""
        return not isinstance(wanted, str) and (0 < self.value <= wanted or wanted <= self.value < 0)

    @property
    def gives_in_one_go(self) -> bool:
        """Whether it is a switch that shall be on and that nobody has to renew."""
        return self.value is True and self.hold_s == FOR_EVER_S


@dataclass(slots=True)
class Force:
    """All commands in force on one device, by name, and when anything was last asked of it."""

    held: dict[str, InForce] = field(default_factory=dict)
    fresh_s: float = 0.0
    spared: bool = False
    """While the device makes the island: nothing tells it to stop that does not know of islands."""
    lease_s: float = 0.0
    """Of the latest command."""
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    """Set whenever there is something to look after."""

    def at_least(self, hold_s: float | None) -> float | None:
        """A dead-man of the profile, but never so short that it ends what is repeated every third of its lease."""
        return None if hold_s is None else max(hold_s, self.lease_s / 2)

    def heard(self, name: str) -> None:
        """A fresh command has come: whoever controls is alive."""
        self.fresh_s = asyncio.get_running_loop().time()
        if name in self.held:
            self.held[name] = replace(self.held[name], asked_s=self.fresh_s)

    def sent(
        self,
        name: str,
        command: PlacedCommand,
        value: bool | float,
        still: Still,
        *,
        lease_s: float,
        numbers: tuple[float, ...] | None,
    ) -> InForce:
        """It is leaving and counts as in force, although its arrival is uncertain.

        What takes power away keeps the clock of what it replaced, in case that is still what the device follows.
        """
        now_s, held = asyncio.get_running_loop().time(), self.held.get(name)
        self.lease_s = lease_s
        own_s = self.at_least(command.spec.hold_max_s) or FOR_EVER_S
        caps = command.spec.lapses_to == "uncapped"
        hold_s = min(lease_s or FOR_EVER_S, own_s) if value or caps else FOR_EVER_S
        if not value and held is not None and not caps:
            hold_s = held.hold_s
        one = InForce(
            command=command,
            value=value,
            still=still,
            asked_s=now_s,
            said_s=now_s,
            hold_s=hold_s,
            taken=True,
            numbers=numbers,
        )
        self.held[name] = one
        self.begun.set()
        return one

    def arrived(self, name: str, one: InForce) -> None:
        """The device has acknowledged it: what is off for certain has no clock."""
        if not one.value and not one.caps and self.held.get(name) is one:
            self.held[name] = replace(one, hold_s=FOR_EVER_S)

    def doubt(self, name: str, one: InForce) -> None:
        """It was refused or taken back, perhaps after a part of it: not to be said again, but it lapses."""
        if self.held.get(name) is one:
            self.held[name] = replace(one, taken=False)

    def put_back(self, name: str, one: InForce, before: InForce | None) -> None:
        """Nothing of it has reached the device, which goes on with what it had."""
        if self.held.get(name) is not one:
            return
        if before is None:
            del self.held[name]
        else:
            self.held[name] = replace(before, asked_s=one.asked_s, still=one.still)

    def unsaid(self, name: str, wanted: Scalar, still: Still) -> None:
        """This was asked for and could not be said.

        What is in force goes on if it gives or takes no more than that.  Otherwise the device is told to rest as soon
        as it can be told anything; and a cap that allows more is not said again.
        """
        one = self.held.get(name)
        if one is None or isinstance(wanted, str):
            return
        if one.is_within(wanted):
            self.held[name] = replace(one, still=still)
        elif one.caps:
            del self.held[name]
        else:
            taken = one.taken and not one.command.spec.persistent  # which nobody says again by himself
            self.held[name] = replace(one, value=one.off, still=still, taken=taken)

    def denied(self, name: str, wanted: Scalar, before: InForce | None) -> None:
        """This was asked for in place of what was in force `before`, and has been refused.

        What gives or takes more than that has had its time: the dead-man ends it, and it is not said again.
        """
        one = self.held.get(name)
        if one is None or before is None or before.caps or not before.value or not _alike(wanted, before.value):
            return
        if not before.is_within(wanted):
            self.held[name] = replace(one, asked_s=-FOR_EVER_S, taken=False)

    def moved(self, layout: Layout) -> None:
        """The device's map has changed: what is in force is said again at its new place, or not at all."""
        for name, one in tuple(self.held.items()):
            command = layout.commands.get(name)
            if command is None:
                del self.held[name]
            elif command != one.command:
                self.held[name] = replace(one, command=command)

    def spare(self, spared: bool) -> None:
        """Leave the powers of the device alone, or no longer.

        Switches, such as a permit, still lapse, and what is told to rest in another way on an island than on the grid:
        its profile knows what makes an island.
        """
        self.spared = spared
        self.held = {name: one for name, one in self.held.items() if not self.is_spared(one)}

    def is_spared(self, one: InForce) -> bool:
        """Whether it is a power of what makes the island, of which nobody knows what a stop would do."""
        return self.spared and one.command.spec.kind != "bool" and not one.command.stop_depends

    def forget(self) -> None:
        """Control has been handed back: nothing to keep."""
        self.held.clear()


def _alike(wanted: Scalar, value: bool | float) -> bool:
    """Whether both are switches or both are powers, so that one can be more than the other."""
    return not isinstance(wanted, str) and isinstance(wanted, bool) is isinstance(value, bool)
