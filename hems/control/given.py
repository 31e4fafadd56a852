"""What every stage of a tick works on, and where it leaves word of what happened."""

from dataclasses import dataclass

from hems.control.params import Params
from hems.model.cause import Cause
from hems.model.event import EventKind
from hems.model.instant import Instant
from hems.model.site import Site
from hems.model.snapshot import Snapshot

Told = list[tuple[EventKind, str, Cause]]
"""Kind, subject and cause of each event of this tick, in order."""


@dataclass(frozen=True, slots=True)
class Given:
    """What one tick is given, passed along whole."""

    site: Site
    snapshot: Snapshot
    params: Params
    now: Instant

    @property
    def now_s(self) -> float:
        """The present on the monotonic clock."""
        return self.now.mono_s
