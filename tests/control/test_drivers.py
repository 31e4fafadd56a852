"""What drivers say of their cars, and what the building then does."""

from dataclasses import replace
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from hems.control import drivers
from hems.control.energy import floor_pct
from hems.control.params import Params
from hems.control.present import present
from hems.control.resume import resumed
from hems.control.state import initial
from hems.model import wiring
from hems.model.cause import Why
from hems.model.request import CarWish, Standing, Task
from hems.model.snapshot import BayState
from hems.model.units import SourceId
from tests.control.panel import UNMETERED, Panel, car, kept, on_an_island, on_the_grid, snapshot
from tests.given import flats, order

BAY, OTHER = SourceId("bay_1"), SourceId("bay_2")


def wish(bay: SourceId = BAY, **says: Any) -> CarWish:
    return CarWish(bay=bay, who="", **says)


def told(made: Panel, bay: SourceId = BAY) -> float:
    """What the car was told last."""
    return float(made.commands(wiring.bay_power(bay))[-1][1].value)


def why(made: Panel, bay: SourceId = BAY) -> Why:
    return made.commands(wiring.bay_power(bay))[-1][1].cause.why


@kept
def giving() -> Panel:
    """An island to which a car gives power."""
    former = {wiring.former_phase_w(index): 4_000.0 for index in range(3)}
    made = on_an_island().says(UNMETERED, car("bay_1", 80.0), former).advance(70.0)
    assert told(made) > 0.0
    return made


def test_a_driver_who_leaves_early_has_the_car_stop_giving_within_five_seconds():
    made = giving().ask(wish(leaving=True)).advance(5.0)
    assert told(made) == 0.0
    assert why(made) is Why.CAR_LEAVES
    # and it goes on giving when the driver stays after all
    made.ask(wish(leaving=False)).advance(10.0)
    assert told(made) > 0.0


def test_on_an_island_a_car_that_leaves_is_not_charged():
    made = giving().ask(wish(leaving=True)).advance(120.0)
    assert told(made) == 0.0


def test_on_the_grid_a_car_that_leaves_charges_before_the_others():
    made = on_the_grid().says(car("bay_1", 50.0), car("bay_2", 50.0), {wiring.GRID_POWER: 36_000.0}).advance(30.0)
    charging = car("bay_1", 50.0, -9600.0), car("bay_2", 50.0, -9600.0), {wiring.GRID_POWER: 55_200.0}
    made.says(*charging).advance(5.0)
    before = told(made, OTHER)
    assert told(made) == before < 0.0
    made.ask(wish(OTHER, leaving=True)).advance(3.0)
    # and cars do as they are told
    followed = car("bay_1", 50.0, told(made)), car("bay_2", 50.0, told(made, OTHER)), {wiring.GRID_POWER: 55_200.0}
    made.says(*followed).advance(30.0)
    assert told(made, OTHER) < before
    assert told(made) > before


def test_a_car_stops_giving_a_quarter_of_an_hour_before_the_time_that_was_told():
    made = giving().ask(wish(leaves_in_s=3600.0))
    made.says(car("bay_1", 80.0, told(made)))
    soon_s = Params().car.leaves_soon_s
    made.advance(3600.0 - soon_s - 60.0, every_s=60.0)
    assert told(made) > 0.0
    made.advance(70.0, every_s=10.0)
    assert told(made) == 0.0


def test_what_a_driver_keeps_is_never_touched_and_stays_until_it_is_changed():
    # given a car at 80%, of which its driver now keeps 78 and the margin
    made = giving().ask(wish(keeps_pct=78.0)).advance(5.0)
    assert (told(made), why(made)) == (0.0, Why.CAR_AT_FLOOR)
    # when it leaves and another one comes
    made.says({wiring.bay_state(BAY): BayState.UNPLUGGED}).advance(10.0)
    made.says(car("bay_1", 80.0)).advance(70.0)
    assert told(made) == 0.0
    made.ask(wish(keeps_pct=30.0)).advance(10.0)
    assert told(made) > 0.0


def test_nobody_lowers_what_a_car_keeps_below_what_its_maker_allows():
    made = giving().ask(wish(keeps_pct=0.0)).advance(1.0)
    assert made.site.bays[0].maker_floor_pct > 0.0
    assert made.state.drivers[BAY].keeps_pct == made.site.bays[0].maker_floor_pct


keeps = st.one_of(st.none(), st.floats(0.0, 100.0))


@hypothesis.given(keeps, keeps, st.floats(10.0, 60.0), st.booleans(), st.booleans())
def test_p1_p4_p5_more_care_never_keeps_less_and_nobody_goes_below_the_maker(
    one: float | None, other: float | None, maker_pct: float, evacuation: bool, also: bool
):
    # given a car whose maker keeps something, and two things that its driver may say, with and without an evacuation
    bay = replace(flats().bays[0], maker_floor_pct=maker_pct)
    site = replace(flats(), bays=(bay,))

    def floor(keeps_pct: float | None, *, evacuating: bool) -> float:
        seen = snapshot(site, {}, 10.0, requests=() if keeps_pct is None else (wish(keeps_pct=keeps_pct),))
        wishes, _ = drivers.after(site, initial(0.0), seen, Params().car, 10.0)
        orders = (
            {Task.EVACUATION: Standing(task=Task.EVACUATION, who="", reason="", begins_s=0.0, ends_s=1e9)}
            if evacuating
            else {}
        )
        state = replace(initial(0.0), drivers=wishes, orders=orders)
        return floor_pct(present(site, state, Params(), 10.0).bays[0], Params().car)

    # then it never goes below the maker's floor (P4), nor in an evacuation below 80 % (P5)
    assert floor(one, evacuating=evacuation) >= maker_pct + Params().car.margin_pct
    assert floor(one, evacuating=True) >= 80.0
    # and whoever is more careful keeps no less (P1)
    if one is not None and other is not None:
        assert floor(max(one, other), evacuating=evacuation or also) >= floor(min(one, other), evacuating=evacuation)


def test_a_driver_may_say_never():
    made = giving().ask(wish(never=True)).advance(5.0)
    assert (told(made), why(made)) == (0.0, Why.CAR_NEVER)


def test_an_evacuation_keeps_at_least_as_much_as_the_driver():
    made = giving().ask(wish(keeps_pct=30.0)).ask(order(Task.EVACUATION)).advance(10.0)
    assert told(made) == 0.0


def test_that_a_car_leaves_is_forgotten_once_it_has_left_or_has_long_been_expected_to():
    made = giving().ask(wish(leaving=True, leaves_in_s=600.0)).advance(5.0)
    gone = made.says({wiring.bay_state(BAY): BayState.UNPLUGGED}).advance(5.0)
    assert gone.state.drivers == {}
    made = giving().ask(wish(leaving=True)).advance(Params().car.leaving_s + 10.0, every_s=60.0)
    assert made.state.drivers == {}


def test_what_was_said_survives_a_restart_on_the_new_clock():
    made = giving().ask(wish(keeps_pct=70.0, leaves_in_s=3600.0)).advance(1.0)
    now_s = made.now_s - 500.0
    kept = resumed(made.state, shift_s=-500.0, now_s=now_s).drivers[BAY]
    assert kept.keeps_pct == 70.0
    assert kept.leaves_s is not None
    assert 3590.0 < kept.leaves_s - now_s <= 3600.0


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ({"leaving": True}, Why.CAR_LEAVES),
        ({"never": True}, Why.CAR_NEVER),
        ({"never": False}, Why.CAR_WISH),
        ({"keeps_pct": 50.0}, Why.CAR_WISH),
    ],
)
def test_what_a_driver_asks_is_told_by_its_name(says: dict[str, Any], why: Why):
    made = on_the_grid().says(car("bay_1", 80.0))
    told = made.ask(wish(**says)).tick().events
    assert [event.cause.why for event in told if event.subject == f"bays/{BAY}"][:1] == [why]
