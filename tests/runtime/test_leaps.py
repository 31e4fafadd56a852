"""What leaps, or cannot be, is no reading until it has stood, and nothing is switched off for a moment's bad word."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hems.model import wiring
from hems.model.reading import Quality, Reading
from hems.model.units import SourceId
from hems.runtime.board import Board
from hems.runtime.leaps import FORBIDS_S, STANDS_S, ZERO_STANDS_S, Charge, Permission, Power, doubts
from tests.given import flats
from tests.runtime.parts import METERS, HandClock, wired

BATTERY = flats().batteries[0]
ROLE = wiring.battery_soc(BATTERY.id)


def told(*looks: tuple[float, float | None]) -> list[float | None]:
    """What is believed of these looks: at a time, percent."""
    charge = Charge(BATTERY)
    return [charge.believed(Reading(pct, t_s)).known(t_s) for t_s, pct in looks]


def test_a_moments_zero_is_no_reading():
    assert told((0.0, 60.0), (1.0, 0.0), (2.0, 0.0), (3.0, 60.0), (4.0, 59.9)) == [60.0, None, None, 60.0, 59.9]


def test_a_leap_that_stands_is_a_correction_and_believed():
    looks = [(float(t_s), 12.0) for t_s in range(1, int(STANDS_S) + 3)]
    found = told((0.0, 31.0), *looks)
    assert found == [31.0, *[None] * int(STANDS_S), 12.0, 12.0]


@pytest.mark.parametrize(("for_s", "believed"), [(STANDS_S, False), (ZERO_STANDS_S, True)])
def test_a_zero_must_stand_for_longer(for_s: float, *, believed: bool):
    # by then an inverter whose battery is empty has stopped, and who still tells anything tells the truth
    found = told((0.0, 31.0), (1.0, 0.0), (1.0 + for_s, 0.0))
    assert found == [31.0, None, 0.0 if believed else None]


def test_the_first_word_is_believed_and_what_came_back_after_hours_may_have_moved():
    assert told((0.0, 4.0)) == [4.0]
    assert told((0.0, 80.0), (7200.0, 20.0)) == [80.0, 20.0]


def test_a_zero_is_no_first_word_as_after_a_night_in_the_dark_gateway_and_bms_start_together():
    # given both have just begun, when the BMS tells zeros until it has counted its cells, then nobody believes those
    assert told((0.0, 0.0), (10.0, 0.0), (20.0, 35.0), (21.0, 34.9)) == [None, None, 35.0, 34.9]
    # and a battery that is empty is empty once the zero has stood
    assert told((0.0, 0.0), (ZERO_STANDS_S, 0.0)) == [None, 0.0]


def test_what_says_nothing_says_nothing():
    assert told((0.0, 50.0), (1.0, None), (2.0, 49.0)) == [50.0, None, 49.0]


@given(st.lists(st.tuples(st.floats(0.5, 300.0), st.floats(-1.0, 1.0)), max_size=30), st.floats(10.0, 90.0))
def test_whatever_the_battery_may_be_charged_and_discharged_with_is_believed(
    moves: list[tuple[float, float]], pct: float
):
    # given a battery that is used with any part of its power, however seldom it is read
    looks, t_s, level = [(0.0, pct)], 0.0, pct
    for dt_s, part in moves:
        t_s += dt_s
        level = min(100.0, max(0.5, level + part * BATTERY.discharge_max_w * dt_s / 36.0 / BATTERY.capacity_wh))
        looks.append((t_s, level))
    assert told(*looks) == [level for _, level in looks]


def test_the_board_keeps_what_is_believed_and_shows_what_was_told():
    # given a board that watches the charges of the site
    clock = HandClock()
    board = Board(wired(flats()), clock, ready=lambda _: lambda: None, wake=lambda: None, doubts=doubts(flats()))
    for pct in (60.0, 0.0):
        clock.now_s += 1.0
        board(METERS, {ROLE: Reading(pct, clock.now_s)})
    # then control knows of no charge, and why; and the device's page shows its word
    assert board.latest[ROLE].known(clock.now_s) is None
    assert (board.latest[ROLE].quality, board.latest[ROLE].reason) == (Quality.INVALID, "leaps from 60 to 0 %")
    assert [one.value for port, one in board.points.items() if port.point == ROLE] == [0.0]


def test_a_battery_that_permits_nothing_for_a_moment_is_not_taken_at_its_word():
    permission = Permission()
    looks = [(0.0, 9_000.0), (1.0, 0.0), (2.0, 8_000.0), (3.0, 0.0), (2.0 + FORBIDS_S, 0.0), (3.0 + FORBIDS_S, 0.0)]
    found = [permission.believed(Reading(watts, t_s)).known(t_s) for t_s, watts in looks]
    assert found == [9_000.0, None, 8_000.0, None, None, 0.0]


@pytest.mark.parametrize(
    ("told_w", "found_w"),
    [
        pytest.param([4000.0, 65_535.0, 4100.0], [4000.0, None, 4100.0], id="once: words mixed up"),
        pytest.param([4000.0, 31_000.0, 32_000.0, 9000.0], [4000.0, None, 32_000.0, 9000.0], id="twice: it is so"),
        pytest.param([4000.0, -65_535.0, 4100.0], [4000.0, None, 4100.0], id="the other way round"),
        pytest.param([4000.0, 30_000.0, 20_000.0], [4000.0, 30_000.0, 20_000.0], id="what an inverter may bear"),
        pytest.param([65_535.0, None, 65_535.0], [None, None, 65_535.0], id="silence is no word for or against it"),
        pytest.param([65_535.0, 4000.0, 65_535.0], [None, 4000.0, None], id="each time anew"),
    ],
)
def test_a_power_that_no_inverter_gives_needs_a_second_word(told_w: list[float | None], found_w: list[float | None]):
    # given a phase of 10 kVA
    power = Power(10_000.0, flats().former)
    looks = [Reading(watts, float(t_s)) for t_s, watts in enumerate(told_w)]
    assert [power.believed(look).known(look.taken_s) for look in looks] == found_w


def test_an_inverter_with_a_curve_that_reaches_further_may_give_more():
    strong = replace(flats().former, curve=((1.1, 60.0), (4.0, 0.5)))
    assert Power(10_000.0, strong).believed(Reading(60_000.0, 0.0)).value == 60_000.0
    assert Power(10_000.0, strong).believed(Reading(60_001.0, 0.0)).value is None


def test_every_battery_and_each_phase_of_the_former_is_watched():
    main, second = SourceId("main"), replace(BATTERY, id=SourceId("second"))
    own = {wiring.battery_soc(main), wiring.battery_limit(main), wiring.battery_power(main)}
    assert set(doubts(flats())) == own | {wiring.former_phase_w(index) for index in range(3)}
    both = set(doubts(flats(batteries=(BATTERY, second)))) - set(doubts(flats()))
    assert both == {wiring.battery_soc(second.id), wiring.battery_limit(second.id)}
