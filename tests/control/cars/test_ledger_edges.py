"""What bays have taken and given, at the edges of months and of what counts."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hems.control.cars import ledger
from hems.control.cars.memory import Ledger, Month
from hems.model.units import SourceId
from tests.control.fresh import bay_reading, seen
from tests.given import bay, flats

BAY_1 = SourceId("bay_1")
SITE = replace(flats(), bays=(bay("bay_1"), bay("bay_2")))
FULL = Month(taken_wh=1.0, outage_wh=10.0, grid_wh=100.0, giving_s=1000.0)
MORE = Month(taken_wh=2.0, outage_wh=20.0, grid_wh=200.0, giving_s=2000.0)


@pytest.mark.parametrize(
    ("utc", "local_h", "month"),
    [
        pytest.param(datetime(2026, 11, 30, 11, 0, tzinfo=UTC), 0.0, "2026-12", id="summer in New Zealand"),
        pytest.param(datetime(2026, 12, 1, 9, 0, tzinfo=UTC), 23.0, "2026-11", id="Hawaii"),
        pytest.param(datetime(2026, 11, 30, 13, 0, tzinfo=UTC), 0.0, "2026-12", id="eleven hours ahead"),
        pytest.param(datetime(2026, 12, 1, 0, 30, tzinfo=UTC), 23.5, "2026-11", id="one hour behind, and minutes"),
        pytest.param(datetime(2026, 11, 30, 23, 30, tzinfo=UTC), 0.0, "2026-12", id="half an hour to the minute"),
        pytest.param(datetime(2026, 11, 30, 23, 30, tzinfo=UTC), 23.996, "2026-11", id="a moment before midnight"),
        pytest.param(datetime(2026, 11, 30, 23, 30, tzinfo=UTC), 23.5, "2026-11", id="in Greenwich"),
        pytest.param(datetime(2026, 11, 30, 23, 30, tzinfo=UTC), None, "2026-11", id="no hour known"),
    ],
)
def test_a_month_ends_at_midnight_where_the_building_stands(utc: datetime, local_h: float | None, month: str):
    assert ledger.month_of(utc, local_h) == month


@pytest.mark.parametrize(("watts", "counts"), [(20.0, True), (19.9, False), (-20.0, True), (-19.9, False)])
def test_less_than_twenty_watts_are_the_meters_error(watts: float, counts: bool):
    found = ledger.after({}, SITE, seen(bay_1=bay_reading(power_w=watts)), "m", outage=False, dt_s=1.0, now_s=0.0)
    assert (BAY_1 in found) is counts


def test_where_nothing_flows_or_no_time_passes_the_same_mapping_stays():
    before = {BAY_1: Ledger(months={"m": FULL})}
    for dt_s, watts in ((0.0, 900.0), (10.0, 0.0), (10.0, None)):
        snapshot = seen(bay_1=bay_reading(power_w=watts))
        assert ledger.after(before, SITE, snapshot, "m", outage=False, dt_s=dt_s, now_s=0.0) is before


@pytest.mark.parametrize(
    ("watts", "outage", "month"),
    [
        pytest.param(-360.0, False, replace(FULL, taken_wh=4.0), id="charged"),
        pytest.param(-360.0, True, replace(FULL, taken_wh=4.0), id="charged in a cut"),
        pytest.param(360.0, True, replace(FULL, outage_wh=13.0, giving_s=1030.0), id="given in a cut"),
        pytest.param(360.0, False, replace(FULL, grid_wh=103.0, giving_s=1030.0), id="given with the grid"),
    ],
)
def test_what_flows_comes_on_top_of_what_has_flowed(watts: float, outage: bool, month: Month):
    before = {BAY_1: Ledger(months={"m": FULL, "n": MORE}, before=MORE)}
    snapshot = seen(bay_1=bay_reading(power_w=watts))
    found = ledger.after(before, SITE, snapshot, "m", outage=outage, dt_s=30.0, now_s=0.0)
    assert found == {BAY_1: Ledger(months={"m": month, "n": MORE}, before=MORE)}


def test_twenty_six_months_are_kept_and_the_oldest_is_folded_into_what_was_before():
    months = {f"{2020 + n // 12}-{n % 12 + 1:02}": replace(FULL, taken_wh=float(n)) for n in range(25)}
    snapshot = seen(bay_1=bay_reading(power_w=-360.0))
    found = {BAY_1: Ledger(months=months, before=MORE)}
    for month, kept, taken_wh in (("2022-02", 26, 2.0), ("2022-03", 26, 2.0), ("2022-04", 26, 3.0)):
        found = dict(ledger.after(found, SITE, snapshot, month, outage=False, dt_s=10.0, now_s=0.0))
        assert len(found[BAY_1].months) == kept
        assert found[BAY_1].before.taken_wh == taken_wh
    assert "2020-02" not in found[BAY_1].months
    assert found[BAY_1].before == Month(taken_wh=3.0, outage_wh=40.0, grid_wh=400.0, giving_s=4000.0)


def test_the_whole_is_what_was_before_and_every_month():
    whole = ledger.total(Ledger(months={"m": FULL, "n": FULL}, before=MORE))
    assert whole == Month(taken_wh=4.0, outage_wh=40.0, grid_wh=400.0, giving_s=4000.0)


GIVEN = Ledger(months={"m": Month(taken_wh=7.0, outage_wh=100.0, grid_wh=300.0, giving_s=1000.0)})


@pytest.mark.parametrize(
    ("warranty_wh", "warranty_s", "part"),
    [
        pytest.param(None, None, None, id="nobody has said"),
        pytest.param(1600.0, None, 0.25, id="by energy"),
        pytest.param(None, 2000.0, 0.5, id="by hours"),
        pytest.param(1600.0, 2000.0, 0.5, id="by hours, which are more"),
        pytest.param(500.0, 2000.0, 0.8, id="by energy, which is more"),
        pytest.param(0.0, 2000.0, 0.5, id="no energy said"),
        pytest.param(0.0, None, None, id="nothing that could be used up"),
        pytest.param(1.0, None, 400.0, id="a single watt-hour"),
    ],
)
def test_a_warranty_is_used_by_energy_or_by_hours(
    warranty_wh: float | None, warranty_s: float | None, part: float | None
):
    assert ledger.warranty_used(replace(bay("b"), warranty_wh=warranty_wh, warranty_s=warranty_s), GIVEN) == part
