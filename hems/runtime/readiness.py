"""What the service manager is told: alive after each cycle, and ready once."""

import os
from collections.abc import Callable

from hems.control.step import Step
from hems.runtime.notify import notify


class Readiness:
    """Ready is who has completed a cycle, and whom clients can reach or are known not to be able to."""

    def __init__(self, *, decided: Callable[[], bool], begin: Callable[[], None]) -> None:
        """`decided` says whether it is known if clients can come; `begin` is called once, when all is ready."""
        self._decided = decided
        self._begin = begin
        self._ready = False

    def completed(self, step: Step) -> None:
        """Tell of one cycle; a manager that does not take the word is told again."""
        if not self._ready and self._decided():
            self._ready = not os.environ.get("NOTIFY_SOCKET") or notify("READY=1")
            if self._ready:
                self._begin()
        notify(f"WATCHDOG=1\nSTATUS={step.state.mode.mode}; {len(step.state.alarms)} alarms")
