"""From rulings to commands: what is new, what was not answered, what is about to lapse."""

from dataclasses import replace
from typing import Any

import pytest

from hems.control.arbitrate import Ruling
from hems.control.memory.acting import Sent
from hems.control.memory.seeing import EvidenceMemory, ModeMemory, TieMemory
from hems.control.memory.using import LoadMemory
from hems.control.params import Params
from hems.control.sending import energises, may_energise, noted, presses, send, watched, worth_telling
from hems.control.state import ControlState, initial
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.command import Command, Fate, Outcome
from hems.model.mode import Mode, TiePosition
from hems.model.units import CircuitId, SourceId
from hems.model.wiring import Role
from tests.control.panel import (
    GRID_DEAD,
    TIE_CLOSED,
    TIE_OPEN,
    Panel,
    car,
    on_an_island,
    on_the_grid,
    snapshot,
    tie,
    utility,
)
from tests.given import flats

SITE, PARAMS = flats(), Params()
LAUNDRY, CAR = wiring.circuit_closed(CircuitId("laundry")), wiring.bay_power(SourceId("bay_1"))
BECAUSE = Cause(Why.ISLAND_CAPACITY)


def at(now_s: float, mode: Mode = Mode.ISLANDED, tie: TiePosition = TiePosition.OPEN, **sent: Sent) -> ControlState:
    """A state long after its start; `sent` by the first word of a role."""
    roles = {"laundry": LAUNDRY, "car": CAR, "permit": wiring.TIE_PERMIT}
    return replace(
        initial(0.0),
        at_s=now_s,
        mode=ModeMemory(mode=mode),
        grid_solid_since_s=0.0,
        evidence=EvidenceMemory(tie=TieMemory(value=tie, raw=tie)),
        sent={roles[name]: entry for name, entry in sent.items()},
        loads={one.id: LoadMemory(read_back=True) for one in SITE.circuits},
    )


def entry(value: bool | float, sent_s: float, **more: Any) -> Sent:
    return Sent(**({"value": value, "cause": BECAUSE, "sent_s": sent_s, "last_s": sent_s} | more))


def ruled(role: Role, value: float) -> dict[Role, Ruling]:
    return {role: Ruling(value, BECAUSE)}


def values(state: ControlState, role: Role, value: float, now_s: float) -> list[bool | float]:
    return [command.value for command in send(SITE, ruled(role, value), state, PARAMS, now_s).commands]


# Giving and taking ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "before", "value", "gives"),
    [
        (LAUNDRY, None, True, True),
        (LAUNDRY, True, False, False),
        (wiring.TIE_PERMIT, False, True, True),
        (wiring.TIE_PERMIT, True, False, False),
        (CAR, None, 0.0, False),
        (CAR, None, 3000.0, True),
        (CAR, 3000.0, 2000.0, False),
        (CAR, 3000.0, 4000.0, True),
        (CAR, -3000.0, -7000.0, True),
        (CAR, -7000.0, -3000.0, False),
        (CAR, -7000.0, 4000.0, True),
        (CAR, 7000.0, 0.0, False),
    ],
)
def test_what_gives_power_is_told_from_what_takes_it_away(role: Role, before: Any, value: float, gives: bool):
    assert energises(role, value, None if before is None else entry(before, 0.0)) is gives


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("position", TiePosition)
def test_nothing_is_given_power_while_mode_or_tie_is_in_doubt_or_on_the_move(mode: Mode, position: TiePosition):
    sure = position in (TiePosition.CLOSED, TiePosition.OPEN) and mode not in (Mode.INIT, Mode.FAULT_SAFE)
    state = at(1000.0, mode, position)
    assert not may_energise(state) or sure
    assert values(state, CAR, 5000.0, 1000.0) == ([5000.0] if may_energise(state) else [])
    # but what takes power away goes out in any of them
    assert values(replace(state, sent={CAR: entry(5000.0, 0.0)}), CAR, 0.0, 1000.0) == [0]
    assert values(replace(state, sent={LAUNDRY: entry(True, 0.0)}), LAUNDRY, 0.0, 1000.0) == [False]


def test_what_the_contacts_show_at_once_stops_giving_before_any_debounce():
    state = replace(at(1000.0), evidence=EvidenceMemory(tie=TieMemory(value=TiePosition.OPEN, raw=TiePosition.MOVING)))
    assert not may_energise(state)


def test_giving_waits_for_the_boot_hold_and_its_end_is_known():
    state = at(10.0)
    held = send(SITE, ruled(CAR, 5000.0), state, PARAMS, 10.0)
    assert (held.commands, held.due_s) == ((), 30.0)
    assert values(state, CAR, 5000.0, 30.0) == [5000.0]
    assert values(at(10.0, laundry=entry(True, 0.0)), LAUNDRY, 0.0, 10.0) == [False]


@pytest.mark.parametrize("mode", Mode)
def test_a_circuit_closes_only_in_modes_that_allow_it_whoever_asks(mode: Mode):
    tie_is = TiePosition.OPEN if mode.on_island else TiePosition.CLOSED
    allowed = mode in (
        Mode.ISLANDED,
        Mode.GRID_RETURN_QUALIFYING,
        Mode.RECONNECTED_RESTORING,
        Mode.GRID_CONNECTED,
    )
    # new, not acknowledged, and found open again: all the same
    for before in (
        entry(False, 0.0, acknowledged_s=1.0),
        entry(True, 900.0, tries=1),
        entry(True, 0.0, acknowledged_s=1.0, contradicted_since_s=100.0),
    ):
        assert values(at(1000.0, mode, tie_is, laundry=before), LAUNDRY, 1.0, 1000.0) == ([True] if allowed else [])


def test_on_the_grid_a_circuit_closes_only_where_the_grid_has_been_good_for_a_while():
    off = entry(False, 0.0, acknowledged_s=1.0)
    state = at(1000.0, Mode.GRID_CONNECTED, TiePosition.CLOSED, laundry=off)
    assert values(replace(state, grid_solid_since_s=None), LAUNDRY, 1.0, 1000.0) == []
    early = send(SITE, ruled(LAUNDRY, 1.0), replace(state, grid_solid_since_s=990.0), PARAMS, 1000.0)
    assert (early.commands, early.due_s) == ((), 1050.0)


def test_a_minimum_off_time_is_counted_from_the_command_and_its_end_is_known():
    state = at(1000.0, laundry=entry(False, 970.0, acknowledged_s=971.0))
    early = send(SITE, ruled(LAUNDRY, 1.0), state, PARAMS, 1000.0)
    assert (early.commands, early.due_s) == ((), 1030.0)
    assert values(state, LAUNDRY, 1.0, 1030.0) == [True]


# Repeating -----------------------------------------------------------------------------------------------------------


def sends(before: Sent, role: Role, value: float, from_s: float, to_s: float) -> list[float]:
    """When a constant ruling is sent, if nothing ever answers."""
    state, times, now_s = at(from_s, laundry=before) if role == LAUNDRY else at(from_s, car=before), [], from_s
    while now_s <= to_s:
        step = send(SITE, ruled(role, value), state, PARAMS, now_s)
        times += [now_s] * len(step.commands)
        state = replace(state, sent=step.sent)
        now_s = step.due_s if step.due_s > now_s else now_s + 0.001
    return times


def test_an_unanswered_shed_is_repeated_three_times_quickly_and_then_with_patience():
    unanswered = entry(False, 1000.0)
    assert sends(unanswered, LAUNDRY, 0.0, 1000.0, 1100.0) == [1002.0, 1004.0, 1034.0, 1064.0, 1094.0]


def test_a_refusal_is_answered_with_patience():
    refused = entry(False, 1000.0, refused=True)
    assert sends(refused, LAUNDRY, 0.0, 1000.0, 1100.0)[0] == 1030.0


def test_what_was_acknowledged_rests():
    assert sends(entry(False, 1000.0, acknowledged_s=1000.5), LAUNDRY, 0.0, 1000.0, 9000.0) == []


def test_a_circuit_that_somebody_else_switches_off_is_switched_on_at_most_three_times_more():
    contradicted = entry(True, 1000.0, acknowledged_s=1000.5, contradicted_since_s=1100.0)
    times = sends(contradicted, LAUNDRY, 1.0, 1100.0, 9000.0)
    assert len(times) == 3
    assert times[0] >= 1160.0  # its minimum off time


def test_a_shed_circuit_that_somebody_else_switches_on_is_shed_again_three_times_and_then_with_patience():
    contradicted = entry(False, 1000.0, acknowledged_s=1000.5, contradicted_since_s=1100.0)
    times = sends(contradicted, LAUNDRY, 0.0, 1100.0, 1200.0)
    assert times[:2] == [1100.0, 1102.0]
    assert len(times) <= 6


def test_a_power_is_a_lease_renewed_at_a_third_of_it():
    held = entry(5000.0, 1000.0, acknowledged_s=1000.1)
    assert sends(held, CAR, 5000.0, 1000.0, 1065.0) == [1020.0, 1040.0, 1060.0]
    assert [one.lease_s for one in send(SITE, ruled(CAR, 5000.0), at(1020.0, car=held), PARAMS, 1020.0).commands] == [
        60.0
    ]


def test_a_permit_is_a_lease_and_its_refusal_is_not():
    given = entry(True, 1000.0, acknowledged_s=1000.1)
    assert values(at(1020.0, Mode.RECONNECTING, permit=given), wiring.TIE_PERMIT, 1.0, 1020.0) == [True]
    withheld = entry(False, 1000.0, acknowledged_s=1000.1)
    assert values(at(9000.0, permit=withheld), wiring.TIE_PERMIT, 0.0, 9000.0) == []


def test_an_opened_circuit_has_no_timer_that_could_close_it():
    for value in (0.0, 1.0):
        state = at(1000.0, laundry=entry(not value, 0.0, acknowledged_s=0.1))
        assert [one.lease_s for one in send(SITE, ruled(LAUNDRY, value), state, PARAMS, 1000.0).commands] == [0.0]


@pytest.mark.parametrize(("wish", "sent"), [(5299.0, []), (5300.0, [5300]), (4700.0, [4700]), (0.0, [0])])
def test_a_car_is_not_bothered_with_small_changes_but_always_with_a_stop(wish: float, sent: list[float]):
    assert values(at(1001.0, car=entry(5000.0, 1000.0, acknowledged_s=1000.5)), CAR, wish, 1001.0) == sent


# Answers -------------------------------------------------------------------------------------------------------------


def told(value: bool | float, role: Role = LAUNDRY) -> Command:
    return Command(role=role, value=value, cause=BECAUSE, energises=False)


@pytest.mark.parametrize(
    ("fate", "acknowledged", "refused", "observed"),
    [
        (Fate.CONFIRMED, True, False, False),
        (Fate.CLAMPED, True, False, False),
        (Fate.UNVERIFIED, True, False, False),
        (Fate.REFUSED, False, True, False),
        (Fate.UNREACHABLE, False, False, False),
        (Fate.OBSERVING, False, False, True),
    ],
)
def test_every_answer_is_noted(fate: Fate, acknowledged: bool, refused: bool, observed: bool):
    after = noted({LAUNDRY: entry(False, 0.0)}, [Outcome(command=told(False), fate=fate, at_s=7.0)])[LAUNDRY]
    assert (after.acknowledged_s == 7.0, after.refused, after.observed) == (acknowledged, refused, observed)


def test_the_answer_to_a_command_that_has_been_overtaken_says_nothing():
    before = {LAUNDRY: entry(True, 0.0)}
    assert noted(before, [Outcome(command=told(False), fate=Fate.CONFIRMED, at_s=7.0)]) == before
    assert noted({}, [Outcome(command=told(False), fate=Fate.CONFIRMED, at_s=7.0)]) == {}


def test_a_switch_is_believed_when_it_is_seen():
    off = {LAUNDRY: entry(False, 100.0)}
    seen_off = snapshot(SITE, {LAUNDRY: False}, 105.0)
    seen_on = snapshot(SITE, {LAUNDRY: True}, 105.0)
    unseen = snapshot(SITE, {LAUNDRY: None}, 105.0)
    assert watched(off, seen_off, 105.0)[LAUNDRY].acknowledged_s == 105.0
    assert watched(off, seen_on, 105.0)[LAUNDRY].contradicted_since_s == 105.0
    assert watched(off, unseen, 105.0) == off
    # and a contradiction ends when it is seen to have ended
    contradicted = watched({LAUNDRY: entry(False, 100.0, acknowledged_s=101.0)}, seen_on, 105.0)
    assert watched(contradicted, seen_off, 105.0)[LAUNDRY].contradicted_since_s is None


def test_news_is_a_switch_that_moves_or_a_car_that_begins_or_ends():
    assert worth_telling(told(False), None)
    assert not worth_telling(told(False), entry(False, 0.0))
    assert worth_telling(told(True), entry(False, 0.0))
    assert not worth_telling(told(3000.0, CAR), entry(2000.0, 0.0))


# In the whole tick ---------------------------------------------------------------------------------------------------


def test_a_foreign_hand_on_a_circuit_is_an_alarm_and_no_fight():
    # given an island from which the hot water was shed
    made, hot_water = on_an_island(), wiring.circuit_closed(CircuitId("hot_water"))
    made.steps.clear()
    made.deaf.add(hot_water)
    # when somebody keeps switching it on
    for _ in range(120):
        made.says({hot_water: True}).advance(1.0)
    # then it is told off again, less and less often, and somebody hears of it after ten seconds
    times = [t_s for t_s, one in made.commands(hot_water) if not one.value]
    assert 3 <= len(times) <= 8
    raised = [t_s for t_s, step in made.steps for event in step.events if event.subject == f"{hot_water}/contradicts"]
    assert raised == [pytest.approx(made.steps[0][0] + 10.0)]


def test_what_was_never_touched_and_switched_off_by_hand_stays_off():
    made = on_the_grid().says({LAUNDRY: False}).advance(1000.0, every_s=100.0)
    assert made.commands(LAUNDRY) == []


def test_nothing_energises_while_the_tie_moves():
    # given an island whose cars give and whose circuits are about to come back
    made = on_an_island().says(car("bay_1", 90.0), {wiring.former_phase_w(0): 6000.0}).advance(45.0)
    made.steps.clear()
    # when the tie starts to move and stays so
    made.says(tie(False, False, None)).advance(40.0)
    # then only power is taken away
    assert [one for _, one in made.commands() if one.energises and one.value is not False] == []


def test_the_permit_is_given_only_when_everything_agrees_and_withdrawn_at_once():
    made = on_an_island().says(utility(230.0)).advance(61.0)
    assert made.mode is Mode.RECONNECTING
    assert made.values[wiring.TIE_PERMIT] is True
    made.says(utility(150.0)).tick()
    assert made.values[wiring.TIE_PERMIT] is False
    assert made.mode is not Mode.RECONNECTING


def test_a_permit_is_withdrawn_by_a_start_that_finds_it():
    made = Panel(SITE, PARAMS).says(GRID_DEAD, TIE_OPEN, {wiring.TIE_PERMIT: True})
    made.tick()
    assert made.values[wiring.TIE_PERMIT] is False
    assert made.mode is Mode.INIT


def test_a_second_island_does_not_switch_on_again_what_dropped_out_with_it():
    # given a building back on the grid after an outage, with everything on again
    made = on_an_island().says(utility(230.0)).advance(70.0).says(TIE_CLOSED).advance(800.0, every_s=50.0)
    assert made.off() == set()
    assert made.mode is Mode.GRID_CONNECTED
    # when the next outage makes a contactor drop out by itself
    made.says(GRID_DEAD, TIE_OPEN, {wiring.circuit_closed(CircuitId("kitchen")): False})
    made.steps.clear()
    made.advance(9.0)
    # then it is not given power while the island settles
    assert made.mode is Mode.ISLANDED_STABILIZING
    assert [one for _, one in made.commands() if one.role.endswith("closed") and one.value] == []


def test_uca4_a_switch_that_has_not_been_read_since_the_start_is_not_closed_whoever_asks():
    unread = replace(at(1000.0, laundry=entry(False, 0.0)), loads={CircuitId("laundry"): LoadMemory()})
    assert values(unread, LAUNDRY, 1.0, 1000.0) == []
    # while it may be opened, and another one is closed
    opened = replace(unread, sent={LAUNDRY: entry(True, 0.0)})
    assert values(opened, LAUNDRY, 0.0, 1000.0) == [False]
    assert values(at(1000.0, laundry=entry(False, 0.0)), LAUNDRY, 1.0, 1000.0) == [True]


BATTERY = wiring.battery_power(SourceId("main"))


@pytest.mark.parametrize(
    ("role", "value", "gives", "why", "pressing"),
    [
        (CAR, -4000.0, False, Why.CHARGE_ON_GRID, True),
        (CAR, -9000.0, True, Why.CHARGE_ON_GRID, False),
        (CAR, -4000.0, False, Why.CHARGE_FROM_SUN, False),
        (CAR, 5000.0, True, Why.CAR_LENDS, True),
        (BATTERY, 20_000.0, True, Why.LIMIT_FLEXIBLE, True),
        (BATTERY, 20_000.0, True, Why.FREQUENCY, True),
        (BATTERY, 3000.0, False, Why.OWN_USE, False),
        (wiring.pv_limit(SourceId("roof")), 5000.0, False, Why.SUN_SOLD, True),
    ],
)
def test_what_a_limit_or_safety_asks_for_does_not_wait_until_a_device_wants_to_hear_more(
    role: Role, value: float, gives: bool, why: Why, pressing: bool
):
    asked = Command(role=role, value=value, cause=Cause(why), energises=gives)
    assert presses(asked, islanded=False) is pressing


def test_on_an_island_nothing_that_takes_power_away_waits_for_a_device():
    asked = Command(role=CAR, value=-4000.0, cause=Cause(Why.CHARGE_FROM_SUN), energises=False)
    assert presses(asked, islanded=True)


def test_what_became_of_one_command_is_noted_whatever_is_told_of_others():
    told = Command(role=LAUNDRY, value=False, cause=BECAUSE, energises=False)
    stranger = replace(told, role=wiring.circuit_closed(CircuitId("gym")))
    superseded = replace(told, value=True)
    outcomes = [Outcome(command=one, fate=Fate.CONFIRMED, at_s=20.0) for one in (stranger, superseded, told)]
    assert noted({LAUNDRY: entry(False, 10.0)}, outcomes)[LAUNDRY].acknowledged_s == 20.0
