"""Devices that do not tell the truth, for fast-forward: every role behind a device lies, or keeps silent, with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any

from hems.model.members import direct
from hems.model.reading import GOOD, Quality, Reading, missing
from hems.model.snapshot import DeviceHealth
from hems.model.units import DeviceId
from hems.model.wiring import Role, Wiring

HOLDS_S = 5.0
"""How long the last word of a device that fell silent is still taken for the present."""
FRESH_S = 600.0
"""Other readings in a simulation are always of the present step."""


@direct
class Says(StrEnum):
    """What a device answers."""

    TRUTH = "truth"
    NOTHING = "nothing"
    ZEROS = "zeros"
    """Every register 0, as after a half-finished start of its communication card."""
    SENTINELS = "sentinels"
    """Every register at the value that means "not known"."""
    SAME = "same"
    """What it said last, for ever, and promptly."""
    GARBAGE = "garbage"
    """Octets that mean nothing."""
    CUT = "cut"
    """The first half of each answer."""
    MIXED = "mixed"
    """Whole answers to questions that nobody has asked: another number, and on a serial line another unit."""
    REFUSES = "refuses"
    """That it cannot, to whatever it is asked."""
    LATE = "late"
    """The truth, after whoever asked has given up."""
    SLOW = "slow"
    """The truth, after some tenths of a second."""
    OCTETS = "octets"
    """The truth, one octet at a time."""


UNHEARD = frozenset({Says.NOTHING, Says.GARBAGE, Says.CUT, Says.MIXED, Says.REFUSES, Says.LATE})
"""What comes to nothing: there is no value in it."""
TRUE = frozenset({Says.TRUTH, Says.SLOW, Says.OCTETS})
"""What is right in the end, and in fast-forward at once."""

_fresh: Callable[[tuple[Any, ...]], Reading[Any]] = partial(tuple.__new__, Reading)
"""A reading of all its parts, in half the time: a simulation makes some hundred of them in each step."""


@dataclass
class Faults:
    """What the devices of a site say, and which roles go with them.  Without a wiring all tell the truth."""

    wiring: Wiring | None = None
    upstream: frozenset[DeviceId] = frozenset()
    """Devices that see the utility's side only."""
    _says: dict[DeviceId, tuple[Says, float]] = field(default_factory=dict)
    _last: dict[Role, Reading[Any]] = field(default_factory=dict)
    _health: dict[DeviceId, DeviceHealth] | None = None
    """As it was told last; None when that has changed."""

    def set(self, device: str, says: Says, now_s: float) -> None:
        """From now on.  Raises: KeyError when the site has no such device."""
        if self.wiring is None or device not in {spec.id for spec in self.wiring.devices}:
            raise KeyError(device)
        self._health = None
        if says in TRUE:
            self._says.pop(DeviceId(device), None)
        else:
            self._says[DeviceId(device)] = (says, now_s)

    def readings(self, values: Mapping[Role, Any], now_s: float) -> dict[Role, Reading[Any]]:
        """What arrives of `values`."""
        told = {role: _fresh((value, now_s, FRESH_S, GOOD, "")) for role, value in values.items()}
        if self._says and self.wiring is not None:
            for role, port in self.wiring.reads.items():
                if port.device in self._says:
                    told[role] = self._told(role, told.get(role), *self._says[port.device])
        self._last = told
        return told

    def reaches(self, role: Role) -> bool:
        """Whether a command to `role` arrives."""
        if not self._says or self.wiring is None or role not in self.wiring.writes:
            return True
        return self._says.get(self.wiring.writes[role].device, (Says.TRUTH, 0.0))[0] not in UNHEARD

    def health(self) -> dict[DeviceId, DeviceHealth]:
        """Every device, as its driver would tell."""
        if self._health is None:
            self._health = self._told_health()
        return self._health

    def _told_health(self) -> dict[DeviceId, DeviceHealth]:
        if self.wiring is None:
            return {}
        silent = {device: since_s for device, (says, since_s) in self._says.items() if says in UNHEARD}
        return {
            spec.id: DeviceHealth(
                link=spec.link, lost_since_s=silent.get(spec.id), armed=True, upstream=spec.id in self.upstream
            )
            for spec in self.wiring.devices
        }

    def _told(self, role: Role, true: Reading[Any] | None, says: Says, since_s: float) -> Reading[Any]:
        before = self._last.get(role, missing())
        if says in UNHEARD:
            return Reading(before.value, min(before.taken_s, since_s), HOLDS_S, before.quality, before.reason)
        if true is None:
            return missing()
        if says is Says.SAME:
            return Reading(before.value, true.taken_s, FRESH_S, before.quality, before.reason)
        if says is Says.ZEROS and isinstance(true.value, bool | float):
            return Reading(type(true.value)(0), true.taken_s, FRESH_S)
        return Reading(None, true.taken_s, FRESH_S, Quality.INVALID, "sentinel")
