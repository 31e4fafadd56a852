"""Each rule of sending at its edge: what gives power, what is news, when something is said again."""

from dataclasses import replace
from math import inf
from typing import Any

import pytest

from hems.control import sending
from hems.control.arbitrate import Ruling
from hems.control.memory.acting import Sent
from hems.control.memory.using import LoadMemory
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.command import Command, Fate, Outcome
from hems.model.mode import Bus, Grid, Mode, TiePosition
from hems.model.request import Task
from hems.model.units import CircuitId, SourceId
from hems.model.wiring import Role
from tests.control.panel import snapshot
from tests.control.pencil import BECAUSE, PARAMS, evidence, sent, standing, state
from tests.given import flats

SITE = flats()
LAUNDRY, CAR = wiring.circuit_closed(CircuitId("laundry")), wiring.bay_power(SourceId("bay_1"))
SUN = wiring.pv_limit(SourceId("roof"))
READ = {one.id: LoadMemory(read_back=True) for one in SITE.circuits}


@pytest.mark.parametrize(
    ("role", "value", "before", "gives"),
    [
        pytest.param(LAUNDRY, True, None, True, id="a switch that closes"),
        pytest.param(LAUNDRY, False, True, False, id="one that opens"),
        pytest.param(wiring.TIE_PERMIT, True, None, True, id="a permit"),
        pytest.param(SUN, 500.0, None, False, id="a cap where there was none"),
        pytest.param(SUN, 500.0, 499.0, True, id="a higher cap"),
        pytest.param(SUN, 500.0, 500.0, False, id="the same cap"),
        pytest.param(SUN, 499.0, 500.0, False, id="a lower cap"),
        pytest.param(CAR, 1.0, None, True, id="the first power"),
        pytest.param(CAR, 0.0, None, False, id="none"),
        pytest.param(CAR, 501.0, 500.0, True, id="more"),
        pytest.param(CAR, 500.0, 500.0, False, id="as much"),
        pytest.param(CAR, 499.0, 500.0, False, id="less"),
        pytest.param(CAR, -501.0, -500.0, True, id="more of charging"),
        pytest.param(CAR, -499.0, -500.0, False, id="less of charging"),
        pytest.param(CAR, -1.0, 500.0, True, id="the other way"),
        pytest.param(CAR, 0.0, 500.0, False, id="to nothing"),
    ],
)
def test_what_gives_power_is_what_adds_to_it(
    role: Role, value: bool | float, before: bool | float | None, *, gives: bool
):
    assert sending.energises(role, value, None if before is None else sent(before)) is gives


@pytest.mark.parametrize(
    ("role", "value", "energises", "why", "islanded", "presses"),
    [
        pytest.param(CAR, 900.0, True, Why.LIMIT_SERVICE, False, True, id="a car gives for a limit"),
        pytest.param(CAR, -900.0, True, Why.LIMIT_SERVICE, False, False, id="it charges more"),
        pytest.param(CAR, 900.0, True, Why.CAR_IDLE, True, False, id="it gives for no limit"),
        pytest.param(CAR, -900.0, False, Why.CAR_IDLE, False, True, id="it charges less"),
        pytest.param(CAR, -900.0, False, Why.CHARGE_FROM_SUN, False, False, id="less because of the sun"),
        pytest.param(CAR, -900.0, False, Why.CHARGE_FROM_SUN, True, True, id="so it does on an island"),
        pytest.param(CAR, 900.0, False, Why.CAR_IDLE, False, False, id="it gives less"),
        pytest.param(CAR, 0.0, False, Why.CAR_IDLE, False, False, id="it does nothing"),
        pytest.param(CAR, 900.0, False, Why.FREQUENCY, False, True, id="it gives less for the frequency"),
        pytest.param(SUN, 900.0, False, Why.CAR_IDLE, False, True, id="a cap"),
        pytest.param(LAUNDRY, 0.0, False, Why.CAR_IDLE, False, False, id="a circuit"),
    ],
)
def test_what_presses_is_said_whatever_a_device_wishes(
    role: Role, value: float, why: Why, *, energises: bool, islanded: bool, presses: bool
):
    command = Command(role=role, value=value, cause=Cause(why), energises=energises)
    assert sending.presses(command, islanded=islanded) is presses


def outcome(fate: Fate, value: float = 500.0, at_s: float = 9.0, *, overruled: bool = False) -> Outcome:
    command = Command(role=CAR, value=value, cause=BECAUSE, energises=True)
    return Outcome(command=command, fate=fate, at_s=at_s, detail="busy", overruled=overruled)


@pytest.mark.parametrize(
    ("fate", "acknowledged_s", "observed", "refused", "short"),
    [
        (Fate.CONFIRMED, 9.0, False, False, False),
        (Fate.CLAMPED, 9.0, False, False, True),
        (Fate.UNVERIFIED, 9.0, False, False, True),
        (Fate.REFUSED, 3.0, False, True, True),
        (Fate.UNREACHABLE, 3.0, False, False, True),
        (Fate.OBSERVING, 3.0, True, False, True),
    ],
)
def test_what_became_of_a_command_is_noted(
    fate: Fate, acknowledged_s: float, *, observed: bool, refused: bool, short: bool
):
    before = {CAR: sent(500.0, acknowledged_s=3.0, short=True)}
    entry = sending.noted(before, [outcome(fate)])[CAR]
    assert (entry.acknowledged_s, entry.observed, entry.refused, entry.short) == (
        acknowledged_s,
        observed,
        refused,
        short,
    )


def test_what_became_of_an_older_value_says_no_more_than_that_somebody_else_was_there():
    before = {CAR: sent(500.0)}
    assert sending.noted(before, [outcome(Fate.CONFIRMED, 400.0)]) == before
    assert sending.noted(before, [outcome(Fate.CONFIRMED, 400.0, overruled=True)])[CAR] == sent(500.0, overruled=True)
    assert sending.noted({}, [outcome(Fate.CONFIRMED)]) == {}
    # the one behind it is heard all the same
    other = Command(role=SUN, value=1.0, cause=BECAUSE, energises=False)
    two = [replace(outcome(Fate.CONFIRMED), command=other), outcome(Fate.CONFIRMED)]
    assert sending.noted(before, two)[CAR].acknowledged_s == 9.0


@pytest.mark.parametrize(
    ("fate", "entry", "why"),
    [
        pytest.param(Fate.REFUSED, None, Why.WRITE_FAILED, id="nobody remembers it"),
        pytest.param(Fate.UNREACHABLE, sent(500.0, tries=1), Why.WRITE_FAILED, id="the first time"),
        pytest.param(Fate.REFUSED, sent(500.0, tries=2), None, id="a repetition"),
        pytest.param(Fate.CLAMPED, sent(500.0), Why.WRITE_SHORT, id="it fell short"),
        pytest.param(Fate.CLAMPED, sent(500.0, short=True), None, id="that was told"),
        pytest.param(Fate.CLAMPED, sent(400.0), None, id="of an older value"),
        pytest.param(Fate.CLAMPED, None, None, id="of none"),
        pytest.param(Fate.CONFIRMED, sent(500.0), None, id="as asked"),
    ],
)
def test_what_fell_short_is_told_once(fate: Fate, entry: Sent | None, why: Why | None):
    told = list(sending.fell_short({} if entry is None else {CAR: entry}, [outcome(fate)]))
    assert [(role, cause.why) for role, cause in told] == ([] if why is None else [(CAR, why)])


@pytest.mark.parametrize(
    ("entry", "closed", "acknowledged_s", "contradicted_s"),
    [
        pytest.param(sent(False), None, None, None, id="unread"),
        pytest.param(sent(False), False, 20.0, None, id="seen as told"),
        pytest.param(sent(False, acknowledged_s=5.0), False, 5.0, None, id="known"),
        pytest.param(sent(False, acknowledged_s=5.0), True, 5.0, 20.0, id="elsewhere"),
        pytest.param(sent(False, acknowledged_s=5.0, contradicted_since_s=9.0), True, 5.0, 9.0, id="still"),
        pytest.param(sent(False, acknowledged_s=5.0, contradicted_since_s=9.0), False, 5.0, None, id="no more"),
        pytest.param(sent(False, contradicted_since_s=9.0), False, 20.0, None, id="obeyed at last"),
    ],
)
def test_a_switch_that_is_read_says_whether_it_obeyed(
    entry: Sent, closed: bool | None, acknowledged_s: float | None, contradicted_s: float | None
):
    after = sending.watched({LAUNDRY: entry, SUN: sent(1.0)}, snapshot(SITE, {LAUNDRY: closed}, 20.0), 20.0)
    assert (after[LAUNDRY].acknowledged_s, after[LAUNDRY].contradicted_since_s) == (acknowledged_s, contradicted_s)
    assert after[SUN] == sent(1.0)


@pytest.mark.parametrize(
    ("mode", "tie", "may"),
    [
        (Mode.GRID_CONNECTED, TiePosition.CLOSED, True),
        (Mode.GRID_CONNECTED, TiePosition.OPEN, False),
        (Mode.ISLANDED, TiePosition.OPEN, True),
        (Mode.ISLANDED, TiePosition.CLOSED, True),
        (Mode.ISLANDED, TiePosition.MOVING, False),
        (Mode.BLACKOUT, TiePosition.OPEN, True),
        (Mode.INIT, TiePosition.CLOSED, False),
        (Mode.FAULT_SAFE, TiePosition.OPEN, False),
    ],
)
def test_power_is_given_where_mode_and_tie_are_of_one_mind(mode: Mode, tie: TiePosition, *, may: bool):
    assert sending.may_energise(state(mode, evidence=evidence(tie))) is may


@pytest.mark.parametrize(
    ("value", "before", "news"),
    [
        pytest.param(900.0, None, True, id="the first word"),
        pytest.param(900.0, sent(0.0), True, id="it begins"),
        pytest.param(0.0, sent(900.0), True, id="it ends"),
        pytest.param(900.0, sent(500.0), False, id="it follows"),
        pytest.param(900.0, sent(500.0, cause=Cause(Why.CAR_IDLE)), True, id="for another reason"),
        pytest.param(0.0, sent(0.0, cause=Cause(Why.CAR_IDLE)), False, id="it rests for another"),
    ],
)
def test_a_command_is_news_when_something_begins_or_ends_or_has_another_reason(
    value: float, before: Sent | None, *, news: bool
):
    command = Command(role=CAR, value=value, cause=BECAUSE, energises=True)
    assert sending.worth_telling(command, before) is news


def told(
    role: Role, value: float, entry: Sent | None, now_s: float, mode: Mode = Mode.ISLANDED, **more: Any
) -> tuple[bool, float]:
    """Whether it is said now, and when it comes due next."""
    known: ControlState = state(mode, sent={} if entry is None else {role: entry}, **{"loads": READ} | more)
    found = sending.send(SITE, {role: Ruling(value, BECAUSE)}, known, PARAMS, now_s)
    return bool(found.commands), found.due_s


OLD = 1000.0
"""Long after the start; commands are as old as each case says."""


@pytest.mark.parametrize(
    ("role", "value", "entry", "now_s", "says", "due_s"),
    [
        pytest.param(LAUNDRY, 0, sent(True, OLD), OLD, True, OLD + 2.0, id="new, and again after two seconds"),
        pytest.param(LAUNDRY, 0, sent(False, OLD), OLD + 1.9, False, OLD + 2.0, id="unanswered, too soon"),
        pytest.param(LAUNDRY, 0, sent(False, OLD), OLD + 2.0, True, OLD + 4.0, id="unanswered"),
        pytest.param(LAUNDRY, 0, sent(False, OLD, tries=2), OLD + 2.0, True, OLD + 32.0, id="the third time"),
        pytest.param(LAUNDRY, 0, sent(False, OLD, tries=3), OLD + 29.0, False, OLD + 30.0, id="then with patience"),
        pytest.param(LAUNDRY, 0, sent(False, OLD, refused=True), OLD + 29.0, False, OLD + 30.0, id="refused"),
        pytest.param(LAUNDRY, 0, sent(False, OLD, acknowledged_s=OLD), OLD + 99.0, False, inf, id="obeyed"),
        pytest.param(
            LAUNDRY, 0, sent(False, OLD, observed=True, acknowledged_s=OLD), OLD + 29.9, False, OLD + 30.0, id="watched"
        ),
        pytest.param(CAR, 0.0, sent(0.0, OLD, acknowledged_s=OLD), OLD + 19.0, False, OLD + 20.0, id="a lease"),
        pytest.param(CAR, 0.0, sent(0.0, OLD, acknowledged_s=OLD), OLD + 20.0, True, OLD + 40.0, id="renewed"),
        pytest.param(CAR, 0.0, sent(0.0, OLD, tries=3), OLD + 19.0, False, OLD + 20.0, id="before patience ends"),
        pytest.param(CAR, 5299.0, sent(5000.0, OLD, acknowledged_s=OLD), OLD + 1.0, False, OLD + 20.0, id="deadband"),
        pytest.param(CAR, 5300.0, sent(5000.0, OLD, acknowledged_s=OLD), OLD + 1.0, True, OLD + 3.0, id="beyond it"),
        pytest.param(CAR, 4700.0, sent(5000.0, OLD, acknowledged_s=OLD), OLD + 1.0, True, OLD + 3.0, id="below it"),
        pytest.param(CAR, 200.0, sent(0.0, OLD, acknowledged_s=OLD), OLD + 1.0, True, OLD + 3.0, id="from nothing"),
        pytest.param(CAR, 0.0, sent(200.0, OLD, acknowledged_s=OLD), OLD + 1.0, True, OLD + 3.0, id="to nothing"),
        pytest.param(
            wiring.TIE_PERMIT, 1.0, sent(True, OLD, acknowledged_s=OLD), OLD + 1.0, False, OLD + 20.0, id="a permit"
        ),
        pytest.param(wiring.TIE_PERMIT, 0, sent(False, OLD, acknowledged_s=OLD), OLD + 1.0, False, inf, id="none"),
        pytest.param(
            wiring.GENERATOR_RUN, 1.0, sent(True, OLD, acknowledged_s=OLD), OLD + 1.0, False, inf, id="no lease"
        ),
    ],
)
def test_a_command_is_said_when_it_is_new_and_again_when_it_is_time(
    role: Role, value: float, entry: Sent, now_s: float, *, says: bool, due_s: float
):
    assert told(role, value, entry, now_s) == (says, due_s)


@pytest.mark.parametrize(("tries", "says"), [(3, True), (4, False)])
def test_a_circuit_that_others_switch_off_is_switched_on_three_times_more(tries: int, *, says: bool):
    seen_off = sent(True, OLD, acknowledged_s=OLD, contradicted_since_s=OLD - 90.0, tries=tries)
    assert told(LAUNDRY, 1.0, seen_off, OLD + 30.0)[0] is says
    # what takes power away is said as often as it must
    assert told(LAUNDRY, 0.0, replace(seen_off, value=False), OLD + 30.0)[0]


def test_nothing_is_given_before_the_hold_after_a_start_is_over_and_what_takes_away_is():
    assert told(wiring.GENERATOR_RUN, 1.0, None, 29.0) == (False, 30.0)
    assert told(wiring.GENERATOR_RUN, 1.0, None, 30.0)[0]
    assert told(LAUNDRY, 0.0, None, 1.0)[0]
    assert told(wiring.GENERATOR_RUN, 1.0, None, OLD, Mode.FAULT_SAFE) == (False, inf)


@pytest.mark.parametrize(
    ("entry", "loads", "closes_s"),
    [
        pytest.param(None, READ, 60.0, id="never told: its least time off counts from the start"),
        pytest.param(sent(False, 940.0), READ, 1000.0, id="told off"),
        pytest.param(sent(False, 940.0), {}, inf, id="not read since the start"),
        pytest.param(
            sent(False, 940.0, acknowledged_s=941.0, contradicted_since_s=955.0), READ, 1000.0, id="seen on, told off"
        ),
        pytest.param(
            sent(False, 900.0, acknowledged_s=941.0, contradicted_since_s=955.0),
            READ,
            965.0,
            id="seen on",
        ),
    ],
)
def test_a_circuit_closes_when_its_least_time_off_is_over(
    entry: Sent | None, loads: dict[CircuitId, LoadMemory], closes_s: float
):
    assert told(LAUNDRY, 1.0, entry, closes_s - 0.1 if closes_s < inf else OLD, loads=loads) == (False, closes_s)
    if closes_s < inf:
        assert told(LAUNDRY, 1.0, entry, closes_s, loads=loads)[0]


def test_on_the_grid_what_is_not_essential_waits_a_minute_for_a_firm_grid_and_never_while_it_burns():
    closed = {"mode": Mode.GRID_CONNECTED, "evidence": evidence(TiePosition.CLOSED, Grid.GOOD)}
    long_off = sent(False, 0.0)
    assert told(LAUNDRY, 1.0, long_off, 959.0, grid_solid_since_s=900.0, **closed) == (False, 960.0)
    assert told(LAUNDRY, 1.0, long_off, 960.0, grid_solid_since_s=900.0, **closed)[0]
    assert told(LAUNDRY, 1.0, long_off, 960.0, **closed) == (False, inf)
    assert told(LAUNDRY, 1.0, long_off, OLD, orders=standing(Task.FIRE)) == (False, inf)


@pytest.mark.parametrize(
    ("mode", "may"),
    [(Mode.ISLANDED, True), (Mode.GRID_CONNECTED, True), (Mode.ISLANDED_STABILIZING, False), (Mode.BLACKOUT, False)],
)
def test_circuits_are_switched_on_in_the_modes_made_for_it(mode: Mode, *, may: bool):
    assert sending.may_close(state(mode), OLD) is may


def test_in_doubt_about_the_grid_they_are_where_a_person_vouches_for_it():
    doubt = evidence(TiePosition.CLOSED, Grid.UNKNOWN, Bus.LIVE)
    doubt = replace(doubt, tie=replace(doubt.tie, raw=TiePosition.CLOSED))
    word = standing(Task.GRID_PRESENT)
    degraded = state(Mode.GRID_CONNECTED_DEGRADED, evidence=doubt, orders=word)
    assert sending.may_close(degraded, OLD)
    assert not sending.may_close(replace(degraded, orders={}), OLD)
    assert not sending.may_close(state(Mode.GRID_DISTURBED, evidence=doubt, orders=word), OLD)


@pytest.mark.parametrize(
    ("told_w", "now_w", "says"),
    [
        pytest.param(-5000.0, -4000.0, True, id="four fifths"),
        pytest.param(-5000.0, -4001.0, False, id="a watt more than that"),
        pytest.param(-5000.0, -6000.0, False, id="more"),
        pytest.param(-5000.0, 0.0, True, id="nothing"),
        pytest.param(-5000.0, 1000.0, False, id="the other way"),
        pytest.param(5000.0, 4000.0, True, id="four fifths of giving"),
    ],
)
def test_a_device_that_somebody_else_commands_is_told_much_less_and_nothing_else(
    told_w: float, now_w: float, *, says: bool
):
    # given a car that has followed somebody else for long enough to be left alone
    known = state(Mode.GRID_CONNECTED, evidence=evidence(TiePosition.CLOSED, Grid.GOOD), loads=READ, at_s=OLD)
    entry = sent(told_w, OLD - 5.0, acknowledged_s=OLD - 4.0)
    astray = replace(sending.bay_memory.NEW, astray_since_s=OLD - 90.0)
    known = replace(known, sent={CAR: entry}, bays={SourceId("bay_1"): astray})
    found = sending.send(SITE, {CAR: Ruling(now_w, BECAUSE)}, known, PARAMS, OLD)
    assert bool(found.commands) is says
    assert says or found.due_s == OLD + 3600.0


@pytest.mark.parametrize(
    ("entry", "value", "tries", "kept"),
    [
        pytest.param(None, 0.0, 1, False, id="the first"),
        pytest.param(sent(500.0, OLD - 50.0, tries=2, short=True), 0.0, 1, True, id="another value"),
        pytest.param(sent(0.0, OLD - 50.0, tries=2, short=True), 0.0, 3, True, id="unanswered"),
        pytest.param(sent(0.0, OLD - 50.0, tries=2, acknowledged_s=OLD), 0.0, 1, False, id="a renewal"),
    ],
)
def test_tries_are_counted_until_there_is_an_answer(entry: Sent | None, value: float, tries: int, *, kept: bool):
    known = state(sent={} if entry is None else {CAR: entry}, loads=READ)
    after = sending.send(SITE, {CAR: Ruling(value, BECAUSE)}, known, PARAMS, OLD).sent[CAR]
    assert (after.tries, after.short, after.last_s) == (tries, kept, OLD)
    assert after.sent_s == (OLD if entry is None or entry.value != value else OLD - 50.0)


def test_a_power_goes_out_as_whole_watts_with_a_lease_and_a_switch_without():
    (power,) = sending.send(SITE, {CAR: Ruling(499.6, BECAUSE)}, state(loads=READ), PARAMS, OLD).commands
    assert (power.value, power.lease_s, power.energises) == (500, 60.0, True)
    (switch,) = sending.send(SITE, {LAUNDRY: Ruling(0.0, BECAUSE)}, state(loads=READ), PARAMS, OLD).commands
    assert (switch.value, switch.lease_s, switch.energises) == (False, 0.0, False)
