"""What a tick hears first: what a phase has borne, when a cut was practised last, and what is told of a command."""

from dataclasses import replace
from datetime import UTC, datetime
from math import inf
from typing import Any

import pytest

from hems.control.heard import borne_w, heard, with_value
from hems.control.overload import trip_s
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.command import Command
from hems.model.mode import Grid, Mode, TiePosition
from hems.model.reading import Reading
from hems.model.request import Acknowledge, Order, Task
from hems.model.units import CircuitId
from hems.model.wiring import Role
from tests.control.panel import healthy, snapshot
from tests.control.pencil import PARAMS, evidence, given, standing, state
from tests.given import flats

SITE = flats()
NOW_S = 1000.0
NOON, BEFORE = datetime(2026, 6, 1, 12, tzinfo=UTC), datetime(2026, 5, 1, 12, tzinfo=UTC)
AHEAD = datetime(2046, 6, 1, 12, tzinfo=UTC)
ON_GRID = evidence(TiePosition.CLOSED, Grid.GOOD)


def former(*phase_w: float | None) -> dict[Role, Any]:
    return {wiring.former_phase_w(index): watts for index, watts in enumerate(phase_w)}


def after(known: ControlState, *requests: Any, values: dict[Role, Any] | None = None, **more: Any) -> ControlState:
    """What is known a tick later."""
    seen = snapshot(SITE, healthy(SITE) | (values or {}), NOW_S, requests=requests)
    return heard(given(SITE, seen, NOW_S, **more), known, [])


@pytest.mark.parametrize(
    ("tie", "grid", "phase_w", "borne"),
    [
        (TiePosition.OPEN, Grid.DEAD, (1.0, 2.0, 3.0), (1.0, 2.0, 3.0)),
        (TiePosition.OPEN, Grid.DEAD, (1.0, None, 3.0), None),
        (TiePosition.UNKNOWN, Grid.GOOD, (1.0, 2.0, 3.0), (1.0, 2.0, 3.0)),
        (TiePosition.CLOSED, Grid.DEAD, (1.0, 2.0, 3.0), (1.0, 2.0, 3.0)),
        (TiePosition.CLOSED, Grid.BAD, (1.0, 2.0, 3.0), (0.0, 0.0, 0.0)),
        (TiePosition.CLOSED, Grid.GOOD, (1.0, None, 3.0), (0.0, 0.0, 0.0)),
    ],
)
def test_a_former_is_heated_by_what_it_delivers_unless_a_grid_that_lives_carries_the_building(
    tie: TiePosition, grid: Grid, phase_w: tuple[float | None, ...], borne: tuple[float, ...] | None
):
    assert borne_w(given(SITE, former(*phase_w), 0.0), state(evidence=evidence(tie, grid))) == borne


@pytest.mark.parametrize(
    ("before_w", "now_w", "cooled_s"),
    [
        pytest.param(0.0, 0.0, 30.0, id="idle all the time"),
        pytest.param(None, 0.0, 1.0, id="unread until a second ago"),
        pytest.param(0.0, None, 29.0, id="unread for a second"),
        pytest.param(None, None, 0.0, id="unread"),
    ],
)
def test_what_was_seen_last_counts_until_a_second_ago_and_what_cannot_be_read_neither_heats_nor_cools(
    before_w: float | None, now_w: float | None, cooled_s: float
):
    # given a phase at four tenths, which cools for five minutes from full to nothing, and half a minute
    borne = None if before_w is None else (before_w,) * 3
    known = state(at_s=NOW_S - 30.0, dose=(0.4, 0.0, 0.0), former_w=borne)
    found = after(known, values=former(now_w, now_w, now_w)).dose
    assert found == pytest.approx((0.4 - cooled_s / PARAMS.overload.cool_s, 0.0, 0.0))


@pytest.mark.parametrize(
    ("before_s", "read_s", "apart_s", "heated_s"),
    [
        pytest.param(1.0, 0.0, 60.0, 1.0, id="read at the last tick"),
        pytest.param(1.8, 0.9, 60.0, 1.8, id="read before the last tick"),
        pytest.param(1.8, 0.9, 1.2, 1.2, id="on an island only since then"),
        pytest.param(1.8, 1.8, 60.0, 1.0, id="not read again"),
        pytest.param(9.0, 0.9, 60.0, 2.0, id="read long ago"),
        pytest.param(inf, 0.9, 60.0, 1.0, id="never read before"),
    ],
)
def test_what_a_former_bears_counts_from_the_reading_before_it(
    before_s: float, read_s: float, apart_s: float, heated_s: float
):
    # given a former that bore so much when it was read before, and has half again its rating on one phase now
    rated_w, curve = SITE.former.phase_va[0], SITE.former.curve
    values = {role: Reading(reading, NOW_S - read_s) for role, reading in former(1.5 * rated_w, 0.0, 0.0).items()}

    def heat(before_pu: float) -> float:
        known = state(
            at_s=NOW_S - 1.0,
            evidence=evidence(apart_since_s=NOW_S - apart_s),
            dose=(0.5, 0.0, 0.0),
            former_w=(before_pu * rated_w, 0.0, 0.0),
            former_seen_s=NOW_S - before_s,
        )
        return after(known, values=values).dose[0] - 0.5

    # then that counts since it was read before, and on an island
    assert heat(0.0) == pytest.approx(heated_s / trip_s(1.5, curve))
    # and if it had been more, no longer than that does the more count
    more = 1.0 / trip_s(1.6, curve) - 1.0 / trip_s(1.5, curve)
    assert heat(1.6) == pytest.approx(1.0 / trip_s(1.5, curve) - (heated_s - 1.0) * more)


def test_a_first_tick_begins_without_heat():
    assert after(state(at_s=NOW_S, dose=()), values=former(0.0, 0.0, 0.0)).dose == (0.0, 0.0, 0.0)


DRILL = Order(task=Task.DRILL, begin=True, who="ana", role="operator", rehearsed=True)


@pytest.mark.parametrize(
    ("mode", "asked", "before", "utc", "drilled"),
    [
        pytest.param(Mode.GRID_CONNECTED, (), BEFORE, NOON, BEFORE, id="nothing new"),
        pytest.param(Mode.GRID_CONNECTED, (), None, NOON, NOON, id="counted from the first known date"),
        pytest.param(Mode.GRID_CONNECTED, (), None, None, None, id="no date is known"),
        pytest.param(Mode.GRID_CONNECTED, (), AHEAD, NOON, NOON, id="told by a clock that was ahead"),
        pytest.param(Mode.GRID_CONNECTED, (), AHEAD, None, AHEAD, id="and nobody knows the date"),
        pytest.param(Mode.GRID_CONNECTED, (DRILL,), BEFORE, NOON, NOON, id="rehearsed"),
        pytest.param(Mode.GRID_CONNECTED, (DRILL,), BEFORE, None, BEFORE, id="rehearsed at no known date"),
        pytest.param(Mode.ISLANDED, (), BEFORE, NOON, NOON, id="a real cut"),
        pytest.param(
            Mode.GRID_CONNECTED,
            (Order(task=Task.DRILL, begin=False, who="ana", role="operator"),),
            BEFORE,
            NOON,
            BEFORE,
            id="one that ends",
        ),
        pytest.param(
            Mode.GRID_CONNECTED,
            (Order(task=Task.EVACUATION, begin=True, who="ana", role="operator"),),
            BEFORE,
            NOON,
            BEFORE,
            id="something else begins",
        ),
    ],
)
def test_a_cut_was_practised_when_one_was_rehearsed_begun_or_had(
    mode: Mode, asked: tuple[Any, ...], before: datetime | None, utc: datetime | None, drilled: datetime | None
):
    known = state(mode, at_s=NOW_S - 1.0, drilled=before, evidence=evidence() if mode.on_island else ON_GRID)
    assert after(known, *asked, utc=utc).drilled == drilled


@pytest.mark.parametrize(
    ("stored_pct", "start_in_s", "drilled"),
    [
        pytest.param(PARAMS.plan.min_pct, 0.0, NOON, id="it begins"),
        pytest.param(PARAMS.plan.min_pct - 1.0, 0.0, BEFORE, id="the battery is too empty, and it is refused"),
        pytest.param(PARAMS.plan.min_pct, 60.0, BEFORE, id="it is announced"),
    ],
)
def test_a_practice_in_earnest_is_one_once_it_begins(stored_pct: float, start_in_s: float, drilled: datetime):
    site = replace(SITE, tie=replace(SITE.tie, has_island=True))
    order = replace(DRILL, rehearsed=False, start_in_s=start_in_s)
    seen = {wiring.battery_soc(SITE.batteries[0].id): stored_pct}
    known = state(Mode.GRID_CONNECTED, at_s=NOW_S - 1.0, drilled=BEFORE, evidence=ON_GRID)
    assert heard(given(site, seen, NOW_S, utc=NOON, requests=(order,)), known, []).drilled == drilled


def test_a_person_has_looked_when_one_says_so():
    known = state(at_s=NOW_S - 1.0, acknowledged_s=5.0)
    assert after(known).acknowledged_s == 5.0
    assert after(known, Acknowledge(who="ana", role="operator")).acknowledged_s == NOW_S


def test_a_drill_ends_at_the_first_trouble_and_is_told_as_aborted_and_an_island_as_ended():
    orders = {**standing(Task.DRILL), **standing(Task.ISLAND), **standing(Task.STORM)}
    # given a former that has grown warm, and later a store that is all but empty
    for more, left, told_whys in (
        ({"dose": (0.3, 0.0, 0.0), "former_w": None}, {Task.ISLAND, Task.STORM}, {Why.DRILL_ABORTED}),
        ({"band": "critical"}, {Task.STORM}, {Why.DRILL_ABORTED, Why.ORDER_ENDED}),
        ({}, {Task.ISLAND, Task.STORM, Task.DRILL}, set()),
    ):
        known = state(at_s=NOW_S - 1.0, orders=orders, **more)
        told: list[Any] = []
        found = heard(given(SITE, healthy(SITE), NOW_S), known, told)
        assert set(found.orders) == left
        assert {cause.why for _, subject, cause in told if subject in orders} == told_whys


def test_of_a_command_its_value_is_told_and_whether_it_was_only_decided():
    role = wiring.circuit_closed(CircuitId("laundry"))
    command = Command(role=role, value=False, cause=Cause(Why.OVERLOAD, {"by_w": 5}), energises=False)
    assert with_value(command, snapshot(SITE, {})).facts == {"by_w": 5, "value": False}
    watched = snapshot(SITE, {}, watched_only=frozenset({role}))
    assert with_value(command, watched).facts == {"by_w": 5, "value": False, "only_watching": True}
