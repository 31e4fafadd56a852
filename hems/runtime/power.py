"""When the battery of the gateway itself ends: what waits is written, then the system is asked to switch itself off.

hems may not do that; `hems-power.path` waits for the file and stops everything in good order, hems among it.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from hems.runtime.machine import Machine

log = logging.getLogger(__name__)

FLAG = "power-ends"
"""In the directory of the sockets, which a restart of the machine empties."""


class Keeps(Protocol):
    """What is written before the end."""

    def flush(self, then: Callable[[], None]) -> None:
        """Write all that waits, in its own time, and call `then` after it."""


class PowerEnd:
    """Asks once, and takes it back if the supply returns before."""

    def __init__(self, machine: Machine, keeps: Keeps, run_dir: Path) -> None:
        self._machine = machine
        self._keeps = keeps
        self._flag = run_dir / FLAG
        self._asked = False

    def turn(self) -> None:
        """Follow the battery; cheap."""
        if self._machine.ends == self._asked:
            return
        self._asked = self._machine.ends
        if self._asked:
            log.critical("The battery of the gateway ends: all is written, then the gateway switches itself off.")
            self._keeps.flush(self._ask)
        else:
            with suppress(OSError):
                self._flag.unlink(missing_ok=True)

    def _ask(self) -> None:
        with suppress(OSError):  # then the supply ends without a good end, which costs at most what is not yet written
            self._flag.touch()
