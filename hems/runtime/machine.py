"""How the machine is that hems runs on: disk, temperature, supply, and its own restarts, as faults with a remedy.

Whatever the machine does not tell is left out: most of it exists on some boards only.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

LOOK_EVERY_S = 30.0
FREE_LEAST = 0.05
FREE_LEAST_BYTES = 200_000_000
HOT_C = 80.0
"""A Raspberry Pi begins to slow down here."""
UPS_LOW_PCT = 30.0
UPS_ENDS_PCT = 10.0
ENDS_LOOKS = 2
"""So often in a row the battery must say that it ends: one wrong reading must not switch the gateway off."""
RESTARTS_MOST = 3
"""Restarts without a good end, in a day, of which nobody needs to hear."""
NOW = {0: "its supply voltage is too low", 2: "it runs slowed down", 3: "it is near its limit of temperature"}
"""Bits of a Raspberry Pi's firmware that say what is so now."""


class Machine:
    """Looks now and then; `faults` is cheap."""

    def __init__(
        self,
        state_dir: Path,
        *,
        system: Path = Path("/sys"),
        disk: Callable[[Path], os.statvfs_result] = os.statvfs,
        failed_starts: int = 0,
    ) -> None:
        """`system` is the kernel's tree of devices, `failed_starts` those of the last day."""
        self._state_dir = state_dir
        self._system = system
        self._disk = disk
        self._failed_starts = failed_starts
        self._looked_s = float("-inf")
        self._faults: Mapping[str, str] = {}
        self._ending = 0
        """Looks in a row that saw the battery nearly empty."""

    @property
    def ends(self) -> bool:
        """Whether the gateway runs on a battery of its own that is all but empty."""
        return self._ending >= ENDS_LOOKS

    def faults(self, now_s: float) -> Mapping[str, str]:
        """What somebody should see to, one or two sentences each, by a name that stays the same."""
        if now_s - self._looked_s >= LOOK_EVERY_S:
            self._looked_s = now_s
            self._faults = dict(self._found())
        return self._faults

    def _found(self) -> Iterator[tuple[str, str]]:
        yield from self._room()
        hot_c = max(self._temperatures(), default=0.0)
        if hot_c >= HOT_C:
            yield "temperature", f"The gateway is {hot_c:.0f} C hot. Give it air, and keep it out of the sun."
        troubles = [text for bit, text in NOW.items() if self._throttled() >> bit & 1]
        if troubles:
            yield "supply", f"The gateway says that {' and '.join(troubles)}. Give it a stronger supply, and air."
        yield from self._ups()
        if self._failed_starts >= RESTARTS_MOST:
            times = f"HEMS has ended badly and was started again {self._failed_starts} times in a day."
            yield "restarts", f"{times} Send your installer what journalctl -u hems says."

    def _room(self) -> Iterator[tuple[str, str]]:
        try:
            disk = self._disk(self._state_dir)
        except OSError as error:
            yield "disk", f"{self._state_dir} cannot be reached ({error.strerror}). Check the disk, then restart HEMS."
            return
        if disk.f_flag & os.ST_RDONLY:
            why = "the kernel does that when a card wears out"
            yield "disk", f"The disk of {self._state_dir} has become read-only; {why}. Replace it and restore a copy."
        free, size = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
        if free < min(FREE_LEAST_BYTES, FREE_LEAST * size) or (disk.f_files and not disk.f_favail):
            left = f"{free / 1e6:.0f} MB are left on the disk of {self._state_dir}"
            yield "disk", f"{left}. Delete what is not needed; hems history --export leaves files in export there."

    def _temperatures(self) -> Iterator[float]:
        for path in self._system.glob("class/thermal/thermal_zone*/temp"):
            with suppress(OSError, ValueError):
                yield int(path.read_text()) / 1000.0

    def _throttled(self) -> int:
        for path in self._system.glob("devices/platform/soc/*/get_throttled"):
            with suppress(OSError, ValueError):
                return int(path.read_text(), 16)
        return 0

    def _ups(self) -> Iterator[tuple[str, str]]:
        batteries = [one for one in self._system.glob("class/power_supply/*") if _feeds(one)]
        self._ending = self._ending + 1 if any(map(_nearly_empty, batteries)) else 0
        if self.ends:
            yield (
                "gateway battery",
                "The gateway's own battery is empty: HEMS writes all it has and stops in good order.",
            )
        for folder in batteries:
            charge = _text(folder / "capacity")
            low = charge.isdecimal() and int(charge) < UPS_LOW_PCT
            left = f" and has {charge} % left" if charge.isdecimal() else ""
            what = "The gateway ends soon and comes back with the power" if low else "See why it has no power"
            yield "ups", f"The gateway runs on its own battery ({folder.name}){left}. {what}."


def _feeds(supply: Path) -> bool:
    """Whether it is a battery on which the machine runs now, and not one of a keyboard."""
    battery = _text(supply / "type") in ("UPS", "Battery") and _text(supply / "scope") != "Device"
    return battery and _text(supply / "status") == "Discharging"


def _nearly_empty(battery: Path) -> bool:
    charge = _text(battery / "capacity")
    return _text(battery / "capacity_level") == "Critical" or (charge.isdecimal() and int(charge) <= UPS_ENDS_PCT)


def _text(path: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="ascii").strip()
    return ""
