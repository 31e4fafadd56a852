"""A car that does not do as it is told: every rung, every wait, every reason to leave it alone, at the edge."""

from dataclasses import replace
from math import inf
from typing import Any

import pytest

from hems.control.cars import waking
from hems.control.cars.memory import Rung, Waking
from hems.control.memory.acting import Sent
from hems.control.wish import Wish
from hems.model.cause import Cause, Why
from hems.model.snapshot import BayState
from tests.control.fresh import bay_reading
from tests.given import bay

CHARGES, GIVES = Waking(way=-1, since_s=1000.0), Waking(way=1, since_s=1000.0)


def sent(value: float, *, taken: bool = True, observed: bool = False) -> Sent:
    cause = Cause(Why.CHARGE_ON_GRID)
    return Sent(
        value=value, cause=cause, sent_s=0.0, last_s=0.0, acknowledged_s=0.0 if taken else None, observed=observed
    )


def then(before: Waking, now_s: float, entry: Sent | None = None, *, restarts: bool = False, **values: Any) -> Waking:
    told = sent(3000.0 * before.way) if entry is None else entry
    return waking.after(before, bay_reading(**({"power_w": 0.0} | values)), told, restarts, now_s)


@pytest.mark.parametrize(
    ("entry", "way"),
    [
        pytest.param(sent(-1.0), -1, id="to charge"),
        pytest.param(sent(1.0), 1, id="to give"),
        pytest.param(sent(0.0), 0, id="to rest"),
        pytest.param(sent(-3000.0, taken=False), 0, id="not taken yet"),
        pytest.param(sent(-3000.0, observed=True), 0, id="not really sent"),
        pytest.param(None, 0, id="nothing"),
    ],
)
def test_what_a_charger_has_taken_begins_the_ladder(entry: Sent | None, way: int):
    found = waking.after(Waking(), bay_reading(power_w=0.0), entry, False, 1000.0)
    assert found == (Waking(way=way, since_s=1000.0) if way else Waking())


def test_a_new_set_point_the_same_way_need_not_be_taken_yet():
    before = replace(CHARGES, obeyed=True)
    assert then(before, 2000.0, sent(-2000.0, taken=False), power_w=-1000.0).way == -1
    assert then(before, 2000.0, sent(2000.0, taken=False), power_w=-1000.0).way == 0


def test_the_other_way_everything_begins_anew_but_what_it_cost():
    before = Waking(
        way=-1, rung=Rung.MORE, since_s=1.0, obeyed=True, idle_since_s=2.0, sated=True, pauses=3, wakes_s=(4.0,)
    )
    found = Waking(way=1, since_s=1000.0, sated=True, pauses=3, wakes_s=(4.0,))
    assert then(before, 1000.0, sent(1.0)) == found


@pytest.mark.parametrize(
    ("rung", "way", "now_s", "stays"),
    [
        pytest.param(Rung.AGAIN, -1, 1059.9, True, id="after a break its command is on its way"),
        pytest.param(Rung.AGAIN, -1, 1060.0, False, id="but not for ever"),
        pytest.param(Rung.GIVEN_UP, 1, 1899.9, True, id="nobody asks a car that refuses"),
        pytest.param(Rung.GIVEN_UP, 1, 1900.0, False, id="but after a quarter of an hour"),
        pytest.param(Rung.GIVEN_UP, -1, 4599.9, True, id="one that sleeps"),
        pytest.param(Rung.GIVEN_UP, -1, 4600.0, False, id="for an hour"),
        pytest.param(Rung.MORE, -1, 1001.0, False, id="on other rungs it begins anew"),
    ],
)
def test_a_car_that_is_told_nothing_for_a_while_keeps_its_rung(rung: Rung, way: int, now_s: float, stays: bool):
    before = Waking(way=way, rung=rung, since_s=1000.0)
    assert then(before, now_s, sent(0.0)) == (before if stays else Waking(way=0, since_s=now_s))


def test_a_car_that_was_given_up_and_is_told_the_opposite_begins_anew():
    before = Waking(way=1, rung=Rung.GIVEN_UP, since_s=1000.0)
    assert then(before, 1001.0, sent(-1.0)) == Waking(way=-1, since_s=1001.0)


@pytest.mark.parametrize(("now_s", "rung"), [(1029.9, Rung.BREAK), (1030.0, Rung.AGAIN)])
@pytest.mark.parametrize("way", [-1, 1])
def test_a_break_lasts_half_a_minute_whatever_is_told_meanwhile(way: int, now_s: float, rung: Rung):
    before = Waking(way=way, rung=Rung.BREAK, since_s=1000.0, pauses=1)
    since_s = 1000.0 if rung is Rung.BREAK else now_s
    assert then(before, now_s, sent(0.0)) == replace(before, rung=rung, since_s=since_s)


@pytest.mark.parametrize(
    ("before", "flows_w", "obeys"),
    [
        (CHARGES, -150.0, True),
        (CHARGES, -149.0, False),
        (CHARGES, 5000.0, False),
        (GIVES, 150.0, True),
        (GIVES, 149.0, False),
        (GIVES, -5000.0, False),
    ],
)
def test_it_does_as_it_is_told_from_150_watts_the_right_way(before: Waking, flows_w: float, obeys: bool):
    tried = replace(before, rung=Rung.AGAIN, idle_since_s=3.0, sated=before.way > 0, pauses=2)
    found = then(tried, 1001.0, power_w=flows_w)
    if obeys:
        assert found == replace(tried, rung=Rung.NONE, obeyed=True, idle_since_s=None, sated=False)
        assert then(found, 1002.0, power_w=flows_w) is found
    else:
        assert not found.obeyed


def test_of_a_car_that_cannot_be_read_or_is_told_nothing_nothing_is_thought():
    assert then(CHARGES, 9000.0, power_w=None) is CHARGES
    rests = Waking(since_s=5.0)
    assert then(rests, 9000.0, sent(0.0), power_w=-3000.0) is rests


@pytest.mark.parametrize(
    ("values", "content"),
    [
        pytest.param({"soc_pct": 97.0}, True, id="full"),
        pytest.param({"soc_pct": 96.9}, False, id="not quite full"),
        pytest.param({"soc_pct": 96.9, "state": BayState.FINISHED}, True, id="done"),
        pytest.param({"state": BayState.FAULT}, True, id="its charger is ill"),
        pytest.param({"state": BayState.SUSPENDED}, False, id="suspended"),
        pytest.param({}, False, id="nothing known"),
    ],
)
def test_a_car_that_need_not_charge_is_content(values: dict[str, Any], content: bool):
    found = then(CHARGES, 1060.0, **values)
    assert found.rung is (Rung.NONE if content else Rung.LEAST)
    assert found.idle_since_s == (1060.0 if content else None)


def test_a_full_car_that_is_to_give_is_not_content():
    assert then(GIVES, 1040.0, soc_pct=99.0).rung is Rung.BREAK


@pytest.mark.parametrize(
    ("before", "now_s", "found"),
    [
        pytest.param(
            replace(CHARGES, obeyed=True, rung=Rung.LEAST),
            2000.0,
            Waking(way=-1, since_s=2000.0, obeyed=True, idle_since_s=2000.0),
            id="it stops",
        ),
        pytest.param(
            replace(CHARGES, obeyed=True, idle_since_s=2000.0),
            2059.9,
            Waking(way=-1, since_s=2000.0, obeyed=True, idle_since_s=2000.0),
            id="for less than a minute",
        ),
        pytest.param(
            replace(CHARGES, obeyed=True, idle_since_s=2000.0),
            2060.0,
            Waking(way=-1, since_s=2000.0, obeyed=True, idle_since_s=2000.0, sated=True),
            id="for a minute",
        ),
        pytest.param(
            replace(CHARGES, sated=True),
            3000.0,
            Waking(way=-1, since_s=3000.0, idle_since_s=3000.0, sated=True),
            id="it has had enough, and is told again",
        ),
    ],
)
def test_a_car_that_has_charged_and_stops_by_itself_has_had_enough_after_a_minute(
    before: Waking, now_s: float, found: Waking
):
    assert then(before, now_s) == found
    assert then(found, now_s) is found


def test_a_car_that_gave_and_has_stopped_is_waited_for_from_now_on():
    found = then(replace(GIVES, obeyed=True), 2000.0)
    assert found == replace(GIVES, since_s=2000.0)
    assert then(found, 2039.9) is found
    assert then(found, 2040.0).rung is Rung.BREAK


@pytest.mark.parametrize(
    ("way", "rung", "restarts", "lasts_s", "next_rung"),
    [
        (-1, Rung.NONE, False, 60.0, Rung.LEAST),
        (-1, Rung.LEAST, False, 30.0, Rung.MORE),
        (-1, Rung.MORE, False, 30.0, Rung.BREAK),
        (-1, Rung.AGAIN, False, 60.0, Rung.GIVEN_UP),
        (-1, Rung.AGAIN, True, 60.0, Rung.RESTART),
        (-1, Rung.RESTART, True, 120.0, Rung.GIVEN_UP),
        (-1, Rung.GIVEN_UP, True, 3600.0, Rung.NONE),
        (1, Rung.NONE, False, 40.0, Rung.BREAK),
        (1, Rung.AGAIN, False, 40.0, Rung.GIVEN_UP),
        (1, Rung.AGAIN, True, 40.0, Rung.RESTART),
        (1, Rung.RESTART, True, 120.0, Rung.GIVEN_UP),
        (1, Rung.GIVEN_UP, True, 900.0, Rung.NONE),
    ],
)
def test_how_long_each_rung_is_given_and_what_comes_after_it(
    way: int, rung: Rung, restarts: bool, lasts_s: float, next_rung: Rung
):
    before = Waking(way=way, rung=rung, since_s=1000.0, pauses=2, wakes_s=(900.0,))
    assert then(before, 999.9 + lasts_s, restarts=restarts) is before
    found, now_s = then(before, 1000.0 + lasts_s, restarts=restarts), 1000.0 + lasts_s
    assert (found.rung, found.since_s) == (next_rung, now_s)
    assert found.pauses == (3 if next_rung is Rung.BREAK else 2)
    if next_rung in (Rung.BREAK, Rung.RESTART):
        assert found.wakes_s == (900.0, now_s)
    assert waking.due_s(before) == now_s


@pytest.mark.parametrize(
    ("pauses", "wakes_s", "rung"),
    [
        pytest.param(5, (), Rung.BREAK, id="the sixth interruption of a visit"),
        pytest.param(6, (), Rung.RESTART, id="there is no seventh"),
        pytest.param(0, (1000.0,), Rung.BREAK, id="the second in an hour"),
        pytest.param(0, (1000.0, 1001.0), Rung.GIVEN_UP, id="there is no third"),
        pytest.param(0, (440.0, 1000.0), Rung.BREAK, id="one was an hour ago"),
        pytest.param(0, (440.1, 1000.0), Rung.GIVEN_UP, id="one was within an hour"),
    ],
)
def test_what_interrupts_is_done_seldom(pauses: int, wakes_s: tuple[float, ...], rung: Rung):
    before = Waking(way=-1, rung=Rung.MORE, since_s=4000.0, pauses=pauses, wakes_s=wakes_s)
    found = then(before, 4040.0, restarts=True)
    assert found.rung is rung
    kept = tuple(when_s for when_s in wakes_s if when_s > 440.0)
    assert found.wakes_s == (kept if rung is Rung.GIVEN_UP else (*kept, 4040.0))


BAY = replace(bay("bay_1"), charge_min_w=1400.0)


@pytest.mark.parametrize(
    ("rung", "wish_w", "asked_w"),
    [
        (Rung.NONE, -3000.0, -3000.0),
        (Rung.LEAST, -3000.0, -1400.0),
        (Rung.LEAST, -0.5, -1400.0),
        (Rung.LEAST, 0.0, 0.0),
        (Rung.LEAST, 3000.0, 3000.0),
        (Rung.MORE, -3000.0, -3000.0),
        (Rung.BREAK, -3000.0, 0.0),
        (Rung.BREAK, 3000.0, 0.0),
        (Rung.AGAIN, -3000.0, -3000.0),
    ],
)
def test_what_is_asked_on_each_rung(rung: Rung, wish_w: float, asked_w: float):
    wish = Wish(wish_w, Cause(Why.CHARGE_ON_GRID))
    found = waking.wished(wish, BAY, Waking(rung=rung))
    assert found == (wish if asked_w == wish_w else Wish(asked_w, Cause(Why.CAR_WOKEN)))


@pytest.mark.parametrize(
    ("way", "rung", "refuses", "sleeps"),
    [
        (1, Rung.GIVEN_UP, True, False),
        (-1, Rung.GIVEN_UP, False, True),
        (0, Rung.GIVEN_UP, False, False),
        (1, Rung.RESTART, False, False),
        (-1, Rung.RESTART, False, False),
    ],
)
def test_a_car_that_was_given_up_refuses_or_sleeps(way: int, rung: Rung, refuses: bool, sleeps: bool):
    memory = Waking(way=way, rung=rung)
    assert (waking.refuses(memory), waking.sleeps(memory)) == (refuses, sleeps)


@pytest.mark.parametrize(
    "memory",
    [Waking(since_s=1000.0), replace(CHARGES, obeyed=True), replace(CHARGES, sated=True)],
    ids=["told nothing", "it does", "it has had enough"],
)
def test_nothing_comes_due_for_a_car_that_is_not_waited_for(memory: Waking):
    assert waking.due_s(memory) == inf
