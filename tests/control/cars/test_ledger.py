"""What bays have taken and given, month by month."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hems.control.cars import ledger
from hems.control.cars.memory import Ledger, Month
from hems.control.state import initial
from hems.model.codec import from_plain, to_plain
from hems.model.units import SourceId
from tests.control.panel import GRID_DEAD, TIE_OPEN, car, panel, snapshot
from tests.given import flats

SITE = flats()
BAY_1, BAY_2 = SourceId("bay_1"), SourceId("bay_2")


def booked(
    watts: float,
    hours: float,
    *,
    before: Mapping[SourceId, Ledger] | None = None,
    month: str = "2026-11",
    outage: bool = False,
) -> Mapping[SourceId, Ledger]:
    seen = snapshot(SITE, car("bay_1", 60.0, watts))
    return ledger.after(before or {}, SITE, seen, month, outage=outage, dt_s=hours * 3600.0, now_s=0.0)


def test_what_is_taken_and_given_is_told_apart_and_an_outage_from_the_grid():
    found = booked(-7000.0, 2.0)
    found = booked(3000.0, 0.5, before=found, outage=True)
    found = booked(2000.0, 0.25, before=found)
    assert found[BAY_1].months["2026-11"] == Month(taken_wh=14_000.0, outage_wh=1500.0, grid_wh=500.0, giving_s=2700.0)
    assert BAY_2 not in found


@pytest.mark.parametrize(
    ("utc", "local_h", "month"),
    [
        (datetime(2026, 11, 30, 23, 30, tzinfo=UTC), 0.5, "2026-12"),
        (datetime(2026, 12, 1, 2, 0, tzinfo=UTC), 18.0, "2026-11"),
        (datetime(2026, 12, 1, 2, 0, tzinfo=UTC), None, "2026-12"),
        (None, 3.0, "unknown"),
    ],
)
def test_a_month_is_that_of_the_clock_on_the_wall(utc: datetime | None, local_h: float | None, month: str):
    assert ledger.month_of(utc, local_h) == month


@given(st.lists(st.tuples(st.integers(0, 60), st.floats(-10_000.0, 10_000.0)), max_size=40))
def test_nothing_is_ever_lost_when_old_months_are_folded(flows: list[tuple[int, float]]):
    found: dict[SourceId, Ledger] = {}
    for number, watts in flows:
        found = dict(booked(watts, 1.0, before=found, month=f"{2020 + number // 12}-{number % 12 + 1:02}"))
    busy = [watts for _, watts in flows if abs(watts) >= ledger.IDLE_W]
    whole = ledger.total(found.get(BAY_1, Ledger()))
    assert whole.taken_wh == pytest.approx(-sum(watts for watts in busy if watts < 0.0))
    assert whole.grid_wh == pytest.approx(sum(watts for watts in busy if watts > 0.0))
    assert len(found.get(BAY_1, Ledger()).months) <= ledger.MONTHS_KEPT


def test_the_tick_keeps_it_also_through_an_island_and_the_state_carries_it():
    # given a car that charges for ten minutes on the grid and then gives for ten on an island
    made = panel().says(car("bay_1", 60.0)).advance(700.0, every_s=100.0)
    made.says(car("bay_1", 60.0, -6000.0)).advance(600.0, every_s=60.0)
    made.says(GRID_DEAD, TIE_OPEN, car("bay_1", 60.0, 3000.0)).advance(600.0, every_s=60.0)
    found = made.state.ledgers[BAY_1].months[ledger.NO_DATE]
    # then both are counted
    assert found.taken_wh == pytest.approx(1000.0, rel=0.01)
    assert found.outage_wh == pytest.approx(500.0, rel=0.02)
    # and come back from disk
    assert from_plain(type(initial(0.0)), to_plain(made.state)).ledgers == made.state.ledgers
