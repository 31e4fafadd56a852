"""Habits: the average of each hour, a little with every one that ends, and nothing from what was not seen."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hems.control import habits
from hems.control.habits import HOURS
from hems.control.memory.using import Habits, Watched
from hems.control.resume import resumed
from hems.control.state import ControlState, initial
from hems.model.codec import from_plain, to_plain
from hems.model.units import CircuitId
from tests.given import flats

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
GYM = CircuitId("gym")


def lived(found: Habits, since: datetime, hours: float, gym_w: float, sun_w: float | None = 0.0) -> Habits:
    """Every five minutes for so long."""
    for look in range(1, int(hours * 12) + 1):
        found = habits.after(found, since + timedelta(minutes=5 * look), {GYM: gym_w}, sun_w, 300.0)
    return found


def test_an_hour_seen_for_the_first_time_is_taken_as_it_was_and_a_later_one_counts_for_a_quarter() -> None:
    # given a Monday on which the gym draws 1 kW from noon to one
    once = lived(Habits(), MONDAY + timedelta(hours=11.99), 1.2, 1000.0)
    assert once.loads_w[GYM][12] == 1000
    # when it draws 2 kW on Tuesday
    twice = lived(once, MONDAY + timedelta(hours=35.99), 1.2, 2000.0)
    assert twice.loads_w[GYM][12] == 1250


def test_weekends_are_learned_apart_and_stand_in_for_working_days_that_nobody_has_seen() -> None:
    saturday = MONDAY + timedelta(days=5, hours=11.99)
    found = lived(Habits(), saturday, 1.2, 700.0)
    assert found.loads_w[GYM][12] == -1
    assert found.loads_w[GYM][HOURS + 12] == 700
    usual = habits.usual_w(found, flats())
    # then Monday's noon is taken to be like it, another hour like the average, another circuit like its plate
    assert usual[GYM][12] == 700
    assert usual[GYM][3] == 700
    assert usual[CircuitId("kitchen")][12] == 5400.0


def test_nothing_is_learned_without_a_clock_nor_over_a_gap_nor_from_a_few_minutes() -> None:
    assert habits.after(Habits(), None, {GYM: 500.0}, 0.0, 60.0) == Habits()
    assert habits.after(Habits(), MONDAY, {GYM: 500.0}, 0.0, 3600.0) == Habits()
    found = lived(Habits(), MONDAY, 0.1, 900.0)
    assert GYM not in lived(found, MONDAY + timedelta(hours=1), 0.1, 900.0).loads_w


def test_three_whole_days_are_needed_and_ten_are_kept() -> None:
    found = Habits()
    known = []
    for day in range(14):
        found = lived(found, MONDAY + timedelta(days=day), 24.0, 100.0, sun_w=100.0 * day)
        known.append(habits.known(found))
    assert known[:4] == [False, False, True, True]
    assert len(found.suns_w) == 10
    assert found.suns_w[-1][12] == 1300


def test_an_hour_in_which_the_sun_was_held_back_is_taken_from_the_day_before() -> None:
    found = lived(Habits(), MONDAY, 24.0, 100.0, sun_w=3000.0)
    found = lived(found, MONDAY + timedelta(days=1), 14.0, 100.0, sun_w=1000.0)
    found = lived(found, MONDAY + timedelta(days=1, hours=14.0), 10.0, 100.0, sun_w=None)
    found = lived(found, MONDAY + timedelta(days=2), 1.0, 100.0)
    assert found.suns_w[-1][10] == 1000
    assert found.suns_w[-1][16] == 3000


def test_habits_survive_a_restart_and_a_leap_of_the_clock() -> None:
    found = lived(Habits(), MONDAY, 100.0, 450.0, sun_w=2000.0)
    state = replace(initial(0.0), habits=found)
    saved = from_plain(ControlState, json.loads(json.dumps(to_plain(state))))
    assert resumed(saved, shift_s=0.0, now_s=10.0).habits == found
    # when the clock is found to be years ahead, what was learned stays
    later = habits.after(found, MONDAY + timedelta(days=4000), {GYM: 1.0}, 0.0, 60.0)
    assert later.loads_w[GYM][5] == found.loads_w[GYM][5]


def test_the_48_kinds_of_hours_begin_with_a_monday_and_a_saturday() -> None:
    monday = habits.hour_of(datetime(2026, 11, 16, tzinfo=UTC))
    kinds = [habits.slot(monday + hour) for hour in range(7 * HOURS)]
    assert kinds == [*range(HOURS)] * 5 + [*range(HOURS, 2 * HOURS)] * 2
    assert habits.slot(0) == 0  # 1970 began on a Thursday


def test_what_is_seen_is_summed_up_by_its_time_and_a_leap_of_more_than_a_quarter_of_an_hour_is_not_seen() -> None:
    gym, noon = CircuitId("gym"), datetime(2026, 11, 16, 12, tzinfo=UTC)
    once = habits.after(Habits(), noon, {gym: 1_000.0}, 500.0, 901.0)
    assert (once.drew[gym].joules, once.drew[gym].seen_s, once.sun.joules) == (901_000.0, 901.0, 450_500.0)
    twice = habits.after(once, noon + timedelta(seconds=10), {gym: 2_000.0}, None, 10.0)
    assert (twice.drew[gym].joules, twice.drew[gym].seen_s, twice.sun) == (921_000.0, 911.0, once.sun)
    assert habits.after(once, noon, {gym: 1_000.0}, 500.0, 901.1) == once
    assert habits.after(once, noon, {gym: 1_000.0}, 500.0, 0.0) == once


def test_ten_minutes_of_an_hour_teach_and_less_does_not() -> None:
    gym, noon = CircuitId("gym"), datetime(2026, 11, 16, 12, tzinfo=UTC)
    for seen_s, learned in ((599.0, False), (600.0, True)):
        seen = habits.after(Habits(), noon, {gym: 1_000.0}, 500.0, seen_s)
        later = habits.after(seen, noon + timedelta(hours=1), {gym: 0.0}, 0.0, 1.0)
        assert (later.loads_w.get(gym, (0,) * 48)[12] == 1_000) is learned
        assert (later.today_w == {12: 500}) is learned


def test_more_than_half_a_day_of_sun_is_a_day_and_half_of_one_is_none():
    # given a Monday of which so many hours of sun were seen, at its end
    last = habits.hour_of(MONDAY) + 23
    for seen, days in ((12, 0), (13, 1)):
        monday = Habits(hour=last, today_w=dict.fromkeys(range(seen), 700), suns_w=())
        after = habits.after(monday, MONDAY + timedelta(days=1), {}, None, 60.0)
        assert after.suns_w == ((700,) * 13 + (0,) * 11,) * days
        assert after.today_w == {}
    # when it is not over, nothing is folded away
    during = habits.after(Habits(hour=last - 1, today_w={3: 5}), MONDAY + timedelta(hours=23), {}, None, 60.0)
    assert during.today_w == {3: 5}


def test_of_several_days_the_last_one_stands_in_for_hours_that_were_not_seen():
    # given a day of which the morning was seen, after a dark one and a bright one
    last = habits.hour_of(MONDAY) + HOURS - 1
    known = Habits(hour=last, today_w=dict.fromkeys(range(13), 700), suns_w=((5,) * HOURS, (900,) * HOURS))
    after = habits.after(known, MONDAY + timedelta(days=1, minutes=5), {}, 0.0, 300.0)
    assert after.suns_w[-1] == (700,) * 13 + (900,) * 11


def test_an_hour_that_nobody_has_seen_is_like_that_of_the_other_kind_of_day_and_nothing_is_a_number():
    # given 5 o'clock seen on both kinds of days, 6 on working days, 7 at weekends, and 0 W among them
    learned = [-1] * 48
    learned[5], learned[29], learned[6], learned[31], learned[33] = 0, 700, 300, 800, 0
    usual = habits.usual_w(Habits(loads_w={GYM: tuple(learned)}), flats())[GYM]
    assert (usual[5], usual[29], usual[6], usual[30], usual[7], usual[31]) == (0, 700, 300, 300, 800, 800)
    assert (usual[9], usual[33]) == (0, 0)
    assert usual[8] == usual[47] == (0 + 700 + 300 + 800 + 0) / 5


def test_a_quarter_of_what_is_new_is_learned_of_an_hour_that_was_nothing_before():
    noon = habits.hour_of(MONDAY) + 12
    drew = {GYM: Watched(600.0 * 1000.0, 600.0)}
    known = (*((5,) * 12), 0, *((7,) * 35))
    found = Habits(hour=noon, drew=drew, loads_w={GYM: known})
    after = habits.after(found, MONDAY + timedelta(hours=13), {}, None, 1.0)
    assert after.loads_w[GYM] == (*((5,) * 12), 250, *((7,) * 35))
    assert (after.hour, after.drew, after.sun.seen_s) == (noon + 1, {}, 0.0)


def test_the_first_saturday_of_1970_is_the_third_day() -> None:
    assert [habits.slot(day * HOURS) for day in range(12)] == [0, 0, 24, 24, 0, 0, 0, 0, 0, 24, 24, 0]
