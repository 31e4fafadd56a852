"""What a restart remembers, and how a dark building is woken: each rule at its edge."""

from dataclasses import replace
from datetime import UTC, datetime
from math import inf
from typing import Any

import pytest

from hems.control import black_start, present, restoring, resume
from hems.control.cars.memory import DriverMemory
from hems.control.demand import hunger
from hems.control.memory.acting import (
    Alarm,
    AttemptsMemory,
    BlackStartMemory,
    GeneratorMemory,
    ReconnectMemory,
    Sent,
    Stage,
)
from hems.control.memory.using import Habits, Heard, LoadMemory
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.instant import Instant
from hems.model.mode import Mode
from hems.model.reading import Reading
from hems.model.request import Override, Task, Want
from hems.model.site import Site
from hems.model.units import CircuitId, SourceId
from hems.model.wiring import Role
from tests.control.panel import TIE_OPEN, snapshot
from tests.control.pencil import BECAUSE, PARAMS, names, sent, standing, state
from tests.given import flats

SITE = flats()
LAUNDRY, GYM = names("laundry", "gym")
ROLE, CAR = wiring.circuit_closed(LAUNDRY), wiring.bay_power(SourceId("bay_1"))
BAY, NOW_S, SHIFT_S = SourceId("bay_1"), 1000.0, -50.0
"""The clock of the new process is 50 s behind that of the old one."""


def back(**saved: Any) -> Any:
    return resume.resumed(state(**saved), shift_s=SHIFT_S, now_s=NOW_S)


def test_times_are_moved_to_the_present_clock_and_none_lies_in_the_future():
    assert back(held_s=900.0).held_s == 850.0
    assert back(held_s=9000.0).held_s == NOW_S
    assert back().held_s is None
    for saved_s, then_s in ((2050.0, 2000.0), (1050.0, NOW_S), (60.0, NOW_S)):
        assert back(reconnect=ReconnectMemory(failures=2, not_before_s=saved_s)).reconnect == ReconnectMemory(
            failures=2, not_before_s=then_s
        )
        assert back(black_start=BlackStartMemory(failures=2, not_before_s=saved_s)).black_start == BlackStartMemory(
            failures=2, not_before_s=then_s
        )


def test_time_without_hems_does_not_prove_that_a_black_start_has_worked():
    # given a start from nothing that had been seen to last for five seconds, and a hundred without hems
    began = back(at_s=950.0, black_start=BlackStartMemory(begun_s=945.0, failures=1))
    assert began.black_start.begun_s == NOW_S - 5.0
    # then a building found dark is its failure, and the pause grows
    after = black_start.remembered(began, Mode.INIT, Mode.BLACKOUT, PARAMS, NOW_S + 8.0)
    assert (after.failures, after.not_before_s) == (2, NOW_S + 8.0 + 1200.0)


LATER = LoadMemory(restored_s=940.0)


@pytest.mark.parametrize(
    ("cut_off", "mode", "saved_s", "blamed"),
    [
        pytest.param(True, Mode.ISLANDED, 945.0, True, id="out with the gateway"),
        pytest.param(False, Mode.ISLANDED, 945.0, False, id="hems alone"),
        pytest.param(True, Mode.GRID_CONNECTED, 945.0, False, id="on the grid"),
        pytest.param(True, Mode.ISLANDED, 970.0, True, id="half a minute"),
        pytest.param(True, Mode.ISLANDED, 970.1, False, id="later"),
    ],
)
def test_what_came_back_just_before_an_island_took_the_gateway_along_is_taken_to_be_the_reason(
    cut_off: bool, mode: Mode, saved_s: float, blamed: bool
):
    # given an island on which the gym had come back, and the laundry before it
    saved = state(mode, at_s=saved_s, last_restore_s=940.0, loads={GYM: LATER, LAUNDRY: LoadMemory(restored_s=800.0)})
    # when hems starts again
    then = resume.resumed(saved, shift_s=SHIFT_S, now_s=NOW_S, cut_off=cut_off)
    # then the gym waits longer each time, and nothing comes back for ever
    assert (then.loads[GYM].fruitless, then.loads[LAUNDRY].fruitless) == (int(blamed), 0)
    assert then.attempts.failures == int(blamed)


def test_restores_that_failed_in_a_row_are_counted_on_until_a_person_looks():
    given_up = AttemptsMemory(failures=5, undone=True)
    assert back(attempts=given_up).attempts == given_up


def test_orders_and_overrides_go_on_until_their_end():
    for ends_s, stays in ((1050.1, True), (1050.0, False)):
        orders = back(orders=standing(Task.HOLD, 500.0, ends_s)).orders
        assert [(one.begins_s, one.ends_s) for one in orders.values()] == ([(450.0, ends_s - 50.0)] if stays else [])
        kept = Override(
            circuit=LAUNDRY, want=Want.ON, who="a", role="operator", reason="", set_s=500.0, expires_s=ends_s
        )
        overrides = back(overrides=(kept,)).overrides
        assert [(one.set_s, one.expires_s) for one in overrides] == ([(450.0, ends_s - 50.0)] if stays else [])


def test_a_circuit_that_was_off_for_hours_comes_back_as_hungry_after_a_restart_but_not_sooner():
    # given a circuit that was shed before hems was restarted
    after = back(loads={LAUNDRY: LoadMemory(shed_because=BECAUSE, shed_since_s=150.0)})
    memory = after.loads[LAUNDRY]
    # then its cold-load pick-up counts from then
    assert memory.shed_since_s == 100.0
    assert hunger(memory, PARAMS.restore, NOW_S) == pytest.approx(900.0 / PARAMS.restore.pickup_full_s)
    # and its minimum off time from the restart
    laundry = SITE.circuit(LAUNDRY)
    assert restoring.rested_s(replace(laundry, min_off_s=600.0), after, PARAMS) == NOW_S + 600.0
    assert back(loads={LAUNDRY: replace(memory, shed_since_s=9000.0)}).loads[LAUNDRY].shed_since_s == NOW_S


def test_who_has_taken_over_by_the_red_button_keeps_the_building_over_a_restart_that_cannot_read_it_yet():
    # given a button that was pressed, and a cold room that was too warm
    after = back(by_hand=True, warm=frozenset({LAUNDRY}))
    # when hems starts anew and their device is still silent, then both are as they were
    assert (after.by_hand, after.warm) == (True, frozenset({LAUNDRY}))
    silent = snapshot(SITE, {wiring.RED_BUTTON: None}, NOW_S)
    assert present.by_hand(after, silent, NOW_S)
    # and when the button is read, it counts
    assert not present.by_hand(after, snapshot(SITE, {wiring.RED_BUTTON: False}, NOW_S), NOW_S)


def test_the_generator_goes_on_where_it_was():
    saved = GeneratorMemory(
        stage=Stage.RUNNING,
        since_s=900.0,
        not_before_s=1060.0,
        stopped_since_s=5.0,
        exercise_until_s=1300.0,
        high_since_s=990.0,
        failures=1,
    )
    after = back(generator=saved).generator
    assert (after.stage, after.since_s, after.not_before_s, after.stopped_since_s) == (
        Stage.RUNNING,
        850.0,
        1010.0,
        None,
    )
    assert (after.exercise_until_s, after.failures) == (1250.0, 1)
    assert after.high_since_s is None  # on another clock it would come due in days, or at once
    assert back(generator=replace(saved, since_s=5000.0, not_before_s=0.0)).generator.since_s == NOW_S
    assert back(generator=replace(saved, not_before_s=0.0)).generator.not_before_s == NOW_S


def test_alarms_stand_with_who_has_seen_them_and_until_when_they_are_set_aside():
    saved = Alarm(priority="LOW", since_s=900.0, subject="x", cause=BECAUSE, seen_s=950.0, aside_until_s=2000.0)
    after = back(alarms={"x": saved}, alarms_gone={"y": replace(saved, gone_s=960.0, seen_s=None)})
    assert after.alarms["x"] == replace(saved, since_s=850.0, seen_s=900.0, aside_until_s=1950.0)
    assert after.alarms_gone["y"].gone_s == 910.0
    assert back(alarms={"x": replace(saved, aside_until_s=None)}).alarms["x"].aside_until_s is None


def test_what_drivers_have_said_is_what_was_left_of_it():
    saved = DriverMemory(leaving_since_s=900.0, leaves_s=5000.0, keeps_pct=55.0)
    assert back(drivers={BAY: saved}).drivers[BAY] == replace(saved, leaving_since_s=850.0, leaves_s=4950.0)
    assert back(drivers={BAY: DriverMemory(never=True)}).drivers[BAY] == DriverMemory(never=True)


def test_a_circuit_is_remembered_with_its_switch_not_heard_and_its_times_on_the_present_clock():
    saved = LoadMemory(
        shed_because=BECAUSE,
        shed_since_s=5.0,
        restored_s=4.0,
        deaf=True,
        read_back=True,
        heard=Heard.ON,
        let_go_s=3.0,
        moves_s=(900.0, 5000.0),
        welded_s=7.0,
        vain=2,
        demand_w=9.0,
    )
    assert back(loads={LAUNDRY: saved}).loads[LAUNDRY] == LoadMemory(
        shed_because=BECAUSE, shed_since_s=-45.0, moves_s=(850.0, NOW_S), welded_s=NOW_S, vain=2, demand_w=9.0
    )
    assert back(loads={LAUNDRY: LoadMemory(shed_since_s=5.0)}).loads[LAUNDRY] == LoadMemory()


@pytest.mark.parametrize(
    ("role", "entry", "after"),
    [
        pytest.param(ROLE, sent(False, 5.0), sent(False, NOW_S, last_s=-inf, tries=0), id="told off: told again"),
        pytest.param(ROLE, sent(True, 5.0), sent(True, NOW_S, tries=0, acknowledged_s=NOW_S), id="told on: known"),
        pytest.param(CAR, sent(5.0, 5.0), None, id="a power has lapsed"),
        pytest.param(wiring.bay_wake(BAY), sent(True, 5.0), None, id="so has a charger's switch"),
    ],
)
def test_what_a_switch_was_told_is_remembered(role: Role, entry: Sent, after: Sent | None):
    assert back(sent={role: entry}).sent.get(role) == after


@pytest.mark.parametrize(
    ("told", "loads", "off"),
    [
        pytest.param({ROLE: False}, {}, Why.STARTED, id="off by the journal"),
        pytest.param({ROLE: True}, {}, None, id="on by the journal"),
        pytest.param({ROLE: False}, {LAUNDRY: LoadMemory(shed_because=BECAUSE)}, Why.OVERLOAD, id="known to be off"),
        pytest.param({CAR: 0.0}, {}, None, id="a car"),
    ],
)
def test_what_the_journal_knows_to_be_off_waits_for_its_turn(
    told: dict[Role, Any], loads: dict[CircuitId, LoadMemory], off: Why | None
):
    after = resume.resumed(state(loads=loads), shift_s=0.0, now_s=NOW_S, told={wiring.TIE_PERMIT: False, **told})
    because = after.loads[LAUNDRY].shed_because if LAUNDRY in after.loads else None
    assert (because.why if because else None) is off
    if off is Why.STARTED:
        assert after.loads[LAUNDRY].shed_since_s == NOW_S
        assert after.sent[ROLE] == Sent(value=False, cause=Cause(off), sent_s=NOW_S, last_s=-inf, tries=0)
    keeps = Override(circuit=LAUNDRY, want=Want.OFF, who="a", role="operator", reason="", set_s=0.0, expires_s=9e9)
    kept = resume.resumed(state(loads=loads, overrides=(keeps,)), shift_s=0.0, now_s=NOW_S, told=told)
    assert (LAUNDRY in kept.loads) is bool(loads)


# Black start ----------------------------------------------------------------------------------------------------------

STARTABLE = replace(SITE, former=replace(SITE.former, startable=True))
DARK: dict[Role, Any] = {
    **TIE_OPEN,
    **{wiring.circuit_closed(one.id): False for one in SITE.circuits if one.switchable},
}
NOON = datetime(2026, 6, 1, 12, 30, tzinfo=UTC)


def obstacle(
    values: dict[Role, Any], *, site: Site = STARTABLE, utc: datetime | None = None, **known: Any
) -> tuple[Why, dict[str, Any]] | None:
    there = snapshot(site, DARK | {wiring.battery_soc(SourceId("main")): 10.0} | values, NOW_S)
    found = black_start.obstacle(site, state(Mode.BLACKOUT, **known), there, PARAMS, Instant(NOW_S, utc))
    return None if found is None else (found.why, dict(found.facts))


def soc(pct: float | None, **more: Any) -> dict[Role, Any]:
    return {wiring.battery_soc(SourceId("main")): pct, **more}


@pytest.mark.parametrize(
    ("values", "known", "why"),
    [
        pytest.param({}, {}, None, id="nothing forbids it"),
        pytest.param({wiring.TIE_OPEN_CONTACT: Reading(True, NOW_S - 1.0)}, {}, None, id="seen open a second ago"),
        pytest.param({wiring.TIE_OPEN_CONTACT: Reading(True, NOW_S - 1.1)}, {}, Why.BLACK_START_WAITS, id="before"),
        pytest.param({wiring.TIE_FLAG: True}, {}, Why.BLACK_START_WAITS, id="a device says otherwise"),
        pytest.param({wiring.TIE_FLAG: None}, {}, None, id="a device says nothing"),
        pytest.param({wiring.FORMER_WAKE: False}, {}, Why.DARK_START_EMPTY, id="it cannot wake"),
        pytest.param({}, {"black_start": BlackStartMemory(failures=5)}, Why.BLACK_START_GIVEN_UP, id="five times"),
        pytest.param({}, {"black_start": BlackStartMemory(failures=4)}, None, id="four times"),
        pytest.param({}, {"black_start": BlackStartMemory(not_before_s=NOW_S)}, None, id="its pause is over"),
        pytest.param(
            {}, {"black_start": BlackStartMemory(not_before_s=NOW_S + 7.0)}, Why.BLACK_START_WAITS, id="pause"
        ),
        pytest.param(soc(9.9), {}, Why.BLACK_START_WAITS, id="too little energy"),
        pytest.param(soc(None), {}, Why.BLACK_START_WAITS, id="nobody knows how much"),
    ],
)
def test_a_dark_building_is_woken_when_nothing_forbids_it(
    values: dict[Role, Any], known: dict[str, Any], why: Why | None
):
    found = obstacle(values, **known)
    assert (found and found[0]) == why
    pause = known.get("black_start")
    if pause is not None and pause.not_before_s > NOW_S:
        assert found == (Why.BLACK_START_WAITS, {"pause_s": 7.0})


@pytest.mark.parametrize(
    ("pct", "sun_w", "starts"),
    [
        # critical circuits take 7 kW: one and a half times as much sun will do
        pytest.param(5.1, 10_500.0, True, id="enough sun"),
        pytest.param(5.1, 10_499.0, False, id="too little"),
        pytest.param(5.0, 10_500.0, False, id="the former would stop"),
        pytest.param(5.1, -3.0, False, id="none"),
    ],
)
def test_with_sun_less_is_enough(pct: float, sun_w: float, *, starts: bool):
    direct = replace(STARTABLE, pvs=(replace(SITE.pvs[0], direct=True),))
    sun = {wiring.pv_power(SITE.pvs[0].id): sun_w}
    assert (obstacle(soc(pct) | sun, site=direct) is None) is starts
    # a plant that waits for voltage is told of by its own device
    told = {wiring.pv_power(SITE.pvs[0].id): 0.0, wiring.pv_available(SITE.pvs[0].id): sun_w}
    assert (obstacle(soc(pct) | told) is None) is starts


@pytest.mark.parametrize(
    ("noon_w", "one_w", "starts"), [(10_500, 10_500, True), (10_499, 90_000, False), (90_000, 10_499, False)]
)
def test_else_what_even_a_poor_day_gives_in_this_hour_and_the_next(noon_w: int, one_w: int, *, starts: bool):
    poor = (0,) * 12 + (noon_w, one_w) + (0,) * 10
    good = (90_000,) * 24
    known = {"habits": Habits(suns_w=(good, poor, good))}
    assert (obstacle(soc(6.0), utc=NOON, **known) is None) is starts
    assert obstacle(soc(6.0), **known) is not None
    assert obstacle(soc(6.0), utc=NOON, habits=Habits(suns_w=(good, good))) is not None
    # what a device tells counts instead
    assert obstacle(soc(6.0, **{wiring.pv_available(SITE.pvs[0].id): 0.0}), utc=NOON, **known) is not None


@pytest.mark.parametrize(("watts", "cold"), [(45_000.0, False), (45_100.0, True)])
def test_what_is_not_proven_off_must_not_be_too_much_to_start_into(watts: float, *, cold: bool):
    one = replace(SITE.circuit(LAUNDRY), phases=SITE.phases, typical_w=watts / 1.1 - 1000.0, inrush_w=1100.0)
    site = replace(STARTABLE, circuits=(one, SITE.circuit(GYM)))
    on = {ROLE: True, wiring.circuit_closed(GYM): False}
    found = obstacle(on, site=site)
    assert (found is not None and found[0] is Why.COLD_LOAD) is cold
    assert obstacle(on | {ROLE: False}, site=site) is None
    welded = obstacle(on | {ROLE: False}, site=site, loads={LAUNDRY: LoadMemory(welded_s=1.0)})
    assert (welded is not None) is cold
    if found:
        assert found[1] == {"w": 45_100, "circuits": 1}


@pytest.mark.parametrize(
    ("before", "after", "memory", "found"),
    [
        pytest.param(
            Mode.BLACKOUT, Mode.BLACK_START, BlackStartMemory(failures=1), (NOW_S, 1, 0.0), id="an attempt begins"
        ),
        pytest.param(
            Mode.BLACK_START, Mode.BLACKOUT, BlackStartMemory(begun_s=1.0), (None, 1, NOW_S + 600.0), id="it fails"
        ),
        pytest.param(
            Mode.BLACK_START,
            Mode.BLACKOUT,
            BlackStartMemory(begun_s=1.0, failures=2),
            (None, 3, NOW_S + 2400.0),
            id="the third time",
        ),
        pytest.param(
            Mode.BLACK_START,
            Mode.BLACKOUT,
            BlackStartMemory(begun_s=1.0, failures=9),
            (None, 10, NOW_S + 7200.0),
            id="for ever",
        ),
        pytest.param(
            Mode.ISLANDED,
            Mode.BLACKOUT,
            BlackStartMemory(begun_s=400.0, failures=2),
            (None, 3, NOW_S + 2400.0),
            id="it collapses within ten minutes",
        ),
        pytest.param(
            Mode.ISLANDED,
            Mode.BLACKOUT,
            BlackStartMemory(begun_s=399.9, failures=2),
            (None, 1, NOW_S + 600.0),
            id="it had worked",
        ),
        pytest.param(Mode.GRID_CONNECTED, Mode.BLACKOUT, BlackStartMemory(failures=2), (None, 2, 0.0), id="another"),
        pytest.param(
            Mode.ISLANDED,
            Mode.GRID_CONNECTED,
            BlackStartMemory(begun_s=1.0, failures=2),
            (None, 0, 0.0),
            id="well",
        ),
        pytest.param(
            Mode.BLACK_START, Mode.ISLANDED, BlackStartMemory(begun_s=1.0, failures=2), (1.0, 2, 0.0), id="so far well"
        ),
    ],
)
def test_pauses_between_attempts_grow(before: Mode, after: Mode, memory: BlackStartMemory, found: Any):
    then = black_start.remembered(state(black_start=memory), before, after, PARAMS, NOW_S)
    assert (then.begun_s, then.failures, then.not_before_s) == found
