"""What every stage of a tick works on, and where it leaves word of what happened."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hems.control.params import Params
from hems.model.again import again
from hems.model.cause import Cause
from hems.model.event import EventKind
from hems.model.instant import Instant
from hems.model.site import Site
from hems.model.snapshot import Snapshot

Told = list[tuple[EventKind, str, Cause]]
"""Kind, subject and cause of each event of this tick, in order."""

FARTHEST_WEST_H = 10.5
"""An hour alone does not tell eleven behind UTC from thirteen ahead: people live ahead, as New Zealand in summer."""


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

    @property
    def local_offset(self) -> timedelta | None:
        """What the clock on the wall is ahead of UTC, to the quarter of an hour; None while nobody knows."""
        return _offset(self.now.utc, self.snapshot.local_h)

    @property
    def local(self) -> datetime | None:
        """The date and time on the wall; None while nobody knows."""
        utc, offset = self.now.utc, self.local_offset
        return None if utc is None or offset is None else utc + offset


@again
def _offset(utc: datetime | None, local_h: float | None) -> timedelta | None:
    if utc is None or local_h is None:
        return None
    off_h = local_h - (utc.hour + utc.minute / 60.0)
    return timedelta(hours=round(4.0 * ((off_h + FARTHEST_WEST_H) % 24.0 - FARTHEST_WEST_H)) / 4.0)
