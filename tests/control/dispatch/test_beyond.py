"""What cars draw that do not follow, or that nobody commands, is not given to others."""

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hems.control.dispatch import beyond
from hems.control.dispatch.beyond import OBEYS_S, SLACK, SLACK_W
from hems.control.dispatch.panels import Room
from hems.control.memory.acting import Sent
from hems.control.state import ControlState, initial
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.reading import Reading
from hems.model.site import Bay, Phase
from hems.model.units import PanelId, SourceId
from tests.control.dispatch.street import TOLD, Street, connected_site
from tests.control.panel import car, snapshot
from tests.given import flats

SITE = flats()
BAY_1, BAY_2 = SourceId("bay_1"), SourceId("bay_2")
ALIVE = {wiring.LIMIT_HEARTBEAT: 1.0}
LIMIT_W = 34_000.0


class Stubborn(Street):
    """Cars that draw what they like while their chargers say so, or say nothing."""

    def __init__(self, *, commanded: bool = True) -> None:
        self.draws_w: dict[str, float] = {}
        self.silent: set[str] = set()
        self.aged: set[str] = set()
        """Chargers whose power has grown too old, while their state has not yet."""
        site = connected_site(flexible=TOLD, reserve_pct=None)
        bays = tuple(replace(one, controllable=commanded or one.id != BAY_1) for one in site.bays)
        limits = ALIVE | {wiring.IMPORT_LIMIT: LIMIT_W}
        super().__init__(replace(site, bays=bays), house_w=10_000.0, limits=limits)

    def car_w(self, bay: str) -> float:
        return -self.draws_w[bay] if bay in self.draws_w and bay in self.plugged else super().car_w(bay)

    def _meters(self) -> None:
        super()._meters()
        for bay in self.silent:
            self.says({wiring.bay_state(SourceId(bay)): None, wiring.bay_power(SourceId(bay)): None})
        for bay in self.aged:
            self.says({wiring.bay_power(SourceId(bay)): Reading(self.car_w(bay), self.now_s - 60.0)})


def others_w(street: Stubborn) -> float:
    """What is asked of all but the first car."""
    return -sum(street.car_w(bay) for bay in street.plugged if bay != "bay_1")


def test_what_a_disobedient_car_draws_is_not_given_to_others():
    # given three cars that share 24 kW beside 10 kW of circuits
    street = Stubborn().plug("bay_1", "bay_2", "bay_3").lives(30)
    assert street.grid_w <= LIMIT_W + street.params.car.deadband_w
    # when one draws 16 kW whatever it is told
    street.draws_w["bay_1"] = 16_000.0
    street.lives(int(OBEYS_S) + 2)
    # then the others get what it leaves, for as long as it does
    for _ in range(120):
        assert street.lives(1).grid_w <= LIMIT_W + street.params.car.deadband_w
    assert others_w(street) > 0.0
    # and it goes on being told its own share
    assert -12_000.0 < street.told_w(wiring.bay_power(BAY_1)) < -4000.0


def test_a_car_that_nobody_commands_is_there_first():
    street = Stubborn(commanded=False).plug("bay_1", "bay_2", "bay_3")
    street.draws_w["bay_1"] = 9000.0
    street.lives(30)
    assert LIMIT_W - 3000.0 <= street.grid_w <= LIMIT_W + street.params.car.deadband_w


def test_when_a_silent_charger_answers_again_its_car_is_not_taken_to_draw_nothing():
    # given a car that draws 16 kW whatever it is told, and whose charger then says nothing for a minute
    street = Stubborn().plug("bay_1", "bay_2", "bay_3")
    street.draws_w["bay_1"] = 16_000.0
    street.lives(30)
    street.silent = {"bay_1"}
    street.lives(60)
    assert street.grid_w <= LIMIT_W + street.params.car.deadband_w
    # when it answers again
    street.silent = set()
    # then others never get what it draws
    for _ in range(60):
        assert street.lives(1).grid_w <= LIMIT_W + street.params.car.deadband_w


def test_when_a_silent_charger_answers_again_its_car_counts_once():
    # given three cars that share 24 kW, one of which goes on with its share while its charger says nothing
    street = Stubborn().plug("bay_1", "bay_2", "bay_3").lives(30)
    street.draws_w["bay_1"] = -street.car_w("bay_1")
    street.silent = {"bay_1"}
    street.lives(30)
    before_w = others_w(street)
    # when it answers again
    street.silent = set()
    # then nobody makes room for it a second time
    for _ in range(30):
        assert others_w(street.lives(1)) >= before_w - street.params.car.deadband_w


def test_what_a_silent_charger_has_stopped_is_not_taken_from_circuits():
    street = Stubborn().plug("bay_1", "bay_2", "bay_3").lives(30)
    street.silent = {"bay_1"}
    street.draws_w["bay_1"] = 0.0
    street.lives(30)
    # when it answers again, its car begins, and the meter at the street is behind by a look
    street.silent, street.draws_w["bay_1"] = set(), 8000.0
    street.lives(2)
    # then from the next look on nobody has more than there is
    for _ in range(30):
        assert street.lives(1).grid_w <= LIMIT_W + street.params.car.deadband_w


def test_a_charger_that_falls_silent_is_not_told_to_rest_and_nobody_rests_for_it():
    # given three cars that share 24 kW
    street = Stubborn().plug("bay_1", "bay_2", "bay_3").lives(30)
    shares_w = [street.told_w(wiring.bay_power(SourceId(bay))) for bay in street.plugged]
    # when first the power of one charger grows old, then all that it says
    street.draws_w["bay_1"] = -street.car_w("bay_1")
    street.aged = {"bay_1"}
    street.lives(2)
    street.silent = {"bay_1"}
    # then everybody goes on with what they have, and the silent one with what it was asked
    for _ in range(30):
        street.lives(1)
        now_w = [street.told_w(wiring.bay_power(SourceId(bay))) for bay in street.plugged]
        assert now_w == pytest.approx(shares_w, abs=street.params.car.deadband_w)


def test_a_silent_charger_is_told_to_rest_once_circuits_and_its_car_are_too_much():
    street = Stubborn().plug("bay_1", "bay_2", "bay_3").lives(30)
    street.draws_w["bay_1"] = -street.car_w("bay_1")
    street.silent = {"bay_1"}
    street.lives(5)
    # when the limit falls below what cannot be helped
    street.limits[wiring.IMPORT_LIMIT] = 12_000.0
    street.lives(2)
    assert street.told_w(wiring.bay_power(BAY_1)) == 0.0


def test_a_silent_charger_that_was_asked_for_nothing_is_not_asked_for_more():
    street = Stubborn()
    street.silent = {"bay_1"}
    assert street.plug("bay_1", "bay_2").lives(30).told_w(wiring.bay_power(BAY_1)) == 0.0


def test_set_points_do_not_swing_beside_a_car_that_does_not_follow():
    street = Stubborn().plug("bay_1", "bay_2", "bay_3")
    street.draws_w["bay_1"] = 16_000.0
    street.lives(60)
    known = len(street.commands(wiring.bay_power(BAY_2)))
    values = {one.value for _, one in street.lives(300).commands(wiring.bay_power(BAY_2))[known:]}
    assert len(values) <= 1


def told(value: float, *, sent_s: float = 0.0, observed: bool = False) -> ControlState:
    entry = Sent(value=value, cause=Cause(Why.CHARGE_ON_GRID), sent_s=sent_s, last_s=sent_s, observed=observed)
    return replace(initial(0.0), sent={wiring.bay_power(BAY_1): entry})


def disobeys(drawn_w: float, state: ControlState, now_s: float = 100.0) -> bool:
    seen = snapshot(SITE, car("bay_1", 50.0, -drawn_w), now_s)
    return BAY_1 in beyond.disobedient_w([bay_1()], state, seen, now_s)


def bay_1() -> Bay:
    return next(one for one in SITE.bays if one.id == BAY_1)


def test_a_car_has_six_seconds_to_obey_and_a_twentieth_for_rounding():
    assert not disobeys(11_000.0, told(-5000.0, sent_s=94.1))
    assert disobeys(11_000.0, told(-5000.0, sent_s=94.0))
    assert not disobeys(10_500.0, told(-10_000.0))
    assert disobeys(10_501.0, told(-10_000.0))
    # of little, three hundred watts
    assert not disobeys(300.0, told(0.0))
    assert disobeys(301.0, told(3000.0))
    # and who was never told anything, or only for show, does not follow
    assert disobeys(2000.0, initial(0.0))
    assert disobeys(2000.0, told(-2000.0, sent_s=99.0, observed=True))


def test_what_it_draws_is_gone_from_every_part_of_the_building_that_it_flows_through():
    single = replace(bay_1(), phases=(Phase.L2,))
    site = replace(SITE, bays=(single, *(one for one in SITE.bays if one.id != BAY_1)))
    root, mine = Room([5000.0] * 3), Room([5000.0] * 3, frozenset({BAY_1}), PanelId("garage"))
    other = Room([5000.0] * 3, frozenset({BAY_2}), PanelId("yard"))
    beyond.take(site, (root, mine, other), {BAY_1: 3000.0})
    assert (root.phase_w, mine.phase_w) == ([5000.0, 2000.0, 5000.0],) * 2
    assert other.phase_w == [5000.0] * 3


def test_only_cars_that_draw_count_as_uncommanded():
    seen = snapshot(SITE, car("bay_1", 50.0, -3000.0) | car("bay_2", 50.0, 2000.0), 0.0)
    assert beyond.uncommanded_w(SITE, [], seen, 0.0) == {BAY_1: 3000.0}
    assert beyond.uncommanded_w(SITE, [bay_1()], seen, 0.0) == {}


@settings(max_examples=12)
@example([("bay_1", 8002.0), ("bay_2", 11_107.0)])  # beside the second the first does not follow either
@given(st.lists(st.tuples(st.sampled_from(["bay_1", "bay_2", "bay_3"]), st.floats(0.0, 16_000.0)), max_size=4))
def test_whoever_does_as_it_likes_no_more_is_asked_than_is_left(story: list[tuple[str, float]]):
    street = Stubborn().plug("bay_1", "bay_2", "bay_3")
    for bay, watts in story:
        street.draws_w[bay] = watts
        street.lives(24, every_s=2)
        free_w = LIMIT_W - street.house_w - sum(street.draws_w.values())
        asked_w = -sum(street.car_w(one) for one in street.plugged if one not in street.draws_w)
        rounded_w = sum(max(SLACK_W, SLACK * drawn_w) for drawn_w in street.draws_w.values())
        assert asked_w <= max(0.0, free_w) + street.params.car.deadband_w * 2 + rounded_w
