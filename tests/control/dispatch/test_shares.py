"""Fair shares: equal as far as cars and phases take them, nobody starved, and nobody in between."""

from hypothesis import given
from hypothesis import strategies as st

from hems.control.dispatch.panels import Room
from hems.control.dispatch.shares import shares
from hems.model.site import Bay, Phase
from tests.given import bay, flats

SITE = flats()
ROOM = (50_000.0,) * 3
BAYS = (
    bay("bay_1"),
    bay("bay_2"),
    bay("bay_3", phases=(Phase.L1,), charge_max_w=7400.0),
    bay("bay_4", phases=(Phase.L2,), charge_max_w=7400.0),
)


def given_w(*groups: tuple[Bay, ...], budget_w: float, charging: tuple[str, ...] = ()) -> list[float]:
    found = shares(SITE, groups, budget_w, [Room(list(ROOM))], frozenset(one.id for one in BAYS if one.id in charging))
    return [found[one.id] for group in groups for one in group]


def test_what_one_car_cannot_take_goes_to_the_others():
    assert given_w(BAYS[:3], budget_w=28_000.0) == [10_300.0, 10_300.0, 7400.0]


def test_where_not_all_get_6_a_those_who_charge_go_on():
    assert given_w(BAYS[:3], budget_w=3000.0, charging=("bay_2", "bay_3")) == [0.0, 1500.0, 1500.0]


def test_a_car_that_is_about_to_leave_comes_first():
    assert given_w(BAYS[:1], BAYS[1:2], budget_w=12_500.0) == [11_000.0, 1500.0]


@given(st.floats(0.0, 60_000.0), st.lists(st.floats(0.0, 20_000.0), min_size=3, max_size=3))
def test_no_budget_and_no_phase_is_ever_overdrawn(budget_w: float, room: list[float]):
    found = shares(SITE, (BAYS[:1], BAYS[1:]), budget_w, [Room(list(room))], frozenset())
    assert sum(found.values()) <= budget_w + 5.0
    drawn = [sum(SITE.per_phase(found[one.id], one.phases)[place] for one in BAYS) for place in range(3)]
    assert all(used_w <= left_w + 5.0 for used_w, left_w in zip(drawn, room, strict=True))
    assert all(watts == 0.0 or watts >= 1379.0 for watts in found.values())
