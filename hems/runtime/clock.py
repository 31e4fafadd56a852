"""The only place that asks the machine what time it is."""

import ctypes
import time
from datetime import UTC, datetime

from hems.model.instant import Instant

CHECK_EVERY_S = 30.0
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


class SystemClock:
    """Boot time for durations; wall time once the kernel knows it to be good, and from then on."""

    def __init__(self, *, trusted: bool = False) -> None:
        self._trusted = trusted
        self._checked_s = float("-inf")

    def now(self) -> Instant:
        """The present instant."""
        mono_s = time.clock_gettime(time.CLOCK_BOOTTIME)
        if not self._trusted and mono_s - self._checked_s >= CHECK_EVERY_S:
            self._checked_s = mono_s
            self._trusted = _is_synchronised()
        return Instant(mono_s, datetime.now(UTC) if self._trusted else None)
