"""Calendar jobs."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from hems.runtime.jobs import LATE_S, Jobs, calendar
from tests.runtime.parts import soon


async def test_the_night_job_runs_once_a_night_and_makes_up_for_one_missed_night_only() -> None:
    # given a calendar with a nightly job
    jobs = calendar(lambda: None, UTC)
    jobs.start(paused=True)
    job = jobs.get_job("nightly")
    # when it is asked for its next times
    evening = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
    first = job.trigger.get_next_fire_time(None, evening)
    second = job.trigger.get_next_fire_time(first, first)
    # then they are a night apart, missed ones count as one, and none overlaps another
    assert first == datetime(2026, 11, 21, 3, 40, tzinfo=UTC)
    assert (second - first).days == 1
    assert job.coalesce
    assert job.max_instances == 1
    assert job.misfire_grace_time == LATE_S
    jobs.shutdown(wait=False)


async def test_its_library_is_read_where_nobody_waits_for_it_and_then_it_begins_unless_it_has_ended() -> None:
    waiting: list[Callable[[], None]] = []
    jobs, late = Jobs(lambda: None, UTC), Jobs(lambda: None, UTC)
    for one in (jobs, late):
        one.begin(waiting.append)
    # given a clock that is set before it has begun, and an end that comes before it too
    jobs.relay()
    late.end()
    assert jobs.scheduler is None
    # when the library has been read, in another thread
    for read in waiting:
        await asyncio.to_thread(read)
    await soon(lambda: jobs.scheduler)
    # then it has begun, and the other never does
    assert jobs.scheduler is not None
    assert jobs.scheduler.running
    assert late.scheduler is None
    jobs.end()
