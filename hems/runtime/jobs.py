"""Calendar jobs: what is done at an hour of the day, never what control depends on.

The scheduler lives by the wall clock, and its interval jobs stop for an hour when that steps back an hour; so only cron
jobs are here, each of them such that a missed or doubled run does no harm.
"""

import logging
from collections.abc import Callable
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

log = logging.getLogger(__name__)

LATE_S = 6 * 3600
"""A nightly job that was missed, because the gateway was off, is still done within this time."""


def zone_named(name: str | None) -> tzinfo | None:
    """The zone of that name, or None for the machine's own; UTC, with a warning, where there is no such thing."""
    try:
        if name is not None:
            return ZoneInfo(name)
        AsyncIOScheduler()  # finds out the machine's own zone, and cannot live with every one
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        log.warning("The time zone is not understood, calendar jobs run by UTC: %s", str(error).split("\n")[0])
        return UTC
    return None


def calendar(nightly: Callable[[], None], zone: tzinfo | None = None) -> AsyncIOScheduler:
    """A scheduler that calls `nightly` at twenty to four; start it in a running loop, shut it down at the end."""
    scheduler = AsyncIOScheduler(timezone=zone) if zone is not None else AsyncIOScheduler()
    scheduler.add_job(
        nightly,
        CronTrigger(hour=3, minute=40, timezone=scheduler.timezone),
        id="nightly",
        coalesce=True,
        max_instances=1,
        misfire_grace_time=LATE_S,
    )
    return scheduler


def relay(scheduler: AsyncIOScheduler) -> None:
    """Reckon anew when each job is due, after the clock was set: by itself the scheduler sleeps until the old hour."""
    for job in scheduler.get_jobs():
        scheduler.reschedule_job(job.id, trigger=job.trigger)
