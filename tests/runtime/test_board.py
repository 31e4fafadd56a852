"""The reflex: what one raw reading sets off, and what it does not."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from hems.control.step import Armed, Test, Trigger
from hems.model import wiring
from hems.model.command import Command
from hems.model.reading import Quality, Reading, missing
from hems.runtime.board import Board
from tests.given import flats
from tests.runtime.parts import GYM, LAUNDRY, METERS, HandClock, switch, wired

OPENS = Trigger(wiring.TIE_CLOSED_CONTACT, Test.IS, False)
L1_W = wiring.former_phase_w(0)
HEAVY = Trigger(L1_W, Test.ABOVE, 10_000.0)


class Bench:
    """A board on its own, with what it sheds and how often it wakes the loop."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.shed: list[list[Command]] = []
        self.readied = 0
        self.woken = 0
        self.board = Board(wired(flats()), self.clock, ready=self._ready, wake=self._wake)

    def _ready(self, commands: Sequence[Command]) -> Callable[[], None]:
        self.readied += 1
        return lambda: self.shed.append(list(commands))

    def _wake(self) -> None:
        self.woken += 1

    def arm(self, *triggers: Trigger, valid_s: float = 3.0, watch: tuple[Trigger, ...] = ()) -> "Bench":
        sheds = (switch(LAUNDRY, False), switch(GYM, False))
        ready = Armed(name="a list", triggers=triggers, commands=sheds, expires_s=self.clock.now_s + valid_s)
        self.board.arm([ready] if triggers else [], watch)
        return self

    def says(self, role: wiring.Role, value: Any, **more: Any) -> "Bench":
        self.board(METERS, {role: Reading(value, self.clock.now_s, **more)})
        return self


async def test_a_reading_that_meets_an_armed_trigger_sheds_at_once_and_exactly_once():
    # given a list that is ready for the opening tie
    bench = Bench().arm(OPENS)
    # when the contact says that it opens, again and again
    bench.says(wiring.TIE_CLOSED_CONTACT, True).says(wiring.TIE_CLOSED_CONTACT, False)
    bench.says(wiring.TIE_CLOSED_CONTACT, False).says(wiring.TIE_CLOSED_CONTACT, True)
    bench.says(wiring.TIE_CLOSED_CONTACT, False)
    # then the list went out with the first, and the tick that is called for can tell
    assert [[one.role for one in commands] for commands in bench.shed] == [[LAUNDRY, GYM]]
    assert bench.woken == 1
    assert [one.role for one in bench.board.take_fired()] == [LAUNDRY, GYM]
    assert bench.board.take_fired() == ()


def test_what_is_armed_again_as_it_was_is_not_made_ready_anew():
    bench = Bench().arm(OPENS).arm(OPENS)
    assert bench.readied == 1
    # but what has gone out once is
    bench.says(wiring.TIE_CLOSED_CONTACT, False).arm(OPENS)
    assert (len(bench.shed), bench.readied) == (1, 2)


def test_of_two_lists_for_one_reading_both_go_out():
    bench = Bench()
    lists = [
        Armed(name=name, triggers=(OPENS,), commands=(switch(role, False),), expires_s=200.0)
        for name, role in (("one", LAUNDRY), ("two", GYM))
    ]
    bench.board.arm(lists, ())
    bench.says(wiring.TIE_CLOSED_CONTACT, False)
    assert bench.shed == [[switch(LAUNDRY, False)], [switch(GYM, False)]]


def test_a_list_that_has_expired_is_not_used():
    bench = Bench().arm(OPENS, valid_s=3.0)
    bench.clock.advance(3.01)
    bench.says(wiring.TIE_CLOSED_CONTACT, False)
    assert (bench.shed, bench.woken) == ([], 0)


def test_a_list_that_the_next_tick_has_not_renewed_is_not_used():
    bench = Bench().arm(OPENS)
    bench.arm()
    bench.says(wiring.TIE_CLOSED_CONTACT, False)
    assert bench.shed == []


@pytest.mark.parametrize(
    "flaw",
    [
        {"quality": Quality.INVALID, "reason": "sentinel"},
        {"quality": Quality.MISSING},
        {"stale_after_s": -1.0},
    ],
)
def test_what_is_stale_or_invalid_never_fires_nor_wakes(flaw: dict[str, Any]):
    bench = Bench().arm(OPENS, watch=(OPENS,))
    bench.says(wiring.TIE_CLOSED_CONTACT, False, **flaw)
    bench.board(METERS, {wiring.TIE_CLOSED_CONTACT: missing()})
    assert (bench.shed, bench.woken) == ([], 0)


@pytest.mark.parametrize("value", ["false", None, float("nan"), 0.5])
def test_what_is_no_such_value_never_fires(value: object):
    bench = Bench().arm(OPENS, Trigger(L1_W, Test.ABOVE, 10_000.0))
    bench.says(wiring.TIE_CLOSED_CONTACT, value).says(L1_W, value)
    assert bench.shed == []


def test_crossing_a_watched_value_wakes_the_loop_and_moving_on_one_side_of_it_does_not():
    bench = Bench().arm(watch=(HEAVY,))
    woken = []
    for watts in (9_000.0, 9_900.0, 10_100.0, 12_000.0, 10_001.0, 9_999.0, 8_000.0):
        bench.says(L1_W, watts)
        woken.append(bench.woken)
    assert woken == [0, 0, 1, 1, 1, 2, 2]


def test_a_watched_value_that_becomes_another_wakes_the_loop_and_the_same_again_does_not():
    bench = Bench().arm(watch=(Trigger(L1_W, Test.CHANGES, 0.0),))
    woken = []
    for watts in (20_000.0, 20_000.0, 8000.0, 8000.0, 20_000.0):
        bench.says(L1_W, watts)
        woken.append(bench.woken)
    assert woken == [1, 1, 2, 2, 3]


def test_a_watched_value_that_becomes_unreadable_wakes_the_loop():
    bench = Bench().arm(watch=(HEAVY,)).says(L1_W, 12_000.0)
    bench.says(L1_W, None, quality=Quality.INVALID)
    assert bench.woken == 2


def test_other_readings_are_kept_and_do_not_wake_the_loop():
    bench = Bench().arm(OPENS, watch=(OPENS, HEAVY))
    bench.says(wiring.GRID_POWER, 1234.0)
    assert (bench.shed, bench.woken) == ([], 0)
    assert bench.board.latest[wiring.GRID_POWER].value == 1234.0


def test_a_point_that_nothing_is_wired_to_is_passed_over():
    bench = Bench().arm(OPENS)
    bench.board(METERS, {"serial_number": Reading("4711", bench.clock.now_s)})
    assert "serial_number" not in bench.board.latest
