"""What comes back, into which room and when: each rule at its edge, with a former of three times 10 kVA."""

from dataclasses import replace
from math import exp, inf
from typing import Any

import pytest

from hems.control import restoring
from hems.control.memory.acting import AttemptsMemory
from hems.control.memory.using import LoadMemory
from hems.control.state import ControlState
from hems.model.cause import Cause, Why
from hems.model.mode import Bus, Grid, Mode, TiePosition
from hems.model.request import Task
from hems.model.site import Phase, Tier
from hems.model.units import CircuitId
from tests.control.pencil import PARAMS, evidence, names, outlook, standing, state
from tests.given import circuit, flats

LAUNDRY, FREEZERS, KITCHEN, GYM = names("laundry", "freezers", "kitchen", "gym")
MOTOR = circuit("motor", Tier.COMFORT, 300.0, inrush_w=29_700.0)
SITE = flats(circuits=(*flats().circuits, MOTOR))
SMALL = replace(SITE, former=replace(SITE.former, total_w=15_000.0))
NOW_S = 100_000.0


@pytest.mark.parametrize(
    ("name", "watts", "phase_w", "fits"),
    [
        # 1.1 times 2 kW, half of it on each of L2 and L3, into 8 kW
        pytest.param("laundry", 2000.0, (9999.0, 6900.0, 6900.0), True, id="just"),
        pytest.param("laundry", 2000.0, (0.0, 6901.0, 0.0), False, id="a watt too much on L2"),
        pytest.param("laundry", 2000.0, (0.0, 0.0, 6901.0), False, id="a watt too much on L3"),
        pytest.param("laundry", 14_540.0, (0.0, -5000.0, -5000.0), True, id="what flows back makes no room"),
        pytest.param("laundry", 14_550.0, (0.0, -5000.0, -5000.0), False, id="so it does not"),
        # 30 kW as it starts, a third on each phase, into 15 kW
        pytest.param("motor", 300.0, (5000.0, 5000.0, 5000.0), True, id="its start just fits"),
        pytest.param("motor", 300.0, (5000.0, 5001.0, 5000.0), False, id="its start does not"),
        pytest.param("motor", 15_300.0, (-9.0, -9.0, -9.0), True, id="its start, into what flows back"),
        pytest.param("motor", 15_310.0, (-9.0, -9.0, -9.0), False, id="that makes no room for it"),
    ],
)
def test_what_fits_leaves_a_fifth_of_each_phase_and_starts_within_the_surge(
    name: str, watts: float, phase_w: tuple[float, ...], *, fits: bool
):
    seen = outlook(SITE, {name: watts}, phase_w=phase_w)
    assert restoring.fits(SITE.circuit(CircuitId(name)), SITE, state(), seen, PARAMS, NOW_S) is fits


@pytest.mark.parametrize(("owed_w", "now_w", "fits"), [(100.0, 6800.0, True), (100.0, 6801.0, False)])
def test_what_others_will_draw_soon_counts_as_drawn(owed_w: float, now_w: float, *, fits: bool):
    seen = outlook(SITE, {"laundry": 2000.0}, phase_w=(0.0, now_w, now_w), owed_w=(7.0, owed_w, owed_w))
    assert restoring.fits(SITE.circuit(LAUNDRY), SITE, state(), seen, PARAMS, NOW_S) is fits


@pytest.mark.parametrize(
    ("name", "watts", "phase_w", "fits"),
    [
        pytest.param("laundry", 2000.0, (3200.0, 3300.0, 3300.0), True, id="12 kW together"),
        pytest.param("laundry", 2000.0, (3201.0, 3300.0, 3300.0), False, id="a watt more"),
        pytest.param("laundry", 10_900.0, (1.0, -100.0, -5.0), True, id="what flows back makes no room"),
        pytest.param("laundry", 10_920.0, (1.0, -100.0, -5.0), False, id="so it does not"),
        pytest.param("motor", 300.0, (-900.0, -900.0, -900.0), False, id="a start of 30 kW into 22.5"),
    ],
)
def test_where_the_source_gives_less_it_fits_that_as_well(
    name: str, watts: float, phase_w: tuple[float, ...], *, fits: bool
):
    seen = outlook(SMALL, {name: watts}, phase_w=phase_w)
    assert restoring.fits(SMALL.circuit(CircuitId(name)), SMALL, state(), seen, PARAMS, NOW_S) is fits


def test_a_start_may_take_half_more_than_the_source_and_what_is_owed_counts_together():
    mild = replace(MOTOR, inrush_w=18_000.0)
    there = replace(SMALL, circuits=(mild,))
    for now_w, fits in ((1400.0, True), (1401.0, False)):
        seen = outlook(there, {"motor": 300.0}, phase_w=(now_w, now_w, now_w))
        assert restoring.fits(mild, there, state(), seen, PARAMS, NOW_S) is fits
    for owed_w, fits in ((100.0, True), (101.0, False)):
        seen = outlook(SMALL, {"laundry": 2000.0}, phase_w=(3000.0, 3300.0, 3300.0), owed_w=(owed_w, 50.0, 50.0))
        assert restoring.fits(SMALL.circuit(LAUNDRY), SMALL, state(), seen, PARAMS, NOW_S) is fits
    assert not restoring.fits(mild, there, state(), outlook(there, phase_w=None), PARAMS, NOW_S)


@pytest.mark.parametrize(("now_s", "most_w"), [(7200.0, 4250.0), (3600.0, 5375.0), (0.0, 6500.0)])
def test_what_cools_comes_back_hungry_by_how_long_the_power_was_gone(now_s: float, most_w: float):
    # freezers of 1.5 kW on L1: 2.5 times that after two hours, 1.75 times after one
    for watts, fits in ((most_w, True), (most_w + 1.0, False)):
        seen = outlook(SITE, {"freezers": 900.0}, phase_w=(watts, 0.0, 0.0))
        assert restoring.fits(SITE.circuit(FREEZERS), SITE, state(), seen, PARAMS, now_s) is fits


@pytest.mark.parametrize(
    ("memory", "draws_w", "hungry"),
    [
        pytest.param(LoadMemory(restored_s=100.0, shed_since_s=200.0, hungry=1.0), 1500.0, 1.0, id="it was hungry"),
        pytest.param(LoadMemory(restored_s=100.0, shed_since_s=200.0, hungry=0.1), 4000.0, 0.1, id="it was not"),
        pytest.param(LoadMemory(shed_since_s=200.0, hungry=1.0), 4000.0, 0.0, id="it has never come back"),
        pytest.param(LoadMemory(restored_s=200.0), 4000.0, 0.0, id="it is on"),
    ],
)
def test_what_a_hungry_one_drew_is_not_what_it_draws_once_it_has_had_enough(
    memory: LoadMemory, draws_w: float, hungry: float
):
    # given freezers of 1.5 kW that drew 4 kW when seen last, at the moment in which they went off
    known = state(loads={FREEZERS: memory}, boot_s=200.0)
    room_w = 8000.0 - (1.0 + 1.5 * hungry * exp(-100.0 / 1800.0)) * draws_w
    for watts, fits in ((room_w - 0.1, True), (room_w + 0.1, False)):
        seen = outlook(SITE, {"freezers": 4000.0}, phase_w=(watts, 0.0, 0.0))
        assert restoring.fits(SITE.circuit(FREEZERS), SITE, known, seen, PARAMS, 200.0) is fits


def waiting(*circuits: str, since_s: float = 0.0, **memory: Any) -> dict[CircuitId, LoadMemory]:
    off = LoadMemory(**{"shed_because": Cause(Why.OVERLOAD), "shed_since_s": since_s, "read_back": True} | memory)
    return dict.fromkeys(names(*circuits), off)


def back(known: ControlState, now_s: float = NOW_S, **seen: Any) -> tuple[CircuitId | None, float]:
    watts = {one.id: one.typical_w for one in SITE.circuits}
    mode = {"mode": known.mode.mode}
    found = restoring.restore(SITE, known, outlook(SITE, watts, **mode | seen), PARAMS, now_s)
    return found.circuit, found.due_s


def test_the_most_important_comes_first_then_the_lowest_rank():
    assert back(state(loads=waiting("laundry", "gym", "kitchen", "freezers"))) == (FREEZERS, NOW_S)
    assert back(state(loads=waiting("laundry", "gym", "kitchen"))) == (KITCHEN, NOW_S)
    assert back(state(loads=waiting("laundry", "gym"))) == (GYM, NOW_S)
    assert back(state()) == (None, inf)


@pytest.mark.parametrize(
    ("more", "now_s", "found"),
    [
        pytest.param({"last_restore_s": 1000.0}, 1029.9, (None, 1030.0), id="half a minute after another"),
        pytest.param({"last_restore_s": 1000.0}, 1030.0, (GYM, 1030.0), id="then it may"),
        pytest.param({"last_shed_s": 1000.0}, 1059.9, (None, 1060.0), id="a minute after a shed"),
        pytest.param({"last_shed_s": 1000.0}, 1060.0, (GYM, 1060.0), id="then it may again"),
        pytest.param({"loads": waiting("gym", since_s=1000.0)}, 1059.9, (None, 1060.0), id="its least time off"),
        pytest.param({"loads": waiting("gym", since_s=1000.0)}, 1060.0, (GYM, 1060.0), id="over"),
        pytest.param({"loads": waiting("gym", since_s=1000.0, fruitless=2)}, 1239.0, (None, 1240.0), id="failed twice"),
        pytest.param({"loads": waiting("gym", since_s=1000.0, fruitless=2)}, 1240.0, (GYM, 1240.0), id="then again"),
        pytest.param({"loads": waiting("gym", fruitless=3)}, NOW_S, (None, inf), id="failed three times"),
        pytest.param({"boot_s": 1000.0}, 1029.0, (None, 1030.0), id="after a start"),
        pytest.param({"boot_s": 1000.0}, 1030.0, (None, 1060.0), id="off for the least time since it"),
        pytest.param({"dose": (0.0, 0.3)}, NOW_S, (None, inf), id="the former is warm"),
        pytest.param({"dose": (0.29, 0.0)}, NOW_S, (GYM, NOW_S), id="cool enough"),
        pytest.param({"attempts": AttemptsMemory(failures=5)}, NOW_S, (None, inf), id="given up"),
        pytest.param({"attempts": AttemptsMemory(failures=4)}, NOW_S, (GYM, NOW_S), id="nearly"),
        pytest.param({"orders": standing(Task.FIRE)}, NOW_S, (None, inf), id="it burns"),
        pytest.param({"loads": waiting("gym", read_back=False)}, NOW_S, (None, inf), id="its switch is silent"),
        pytest.param({"loads": waiting("gym", deaf=True)}, NOW_S, (None, inf), id="it does not obey"),
    ],
)
def test_on_an_island_one_comes_back_when_all_are_over_that_it_waits_for(
    more: dict[str, Any], now_s: float, found: tuple[CircuitId | None, float]
):
    assert back(state(**{"loads": waiting("gym")} | more), now_s) == found


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        pytest.param({"sags": True}, None, id="voltage sags"),
        pytest.param({"phase_w": None}, None, id="the former cannot be read"),
        pytest.param({"least": Tier.COMFORT}, None, id="no energy for it"),
        pytest.param({"resting": {GYM: Cause(Why.NOT_ITS_TURN)}}, None, id="not its turn"),
        pytest.param({"least": Tier.COMFORT, "in_turn": frozenset({GYM})}, GYM, id="its turn"),
        pytest.param({"least": Tier.COMFORT, "sunlit": frozenset({GYM})}, GYM, id="the sun feeds it"),
        pytest.param({"mode": Mode.RECONNECTING}, None, id="before it reconnects"),
        pytest.param({"mode": Mode.ISLANDED_STABILIZING}, None, id="while it comes to rest"),
        pytest.param({"mode": Mode.GRID_RETURN_QUALIFYING}, GYM, id="while the grid is looked at"),
    ],
)
def test_on_an_island_one_comes_back_where_there_is_energy_for_it(seen: dict[str, Any], found: CircuitId | None):
    assert back(state(loads=waiting("gym")), **seen) == (found, NOW_S if found else inf)


def test_what_layer_0_drops_waits_for_the_tie_and_nobody_waits_behind_it():
    held = replace(SITE, circuits=tuple(replace(one, panel=None, layer_0=one.id == KITCHEN) for one in SITE.circuits))
    seen = outlook(held, {"kitchen": 100.0, "gym": 100.0})
    assert restoring.restore(held, state(loads=waiting("kitchen", "gym")), seen, PARAMS, NOW_S).circuit == GYM


def test_behind_what_would_fit_if_lesser_ones_were_off_all_wait_and_behind_what_never_fits_nobody():
    # given the kitchen off, the gym off behind it, and 7 kW on each phase, of which the laundry draws 2 x 4 kW
    watts = {"kitchen": 5400.0, "gym": 100.0, "laundry": 8000.0}
    seen = outlook(SITE, watts, phase_w=(3000.0, 7000.0, 7000.0))
    off = waiting("kitchen", "gym")
    assert restoring.restore(SITE, state(loads=off), seen, PARAMS, NOW_S) == restoring.NOT_NOW
    # when the laundry is off as well, nothing lesser could make room
    assert restoring.restore(SITE, state(loads=off | waiting("laundry")), seen, PARAMS, NOW_S).circuit == GYM


def worn(*moves_s: float) -> dict[CircuitId, LoadMemory]:
    return waiting("gym", moves_s=moves_s)


def test_a_switch_that_has_moved_five_times_in_an_hour_waits_and_the_others_do_not():
    moves = worn(*(NOW_S - ago_s for ago_s in (3000.0, 2000.0, 900.0, 800.0, 700.0)))
    assert back(state(loads=moves)) == (None, NOW_S + 600.0)
    assert back(state(loads=moves), NOW_S + 600.0) == (GYM, NOW_S + 600.0)
    assert back(state(loads=moves | waiting("laundry"))) == (LAUNDRY, NOW_S)


@pytest.mark.parametrize(
    ("off", "more", "now_s", "found"),
    [
        pytest.param("gym", {"grid_solid_since_s": 1000.0}, 1059.9, (None, 1060.0), id="the grid is not firm"),
        pytest.param("gym", {"grid_solid_since_s": 1000.0}, 1060.0, (GYM, 1060.0), id="it is"),
        pytest.param("kitchen", {"grid_solid_since_s": 1000.0}, 1009.9, (None, 1010.0), id="essential"),
        pytest.param("kitchen", {"grid_solid_since_s": 1000.0}, 1010.0, (KITCHEN, 1010.0), id="essential comes sooner"),
        pytest.param("gym", {}, NOW_S, (None, inf), id="no grid"),
        pytest.param("gym", {"vouched_since_s": 1000.0}, 1060.0, (GYM, 1060.0), id="vouched for"),
        pytest.param(
            "gym", {"vouched_since_s": 0.0, "grid_solid_since_s": 1000.0}, 1059.0, (None, 1060.0), id="seen beats said"
        ),
        pytest.param(
            "gym",
            {"grid_solid_since_s": 0.0, "last_restore_s": 1000.0},
            1009.0,
            (None, 1010.0),
            id="ten seconds after another",
        ),
        pytest.param(
            "gym", {"grid_solid_since_s": 0.0, "last_shed_s": 1000.0}, 1009.0, (GYM, 1009.0), id="whatever was shed"
        ),
    ],
)
def test_on_the_grid_one_comes_back_when_the_grid_is_firm(
    off: str, more: dict[str, Any], now_s: float, found: tuple[CircuitId | None, float]
):
    known = state(Mode.RECONNECTED_RESTORING, loads=waiting(off), **more)
    assert back(known, now_s) == found
    assert back(replace(known, loads={}), now_s) == (None, inf)
    assert back(known, now_s, mode=Mode.GRID_DISTURBED) == (None, inf)


def test_in_doubt_about_the_grid_what_is_off_for_energy_comes_back_on_a_persons_word():
    doubt = evidence(TiePosition.CLOSED, Grid.UNKNOWN, Bus.LIVE)
    doubt = replace(doubt, tie=replace(doubt.tie, raw=TiePosition.CLOSED))
    saved = waiting("gym", shed_because=Cause(Why.ENERGY_BAND))
    known = state(
        Mode.GRID_CONNECTED_DEGRADED,
        evidence=doubt,
        orders=standing(Task.GRID_PRESENT),
        loads=saved | waiting("kitchen"),
        vouched_since_s=0.0,
    )
    assert back(known) == (GYM, NOW_S)
    assert back(replace(known, loads=waiting("kitchen"))) == (None, inf)
    assert back(replace(known, orders={})) == (None, inf)


def test_the_room_is_that_of_the_worst_phase_on_all_or_what_the_source_has_left():
    assert restoring.room_w(SITE, (1000.0, 2000.0, 3000.0), PARAMS) == 15_000.0
    assert restoring.room_w(SMALL, (1000.0, 2000.0, 3000.0), PARAMS) == 6000.0
    assert restoring.room_w(SITE, (1000.0, 8001.0, 3000.0), PARAMS) == 0.0
    assert restoring.room_w(SITE, None, PARAMS) is None


@pytest.mark.parametrize(
    ("why", "restored_s", "fruitless"),
    [
        pytest.param(Why.OVERLOAD, 40.0, 2, id="undone within a minute"),
        pytest.param(Why.ISLAND_CAPACITY, 40.0, 2, id="for want of capacity"),
        pytest.param(Why.VOLTAGE_SAGS, 40.0, 2, id="for its voltage"),
        pytest.param(Why.OVERLOAD, 39.9, 0, id="later"),
        pytest.param(Why.OVERLOAD, None, 0, id="never restored"),
        pytest.param(Why.ENERGY_BAND, 40.0, 0, id="for another reason"),
        pytest.param(Why.BLACKOUT, 40.0, 1, id="judged apart"),
    ],
)
def test_a_restore_is_in_vain_when_it_is_undone_within_a_minute(why: Why, restored_s: float | None, fruitless: int):
    known = state(loads={GYM: LoadMemory(restored_s=restored_s, fruitless=1)})
    assert restoring.fruitless_after(known, GYM, Cause(why), PARAMS, 100.0) == fruitless


def test_the_worst_phase_is_told_as_a_multiple_of_its_rating():
    assert restoring.worst_pu(SITE, outlook(SITE, phase_w=(1000.0, -5000.0, 3000.0))) == 0.5
    assert restoring.worst_pu(SITE, outlook(SITE, phase_w=None)) == 0.0


def test_one_on_two_phases_needs_room_on_these_alone():
    lone = circuit("lone", Tier.COMFORT, 1000.0, Phase.L1, Phase.L2)
    there = replace(SITE, circuits=(lone,))
    seen = outlook(there, {"lone": 2000.0}, phase_w=(6900.0, 6900.0, 20_000.0))
    assert restoring.fits(lone, there, state(), seen, PARAMS, NOW_S)
