"""What is remembered of a circuit: each rule at its edge."""

from dataclasses import replace
from math import exp
from typing import Any

import pytest

from hems.control import decided, found_off, going, obeying, remembered
from hems.control.memory.acting import AttemptsMemory, BlackStartMemory, GeneratorMemory, ReconnectMemory, Sent
from hems.control.memory.using import Heard, LoadMemory
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import Bus
from hems.model.reading import Reading
from hems.model.request import Override, Want
from hems.model.units import CircuitId
from hems.model.wiring import Role
from tests.control.panel import snapshot
from tests.control.pencil import BECAUSE, PARAMS, evidence, names, sent, state
from tests.given import flats

SITE = flats()
LAUNDRY, GYM, KITCHEN = names("laundry", "gym", "kitchen")
CLOSED, POWER, BY_HAND = wiring.circuit_closed(LAUNDRY), wiring.circuit_power(LAUNDRY), wiring.circuit_by_hand(LAUNDRY)
OFF = LoadMemory(shed_because=BECAUSE, shed_since_s=50.0, read_back=True)
NOW_S = 1000.0


def seen(memory: LoadMemory, entry: Sent | None, values: dict[Role, Any], **more: Any) -> LoadMemory:
    known = state(loads={LAUNDRY: memory}, sent={CLOSED: entry} if entry else {}, **more)
    return obeying.observed(SITE, known, snapshot(SITE, values, NOW_S), PARAMS, NOW_S)[LAUNDRY]


@pytest.mark.parametrize(
    ("entry", "closed", "was", "deaf"),
    [
        pytest.param(sent(False, NOW_S - 0.9), True, False, False, id="told a moment ago"),
        pytest.param(sent(False, NOW_S - 1.0), True, False, True, id="told a second ago"),
        pytest.param(sent(False, NOW_S - 1.0), None, False, True, id="and says nothing"),
        pytest.param(sent(False, NOW_S - 1.0), False, False, False, id="and is off"),
        pytest.param(sent(False, NOW_S - 9.0, acknowledged_s=NOW_S), True, False, False, id="it has answered"),
        pytest.param(sent(False, NOW_S - 9.0, acknowledged_s=NOW_S), True, True, False, id="it has answered at last"),
        pytest.param(sent(False, NOW_S - 0.5), True, True, True, id="deaf, and told again"),
        pytest.param(sent(False, NOW_S - 0.5), False, True, False, id="deaf, and off now"),
        pytest.param(sent(False, NOW_S - 9.0, observed=True), True, False, False, id="only decided"),
        pytest.param(sent(True, NOW_S - 9.0), True, False, False, id="told on"),
        pytest.param(None, True, True, True, id="deaf, and told nothing"),
        pytest.param(None, False, True, False, id="deaf, and off by itself"),
    ],
)
def test_a_switch_is_deaf_that_neither_answers_nor_opens_within_a_second(
    entry: Sent | None, closed: bool | None, *, was: bool, deaf: bool
):
    assert seen(replace(OFF, deaf=was), entry, {CLOSED: closed, POWER: None}).deaf is deaf


@pytest.mark.parametrize(("closed", "was", "after"), [(None, False, False), (False, False, True), (None, True, True)])
def test_a_switch_has_been_read_once_it_has_said_something(closed: bool | None, *, was: bool, after: bool):
    memory = LoadMemory(read_back=was)
    assert seen(memory, None, {CLOSED: closed}).read_back is after
    assert seen(memory, sent(False, acknowledged_s=1.0), {CLOSED: closed, POWER: None}).read_back is after


@pytest.mark.parametrize(
    ("entry", "power", "welded"),
    [
        # the laundry leaks up to a twentieth of its 5 kW
        pytest.param(sent(False, 900.0, acknowledged_s=990.0), 251.0, True, id="current flows"),
        pytest.param(sent(False, 900.0, acknowledged_s=990.0), 250.0, False, id="as much as leaks"),
        pytest.param(sent(False, 900.0, acknowledged_s=990.1), 251.0, False, id="measured too soon"),
        pytest.param(sent(False, 900.0, acknowledged_s=990.0), None, False, id="no meter"),
        pytest.param(sent(False, 900.0), 251.0, False, id="not acknowledged"),
        pytest.param(sent(True, 900.0, acknowledged_s=990.0), 251.0, False, id="told on"),
    ],
)
def test_contacts_have_welded_when_current_flows_through_an_open_switch(
    entry: Sent, power: float | None, *, welded: bool
):
    after = seen(OFF, entry, {CLOSED: False, POWER: power})
    assert (after.welded_s == NOW_S, after.deaf) == (welded, welded)
    assert seen(OFF, entry, {CLOSED: True, POWER: power}).welded_s is None


def test_a_small_circuit_leaks_fifty_watts():
    entry = CircuitId("fire_panel"), CircuitId("door_entry")
    role = wiring.circuit_closed(entry[1])
    known = state(loads={entry[1]: OFF}, sent={role: sent(False, 900.0, acknowledged_s=950.0)})
    for watts, welded in ((50.0, False), (51.0, True)):
        there = snapshot(SITE, {role: False, wiring.circuit_power(entry[1]): watts}, NOW_S)
        assert (obeying.observed(SITE, known, there, PARAMS, NOW_S)[entry[1]].welded_s is not None) is welded


@pytest.mark.parametrize(
    ("since_s", "power", "closed", "bus", "welded_s"),
    [
        pytest.param(941.0, 0.0, False, Bus.LIVE, 941.0, id="parted for less than a minute"),
        pytest.param(940.0, 0.0, False, Bus.LIVE, None, id="parted for a minute"),
        pytest.param(940.0, 250.0, False, Bus.LIVE, None, id="what leaks is nothing"),
        pytest.param(940.0, 251.0, False, Bus.LIVE, NOW_S, id="current flows"),
        pytest.param(940.0, None, False, Bus.LIVE, NOW_S, id="nobody measures"),
        pytest.param(940.0, 0.0, True, Bus.LIVE, NOW_S, id="it is on"),
        pytest.param(940.0, 0.0, False, Bus.DEAD, NOW_S, id="there is no voltage"),
    ],
)
def test_contacts_that_had_welded_part_when_nothing_has_flowed_for_a_minute(
    since_s: float, power: float | None, bus: Bus, welded_s: float | None, *, closed: bool
):
    memory = replace(OFF, welded_s=since_s)
    entry = sent(False, 900.0, acknowledged_s=999.0)
    after = seen(memory, entry, {CLOSED: closed, POWER: power}, evidence=evidence(bus=bus))
    assert after.welded_s == welded_s


@pytest.mark.parametrize(
    ("was", "closed", "by_hand", "heard"),
    [
        (Heard.NEVER, True, False, Heard.ON),
        (Heard.ON, False, False, Heard.OFF),
        (Heard.ON, None, False, Heard.SILENT),
        (Heard.SILENT, None, None, Heard.SILENT),
        (Heard.ON, None, True, Heard.NEVER),
        (Heard.OFF, None, False, Heard.NEVER),
        (Heard.NEVER, None, False, Heard.NEVER),
    ],
)
def test_what_a_switch_has_said_last(was: Heard, closed: bool | None, by_hand: bool | None, heard: Heard):
    memory = LoadMemory(heard=was, read_back=True, let_go_s=7.0)
    for entry in (None, sent(False, acknowledged_s=1.0)):
        after = seen(memory, entry, {CLOSED: closed, BY_HAND: by_hand, POWER: None})
        assert (after.heard, after.let_go_s) == (heard, None if closed else 7.0)


def test_what_is_drawn_is_learned_up_at_once_and_down_slowly_and_on_average_within_an_hour():
    known = state(loads={LAUNDRY: LoadMemory(demand_w=1000.0, usual_w=1000.0), GYM: OFF})
    up = remembered.learned(known, {LAUNDRY: 1600.0}, 30.0)[LAUNDRY]
    assert (up.demand_w, up.usual_w) == (1600.0, pytest.approx(1600.0 - 600.0 * exp(-30.0 / 3600.0)))
    down = remembered.learned(known, {LAUNDRY: 400.0}, 30.0)[LAUNDRY]
    assert down.demand_w == pytest.approx(400.0 + 600.0 * exp(-1.0))
    new = remembered.learned(known, {KITCHEN: 70.0}, 30.0)
    assert (new[KITCHEN].demand_w, new[KITCHEN].usual_w, new[GYM]) == (70.0, 70.0, OFF)
    same = remembered.learned(known, {LAUNDRY: 1000.0}, 30.0)[LAUNDRY]
    assert same is known.loads[LAUNDRY]
    # one of the two may stay as it is while the other is learned
    rises = state(loads={LAUNDRY: LoadMemory(demand_w=1000.0, usual_w=500.0)})
    after = remembered.learned(rises, {LAUNDRY: 1000.0}, 30.0)[LAUNDRY]
    assert (after.demand_w, after.usual_w) == (1000.0, pytest.approx(1000.0 - 500.0 * exp(-30.0 / 3600.0)))
    falls = state(loads={LAUNDRY: LoadMemory(demand_w=1000.0, usual_w=400.0)})
    after = remembered.learned(falls, {LAUNDRY: 400.0}, 30.0)[LAUNDRY]
    assert (after.demand_w, after.usual_w) == (pytest.approx(400.0 + 600.0 * exp(-1.0)), 400.0)
    # an average of none is one
    idle = state(loads={LAUNDRY: LoadMemory(demand_w=0.0, usual_w=0.0)})
    assert remembered.usual_w(SITE, idle)[LAUNDRY] == 0.0
    assert remembered.usual_w(SITE, idle)[GYM] == 3000.0


def test_a_person_who_has_looked_clears_what_was_given_up_and_nothing_else():
    memory = LoadMemory(fruitless=3, vain=2, welded_s=5.0, shed_because=BECAUSE, moves_s=(1.0,))
    known = state(
        loads={LAUNDRY: memory},
        reconnect=ReconnectMemory(failures=2),
        black_start=BlackStartMemory(failures=2),
        generator=GeneratorMemory(failures=2, not_before_s=77.0),
        attempts=AttemptsMemory(failures=2),
        broken=("I1",),
    )
    after = decided.released(known)
    assert after.loads[LAUNDRY] == LoadMemory(shed_because=BECAUSE, moves_s=(1.0,))
    failures = (after.reconnect.failures, after.black_start.failures, after.generator.failures, after.attempts.failures)
    assert (failures, after.broken, after.generator.not_before_s) == ((0, 0, 0, 0), (), 77.0)


@pytest.mark.parametrize(
    ("memory", "entry", "ends_s"),
    [
        pytest.param(OFF, sent(False, 50.0), [51.0], id="not answered"),
        pytest.param(OFF, sent(False, 50.0, acknowledged_s=53.0), [53.1], id="when it shows"),
        pytest.param(OFF, sent(True, 50.0), [0.1], id="told on"),
        pytest.param(LoadMemory(), sent(False, 50.0), [], id="not shed"),
        pytest.param(LoadMemory(), sent(True, 1.0, contradicted_since_s=60.0), [70.0], id="contradicted"),
        pytest.param(LoadMemory(let_go_s=60.0), None, [70.0], id="let go"),
        pytest.param(replace(OFF, let_go_s=60.0), None, [], id="let go, and shed"),
        pytest.param(LoadMemory(restored_s=60.0), None, [120.0], id="its least time on"),
        pytest.param(replace(OFF, restored_s=60.0), None, [], id="off again"),
    ],
)
def test_something_about_a_circuit_comes_due(memory: LoadMemory, entry: Sent | None, ends_s: list[float]):
    known = state(loads={LAUNDRY: memory}, sent={CLOSED: entry} if entry else {})
    assert list(going.expiries(SITE, known, PARAMS)) == ends_s


@pytest.mark.parametrize(
    ("memory", "entry", "seen_s", "goes"),
    [
        pytest.param(OFF, None, 60.0, True, id="decided now"),
        pytest.param(OFF, sent(True, 50.0, acknowledged_s=50.0), 60.0, True, id="told on until now"),
        pytest.param(OFF, sent(False, 50.0), 60.0, True, id="not answered"),
        pytest.param(OFF, sent(False, 50.0, acknowledged_s=60.0), 60.0, True, id="answered, not measured"),
        pytest.param(OFF, sent(False, 50.0, acknowledged_s=59.9), 60.0, False, id="measured"),
        pytest.param(OFF, sent(False, 50.0, observed=True), 60.0, False, id="only decided"),
        pytest.param(replace(OFF, deaf=True), None, 60.0, False, id="given up"),
        pytest.param(LoadMemory(), None, 60.0, False, id="on"),
    ],
)
def test_who_is_on_the_way_off_is_not_gone_yet(memory: LoadMemory, entry: Sent | None, seen_s: float, *, goes: bool):
    known = state(loads={LAUNDRY: memory}, sent={CLOSED: entry} if entry else {})
    assert (going.going(SITE, known, seen_s) != []) is goes
    # nor is what a person keeps on, until it is told off against that person's word
    wanted = replace(known, overrides=(want(Want.ON),))
    kept = replace(wanted, sent={CLOSED: sent(True)})
    assert going.going(SITE, kept, seen_s) == []
    told_off = entry is not None and not entry.value
    assert (going.going(SITE, wanted, seen_s) != []) is (goes and told_off)


def want(which: Want, circuit: CircuitId = LAUNDRY) -> Override:
    return Override(circuit=circuit, want=which, who="ana", role="operator", reason="", set_s=0.0, expires_s=9e9)


@pytest.mark.parametrize(
    ("before", "now", "entry", "memory", "because"),
    [
        pytest.param(Want.OFF, None, sent(False, 50.0), LoadMemory(), Why.OVERRIDE_EXPIRED, id="it ended"),
        pytest.param(Want.OFF, Want.OFF, sent(False, 50.0), LoadMemory(), None, id="it goes on"),
        pytest.param(Want.ON, None, sent(False, 50.0), LoadMemory(), None, id="it was kept on"),
        pytest.param(Want.ON, None, sent(False, 50.0), OFF, Why.OVERLOAD, id="it was kept on, and protection took it"),
        pytest.param(Want.ON, None, sent(True, 50.0), OFF, None, id="it was kept on, and still is"),
        pytest.param(Want.ON, Want.ON, sent(True, 50.0), OFF, Why.OVERLOAD, id="it is kept on, for a reason to be off"),
        pytest.param(Want.OFF, None, sent(True, 50.0), LoadMemory(), None, id="it is on"),
        pytest.param(Want.OFF, None, None, LoadMemory(), None, id="never told"),
        pytest.param(Want.OFF, None, sent(False, 50.0), OFF, Why.OVERLOAD, id="it is off for a reason"),
        pytest.param(
            Want.OFF,
            Want.ON,
            sent(False, 50.0),
            LoadMemory(shed_because=Cause(Why.OVERRIDE_EXPIRED), shed_since_s=50.0),
            Why.OVERRIDE_EXPIRED,
            id="somebody wants it on instead: it waits until it is",
        ),
        pytest.param(
            Want.OFF,
            Want.ON,
            sent(False, 50.0),
            LoadMemory(),
            Why.OVERRIDE_EXPIRED,
            id="somebody wants it on, and nobody has handed it back before",
        ),
        pytest.param(
            Want.ON,
            Want.ON,
            sent(True, 50.0),
            LoadMemory(shed_because=Cause(Why.OVERRIDE_EXPIRED)),
            None,
            id="now it is on",
        ),
        pytest.param(None, Want.ON, sent(False, 50.0), OFF, Why.OVERLOAD, id="shed for another reason"),
        pytest.param(
            None,
            Want.OFF,
            None,
            LoadMemory(shed_because=Cause(Why.OVERRIDE_EXPIRED)),
            Why.OVERRIDE_EXPIRED,
            id="kept off again",
        ),
    ],
)
def test_what_nobody_keeps_off_any_more_waits_for_its_turn(
    before: Want | None, now: Want | None, entry: Sent | None, memory: LoadMemory, because: Why | None
):
    known: ControlState = state(
        loads={LAUNDRY: memory},
        sent={CLOSED: entry} if entry else {},
        overrides=(want(now),) if now else (),
    )
    after = decided.handed_back(known, (want(before),) if before else ()).loads[LAUNDRY]
    assert (after.shed_because.why if after.shed_because else None) == because
    assert because is not Why.OVERRIDE_EXPIRED or entry is None or after.shed_since_s == 50.0


def found(memory: LoadMemory, entry: Sent | None, now_s: float = NOW_S, **more: Any) -> LoadMemory:
    known = state(loads={LAUNDRY: memory}, sent={CLOSED: entry} if entry else {}, **more)
    return found_off.found_open(SITE, known, snapshot(SITE, {CLOSED: False}, now_s), PARAMS, now_s).loads[LAUNDRY]


@pytest.mark.parametrize(
    ("since_s", "restored_s", "why", "fruitless"),
    [
        pytest.param(990.1, None, None, 2, id="not yet for ten seconds"),
        pytest.param(990.0, None, Why.FOUND_OFF, 0, id="for ten seconds"),
        pytest.param(990.0, 390.0, Why.FOUND_OFF, 3, id="soon after it came back"),
        pytest.param(990.0, 389.9, Why.FOUND_OFF, 0, id="long after"),
        pytest.param(None, None, None, 2, id="nobody has seen it"),
    ],
)
def test_what_is_found_off_for_ten_seconds_waits_for_its_turn(
    since_s: float | None, restored_s: float | None, why: Why | None, fruitless: int
):
    memory = LoadMemory(restored_s=restored_s, fruitless=2)
    after = found(memory, sent(True, 1.0, acknowledged_s=2.0, contradicted_since_s=since_s))
    assert (after.shed_because.why if after.shed_because else None, after.fruitless) == (why, fruitless)
    assert after.shed_since_s == (since_s if why else None)
    kept = found(memory, sent(True, 1.0, contradicted_since_s=since_s), overrides=(want(Want.ON),))
    assert kept.shed_because is None


def test_what_is_found_off_counts_as_told_off_and_obeyed_since_it_went():
    known = state(loads={}, sent={CLOSED: sent(True, 1.0, acknowledged_s=2.0, contradicted_since_s=980.0)})
    after = found_off.found_open(SITE, known, snapshot(SITE, {CLOSED: False}, NOW_S), PARAMS, NOW_S).sent[CLOSED]
    # then nobody waits for an answer, and it may come back once it has been off for long enough
    assert (after.value, after.sent_s, after.last_s, after.acknowledged_s) == (False, 980.0, 980.0, 980.0)
    assert after.cause.why is Why.FOUND_OFF


@pytest.mark.parametrize(("now_s", "why"), [(29.9, Why.STARTED), (30.0, None)])
def test_what_is_found_off_right_after_a_start_waits_from_then_on(now_s: float, why: Why | None):
    after = found(LoadMemory(), sent(True, 1.0), now_s)
    assert (after.shed_because.why if after.shed_because else None, after.shed_since_s) == (why, now_s if why else None)


@pytest.mark.parametrize(
    ("let_go_s", "why"), [(990.0, Why.LET_GO), (990.1, None)], ids=["for ten seconds", "not yet for ten"]
)
def test_what_its_board_has_let_go_waits_for_its_turn(let_go_s: float, why: Why | None):
    after = found(LoadMemory(let_go_s=let_go_s, heard=Heard.OFF), None)
    assert (after.shed_because.why if after.shed_because else None) == why


def test_that_a_board_has_let_a_circuit_go_is_told_once():
    before = state(loads={LAUNDRY: LoadMemory(let_go_s=990.0, heard=Heard.OFF)})
    there = snapshot(SITE, {CLOSED: False}, NOW_S)
    after = found_off.found_open(SITE, before, there, PARAMS, NOW_S)
    assert found_off.let_go(after, before) == [LAUNDRY]
    assert found_off.let_go(found_off.found_open(SITE, after, there, PARAMS, NOW_S + 1.0), after) == []


def test_what_is_on_again_was_not_let_go():
    memory = LoadMemory(let_go_s=990.0, heard=Heard.ON, read_back=True)
    assert seen(memory, None, {CLOSED: True}).let_go_s is None


@pytest.mark.parametrize(
    ("heard", "others", "by_hand", "gone"),
    [
        pytest.param(Heard.SILENT, Heard.OFF, False, True, id="after a silence"),
        pytest.param(Heard.ON, Heard.OFF, False, False, id="alone, before everybody's eyes"),
        pytest.param(Heard.ON, Heard.ON, False, True, id="together with another"),
        pytest.param(Heard.OFF, Heard.ON, False, False, id="it was off"),
        pytest.param(Heard.SILENT, Heard.OFF, True, False, id="by its hand switch"),
    ],
)
def test_what_hems_never_moved_was_let_go_by_its_board_or_opened_by_a_person(
    heard: Heard, others: Heard, *, by_hand: bool, gone: bool
):
    known = state(loads={LAUNDRY: LoadMemory(heard=heard), GYM: LoadMemory(heard=others)})
    there = snapshot(SITE, {CLOSED: False, wiring.circuit_closed(GYM): False, BY_HAND: by_hand}, NOW_S)
    after = found_off.found_open(SITE, known, there, PARAMS, NOW_S)
    assert (after.loads[LAUNDRY].let_go_s == NOW_S) is gone


def test_what_went_off_counts_what_was_in_vain_and_what_came_back_how_hungry_it_is():
    known = state(loads={LAUNDRY: LoadMemory(restored_s=NOW_S - 60.0), GYM: LoadMemory()})
    after = decided.shed(known, {LAUNDRY: BECAUSE}, PARAMS, NOW_S)
    assert (after.loads[LAUNDRY].fruitless, after.attempts.failures, after.last_shed_s) == (1, 1, NOW_S)
    calm = decided.shed(known, {GYM: BECAUSE}, PARAMS, NOW_S)
    assert (calm.loads[GYM].fruitless, calm.attempts.failures) == (0, 0)
    both = decided.shed(known, {LAUNDRY: BECAUSE, GYM: BECAUSE}, PARAMS, NOW_S)
    assert both.attempts.failures == 1
    assert decided.shed(known, {}, PARAMS, NOW_S) is known
    back = decided.restored(after, LAUNDRY, PARAMS, NOW_S + 720.0)
    memory = back.loads[LAUNDRY]
    assert (memory.shed_because, memory.restored_s, back.last_restore_s) == (None, NOW_S + 720.0, NOW_S + 720.0)
    assert memory.hungry == pytest.approx(0.1)


def test_a_reading_that_is_too_old_says_nothing_of_a_switch():
    old = Reading(False, NOW_S - 60.0, 5.0)
    assert seen(OFF, sent(False, NOW_S - 1.0), {CLOSED: old, POWER: None}).deaf
