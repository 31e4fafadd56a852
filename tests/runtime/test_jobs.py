"""Calendar jobs."""

from datetime import UTC, datetime

from hems.runtime.jobs import LATE_S, calendar


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
