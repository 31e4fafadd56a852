"""What a story says of the plan's process, and of the days in which hems has learned what it plans with."""

from enum import StrEnum
from typing import Protocol

from hems.control.habits import HOURS
from hems.control.memory.using import Habits
from hems.control.state import ControlState
from hems.model.instant import Instant
from hems.model.plan import Plan
from hems.model.site import Site
from hems.model.snapshot import Snapshot


class Solver(StrEnum):
    """How the process fares that is asked for a plan."""

    WORKS = "works"
    DIES = "dies"
    """It is killed over its question."""
    HANGS = "hangs"
    """It is stopped over its question and never goes on."""
    MISSING = "missing"
    """It cannot even be started."""


class Planner(Protocol):
    """Whoever plans in fast-forward, where there are no processes."""

    def fares(self, solver: Solver) -> None:
        """From now on."""

    def plan(self, snapshot: Snapshot, state: ControlState, now: Instant) -> Plan | None:
        """What has been found, where it was time to look for it."""


DRAWS = 0.3
"""Of what is typical of a circuit while it is on: few draw that all day."""


def seen(site: Site, days: int) -> Habits:
    """As if each circuit had drawn a part of what is typical of it all through those days, and no sun had shone."""
    loads_w = {one.id: (round(DRAWS * one.typical_w),) * (2 * HOURS) for one in site.circuits}
    return Habits(loads_w=loads_w, suns_w=((0,) * HOURS,) * days) if days else Habits()
