"""What a person says of the grid, and a hold: words with an end that no evidence is replaced by."""

from typing import Any

import pytest

from hems.control import said
from hems.control.params import Params
from hems.control.resume import resumed
from hems.model import wiring
from hems.model.cause import Why
from hems.model.mode import Grid, Mode
from hems.model.request import Task
from tests.control.panel import TIE_CLOSED, Panel, kept, on_an_island, on_the_grid, utility
from tests.given import flats, order

HOLD_S, AGAIN_S = Params().override.hold_s, Params().override.hold_again_s


def soc(stored_pct: float) -> dict[wiring.Role, Any]:
    return {wiring.battery_soc(one.id): stored_pct for one in flats().batteries}


def refused(made: Panel) -> list[Any]:
    return [event.cause for _, step in made.steps for event in step.events if event.cause.why is Why.HOLD_REFUSED]


# LOST ----------------------------------------------------------------------------------------------------------------


def test_whoever_says_that_the_grid_is_lost_stops_cars_from_charging_and_sheds_nothing():
    made = on_the_grid()
    off = made.off()
    made.ask(order(Task.GRID_LOST, duration_s=3600.0)).advance(10.0)
    assert made.state.evidence.grid.value is Grid.BAD
    assert made.mode is Mode.GRID_DISTURBED
    assert made.off() == off
    # and it ends by itself: the street's own meter counts again
    made.advance(3600.0 + 60.0, every_s=10.0)
    assert made.state.evidence.grid.value is Grid.GOOD
    assert made.mode is not Mode.GRID_DISTURBED


def test_whoever_says_that_the_grid_is_lost_keeps_the_building_on_its_own_although_the_street_looks_good():
    made = on_an_island()
    made.ask(order(Task.GRID_LOST, duration_s=7200.0)).says(utility(230.0)).advance(1200.0, every_s=10.0)
    assert made.mode is Mode.ISLANDED
    assert not [one for _, one in made.commands(wiring.TIE_PERMIT) if one.value]
    # when that person takes it back, the whole wait begins anew
    made.ask(order(Task.GRID_LOST, begin=False)).advance(Params().grid.qualify_s / 2.0, every_s=5.0)
    assert not [one for _, one in made.commands(wiring.TIE_PERMIT) if one.value]
    made.advance(Params().grid.qualify_s, every_s=5.0)
    assert [one for _, one in made.commands(wiring.TIE_PERMIT) if one.value]


@pytest.mark.parametrize("first", [Task.GRID_LOST, Task.GRID_PRESENT])
def test_of_two_words_in_the_same_moment_the_loss_counts(first: Task):
    other = said.UNLIKE[first]
    made = on_the_grid().ask(order(first, duration_s=3600.0)).ask(order(other, duration_s=3600.0)).advance(5.0)
    assert set(made.state.orders) == {Task.GRID_LOST}
    assert made.mode is Mode.GRID_DISTURBED
    # and what is said after it takes it back as ever
    made.ask(order(Task.GRID_PRESENT, duration_s=3600.0)).advance(1.0)
    assert set(made.state.orders) == {Task.GRID_PRESENT}


# PRESENT -------------------------------------------------------------------------------------------------------------


def test_whoever_says_that_the_grid_is_there_never_gets_a_permit_for_it():
    made = on_an_island()
    made.ask(order(Task.GRID_PRESENT, duration_s=7200.0)).advance(3600.0, every_s=10.0)
    assert made.mode is Mode.ISLANDED
    assert not [one for _, one in made.commands(wiring.TIE_PERMIT) if one.value]


@kept
def blind_on_the_grid() -> Panel:
    """Back on a closed tie after an outage that emptied the battery, with nobody who sees the street."""
    made = on_an_island().says(soc(15.0)).advance(60.0)
    assert "heat_pump" in made.off()
    return made.says(TIE_CLOSED, utility(None, None)).advance(60.0)


def test_on_a_closed_tie_with_a_street_that_nobody_sees_it_lifts_the_saving_of_energy_and_no_sooner():
    made = blind_on_the_grid()
    assert made.mode is Mode.GRID_CONNECTED_DEGRADED
    made.advance(1800.0, every_s=10.0)
    off = made.off()
    assert "heat_pump" in off
    made.ask(order(Task.GRID_PRESENT, duration_s=7200.0)).advance(1800.0, every_s=10.0)
    assert "heat_pump" not in made.off()
    # what had no room on own power is not off for energy, and waits for somebody who sees the grid
    assert {"laundry", "gym"} <= made.off() < off
    assert made.state.broken == ()
    # but no car charges from it
    assert not [one for _, one in made.commands() if one.role.endswith("/power_w") and one.value < 0]


def test_a_measurement_that_sees_the_grid_out_of_its_window_counts_more_than_a_person():
    made = blind_on_the_grid()
    made.says(utility(150.0)).ask(order(Task.GRID_PRESENT, duration_s=7200.0)).advance(1800.0, every_s=10.0)
    assert not said.present(made.state, made.now_s)
    assert made.state.vouched_since_s is None
    assert "heat_pump" in made.off()


def test_the_newer_word_takes_back_the_older_one():
    made = on_the_grid()
    made.ask(order(Task.GRID_PRESENT, duration_s=3600.0)).tick()
    made.ask(order(Task.GRID_LOST, duration_s=3600.0)).tick()
    assert set(made.state.orders) == {Task.GRID_LOST}
    made.ask(order(Task.GRID_PRESENT, duration_s=3600.0)).tick()
    assert set(made.state.orders) == {Task.GRID_PRESENT}


# Hold ----------------------------------------------------------------------------------------------------------------


def test_while_everything_is_held_no_circuit_goes_off_for_energy_and_afterwards_it_does():
    made = on_an_island().says(soc(60.0)).advance(60.0)
    off = made.off()
    made.ask(order(Task.HOLD, duration_s=HOLD_S)).tick()
    # when stored energy falls below what two groups need
    made.says(soc(15.0)).advance(HOLD_S - 10.0, every_s=10.0)
    assert made.off() == off
    made.advance(20.0)
    assert made.off() > off


def test_a_hold_does_not_hold_the_last_reserve_nor_an_overload():
    made = on_an_island().says(soc(60.0)).advance(60.0)
    off = made.off()
    made.ask(order(Task.HOLD, duration_s=HOLD_S)).tick()
    made.says(soc(4.0)).advance(5.0)
    assert made.off() > off
    other = on_an_island().says(soc(60.0)).advance(60.0)
    other.ask(order(Task.HOLD, duration_s=HOLD_S)).tick()
    other.says({wiring.former_phase_w(index): 14_000.0 for index in range(3)}).advance(20.0)
    assert other.off() > off


def test_nothing_is_held_on_the_grid_and_nothing_twice_within_two_hours_not_even_after_a_restart():
    made = on_the_grid()
    made.ask(order(Task.HOLD, duration_s=HOLD_S)).tick()
    assert Task.HOLD not in made.state.orders
    assert refused(made)
    made = on_an_island().says(soc(60.0))
    made.ask(order(Task.HOLD, duration_s=HOLD_S)).advance(HOLD_S + 1.0, every_s=10.0)
    made.ask(order(Task.HOLD, duration_s=HOLD_S)).tick()
    assert Task.HOLD not in made.state.orders
    assert refused(made)[-1].facts["left_s"] > AGAIN_S - HOLD_S - 60.0
    kept = resumed(made.state, shift_s=-50.0, now_s=made.now_s - 50.0)
    assert kept.held_s == (made.state.held_s or 0.0) - 50.0
    made.advance(AGAIN_S, every_s=60.0).ask(order(Task.HOLD, duration_s=HOLD_S)).tick()
    assert Task.HOLD in made.state.orders
