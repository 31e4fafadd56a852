"""A utility's rota: a task that is ordered for several times, each of which begins and ends for itself."""

from itertools import pairwise
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hems.control import orders
from hems.control.resume import resumed
from hems.model import wiring
from hems.model.cause import Why
from hems.model.codec import from_plain, to_plain
from hems.model.mode import Mode
from hems.model.request import Order, Standing, Task
from hems.model.units import SourceId
from tests.control.pencil import state
from tests.control.test_orders import planning
from tests.given import Building

HOUR_S = 3600.0
Times = list[tuple[float, float]]


def at(start_in_s: float, duration_s: float = HOUR_S, *, begin: bool = True, task: Task = Task.ISLAND) -> Order:
    return Order(task=task, begin=begin, who="ana", role="operator", start_in_s=start_in_s, duration_s=duration_s)


END = at(0.0, begin=False)


def asked(
    *wanted: Order, now_s: float = 0.0, known: dict[Task, Standing] | None = None, before_s: float | None = None
) -> tuple[dict[Task, Standing], list[Why]]:
    found, told = orders.after(
        known or {}, wanted, lambda _: None, now_s, before_s=now_s if before_s is None else before_s, fire=None
    )
    return found, [cause.why for _, cause in told]


def times(known: dict[Task, Standing], task: Task = Task.ISLAND) -> Times:
    return [(one.begins_s, one.ends_s) for one in orders.times(known.get(task))]


def test_times_that_do_not_overlap_stand_one_behind_the_other_however_they_were_said():
    known, told = asked(at(20_000.0), at(2_000.0), at(9_000.0))
    assert times(known) == [(2_000.0, 5_600.0), (9_000.0, 12_600.0), (20_000.0, 23_600.0)]
    assert told == [Why.ORDER] * 3


@pytest.mark.parametrize(
    ("second", "left"),
    [
        pytest.param(at(5_600.0), [(2_000.0, 5_600.0), (5_600.0, 9_200.0)], id="it follows at once"),
        pytest.param(at(5_599.0), [(5_599.0, 9_199.0)], id="it begins before the end"),
        pytest.param(at(0.0, 2_000.0), [(0.0, 2_000.0), (2_000.0, 5_600.0)], id="it ends as that begins"),
        pytest.param(at(0.0, 2_001.0), [(0.0, 2_001.0)], id="it ends after the beginning"),
        pytest.param(at(3_000.0, 60.0), [(3_000.0, 3_060.0)], id="within it"),
        pytest.param(at(0.0, inf), [(0.0, inf)], id="without an end"),
    ],
)
def test_a_time_takes_the_place_of_those_that_it_overlaps(second: Order, left: Times):
    known, _ = asked(at(2_000.0), second)
    assert times(known) == left


def test_the_next_time_comes_up_when_one_ends_and_each_is_told():
    known, _ = asked(at(100.0, 100.0), at(300.0, 100.0))
    known, told = asked(known=known, before_s=99.0, now_s=100.0)
    assert told == [Why.ORDER_BEGINS]
    known, told = asked(known=known, before_s=199.0, now_s=200.0)
    assert (told, times(known)) == ([Why.ORDER_ENDED], [(300.0, 400.0)])
    known, told = asked(known=known, before_s=299.0, now_s=300.0)
    assert told == [Why.ORDER_BEGINS]
    assert asked(known=known, before_s=399.0, now_s=400.0) == ({}, [Why.ORDER_ENDED])


def test_one_that_follows_at_once_begins_as_the_other_ends():
    known, _ = asked(at(100.0, 100.0), at(200.0, 100.0))
    known, told = asked(known=known, before_s=199.0, now_s=200.0)
    assert told == [Why.ORDER_ENDED, Why.ORDER_BEGINS]
    assert orders.stands(state(orders=known), Task.ISLAND, 200.0)


def test_what_has_passed_unseen_is_gone_and_what_it_left_stands():
    known, _ = asked(at(100.0, 100.0), at(300.0, 100.0), at(450.0, 100.0))
    known, told = asked(known=known, before_s=99.0, now_s=460.0)
    assert times(known) == [(450.0, 550.0)]
    assert told == [Why.ORDER_BEGINS, Why.ORDER_ENDED] * 2 + [Why.ORDER_BEGINS]


def test_a_person_takes_back_one_time_after_the_other():
    known, _ = asked(at(100.0), at(9_000.0))
    known, told = asked(END, known=known)
    assert (times(known), told) == ([(9_000.0, 12_600.0)], [Why.ORDER_ENDED])
    assert asked(END, known=known) == ({}, [Why.ORDER_ENDED])
    assert asked(END) == ({}, [])


def begins_in_s(made: Building) -> list[float]:
    return [begins_s - made.plant.t_s for begins_s, _ in times(dict(made.forward.state.orders))]


def test_other_tasks_keep_their_times():
    known, _ = asked(at(100.0), at(100.0, task=Task.STORM), END)
    assert (times(known), times(known, Task.STORM)) == ([], [(100.0, 3_700.0)])


@pytest.mark.parametrize(
    ("away_s", "left"),
    [
        pytest.param(150.0, [(-50.0, 50.0), (150.0, 250.0)], id="in the first"),
        pytest.param(200.0, [(100.0, 200.0)], id="as the first ends"),
        pytest.param(399.0, [(-99.0, 1.0)], id="in the second"),
        pytest.param(400.0, [], id="after both"),
    ],
)
def test_a_rota_survives_a_restart_without_the_times_that_have_passed_meanwhile(away_s: float, left: Times):
    known, _ = asked(at(100.0, 100.0), at(300.0, 100.0))
    saved = from_plain(type(state()), to_plain(state(orders=known)))
    assert times(dict(resumed(saved, shift_s=-away_s, now_s=0.0).orders)) == left


span = st.tuples(st.floats(0.0, 1e5), st.floats(1.0, 1e5))


@given(st.lists(span, min_size=1, max_size=8))
def test_whatever_is_ordered_no_two_times_overlap_and_the_last_word_stands(spans: list[tuple[float, float]]):
    known, _ = asked(*(at(start_s, for_s) for start_s, for_s in spans))
    found = times(known)
    assert all(first[1] <= second[0] for first, second in pairwise(found))
    assert (spans[-1][0], spans[-1][0] + spans[-1][1]) in found


def test_a_building_leaves_the_grid_at_each_time_of_its_rota_and_returns_in_between():
    made = planning(80.0, load=0.3)
    made.ask(at(60.0, 300.0)).ask(at(1_500.0, 300.0))
    entered_s = made.plant.t_s
    made.advance(2_800.0)
    left = [event.at.mono_s - entered_s for event in made.events if event.subject == Mode.ISLANDING_PLANNED]
    assert left == pytest.approx([60.0, 1_500.0], abs=2.0)
    assert made.modes.count(Mode.ISLANDED) == 2
    assert made.mode is Mode.GRID_CONNECTED
    assert not made.forward.state.orders


def test_an_island_that_ends_for_want_of_energy_leaves_the_next_time_announced():
    # given a rota of two times, and a battery that is empty in the first of them
    made = planning(80.0, load=0.3).ask(at(60.0, HOUR_S)).ask(at(20_000.0)).advance(200.0)
    assert made.mode.on_island
    made.plant.batteries[SourceId("main")].soc_pct = 19.0
    made.advance(60.0)
    # then only the time that stood has ended, also while the building waits for the grid to prove itself
    assert begins_in_s(made) == pytest.approx([20_000.0], abs=300.0)


@pytest.mark.parametrize("for_s", [pytest.param(HOUR_S, id="taken back"), pytest.param(2.0, id="over")])
def test_a_time_that_ends_before_the_tie_opens_leaves_the_next_one_announced(for_s: float):
    # given a rota of two times, the first of which has just begun, and a grid that still carries the building
    made = planning(80.0, load=0.3).ask(at(60.0, for_s)).ask(at(20_000.0)).advance(61.0)
    assert made.mode is Mode.ISLANDING_PLANNED
    # when it is over before anything has come of it
    (made.ask(END) if for_s == HOUR_S else made).advance(30.0)
    assert Why.ISLAND_CALLED_OFF in {event.cause.why for event in made.events}
    # then only that time has gone
    assert begins_in_s(made) == pytest.approx([20_000.0], abs=300.0)


def test_a_practice_that_fails_takes_no_announced_island_along():
    made = planning(80.0, load=0.3)
    made.forward.deaf.add(wiring.TIE_ISLAND)
    made.ask(at(60.0, task=Task.DRILL)).ask(at(20_000.0)).advance(90.0 + made.params.plan.timeout_s)
    assert Why.ISLAND_NOT_REACHED in {event.cause.why for event in made.events}
    assert set(made.forward.state.orders) == {Task.ISLAND}
