"""Turns of the mode: each fact that a rule asks for, at its edge, and what a change of mode leaves behind."""

from dataclasses import replace
from math import inf
from typing import Any

import pytest

from hems.control.evidence import Evidence
from hems.control.given import Told
from hems.control.memory.acting import ReconnectMemory
from hems.control.memory.seeing import GridMemory, ModeMemory, TieMemory
from hems.control.memory.using import LoadMemory
from hems.control.state import ControlState
from hems.control.turn import moded
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.event import EventKind
from hems.model.mode import Bus, Grid, Mode, TiePosition
from hems.model.request import Task
from hems.model.site import Generator, Site
from tests.control.panel import healthy
from tests.control.pencil import BECAUSE, PARAMS, evidence, given, names, sent, standing, state
from tests.given import flats

SITE = flats()
LAUNDRY, KITCHEN = names("laundry", "kitchen")
NOW_S = 10_000.0
OPEN, CLOSED = TiePosition.OPEN, TiePosition.CLOSED


def found(tie: TiePosition, grid: Grid = Grid.GOOD, bus: Bus = Bus.LIVE) -> Evidence:
    """Three axes, without anybody who says so."""
    return Evidence(
        grid=grid, tie=tie, bus=bus, witnesses=(), disputed=False, crossed=False, qualifying_left_s=None, due_s=inf
    )


def after(
    known: ControlState, seen: Evidence, held_s: float = 0.0, values: dict[Any, Any] | None = None, site: Site = SITE
) -> ControlState:
    """What it is after it has been so for a while."""
    for now_s in (NOW_S - held_s, NOW_S):
        known, _ = moded(given(site, healthy(site) | (values or {}), now_s), known, seen, [])
    return known


# Back to the grid -----------------------------------------------------------------------------------------------------


def returns(site: Site = SITE, values: dict[Any, Any] | None = None, **known: Any) -> bool:
    """Whether the permit may be given now that the grid has qualified."""
    seen, _ = moded(
        given(site, healthy(site) | (values or {}), NOW_S),
        state(Mode.GRID_RETURN_QUALIFYING, **known),
        found(OPEN),
        [],
    )
    return seen.mode.mode is Mode.RECONNECTING


@pytest.mark.parametrize(
    ("failures", "not_before_s", "may"),
    [
        pytest.param(0, 0.0, True, id="never failed"),
        pytest.param(2, 0.0, True, id="failed twice"),
        pytest.param(3, 0.0, False, id="failed three times: a person looks first"),
        pytest.param(1, NOW_S, True, id="the pause is over"),
        pytest.param(1, NOW_S + 0.1, False, id="the pause is not over"),
    ],
)
def test_a_permit_waits_for_its_pause_and_after_three_in_vain_for_a_person(
    failures: int, not_before_s: float, *, may: bool
):
    assert returns(reconnect=ReconnectMemory(failures=failures, not_before_s=not_before_s)) is may


def test_nothing_returns_without_a_permit_to_give_beside_a_generator_or_while_the_island_is_wanted():
    engine = replace(SITE, generator=Generator(name="Generator", rated_w=20_000.0))
    running = {wiring.GENERATOR_RUNNING: True, wiring.GENERATOR_POWER: 0.0}
    # given one reason each
    assert returns(engine, running | {wiring.GENERATOR_RUNNING: False})
    assert not returns(engine, running)
    assert not returns(replace(SITE, tie=replace(SITE.tie, has_permit=False)))
    leaves = replace(SITE, tie=replace(SITE.tie, has_island=True))
    assert returns(leaves)
    assert not returns(leaves, orders=standing(Task.ISLAND), band="normal")


@pytest.mark.parametrize(("failures", "pause_s"), [(0, 1.0), (1, 2.0), (2, 4.0)])
def test_each_permit_that_leads_to_nothing_doubles_the_pause(failures: int, pause_s: float):
    # given a permit to which nobody closes the tie
    known = state(Mode.RECONNECTING, reconnect=ReconnectMemory(failures=failures))
    before = after(known, found(OPEN), PARAMS.reconnect.watchdog_s - 0.1)
    assert (before.mode.mode, before.reconnect) == (Mode.RECONNECTING, known.reconnect)
    # when the watchdog ends it
    late = after(known, found(OPEN), PARAMS.reconnect.watchdog_s)
    assert late.mode.mode is Mode.ISLANDED
    assert late.reconnect == ReconnectMemory(
        failures=failures + 1, not_before_s=NOW_S + pause_s * PARAMS.reconnect.backoff_s
    )


def test_failures_are_forgotten_once_the_grid_carries_the_building_and_not_before():
    failed = ReconnectMemory(failures=2, not_before_s=5.0)
    back = after(state(Mode.RECONNECTING, reconnect=failed), found(CLOSED), PARAMS.reconnect.settle_s)
    assert (back.mode.mode, back.reconnect) == (Mode.RECONNECTED_RESTORING, failed)
    done = after(replace(back, mode=replace(back.mode, since_s=0.0)), found(CLOSED), PARAMS.restore.calm_s)
    assert (done.mode.mode, done.reconnect) == (Mode.GRID_CONNECTED, ReconnectMemory())


# What is still to come back -------------------------------------------------------------------------------------------

OFF = LoadMemory(shed_because=BECAUSE, shed_since_s=0.0, read_back=True)
MOVED_S = (NOW_S - 3600.0,) * (int(PARAMS.restore.moves_hour) - 1)


@pytest.mark.parametrize(
    ("memory", "waits"),
    [
        pytest.param(LoadMemory(read_back=True), False, id="on"),
        pytest.param(OFF, True, id="off"),
        pytest.param(replace(OFF, read_back=False), False, id="never read"),
        pytest.param(replace(OFF, shed_because=Cause(Why.LIMIT_PANEL)), False, id="off for a limit"),
        pytest.param(replace(OFF, fruitless=int(PARAMS.restore.tries) - 1), True, id="one try is left"),
        pytest.param(replace(OFF, fruitless=int(PARAMS.restore.tries)), False, id="no try is left"),
        pytest.param(replace(OFF, moves_s=MOVED_S), True, id="its relay has rested"),
        pytest.param(replace(OFF, moves_s=tuple(one + 0.1 for one in MOVED_S)), False, id="its relay rests"),
    ],
)
def test_all_is_normal_once_nothing_is_off_that_would_come_back_by_itself(memory: LoadMemory, *, waits: bool):
    known = state(Mode.RECONNECTED_RESTORING, loads={LAUNDRY: memory, KITCHEN: LoadMemory(read_back=True)})
    ended = after(known, found(CLOSED), PARAMS.restore.calm_s)
    assert ended.mode.mode is (Mode.RECONNECTED_RESTORING if waits else Mode.GRID_CONNECTED)


# Rest, doubt and the dark ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "rests"),
    [
        pytest.param({}, True, id="nothing heats"),
        pytest.param({"dose": (0.0, 0.29, 0.0)}, True, id="little heat"),
        pytest.param({"dose": (0.0, PARAMS.overload.dose_block, 0.0)}, False, id="a phase is warm"),
        pytest.param(
            {"loads": {LAUNDRY: OFF}, "sent": {wiring.circuit_closed(LAUNDRY): sent(False)}}, False, id="a shed"
        ),
    ],
)
def test_an_island_is_at_rest_without_heat_in_its_former_and_without_sheds_on_their_way(
    more: dict[str, Any], *, rests: bool
):
    assert PARAMS.overload.dose_block == 0.3
    ended = after(state(Mode.ISLANDED_STABILIZING, **more), found(OPEN, Grid.DEAD), PARAMS.island.stable_s)
    assert ended.mode.mode is (Mode.ISLANDED if rests else Mode.ISLANDED_STABILIZING)


@pytest.mark.parametrize(("looked_s", "leaves"), [(None, False), (99.9, False), (100.0, True)])
def test_a_contradiction_is_left_when_a_person_has_looked_since_it_began(looked_s: float | None, *, leaves: bool):
    doubt = ModeMemory(mode=Mode.FAULT_SAFE, since_s=100.0, contradiction=True)
    ended = after(replace(state(), mode=doubt, acknowledged_s=looked_s), found(CLOSED), PARAMS.fault.clear_s)
    assert ended.mode.mode is (Mode.INIT if leaves else Mode.FAULT_SAFE)
    # where nothing contradicted, nobody needs to
    unseen = replace(doubt, contradiction=False)
    assert after(replace(state(), mode=unseen), found(CLOSED), PARAMS.fault.clear_s).mode.mode is Mode.INIT


@pytest.mark.parametrize(
    ("tie", "bus", "seen"),
    [
        (TiePosition.UNKNOWN, Bus.UNKNOWN, False),
        (TiePosition.UNKNOWN, Bus.LIVE, True),
        (TiePosition.INVALID, Bus.UNKNOWN, True),
    ],
)
def test_a_building_that_shows_neither_tie_nor_bus_is_in_doubt_for_want_of_witnesses(
    tie: TiePosition, bus: Bus, *, seen: bool
):
    ended = after(state(Mode.INIT), found(tie, Grid.UNKNOWN, bus), PARAMS.witness.no_witness_s)
    assert ended.mode.mode is Mode.FAULT_SAFE
    assert (ended.mode.because is not None and ended.mode.because.why is Why.NO_WITNESS) is not seen


def test_what_came_back_last_is_blamed_where_an_island_goes_dark_and_nowhere_else():
    known = {"loads": {LAUNDRY: LoadMemory(restored_s=NOW_S - 1.0)}, "last_restore_s": NOW_S - 1.0}
    dark = found(OPEN, Grid.DEAD, Bus.DEAD)
    held_s = PARAMS.grid.lost_s
    for mode, blamed in ((Mode.ISLANDED, 1), (Mode.GRID_CONNECTED, 0)):
        ended = after(state(mode, **known), dark, held_s)
        assert (ended.mode.mode, ended.loads[LAUNDRY].fruitless) == (Mode.BLACKOUT, blamed)
    # an island that meets the grid is none that went dark
    met = after(state(Mode.RECONNECTING, **known), found(CLOSED), PARAMS.reconnect.settle_s)
    assert (met.mode.mode, met.loads[LAUNDRY].fruitless) == (Mode.RECONNECTED_RESTORING, 0)


# What a turn leaves behind --------------------------------------------------------------------------------------------


def test_an_island_that_is_called_off_or_not_reached_is_wanted_no_more_and_other_orders_stand():
    site = replace(SITE, tie=replace(SITE.tie, has_island=True))
    wanted = {**standing(Task.ISLAND), **standing(Task.DRILL), **standing(Task.STORM)}
    # given one that is not reached in time
    known = state(Mode.ISLANDING_PLANNED, orders=wanted)
    early = after(known, found(CLOSED), PARAMS.plan.timeout_s - 0.1, site=site)
    assert (early.mode.mode, set(early.orders)) == (Mode.ISLANDING_PLANNED, set(wanted))
    late = after(known, found(CLOSED), PARAMS.plan.timeout_s, site=site)
    assert (late.mode.mode, set(late.orders)) == (Mode.RECONNECTED_RESTORING, {Task.STORM})
    # and one for which there is not the energy any more
    empty = {wiring.battery_soc(one.id): 1.0 for one in SITE.batteries}
    off = after(known, found(CLOSED), values=empty, site=site)
    assert off.mode.because is not None
    assert (off.mode.because.why, set(off.orders)) == (Why.ISLAND_CALLED_OFF, {Task.STORM})
    # one that is reached goes on
    reached = after(known, found(OPEN, Grid.DEAD), site=site)
    assert (reached.mode.mode, set(reached.orders)) == (Mode.ISLANDED_STABILIZING, set(wanted))


@pytest.mark.parametrize(
    ("seen", "outside_s", "before_s", "since_s"),
    [
        pytest.param(found(CLOSED), None, None, NOW_S, id="from now on"),
        pytest.param(found(CLOSED), None, 7.0, 7.0, id="as ever"),
        pytest.param(found(CLOSED), NOW_S - 0.1, 7.0, None, id="a dip that the debounce overlooks"),
        pytest.param(found(OPEN), None, 7.0, None, id="open"),
        pytest.param(found(CLOSED, Grid.QUALIFYING), None, 7.0, None, id="not yet good"),
        pytest.param(found(CLOSED, bus=Bus.UNKNOWN), None, 7.0, None, id="the bus unseen"),
    ],
)
def test_the_ground_is_firm_while_a_good_grid_feeds_a_live_bus_without_a_break(
    seen: Evidence, outside_s: float | None, before_s: float | None, since_s: float | None
):
    grid = GridMemory(value=seen.grid, outside_since_s=outside_s)
    known = state(Mode.GRID_CONNECTED, evidence=replace(evidence(seen.tie), grid=grid), grid_solid_since_s=before_s)
    ended, _ = moded(given(SITE, healthy(SITE), NOW_S), known, seen, [])
    assert ended.grid_solid_since_s == since_s


def test_a_persons_word_counts_from_when_it_first_agreed_with_what_is_measured():
    axes = replace(evidence(CLOSED, Grid.UNKNOWN), tie=TieMemory(value=CLOSED, raw=CLOSED))
    known = state(Mode.GRID_CONNECTED_DEGRADED, evidence=axes, orders=standing(Task.GRID_PRESENT))
    seen = found(CLOSED, Grid.UNKNOWN)
    assert after(known, seen).vouched_since_s == NOW_S
    assert after(replace(known, vouched_since_s=7.0), seen).vouched_since_s == 7.0
    assert after(replace(known, vouched_since_s=7.0, orders={}), seen).vouched_since_s is None


def test_a_turn_is_told_and_what_is_due_by_itself_is_known():
    told: Told = []
    now = given(SITE, healthy(SITE), NOW_S)
    turned, due_s = moded(now, state(Mode.GRID_CONNECTED), found(OPEN, Grid.DEAD), told)
    assert (turned.mode.mode, due_s) == (Mode.ISLANDED_STABILIZING, NOW_S)
    assert [(kind, subject, cause.why) for kind, subject, cause in told] == [
        (EventKind.MODE, Mode.ISLANDED_STABILIZING, Why.TIE_OPENED)
    ]
    # when nothing turns, nothing is told
    told.clear()
    still, due_s = moded(now, turned, found(OPEN, Grid.DEAD), told)
    assert (still.mode.mode, due_s, told) == (turned.mode.mode, NOW_S + PARAMS.island.stable_s, [])
