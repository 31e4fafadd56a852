"""Cars to plan for, to the quarter of an hour; figures to be worked out by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hems.control.cars.memory import BayMemory, Charge, DriverMemory, Usual
from hems.control.dispatch.visit import Visit
from hems.control.dispatch.visits import visits
from hems.control.given import Given
from hems.control.params import Params
from hems.control.state import ControlState, initial
from hems.model.instant import Instant
from hems.model.site import Reserve, Site
from hems.model.snapshot import BayState, Snapshot
from hems.model.units import SourceId
from tests.control.fresh import bay_reading, seen
from tests.given import bay, flats

BAY_1, BAY_2 = SourceId("bay_1"), SourceId("bay_2")
NOW_S, SLOT_S = 10_000.0, 900.0
MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
NOON = MONDAY + timedelta(hours=12)


def site(**changes: Any) -> Site:
    """It gives on the grid down to 40 and 3 and 20 and, to begin, 2 %: 65 % of 50 kWh."""
    one = replace(
        bay("bay_1", discharge_max_w=7000.0),
        **{"charge_min_w": 1400.0, "gives_on_grid": True, "wear_per_kwh": 0.06, "target_pct": 90.0} | changes,
    )
    return replace(flats(), bays=(one, replace(one, id=BAY_2)))


def state(leaves_in_s: float | None = 10 * SLOT_S, driver: DriverMemory | None = None) -> ControlState:
    leaves_s = None if leaves_in_s is None else NOW_S + leaves_in_s
    one = BayMemory(plugged_since_s=0.0, usually_leaves_s=leaves_s, charge=Charge(pct=75.0, capacity_wh=50_000.0))
    return replace(initial(0.0), bays={BAY_1: one}, drivers={BAY_1: driver} if driver else {})


def car(soc_pct: float | None = 75.0, **more: Any) -> Snapshot:
    values = {"state": BayState.PLUGGED, "soc_pct": soc_pct, "capacity_wh": 50_000.0, "discharge_ready": True} | more
    return seen(bay_1=bay_reading(**values))


def found(there: Site, memory: ControlState, snapshot: Snapshot, utc: datetime | None = NOON) -> tuple[Visit, ...]:
    local_h = None if utc is None else utc.hour + utc.minute / 60.0
    return visits(Given(there, replace(snapshot, local_h=local_h), Params(), Instant(NOW_S, utc)), memory)


HERE = Visit(
    bay=BAY_1,
    last=10,
    have_wh=5000.0,
    leaves_wh=12_500.0,
    most_w=11_000.0,
    least_w=1400.0,
    gives_w=7000.0,
    wear=0.06,
)


def test_a_car_that_is_here_counts_from_the_least_that_it_keeps():
    assert found(site(), state(), car()) == (HERE,)


@pytest.mark.parametrize(
    ("there", "memory", "snapshot", "visit"),
    [
        pytest.param(site(), state(10.99 * SLOT_S), car(), HERE, id="whole quarters of an hour"),
        pytest.param(
            site(), state(200 * SLOT_S), car(), replace(HERE, last=144, holds=True), id="no further than is planned"
        ),
        pytest.param(site(), state(), car(capacity_wh=None), HERE, id="its charger does not tell how large it is"),
        pytest.param(
            site(), state(), car(capacity_wh=60_000.0), replace(HERE, have_wh=6e3, leaves_wh=15e3), id="larger"
        ),
        pytest.param(
            site(), state(), car(60.0), replace(HERE, have_wh=0.0, leaves_wh=15_000.0, gives_w=0.0), id="below that"
        ),
        pytest.param(site(target_pct=65.0), state(), car(), replace(HERE, leaves_wh=0.0), id="it shall keep no more"),
        pytest.param(site(target_pct=60.0), state(), car(), replace(HERE, leaves_wh=0.0), id="or less"),
        pytest.param(site(gives_on_grid=False), state(), car(), replace(HERE, gives_w=0.0), id="it may not give"),
        pytest.param(
            site(),
            state(),
            car(None),
            replace(HERE, have_wh=0.0, leaves_wh=45_000.0, gives_w=0.0),
            id="it tells nothing: all of it",
        ),
        pytest.param(
            site(),
            state(5.0, DriverMemory(leaves_s=NOW_S + 20 * SLOT_S)),
            car(),
            replace(HERE, last=20, holds=True),
            id="as told",
        ),
    ],
)
def test_what_it_has_and_needs(there: Site, memory: ControlState, snapshot: Snapshot, visit: Visit):
    (one,) = found(there, memory, snapshot)
    assert (one.have_wh, one.leaves_wh) == pytest.approx((visit.have_wh, visit.leaves_wh))
    assert replace(one, have_wh=0.0, leaves_wh=0.0) == replace(visit, have_wh=0.0, leaves_wh=0.0)


@pytest.mark.parametrize(
    ("there", "memory"),
    [
        pytest.param(site(), state(None), id="nobody knows when it leaves"),
        pytest.param(site(), state(0.99 * SLOT_S), id="within a quarter of an hour"),
        pytest.param(site(controllable=False), state(), id="it cannot be told anything"),
    ],
)
def test_what_cannot_be_planned_is_left_out(there: Site, memory: ControlState):
    assert found(there, memory, car()) == ()


def test_one_that_holds_a_part_of_the_reserve_says_so():
    there = replace(site(), reserve=Reserve(wh=1000.0))
    assert found(there, state(16 * SLOT_S), car())[0].holds
    assert not found(there, state(15 * SLOT_S), car())[0].holds


WEEK = tuple(range(MONDAY.toordinal() - 7, MONDAY.toordinal() - 2))
"""Working days of the week before."""
USUAL = Usual(
    arrivals=tuple(24.0 * day + 17.5 for day in range(5)),
    came_on=WEEK,
    departures=tuple(24.0 * day + 7.0 for day in range(5)),
    taken_wh=(9000.0,) * 5,
)


def away(usual: Usual = USUAL) -> ControlState:
    return replace(initial(0.0), usual={BAY_1: usual})


def test_a_car_that_is_away_comes_home_as_usual_and_leaves_the_next_morning():
    # in 5:30 hours it comes, in 19 it leaves; 9 kWh at the socket, a tenth of them lost
    (one,) = found(site(), away(), seen())
    assert one == Visit(bay=BAY_1, first=23, last=76, leaves_wh=8100.0, most_w=11_000.0, least_w=1400.0)


@pytest.mark.parametrize(
    ("usual", "utc"),
    [
        pytest.param(USUAL, None, id="nobody knows the time"),
        pytest.param(replace(USUAL, arrivals=(), came_on=()), NOON, id="nobody knows when it comes"),
        pytest.param(replace(USUAL, taken_wh=()), NOON, id="nobody knows what it takes"),
        pytest.param(replace(USUAL, departures=()), NOON, id="nobody knows when it leaves"),
        pytest.param(replace(USUAL, left_in_cut=True), NOON, id="it left in a power cut"),
    ],
)
def test_one_of_which_too_little_is_known_is_not_planned_for(usual: Usual, utc: datetime | None):
    assert found(site(), away(usual), seen(), utc) == ()


def test_who_leaves_first_comes_first():
    both = replace(state(100 * SLOT_S), usual={BAY_2: USUAL})
    assert [one.bay for one in found(site(), both, car())] == [BAY_2, BAY_1]
    assert [one.bay for one in found(site(), replace(state(), usual={BAY_2: USUAL}), car())] == [BAY_1, BAY_2]


def test_hours_are_those_of_the_clock_on_the_wall():
    # at noon in Greenwich it is 14:30 here: in three hours it comes, in 16:30 it leaves
    given = Given(site(), replace(seen(), local_h=14.5), Params(), Instant(NOW_S, NOON))
    (one,) = visits(given, away())
    assert (one.first, one.last) == (13, 66)
    nowhere = Given(site(), seen(), Params(), Instant(NOW_S, NOON))
    assert visits(nowhere, away()) == ()
