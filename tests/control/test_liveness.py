"""When a voltage point repeats itself, or shows the building although it is said to be upstream: each number counts."""

import pytest

from hems.control.liveness import NEW, doubts, frozen, misplaced, watched
from hems.control.memory.seeing import PointMemory
from hems.control.params import Params
from hems.model.copies import replace
from hems.model.mode import TiePosition
from hems.model.units import PointId
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
