"""What cars need before they leave, and who must charge now; figures to be worked out by hand."""

from dataclasses import replace
from typing import Any

import pytest

from hems.control.cars.memory import BayMemory, DriverMemory, Usual, Waking
from hems.control.dispatch import departure
from hems.control.dispatch.departure import Late, Need
from hems.control.state import ControlState, initial
from hems.model.cause import Cause, Why
from hems.model.snapshot import Snapshot
from hems.model.units import SourceId
from tests.control.fresh import bay_reading, seen
from tests.given import bay, flats

A, B = SourceId("bay_1"), SourceId("bay_2")
BAY = replace(bay("bay_1", charge_max_w=4000.0), capacity_wh=45_000.0, target_pct=80.0)
SITE = replace(flats(), bays=(BAY, replace(BAY, id=B)))
NOW_S = 1000.0


def state(driver: DriverMemory | None = None, usual: Usual | None = None, **memory: Any) -> ControlState:
    one = BayMemory(**{"plugged_since_s": 0.0, "usually_leaves_s": 5000.0} | memory)
    return replace(
        initial(0.0), bays={A: one}, drivers={A: driver} if driver else {}, usual={A: usual} if usual else {}
    )


def full(soc_pct: float | None, capacity_wh: float | None = None) -> Snapshot:
    return seen(bay_1=bay_reading(soc_pct=soc_pct, capacity_wh=capacity_wh))


def test_what_a_driver_says_comes_before_what_is_usual():
    assert departure.leaves_s(BAY, state()) == 5000.0
    assert departure.leaves_s(BAY, state(DriverMemory(leaves_s=0.0))) == 0.0
    assert departure.leaves_s(BAY, initial(0.0)) is None
    assert departure.target_pct(BAY, state()) == 80.0
    assert departure.target_pct(BAY, state(DriverMemory(target_pct=0.0))) == 0.0
    assert departure.plugged(BAY, state())
    assert not departure.plugged(BAY, state(plugged_since_s=None))


@pytest.mark.parametrize(
    ("there", "snapshot", "wh"),
    [
        pytest.param(state(), full(60.0), 10_000.0, id="twenty percent, a tenth of it lost"),
        pytest.param(state(), full(60.0, 90_000.0), 20_000.0, id="as large as it says"),
        pytest.param(state(), full(80.0), 0.0, id="full enough"),
        pytest.param(state(), full(90.0), 0.0, id="more than enough"),
        pytest.param(state(), full(0.0), 40_000.0, id="empty"),
        pytest.param(state(taken_wh=9000.0), full(60.0), 10_000.0, id="what it took counts in its charge"),
        pytest.param(state(), full(None), 40_000.0, id="it tells nothing: all of it"),
        pytest.param(state(taken_wh=9000.0), full(None), 31_000.0, id="less what it has taken"),
        pytest.param(state(taken_wh=41_000.0), full(None), 0.0, id="it has taken more"),
        pytest.param(state(usual=Usual(taken_wh=(7000.0,) * 4)), full(None), 7000.0, id="what is usual here"),
        pytest.param(state(usual=Usual(taken_wh=(7000.0,) * 4), taken_wh=500.0), full(None), 6500.0, id="what is left"),
        pytest.param(state(), seen(), 40_000.0, id="its charger was never heard"),
        pytest.param(state(DriverMemory(target_pct=100.0)), full(55.0), 22_500.0, id="its driver wants it full"),
    ],
)
def test_what_is_missing_at_the_socket(there: ControlState, snapshot: Snapshot, wh: float):
    assert departure.missing_wh(BAY, there, snapshot, NOW_S) == pytest.approx(wh)


@pytest.mark.parametrize(
    ("there", "snapshot", "need"),
    [
        pytest.param(state(), full(60.0), Need(A, 10_000.0, 5000.0, 4000.0, told=False), id="as usual"),
        pytest.param(
            state(DriverMemory(leaves_s=6000.0)), full(60.0), Need(A, 10_000.0, 6000.0, 4000.0, told=True), id="as told"
        ),
        pytest.param(state(), full(79.5, 18_000.0), Need(A, 100.0, 5000.0, 4000.0, told=False), id="100 Wh"),
        pytest.param(state(), full(79.81), None, id="less"),
        pytest.param(state(usually_leaves_s=None), full(60.0), None, id="nobody knows when it leaves"),
        pytest.param(state(usually_leaves_s=1000.0), full(60.0), None, id="it leaves now"),
        pytest.param(state(plugged_since_s=None), full(60.0), None, id="it is not here"),
        pytest.param(state(waking=Waking(sated=True)), full(60.0), None, id="it has had enough"),
    ],
)
def test_what_a_car_needs(there: ControlState, snapshot: Snapshot, need: Need | None):
    found = departure.needs(SITE, there, snapshot, NOW_S)
    assert len(found) == (need is not None)
    if need is not None:
        assert found == (replace(need, wh=pytest.approx(need.wh)),)


def test_who_leaves_first_comes_first():
    one = BayMemory(plugged_since_s=0.0, usually_leaves_s=5000.0)
    both = {A: one, B: replace(one, usually_leaves_s=4000.0)}
    snapshot = seen(bay_1=bay_reading(soc_pct=60.0), bay_2=bay_reading(soc_pct=60.0))
    assert [one.bay for one in departure.needs(SITE, replace(initial(0.0), bays=both), snapshot, NOW_S)] == [B, A]


def need(wh: float, by_s: float = NOW_S + 3600.0, bay: SourceId = A, most_w: float = 4000.0) -> Need:
    """It takes 800 Wh in a quarter of an hour; in an hour 1,600 before the margin of half an hour, and 1,600 in it."""
    return Need(bay, wh, by_s, most_w, told=True)


@pytest.mark.parametrize(
    ("one", "room_w", "late"),
    [
        pytest.param(need(1600.0), 99_000.0, None, id="it fits before the margin begins"),
        pytest.param(need(1601.0), 99_000.0, (1.0, True), id="a watt-hour of it does not"),
        pytest.param(need(3300.0), 99_000.0, (1700.0, True), id="so little missing is nothing"),
        pytest.param(need(3301.0), 99_000.0, (1701.0, False), id="more is missing"),
        pytest.param(need(800.0), 2000.0, None, id="half of the room"),
        pytest.param(need(801.0), 2000.0, (1.0, True), id="half of the room is not enough"),
        pytest.param(need(1701.0), 2000.0, (901.0, False), id="half of the room is far too little"),
        pytest.param(need(2000.0, NOW_S + 4050.0), 99_000.0, None, id="half a quarter of an hour more"),
        pytest.param(need(2001.0, NOW_S + 4050.0), 99_000.0, (1.0, True), id="half a quarter of an hour is not enough"),
        pytest.param(need(500.0, NOW_S + 1800.0), 99_000.0, (500.0, True), id="it leaves within the margin"),
        pytest.param(need(800.0, NOW_S + 900.0), 99_000.0, (800.0, True), id="it leaves in a quarter of an hour"),
        pytest.param(need(901.0, NOW_S + 900.0), 99_000.0, (901.0, False), id="too soon"),
        pytest.param(need(400.0, NOW_S + 3600.0), 0.0, (400.0, False), id="no room at all"),
    ],
)
def test_who_must_charge_now(one: Need, room_w: float, late: tuple[float, bool] | None):
    found = departure.late([one], room_w, NOW_S)
    expected = {} if late is None else {A: Late(one, pytest.approx(late[0]), fits=late[1])}
    assert found == expected


def test_who_takes_longest_is_put_in_first():
    # room for 800 Wh in each quarter of an hour, two of them before the margin; the longer one fills both
    cars = [need(700.0), need(1600.0, bay=B)]
    assert {bay: one.now_wh for bay, one in departure.late(cars, 4000.0, NOW_S).items()} == {A: 700.0}
    # at twice the power it takes half as long
    quick = [need(1000.0), need(1600.0, bay=B, most_w=8000.0)]
    assert {bay: one.now_wh for bay, one in departure.late(quick, 4000.0, NOW_S).items()} == {A: 200.0, B: 800.0}


def test_the_last_to_leave_decides_how_far_is_looked():
    found = departure.late([need(1600.0), need(1600.0, NOW_S + 7200.0, B)], 4000.0, NOW_S)
    assert found == {}
    assert departure.late([], 4000.0, NOW_S) == {}


@pytest.mark.parametrize(
    ("fits", "power_w", "cause"),
    [
        (True, 2000.4, Cause(Why.CHARGE_TO_LEAVE, {"leaves_s": 1800.0, "w": 2000})),
        (False, 2000.0, Cause(Why.CHARGE_TOO_LATE, {"leaves_s": 1800.0, "w": 2000, "missing_wh": 500.0})),
        (False, 4000.0, Cause(Why.CHARGE_TOO_LATE, {"leaves_s": 1800.0, "w": 4000, "missing_wh": 0.0})),
    ],
)
def test_why_it_charges_now(fits: bool, power_w: float, cause: Cause):
    late = Late(need(1500.0, NOW_S + 1800.0), 1500.0, fits=fits)
    assert departure.cause(late, power_w, NOW_S) == cause


def late(wh: float, by_s: float, bay: SourceId) -> Late:
    return Late(need(wh, NOW_S + by_s, bay), wh, fits=True)


@pytest.mark.parametrize(
    ("first", "second", "going", "order"),
    [
        # 3,200 Wh take an hour
        pytest.param(late(3200.0, 4499.0, A), late(3200.0, 5400.0, B), (), [A, B], id="less time to lose"),
        pytest.param(late(1600.0, 4499.0, A), late(3200.0, 4500.0, B), (), [B, A], id="who takes longer has less"),
        pytest.param(late(3200.0, 4400.0, A), late(3200.0, 4300.0, B), (), [B, A], id="who leaves first"),
        pytest.param(late(3200.0, 4900.0, A), late(3200.0, 4400.0, B), (A,), [B, A], id="one that charges"),
        pytest.param(late(3200.0, 5400.0, A), late(3200.0, 4500.0, B), (A,), [B, A], id="not yet"),
        # an hour with 1,300 s to lose, and half an hour with 1,000: both have a quarter of an hour and no half
        pytest.param(late(3200.0, 4900.0, A), late(1600.0, 2800.0, B), (), [B, A], id="neither charges"),
        pytest.param(late(3200.0, 4900.0, A), late(1600.0, 2800.0, B), (A,), [A, B], id="who charges goes on"),
        pytest.param(late(3200.0, 4949.0, A), late(1600.0, 2800.0, B), (A,), [A, B], id="just so"),
        pytest.param(late(3200.0, 4950.0, A), late(1600.0, 2800.0, B), (A,), [B, A], id="but not for longer"),
        pytest.param(late(6400.0, 4000.0, A), late(3200.0, 3900.0, B), (), [B, A], id="too late for both"),
    ],
)
def test_who_is_served_first(first: Late, second: Late, going: tuple[SourceId, ...], order: list[SourceId]):
    assert departure.in_order({A: first, B: second}, going, NOW_S) == order
