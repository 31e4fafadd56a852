"""The hours ahead: how long cuts last, what people say of it, and a sun that tells nothing while it is held back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

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
