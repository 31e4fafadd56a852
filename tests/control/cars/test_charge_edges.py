"""What is counted of a charge that is no longer told, at its edges; figures to be worked out by hand."""

from dataclasses import replace
from math import inf
from typing import Any

import pytest

from hems.control.cars.charge import after, counted, due_s, kept, left_pct
from hems.control.cars.memory import BayMemory, Charge
from hems.control.tuning.sources import CarParams
from hems.model.snapshot import BayState
from hems.model.units import SourceId
from tests.control.fresh import bay_reading, seen
from tests.given import bay, flats

BAY_1, BAY_2 = SourceId("bay_1"), SourceId("bay_2")
BAY = replace(bay("bay_1"), capacity_wh=50_000.0)
CARS = CarParams()
TOLD = Charge(pct=80.0, capacity_wh=60_000.0)
COUNTED = Charge(pct=80.0, capacity_wh=60_000.0, given_wh=5.0, stale=True)


def then(before: Charge | None, told_w: float, dt_s: float = 10.0, **values: Any) -> Charge | None:
    return after(before, BAY, bay_reading(**({"state": BayState.DISCHARGING} | values)), told_w, dt_s, 100.0)


@pytest.mark.parametrize(
    ("values", "capacity_wh"),
    [
        pytest.param({"soc_pct": 70.0, "capacity_wh": 60_000.0}, 60_000.0, id="as the car tells"),
        pytest.param({"soc_pct": 70.0}, 50_000.0, id="as the site file assumes"),
    ],
)
@pytest.mark.parametrize("before", [None, TOLD, COUNTED])
def test_what_is_told_counts_and_nothing_else(before: Charge | None, values: dict[str, Any], capacity_wh: float):
    assert then(before, 0.0, **values) == Charge(pct=70.0, capacity_wh=capacity_wh)


def test_a_car_at_zero_percent_has_told():
    assert then(TOLD, 3600.0, soc_pct=0.0) == Charge(pct=0.0, capacity_wh=50_000.0)


def test_of_a_charger_without_a_state_nothing_is_known_even_if_a_percentage_comes():
    assert then(TOLD, 3600.0, state=None, soc_pct=80.0, capacity_wh=60_000.0) is None


def test_while_nothing_changes_the_same_value_stays():
    assert then(TOLD, 0.0, soc_pct=80.0, capacity_wh=60_000.0) is TOLD


@pytest.mark.parametrize(
    ("pct", "capacity_wh"), [(81.0, 60_000.0), (80.0, 61_000.0)], ids=["another charge", "another capacity"]
)
def test_what_is_told_anew_replaces_what_was_told(pct: float, capacity_wh: float):
    assert then(TOLD, 0.0, soc_pct=pct, capacity_wh=capacity_wh) == Charge(pct=pct, capacity_wh=capacity_wh)


def test_what_was_counted_begins_anew_when_the_car_tells_the_same_again():
    assert then(COUNTED, 0.0, soc_pct=80.0, capacity_wh=60_000.0) == TOLD


@pytest.mark.parametrize(
    ("told_w", "flows_w", "more_wh"),
    [
        pytest.param(3600.0, None, 11.0, id="as told, where nothing is measured"),
        pytest.param(3600.0, 7200.0, 22.0, id="as measured, where it gives more"),
        pytest.param(7200.0, 3600.0, 11.0, id="as measured, where it gives less"),
        pytest.param(0.0, 3600.0, 11.0, id="as measured, though it is told nothing"),
        pytest.param(3600.0, 0.0, 0.0, id="told, and gives nothing"),
        pytest.param(3600.0, -3600.0, 0.0, id="told, and charges"),
        pytest.param(0.5, 0.0, 0.0, id="told next to nothing"),
    ],
)
@pytest.mark.parametrize("before", [TOLD, COUNTED])
def test_a_tenth_more_is_counted_than_flows(before: Charge, told_w: float, flows_w: float | None, more_wh: float):
    found = then(before, told_w, power_w=flows_w)
    assert found is not None
    assert found.given_wh == pytest.approx(before.given_wh + more_wh)
    assert (found.pct, found.capacity_wh, found.stale) == (80.0, 60_000.0, True)


@pytest.mark.parametrize(
    ("before", "told_w", "flows_w"),
    [
        pytest.param(None, 3600.0, 3600.0, id="it has never told"),
        pytest.param(TOLD, 0.0, 0.0, id="it neither gives nor is told to"),
        pytest.param(TOLD, 0.0, -3600.0, id="it charges"),
        pytest.param(TOLD, 0.0, None, id="nobody knows what flows, and it is told nothing"),
        pytest.param(TOLD, -3600.0, None, id="it is told to charge"),
    ],
)
def test_a_car_that_does_not_give_is_not_counted_on(before: Charge | None, told_w: float, flows_w: float | None):
    assert then(before, told_w, power_w=flows_w) is None


@pytest.mark.parametrize(
    ("pct", "given_wh", "left"),
    [(80.0, 10_000.0, 60.0), (10.0, 5000.0, 0.0), (10.0, 10_000.0, 0.0), (20.5, 10_000.0, 0.5)],
)
def test_what_is_left_is_what_was_told_less_what_was_given(pct: float, given_wh: float, left: float):
    assert left_pct(Charge(pct=pct, capacity_wh=50_000.0, given_wh=given_wh, stale=True)) == left


def test_a_counted_charge_stands_in_the_snapshot_and_leaves_all_else_as_it_was():
    snapshot = seen(bay_1=bay_reading(power_w=900.0), bay_2=bay_reading(soc_pct=33.0))
    memories = {
        BAY_1: BayMemory(charge=Charge(pct=80.0, capacity_wh=50_000.0, given_wh=10_000.0, stale=True)),
        BAY_2: BayMemory(charge=TOLD),
        SourceId("bay_3"): BayMemory(),
        SourceId("bay_4"): BayMemory(charge=COUNTED),
    }
    found = counted(snapshot, memories, 7.0)
    one = found.bays[BAY_1]
    assert (one.soc_pct.known(7.0), one.capacity_wh.known(7.0), one.power_w.known(7.0)) == (60.0, 50_000.0, 900.0)
    assert found.bays[BAY_2] == snapshot.bays[BAY_2]
    assert SourceId("bay_3") not in found.bays
    assert found.bays[SourceId("bay_4")].capacity_wh.known(7.0) == 60_000.0


def test_where_all_charges_are_told_the_snapshot_is_the_same():
    snapshot = seen(bay_1=bay_reading(soc_pct=33.0))
    assert counted(snapshot, {BAY_1: BayMemory(charge=TOLD), BAY_2: BayMemory()}, 7.0) is snapshot


@pytest.mark.parametrize(
    ("memory", "floor_pct"),
    [
        pytest.param(None, 40.0, id="nothing known"),
        pytest.param(BayMemory(), 40.0, id="no charge known"),
        pytest.param(BayMemory(charge=TOLD), 40.0, id="told"),
        pytest.param(BayMemory(charge=COUNTED), 45.0, id="counted"),
    ],
)
def test_a_floor_is_five_percent_further_away_while_a_charge_is_only_counted(
    memory: BayMemory | None, floor_pct: float
):
    assert kept(BAY, memory, CARS).floor_pct == floor_pct


def test_what_the_maker_keeps_is_further_away_too():
    assert kept(replace(BAY, floor_pct=10.0), BayMemory(charge=COUNTED), CARS).floor_pct == 25.0


SPARE = Charge(pct=50.0, capacity_wh=55_000.0, given_wh=0.0, stale=True)
"""Seven percent, 3,850 Wh, above a floor of 40 and 3 %: at 1,000 W and a tenth more three hours and a half."""


@pytest.mark.parametrize(
    ("charge", "flows_w", "due"),
    [
        pytest.param(SPARE, 1000.0, 100.0 + 12_600.0, id="seven percent"),
        pytest.param(replace(SPARE, pct=43.0), 1000.0, 100.0, id="at its floor"),
        pytest.param(replace(SPARE, pct=30.0), 1000.0, 100.0, id="below its floor"),
        pytest.param(SPARE, 0.0, inf, id="it gives nothing"),
        pytest.param(SPARE, -1000.0, inf, id="it charges"),
        pytest.param(SPARE, None, inf, id="nobody knows what it gives"),
        pytest.param(replace(SPARE, stale=False), 1000.0, inf, id="it tells"),
        pytest.param(None, 1000.0, inf, id="nothing is known of it"),
    ],
)
def test_when_a_counted_charge_comes_down_to_its_floor(charge: Charge | None, flows_w: float | None, due: float):
    site, memories = replace(flats(), bays=(BAY,)), {BAY_1: BayMemory(charge=charge)}
    assert due_s(site, memories, seen(bay_1=bay_reading(power_w=flows_w)), CARS, 100.0) == pytest.approx(due)


def test_the_first_of_several_that_come_down_is_waited_for():
    site = replace(flats(), bays=(BAY, replace(BAY, id=BAY_2), replace(BAY, id=SourceId("bay_3"))))
    memories = {BAY_1: BayMemory(charge=SPARE), BAY_2: BayMemory(charge=SPARE)}
    snapshot = seen(bay_1=bay_reading(power_w=1000.0), bay_2=bay_reading(power_w=2000.0))
    assert due_s(site, memories, snapshot, CARS, 100.0) == pytest.approx(100.0 + 6300.0)
