"""The rules by which the mode follows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hems.control.conditions import Facts
from hems.control.memory.seeing import ModeMemory
from hems.control.mode import RULES, rules_from, step
from hems.control.params import Params
from hems.model.cause import Why
from hems.model.mode import ISLAND_MODES, Bus, Grid, Mode, TiePosition

PARAMS = Params()


@pytest.mark.parametrize("mode", Mode)
def test_every_mode_has_a_way_out(mode: Mode):
    assert any(rule.target is not mode for rule in rules_from(mode))


@pytest.mark.parametrize("mode", Mode)
def test_within_a_mode_each_reason_and_target_occurs_once_so_that_it_can_key_a_timer(mode: Mode):
    keys = [(rule.why, rule.target) for rule in rules_from(mode)]
    assert len(keys) == len(set(keys))


def test_fault_safe_is_reachable_from_every_mode_and_left_only_by_looking_again():
    # while people work on the plant nothing is given power either, and their release looks around afresh
    still = {Mode.FAULT_SAFE, Mode.MAINTENANCE}
    assert all(any(rule.target is Mode.FAULT_SAFE for rule in rules_from(mode)) for mode in set(Mode) - still)
    assert {rule.target for rule in rules_from(Mode.MAINTENANCE)} == {Mode.INIT}
    assert {rule.target for rule in rules_from(Mode.FAULT_SAFE)} == {Mode.INIT, Mode.MAINTENANCE}


def test_every_waiting_time_of_a_rule_is_a_parameter():
    assert all(rule.held_for_s(PARAMS) >= 0.0 for rule in RULES)


def facts(tie: TiePosition = TiePosition.CLOSED, grid: Grid = Grid.GOOD, bus: Bus = Bus.LIVE, **more: bool) -> Facts:
    settings: dict[str, bool] = {
        "witnessed": True,
        "island_calm": True,
        "restored": True,
        "may_reconnect": True,
        "acknowledged": False,
        "contradiction": False,
    }
    return Facts(tie=tie, grid=grid, bus=bus, **(settings | more))


OPEN, CLOSED, MOVING = TiePosition.OPEN, TiePosition.CLOSED, TiePosition.MOVING
INVALID, UNKNOWN = TiePosition.INVALID, TiePosition.UNKNOWN
ISLAND = facts(OPEN, Grid.DEAD)
G, D, DIS, RES = Mode.GRID_CONNECTED, Mode.GRID_CONNECTED_DEGRADED, Mode.GRID_DISTURBED, Mode.RECONNECTED_RESTORING
STAB, ISL, QUAL, REC = (
    Mode.ISLANDED_STABILIZING,
    Mode.ISLANDED,
    Mode.GRID_RETURN_QUALIFYING,
    Mode.RECONNECTING,
)
DARK, DARK_GRID, FAULT, INIT = Mode.BLACKOUT, Mode.BLACKOUT_GRID_AVAILABLE, Mode.FAULT_SAFE, Mode.INIT
MAINT, PLAN, START = Mode.MAINTENANCE, Mode.ISLANDING_PLANNED, Mode.BLACK_START
RUNNING = [mode for mode in Mode if mode not in (INIT, FAULT, MAINT)]
CONTRADICTION = facts(CLOSED, Grid.DEAD, Bus.LIVE)
CONTRADICTION_AT_WORK = facts(CLOSED, Grid.DEAD, maintenance=True)
UNSEEN = facts(CLOSED, Grid.BAD, Bus.UNKNOWN)

TRANSITIONS = [
    # from, facts, seconds it must hold, to, why
    (INIT, facts(), 2.0, RES, Why.ESTIMATES_VALID),
    (INIT, facts(grid=Grid.QUALIFYING), 2.0, RES, Why.ESTIMATES_VALID),
    (INIT, facts(grid=Grid.UNKNOWN), 2.0, D, Why.GRID_UNKNOWN),
    (INIT, facts(grid=Grid.BAD), 2.0, DIS, Why.GRID_OUT_OF_WINDOW),
    (INIT, ISLAND, 2.0, STAB, Why.TIE_OPENED),
    (INIT, facts(OPEN, Grid.GOOD), 2.0, STAB, Why.TIE_OPENED),
    (INIT, facts(OPEN, Grid.DEAD, Bus.DEAD), 2.0, DARK, Why.BUS_DEAD),
    (INIT, facts(UNKNOWN, Grid.UNKNOWN, Bus.UNKNOWN, witnessed=False), 30.0, FAULT, Why.NO_WITNESS),
    (INIT, facts(UNKNOWN), 30.0, FAULT, Why.TIE_INVALID),
    (INIT, CONTRADICTION, 30.0, FAULT, Why.CONTRADICTION),
    (G, ISLAND, 0.0, STAB, Why.TIE_OPENED),
    (G, facts(OPEN, Grid.UNKNOWN, Bus.UNKNOWN), 0.0, STAB, Why.TIE_OPENED),
    *((mode, facts(grid=Grid.BAD), 0.0, DIS, Why.GRID_OUT_OF_WINDOW) for mode in (RES, D, PLAN)),
    *((mode, facts(grid=Grid.UNKNOWN), 0.0, D, Why.GRID_UNKNOWN) for mode in (RES, DIS, PLAN)),
    (D, ISLAND, 0.0, STAB, Why.TIE_OPENED),
    (DIS, ISLAND, 0.0, STAB, Why.TIE_OPENED),
    (RES, ISLAND, 0.0, STAB, Why.TIE_OPENED),
    (G, facts(grid=Grid.BAD), 0.0, DIS, Why.GRID_OUT_OF_WINDOW),
    (G, facts(grid=Grid.UNKNOWN), 0.0, D, Why.GRID_UNKNOWN),
    (G, facts(OPEN, Grid.DEAD, Bus.DEAD), 0.5, DARK, Why.BUS_DEAD),
    (DIS, facts(), 0.0, G, Why.GRID_GOOD),
    (DIS, facts(restored=False), 0.0, RES, Why.GRID_GOOD),
    (D, facts(), 0.0, G, Why.GRID_GOOD),
    (RES, facts(), 600.0, G, Why.RESTORED_AND_CALM),
    (STAB, ISLAND, 10.0, ISL, Why.ISLAND_STABLE),
    (STAB, facts(OPEN, Grid.DEAD, Bus.DEAD), 0.5, DARK, Why.BUS_DEAD),
    (ISL, facts(OPEN, Grid.QUALIFYING), 0.0, QUAL, Why.GRID_SEEN),
    (ISL, facts(OPEN, Grid.QUALIFYING, on_purpose=True), 0.0, QUAL, Why.GRID_STAYS),
    *((mode, facts(OPEN, Grid.DEAD, on_purpose=True), 0.0, ISL, Why.GRID_GONE_MEANWHILE) for mode in (QUAL, REC)),
    (QUAL, facts(OPEN, Grid.UNKNOWN, on_purpose=True), 0.0, ISL, Why.GRID_LOST_AGAIN),
    (ISL, facts(OPEN, Grid.DEAD, source_lost=True), 0.0, STAB, Why.SOURCE_LOST),
    (QUAL, facts(OPEN, Grid.GOOD, source_lost=True), 0.0, STAB, Why.SOURCE_LOST),
    (QUAL, ISLAND, 0.0, ISL, Why.GRID_LOST_AGAIN),
    (QUAL, facts(OPEN, Grid.UNKNOWN), 0.0, ISL, Why.GRID_LOST_AGAIN),
    (QUAL, facts(OPEN, Grid.GOOD), 0.0, REC, Why.GRID_QUALIFIED),
    (QUAL, facts(), 5.0, RES, Why.TIE_CLOSED),
    (REC, facts(), 5.0, RES, Why.TIE_CLOSED),
    (REC, ISLAND, 0.0, ISL, Why.GRID_LOST_AGAIN),
    (REC, facts(OPEN, Grid.QUALIFYING), 0.0, QUAL, Why.GRID_LOST_AGAIN),
    (REC, facts(OPEN, Grid.GOOD), 30.0, ISL, Why.RECONNECT_TIMED_OUT),
    (ISL, facts(grid=Grid.BAD), 5.0, DIS, Why.GRID_OUT_OF_WINDOW),
    (ISL, facts(grid=Grid.UNKNOWN), 5.0, D, Why.GRID_UNKNOWN),
    (DARK, facts(OPEN, Grid.GOOD, Bus.DEAD), 0.0, DARK_GRID, Why.GRID_GOOD),
    (DARK_GRID, facts(OPEN, Grid.BAD, Bus.DEAD), 0.0, DARK, Why.GRID_LOST_AGAIN),
    (DARK, ISLAND, 0.5, STAB, Why.TIE_OPENED),
    (DARK_GRID, facts(), 5.0, RES, Why.BUS_LIVE),
    (DARK, facts(grid=Grid.BAD), 5.0, DIS, Why.GRID_OUT_OF_WINDOW),
    (DARK, facts(grid=Grid.UNKNOWN), 5.0, D, Why.GRID_UNKNOWN),
    *((mode, facts(maintenance=True), 0.0, MAINT, Why.MAINTENANCE) for mode in (*RUNNING, INIT, FAULT)),
    (MAINT, facts(), 0.0, INIT, Why.RELEASED),
    (MAINT, CONTRADICTION, 0.0, INIT, Why.RELEASED),
    (G, facts(island_asked=True), 0.0, PLAN, Why.ISLAND_ASKED),
    (PLAN, facts(island_asked=True), 60.0, RES, Why.ISLAND_NOT_REACHED),
    (PLAN, facts(), 0.0, RES, Why.ISLAND_CALLED_OFF),
    (PLAN, facts(OPEN, island_asked=True), 0.0, STAB, Why.TIE_OPENED),
    (PLAN, facts(OPEN, Grid.UNKNOWN, island_asked=True, opening_asked=True), 0.0, STAB, Why.LEFT_ON_PURPOSE),
    (PLAN, facts(OPEN, Grid.DEAD, island_asked=True, opening_asked=True), 0.0, STAB, Why.TIE_OPENED),
    (PLAN, facts(grid=Grid.BAD, island_asked=True), 0.0, DIS, Why.GRID_OUT_OF_WINDOW),
    (PLAN, facts(grid=Grid.UNKNOWN, island_asked=True), 0.0, D, Why.GRID_UNKNOWN),
    (DARK, facts(OPEN, Grid.DEAD, Bus.DEAD, may_start=True), 30.0, START, Why.BLACK_START),
    (START, ISLAND, 30.0, STAB, Why.BLACK_START_DONE),
    (START, facts(OPEN, Grid.DEAD, Bus.DEAD, may_start=True), 600.0, DARK, Why.BLACK_START_FAILED),
    (START, facts(OPEN, Grid.GOOD, Bus.DEAD), 0.0, DARK_GRID, Why.GRID_GOOD),
    (START, facts(), 5.0, RES, Why.BUS_LIVE),
    *((mode, CONTRADICTION, 1.0, FAULT, Why.CONTRADICTION) for mode in RUNNING),
    *((mode, facts(INVALID), 1.0, FAULT, Why.TIE_INVALID) for mode in RUNNING),
    *((mode, facts(UNKNOWN), 1.0, FAULT, Why.TIE_INVALID) for mode in RUNNING),
    *((mode, UNSEEN, 10.0, FAULT, Why.BUS_UNKNOWN) for mode in RUNNING),
    (FAULT, facts(), 60.0, INIT, Why.DATA_GOOD_AGAIN),
    (FAULT, ISLAND, 60.0, INIT, Why.DATA_GOOD_AGAIN),
    (FAULT, facts(contradiction=True, acknowledged=True), 60.0, INIT, Why.DATA_GOOD_AGAIN),
]


@pytest.mark.parametrize(("mode", "seen", "held_s", "target", "why"), TRANSITIONS, ids=str)
def test_a_mode_changes_after_exactly_its_waiting_time(mode: Mode, seen: Facts, held_s: float, target: Mode, why: Why):
    # given a mode entered at 100 s, in which the facts begin at 200 s
    memory, rule, due_s = step(ModeMemory(mode=mode, since_s=100.0), seen, PARAMS, 200.0)
    # when they have held for a hair less than needed, then nothing happens yet, but the time is known
    if held_s > 0.0:
        assert (rule, due_s) == (None, 200.0 + held_s)
        memory, rule, _ = step(memory, seen, PARAMS, 200.0 + held_s - 0.001)
        assert rule is None
        # and when they have, it does
        memory, rule, _ = step(memory, seen, PARAMS, 200.0 + held_s)
    assert rule is not None
    assert (memory.mode, memory.because.why, memory.since_s) == (target, why, 200.0 + held_s)


STAYS = [
    (G, facts(grid=Grid.QUALIFYING)),
    (G, facts(MOVING)),
    (G, facts(bus=Bus.UNKNOWN, grid=Grid.QUALIFYING)),
    (ISL, facts(MOVING, Grid.DEAD)),
    (ISL, ISLAND),
    (STAB, facts(OPEN, Grid.DEAD, island_calm=False)),
    (QUAL, facts(OPEN, Grid.QUALIFYING)),
    (QUAL, facts(OPEN, Grid.GOOD, may_reconnect=False)),
    (DIS, facts(grid=Grid.QUALIFYING)),
    (RES, facts(restored=False)),
    (DARK, facts(OPEN, Grid.DEAD, Bus.DEAD)),
    (DARK_GRID, facts(OPEN, Grid.GOOD, Bus.DEAD)),
    (FAULT, CONTRADICTION),
    (FAULT, facts(UNKNOWN)),
    (FAULT, facts(contradiction=True, acknowledged=False)),
    (MAINT, facts(maintenance=True)),
    (MAINT, CONTRADICTION_AT_WORK),
    (DIS, facts(grid=Grid.QUALIFYING, island_asked=True)),
    (DARK_GRID, facts(OPEN, Grid.GOOD, Bus.DEAD, may_start=True)),
    (START, facts(OPEN, Grid.DEAD, Bus.DEAD)),
]


@pytest.mark.parametrize(("mode", "seen"), STAYS, ids=str)
def test_a_mode_stays_while_nothing_speaks_against_it(mode: Mode, seen: Facts):
    memory = ModeMemory(mode=mode)
    for now_s in (0.0, 1.0, 9.9):
        memory, rule, _ = step(memory, seen, PARAMS, now_s)
        assert rule is None
        assert memory.mode is mode


def test_a_waiting_time_begins_again_when_its_condition_breaks():
    memory, _, _ = step(ModeMemory(mode=STAB), ISLAND, PARAMS, 0.0)
    memory, _, _ = step(memory, facts(OPEN, Grid.DEAD, island_calm=False), PARAMS, 9.0)
    memory, rule, due_s = step(memory, ISLAND, PARAMS, 9.5)
    assert (rule, due_s) == (None, 19.5)


@pytest.mark.parametrize("mode", [DARK, DARK_GRID])
def test_a_bus_that_nobody_sees_is_no_end_of_a_blackout(mode: Mode):
    memory = ModeMemory(mode=mode)
    for now_s in (0.0, 5.0, 9.9):
        memory, rule, _ = step(memory, facts(OPEN, Grid.DEAD, Bus.UNKNOWN), PARAMS, now_s)
        assert rule is None


def test_only_a_contradiction_needs_a_person():
    for seen, needed in ((CONTRADICTION, True), (facts(INVALID), True), (facts(UNKNOWN), False), (UNSEEN, False)):
        memory, _, _ = step(ModeMemory(mode=G), seen, PARAMS, 0.0)
        memory, _, _ = step(memory, seen, PARAMS, 10.0)
        assert (memory.mode, memory.contradiction) == (FAULT, needed)


def test_an_outage_is_remembered_through_doubt_and_ends_on_the_grid():
    memory = ModeMemory(mode=G)
    for now_s, seen, mode in (
        (100.0, ISLAND, STAB),
        (200.0, facts(INVALID), STAB),
        (201.0, facts(INVALID), FAULT),
    ):
        memory, _, _ = step(memory, seen, PARAMS, now_s)
        assert (memory.mode, memory.outage_since_s) == (mode, 100.0)
    back, _, _ = step(ModeMemory(mode=REC, outage_since_s=100.0), facts(), PARAMS, 300.0)
    back, _, _ = step(back, facts(), PARAMS, 305.0)
    assert (back.mode, back.outage_since_s) == (RES, None)


@pytest.mark.parametrize(("since_s", "told_s"), [(100.0, 302.0), (None, None)])
def test_a_power_cut_that_hems_finds_again_after_a_restart_is_told_as_no_new_one(
    since_s: float | None, told_s: float | None
):
    memory, _, _ = step(ModeMemory(mode=INIT, since_s=400.0, outage_since_s=since_s), ISLAND, PARAMS, 400.0)
    memory, _, _ = step(memory, ISLAND, PARAMS, 402.0)
    assert (memory.mode, memory.because.facts.get("outage_s")) == (STAB, told_s)


axes = st.builds(
    facts,
    st.sampled_from(TiePosition),
    st.sampled_from(Grid),
    st.sampled_from(Bus),
    island_calm=st.booleans(),
    restored=st.booleans(),
    may_reconnect=st.booleans(),
)


@given(st.lists(st.tuples(axes, st.floats(0.0, 700.0)), max_size=30), st.sampled_from(Mode))
@settings(max_examples=200)
def test_no_unknown_begins_an_island_or_permits_a_return(history: list[tuple[Facts, float]], mode: Mode):
    memory, now_s = ModeMemory(mode=mode), 0.0
    for seen, later_s in history:
        now_s += later_s
        before = memory.mode
        memory, rule, due_s = step(memory, seen, PARAMS, now_s)
        assert due_s >= now_s
        if rule is None:
            continue
        if rule.target in ISLAND_MODES and before not in ISLAND_MODES:
            assert seen.tie is OPEN
        if before in ISLAND_MODES and rule.target in (G, D, DIS, RES):
            assert seen.tie is CLOSED
            assert seen.bus is Bus.LIVE or (seen.grid is Grid.GOOD and rule.target is D)
        if rule.target is REC:
            assert (seen.tie, seen.grid, seen.bus) == (OPEN, Grid.GOOD, Bus.LIVE)
        if rule.target is RES:
            assert seen.grid in (Grid.GOOD, Grid.QUALIFYING)
