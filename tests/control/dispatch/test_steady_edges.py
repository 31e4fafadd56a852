"""Looks that belong together, at the edge of when a reading can show a command; figures to be worked out by hand."""

from dataclasses import replace
from typing import Any

import pytest

from hems.control.dispatch import steady
from hems.control.dispatch.flows import Flows
from hems.control.dispatch.memory import ConnectionMemory, Drawn, Steady
from hems.control.given import Given
from hems.control.memory.acting import Sent
from hems.control.params import Params
from hems.control.state import ControlState, initial
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.instant import Instant
from hems.model.reading import Reading
from hems.model.snapshot import BatteryReading, Snapshot
from hems.model.units import SourceId
from hems.model.wiring import Role
from tests.control.fresh import bay_reading, seen
from tests.given import bay, flats

MAIN, BAY_1, BAY_2 = SourceId("main"), SourceId("bay_1"), SourceId("bay_2")
SITE = replace(flats(), bays=(bay("bay_1"), bay("bay_2")))


def sent(role: Role, value: float) -> dict[Role, Sent]:
    return {role: Sent(value=value, cause=Cause(Why.OWN_USE), sent_s=100.0, last_s=100.0)}


def state(**told: float) -> ControlState:
    """The battery was told 2,000 W at 100 s, cars what is said."""
    entries = sent(wiring.battery_power(MAIN), 2000.0)
    for name, watts in told.items():
        entries |= sent(wiring.bay_power(SourceId(name)), watts)
    return replace(initial(0.0), sent=entries)


def look(at_s: float = 110.0, battery_s: float | None = None, **cars: float | None) -> Snapshot:
    battery = BatteryReading(power_w=Reading(500.0, at_s if battery_s is None else battery_s, 99.0))
    there = seen(**{name: bay_reading(power_w=watts) for name, watts in cars.items()})
    return replace(there, grid_w=Reading(9000.0, at_s, 99.0), batteries={MAIN: battery})


@pytest.mark.parametrize(
    ("grid_s", "battery_s", "settled"),
    [(100.9, 100.9, True), (100.89, 110.0, False), (110.0, 100.89, False), (110.0, 110.0, True)],
)
def test_readings_show_a_command_nine_tenths_of_a_second_after_it(grid_s: float, battery_s: float, settled: bool):
    assert steady.settled(SITE, state(), look(grid_s, battery_s)) is settled


def test_where_nothing_was_told_every_reading_belongs_together():
    assert steady.settled(SITE, initial(0.0), look(0.0))


def after(before: Steady, now_s: float, there: ControlState, snapshot: Snapshot, **more: Any) -> Steady:
    given = Given(SITE, snapshot, Params(), Instant(now_s))
    return steady.after(given, there, ConnectionMemory(steady=before, **more))


SEEN = Steady(without_w=7000.0, cars_w=-100.0, circuits_w=6000.0)


def test_what_flows_without_batteries_and_what_circuits_surely_draw():
    # 9,000 W from the grid, 500 from the battery; cars take 3,000 and are told 4,000 and 700
    found = after(SEEN, 110.0, state(bay_1=-4000.0, bay_2=-700.0), look(bay_1=-3000.0, bay_2=0.0))
    assert (found.without_w, found.cars_w) == (9500.0, -3000.0)
    # circuits draw 6,500; 1,700 of it may be what cars are about to draw, or just drew
    assert found.circuits_w == 4800.0
    assert found.cars == {BAY_1: Drawn(watts=3000.0, at_s=110.0), BAY_2: Drawn(watts=0.0, at_s=110.0)}


def test_a_car_that_is_told_to_give_or_nothing_draws_what_it_drew():
    found = after(SEEN, 110.0, state(bay_1=4000.0), look(bay_1=-3000.0, bay_2=800.0))
    assert (found.cars_w, found.circuits_w) == (-2200.0, 9500.0 - 2200.0)


def test_what_a_car_drew_a_moment_ago_may_still_be_in_what_the_street_shows():
    before = replace(SEEN, cars={BAY_1: Drawn(watts=5000.0, at_s=107.0)})
    found = after(before, 110.0, state(), look(bay_1=-3000.0))
    assert found.circuits_w == 6500.0 - 2000.0
    assert found.cars[BAY_1] == Drawn(watts=5000.0, at_s=107.0)
    later = after(before, 110.1, state(), look(bay_1=-3000.0))
    assert (later.circuits_w, later.cars[BAY_1]) == (6500.0, Drawn(watts=3000.0, at_s=110.1))


@pytest.mark.parametrize(("watts", "at_s"), [(-5000.0, 108.0), (-4999.0, 107.0)])
def test_as_much_as_before_is_a_new_look(watts: float, at_s: float):
    before = replace(SEEN, cars={BAY_1: Drawn(watts=5000.0, at_s=107.0)})
    assert after(before, 108.0, state(), look(bay_1=watts)).cars[BAY_1].at_s == at_s


def test_a_look_that_does_not_show_the_last_command_counts_only_if_there_is_none_before():
    early = look(100.5, bay_1=-3000.0)
    found = after(SEEN, 100.5, state(), early)
    assert (found.without_w, found.cars_w, found.circuits_w) == (7000.0, -100.0, 6000.0)
    assert found.cars[BAY_1] == Drawn(watts=3000.0, at_s=100.5)
    assert after(Steady(), 100.5, state(), early).without_w == 9500.0


def test_while_the_street_is_silent_nothing_is_known_but_what_cars_draw():
    blind = replace(look(bay_1=-3000.0), grid_w=Reading(9000.0, 0.0))
    found = after(SEEN, 110.0, state(), blind)
    assert (found.without_w, found.circuits_w, found.cars_w) == (None, None, 0.0)
    assert found.cars[BAY_1].watts == 3000.0


def test_what_flows_now_is_what_was_seen_beside_what_batteries_do_now():
    now = Flows(1000.0, 300.0, -50.0)
    assert steady.steadied(now, ConnectionMemory(steady=SEEN)) == Flows(6700.0, 300.0, -100.0)
    assert steady.steadied(now, ConnectionMemory()) is now
    assert steady.steadied(None, ConnectionMemory(steady=SEEN)) is None
