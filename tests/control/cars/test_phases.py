"""Three phases or one: when a charger is switched, and how seldom."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hems.control.cars import phases
from hems.control.cars.memory import PhaseMemory
from hems.control.cars.phases import APART_S, DAY_S, MOVES_A_DAY
from hems.model import wiring
from hems.model.cause import Why
from hems.model.reading import Reading, missing
from hems.model.snapshot import BayReading
from hems.model.units import SourceId
from hems.model.wiring import Role
from tests.control.dispatch.street import Street, connected_site
from tests.given import bay

BAY_1 = SourceId("bay_1")
BAY = replace(bay("bay_1"), charge_min_w=4140.0, switches_phases=True)


class Charger:
    """It obeys after 20 s, and its car takes what it is told."""

    def __init__(self) -> None:
        self.three, self.memory, self.now_s, self.moves = True, PhaseMemory(), 0.0, list[float]()

    def lives(self, offer_w: float | None, seconds: float, *, every_s: float = 10.0) -> "Charger":
        ends_s = self.now_s + seconds
        while self.now_s < ends_s:
            self.now_s += every_s
            flows_w = 0.0 if phases.pauses(self.memory) else -4000.0
            reading = BayReading(power_w=Reading(flows_w, self.now_s), three_phases=Reading(self.three, self.now_s))
            self.memory = phases.after(self.memory, BAY, reading, offer_w, self.now_s)
            if self.memory.told and self.memory.to is not None and self.three is not self.memory.to:
                self.three = self.memory.to
                self.moves.append(self.now_s)
        return self


def test_with_too_little_for_three_phases_for_two_minutes_it_goes_to_one_after_a_pause():
    made = Charger().lives(2000.0, 110.0)
    assert made.memory.to is None
    made.lives(2000.0, 30.0)
    assert (made.memory.to, made.three) == (False, True)
    made.lives(2000.0, 40.0)
    assert made.three is False
    assert not phases.pauses(made.lives(2000.0, 10.0).memory)


def test_back_to_three_it_goes_when_there_is_enough_for_five_minutes_and_ten_have_passed():
    made = Charger().lives(2000.0, 200.0)
    switched_s = made.moves[0]
    made.lives(6000.0, 900.0)
    assert made.three is True
    assert made.moves[1] - switched_s >= APART_S


@pytest.mark.parametrize("offer_w", [None, 500.0, 5000.0])
def test_otherwise_it_stays(offer_w: float | None):
    assert Charger().lives(offer_w, 1000.0).moves == []


def test_a_charger_that_does_not_tell_is_left_alone_and_counts_with_all_its_phases():
    reading = BayReading(three_phases=missing())
    assert phases.after(PhaseMemory(), BAY, reading, 2000.0, 1000.0) == PhaseMemory()
    assert phases.present(BAY, reading, 0.0) is BAY
    one = phases.present(BAY, BayReading(three_phases=Reading(False, 0.0)), 0.0)
    assert (len(one.phases), one.charge_min_w, round(one.charge_max_w)) == (1, 1380.0, 3667)


@given(st.lists(st.tuples(st.floats(0.0, 9000.0), st.floats(30.0, 7200.0)), max_size=40))
def test_never_more_often_than_allowed_whatever_the_sun_does(sky: list[tuple[float, float]]):
    made = Charger()
    for offer_w, seconds in sky:
        made.lives(offer_w, seconds, every_s=max(10.0, seconds / 40.0))
    assert all(later - sooner >= APART_S for sooner, later in pairwise(made.moves))
    assert all(sum(one <= when_s < one + DAY_S for when_s in made.moves) <= MOVES_A_DAY for one in made.moves)


def told(street: Street, role: Role) -> Iterator[float]:
    return (float(one.value) for _, one in street.commands(role))


def test_in_a_street_with_little_sun_a_car_charges_on_one_phase_and_is_never_told_between_pause_and_6_a():
    # given a car that waits for the sun, and 2.5 kW of surplus
    site = connected_site()
    first = replace(site.bays[0], sun_first=True, switches_phases=True, charge_min_w=4140.0)
    street = Street(replace(site, bays=(first, *site.bays[1:]))).plug("bay_1", soc_pct=79.9)
    street.house_w, street.soc_pct = -2500.0, 99.9
    role = wiring.bay_three_phases(BAY_1)
    street.says({role: True}).lives(20)
    street.state = replace(
        street.state, bays={**street.state.bays, BAY_1: replace(street.state.bays[BAY_1], usually_leaves_s=1e6)}
    )
    street.plugged["bay_1"] = 60.0
    # when its charger is told to use one phase, once the need has lasted, and does
    while role not in street.state.sent:
        street.lives(5)
    street.says({role: False}).lives(90)
    # then the car takes the sun
    assert set(told(street, role)) == {0.0}
    assert street.car_w("bay_1") == pytest.approx(-2500.0, abs=300.0)
    assert street.state.sent[wiring.bay_power(BAY_1)].cause.why is Why.CHARGE_FROM_SUN
    assert all(watts in (0.0,) or watts <= -1380.0 for watts in told(street, wiring.bay_power(BAY_1)))


class Switching(Street):
    """Its first car waits for the sun, and its charger goes to one phase or three within a look of being told."""

    ROLE = wiring.bay_three_phases(BAY_1)

    def __init__(self) -> None:
        site = connected_site()
        first = replace(site.bays[0], sun_first=True, switches_phases=True, charge_min_w=4140.0)
        super().__init__(replace(site, bays=(first, *site.bays[1:])), soc_pct=99.9)
        self.says({self.ROLE: True}).plug("bay_1", soc_pct=60.0).lives(60, every_s=30)
        patient = replace(self.state.bays[BAY_1], usually_leaves_s=1e6)
        self.state = replace(self.state, bays={**self.state.bays, BAY_1: patient})
        self.moves: list[float] = []

    def shines(self, surplus_w: float, seconds: int) -> None:
        for _ in range(0, seconds, 30):
            self.house_w = -surplus_w
            self.lives(30, every_s=30)
            if self.ROLE in self.state.sent and self.values[self.ROLE] is not self.state.sent[self.ROLE].value:
                self.says({self.ROLE: self.state.sent[self.ROLE].value})
                self.moves.append(self.now_s)


def test_in_a_building_under_broken_clouds_contacts_move_no_more_often_than_they_may():
    # given sun that is now too little for three phases and now plenty, for hours
    street = Switching()
    while street.now_s < 14_000.0:
        street.shines(2000.0, 300)
        street.shines(9000.0, 660)
    # then the budget is used up, and not exceeded
    assert len(street.moves) == MOVES_A_DAY
    assert all(later - sooner >= APART_S - 30.0 for sooner, later in pairwise(street.moves))
    assert all(watts == 0.0 or watts <= -1380.0 for watts in told(street, wiring.bay_power(BAY_1)))


# Each to the second --------------------------------------------------------------------------------------------------


def said(three: bool, now_s: float, flows_w: float = 0.0) -> BayReading:
    return BayReading(power_w=Reading(flows_w, now_s), three_phases=Reading(three, now_s))


@pytest.mark.parametrize(("three", "offer_w", "waits_s"), [(True, 2_000.0, 120.0), (False, 9_000.0, 300.0)])
def test_it_is_switched_when_its_wait_is_over_and_not_before(three: bool, offer_w: float, waits_s: float):
    since = phases.after(PhaseMemory(), BAY, said(three, 50.0), offer_w, 50.0)
    assert since == PhaseMemory(since_s=50.0)
    assert 50.0 + waits_s in phases.due_s(since)
    early_s, due_s = 49.9 + waits_s, 50.0 + waits_s
    assert phases.after(since, BAY, said(three, early_s), offer_w, early_s) == since
    assert phases.after(since, BAY, said(three, due_s), offer_w, due_s) == PhaseMemory(to=not three, begun_s=due_s)
    # and if the sun changes its mind, the wait begins anew
    assert phases.after(since, BAY, said(three, 60.0), None, 60.0) == PhaseMemory()


@pytest.mark.parametrize(
    ("three", "offer_w", "switches"),
    [
        (True, 4_139.0, True),
        (True, 4_140.0, False),
        (False, 4_553.0, False),
        (False, 4_554.0, True),
        (True, 1_379.0, False),
    ],
)
def test_three_phases_need_a_tenth_more_than_their_least_to_begin_and_one_its_own_least(
    three: bool, offer_w: float, switches: bool
):
    assert (phases.after(PhaseMemory(), BAY, said(three, 0.0), offer_w, 0.0).since_s is not None) is switches


def test_the_command_goes_out_after_half_a_minute_without_current_and_is_given_a_minute():
    going = PhaseMemory(to=False, begun_s=100.0)
    assert 130.0 in phases.due_s(going)
    assert not phases.after(going, BAY, said(True, 129.9), 0.0, 129.9).told
    assert not phases.after(going, BAY, said(True, 130.0, flows_w=-150.0), 0.0, 130.0).told
    told = phases.after(going, BAY, said(True, 130.0, flows_w=-149.0), 0.0, 130.0)
    assert (told.told, told.moves_s) == (True, (130.0,))
    # it is over when it is seen to be done, or when it has had its time
    assert phases.after(told, BAY, said(True, 189.9), 0.0, 189.9) == told
    assert phases.after(told, BAY, said(False, 131.0), 0.0, 131.0) == replace(told, to=None, told=False)
    assert phases.after(told, BAY, said(True, 190.0), 0.0, 190.0) == replace(told, to=None, told=False)
    assert {190.0, 730.0} <= set(phases.due_s(told))


def test_ten_minutes_lie_between_two_and_there_are_ten_a_day():
    assert phases.free_s(PhaseMemory(), 0.0) == float("-inf")
    assert phases.free_s(PhaseMemory(moves_s=(100.0,)), 200.0) == 700.0
    assert phases.free_s(PhaseMemory(moves_s=(100.0,)), 100.0 + DAY_S) == float("-inf")
    nine = tuple(1_000.0 * n for n in range(9))
    assert phases.free_s(PhaseMemory(moves_s=nine), 9_000.0) == 8_600.0
    assert phases.free_s(PhaseMemory(moves_s=(*nine, 9_000.0)), 9_500.0) == DAY_S
