"""What is remembered of each car, and whom it follows: each rule at its edge."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hems.control import bay_memory
from hems.control.cars.memory import BayMemory, Charge, Usual, Waking
from hems.control.memory.acting import Sent
from hems.control.memory.seeing import ModeMemory
from hems.model import wiring
from hems.model.mode import Mode
from hems.model.units import SourceId
from hems.model.wiring import Role
from tests.control.panel import car, snapshot
from tests.control.pencil import PARAMS, given, sent, state
from tests.given import flats

SITE = flats()
CAR = wiring.bay_power(SourceId("bay_1"))
BAY, NOW_S = SourceId("bay_1"), 1000.0


def strays(watts: float | None, entry: Sent | None, **more: Any) -> float | None:
    there = snapshot(SITE, car("bay_1", 80.0) | {CAR: watts}, NOW_S)
    known = state(Mode.GRID_CONNECTED, sent={CAR: entry} if entry else {}, at_s=NOW_S, **more)
    return bay_memory.remembered(SITE, known, there, PARAMS, NOW_S)[BAY].astray_since_s


OBEYS = sent(2000.0, 900.0, acknowledged_s=901.0)


@pytest.mark.parametrize(
    ("watts", "entry", "astray"),
    [
        pytest.param(2500.0, OBEYS, False, id="500 W more"),
        pytest.param(2501.0, OBEYS, True, id="more than that"),
        pytest.param(6000.0, replace(OBEYS, value=5000.0), False, id="a fifth more"),
        pytest.param(6001.0, replace(OBEYS, value=5000.0), True, id="more than a fifth"),
        pytest.param(-500.0, OBEYS, False, id="a little of the opposite"),
        pytest.param(-501.0, OBEYS, True, id="the opposite"),
        pytest.param(0.0, OBEYS, False, id="less is its own affair"),
        pytest.param(-2501.0, replace(OBEYS, value=-2000.0), True, id="charges more"),
        pytest.param(501.0, replace(OBEYS, value=-2000.0), True, id="gives instead"),
        pytest.param(9000.0, None, False, id="told nothing"),
        pytest.param(9000.0, sent(2000.0, 900.0), False, id="it has not taken it"),
        pytest.param(9000.0, replace(OBEYS, observed=True), False, id="only decided"),
        pytest.param(None, OBEYS, False, id="unread"),
        pytest.param(2000.0, replace(OBEYS, overruled=True), True, id="somebody else was there"),
    ],
)
def test_a_car_follows_somebody_else_when_it_does_more_or_the_opposite(
    watts: float | None, entry: Sent | None, *, astray: bool
):
    assert (strays(watts, entry) == NOW_S) is astray


@pytest.mark.parametrize(
    ("since_s", "watts", "more", "after_s"),
    [
        pytest.param(950.0, 9000.0, {}, 950.0, id="still"),
        pytest.param(950.0, 2000.0, {}, None, id="no more"),
        pytest.param(950.0, 9000.0, {"acknowledged_s": 950.1}, NOW_S, id="somebody has looked"),
        pytest.param(950.0, 9000.0, {"acknowledged_s": 950.0}, 950.0, id="somebody had looked before"),
        pytest.param(-2690.0, 9000.0, {}, NOW_S, id="left alone for an hour: it begins anew"),
        pytest.param(-2689.0, 9000.0, {}, -2689.0, id="not yet for an hour"),
        pytest.param(910.0, 2000.0, {}, 910.0, id="told of, and nobody asks it anything"),
        pytest.param(910.1, 2000.0, {}, None, id="not told of yet"),
    ],
)
def test_for_how_long_it_has(since_s: float, watts: float, more: dict[str, Any], after_s: float | None):
    bays = {BAY: BayMemory(astray_since_s=since_s)}
    assert strays(watts, OBEYS, bays=bays, **more) == after_s


def test_what_obeys_right_after_it_was_told_anew_may_be_an_echo():
    bays = {BAY: BayMemory(astray_since_s=950.0)}
    for ago_s, after_s in ((9.9, 950.0), (10.0, None)):
        assert strays(2000.0, replace(OBEYS, last_s=NOW_S - ago_s), bays=bays) == after_s


@pytest.mark.parametrize(("said_s", "way"), [(NOW_S - 59.9, -1), (NOW_S - 60.0, 0)])
def test_a_car_sleeps_through_no_command_that_has_lapsed(said_s: float, way: int):
    # given a charger that was told to charge on the grid, in a building that is dark since
    told = sent(-7000.0, 100.0, acknowledged_s=101.0, last_s=said_s)
    there = snapshot(SITE, car("bay_1", 60.0), NOW_S)
    known = state(Mode.BLACKOUT, sent={CAR: told}, bays={BAY: BayMemory(plugged_since_s=500.0)})
    # then it is waited for no longer than that holds
    assert bay_memory.remembered(SITE, known, there, PARAMS, NOW_S)[BAY].waking.way == way


@pytest.mark.parametrize(
    ("plugged_s", "proven", "outage_s", "counts"),
    [
        pytest.param(500.0, False, 500.0, True, id="it was there before the cut"),
        pytest.param(500.1, False, 500.0, False, id="it came in it"),
        pytest.param(500.1, True, 500.0, True, id="and has given since"),
        pytest.param(500.1, False, None, True, id="there is no cut"),
        pytest.param(None, False, 500.0, True, id="nobody is there"),
    ],
)
def test_who_came_in_a_power_cut_is_not_counted_on_until_it_gives(
    plugged_s: float | None, outage_s: float | None, *, proven: bool, counts: bool
):
    memory = BayMemory(plugged_since_s=plugged_s, proven=proven, waking=Waking())
    known = state(bays={BAY: memory})
    known = replace(known, mode=replace(known.mode, outage_since_s=outage_s))
    assert (BAY not in bay_memory.uncounted(known)) is counts


@pytest.mark.parametrize(
    ("left_pct", "was", "at_floor"),
    [(43.0, False, True), (43.1, False, False), (44.9, True, True), (45.0, True, False), (None, True, True)],
)
def test_a_car_that_has_come_down_to_its_floor_rests_until_it_is_up_again(
    left_pct: float | None, *, was: bool, at_floor: bool
):
    charge = None if left_pct is None else Charge(pct=left_pct, capacity_wh=60_000.0)
    known = state(bays={BAY: BayMemory(at_floor=was, plugged_since_s=1.0, charge=charge)}, at_s=NOW_S)
    there = snapshot(SITE, car("bay_1", left_pct), NOW_S)
    after = bay_memory.remembered(SITE, known, there, PARAMS, NOW_S)[BAY]
    assert after.at_floor is at_floor


def test_a_visit_is_remembered_from_its_beginning_and_what_it_took():
    known = state(at_s=NOW_S - 60.0, bays={BAY: BayMemory(plugged_since_s=7.0, taken_wh=5.0, proven=False)})
    for watts, taken_wh, proven in ((-6000.0, 105.0, False), (150.0, 5.0, True), (149.0, 5.0, False)):
        there = snapshot(SITE, car("bay_1", 80.0, watts), NOW_S)
        after = bay_memory.remembered(SITE, known, there, PARAMS, NOW_S)[BAY]
        assert (after.plugged_since_s, after.taken_wh, after.proven) == (7.0, pytest.approx(taken_wh), proven)
    gone = bay_memory.remembered(SITE, known, snapshot(SITE, {}, NOW_S), PARAMS, NOW_S)[BAY]
    assert gone.plugged_since_s is None
    came = bay_memory.remembered(SITE, state(), snapshot(SITE, car("bay_1", 80.0), NOW_S), PARAMS, NOW_S)[BAY]
    assert came.plugged_since_s == NOW_S


@pytest.mark.parametrize(("at_s", "left"), [(1039.9, {}), (1040.0, {CAR: 4640.0})])
def test_a_device_that_follows_somebody_else_is_left_to_them(at_s: float, left: dict[Role, float]):
    known = state(at_s=at_s, bays={BAY: BayMemory(astray_since_s=950.0), SourceId("bay_2"): BayMemory()})
    assert bay_memory.left_s(known, PARAMS.command) == left
    battery = state(at_s=at_s, astray_s={SourceId("main"): 950.0})
    assert len(bay_memory.left_s(battery, PARAMS.command)) == len(left)


MONDAY = datetime(2026, 6, 1, 8, tzinfo=UTC)


def visited(before: BayMemory, now: BayMemory, outage_since_s: float | None = None) -> tuple[BayMemory, Usual | None]:
    """What is remembered of the car, and what is usual at its bay, on a Monday at eight."""
    there = given(SITE, car("bay_1", 80.0), NOW_S, utc=MONDAY, local_h=8.0)
    bays = {one.id: BayMemory() for one in SITE.bays}
    mode = ModeMemory(mode=Mode.ISLANDED, outage_since_s=outage_since_s)
    found, usual = bay_memory.visited(there, replace(state(), mode=mode, bays={BAY: before}), bays | {BAY: now})
    return found[BAY], usual.get(BAY)


@pytest.mark.parametrize(("outage_since_s", "in_cut"), [(None, False), (900.0, True)])
def test_a_visit_that_ends_teaches_when_and_whether_the_car_left_in_a_power_cut(
    outage_since_s: float | None, *, in_cut: bool
):
    here = BayMemory(plugged_since_s=1.0, taken_wh=5000.0)
    _, usual = visited(here, BayMemory(), outage_since_s)
    assert usual == Usual(departures=(8.0,), taken_wh=(5000.0,), left_in_cut=in_cut)


def test_a_visit_that_goes_on_or_has_not_begun_teaches_nothing():
    here = BayMemory(plugged_since_s=1.0)
    assert visited(here, here)[1] is None
    assert visited(BayMemory(), BayMemory())[1] is None


def test_a_car_that_comes_teaches_what_it_has_to_spare_once_it_tells():
    here = BayMemory(plugged_since_s=NOW_S)
    tells = replace(here, charge=Charge(pct=80.0, capacity_wh=50_000.0))
    _, usual = visited(here, tells)
    assert usual is not None
    assert (usual.arrivals, usual.came_on) == ((8.0,), (MONDAY.toordinal(),))
    assert usual.spare_wh[0] > 0.0
    assert visited(here, here)[1] is None
    assert visited(tells, tells)[1] is None
    assert visited(here, replace(here, charge=Charge(pct=80.0, capacity_wh=50_000.0, stale=True)))[1] is None
