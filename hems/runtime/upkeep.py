"""What is looked after beside the building: the machine that hems runs on, and the clock that people set.

Looking reads from the card, and from whatever drives a battery: a thread waits for that, never the cycle.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from threading import Thread

from hems.model.cause import Cause, Why
from hems.model.contained import contained
from hems.model.event import Event, EventKind
from hems.model.instant import Instant
from hems.runtime.clock import Jumps
from hems.runtime.jobs import Jobs

log = logging.getLogger(__name__)


LOOK_EVERY_S = 5.0
"""Each look itself looks less often."""
Look = Callable[[float], Mapping[str, str]]
"""What is wrong at an instant, in sentences by a name; may take its time."""


class Upkeep:
    """One look after each cycle."""

    def __init__(
        self,
        looks: Sequence[Look],
        jumps: Jumps,
        jobs: Jobs,
        tell: Callable[[Event], None],
        power: Callable[[], None],
    ) -> None:
        """`tell` takes what is worth an event, `power` sees to the end of the gateway's own battery."""
        self._looks = looks
        self._jumps = jumps
        self._jobs = jobs
        self._tell = tell
        self._power = power
        self._found: Mapping[str, str] = {}
        self._looked_s = float("-inf")
        self._looking: Thread | None = None
        self._failed: tuple[object, ...] | None = None

    def begin(self, beside: Callable[[Callable[[], None]], object]) -> None:
        """Begin calendar jobs; `beside` does in a thread what takes its time."""
        self._jobs.begin(beside)

    def turn(self, now: Instant) -> None:
        """Have calendar jobs follow a clock that was set, and say so; begin to look where that is due."""
        self._power()
        self._begin_to_look(now.mono_s)
        jump_s = self._jumps.seen()
        if jump_s:
            self._jobs.relay()
            log.warning("The clock was set %s by %.0f s.", "forward" if jump_s > 0.0 else "back", abs(jump_s))
            why = Why.CLOCK_SET_FORWARD if jump_s > 0.0 else Why.CLOCK_SET_BACK
            self._tell(Event(now, EventKind.SYSTEM, "clock", Cause(why, {"by_s": abs(jump_s)})))

    def faults(self) -> Mapping[str, str]:
        """What is wrong with the machine and the site file, in sentences by a name, as it was seen last."""
        return self._found

    def _begin_to_look(self, now_s: float) -> None:
        """Unless it is too soon, or the last look has not ended."""
        waits = self._looking is not None and self._looking.is_alive()
        if self._looks and not waits and now_s >= self._looked_s + LOOK_EVERY_S:
            self._looked_s = now_s
            self._looking = Thread(target=self._look, args=(now_s,), name="hems-upkeep", daemon=True)
            self._looking.start()

    def _look(self, now_s: float) -> None:
        """The thread."""
        found: dict[str, str] = {}
        for look in self._looks:
            with contained() as looked:
                found |= look(now_s)
            if looked.fault is not None and looked.fault.args != self._failed:
                self._failed = looked.fault.args
                log.error("The machine cannot be looked at.", exc_info=looked.fault)
        self._found = found
