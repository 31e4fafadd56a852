"""The only place that asks the machine what time it is."""

import ctypes
import time
from collections.abc import Callable
from datetime import UTC, datetime

from hems.model.instant import Instant

CHECK_EVERY_S = 30.0
JUMP_S = 2.0
"""What moves by less is corrected by the time service, a little at a time."""
NOT_SYNCHRONISED = 5
"""TIME_ERROR of adjtimex(2): no time service has disciplined the kernel's clock since the start."""


class _Timex(ctypes.Structure):
    """struct timex, of which only the first field is used; the rest is room enough for any architecture."""

    _fields_ = [("modes", ctypes.c_uint), ("rest", ctypes.c_byte * 252)]


def _is_synchronised() -> bool:
    """Whether the kernel says that its wall clock is kept right, by whatever time service there is."""
    libc = ctypes.CDLL(None)
    request = _Timex(modes=0)
    state: int = libc.adjtimex(ctypes.byref(request))
    return 0 <= state < NOT_SYNCHRONISED


def boot_s() -> float:
    """Seconds since the machine was started, also those in which it slept."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def wall_offset_s() -> float:
    """From boot time to the wall clock, right or wrong: it changes when somebody sets that clock."""
    return time.time() - boot_s()


class Jumps:
    """Notices that the wall clock was set."""

    def __init__(self, offset_s: Callable[[], float] = wall_offset_s) -> None:
        self._read = offset_s
        self._offset_s = offset_s()

    def seen(self) -> float:
        """By how many seconds it has jumped since this was last asked, forward or back; 0.0 when it only drifted."""
        before_s, self._offset_s = self._offset_s, self._read()
        jump_s = self._offset_s - before_s
        return jump_s if abs(jump_s) >= JUMP_S else 0.0


class SystemClock:
    """Boot time for durations; wall time once the kernel knows it to be good, and until somebody sets it to another."""

    def __init__(
        self,
        *,
        trusted: bool = False,
        boot_s: Callable[[], float] = boot_s,
        offset_s: Callable[[], float] = wall_offset_s,
        synchronised: Callable[[], bool] = _is_synchronised,
    ) -> None:
        """`trusted` for good, where a clock with a battery is fitted; the rest are the machine's own clocks."""
        self._always = trusted
        self._trusted = trusted
        self._boot_s = boot_s
        self._offset_s = offset_s
        self._synchronised = synchronised
        self._jumps = Jumps(offset_s)
        self._checked_s = float("-inf")

    def now(self) -> Instant:
        """The present instant."""
        mono_s = self.mono_s()
        if self._jumps.seen() and not self._always:  # set by hand, or by the time service: the kernel knows which
            self._trusted, self._checked_s = False, float("-inf")
        if not self._trusted and mono_s - self._checked_s >= CHECK_EVERY_S:
            self._checked_s = mono_s
            self._trusted = self._synchronised()
        return Instant(mono_s, datetime.fromtimestamp(mono_s + self._offset_s(), UTC) if self._trusted else None)

    def mono_s(self) -> float:
        """Boot time."""
        return self._boot_s()
