"""Meters that are read at other instants than commands are given, and meters that fall silent."""

from dataclasses import replace

from hems.control.dispatch import standing, steady
from hems.control.dispatch.memory import ConnectionMemory, Drawn, Standing, Steady
from hems.control.given import Given
from hems.control.memory.acting import Sent
from hems.control.params import Params
from hems.control.state import initial
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.instant import Instant
from hems.model.reading import Reading
from hems.model.units import CircuitId, SourceId
from tests.control.dispatch.street import FUSES_W, MAIN, TOLD, Street, connected_site
from tests.control.panel import car, healthy, snapshot

ALIVE = {wiring.LIMIT_HEARTBEAT: 1.0}
LATE_S = 1.0
STREET = (wiring.GRID_POWER, *(wiring.grid_phase_w(place) for place in range(3)))
HOT_WATER = wiring.circuit_closed(CircuitId("hot_water"))


class LateStreet(Street):
    """The meter at the street shows what flowed a second before all others were read."""

    _old_w = 0.0

    def _meters(self) -> None:
        super()._meters()
        now_w, self._old_w = self.grid_w, self._old_w
        each = {wiring.grid_phase_w(place): self._old_w / 3.0 for place in range(3)} | {wiring.GRID_POWER: self._old_w}
        self.says({role: Reading(watts, self.now_s - LATE_S) for role, watts in each.items()})
        self._old_w = now_w


class SelfWilled(Street):
    """A battery that decides alone gives what it likes, and tells it until its line breaks."""

    gives_w = 30_000.0
    heard_s = float("inf")
    """Nothing of it is heard after that."""

    def _meters(self) -> None:
        self.house_w -= self.gives_w
        super()._meters()
        self.house_w += self.gives_w
        self.says({wiring.battery_power(MAIN): Reading(self.gives_w, min(self.now_s, self.heard_s))})


class Unread(SelfWilled):
    """The meter at the street is not read any more after `last_s`, while a battery's own still is."""

    gives_w = 0.0
    last_s = float("inf")

    def _meters(self) -> None:
        before = {role: self.values[role] for role in STREET if role in self.values}
        super()._meters()
        if self.now_s > self.last_s:
            self.says({role: _as_of(self.last_s, watts) for role, watts in before.items()})


def _as_of(at_s: float, watts: float | Reading[float]) -> Reading[float]:
    return watts if isinstance(watts, Reading) else Reading(watts, at_s, stale_after_s=20.0)


def test_a_battery_that_takes_over_and_is_read_before_the_street_does_not_make_the_building_draw_twice():
    # given two cars that charge beside 40 kW of circuits
    street = Unread(connected_site(reserve_pct=None), house_w=40_000.0).plug("bay_1", "bay_2").lives(60)
    before_w = street.car_w("bay_1") + street.car_w("bay_2")
    assert before_w < -10_000.0
    # when the grid fails, and the battery's meter shows what it took over while that at the street shows what was
    street.gives_w, street.last_s = 40_000.0 - before_w, street.now_s - 1.0
    street.lives(1)
    # then no car is told of a limit for circuits that nobody has seen draw more
    assert street.car_w("bay_1") + street.car_w("bay_2") == before_w


def test_circuits_that_are_seen_to_draw_more_in_a_new_look_count_at_once():
    street = Unread(connected_site(reserve_pct=None), house_w=40_000.0).plug("bay_1", "bay_2").lives(60)
    street.house_w = 50_000.0
    street.lives(1)
    assert 50_000.0 - street.car_w("bay_1") - street.car_w("bay_2") <= FUSES_W + street.params.car.deadband_w


def test_a_fall_counts_after_its_while_also_where_the_street_is_read_less_often_than_that():
    # given circuits that stop drawing 40 kW, as the last look at the street shows
    street = Unread(connected_site(reserve_pct=None), house_w=40_000.0).lives(60)
    street.house_w = 10_000.0
    street.lives(1)
    street.last_s = street.now_s - 1.0
    # then it counts no sooner and no later than if there were a look each second
    street.lives(9)
    assert sum(one.watts for one in street.state.connection.standing) == 40_000.0
    street.lives(1)
    assert sum(one.watts for one in street.state.connection.standing) == 10_000.0


def test_a_battery_that_falls_silent_is_not_taken_to_rest_so_that_cars_get_no_more_than_the_fuses_carry():
    # given circuits that draw 50 kW, of which a battery gives 30, and two cars with what the fuses leave
    street = SelfWilled(connected_site(reserve_pct=None), house_w=50_000.0).plug("bay_1", "bay_2").lives(30)
    before_w = street.car_w("bay_1") + street.car_w("bay_2")
    assert 50_000.0 - before_w <= FUSES_W + street.params.car.deadband_w
    # when its line breaks for a minute
    street.heard_s = street.now_s
    street.lives(60)
    # then cars draw what they drew: should it stop, the fuses still carry them
    assert street.car_w("bay_1") + street.car_w("bay_2") == before_w


def test_a_silent_meter_proves_no_fall():
    # given circuits that were seen lower just before the meter fell silent
    seen = standing.after((Standing(watts=9000.0),), (3000.0,), 100.0)
    # when it is back after a minute and shows little once
    back = standing.after(standing.unseen(seen), (0.0,), 160.0)
    # then that has to stand first, like any fall
    assert back[0].watts == 9000.0
    assert standing.after(back, (0.0,), 170.0)[0].watts == 0.0


def test_what_cannot_be_true_proves_no_fall_either():
    high = (Standing(watts=9000.0),)
    for now_s in range(0, 60, 5):
        high = standing.after(high, (0.0,), float(now_s), falls=False)
    assert high[0].watts == 9000.0
    assert standing.after(high, (9500.0,), 61.0, falls=False)[0].watts == 9500.0


def test_a_fall_counts_by_the_most_that_was_seen_meanwhile_and_not_by_one_low_look():
    drawn = (Standing(watts=9000.0),)
    for now_s, watts in ((0.0, 6000.0), (5.0, 6500.0), (10.0, -20_000.0)):
        drawn = standing.after(drawn, (watts,), now_s)
    assert drawn[0].watts == 6500.0
    # and the lower look stands from its own instant: no tick later has to find it first
    assert (drawn[0].lower_since_s, drawn[0].lower_w) == (10.0, -20_000.0)


def test_a_battery_that_serves_the_building_comes_to_rest_although_meters_are_read_one_after_the_other():
    street = LateStreet(connected_site(), house_w=9000.0).lives(30)
    # when circuits draw more
    street.house_w = 15_000.0
    street.lives(30)
    # then nothing hunts: the battery gives that, and is told nothing new
    asked = {one.value for _, one in street.commands(wiring.battery_power(MAIN))[-3:]}
    assert abs(street.grid_w) <= street.params.car.deadband_w
    street.lives(60)
    assert {one.value for _, one in street.commands(wiring.battery_power(MAIN))[-3:]} <= asked


def test_a_limit_is_met_and_nothing_fed_in_six_seconds_after_it_arrives_although_cars_stop_meanwhile():
    # given two cars that charge beside 15 kW of circuits
    told = ALIVE | {wiring.IMPORT_LIMIT: 50_000.0}
    street = LateStreet(connected_site(flexible=TOLD), house_w=15_000.0, limits=told).plug("bay_1", "bay_2").lives(60)
    # when 9 kW are let through
    street.limits = ALIVE | {wiring.IMPORT_LIMIT: 9000.0}
    street.lives(6)
    for _ in range(60):
        street.lives(1)
        # then it is kept, and no battery feeds the street
        assert -street.params.car.deadband_w <= street.grid_w <= 9000.0 + street.params.car.deadband_w


def test_nothing_goes_off_for_what_a_car_drew_a_moment_ago():
    # given a car beside 8 kW of circuits, and a battery at its reserve
    told = ALIVE | {wiring.IMPORT_LIMIT: 50_000.0}
    street = LateStreet(connected_site(flexible=TOLD), house_w=8000.0, soc_pct=59.0, limits=told).plug("bay_1")
    street.says({wiring.circuit_power(CircuitId("hot_water")): 6000.0}).lives(60)
    assert street.car_w("bay_1") < -8000.0
    # when 12 kW are let through, the car stops, and the meter at the street shows that a second later
    street.limits = ALIVE | {wiring.IMPORT_LIMIT: 12_000.0}
    street.lives(10)
    # then what flexible circuits draw is not blamed for it
    assert HOT_WATER not in street.state.sent


def test_circuits_count_with_what_is_left_when_every_car_draws_what_it_did_or_was_told():
    # given 10 kW at the street of which a car draws 2 now, drew 5 a second ago, and is told to draw 4
    site = connected_site()
    bay = SourceId("bay_1")
    values = dict.fromkeys(healthy(site), None) | {
        **{role: 0.0 for role in healthy(site) if role.endswith("power_w")},
        wiring.GRID_POWER: 10_000.0,
        **car("bay_1", 50.0, -2000.0),
    }
    memory = ConnectionMemory(steady=Steady(cars={bay: Drawn(watts=5000.0, at_s=99.0)}))
    told = Sent(value=-4000, cause=Cause(Why.CHARGE_ON_GRID), sent_s=0.0, last_s=0.0)
    state = replace(initial(0.0), sent={wiring.bay_power(bay): told})
    known = snapshot(site, values, 100.0)
    now = steady.after(Given(site, known, Params(), Instant(100.0)), state, memory)
    # then circuits surely draw the 8 kW beside the car, less the 3 kW that may still be in them
    assert (now.circuits_w, now.cars_w) == (5000.0, -2000.0)
    # and once nothing shows any more what the car drew before, less what it was told to draw and does not yet
    settled = steady.after(Given(site, snapshot(site, values, 103.0), Params(), Instant(103.0)), state, memory)
    assert settled.circuits_w == 6000.0
