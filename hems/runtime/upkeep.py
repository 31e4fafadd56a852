"""What is looked after beside the building: the machine that hems runs on, and the clock that people set."""

import logging
from collections.abc import Callable, Mapping, Sequence

from hems.model.cause import Cause, Why
from hems.model.event import Event, EventKind
from hems.model.instant import Instant
from hems.runtime.clock import Jumps
from hems.runtime.jobs import Jobs

log = logging.getLogger(__name__)


Look = Callable[[float], Mapping[str, str]]
"""What is wrong at an instant, in sentences by a name; cheap."""


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

    def begin(self, beside: Callable[[Callable[[], None]], object]) -> None:
        """Begin calendar jobs; `beside` does in a thread what takes its time."""
        self._jobs.begin(beside)

    def turn(self, now: Instant) -> None:
        """Have calendar jobs follow a clock that was set, and say so."""
        self._power()
        jump_s = self._jumps.seen()
        if jump_s:
            self._jobs.relay()
            log.warning("The clock was set %s by %.0f s.", "forward" if jump_s > 0.0 else "back", abs(jump_s))
            why = Why.CLOCK_SET_FORWARD if jump_s > 0.0 else Why.CLOCK_SET_BACK
            self._tell(Event(now, EventKind.SYSTEM, "clock", Cause(why, {"by_s": abs(jump_s)})))

    def faults(self, now: Instant) -> Mapping[str, str]:
        """What is wrong with the machine and the site file, in sentences by a name."""
        return {name: said for look in self._looks for name, said in look(now.mono_s).items()}
