"""Fast-forward: the real tick on the plant's equations."""

import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from hems.control.params import Params, shortened
from hems.model import wiring
from hems.model.mode import Mode
from hems.model.request import Want
from hems.model.site import Site
from hems.model.tariff import Tariff
from hems.model.units import CircuitId, SourceId
from hems.sim.plant import Plant
from hems.sim.run import FAR_S, FINE_FOR_S, FINE_S, NEAR_S, Act, FastForward, Ticked, events
from hems.sim.start import Car, Physics, StartPoint
from hems.sim.traces import ConstantTraces
from tests.given import flats, forces

SITE, PARAMS = flats(), shortened(Params())
MOST_CALLS = 3150
"""Of one tick with its plant and its snapshot: a hundredth more than it takes."""


def forward(
    *, site: Site = SITE, params: Params = PARAMS, load: float = 1.0, cars: dict[str, Car] | None = None
) -> FastForward:
    traces = ConstantTraces({one.id: load * one.typical_w for one in site.circuits})
    on_bays = {SourceId(name): car for name, car in (cars or {}).items()}
    start = StartPoint(cars=on_bays, physics=Physics(tie_qualify_s=3.0))
    return FastForward(site, params, Plant(site, traces, start=start))


def steps(ticks: list[Ticked]) -> list[tuple[float, float]]:
    """Each tick's time and the time until the next."""
    return [(one.t_s, later.t_s - one.t_s) for one, later in pairwise(ticks)]


def test_time_goes_in_tenths_after_something_sudden_in_seconds_near_it_and_in_minutes_far_from_it():
    # given a building at rest
    made = forward()
    list(made.run(3000.0))
    # when the grid fails
    ticks = list(made.run(6000.0, [Act(3100.0, Plant.fail_grid)]))
    # then the steps are as fine as the time needs
    after = [(t_s, dt_s) for t_s, dt_s in steps(ticks) if t_s >= 3100.0]
    assert max(dt_s for t_s, dt_s in after if t_s < 3100.0 + FINE_FOR_S) <= FINE_S + 1e-6
    assert max(dt_s for t_s, dt_s in after if t_s < 3100.0 + NEAR_S) <= 1.0 + 1e-6
    assert max(dt_s for t_s, dt_s in after) <= FAR_S + 1e-6
    last = max(event.at.mono_s for event in events(ticks))
    assert max(dt_s for t_s, dt_s in after if t_s > last + NEAR_S) > 60.0


def test_the_account_of_a_day_that_is_told_at_midnight_asks_for_a_minute_of_short_steps():
    # given a building that pays for its energy, far from any event, a quarter of an hour before midnight
    made = forward(site=replace(SITE, tariff=Tariff(buy=0.3)))
    made.wall_clock = datetime(2026, 5, 4, 23, 0, tzinfo=UTC)
    list(made.run(2700.0))
    # when midnight has gone by
    ticks = list(made.run(4500.0))
    # then the day was told, and time soon went on in long steps
    assert [event.subject for event in events(ticks)] == ["value"]
    assert len(ticks) < 100


def test_it_ticks_when_the_tick_asked_to_be_woken():
    made = forward()
    ticks = list(made.run(100.0, [Act(20.0, Plant.fail_grid)]))
    for one, later in pairwise(ticks):
        assert later.t_s <= max(one.step.wake_at_s, one.t_s + 0.01) + 1e-6


def test_the_world_acts_at_its_time():
    seen: list[float] = []
    made = forward()
    list(
        made.run(
            50.0, [Act(33.3, lambda plant: seen.append(plant.t_s)), Act(7.7, lambda plant: seen.append(plant.t_s))]
        )
    )
    assert seen == [pytest.approx(7.7, abs=0.011), pytest.approx(33.3, abs=0.011)]


def test_the_reflex_is_quicker_than_the_tick_and_is_told_to_it_once():
    # given a building that is overfull for an island
    made = forward()
    ticks = list(made.run(60.0, [Act(20.0, Plant.fail_grid)]))
    # then the tick that learns of the sheds is the one that first sees the tie leave, and they are its own from then on
    fired = [one for one in ticks if one.snapshot.fired]
    assert len(fired) == 1
    assert fired[0].snapshot.tie.closed_contact.value is False
    shed = {command.role for command in fired[0].snapshot.fired if command.role.endswith("closed")}
    assert wiring.circuit_closed(CircuitId("hot_water")) in shed
    assert all(not made.plant.circuits[name].closed for name in ("hot_water", "laundry"))  # type: ignore[index]
    repeated = [one for ticked in ticks for one in ticked.step.commands if one.role in shed and not one.value]
    assert repeated == []


def test_it_can_be_continued_where_it_was_left():
    whole, parts = forward(), forward()
    acts = [Act(20.0, Plant.fail_grid), Act(60.0, Plant.return_grid)]
    all_at_once = list(whole.run(150.0, acts))
    in_parts = [*parts.run(30.0, acts[:1]), *parts.run(100.0, acts[1:]), *parts.run(150.0)]
    assert [event.subject for event in events(all_at_once)] == [event.subject for event in events(in_parts)]
    assert whole.state.mode.mode is parts.state.mode.mode is Mode.GRID_CONNECTED


def test_the_same_run_twice_is_the_same():
    acts = [Act(20.0, Plant.fail_grid), Act(60.0, Plant.return_grid)]
    cars = {"bay_1": Car(soc_pct=80.0)}
    first, second = forward(cars=cars), forward(cars=cars)
    assert list(first.run(120.0, acts)) == list(second.run(120.0, acts))


def test_people_are_heard_by_the_next_tick():
    made = forward()
    list(made.run(10.0))
    made.requests.append(forces("gym", Want.OFF))
    (first, *_) = list(made.run(12.0))
    assert [one.want for one in first.step.state.overrides] == [Want.OFF]
    assert not made.plant.circuits[CircuitId("gym")].closed
    assert made.requests == []


def test_commands_are_answered_in_the_next_tick():
    made = forward(cars={"bay_1": Car(soc_pct=50.0)})
    ticks = list(made.run(20.0))
    for one, later in pairwise(ticks):
        assert [outcome.command for outcome in later.snapshot.outcomes] == list(one.step.commands)


def test_what_rests_on_a_lease_is_still_renewed_before_it_could_lapse():
    # given a car that charges, far from any event
    made = forward(load=0.1, cars={"bay_1": Car(soc_pct=10.0, capacity_wh=500_000.0)})
    list(made.run(4000.0))
    # then its power is asked for again and again, though not every 20 s
    ticks = list(made.run(7600.0))
    renewed = [one.t_s for one in ticks for command in one.step.commands if command.role == "bays/bay_1/power_w"]
    assert 10 <= len(renewed) <= 30
    assert len(ticks) < 60


def test_what_was_leased_while_every_second_was_ticked_holds_over_the_first_long_step():
    # given an island that a car helps to carry, left to long steps two seconds after the last event
    made = forward(load=0.6, cars={"bay_1": Car(soc_pct=90.0)})
    made.near_s = 2.0
    given_w = [
        made.plant.bays[SourceId("bay_1")].power_w
        for one in made.run(2000.0, [Act(12.0, Plant.fail_grid)])
        if one.t_s > 60.0
    ]
    # then its charger never stops for want of a word that a real daemon would have said
    assert min(given_w) > 0.0


def test_an_island_at_rest_costs_next_to_nothing():
    made = forward(load=0.5)
    list(made.run(4000.0, [Act(12.0, Plant.fail_grid)]))
    assert len(list(made.run(7600.0))) < 50


@dataclass(frozen=True)
class Kitchen:
    """Everything steady, until somebody cooks for the whole house."""

    at_s: float

    def load_w(self, circuit: CircuitId, t_s: float) -> float:
        cooks = circuit == "kitchen" and t_s >= self.at_s
        return 25_000.0 if cooks else 0.6 * SITE.circuit(circuit).typical_w

    def sun_pu(self, t_s: float) -> float:
        return 0.0

    def next_car(self, after_s: float) -> None:
        return None


@pytest.mark.parametrize(("watch_s", "seen_within_s"), [(1.0, 1.1), (900.0, 31.0)])
def test_an_overload_between_two_far_steps_is_met_as_a_daemon_would_meet_it(watch_s: float, seen_within_s: float):
    # given an island at rest for so long that steps are minutes, whose powers are taken as constant for half a minute
    start = StartPoint(battery_soc_pct=90.0)
    made = FastForward(SITE, PARAMS, Plant(SITE, Kitchen(5000.5), start=start, longest_s=30.0), watch_s=watch_s)
    # when the load jumps in the middle of a step
    ticks = list(made.run(5100.0, [Act(20.0, Plant.fail_grid)]))
    # then the inverter does not trip before anybody looks
    assert made.plant.former_trips == 0
    assert min(one.t_s for one in ticks if one.t_s > 5000.5) <= 5000.5 + seen_within_s
    assert not made.plant.circuits[CircuitId("kitchen")].closed


def test_a_tick_of_a_building_at_rest_takes_no_more_calls_than_it_did():
    # given a building on the grid, with nothing the matter
    made = forward()
    list(made.run(100.0))
    calls = 0

    def count(_: object, event: str, __: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    # when it is ticked ten times
    made.near_s, made._eventful_s = 1000.0, 1000.0
    sys.setprofile(count)
    try:
        ticks = list(made.run(110.0))
    finally:
        sys.setprofile(None)
    # then calls, which are the same on each machine, are as few as they were when somebody last looked
    assert calls / len(ticks) < MOST_CALLS
