"""When something is an alarm, what it says, and how long it stands: each rule at its edge."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hems.control import alarm_states, alarms
from hems.control.alarms import HIGH, LOW, MEDIUM, Condition
from hems.control.cars.memory import BayMemory
from hems.control.dispatch.memory import ConnectionMemory, ExcessMemory, FlexibleMemory
from hems.control.evidence import Evidence
from hems.control.memory.acting import Alarm, AttemptsMemory, EffectMemory, GeneratorMemory, ReconnectMemory
from hems.control.memory.seeing import PointMemory
from hems.control.memory.using import LoadMemory
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.instant import Instant
from hems.model.mode import Bus, Grid, Mode, TiePosition
from hems.model.request import AlarmAct, AlarmMark, Task
from hems.model.site import Site
from hems.model.snapshot import DeviceHealth, Snapshot
from hems.model.units import CircuitId, DeviceId, PointId, SourceId
from tests.control.panel import snapshot
from tests.control.pencil import BECAUSE, PARAMS, sent, standing, state
from tests.given import flats

SITE = flats()
NOW_S, NOON = 1000.0, datetime(2026, 6, 1, 12, tzinfo=UTC)
LAUNDRY = CircuitId("laundry")
ROLE, PERMIT = wiring.circuit_closed(LAUNDRY), wiring.TIE_PERMIT
CALM = Evidence(
    grid=Grid.GOOD,
    tie=TiePosition.CLOSED,
    bus=Bus.LIVE,
    witnesses=(),
    disputed=False,
    crossed=False,
    qualifying_left_s=None,
    due_s=0.0,
)


def wrong(
    known: ControlState, there: Snapshot | None = None, site: Site = SITE, seen: Evidence = CALM
) -> dict[str, tuple[str, Why]]:
    """What is abnormal, how urgent it is, and why."""
    looks = there or snapshot(site, {}, NOW_S)
    found = alarms.conditions(site, known, looks, PARAMS, Instant(NOW_S, NOON), seen)
    return {key: (one.priority, one.cause.why) for key, one in found.items()}


def contradicted(role: wiring.Role, since_s: float, *, observed: bool = False) -> ControlState:
    return state(sent={role: sent(False, 1.0, contradicted_since_s=since_s, observed=observed)})


def circuit(**memory: Any) -> ControlState:
    return state(loads={LAUNDRY: LoadMemory(**memory)})


TRIES = {"reconnect": (HIGH, Why.RECONNECT_GIVEN_UP), "generator": (HIGH, Why.GENERATOR_GIVEN_UP)}
OLD = NOON - timedelta(days=90)


@pytest.mark.parametrize(
    ("known", "found"),
    [
        pytest.param(state(), {}, id="all is well"),
        pytest.param(state(Mode.FAULT_SAFE), {"mode": (HIGH, Why.STARTED)}, id="in doubt"),
        pytest.param(contradicted(PERMIT, 990.0), {f"{PERMIT}/contradicts": (HIGH, Why.UNEXPECTED_CLOSE)}, id="permit"),
        pytest.param(contradicted(PERMIT, 990.1), {}, id="a permit for a moment"),
        pytest.param(contradicted(ROLE, 990.0), {f"{ROLE}/contradicts": (HIGH, Why.UNEXPECTED_CLOSE)}, id="a switch"),
        pytest.param(contradicted(ROLE, 990.1), {}, id="a switch for a moment"),
        pytest.param(contradicted(ROLE, 900.0, observed=True), {}, id="a switch that was never sent: not armed"),
        pytest.param(contradicted(PERMIT, 900.0, observed=True), {}, id="a permit that was never sent: not armed"),
        pytest.param(
            state(
                sent={ROLE: sent(True, 1.0, observed=True)},
                loads={LAUNDRY: LoadMemory(shed_because=Cause(Why.FOUND_OFF))},
            ),
            {},
            id="found off where it was never switched on: not armed",
        ),
        pytest.param(
            state(reconnect=ReconnectMemory(failures=3)), {"reconnect": TRIES["reconnect"]}, id="rejoined three times"
        ),
        pytest.param(state(reconnect=ReconnectMemory(failures=2)), {}, id="rejoined twice"),
        pytest.param(
            state(generator=GeneratorMemory(failures=3)), {"generator": TRIES["generator"]}, id="started three times"
        ),
        pytest.param(state(generator=GeneratorMemory(failures=2)), {}, id="started twice"),
        pytest.param(state(drilled=OLD - timedelta(seconds=1)), {"drill": (LOW, Why.DRILL_DUE)}, id="overdue"),
        pytest.param(state(drilled=OLD), {}, id="practised ninety days ago"),
        pytest.param(
            state(attempts=AttemptsMemory(failures=5)), {"restores": (HIGH, Why.RESTORE_GIVEN_UP)}, id="restores fail"
        ),
        pytest.param(state(attempts=AttemptsMemory(failures=4)), {}, id="four restores fail"),
        pytest.param(state(effect=EffectMemory(vain=2)), {"futile": (HIGH, Why.SHED_FUTILE)}, id="sheds in vain"),
        pytest.param(state(effect=EffectMemory(vain=1)), {}, id="one in vain"),
        pytest.param(state(broken=("I1",)), {"invariant/I1": (HIGH, Why.INVARIANT)}, id="an invariant"),
        pytest.param(circuit(deaf=True), {f"{ROLE}/deaf": (HIGH, Why.SHED_NOT_OBEYED)}, id="deaf"),
        pytest.param(circuit(vain=3), {f"{ROLE}/vain": (MEDIUM, Why.SHED_IN_VAIN)}, id="shed in vain"),
        pytest.param(circuit(vain=2), {}, id="shed in vain twice"),
        pytest.param(circuit(fruitless=3), {f"{ROLE}/locked_out": (MEDIUM, Why.LOCKED_OUT)}, id="undone three times"),
        pytest.param(circuit(fruitless=2), {}, id="undone twice"),
        pytest.param(
            circuit(shed_because=Cause(Why.FOUND_OFF)),
            {f"{ROLE}/contradicts": (HIGH, Why.UNEXPECTED_CLOSE)},
            id="found",
        ),
        pytest.param(
            circuit(shed_because=Cause(Why.FOUND_OFF), deaf=True),
            {f"{ROLE}/deaf": (HIGH, Why.SHED_NOT_OBEYED)},
            id="found off, and deaf",
        ),
        pytest.param(circuit(shed_because=BECAUSE), {}, id="off"),
        pytest.param(
            circuit(shed_because=BECAUSE, moves_s=(1.0,) * 5), {f"{ROLE}/rests": (LOW, Why.RELAY_RESTS)}, id="worn"
        ),
        pytest.param(circuit(moves_s=(1.0,) * 5), {}, id="worn, and on"),
        pytest.param(circuit(shed_because=BECAUSE, moves_s=(-2600.0,) * 5), {}, id="rested"),
        pytest.param(state(unbalanced_since_s=940.0), {"balance": (MEDIUM, Why.UNBALANCED)}, id="sums do not fit"),
        pytest.param(state(unbalanced_since_s=940.1), {}, id="they have not for less than a minute"),
        pytest.param(state(orders=standing(Task.FIRE)), {"fire": (HIGH, Why.FIRE)}, id="fire"),
        pytest.param(state(by_hand=True), {"red_button": (HIGH, Why.RED_BUTTON)}, id="red button"),
        pytest.param(
            state(astray_s={SourceId("main"): 910.0}),
            {"batteries/main/power_w/astray": (MEDIUM, Why.ANOTHER_MASTER)},
            id="a battery",
        ),
        pytest.param(state(astray_s={SourceId("main"): 910.1}), {}, id="a battery for a moment"),
        pytest.param(
            state(bays={SourceId("bay_1"): BayMemory(astray_since_s=910.0)}),
            {"bays/bay_1/power_w/astray": (HIGH, Why.ANOTHER_MASTER)},
            id="a car on an island",
        ),
        pytest.param(
            state(Mode.GRID_CONNECTED, bays={SourceId("bay_1"): BayMemory(astray_since_s=910.0)}),
            {"bays/bay_1/power_w/astray": (MEDIUM, Why.ANOTHER_MASTER)},
            id="a car on the grid",
        ),
        pytest.param(state(bays={SourceId("bay_1"): BayMemory(astray_since_s=910.1)}), {}, id="a car for a moment"),
        pytest.param(
            state(connection=ConnectionMemory(excess=ExcessMemory(since_s=990.0))),
            {"connection": (MEDIUM, Why.LIMIT_EXCEEDED)},
            id="a limit exceeded",
        ),
        pytest.param(state(connection=ConnectionMemory(excess=ExcessMemory(since_s=990.1))), {}, id="for a moment"),
        pytest.param(
            state(connection=ConnectionMemory(flexible=FlexibleMemory(failsafe_since_s=990.0))),
            {"flexible": (LOW, Why.LIMIT_FAILSAFE)},
            id="a utility that is silent",
        ),
        pytest.param(
            state(connection=ConnectionMemory(flexible=FlexibleMemory(failsafe_since_s=990.1))),
            {},
            id="for less",
        ),
    ],
)
def test_what_is_abnormal_is_found_at_its_edge(known: ControlState, found: dict[str, tuple[str, Why]]):
    assert wrong(known) == found


@pytest.mark.parametrize(("count", "keys"), [(2, {"gym", "laundry"}), (3, {"circuits/deaf"})])
def test_three_that_do_not_obey_are_one_alarm(count: int, keys: set[str]):
    deaf = dict.fromkeys([CircuitId(name) for name in ("laundry", "gym", "kitchen")[:count]], LoadMemory(deaf=True))
    assert {key.replace("circuits/", "").replace("/closed/deaf", "") for key in wrong(state(loads=deaf))} == {
        key.replace("circuits/", "") for key in keys
    }


@pytest.mark.parametrize(
    ("crossed", "disputed", "found"),
    [
        (True, True, {"tie": (HIGH, Why.TIE_CROSSED)}),
        (False, True, {"tie": (MEDIUM, Why.TIE_DISPUTED)}),
        (False, False, {}),
    ],
)
def test_a_tie_that_is_crossed_is_worse_than_one_that_is_disputed(
    found: dict[str, tuple[str, Why]], *, crossed: bool, disputed: bool
):
    assert wrong(state(), seen=replace(CALM, crossed=crossed, disputed=disputed)) == found


def test_a_meter_that_repeats_itself_and_one_that_is_wired_wrongly():
    repeats = PointMemory(values=(230.0,), since_s=0.0, taken_s=900.0, moves=20, power_moved=True)
    follows = PointMemory(alike_since_s=970.0, followed=3)
    street = PointId("street")

    def points(memory: PointMemory) -> ControlState:
        known = state()
        return replace(known, evidence=replace(known.evidence, points={street: memory}))

    assert wrong(points(repeats)) == {"voltage_points/street/frozen": (MEDIUM, Why.POINT_FROZEN)}
    assert wrong(points(follows)) == {"voltage_points/street/misplaced": (HIGH, Why.POINT_MISPLACED)}


def test_what_has_got_too_warm_is_told_with_its_limit():
    site = flats(circuits=tuple(replace(one, temp_max_c=8.0 if one.id == LAUNDRY else None) for one in SITE.circuits))
    warm = state(warm=frozenset({LAUNDRY, CircuitId("gym")}))
    for temp_c, facts in ((9.5, {"temp_c": 9.5, "limit_c": 8.0}), (None, {})):
        there = snapshot(site, {wiring.circuit_temperature(LAUNDRY): temp_c}, NOW_S)
        found = alarms.conditions(site, warm, there, PARAMS, Instant(NOW_S, None), CALM)
        assert {key: one.cause.facts for key, one in found.items()} == {f"{ROLE}/warm": facts}


@pytest.mark.parametrize(("wakes", "found"), [(False, {"dark_start"}), (True, set()), (None, set())])
def test_a_former_that_could_not_wake_is_told(wakes: bool | None, found: set[str]):
    assert wrong(state(), snapshot(SITE, {wiring.FORMER_WAKE: wakes}, NOW_S)).keys() == found


def test_faults_of_hems_itself_are_graver_where_what_people_decided_is_lost():
    there = snapshot(SITE, {}, NOW_S, faults={"state": "disk full", "history": "disk full"})
    assert wrong(state(), there) == {"fault/state": (HIGH, Why.OWN_FAULT), "fault/history": (MEDIUM, Why.OWN_FAULT)}


@pytest.mark.parametrize(
    ("since_s", "upstream", "outage_s", "unused"),
    [
        pytest.param(995.0, False, None, False, id="for five seconds"),
        pytest.param(995.1, False, None, None, id="for less"),
        pytest.param(None, False, None, None, id="it answers"),
        pytest.param(1.0, True, None, False, id="upstream, with a grid"),
        pytest.param(1.0, True, 5.0, True, id="upstream, without"),
        pytest.param(1.0, False, 5.0, False, id="the building's own"),
    ],
)
def test_a_device_is_silent_after_five_seconds(
    since_s: float | None, outage_s: float | None, unused: bool | None, *, upstream: bool
):
    known = state()
    known = replace(known, mode=replace(known.mode, outage_since_s=outage_s))
    device = DeviceHealth(link="tcp://meter", lost_since_s=since_s, upstream=upstream)
    there = snapshot(SITE, {}, NOW_S, devices={DeviceId("meter"): device})
    found = alarms.conditions(SITE, known, there, PARAMS, Instant(NOW_S, None), CALM)
    assert {key: one.unused for key, one in found.items()} == ({} if unused is None else {"device/meter": unused})


@pytest.mark.parametrize(("count", "told"), [(6, "d0, d1, d2, d3, d4, d5"), (8, "d0, d1, d2, d3, d4, d5, +2")])
def test_of_many_devices_six_are_named(count: int, told: str):
    device = DeviceHealth(link="tcp://hub", lost_since_s=900.0)
    there = snapshot(SITE, {}, NOW_S, devices={DeviceId(f"d{number}"): device for number in range(count)})
    found = alarms.conditions(SITE, state(), there, PARAMS, Instant(NOW_S, None), CALM)
    assert found["silent/network"].cause.facts == {"count": count, "devices": told}
    assert {one.unused for key, one in found.items() if key.startswith("device/")} == {True}


# How long it stands ---------------------------------------------------------------------------------------------------

RAISED = Alarm(priority=MEDIUM, since_s=900.0, subject="meter", cause=BECAUSE)
WRONG = Condition(MEDIUM, "meter", BECAUSE)


def then(
    before: Alarm | None, *marks: AlarmMark, condition: Condition | None = WRONG, outage_s: float | None = None
) -> tuple[Alarm | None, list[str], set[str]]:
    """What stands, what is told, and what is gone unseen."""
    known = state(alarms={} if before is None else {"x": before}, at_s=999.0)
    known = replace(known, mode=replace(known.mode, outage_since_s=outage_s))
    found = alarm_states.after(known, {} if condition is None else {"x": condition}, marks, NOW_S)
    return found.standing.get("x"), [str(kind) for kind, _, _ in found.told], set(found.gone)


def mark(act: AlarmAct, duration_s: float = 0.0, key: str = "x") -> AlarmMark:
    return AlarmMark(key=key, act=act, who="ana", duration_s=duration_s, reason="known")


@pytest.mark.parametrize(
    ("condition", "outage_s", "folded"),
    [
        pytest.param(WRONG, 940.0, True, id="within a minute of a power cut"),
        pytest.param(WRONG, 939.9, False, id="later"),
        pytest.param(WRONG, None, False, id="without one"),
        pytest.param(Condition(HIGH, "meter", BECAUSE), 940.0, False, id="urgent"),
        pytest.param(Condition(MEDIUM, "meter", Cause(Why.COLD_LOAD)), 940.0, False, id="what the dark waits for"),
    ],
)
def test_what_comes_with_a_power_cut_is_folded_into_it(condition: Condition, outage_s: float | None, *, folded: bool):
    alarm, told, _ = then(None, condition=condition, outage_s=outage_s)
    assert alarm is not None
    assert (alarm.folded, alarm.since_s, told) == (folded, NOW_S, [] if folded else ["alarm_raised"])
    # it stays so as long as the cut, and is news after it
    again, told, _ = then(replace(RAISED, folded=True), condition=condition, outage_s=5.0)
    assert again is not None
    assert again.folded is (condition.priority == MEDIUM and condition.cause.why is Why.OVERLOAD)
    over, told, _ = then(replace(RAISED, folded=True), condition=condition)
    assert over is not None
    assert (over.folded, told) == (False, ["alarm_raised"])


@pytest.mark.parametrize(
    ("before", "told", "gone"),
    [
        (RAISED, ["alarm_cleared"], {"x"}),
        (replace(RAISED, seen_s=950.0), ["alarm_cleared"], set()),
        (replace(RAISED, folded=True), [], set()),
        (replace(RAISED, unused=True), [], set()),
        (replace(RAISED, aside_until_s=NOW_S + 1.0), [], set()),
        (replace(RAISED, aside_until_s=NOW_S), ["alarm_cleared"], {"x"}),
    ],
)
def test_what_is_over_before_anybody_has_seen_it_is_kept(before: Alarm, told: list[str], gone: set[str]):
    assert then(before, condition=None) == (None, told, gone)


def test_an_alarm_is_set_aside_for_a_shift_at_most_and_is_news_after_it():
    for asked_s, until_s in ((600.0, NOW_S + 600.0), (9e9, NOW_S + 8.0 * 3600.0)):
        aside, _, _ = then(RAISED, mark(AlarmAct.ASIDE, asked_s))
        assert aside is not None
        assert (aside.aside_until_s, aside.aside_by, aside.aside_reason, aside.seen_s) == (
            until_s,
            "ana",
            "known",
            NOW_S,
        )
    set_aside = replace(RAISED, aside_until_s=NOW_S, aside_by="ana", seen_by="ana", seen_s=900.0)
    news, told, _ = then(set_aside)
    assert news is not None
    assert (news.aside_until_s, news.aside_by, news.seen_s, told) == (None, "", None, ["alarm_raised"])
    waits, told, _ = then(replace(set_aside, aside_until_s=NOW_S + 0.1))
    assert waits is not None
    assert (waits.aside_by, waits.seen_s, told) == ("ana", 900.0, [])
    back, told, _ = then(replace(set_aside, aside_until_s=NOW_S + 9.0, seen_s=None), mark(AlarmAct.BACK))
    assert back is not None
    assert (back.aside_until_s, back.seen_s, told) == (None, None, ["alarm_raised"])
    other, _, _ = then(RAISED, mark(AlarmAct.ASIDE, key="y"))
    assert other == RAISED
    # nobody sets aside what lives may hang on, but has seen it
    fire, _, _ = then(None, mark(AlarmAct.ASIDE, 600.0), condition=Condition(HIGH, "fire", Cause(Why.FIRE)))
    assert fire is not None
    assert (fire.aside_until_s, fire.seen_s) == (None, NOW_S)


def test_who_has_seen_it_first_is_remembered_and_twenty_that_are_gone_are_kept():
    seen, _, _ = then(replace(RAISED, seen_s=950.0, seen_by="ben"), mark(AlarmAct.SEEN))
    assert seen is not None
    assert (seen.seen_by, seen.seen_s) == ("ben", 950.0)
    gone = {str(number): RAISED for number in range(20)}
    known = state(alarms={"x": RAISED}, alarms_gone=gone)
    kept = alarm_states.after(known, {}, [mark(AlarmAct.SEEN, key="7")], NOW_S).gone
    assert set(kept) == (set(gone) | {"x"}) - {"7"}
    assert set(alarm_states.after(known, {}, [], NOW_S).gone) == (set(gone) | {"x"}) - {"0"}
    assert set(alarm_states.after(known, {"3": WRONG}, [], NOW_S).gone) == (set(gone) | {"x"}) - {"3"}


def test_what_was_set_aside_comes_due():
    aside = {str(until_s): replace(RAISED, aside_until_s=until_s) for until_s in (990.0, NOW_S, 1300.0, 1200.0)}
    assert alarm_states.due_s(aside | {"x": RAISED}, NOW_S) == 1200.0
    assert alarm_states.due_s({"x": RAISED}, NOW_S) == float("inf")
