"""Points gathered into requests."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from drivers.modbus.batches import plan
from drivers.modbus.codec import coding
from drivers.modbus.frame import Space
from drivers.modbus.layout import PlacedPoint, Register
from drivers.profile.point import ReadSpec


def point(address: int, registers: int = 1, space: Space = Space.HOLDING) -> PlacedPoint:
    kind = {1: "u16", 2: "u32", 4: "u64"}[registers]
    place = Register(space, address, coding("bool" if space.of_bits else kind))
    return PlacedPoint(name=f"{space}{address}", spec=ReadSpec(), register=place, poll="normal")


def spans(
    *points: PlacedPoint, max_gap: int = 0, max_read: int = 100, barriers: tuple[int, ...] = ()
) -> list[tuple[int, int]]:
    return [
        (batch.frame.address, batch.frame.count)
        for batch in plan(1, points, max_gap=max_gap, max_read=max_read, barriers=barriers)
    ]


@pytest.mark.parametrize(
    ("points", "more", "expected"),
    [
        ([point(0), point(1), point(2)], {}, [(0, 3)]),
        ([point(2), point(0), point(1)], {}, [(0, 3)]),
        ([point(0), point(2)], {}, [(0, 1), (2, 1)]),
        ([point(0), point(2)], {"max_gap": 1}, [(0, 3)]),
        ([point(0, 2), point(2, 2), point(4, 4)], {}, [(0, 8)]),
        ([point(0, 4), point(0), point(4)], {}, [(0, 5)]),
        ([point(0), point(99)], {"max_gap": 98, "max_read": 99}, [(0, 1), (99, 1)]),
        ([point(0), point(1), point(2)], {"barriers": (2,)}, [(0, 2), (2, 1)]),
        ([point(0, space=Space.COIL), point(1, space=Space.DISCRETE)], {}, [(0, 1), (1, 1)]),
        ([point(5), point(5)], {}, [(5, 1)]),
    ],
)
def test_neighbours_share_a_request_within_the_limits_of_the_device(points, more, expected):
    assert spans(*points, **more) == expected


@given(
    some.lists(some.tuples(some.integers(0, 300), some.sampled_from((1, 2, 4))), min_size=1, max_size=30),
    some.integers(0, 20),
    some.integers(4, 125),
    some.lists(some.integers(0, 300), max_size=3),
)
def test_every_point_is_asked_for_and_no_request_breaks_a_limit(places, max_gap, max_read, barriers):
    points = [point(address, size) for address, size in places]
    batches = plan(1, points, max_gap=max_gap, max_read=max_read, barriers=barriers)
    assert sorted(one.name for batch in batches for one in batch.points) == sorted(one.name for one in points)
    for batch in batches:
        asked = batch.frame
        assert asked.count <= max_read
        ends = {one.register.end for one in batch.points}
        starts = {one.register.address for one in batch.points}
        assert (min(starts), max(ends)) == (asked.address, asked.address + asked.count)
        assert not any(asked.address < barrier <= max(starts) for barrier in barriers)


def test_a_batch_is_halved_until_single_places_are_left():
    (batch,) = plan(1, [point(0), point(1), point(1), point(5)], max_gap=4, max_read=100)
    low, high = batch.halves()
    assert [(half.frame.address, half.frame.count) for half in (low, high)] == [(0, 1), (1, 5)]
    assert low.halves() == ()
