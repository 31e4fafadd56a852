"""What holds at which hour, and when that changes; to the second."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hems.control.dispatch import schedule
from hems.control.dispatch.memory import Hours
from hems.model.cause import Cause, Why
from hems.model.site import Site
from hems.model.supply import LimitHours
from hems.model.tariff import Window
from tests.given import flats


def site(*hours: LimitHours) -> Site:
    return replace(flats(), grid=replace(flats().grid, schedule=hours))


def limit(from_h: float, to_h: float, **watts: float) -> LimitHours:
    return LimitHours(window=Window(from_h=from_h, to_h=to_h), **watts)


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 6, 1, hour, minute, second, tzinfo=UTC)


EVENING, LATE = limit(17.0, 21.0, import_max_w=5000.0, export_max_w=900.0), limit(20.0, 22.0, import_max_w=4000.0)


@pytest.mark.parametrize(
    ("local", "hours"),
    [
        (at(16, 59, 59), Hours()),
        (at(17), Hours(import_w=5000.0, export_w=900.0)),
        (at(20), Hours(import_w=4000.0, export_w=900.0)),
        (at(21), Hours(import_w=4000.0)),
        (at(22), Hours()),
        (None, Hours(import_w=4000.0, export_w=900.0)),
    ],
)
def test_all_hours_that_fit_hold_and_the_least_counts(local: datetime | None, hours: Hours):
    assert schedule.hours(site(EVENING, LATE), local) == hours


def test_a_limit_of_nothing_is_a_limit():
    assert schedule.hours(site(limit(17.0, 21.0, import_max_w=0.0)), at(18)) == Hours(import_w=0.0)
    assert schedule.bounds(0.0) == [(0.0, Cause(Why.LIMIT_HOURS))]
    assert schedule.bounds(None) == []


@pytest.mark.parametrize(
    ("local", "due_s"),
    [
        pytest.param(at(16), {3600.0, 5 * 3600.0}, id="an hour before"),
        pytest.param(at(16, 59, 30), {30.0, 4 * 3600.0 + 30.0}, id="half a minute before"),
        pytest.param(at(16, 30), {1800.0, 4.5 * 3600.0}, id="half an hour before"),
        pytest.param(at(17), {24 * 3600.0, 4 * 3600.0}, id="as it begins: its beginning tomorrow"),
        pytest.param(at(21, 0, 1), {20 * 3600.0 - 1.0, 24 * 3600.0 - 1.0}, id="a second after its end"),
        pytest.param(None, set(), id="nobody knows the time"),
    ],
)
def test_when_the_next_hours_begin_or_end(local: datetime | None, due_s: set[float]):
    found = schedule.due_s(site(EVENING), local, 1000.0)
    assert sorted(found) == pytest.approx(sorted(1000.0 + one for one in due_s))


@pytest.mark.parametrize(("schedule_of", "count"), [((), 0), ((EVENING, EVENING), 2), ((EVENING, LATE), 4)])
def test_each_edge_comes_due_once(schedule_of: tuple[Any, ...], count: int):
    assert len(schedule.due_s(site(*schedule_of), at(12), 0.0)) == count
