"""The wall clock may be missing, wrong, and set by years: durations, jobs and records go by boot time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hems.model.cause import Why
from hems.model.event import Event
from hems.model.instant import Instant
from hems.runtime.clock import Jumps, SystemClock
from hems.runtime.jobs import Jobs, calendar, relay
from hems.runtime.upkeep import Upkeep
from hems.store import reader
from hems.store.store import Store
from hems.store.writer import AtOnce
from tests.runtime.parts import soon
from tests.store.given import EPOCH_S, at, event

YEAR_S = 365.25 * 86400.0


class Gateway:
    """A machine's clocks, set by the test."""

    def __init__(self, *, synchronised: bool) -> None:
        self.up_s, self.offset_s, self.synchronised = 100.0, EPOCH_S, synchronised

    def clock(self, *, trusted: bool = False) -> SystemClock:
        return SystemClock(
            trusted=trusted,
            boot_s=lambda: self.up_s,
            offset_s=lambda: self.offset_s,
            synchronised=lambda: self.synchronised,
        )


def test_the_time_of_day_is_unknown_until_the_kernel_knows_it_and_then_stays_known() -> None:
    gateway = Gateway(synchronised=False)
    clock = gateway.clock()
    assert clock.now() == Instant(100.0, None)

    gateway.up_s, gateway.synchronised = 131.0, True
    assert clock.now().utc == datetime.fromtimestamp(EPOCH_S + 131.0, UTC)

    # and hours without a time server later it is still known: the kernel alone gives it up much sooner
    gateway.up_s, gateway.synchronised = 90_000.0, False
    assert clock.now().utc is not None


@pytest.mark.parametrize("by_s", [-3600.0, 7200.0, -40 * YEAR_S, 30 * YEAR_S])
def test_a_clock_set_by_hand_is_not_believed_and_one_set_by_the_time_service_is(by_s: float) -> None:
    for kept_right in (True, False):
        gateway = Gateway(synchronised=True)
        clock = gateway.clock()
        assert clock.now().utc is not None

        # when it is set; setting it by hand takes the kernel's word for it away
        gateway.offset_s, gateway.synchronised = EPOCH_S + by_s, kept_right
        now = clock.now()

        # then
        assert now.mono_s == 100.0
        assert (now.utc is not None) == kept_right


def test_a_drifting_clock_is_no_jump_and_a_set_one_is() -> None:
    gateway = Gateway(synchronised=True)
    jumps = Jumps(lambda: gateway.offset_s)
    for _ in range(100):
        gateway.offset_s += 0.05
        assert jumps.seen() == 0.0
    gateway.offset_s -= 3600.0
    assert jumps.seen() == -3600.0
    assert jumps.seen() == 0.0


@pytest.mark.parametrize("years", [-30, 5])
async def test_jobs_are_laid_anew_when_the_clock_is_set(years: int) -> None:
    # given a night's job that was laid by a clock that was years off
    told: list[Event] = []
    gateway = Gateway(synchronised=True)
    jobs = Jobs(lambda: None, UTC)
    upkeep = Upkeep((), Jumps(lambda: gateway.offset_s), jobs, told.append, lambda: None)
    upkeep.begin(lambda read: read())
    await soon(lambda: jobs.scheduler)
    assert jobs.scheduler is not None
    jobs.scheduler.pause()
    job = jobs.scheduler.get_job("nightly")
    job.modify(next_run_time=datetime.now(UTC) + timedelta(days=365 * -years))
    upkeep.turn(at(5))
    assert told == []

    # when the clock is set right
    gateway.offset_s += years * YEAR_S
    upkeep.turn(at(6))

    # then it is due within a day, and the log says what happened
    due = jobs.scheduler.get_job("nightly").next_run_time - datetime.now(UTC)
    assert timedelta(0) < due < timedelta(days=1, hours=1)
    assert told[0].cause.why is (Why.CLOCK_SET_FORWARD if years > 0 else Why.CLOCK_SET_BACK)
    jobs.end()


async def test_laying_jobs_anew_keeps_their_hour() -> None:
    jobs = calendar(lambda: None, UTC)
    jobs.start(paused=True)
    relay(jobs)
    due = jobs.get_job("nightly").next_run_time
    assert (due.hour, due.minute) == (3, 40)
    jobs.shutdown(wait=False)


def test_records_of_a_wrong_clock_get_their_time_once_it_is_set_right(tmp_path: Path) -> None:
    # given a boot that believed to be a year earlier than it was
    store = Store(tmp_path, boot_id="boot-a", writer=AtOnce())
    store.start(at(0))
    wrong = at(10)
    assert wrong.utc is not None
    early = Instant(10.0, wrong.utc - timedelta(days=365))
    store.record_events([Event(early, event(10).kind, "islanded", event(10).cause)])
    store.record_samples(early, {"grid_w": 1.0})

    # when the clock is right
    store.record_samples(at(90), {"grid_w": 1.0})
    store.record_events([event(91)])
    store.stop()

    # then all of it is told at the time at which it was
    assert [one.at.utc for one in reader.events(tmp_path)] == [at(10).utc, at(91).utc]
    assert reader.series(tmp_path, "grid_w")[0].at.utc == at(0).utc
