"""Cars that a plan may count on: those that are here, and those that are as good as certain to come."""

from dataclasses import replace
from datetime import UTC, datetime

from hems.control.cars.memory import BayMemory, Usual
from hems.control.dispatch.departure import CHARGED
from hems.control.dispatch.visits import visits
from hems.control.given import Given
from hems.control.params import Params
from hems.control.state import ControlState, initial
from hems.model.instant import Instant
from hems.model.units import SourceId
from tests.control.panel import car, snapshot
from tests.given import flats

SITE = flats()
BAY_1 = SourceId("bay_1")
NOON = datetime(2026, 6, 3, 12, 0, tzinfo=UTC)  # a Wednesday
DAYS = tuple(range(NOON.toordinal() - 14, NOON.toordinal()))
DAILY = Usual(
    departures=tuple(24.0 * (one % 7) + 7.0 for one in range(14)),
    taken_wh=(10_000.0,) * 14,
    arrivals=tuple(24.0 * (one % 7) + 18.0 for one in range(14)),
    came_on=DAYS,
)


def given(*, clock: bool = True) -> Given:
    known = snapshot(SITE, car("bay_1", 50.0), 900.0, local_h=12.0)
    return Given(SITE, known, Params(), Instant(900.0, NOON if clock else None))


def remembering(bay: BayMemory | None = None) -> ControlState:
    return replace(initial(0.0), usual={BAY_1: DAILY}, bays={} if bay is None else {BAY_1: bay})


def test_a_car_that_is_away_is_planned_for_from_its_usual_hour_to_its_usual_departure():
    (visit,) = visits(given(), remembering())
    assert visit.bay == BAY_1
    # it comes at six in the evening and leaves at seven next morning, in quarters of an hour from noon
    assert (visit.first, visit.last) == (4 * 6 + 1, 4 * 19)
    assert (visit.have_wh, visit.leaves_wh) == (0.0, 10_000.0 * CHARGED)


def test_nobody_is_expected_while_nobody_knows_the_time():
    assert visits(given(clock=False), remembering()) == ()


def test_a_car_that_is_here_is_not_expected_to_come():
    assert visits(given(), remembering(BayMemory(plugged_since_s=100.0))) == ()
