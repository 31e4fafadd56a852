"""What sub-panels leave for cars, fuse by fuse; figures to be worked out by hand."""

from dataclasses import replace

import pytest

from hems.control.dispatch import panels
from hems.control.dispatch.memory import Standing
from hems.control.dispatch.panels import Room
from hems.model.reading import Quality
from hems.model.site import Panel, Phase, Site
from hems.model.snapshot import Snapshot
from hems.model.units import PanelId, SourceId
from tests.control.fresh import bay_reading, fresh, seen
from tests.given import bay, flats

HALL, YARD, SHED = PanelId("hall"), PanelId("yard"), PanelId("shed")
PANELS = (
    Panel(id=HALL, name="Hall", rated_a=50.0),
    Panel(id=YARD, name="Yard", rated_a=25.0, parent=HALL),
    Panel(id=SHED, name="Shed", rated_a=10.0),
)
BAY_1, BAY_2, BAY_3 = (SourceId(f"bay_{n}") for n in (1, 2, 3))


def site() -> Site:
    """Of three cars one hangs on the yard's panel, which hangs on the hall's; one on the hall's; one on neither."""
    bays = (
        replace(bay("bay_1"), panel=YARD),
        replace(bay("bay_2", phases=(Phase.L2,)), panel=HALL),
        replace(bay("bay_3"), panel=None),
    )
    return replace(flats(), bays=bays, panels=PANELS)


def measured(panel: PanelId = HALL, *watts: float | None) -> Snapshot:
    cars = {f"bay_{n}": bay_reading(power_w=watts) for n, watts in ((1, -3000.0), (2, -500.0), (3, -999.0))}
    return replace(seen(**cars), panels={panel: tuple(fresh(one) for one in watts)})


def stands(*watts: float) -> tuple[Standing, ...]:
    return tuple(Standing(watts=one) for one in watts)


def test_a_fuse_of_a_panel_carries_four_fifths_for_hours():
    assert panels.carries_w(site(), PANELS[0]) == 9200.0


def test_what_hangs_on_a_panel_hangs_on_what_that_hangs_on():
    assert [panels.below(site(), one) for one in PANELS] == [{BAY_1, BAY_2}, {BAY_1}, set()]
    assert list(panels.way(site(), YARD)) == [YARD, HALL]
    assert list(panels.way(site(), None)) == []
    assert list(panels.way(site(), PanelId("nowhere"))) == []


def test_panels_that_hang_on_each_other_are_gone_through_once():
    ring = (replace(PANELS[0], parent=YARD), PANELS[1])
    assert list(panels.way(replace(site(), panels=ring), YARD)) == [YARD, HALL]


def test_each_panel_with_cars_leaves_what_its_circuits_do_not_draw():
    found = panels.rooms(site(), (1.0, 2.0, 3.0), {HALL: stands(200.0, 9300.0, -100.0)})
    assert found == [
        Room([1.0, 2.0, 3.0]),
        Room([9000.0, -100.0, 9300.0], frozenset({BAY_1, BAY_2}), HALL),
        Room([0.0, 0.0, 0.0], frozenset({BAY_1}), YARD),
    ]
    assert [room.carries(site().bays[0]) for room in found] == [True, True, True]
    assert [room.carries(site().bays[2]) for room in found] == [True, False, False]


@pytest.mark.parametrize(
    ("watts", "over"),
    [
        pytest.param((1.0, 9660.0, 2.0), False, id="a twentieth above it is a meter's error"),
        pytest.param((1.0, 9661.0, 2.0), True, id="more than that"),
        pytest.param((1.0, -9661.0, 2.0), True, id="the other way round"),
        pytest.param((9661.0, None, None), True, id="on the only phase that is heard"),
        pytest.param((None, None, None), False, id="nobody hears it"),
        pytest.param((0.0, 0.0, 0.0), False, id="nothing flows"),
    ],
)
def test_since_when_more_flows_than_a_panel_carries(watts: tuple[float | None, ...], over: bool):
    assert panels.over_s(site(), {}, measured(HALL, *watts), 70.0) == ({HALL: 70.0} if over else {})


def test_it_lasts_until_it_is_seen_to_end():
    before = {HALL: 50.0}
    assert panels.over_s(site(), before, measured(HALL, 9999.0, 1.0, 1.0), 70.0) == before
    assert panels.over_s(site(), before, measured(HALL, None, None, None), 70.0) == before
    assert panels.over_s(site(), before, measured(HALL, None, 1.0, 1.0), 70.0) == before
    assert panels.over_s(site(), before, seen(), 70.0) == before
    assert panels.over_s(site(), before, measured(HALL, 0.0, 0.0, 0.0), 70.0) == {}


def test_what_circuits_draw_is_what_its_meter_shows_without_its_cars():
    # a car takes 1,000 W from each phase, another 500 W from the second; the third hangs elsewhere
    found = panels.after(site(), {}, measured(HALL, 3000.0, 3000.0, 1200.0), 70.0)
    assert found == {HALL: stands(2000.0, 1500.0, 200.0)}
    assert panels.after(site(), {}, measured(YARD, 1100.0, 1200.0, 1300.0), 70.0) == {YARD: stands(100.0, 200.0, 300.0)}


@pytest.mark.parametrize("watts", [(), (None, None, None), (3000.0, 3000.0, None), (3000.0,)])
def test_a_panel_whose_meter_is_silent_on_a_phase_is_not_known(watts: tuple[float | None, ...]):
    assert panels.after(site(), {HALL: stands(1.0, 2.0, 3.0)}, measured(HALL, *watts), 70.0) == {}


def test_a_fall_waits_and_is_not_believed_while_a_car_says_what_cannot_be():
    before, low = {HALL: stands(2000.0, 1500.0, 900.0)}, measured(HALL, 3000.0, 3000.0, 1200.0)
    falls = panels.after(site(), before, low, 70.0)[HALL][2]
    assert falls == Standing(watts=900.0, lower_since_s=70.0, lower_w=200.0)
    bad = fresh(-999.0)._replace(quality=Quality.INVALID)
    bays = {**low.bays, BAY_3: replace(bay_reading(), power_w=bad)}
    assert panels.after(site(), before, replace(low, bays=bays), 70.0)[HALL][2].lower_since_s is None


def narrow(bay_of: int, *rooms: Room) -> PanelId | None:
    there = site()
    return panels.narrow(rooms, there.bays[bay_of], there)


@pytest.mark.parametrize(
    ("left_w", "panel"),
    [
        pytest.param([460.0, 460.0, 460.0], None, id="just enough on each"),
        pytest.param([460.0, 459.0, 460.0], HALL, id="too little on one"),
        pytest.param([0.0, 460.0, 460.0], HALL, id="nothing on one"),
    ],
)
def test_a_panel_that_leaves_too_little_is_named(left_w: list[float], panel: PanelId | None):
    # the least is 1,380 W, on three phases 460 W each
    assert narrow(0, Room([0.0, 0.0, 0.0]), Room(left_w, frozenset({BAY_1}), HALL)) == panel
    assert narrow(0, Room([0.0, 0.0, 0.0]), Room(left_w, frozenset({BAY_2}), HALL)) is None


def test_only_the_phases_of_a_car_count_and_the_first_panel_is_named():
    assert narrow(1, Room([0.0, 1380.0, 0.0], frozenset({BAY_2}), HALL)) is None
    assert narrow(1, Room([9e3, 1379.0, 9e3], frozenset({BAY_2}), HALL), Room([0.0] * 3, None, YARD)) == HALL


@pytest.mark.parametrize(
    ("watts", "facts"),
    [
        pytest.param((2300.0, 4640.0, 230.0), {"phase": "L2", "drawn_a": 20.2, "w": 4640.0}, id="the worst phase"),
        pytest.param((2300.0, None, -4640.0), {"phase": "L3", "drawn_a": 20.2, "w": 4640.0}, id="the other way round"),
        pytest.param((), {}, id="its meter is silent"),
        pytest.param((2300.0,), {"phase": "L1", "drawn_a": 10.0, "w": 2300.0}, id="one phase is measured"),
    ],
)
def test_an_overload_is_told_in_amperes(watts: tuple[float | None, ...], facts: dict[str, object]):
    cause = panels.overloaded(site(), PANELS[0], measured(HALL, *watts), 70.0)
    assert cause.facts == {"panel": "Hall", "limit_a": 40.0} | facts
