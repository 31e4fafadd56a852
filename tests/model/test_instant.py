"""Times of day as people say them, in the nights in which clocks are set."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from datetime import time as daytime

import pytest

from hems.commands.times import seconds_until
from hems.model.instant import Instant, seconds_to
from hems.model.mode import Mode
from hems.tui.when import seconds_told
from tests.tui import states

HOUR_S = 3600.0


class Standing:
    """A clock that stands still."""

    def __init__(self, utc: datetime) -> None:
        self.utc = utc

    def now(self) -> Instant:
        return Instant(0.0, self.utc)

    def mono_s(self) -> float:
        return 0.0


@pytest.fixture(autouse=True)
def _copenhagen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Copenhagen")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("now", "at", "hours"),
    [
        ("2026-03-27T21:00", "07:30", 9.5),  # any night: from 22:00
        ("2026-03-28T21:00", "07:30", 8.5),  # the night has an hour less ..
        ("2026-10-24T20:00", "07:30", 10.5),  # .. or more
        ("2026-10-25T00:45", "02:50", 1 / 12),  # 02:45 for the first time
        ("2026-10-25T01:45", "02:50", 1 / 12),  # and for the second
        ("2026-03-27T06:30", "07:30", 0.0),
        ("2026-03-27T06:31", "07:30", 24 - 1 / 60),
    ],
)
def test_the_next_such_time_on_the_wall_clock_is_met_also_when_that_is_set_meanwhile(
    now: str, at: str, hours: float
) -> None:
    found_s = seconds_to(daytime.fromisoformat(at), datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert found_s == pytest.approx(hours * HOUR_S)


def test_a_driver_who_leaves_at_half_past_seven_is_believed_also_in_the_night_in_which_clocks_are_set() -> None:
    eve = datetime(2026, 3, 28, 21, tzinfo=UTC)
    assert seconds_until("07:30", Standing(eve)) == 8.5 * HOUR_S
    seen = replace(states.in_the_dark(Mode.ISLANDED), utc=eve.isoformat())
    assert seconds_told(seen, "07:30") == 8.5 * HOUR_S
    assert seconds_told(seen, "07:30", from_in_s=8.0 * HOUR_S) == 0.5 * HOUR_S
