"""Orders and drivers' words at their edges: when they begin, when they end, and what comes due."""

from dataclasses import replace
from math import inf
from typing import Any

import pytest

from hems.control import drivers, orders
from hems.control.cars.memory import DriverMemory
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.request import CarWish, Order, Standing, Task
from hems.model.snapshot import BayState
from hems.model.units import SourceId
from tests.control.panel import snapshot
from tests.control.pencil import PARAMS, standing, state
from tests.given import flats

SITE = flats()
CAR, OWN = SourceId("bay_1"), PARAMS.car
NOW_S = 1000.0


def after(
    known: dict[Task, Standing], *asked: Order, before_s: float = 990.0, fire: bool | None = None, no: Why | None = None
) -> tuple[set[Task], list[tuple[str, Why]]]:
    found, told = orders.after(
        known, asked, lambda _: None if no is None else Cause(no), NOW_S, before_s=before_s, fire=fire
    )
    return set(found), [(what, cause.why) for what, cause in told]


def order(task: Task, **more: Any) -> Order:
    return Order(**{"task": task, "who": "ana", "role": "operator", "reason": "test", "begin": True} | more)


@pytest.mark.parametrize(
    ("begins_s", "ends_s", "stands", "told"),
    [
        pytest.param(990.0, 9e9, True, [], id="told before"),
        pytest.param(990.1, 9e9, True, [Why.ORDER_BEGINS], id="since the last look"),
        pytest.param(NOW_S, 9e9, True, [Why.ORDER_BEGINS], id="now"),
        pytest.param(NOW_S + 0.1, 9e9, True, [], id="not yet"),
        pytest.param(0.0, NOW_S, False, [Why.ORDER_ENDED], id="it ends now"),
        pytest.param(0.0, NOW_S + 0.1, True, [], id="it ends soon"),
    ],
)
def test_an_order_begins_and_ends_by_itself(begins_s: float, ends_s: float, told: list[Why], *, stands: bool):
    found, said = after(standing(Task.STORM, begins_s, ends_s))
    assert (Task.STORM in found, said) == (stands, [(Task.STORM, why) for why in told])


def test_a_fire_alarm_begins_by_its_contact_and_ends_by_a_person_while_that_is_quiet():
    assert after({}, fire=True) == ({Task.FIRE}, [(Task.FIRE, Why.FIRE)])
    assert after(standing(Task.FIRE), fire=True) == ({Task.FIRE}, [])
    assert after({}, fire=False) == after({}, fire=None) == (set(), [])
    over = order(Task.FIRE, begin=False)
    assert after(standing(Task.FIRE), over, fire=True) == ({Task.FIRE}, [(Task.FIRE, Why.FIRE_GOES_ON)])
    assert after(standing(Task.FIRE), over, fire=False) == (set(), [(Task.FIRE, Why.FIRE_ENDED)])
    assert after(standing(Task.FIRE), over, fire=None) == (set(), [(Task.FIRE, Why.FIRE_ENDED)])


def test_what_is_refused_rehearsed_or_not_there_changes_nothing():
    assert after({}, order(Task.HOLD), no=Why.HOLD_REFUSED) == (set(), [(Task.HOLD, Why.HOLD_REFUSED)])
    assert after({}, order(Task.HOLD, begin=False)) == (set(), [])
    assert after(standing(Task.HOLD), order(Task.HOLD, begin=False)) == (set(), [(Task.HOLD, Why.ORDER_ENDED)])
    assert after({}, order(Task.DRILL, rehearsed=True)) == (set(), [(Task.DRILL, Why.REHEARSED)])


def test_an_order_stands_from_its_start_for_its_time():
    asked = order(Task.ISLAND, start_in_s=60.0, duration_s=300.0)
    found, told = orders.after({}, [asked], lambda _: None, NOW_S, before_s=NOW_S, fire=None)
    assert (found[Task.ISLAND].begins_s, found[Task.ISLAND].ends_s) == (1060.0, 1360.0)
    assert told[0][1].facts["duration_s"] == 300.0
    endless = order(Task.ISLAND, duration_s=inf)
    _, told = orders.after({}, [endless], lambda _: None, NOW_S, before_s=NOW_S, fire=None)
    assert "duration_s" not in told[0][1].facts


def test_work_with_a_set_time_ends_without_the_others():
    # given two at work, of whom the first to begin has said how long
    first = order(Task.MAINTENANCE, who="ana", duration_s=60.0)
    found, _ = orders.after({}, [first], lambda _: None, NOW_S, before_s=NOW_S, fire=None)
    second = order(Task.MAINTENANCE, who="ben", start_in_s=10.0, subjects=("circuits/laundry/closed",))
    found, _ = orders.after(found, [second], lambda _: None, NOW_S, before_s=NOW_S, fire=None)
    assert orders.due_s(state(orders=found), NOW_S + 1.0) == NOW_S + 10.0
    # when that time is over
    found, told = orders.after(found, [], lambda _: None, NOW_S + 60.0, before_s=NOW_S + 59.0, fire=None)
    # then the other goes on, and it is told
    assert [one.who for one in orders.times(found[Task.MAINTENANCE])] == ["ben"]
    assert told[0][1].facts == {"task": Task.MAINTENANCE, "who": "ana", "still": "ben"}


@pytest.mark.parametrize(
    ("now_s", "stands", "announced", "due_s"),
    [
        (99.9, False, True, 100.0),
        (100.0, True, False, 200.0),
        (199.9, True, False, 200.0),
        (200.0, False, False, inf),
    ],
)
def test_before_its_time_it_is_announced_and_in_it_it_stands(
    now_s: float, due_s: float, *, stands: bool, announced: bool
):
    known = state(orders=standing(Task.ISLAND, 100.0, 200.0))
    assert orders.stands(known, Task.ISLAND, now_s) is stands
    assert (orders.announced(known, Task.ISLAND, now_s) is not None) is announced
    assert orders.due_s(known, now_s) == due_s
    assert not orders.stands(known, Task.STORM, now_s)
    assert orders.announced(known, Task.STORM, now_s) is None


# Drivers --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("memory", "plug", "left"),
    [
        pytest.param(DriverMemory(leaving_since_s=1.0, leaves_s=9e9), BayState.UNPLUGGED, DriverMemory(), id="gone"),
        pytest.param(DriverMemory(leaving_since_s=1.0), BayState.PLUGGED, None, id="still there"),
        pytest.param(DriverMemory(leaving_since_s=1.0), None, None, id="nobody knows"),
        pytest.param(DriverMemory(leaving_since_s=-6200.0), BayState.PLUGGED, DriverMemory(), id="for two hours"),
        pytest.param(DriverMemory(leaving_since_s=-6199.0), BayState.PLUGGED, None, id="nearly so long"),
        pytest.param(DriverMemory(leaves_s=-6200.0), BayState.PLUGGED, DriverMemory(), id="two hours late"),
        pytest.param(DriverMemory(leaves_s=-6199.0), BayState.PLUGGED, None, id="nearly as late"),
    ],
)
def test_a_departure_ends_with_the_car_or_is_forgotten(
    memory: DriverMemory, plug: BayState | None, left: DriverMemory | None
):
    kept = replace(memory, keeps_pct=55.0)
    there = snapshot(SITE, {wiring.bay_state(CAR): plug}, NOW_S)
    found, _ = drivers.after(SITE, state(drivers={CAR: kept}), there, OWN, NOW_S)
    assert found[CAR] == (kept if left is None else replace(left, keeps_pct=55.0))


@pytest.mark.parametrize(
    ("wish", "before", "after_it", "why"),
    [
        pytest.param({"leaving": True}, {}, {"leaving_since_s": NOW_S}, Why.CAR_LEAVES, id="leaves"),
        pytest.param({"leaving": False}, {"leaving_since_s": 1.0}, {}, Why.CAR_WISH, id="stays"),
        pytest.param({"leaves_in_s": 60.0}, {}, {"leaves_s": NOW_S + 60.0}, Why.CAR_WISH, id="leaves at a time"),
        pytest.param({"leaves_in_s": 0.0}, {}, {"leaves_s": NOW_S}, Why.CAR_WISH, id="leaves at once"),
        pytest.param({"leaves_in_s": -1.0}, {"leaves_s": 5.0}, {}, Why.CAR_WISH, id="at no time"),
        pytest.param({"keeps_pct": 55.0}, {}, {"keeps_pct": 55.0}, Why.CAR_WISH, id="keeps"),
        pytest.param({"keeps_pct": 5.0}, {}, {"keeps_pct": 20.0}, Why.CAR_WISH, id="no less than its maker wants"),
        pytest.param({"target_pct": 90.0}, {}, {"target_pct": 90.0}, Why.CAR_WISH, id="wants"),
        pytest.param({"never": True}, {}, {"never": True}, Why.CAR_NEVER, id="never"),
        pytest.param({"never": False}, {"never": True, "keeps_pct": 9.0}, {"keeps_pct": 9.0}, Why.CAR_WISH, id="again"),
    ],
)
def test_what_a_driver_says_counts_from_now_on(
    wish: dict[str, Any], before: dict[str, Any], after_it: dict[str, Any], why: Why
):
    there = snapshot(SITE, {}, NOW_S, requests=(CarWish(**{"bay": CAR, "who": "ana"} | wish),))
    there = replace(there, bays={})
    known = state(drivers={CAR: DriverMemory(**before)} if before else {})
    found, told = drivers.after(SITE, known, there, OWN, NOW_S)
    assert found == ({CAR: DriverMemory(**after_it)} if after_it else {})
    assert [(subject, cause.why) for subject, cause in told] == [("bays/bay_1", why)]


@pytest.mark.parametrize(
    ("memory", "now_s", "leaves"),
    [
        (DriverMemory(leaves_s=1900.0), 999.9, False),
        (DriverMemory(leaves_s=1900.0), 1000.0, True),
        (DriverMemory(leaving_since_s=1.0), 1000.0, True),
        (DriverMemory(), 1000.0, False),
    ],
)
def test_a_car_is_about_to_leave_a_quarter_of_an_hour_before_its_time(
    memory: DriverMemory, now_s: float, *, leaves: bool
):
    known = state(drivers={CAR: memory})
    assert drivers.leaves(known, CAR, OWN, now_s) is leaves
    assert drivers.refusal(known, CAR, OWN, now_s) == (Why.CAR_LEAVES if leaves else None)
    never = state(drivers={CAR: replace(memory, never=True)})
    assert drivers.refusal(never, CAR, OWN, now_s) is Why.CAR_NEVER


@pytest.mark.parametrize(
    ("now_s", "due_s"), [(99.0, 100.0), (100.0, 8200.0), (8200.0, 9100.0), (9100.0, 17_200.0), (17_200.0, inf)]
)
def test_departures_come_near_and_are_forgotten_at_their_times(now_s: float, due_s: float):
    # given one at 1000 s, and one whose driver has stood there since 10 000 s less what is forgotten after
    known = state(drivers={CAR: DriverMemory(leaves_s=1000.0), SourceId("bay_2"): DriverMemory(leaves_s=10_000.0)})
    assert drivers.due_s(known, OWN, now_s) == due_s
    assert drivers.due_s(state(drivers={CAR: DriverMemory(leaving_since_s=1.0)}), OWN, 0.0) == 7201.0


def test_a_bay_keeps_what_its_driver_says():
    bay = SITE.bays[0]
    assert drivers.keeping(bay, drivers.SILENT) is bay
    assert drivers.keeping(bay, DriverMemory(keeps_pct=30.0)).floor_pct == 30.0
    assert drivers.keeping(bay, DriverMemory(keeps_pct=30.0, never=True)).floor_pct == 100.0
