"""When a voltage point repeats itself, or shows the building although it is said to be upstream: each number counts."""

from typing import Any

import pytest

from hems.control.liveness import NEW, doubts, frozen, misplaced, watched
from hems.control.memory.seeing import PointMemory
from hems.control.params import Params
from hems.model import wiring
from hems.model.copies import replace
from hems.model.mode import TiePosition
from hems.model.units import PointId
from hems.model.wiring import Role
from tests.control.panel import bus, snapshot, utility
from tests.given import flats

WITNESS = Params().witness
STILL = PointMemory(values=(230.0, 50.0), since_s=100.0, taken_s=130.1, moves=20, power_moved=True)
SITE = flats()
POINT = next(one.id for one in SITE.voltage_points if one.location == "utility")


@pytest.mark.parametrize(
    ("memory", "repeats"),
    [
        (STILL, True),
        (replace(STILL, taken_s=130.0), False),
        (replace(STILL, moves=19), False),
        (replace(STILL, power_moved=False), False),
        (replace(STILL, values=(0.0, 0.0)), False),
        (replace(STILL, longest_s=3.0), True),
        (replace(STILL, longest_s=3.1), False),
    ],
)
def test_a_lively_meter_that_stands_still_while_power_moves_repeats_itself(memory: PointMemory, repeats: bool):
    assert frozen(memory, WITNESS) is repeats
    assert doubts({POINT: memory}, WITNESS, 0.0) == ({POINT: "repeats itself"} if repeats else {})


@pytest.mark.parametrize(("followed", "for_s", "wrong"), [(3, 30.0, True), (2, 30.0, False), (3, 29.9, False)])
def test_a_point_that_follows_the_building_three_times_in_half_a_minute_is_wired_downstream(
    followed: int, for_s: float, wrong: bool
):
    beside = PointMemory(alike_since_s=100.0, followed=followed)
    assert misplaced(beside, WITNESS, 100.0 + for_s) is wrong
    assert doubts({POINT: beside}, WITNESS, 100.0 + for_s) == ({POINT: "shows the building"} if wrong else {})


def seen(
    before: dict[PointId, PointMemory], now_s: float, inner_v: float, outer_v: float
) -> dict[PointId, PointMemory]:
    """What is remembered after the building's own voltage and that of the grid were read beside an open tie."""
    there = snapshot(SITE, bus(inner_v) | utility(outer_v), now_s)
    return watched(SITE, before, there, TiePosition.OPEN, WITNESS, now_s)


@pytest.mark.parametrize(("apart_v", "alike"), [(0.4, True), (0.5, False)])
def test_two_points_are_alike_within_a_five_hundredth_of_nominal(apart_v: float, alike: bool):
    assert (seen({}, 1.0, 230.0, 230.0 + apart_v)[POINT].alike_since_s is not None) is alike


def test_who_differs_for_five_seconds_follows_nobody_and_for_a_moment_may_go_on():
    # given a point that has followed the building twice
    memory: dict[PointId, PointMemory] = {}
    for now_s, volts in ((1.0, 230.0), (2.0, 229.0), (3.0, 228.0)):
        memory = seen(memory, now_s, volts, volts)
    assert (memory[POINT].alike_since_s, memory[POINT].followed) == (1.0, 2)
    # when it differs for a moment, nothing is forgotten; after five seconds all of it
    memory = seen(memory, 4.0, 228.0, 225.0)
    assert (memory[POINT].alike_since_s, memory[POINT].unlike_since_s) == (1.0, 4.0)
    assert seen(memory, 8.9, 228.0, 224.0)[POINT].alike_since_s == 1.0
    assert seen(memory, 9.0, 228.0, 224.0)[POINT].alike_since_s is None
    assert seen(memory, 5.0, 228.0, 228.0)[POINT].unlike_since_s is None


def test_how_often_it_moved_how_long_it_stood_and_what_power_did_is_remembered():
    first = seen({}, 1.0, 230.0, 230.0)[POINT]
    assert (first.moves, first.since_s, first.longest_s) == (NEW.moves + 1, 1.0, 0.0)
    stood = seen({POINT: first}, 6.0, 230.0, 230.0)[POINT]
    assert (stood.moves, stood.since_s, stood.taken_s) == (1, 1.0, 6.0)
    moved = seen({POINT: stood}, 7.0, 230.0, 231.0)[POINT]
    assert (moved.moves, moved.since_s, moved.longest_s) == (2, 7.0, 6.0)


# With a pencil --------------------------------------------------------------------------------------------------------


def once(
    before: PointMemory, values: dict[Role, Any], now_s: float, tie: TiePosition = TiePosition.OPEN
) -> PointMemory:
    """What is remembered of the grid's point after one more look."""
    return watched(SITE, {POINT: before}, snapshot(SITE, values, now_s), tie, WITNESS, now_s)[POINT]


@pytest.mark.parametrize(
    ("power_w", "was", "moved"),
    [
        pytest.param(1100.0, False, True, id="100 W more"),
        pytest.param(900.0, False, True, id="100 W less"),
        pytest.param(1099.0, False, False, id="99 W more"),
        pytest.param(1000.0, True, True, id="it has moved before"),
        pytest.param(None, False, False, id="unread"),
    ],
)
def test_power_has_moved_by_a_hundred_watts_since_the_meter_stood_still(
    power_w: float | None, *, was: bool, moved: bool
):
    before = PointMemory(values=(230.0, 230.0, 230.0, 50.0), power_w=1000.0, power_moved=was)
    flows = {wiring.GRID_POWER: power_w} | {wiring.former_phase_w(index): None for index in range(3)}
    assert once(before, flows, 5.0).power_moved is moved
    assert once(replace(before, power_w=None), flows, 5.0).power_moved is was


def test_what_flows_is_the_sum_of_what_can_be_read():
    flows = {wiring.GRID_POWER: 500.0, wiring.former_phase_w(0): 70.0, wiring.former_phase_w(1): None}
    assert once(NEW, flows | {wiring.former_phase_w(2): -6.0}, 5.0).power_w == 564.0


def test_a_point_that_answers_nothing_any_more_is_forgotten_but_for_how_lively_it_was():
    before = PointMemory(values=(1.0,), moves=7, longest_s=3.0, power_moved=True, since_s=2.0)
    gone = once(before, utility(None, None), 5.0)
    assert (gone.values, gone.power_moved, gone.moves, gone.longest_s) == ((), False, 7, 3.0)
    # one value that is left is one
    assert once(before, utility(None, 50.0), 5.0).values == (None, None, None, 50.0)
    # and the pause is no standing still
    again = once(gone, {}, 60.0)
    assert (again.moves, again.longest_s, again.since_s) == (8, 3.0, 60.0)


def test_what_stood_still_while_frozen_is_no_longer_stand_that_it_might_repeat():
    frozen_one = replace(STILL, since_s=100.0, taken_s=140.0)
    assert once(frozen_one, {}, 150.0).longest_s == 0.0
    assert once(replace(frozen_one, power_moved=False), {}, 150.0).longest_s == 50.0


@pytest.mark.parametrize(
    ("inner", "outer", "alike"),
    [
        pytest.param(bus(114.0), utility(114.0), False, id="less than half of nominal"),
        pytest.param(bus(115.0), utility(115.0), True, id="half of it"),
        pytest.param(bus(230.0, 50.0), utility(230.0, 50.09), True, id="less than a tenth of a hertz apart"),
        pytest.param(bus(230.0, 50.0), utility(230.0, 50.11), False, id="more"),
        pytest.param(bus(230.0), utility(None), False, id="one that is not read"),
        pytest.param(bus(None), utility(230.0), False, id="the other is not"),
        pytest.param(bus(230.0) | {wiring.voltage(PointId("bus"), 2): 231.0}, utility(230.0), False, id="one phase"),
    ],
)
def test_two_points_are_alike_in_every_phase_and_in_frequency(
    inner: dict[Role, Any], outer: dict[Role, Any], *, alike: bool
):
    assert (once(NEW, inner | outer, 5.0).alike_since_s is not None) is alike
    # behind a closed tie they always are, and that tells nothing
    assert once(NEW, inner | outer, 5.0, TiePosition.CLOSED).alike_since_s is None


def test_both_must_have_moved_for_one_to_follow_the_other():
    # given both alike since 1 s; the grid's point has moved ten times since then, the building's twice
    before = {
        POINT: PointMemory(values=(1.0,), moves=15, alike_since_s=1.0, alike_moves=(5, 3)),
        PointId("bus"): PointMemory(values=(1.0,), moves=4),
    }
    after = watched(SITE, before, snapshot(SITE, {}, 9.0), TiePosition.OPEN, WITNESS, 9.0)
    assert after[POINT].followed == 5 - 3
    before[POINT] = PointMemory(values=(1.0,), moves=5, alike_since_s=1.0, alike_moves=(5, 0))
    after = watched(SITE, before, snapshot(SITE, {}, 9.0), TiePosition.OPEN, WITNESS, 9.0)
    assert after[POINT].followed == 6 - 5
    # and what begins to be alike begins to be counted then
    first = watched(SITE, {}, snapshot(SITE, {}, 9.0), TiePosition.OPEN, WITNESS, 9.0)[POINT]
    assert (first.alike_since_s, first.alike_moves, first.followed) == (9.0, (1, 1), 0)


def told(*, apart_s: float | None, lively_until_s: int) -> dict[PointId, str]:
    """What is doubted after a busbar moved each second for so long, and then stood still while its load went on moving.

    The tie opens at `apart_s`, if at all.
    """
    points: dict[PointId, PointMemory] = {}
    for t_s in range(lively_until_s + 70):
        open_since_s = apart_s if apart_s is not None and t_s > apart_s else None
        volts = 230.0 + (t_s % 2) / 10.0 if t_s <= lively_until_s else 230.0
        there = snapshot(SITE, bus(volts) | {wiring.former_phase_w(0): 1000.0 * (t_s % 2)}, float(t_s))
        tie = TiePosition.CLOSED if open_since_s is None else TiePosition.OPEN
        points = watched(SITE, points, there, tie, WITNESS, float(t_s), apart_since_s=open_since_s)
    return doubts(points, WITNESS, 0.0)


def test_an_inverter_that_is_stiller_than_the_grid_does_not_make_its_meter_a_liar():
    bus_point = PointId("bus")
    # given a busbar that moved on the grid, then stands still: on the grid its meter repeats itself
    assert told(apart_s=None, lively_until_s=30) == {bus_point: "repeats itself"}
    # but not where the tie has opened and an inverter makes the voltage
    assert told(apart_s=30.0, lively_until_s=30) == {}
    # unless it has moved there as well
    assert told(apart_s=30.0, lively_until_s=60) == {bus_point: "repeats itself"}
