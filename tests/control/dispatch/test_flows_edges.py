"""What flows, and what is taken to flow while a meter is silent; sums whose parts all count."""

from dataclasses import replace

import pytest

from hems.control.dispatch.flows import Flows, assumed, car_w, flows, gives_w, house_phase_w, sure
from hems.control.dispatch.memory import ConnectionMemory, Standing
from hems.model.reading import Quality, Reading, missing
from hems.model.site import Phase, Site
from hems.model.snapshot import Snapshot
from hems.model.units import SourceId
from tests.control.fresh import battery_reading, bay_reading, fresh, seen
from tests.given import bay, flats

MAIN, BARN = SourceId("main"), SourceId("barn")
SILENT = Reading(700.0, 0.0, 5.0)
"""What was told last, long ago."""


def site(reserve_pct: float | None = 30.0) -> Site:
    """Two batteries, one of them with a reserve, and two cars, one of them on one phase."""
    main = replace(flats().batteries[0], reserve_pct=reserve_pct)
    bays = (bay("bay_1"), bay("bay_2", phases=(Phase.L2,)))
    return replace(flats(), batteries=(main, replace(main, id=BARN, reserve_pct=None)), bays=bays)


def now(grid_w: float | None = 5000.0, main_w: float | None = 300.0, barn_w: float | None = -40.0) -> Snapshot:
    there = seen(bay_1=bay_reading(power_w=-2000.0), bay_2=bay_reading(power_w=600.0))
    batteries = {MAIN: battery_reading(power_w=main_w), BARN: battery_reading(power_w=barn_w)}
    return replace(there, grid_w=fresh(grid_w), batteries=batteries)


def test_what_flows_is_the_sum_of_all_that_is_measured():
    found = flows(site(), now(), 100.0)
    assert found == Flows(5000.0, 260.0, -1400.0)
    assert (found.house_w, found.without_batteries_w) == (3860.0, 5260.0)


@pytest.mark.parametrize(
    ("reserve_pct", "snapshot", "known"),
    [
        pytest.param(30.0, now(grid_w=None), False, id="the meter at the grid is silent"),
        pytest.param(30.0, now(grid_w=0.0), True, id="nothing flows at the grid"),
        pytest.param(30.0, now(main_w=None), False, id="a battery with a reserve is silent"),
        pytest.param(None, now(main_w=None), True, id="a battery without one is silent"),
        pytest.param(30.0, now(barn_w=None), True, id="the other battery is silent"),
        pytest.param(30.0, replace(now(), batteries={}), False, id="no battery has ever spoken"),
    ],
)
def test_where_the_grid_or_a_reserve_cannot_be_read_nobody_knows(
    reserve_pct: float | None, snapshot: Snapshot, known: bool
):
    assert (flows(site(reserve_pct), snapshot, 100.0) is not None) is known


@pytest.mark.parametrize(
    ("reading", "watts"),
    [
        pytest.param(fresh(700.0), 700.0, id="it tells"),
        pytest.param(fresh(0.0), 0.0, id="it tells that it rests"),
        pytest.param(fresh(-700.0), -700.0, id="it tells that it charges"),
        pytest.param(SILENT, 700.0, id="silent: it may go on giving"),
        pytest.param(SILENT._replace(value=-700.0), 0.0, id="silent: what it charged is drawn by circuits"),
        pytest.param(SILENT._replace(value=0.0), 0.0, id="silent: it rested"),
        pytest.param(SILENT._replace(value=None), 0.0, id="silent: it told nothing"),
        pytest.param(SILENT._replace(quality=Quality.INVALID), 0.0, id="it told what cannot be"),
        pytest.param(missing(), 0.0, id="it never told"),
    ],
)
def test_what_a_source_gives(reading: Reading[float], watts: float):
    assert gives_w(reading, 100.0) == watts


def test_a_car_that_was_never_heard_gives_nothing():
    assert car_w(bay("bay_1"), seen(), 100.0) == 0.0
    assert car_w(bay("bay_1"), seen(bay_1=bay_reading(power_w=-900.0)), 100.0) == -900.0


def test_what_cannot_be_makes_everything_unsure_and_silence_does_not():
    bad = fresh(1.0)._replace(quality=Quality.INVALID)
    assert sure(site(), now())
    assert sure(site(), now(main_w=None))
    assert sure(site(), seen())
    assert not sure(site(), replace(now(), batteries={BARN: replace(battery_reading(), power_w=bad)}))
    assert not sure(site(), seen(bay_2=replace(bay_reading(), power_w=bad)))


def test_while_nobody_measures_circuits_draw_a_twentieth_more_than_they_did():
    memory = ConnectionMemory(standing=(Standing(watts=1000.0), Standing(watts=-500.0), Standing(watts=2000.0)))
    found = assumed(site(), memory, now(grid_w=None), 100.0)
    # 1,050 - 500 + 2,100 by circuits, 260 of it from batteries, and cars take 1,400
    assert found == Flows(2650.0 - 260.0 + 1400.0, 260.0, -1400.0)


def test_before_anything_was_seen_nothing_is_assumed():
    assert assumed(site(), ConnectionMemory(), now(grid_w=None), 100.0) is None


def phases(*watts: float | None) -> Snapshot:
    return replace(now(), grid_phase_w=tuple(fresh(one) for one in watts))


def test_on_each_phase_circuits_draw_what_grid_batteries_and_cars_bring_there():
    # batteries bring 60 W to each, one car takes 2,000 W from all three, one gives 600 W on the second
    flow = Flows(6000.0, 180.0, -1400.0)
    found = house_phase_w(site(), phases(3000.0, 2000.0, 1000.0), flow, 100.0)
    car = 2000.0 / 3.0
    assert found == pytest.approx((3060.0 - car, 2060.0 - car + 600.0, 1060.0 - car))


@pytest.mark.parametrize("snapshot", [phases(3000.0, 2000.0, None), now()], ids=["one is silent", "not measured"])
def test_where_phases_are_not_measured_it_is_spread_evenly(snapshot: Snapshot):
    found = house_phase_w(site(), snapshot, Flows(6000.0, 180.0, -1380.0), 100.0)
    assert found == pytest.approx((1600.0, 1600.0, 1600.0))
