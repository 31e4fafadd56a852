"""What a device is held to: one command in force, and what its profile says about keeping it so."""

from dataclasses import dataclass
from typing import Any

from drivers.modbus.layout import PlacedCommand
from drivers.modbus.send import Still
from drivers.profile.schema import Watchdog

FOR_EVER_S = float("inf")


@dataclass(frozen=True, slots=True)
class Keeping:
    """What a profile says about it."""

    kind: str = "none"
    renew_s: float | None = None
    hold_max_s: float | None = None
    timeout_s: float | None = None


def keeping_of(watchdog: Watchdog[Any] | None) -> Keeping:
    """The part of a profile that the engine keeps to."""
    if watchdog is None:
        return Keeping()
    return Keeping(watchdog.kind, watchdog.renew_s, watchdog.hold_max_s, watchdog.timeout_s)


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
    """What its steps wrote: for a stop, that may depend on whether the battery makes the island."""

    @property
    def off(self) -> bool | float:
        """What takes its place when it lapses."""
        return False if self.command.spec.kind == "bool" else 0.0

    @property
    def gives_in_one_go(self) -> bool:
        """Whether it is a switch that shall be on and that nobody has to renew."""
        return self.value is True and self.hold_s == FOR_EVER_S
