"""Fair shares, watt by watt; figures to be worked out by hand."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from hems.control.dispatch.panels import Room
from hems.control.dispatch.shares import shares
from hems.model.site import Bay, Phase
from hems.model.units import PanelId, SourceId
from tests.given import bay, flats

SITE = flats()
A, B, C = (SourceId(name) for name in "abc")


def car(name: str, **more: Any) -> Bay:
    """From 1,400 to 11,000 W on three phases."""
    return replace(bay(name), charge_min_w=1400.0, **more)


def given(
    *groups: Sequence[Bay], budget_w: float = 99_000.0, phase_w: float = 99_000.0, charging: Sequence[SourceId] = ()
) -> dict[SourceId, float]:
    rooms = [Room([phase_w] * 3)]
    return {
        bay: pytest.approx(watts, abs=1e-6)
        for bay, watts in shares(SITE, groups, budget_w, rooms, frozenset(charging)).items()
    }


@pytest.mark.parametrize(
    ("budget_w", "found"),
    [
        pytest.param(99_000.0, {A: 11_000.0, B: 11_000.0}, id="all that they take"),
        pytest.param(6000.0, {A: 3000.0, B: 3000.0}, id="half each"),
        pytest.param(2800.0, {A: 1400.0, B: 1400.0}, id="the least for each"),
        pytest.param(2798.5, {A: 1399.25, B: 1399.25}, id="rounding"),
        pytest.param(2797.0, {A: 2797.0, B: 0.0}, id="too little for two: one of them"),
        pytest.param(1400.0, {A: 1400.0, B: 0.0}, id="the least for one"),
        pytest.param(1398.0, {A: 0.0, B: 0.0}, id="too little for one"),
        pytest.param(0.0, {A: 0.0, B: 0.0}, id="nothing"),
    ],
)
def test_equal_shares_or_a_pause(budget_w: float, found: dict[SourceId, float]):
    assert given((car("a"), car("b")), budget_w=budget_w) == found


def test_who_charges_goes_on_before_another_begins():
    assert given((car("a"), car("b")), budget_w=2000.0, charging=[B]) == {A: 0.0, B: 2000.0}


def test_what_one_cannot_use_goes_to_the_others():
    small = car("a", charge_max_w=2000.0)
    assert given((small, car("b")), budget_w=8000.0) == {A: 2000.0, B: 6000.0}
    assert given((small, car("b", charge_max_w=5000.0)), budget_w=20_000.0) == {A: 2000.0, B: 5000.0}
    assert given((small, car("b"), car("c")), budget_w=8000.0) == {A: 2000.0, B: 3000.0, C: 3000.0}


def test_a_later_group_gets_what_the_earlier_leave():
    assert given((car("a"),), (car("b"),), budget_w=13_000.0) == {A: 11_000.0, B: 2000.0}
    assert given((car("a"),), (car("b"),), budget_w=12_000.0) == {A: 11_000.0, B: 0.0}


def test_no_phase_is_overfilled():
    # 2,000 W on each phase carry 6,000 of two cars, and one that uses the second phase alone takes of that alone
    assert given((car("a"), car("b")), phase_w=2000.0) == {A: 3000.0, B: 3000.0}
    one = car("b", phases=(Phase.L2,), charge_max_w=7400.0)
    assert given((car("a"), one), phase_w=2000.0) == {A: 1500.0, B: 1500.0}
    assert given((car("a", charge_max_w=1500.0), one), phase_w=2000.0) == {A: 1500.0, B: 1500.0}
    assert given((one, car("c", phases=(Phase.L3,))), phase_w=2000.0) == {B: 2000.0, C: 2000.0}


def test_what_is_given_is_taken_out_of_every_room_that_it_flows_through():
    hall = Room([9000.0] * 3, frozenset({A}), PanelId("hall"))
    yard = Room([7000.0, 7000.0, 7000.0], frozenset({B}), PanelId("yard"))
    whole = Room([20_000.0] * 3)
    found = shares(SITE, ((car("a", charge_max_w=6000.0),),), 99_000.0, [whole, hall, yard], frozenset())
    assert found == {A: 6000.0}
    assert (whole.phase_w, hall.phase_w, yard.phase_w) == ([18_000.0] * 3, [7000.0] * 3, [7000.0] * 3)


def test_a_panel_holds_back_those_behind_it_and_no_others():
    hall = Room([1000.0] * 3, frozenset({A}), PanelId("hall"))
    found = shares(SITE, ((car("a"), car("b")),), 12_000.0, [Room([9e4] * 3), hall], frozenset())
    assert found == pytest.approx({A: 3000.0, B: 9000.0})


def test_a_panel_without_room_pauses_a_car():
    hall = Room([-500.0, 1000.0, 1000.0], frozenset({A}), PanelId("hall"))
    found = shares(SITE, ((car("a"), car("b")),), 12_000.0, [Room([9e4] * 3), hall], frozenset())
    assert found == pytest.approx({A: 0.0, B: 11_000.0})


def test_without_cars_nobody_gets_anything():
    assert given((), ()) == {}
