"""The hours ahead: how long cuts last, what people say of it, and a sun that tells nothing while it is held back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import exp

import pytest

from hems.control import ahead, lasting
from hems.control.given import Given
from hems.control.memory.seeing import ModeMemory
from hems.control.memory.using import Habits, SavingMemory
from hems.control.params import Params
from hems.control.state import ControlState, initial
from hems.model import wiring
from hems.model.instant import Instant
from hems.model.mode import Mode
from hems.model.request import Standing, Task
from hems.model.units import SourceId
from tests.control import pencil
from tests.control.panel import snapshot
from tests.control.test_lasting import EVENING, KNOWN, lasts, on_island
from tests.given import flats

SITE = flats()
HOUR_S = 3600.0


def learned(state: ControlState, *, soc_pct: float = 60.0, sun_w: float = 5000.0, now_s: float = 1000.0) -> Habits:
    values = {wiring.battery_soc(SourceId("main")): soc_pct, wiring.pv_power(SITE.pvs[0].id): sun_w}
    given = Given(SITE, snapshot(SITE, values, now_s), Params(), Instant(now_s, EVENING + timedelta(seconds=now_s)))
    watts = {one.id: one.typical_w for one in SITE.circuits}
    return ahead.learned(given, state, watts, 60.0)


def cut(since_s: float | None, known: Habits = KNOWN) -> ControlState:
    mode = Mode.GRID_CONNECTED if since_s is None else Mode.ISLANDED
    return replace(initial(0.0), mode=ModeMemory(mode=mode, outage_since_s=since_s), habits=known)


def test_the_sun_teaches_nothing_while_a_full_battery_holds_it_back() -> None:
    assert learned(cut(0.0), soc_pct=60.0).sun.seen_s == 60.0
    assert learned(cut(0.0), soc_pct=93.0).sun.seen_s == 0.0
    # on the grid nothing holds it back
    assert learned(cut(None), soc_pct=93.0).sun.joules == 60.0 * 5000.0


def test_a_cut_that_is_over_is_remembered_and_one_made_on_purpose_is_not() -> None:
    # given a cut of five hours
    during = learned(cut(0.0), now_s=5.0 * HOUR_S)
    after = learned(cut(None, during), now_s=5.0 * HOUR_S + 60.0)
    assert (after.cuts_h, after.cut_h) == ((5.0,), 0.0)
    # when there is a blink, or somebody leaves the grid on purpose
    blink = learned(cut(None, learned(cut(0.0, after), now_s=600.0)), now_s=660.0)
    planned = Standing(task=Task.ISLAND, who="Ana", reason="", begins_s=0.0, ends_s=9e9)
    meant = learned(replace(cut(0.0, after), orders={Task.ISLAND: planned}), now_s=7000.0)
    # then nothing is added
    assert blink.cuts_h == meant.cuts_h == (5.0,)
    assert meant.cut_h == 0.0


@pytest.mark.parametrize(
    ("on_purpose", "begins_s", "counts"),
    [
        pytest.param(False, 9e8, True, id="one is announced for later"),
        pytest.param(False, 7000.0, False, id="it begins now"),
        pytest.param(True, None, False, id="it is over, and the grid has to prove itself"),
        pytest.param(False, None, True, id="nobody wants it"),
    ],
)
def test_a_cut_counts_unless_the_building_is_off_the_grid_on_purpose(
    on_purpose: bool, begins_s: float | None, counts: bool
) -> None:
    orders = {} if begins_s is None else pencil.standing(Task.ISLAND, begins_s)
    state = replace(cut(0.0), orders=orders)
    state = replace(state, mode=replace(state.mode, on_purpose=on_purpose))
    assert (learned(state, now_s=7000.0).cut_h > 0.0) is counts


def test_what_is_expected_leans_on_the_buildings_own_cuts_that_lasted_as_long_as_this_one() -> None:
    assert ahead.expected_h(Habits(), 18.0) == 18.0
    short = Habits(cuts_h=(2.0,) * 16)
    assert ahead.expected_h(short, 18.0) == pytest.approx((4 * 18.0 + 16 * 2.0) / 20)
    # when the present one has outlived them all, they tell nothing
    assert ahead.expected_h(replace(short, cut_h=3.0), 18.0) == 18.0


def test_what_people_say_is_believed_with_a_grain_of_salt() -> None:
    def before(hours: float) -> float:
        return ahead.lasts(hours, 18.0, 6.0)

    assert before(0.0) == 1.0
    assert before(5.9) > ahead.lasts(5.9, 18.0, None)
    assert 0.03 < before(24.0) < ahead.lasts(24.0, 18.0, None)
    values = [before(float(hour)) for hour in range(72)]
    assert values == sorted(values, reverse=True)


def test_energy_is_freed_when_the_grid_is_said_to_be_back_soon_and_only_until_then() -> None:
    said = Standing(task=Task.RETURN, who="Ana", reason="", begins_s=0.0, ends_s=1000.0 + 2.0 * HOUR_S)
    state = replace(on_island(), orders={Task.RETURN: said})
    usual, soon = lasts(60.0), lasts(60.0, state)
    assert soon.resting < usual.resting
    late = lasts(60.0, state, now_s=said.ends_s + 1.0, utc=EVENING)
    assert late.price == pytest.approx(usual.price, rel=0.01)


def test_three_days_ahead_begin_with_what_is_left_of_this_hour() -> None:
    utc = datetime(2026, 6, 1, 10, 45, tzinfo=UTC)
    tiers = ahead.tiers_w(SITE, KNOWN)
    hours = ahead.hours(tiers, tuple(range(24)), utc, 18.0)
    assert (len(hours), hours[0].hours, hours[1].hours) == (72, 0.25, 1.0)
    assert hours[0].lasts == 1.0
    assert hours[1].lasts == pytest.approx(ahead.lasts(0.25, 18.0, None))
    assert hours[15].left_w[0] == pytest.approx((10 + 15) % 24 - tiers[0][0])


def test_no_memory_of_saving_is_left_on_the_grid_but_who_went_without() -> None:
    before = SavingMemory(price=5.0, resting=frozenset({SITE.circuits[-1].id}), missed_h={SITE.circuits[-1].id: 3.0})
    given = Given(SITE, snapshot(SITE, {}, 1000.0), Params(), Instant(1000.0, EVENING))
    assert lasting.lasting(given, replace(cut(None), saving=before), 1.0).memory == SavingMemory(
        missed_h=before.missed_h
    )


# With a pencil --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "thirds"),
    [
        ((300, 100, 200), (100.0, 200.0, 300.0)),
        ((700, 100, 600, 200, 500, 300, 400), (150.0, 400.0, 650.0)),
        ((1000, 900, 800, 700, 600, 500, 400, 300, 200, 100), (200.0, 550.0, 900.0)),
    ],
)
def test_a_poor_a_middling_and_a_good_day_are_the_averages_of_thirds(
    days: tuple[int, ...], thirds: tuple[float, ...]
) -> None:
    known = Habits(suns_w=tuple((watts,) * 23 + (1,) for watts in days))
    assert ahead.suns_w(known) == [(watts,) * 23 + (1.0,) for watts in thirds]


def test_tiers_are_added_from_the_critical_ones_on() -> None:
    # 7 kW critical, 7.2 essential, 8.4 comfort, 8 non-essential and 6 flexible, as on their plates
    assert ahead.tiers_w(SITE, Habits()) == [(7_000.0, 14_200.0, 22_600.0, 30_600.0, 36_600.0)] * 48


def test_a_cut_as_long_as_the_present_one_tells_nothing_and_a_longer_one_what_is_left_of_it() -> None:
    assert ahead.expected_h(Habits(cuts_h=(2.0, 5.0), cut_h=2.0), 18.0) == pytest.approx((4 * 18.0 + 3.0) / 5)
    assert ahead.expected_h(Habits(cuts_h=(2.0, 5.0), cut_h=1.5), 18.0) == pytest.approx((4 * 18.0 + 0.5 + 3.5) / 6)


@pytest.mark.parametrize(
    ("after_h", "said_h", "part"),
    [
        (6.0, None, exp(-1.0 / 3.0)),
        (6.0, 6.0, 0.2 * exp(-1.0 / 3.0) + 0.8),
        (9.0, 6.0, 0.2 * exp(-0.5) + 0.8 * exp(-1.0)),
        (1.0, 0.5, 0.2 * exp(-1.0 / 18.0) + 0.8 * exp(-1.0)),
        (3.0, 2.0, 0.2 * exp(-1.0 / 6.0) + 0.8 * exp(-1.0)),
    ],
)
def test_of_what_is_said_a_fifth_is_guessed_and_the_rest_is_late_by_half(
    after_h: float, said_h: float | None, part: float
) -> None:
    assert ahead.lasts(after_h, 18.0, said_h) == pytest.approx(part)


def test_cars_bring_what_they_have_in_the_hour_in_which_they_come() -> None:
    # given a quarter past the hour: hours begin in 0, 0.75, 1.75 and 2.75 hours
    utc = datetime(2026, 6, 1, 10, 15, tzinfo=UTC)
    cars = ((0.75, 10.0), (0.76, 100.0), (1.75, 1000.0), (1.76, 10_000.0))
    found = ahead.hours(ahead.tiers_w(SITE, KNOWN), (0.0,) * 24, utc, 18.0, None, cars)
    assert [one.brings_wh for one in found[:5]] == [0.0, 10.0, 1100.0, 10_000.0, 0.0]
    assert [one.hours for one in found[:3]] == [0.75, 1.0, 1.0]
    assert found[2].lasts == pytest.approx(exp(-1.75 / 18.0))


@pytest.mark.parametrize("in_h", [0.0, 0.2, 0.25, 0.75, 1.0, 2.6])
@pytest.mark.parametrize("minute", [0, 15, 45])
def test_a_car_that_comes_home_counts_in_one_hour_only(in_h: float, minute: int) -> None:
    utc = EVENING.replace(minute=minute)
    found = ahead.hours(ahead.tiers_w(SITE, KNOWN), (0.0,) * 24, utc, 18.0, None, [(in_h, 9000.0)])
    assert [hour.brings_wh for hour in found if hour.brings_wh] == [9000.0]


def test_each_hour_ahead_has_its_own_sun_and_its_own_kind_of_day() -> None:
    # given a Friday at 22:00, and weekends on which nobody draws anything
    utc = datetime(2026, 6, 5, 22, 0, tzinfo=UTC)
    tiers = [(100.0,) * 5] * 24 + [(1.0,) * 5] * 24
    found = ahead.hours(tiers, tuple(float(hour) for hour in range(24)), utc, 18.0)
    assert [one.left_w[0] for one in found[:4]] == [22.0 - 100.0, 23.0 - 100.0, -1.0, 0.0]
    assert [one.hours for one in found[:2]] == [1.0, 1.0]


@pytest.mark.parametrize(
    ("sun_w", "hour"), [(100.0, None), (101.0, 7)], ids=["as much as they draw is not enough", "a watt more is"]
)
def test_the_sun_rises_when_it_carries_the_critical_circuits(sun_w: float, hour: int | None) -> None:
    tiers = [(100.0, 9e9, 9e9, 9e9, 9e9)] * 48
    sun = (0.0,) * 7 + (sun_w,) * 9 + (0.0,) * 8
    at = ahead.sunrise(tiers, sun, datetime(2026, 6, 1, 18, 30, tzinfo=UTC))
    assert at == (None if hour is None else datetime(2026, 6, 2, hour, tzinfo=UTC))
    # in the hour before it is still waited for, by day no more
    at = ahead.sunrise(tiers, sun, datetime(2026, 6, 2, 6, 30, tzinfo=UTC))
    assert at == (None if hour is None else datetime(2026, 6, 2, hour, tzinfo=UTC))
    assert ahead.sunrise(tiers, sun, datetime(2026, 6, 1, 9, 30, tzinfo=UTC)) is None


def test_at_nine_tenths_the_sun_may_be_held_back_and_a_store_or_a_plant_that_nobody_reads_tells_nothing() -> None:
    assert learned(cut(0.0), soc_pct=89.9).sun.seen_s == 60.0
    assert learned(cut(0.0), soc_pct=90.0).sun.seen_s == 0.0
    for values, seen_s in (
        ({wiring.battery_soc(SourceId("main")): None}, 0.0),
        ({wiring.pv_power(SITE.pvs[0].id): None, wiring.battery_soc(SourceId("main")): 50.0}, 0.0),
        ({wiring.battery_soc(SourceId("main")): 50.0}, 60.0),
    ):
        given = Given(SITE, snapshot(SITE, values, 1000.0), Params(), Instant(1000.0, EVENING))
        assert ahead.learned(given, cut(0.0), {}, 60.0).sun.seen_s == seen_s


@pytest.mark.parametrize(("hours", "kept"), [(0.25, (5.0, 0.25)), (0.24, (5.0,)), (0.0, (5.0,)), (1.666, (5.0, 1.67))])
def test_a_cut_of_a_quarter_of_an_hour_is_remembered(hours: float, kept: tuple[float, ...]) -> None:
    after = learned(cut(None, Habits(cuts_h=(5.0,), cut_h=hours)))
    assert (after.cuts_h, after.cut_h) == (kept, 0.0)


def test_twenty_cuts_are_remembered_and_none_that_was_a_practice() -> None:
    many = Habits(cuts_h=tuple(float(hours) for hours in range(1, 21)), cut_h=99.0)
    assert learned(cut(None, many)).cuts_h == (*(float(hours) for hours in range(2, 21)), 99.0)
    drill = Standing(task=Task.DRILL, who="Ana", reason="", begins_s=0.0, ends_s=9e9)
    assert learned(replace(cut(0.0, many), orders={Task.DRILL: drill})).cut_h == 99.0
    assert learned(cut(100.0, many), now_s=3700.0).cut_h == 1.0
