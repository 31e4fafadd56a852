"""What is remembered of the cars: which have shown that they give, and which follow somebody else."""

from dataclasses import replace

import pytest

from hems.control.bay_memory import left_s, remembered, uncounted
from hems.control.cars.memory import BayMemory
from hems.control.cars.waking import DOES_W
from hems.control.memory.acting import Sent
from hems.control.params import Params
from hems.control.state import ControlState, initial
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.units import SourceId
from tests.control.panel import car, snapshot
from tests.given import flats

SITE, PARAMS = flats(), Params()
BAY_1 = SourceId("bay_1")
ROLE = wiring.bay_power(BAY_1)
HERE = BayMemory(plugged_since_s=200.0)


def after(bay: BayMemory, power_w: float, now_s: float, **more: object) -> BayMemory:
    state = replace(initial(0.0), bays={BAY_1: bay}, **more)  # type: ignore[arg-type]
    return remembered(SITE, state, snapshot(SITE, car("bay_1", 80.0, power_w), now_s), PARAMS, now_s)[BAY_1]


@pytest.mark.parametrize(("power_w", "proven"), [(-DOES_W, False), (0.0, False), (DOES_W - 1, False), (DOES_W, True)])
def test_a_car_has_proven_itself_once_it_has_given(power_w: float, *, proven: bool):
    assert after(HERE, power_w, 300.0).proven is proven
    assert after(replace(HERE, proven=True), power_w, 300.0).proven


@pytest.mark.parametrize(
    ("bay", "outage_since_s", "counts"),
    [
        (HERE, None, True),
        (HERE, 200.0, True),
        (HERE, 199.0, False),
        (HERE, 300.0, True),
        (replace(HERE, proven=True), 100.0, True),
        (BayMemory(), 100.0, True),
    ],
)
def test_a_car_that_came_in_this_power_cut_does_not_count_until_it_gives(
    bay: BayMemory, outage_since_s: float | None, *, counts: bool
):
    made = initial(0.0)
    state = replace(made, bays={BAY_1: bay}, mode=replace(made.mode, outage_since_s=outage_since_s))
    assert (BAY_1 not in uncounted(state)) is counts


def told(watts: float, last_s: float) -> dict[wiring.Role, Sent]:
    return {ROLE: Sent(value=watts, cause=Cause(Why.SUPPORT_ISLAND), sent_s=0.0, last_s=last_s, acknowledged_s=0.0)}


def astray(before_s: float, now_s: float, *, power_w: float = 0.0, last_s: float = -1e6) -> float | None:
    """Since when it strays, told to give 3 kW by a lease that has long lapsed unless `last_s` says otherwise."""
    bay = replace(HERE, astray_since_s=before_s)
    return after(bay, power_w, now_s, sent=told(3000.0, last_s)).astray_since_s


def test_what_follows_somebody_else_is_left_alone_for_a_while_and_then_tried_again():
    command = PARAMS.command
    told_s = 1000.0 + command.follow_s
    # while it takes more than it was told it goes on
    assert astray(1000.0, 1010.0, power_w=9000.0) == 1000.0
    # one that obeys again before somebody was told is forgotten, one after that is not
    assert astray(1000.0, told_s - 1.0) is None
    assert astray(1000.0, told_s) == 1000.0
    # and when it was left alone for long enough, it is forgotten or begins anew
    assert astray(1000.0, told_s + command.leave_s - 1.0) == 1000.0
    assert astray(1000.0, told_s + command.leave_s) is None
    assert astray(1000.0, told_s + command.leave_s, power_w=9000.0) == told_s + command.leave_s


def test_its_power_is_left_to_the_other_until_then():
    command = PARAMS.command
    told_s = 1000.0 + command.follow_s

    def left(now_s: float) -> dict[wiring.Role, float]:
        state: ControlState = replace(initial(0.0), at_s=now_s, bays={BAY_1: replace(HERE, astray_since_s=1000.0)})
        return left_s(state, command)

    assert left(told_s - 1.0) == {}
    assert left(told_s) == {ROLE: told_s + command.leave_s}
