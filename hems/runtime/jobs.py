"""Calendar jobs: what is done at an hour of the day, never what control depends on.

The scheduler lives by the wall clock, and its interval jobs stop for an hour when that steps back an hour; so only cron
jobs are here, each of them such that a missed or doubled run does no harm.  Its library is read once control runs, in a
thread: that takes as long as a tenth of the start.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = logging.getLogger(__name__)

LATE_S = 6 * 3600
"""A nightly job that was missed, because the gateway was off, is still done within this time."""


def zone_named(name: str | None) -> tzinfo | None:
    """The zone of that name, or None for the machine's own; UTC, with a warning, where there is no such thing."""
    try:
        return None if name is None else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        log.warning("The time zone is not understood, times of day are UTC: %s", str(error).split("\n")[0])
        return UTC


def calendar(nightly: Callable[[], None], zone: tzinfo | None = None) -> "AsyncIOScheduler":
    """A scheduler that calls `nightly` at twenty to four; start it in a running loop, shut it down at the end."""
    from apscheduler.triggers.cron import CronTrigger

    scheduler = _scheduler(zone)
    scheduler.add_job(
        nightly,
        CronTrigger(hour=3, minute=40, timezone=scheduler.timezone),
        id="nightly",
        coalesce=True,
        max_instances=1,
        misfire_grace_time=LATE_S,
    )
    return scheduler


def _scheduler(zone: tzinfo | None) -> "AsyncIOScheduler":
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

    logging.getLogger("apscheduler").setLevel(logging.WARNING)  # that it has a job, at each start, is no news
    try:
        return AsyncIOScheduler() if zone is None else AsyncIOScheduler(timezone=zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # it cannot live with every machine's own
        log.warning("The machine's time zone is not understood, jobs run by UTC: %s", str(error).split("\n")[0])
        return AsyncIOScheduler(timezone=UTC)


def relay(scheduler: "AsyncIOScheduler") -> None:
    """Reckon anew when each job is due, after the clock was set: by itself the scheduler sleeps until the old hour."""
    for job in scheduler.get_jobs():
        scheduler.reschedule_job(job.id, trigger=job.trigger)


class Jobs:
    """The calendar of a daemon, from when it has begun until its end."""

    def __init__(self, nightly: Callable[[], None], zone: tzinfo | None = None) -> None:
        self._nightly, self._zone = nightly, zone
        self._ended = False
        self.scheduler: AsyncIOScheduler | None = None

    def begin(self, beside: Callable[[Callable[[], None]], object]) -> None:
        """Begin soon, in the running loop; `beside` does in a thread what takes its time."""
        loop = asyncio.get_running_loop()

        def read() -> None:
            import apscheduler.schedulers.asyncio
            import apscheduler.triggers.cron  # noqa: F401  (read from disk, for the loop not to wait for it)

            with suppress(RuntimeError):  # the loop has been closed meanwhile
                loop.call_soon_threadsafe(self._start)

        beside(read)

    def relay(self) -> None:
        """The clock was set."""
        if self.scheduler is not None:
            relay(self.scheduler)

    def end(self) -> None:
        """No more of them."""
        self._ended = True
        if self.scheduler is not None:
            self.scheduler.shutdown(wait=False)

    def _start(self) -> None:
        if not self._ended:
            self.scheduler = calendar(self._nightly, self._zone)
            self.scheduler.start()
