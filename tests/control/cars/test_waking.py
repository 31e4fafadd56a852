"""Cars that do not do as they are told: what is tried, how often, and when a person is called."""

from dataclasses import replace
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hems.control.cars import waking
from hems.control.cars.memory import Rung, Waking
from hems.control.cars.waking import PAUSES_A_SESSION, WAKES_AN_HOUR, after, wished
from hems.control.memory.acting import Sent
from hems.control.wish import Wish
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import Mode
from hems.model.reading import Reading
from hems.model.snapshot import BayReading, BayState
from hems.model.units import SourceId
from hems.model.wiring import Role
from tests.control.panel import GRID_DEAD, TIE_OPEN, UNMETERED, Panel, car, kept, on_the_grid, panel
from tests.given import flats

BAY_1, BAY_3 = SourceId("bay_1"), SourceId("bay_3")
POWER_3 = wiring.bay_power(BAY_3)
LEAST_W = -1380.0
BAY = next(one for one in flats().bays if one.id == BAY_3)


def parked(name: str = "bay_3", *, soc_pct: float | None = None, power_w: float = 0.0) -> dict[Role, Any]:
    """A car that only charges, and tells nothing."""
    bay = SourceId(name)
    state = BayState.CHARGING if power_w else BayState.SUSPENDED
    return {wiring.bay_state(bay): state, wiring.bay_power(bay): power_w, wiring.bay_soc(bay): soc_pct}


@kept
def sleeper(**more: Any) -> Panel:
    """A car that is offered all it can take, and takes nothing."""
    return on_the_grid(**more).says({wiring.GRID_POWER: 10_000.0}, parked()).advance(15.0, every_s=5.0)


def reading(flows_w: float | None, now_s: float, state: BayState | None = BayState.SUSPENDED) -> BayReading:
    """What its charger tells."""
    return BayReading(state=Reading(state, now_s), power_w=Reading(flows_w, now_s))


def sent(told_w: float, now_s: float) -> Sent:
    """A command that was taken."""
    return Sent(value=told_w, cause=Cause(Why.CHARGE_ON_GRID), sent_s=now_s, last_s=now_s, acknowledged_s=now_s)


def levels(made: Panel, role: Role = POWER_3) -> list[float]:
    """What it was told, one after the other."""
    found: list[float] = []
    for _, one in made.commands(role):
        if not found or found[-1] != one.value:
            found.append(float(one.value))
    return found


def rung(made: Panel, bay: SourceId = BAY_3) -> Rung:
    return made.state.bays[bay].waking.rung


def test_a_car_that_does_not_begin_is_offered_less_then_all_then_interrupted_and_then_a_person_is_called():
    # given a car that takes nothing of 7.4 kW
    made = sleeper()
    before = len(levels(made)) - 1
    # when nobody does anything about it
    made.advance(300.0, every_s=10.0)
    # then these are tried, one after the other, and the offer stands
    assert levels(made)[before:] == [-7400.0, LEAST_W, -7400.0, 0.0, -7400.0]
    assert rung(made) is Rung.GIVEN_UP
    alarm = made.state.alarms["bays/bay_3/idle"]
    assert (alarm.priority, alarm.cause.why) == ("MED", Why.CAR_ASLEEP)


@pytest.mark.parametrize(("wakes_at", "tried"), [(LEAST_W, 2), (0.0, 4)])
def test_a_car_that_wakes_on_a_rung_is_left_alone_from_there_on(wakes_at: float, tried: int):
    made = sleeper()
    before = len(levels(made)) - 1
    while levels(made)[-1] != wakes_at:
        made.advance(5.0)
    while levels(made)[-1] == 0.0:
        made.advance(5.0)
    made.says(parked(power_w=levels(made)[-1])).advance(5.0).says(parked(power_w=-7400.0)).advance(900.0, every_s=5.0)
    assert rung(made) is Rung.NONE
    assert levels(made)[before + tried :] == [-7400.0] * (wakes_at == LEAST_W) or wakes_at == 0.0
    assert "bays/bay_3/idle" not in made.state.alarms


@pytest.mark.parametrize("content", [parked(soc_pct=99.0), {wiring.bay_state(BAY_3): BayState.FINISHED}])
def test_a_car_that_is_full_is_not_woken(content: dict[Role, Any]):
    made = sleeper().says(content).advance(300.0, every_s=10.0)
    assert 0.0 not in levels(made)[-1:]
    assert rung(made) is Rung.NONE


def test_a_car_that_charged_and_stopped_by_itself_is_content_also_after_a_pause():
    # given a car that has charged and then taken no more for minutes
    made = sleeper().says(parked(power_w=-7400.0)).advance(30.0).says(parked()).advance(120.0)
    # when it is paused for the house's sake and offered power again
    made.says({wiring.GRID_POWER: 60_000.0}).advance(60.0).says({wiring.GRID_POWER: 10_000.0}).advance(
        600.0, every_s=5.0
    )
    # then nobody tries to wake it
    assert rung(made) is Rung.NONE
    assert "bays/bay_3/idle" not in made.state.alarms


def test_the_chargers_own_ways_are_used_where_it_has_them():
    site = flats()
    site = replace(site, bays=tuple(replace(one, wakes=True, restarts=True) for one in site.bays))
    made = sleeper(site=site).advance(600.0, every_s=5.0)
    assert [one.value for _, one in made.commands(wiring.bay_wake(BAY_3))] == [True, False]
    assert [one.value for _, one in made.commands(wiring.bay_restart(BAY_3))] == [True, False]
    assert rung(made) is Rung.GIVEN_UP


def test_what_interrupts_is_done_twice_an_hour_and_six_times_a_session_at_most():
    # given a car that nobody can wake, for a day
    memory, began = Waking(), []
    for now_s in range(0, 86_400, 10):
        told_w = wished(Wish(-7400.0, Cause(Why.CHARGE_ON_GRID)), BAY, memory).power_w
        before, memory = memory, after(memory, reading(0.0, now_s), sent(told_w, now_s), True, now_s)
        began += [now_s] * (memory.rung is not before.rung and memory.rung in (Rung.BREAK, Rung.RESTART))
    # then it was interrupted six times, and never three times in an hour
    assert memory.pauses == 6
    assert all(sum(when_s <= one < when_s + 3600 for one in began) <= 2 for when_s in began)


def test_a_car_that_is_paused_and_offered_power_again_and_again_is_not_woken_each_time():
    memory, began = Waking(), []
    for now_s in range(0, 3600, 10):
        wish_w = -7400.0 if now_s % 200 < 180 else 0.0
        told_w = wished(Wish(wish_w, Cause(Why.CHARGE_ON_GRID)), BAY, memory).power_w
        before, memory = memory, after(memory, reading(0.0, now_s), sent(told_w, now_s), True, now_s)
        began += [now_s] * (memory.rung is not before.rung and memory.rung in (Rung.BREAK, Rung.RESTART))
    assert len(began) == WAKES_AN_HOUR


def test_when_it_is_unplugged_all_is_forgotten_and_the_alarm_goes():
    made = sleeper().advance(300.0, every_s=10.0)
    assert "bays/bay_3/idle" in made.state.alarms
    made.says({wiring.bay_state(BAY_3): BayState.UNPLUGGED}).advance(2.0)
    assert "bays/bay_3/idle" not in made.state.alarms


def refusing() -> Panel:
    """An island of 12 kW with a car that takes the command to give and gives nothing, and one that gives."""
    made = panel().says(car("bay_1", 80.0), car("bay_2", 80.0)).advance(700.0, every_s=100.0)
    made.says(GRID_DEAD, TIE_OPEN, UNMETERED, {wiring.former_phase_w(index): 4000.0 for index in range(3)}).advance(
        15.0
    )
    assert made.mode is Mode.ISLANDED
    return made.says(car("bay_2", 80.0, 4000.0))


def test_a_car_that_agrees_and_gives_nothing_is_tried_again_and_then_counted_on_no_more():
    made = refusing()
    shared = levels(made, wiring.bay_power(SourceId("bay_2")))[-1]
    made.advance(120.0)
    # then a person is told, the other gives what it can, and nobody counts on the first
    assert made.state.alarms["bays/bay_1/idle"].cause.why is Why.CAR_REFUSES
    assert levels(made, wiring.bay_power(BAY_1))[-1] == 0.0
    assert levels(made, wiring.bay_power(SourceId("bay_2")))[-1] > shared + 2000.0
    # and a quarter of an hour later it is asked again
    made.advance(900.0, every_s=10.0)
    assert levels(made, wiring.bay_power(BAY_1))[-1] > 0.0 or rung(made, BAY_1) is not Rung.GIVEN_UP


STORY = st.lists(
    st.tuples(
        st.sampled_from([0.0, -7400.0, -1380.0, None]),
        st.sampled_from([BayState.SUSPENDED, BayState.CHARGING, BayState.FINISHED, None]),
        st.sampled_from([-7400.0, -3000.0, -1380.0, 0.0, 4000.0]),
        st.floats(1.0, 400.0),
    ),
    max_size=40,
)


@given(STORY)
def test_whatever_happens_nobody_is_told_between_pause_and_least_current_nor_woken_too_often(
    story: list[tuple[Any, ...]],
):
    memory, now_s, began = Waking(), 0.0, []
    for flows_w, state, wish_w, seconds in story:
        now_s += seconds
        told_w = wished(Wish(wish_w, Cause(Why.CHARGE_ON_GRID)), BAY, memory).power_w
        assert told_w >= 0.0 or told_w <= LEAST_W
        before = memory
        memory = after(memory, reading(flows_w, now_s, state), sent(told_w, now_s), True, now_s)
        began += [now_s] * (memory.rung is not before.rung and memory.rung in (Rung.BREAK, Rung.RESTART))
        assert memory.pauses <= PAUSES_A_SESSION
    assert all(sum(when_s <= one < when_s + 3600.0 for one in began) <= WAKES_AN_HOUR for when_s in began)


# Each to the second and the watt -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "rung", "lasts_s"),
    [
        (-1, Rung.NONE, 60.0),
        (-1, Rung.LEAST, 30.0),
        (-1, Rung.MORE, 30.0),
        (-1, Rung.BREAK, 30.0),
        (-1, Rung.AGAIN, 60.0),
        (-1, Rung.RESTART, 120.0),
        (-1, Rung.GIVEN_UP, 3600.0),
        (1, Rung.NONE, 40.0),
        (1, Rung.BREAK, 30.0),
        (1, Rung.AGAIN, 40.0),
        (1, Rung.RESTART, 120.0),
        (1, Rung.GIVEN_UP, 900.0),
    ],
)
def test_each_rung_has_its_time_and_is_looked_at_when_that_is_over(way: int, rung: Rung, lasts_s: float):
    stands, told = Waking(way=way, rung=rung, since_s=1_000.0), sent(5_000.0 * way, 0.0)
    assert waking.due_s(stands) == 1_000.0 + lasts_s
    early_s, late_s = 1_000.0 + lasts_s - 0.1, 1_000.0 + lasts_s
    assert after(stands, reading(0.0, early_s), told, True, early_s).rung is rung
    assert after(stands, reading(0.0, late_s), told, True, late_s).rung is not rung


@pytest.mark.parametrize(("woken_s", "rung"), [((), Rung.BREAK), ((0.0,), Rung.BREAK), ((0.0, 1.0), Rung.GIVEN_UP)])
def test_a_car_is_woken_twice_in_an_hour_and_no_more(woken_s: tuple[float, ...], rung: Rung):
    stands, told = Waking(way=1, since_s=3_500.0, wakes_s=woken_s), sent(5_000.0, 0.0)
    found = after(stands, reading(0.0, 3_599.0), told, True, 3_599.0)
    assert found.rung is rung
    # and when the hour is over it may be again, once more
    assert after(stands, reading(0.0, 3_600.0), told, True, 3_600.0).rung is Rung.BREAK
    assert after(stands, reading(0.0, 3_600.0), told, True, 3_600.0).wakes_s == (*woken_s[1:], 3_600.0)


@pytest.mark.parametrize(("pauses", "rung"), [(5, Rung.BREAK), (6, Rung.RESTART)])
def test_after_six_pauses_a_car_is_not_interrupted_any_more_but_its_charger_restarted(pauses: int, rung: Rung):
    stands, told = Waking(way=1, pauses=pauses), sent(5_000.0, 0.0)
    found = after(stands, reading(0.0, 40.0), told, True, 40.0)
    assert (found.rung, found.pauses) == (rung, 6)


@pytest.mark.parametrize(("way", "flows_w", "does"), [(-1, -150.0, True), (-1, -149.0, False), (1, 150.0, True)])
def test_less_than_150_w_is_the_cars_own_electronics(way: int, flows_w: float, does: bool):
    told = sent(5_000.0 * way, 0.0)
    assert after(Waking(way=way), reading(flows_w, 1.0), told, True, 1.0).obeyed is does


@pytest.mark.parametrize(("soc_pct", "content"), [(96.9, False), (97.0, True), (None, False)])
def test_a_car_that_stops_nearly_full_is_not_asleep(soc_pct: float | None, content: bool):
    said = replace(reading(0.0, 60.0), soc_pct=Reading(soc_pct, 60.0))
    assert (after(Waking(way=-1), said, sent(-5_000.0, 0.0), True, 60.0).rung is Rung.NONE) is content


def test_one_that_has_charged_and_rests_for_a_minute_has_had_enough():
    told, since = sent(-5_000.0, 0.0), Waking(way=-1, obeyed=True)
    begun = after(since, reading(0.0, 10.0), told, True, 10.0)
    assert not after(begun, reading(0.0, 69.9), told, True, 69.9).sated
    assert after(begun, reading(0.0, 70.0), told, True, 70.0).sated
    assert waking.due_s(begun) == inf


def test_only_one_that_was_asked_to_give_refuses_and_only_one_that_should_charge_sleeps():
    gave_up = {way: Waking(way=way, rung=Rung.GIVEN_UP) for way in (-1, 0, 1)}
    assert [way for way, one in gave_up.items() if waking.refuses(one)] == [1]
    assert [way for way, one in gave_up.items() if waking.sleeps(one)] == [-1]
    assert not waking.refuses(Waking(way=1, rung=Rung.RESTART))


@pytest.mark.parametrize(("rung", "waits_s"), [(Rung.AGAIN, 40.0), (Rung.GIVEN_UP, 900.0), (Rung.RESTART, 0.0)])
def test_one_that_is_asked_nothing_keeps_its_rung_only_while_it_is_being_woken_or_has_refused(
    rung: Rung, waits_s: float
):
    stands = Waking(way=1, rung=rung, since_s=100.0, pauses=1)
    anew = replace(stands, way=0, rung=Rung.NONE, since_s=100.0 + waits_s)
    assert after(stands, reading(0.0, 100.0 + waits_s), None, True, 100.0 + waits_s) == anew
    if waits_s:
        assert after(stands, reading(0.0, 99.9 + waits_s), None, True, 99.9 + waits_s) == stands
    # and told the other way, it begins anew at once
    other = after(stands, reading(0.0, 101.0), sent(-5_000.0, 101.0), True, 101.0)
    assert other == replace(stands, way=-1, rung=Rung.NONE, since_s=101.0)
