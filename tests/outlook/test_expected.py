"""What the next days are taken to bring: as the building's habits say, where they are known."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hems.control.memory.using import Habits
from hems.model.instant import Instant
from hems.model.units import CircuitId
from hems.outlook.expected import POOR, expected
from hems.outlook.question import Question
from tests.outlook.given import present

GYM = CircuitId("gym")
MIDNIGHT = datetime(2026, 6, 2, tzinfo=UTC)
DAYS = tuple((0,) * 12 + (noon_w,) + (0,) * 11 for noon_w in (3000, 9000, 15_000))


@pytest.fixture
def known() -> Question:
    question = present(fails=True)
    hours = tuple(100 * hour for hour in range(24)) * 2
    habits = Habits(loads_w={GYM: hours}, suns_w=DAYS)
    return replace(
        question,
        state=replace(question.state, habits=habits),
        now=Instant(question.now.mono_s, MIDNIGHT),
    )


def test_use_goes_from_what_is_drawn_now_to_what_is_usual_at_that_hour(known: Question) -> None:
    found, now_s = expected(known), known.now.mono_s
    assert found.load_w(GYM, now_s + 18.5 * 3600.0) == pytest.approx(1800.0, abs=1.0)
    assert found.load_w(GYM, now_s + 44.5 * 3600.0) == pytest.approx(2000.0, abs=1.0)


def test_the_sun_is_that_of_a_middling_day_or_of_a_poor_one(known: Question) -> None:
    now_s = known.now.mono_s
    rated_w = sum(pv.rated_w for pv in known.site.pvs)
    assert expected(known).sun_pu(now_s + 36.5 * 3600.0) == pytest.approx(9000.0 / rated_w)
    assert expected(known).sun_pu(now_s + 37.5 * 3600.0) == 0.0
    assert expected(known, sky=POOR).sun_pu(now_s + 36.5 * 3600.0) == pytest.approx(3000.0 / rated_w)


def test_before_three_days_are_known_a_clear_sky_is_all_there_is(known: Question) -> None:
    some = replace(known.state.habits, suns_w=DAYS[:2])
    found = expected(replace(known, state=replace(known.state, habits=some)))
    assert found.sun_pu(known.now.mono_s + 13.5 * 3600.0) > 0.0
