"""What is usual at a bay whose drivers tell nothing: of how many visits, and which of them counts."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from hems.control.cars import usual
from hems.control.cars.memory import BayMemory, Usual

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
"""A Monday at midnight."""
FRIDAY, SATURDAY, SUNDAY = (MONDAY + timedelta(days=days) for days in (4, 5, 6))
HERE = BayMemory(plugged_since_s=0.0, taken_wh=7000.0)


def at(day: datetime, hour: float) -> datetime:
    return day + timedelta(hours=hour)


def test_a_visit_that_is_over_is_learned_by_its_hour_of_the_week():
    before = Usual(departures=(1.0,), taken_wh=(2.0,), arrivals=(3.0,), left_in_cut=True)
    found = usual.left(before, HERE, at(MONDAY, 24.0 + 7.75))
    assert found == Usual(departures=(1.0, 31.75), taken_wh=(2.0, 7000.0), arrivals=(3.0,))


@pytest.mark.parametrize("in_cut", [False, True])
@pytest.mark.parametrize(
    ("memory", "local"),
    [(HERE, None), (BayMemory(taken_wh=7000.0), MONDAY)],
    ids=["no clock", "it was not seen to come"],
)
def test_what_is_not_known_is_not_learned_but_a_cut_is(memory: BayMemory, local: datetime | None, in_cut: bool):
    before = Usual(departures=(1.0,), taken_wh=(2.0,))
    found = usual.left(before, memory, local, in_cut=in_cut)
    assert found == Usual(departures=(1.0,), taken_wh=(2.0,), left_in_cut=in_cut)


def test_a_car_that_leaves_in_a_cut_is_learned_too():
    assert usual.left(Usual(), HERE, MONDAY, in_cut=True) == Usual(
        departures=(0.0,), taken_wh=(7000.0,), left_in_cut=True
    )


def test_a_car_that_comes_home_is_learned_and_is_no_longer_away_since_a_cut():
    before = Usual(arrivals=(1.0,), spare_wh=(2.0,), came_on=(3,), left_in_cut=True, departures=(4.0,))
    found = usual.came(before, 9000.0, at(MONDAY, 18.5))
    day = MONDAY.toordinal()
    assert found == Usual(arrivals=(1.0, 18.5), spare_wh=(2.0, 9000.0), came_on=(3, day), departures=(4.0,))


@pytest.mark.parametrize(("free_wh", "local"), [(None, MONDAY), (9000.0, None), (None, None)])
def test_a_car_that_tells_nothing_or_comes_at_no_known_hour_is_not_learned(
    free_wh: float | None, local: datetime | None
):
    before = Usual(left_in_cut=True)
    assert usual.came(before, free_wh, local) is before


def test_a_car_that_comes_home_empty_is_learned():
    assert usual.came(Usual(), 0.0, MONDAY).spare_wh == (0.0,)


def test_twenty_visits_are_remembered():
    ended = begun = Usual()
    for number in range(21):
        memory = BayMemory(plugged_since_s=0.0, taken_wh=float(number))
        ended = usual.left(ended, memory, at(MONDAY, number))
        begun = usual.came(begun, float(number), at(MONDAY, number))
    last = tuple(float(number) for number in range(1, 21))
    assert (ended.departures, ended.taken_wh) == (last, last)
    assert (begun.arrivals, begun.spare_wh, len(begun.came_on)) == (last, last, 20)


WORKING = (7.0, 24.0 + 8.0, 48.0 + 9.0, 72.0 + 7.5)
"""Four departures on working days: sorted 7, 7:30, 8 and 9."""
OFF = (120.0 + 11.0, 144.0 + 10.0, 120.0 + 12.0, 144.0 + 13.0)
"""And four on days off: sorted 10, 11, 12 and 13."""


@pytest.mark.parametrize(
    ("departures", "local", "leaves"),
    [
        pytest.param(WORKING, at(MONDAY, 6.0), at(MONDAY, 7.0), id="today"),
        pytest.param(WORKING, at(MONDAY, 7.0), at(MONDAY, 24.0 + 7.0), id="at that hour: tomorrow"),
        pytest.param(WORKING, at(MONDAY, 6.99), at(MONDAY, 7.0), id="just before it: today"),
        pytest.param((*WORKING, 96.0 + 6.0), at(MONDAY, 5.0), at(MONDAY, 7.0), id="one in five left earlier"),
        pytest.param((*WORKING, *WORKING, 6.0, 6.0), at(MONDAY, 5.0), at(MONDAY, 7.0), id="two in ten left earlier"),
        pytest.param(WORKING[:3], at(MONDAY, 6.0), None, id="three visits are too few"),
        pytest.param(WORKING, at(FRIDAY, 8.0), None, id="nothing known of a weekend"),
        pytest.param(WORKING, at(SATURDAY, 0.0), at(MONDAY, 168.0 + 7.0), id="two days ahead"),
        pytest.param(OFF, at(FRIDAY, 8.0), at(SATURDAY, 10.0), id="a day off tomorrow"),
        pytest.param(OFF, at(SUNDAY, 9.0), at(SUNDAY, 10.0), id="a Sunday is a day off"),
        pytest.param(OFF, at(MONDAY, 48.0), None, id="a day off is too far away"),
        pytest.param((*WORKING[:3], *OFF), at(MONDAY, 6.0), None, id="days off say nothing of working days"),
        pytest.param((*WORKING, *OFF), at(SATURDAY, 9.0), at(SATURDAY, 10.0), id="each kind by its own"),
        pytest.param((96.0 + 23.0,) * 4, at(MONDAY, 6.0), at(MONDAY, 23.0), id="a Friday is a working day"),
    ],
)
def test_a_car_leaves_as_early_as_one_in_five_did(
    departures: tuple[float, ...], local: datetime, leaves: datetime | None
):
    assert usual.leaves(Usual(departures=departures), local) == leaves


def test_it_leaves_at_the_hour_and_not_so_many_minutes_past_it():
    local = MONDAY.replace(hour=5, minute=59, second=58, microsecond=57)
    assert usual.leaves(Usual(departures=WORKING), local) == at(MONDAY, 7.0)


@pytest.mark.parametrize(
    ("taken_wh", "takes_wh"),
    [
        ((4.0, 1.0, 3.0, 2.0), 4.0),
        ((5.0, 4.0, 1.0, 3.0, 2.0), 5.0),
        ((10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0), 9.0),
        ((4.0, 1.0, 3.0), None),
        ((4.0, 1.0, 3.0, 0.0), None),
        ((4.0, 0.5, 3.0, 1.0), 4.0),
        ((), None),
    ],
)
def test_a_visit_takes_no_less_than_four_in_five_did(taken_wh: tuple[float, ...], takes_wh: float | None):
    assert usual.takes_wh(Usual(taken_wh=taken_wh)) == takes_wh


def came(*visits: tuple[int, float], **more: bool) -> Usual:
    """Arrivals, each by its day counted from that Monday and its hour."""
    return Usual(
        arrivals=tuple(24.0 * (day % 7) + hour for day, hour in visits),
        came_on=tuple(MONDAY.toordinal() + day for day, _ in visits),
        **more,
    )


def days(numbers: Sequence[int], hour: float = 18.0) -> list[tuple[int, float]]:
    return [(number, hour) for number in numbers]


WEEK = days(range(5))
WEEKS = days((0, 1, 2, 3, 4, 7, 8, 9, 10, 11))


@pytest.mark.parametrize(
    ("visits", "day", "hour", "in_h"),
    [
        pytest.param(WEEK, 7, 12.0, 6.0, id="on every working day"),
        pytest.param(WEEK, 7, 17.75, 0.25, id="in a quarter of an hour"),
        pytest.param(WEEK, 7, 18.0, 24.0, id="today it should be here by now: tomorrow"),
        pytest.param(WEEK, 6, 12.0, 30.0, id="tomorrow, a working day"),
        pytest.param(WEEK, 5, 12.0, 6.0, id="on a Saturday, as long as none was without it"),
        pytest.param(WEEK, 12, 12.0, None, id="neither today nor tomorrow is a working day"),
        pytest.param(WEEK[:4], 4, 12.0, 6.0, id="four times in four days"),
        pytest.param(WEEK[:3], 3, 12.0, None, id="three times are too few"),
        pytest.param(days((0, 1, 2, 3)), 7, 12.0, None, id="four in five is not nearly always"),
        pytest.param(WEEKS[:9], 14, 12.0, 6.0, id="nine in ten is"),
        pytest.param(WEEKS[:8], 14, 12.0, None, id="eight in ten is not"),
        pytest.param([*WEEKS[:9], (11, 20.0)], 14, 12.0, 6.0, id="later than usual once in ten times"),
        pytest.param([*WEEKS[:8], (10, 20.0), (11, 21.0)], 14, 12.0, 8.0, id="later than usual twice"),
        pytest.param(days((0, 1, 5, 6)), 7, 12.0, None, id="of any kind, but seldom"),
        pytest.param(days((3, 4, 5, 6)), 7, 12.0, 6.0, id="of any kind, while of that kind there are few"),
        pytest.param([(3, 17.0), (4, 18.0), (5, 19.0), (6, 20.0)], 7, 12.0, 8.0, id="of any kind, the latest"),
        pytest.param(days((5, 6, 12, 13)), 19, 12.0, 6.0, id="on days off"),
        pytest.param(days((5, 6, 12, 13, 19)), 20, 12.0, 6.0, id="on a Sunday too"),
        pytest.param([], 7, 12.0, None, id="nothing is known"),
    ],
)
def test_in_how_many_hours_a_car_will_be_home(
    visits: list[tuple[int, float]], day: int, hour: float, in_h: float | None
):
    assert usual.comes_h(came(*visits), at(MONDAY, 24.0 * day + hour)) == in_h


def test_a_car_that_left_in_a_cut_is_not_counted_on():
    assert usual.comes_h(came(*WEEK, left_in_cut=True), at(MONDAY, 168.0 + 12.0)) is None


def test_arrivals_without_their_days_say_nothing():
    before = came(*WEEK)
    some = Usual(arrivals=before.arrivals, came_on=before.came_on[1:])
    assert usual.comes_h(some, at(MONDAY, 168.0 + 12.0)) is None


@pytest.mark.parametrize(
    ("spare_wh", "thirds"),
    [
        ((60.0, 10.0, 50.0, 20.0, 40.0, 30.0), (15.0, 35.0, 55.0)),
        ((30.0, 10.0, 20.0), (10.0, 20.0, 30.0)),
        ((40.0, 10.0, 20.0, 30.0), (10.0, 25.0, 40.0)),
        ((50.0, 10.0, 20.0, 30.0, 40.0), (15.0, 30.0, 45.0)),
        ((), (0.0, 0.0, 0.0)),
    ],
)
def test_what_it_brings_are_averages_of_thirds(spare_wh: tuple[float, ...], thirds: tuple[float, float, float]):
    assert usual.brings_wh(Usual(spare_wh=spare_wh)) == thirds
