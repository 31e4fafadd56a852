"""Islands on purpose, and the last look at commands: each rule at its edge."""

from dataclasses import replace
from typing import Any

import pytest

from hems.control import monitor, planned
from hems.control.memory.acting import Alarm
from hems.control.memory.using import LoadMemory
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.command import Command
from hems.model.mode import Bus, Grid, Mode, TiePosition
from hems.model.reading import Reading
from hems.model.request import Order, Task
from hems.model.site import Generator
from hems.model.units import CircuitId, SourceId
from hems.model.wiring import Role
from tests.control.panel import TIE_OPEN, snapshot
from tests.control.pencil import BECAUSE, PARAMS, evidence, sent, standing, state
from tests.given import flats

MAIN = SourceId("main")
BATTERY = replace(flats().batteries[0], controllable=True)
SITE = flats(tie=replace(flats().tie, has_island=True), batteries=(BATTERY,))
NOW_S = 1000.0


def order(task: Task, **more: Any) -> Order:
    return Order(**{"task": task, "who": "ana", "role": "operator", "reason": "", "begin": True} | more)


@pytest.mark.parametrize(
    ("asked", "soc_pct", "refused"),
    [
        pytest.param(order(Task.ISLAND), 50.0, False, id="half full"),
        pytest.param(order(Task.ISLAND), 49.9, True, id="less"),
        pytest.param(order(Task.ISLAND), None, True, id="unread"),
        pytest.param(order(Task.ISLAND, start_in_s=0.1), 5.0, False, id="there is time to charge"),
        pytest.param(order(Task.DRILL), 49.9, True, id="a practice"),
        pytest.param(order(Task.DRILL, rehearsed=True), 5.0, False, id="in thought"),
        pytest.param(order(Task.ISLAND, begin=False), 5.0, False, id="its end"),
        pytest.param(order(Task.HOLD), 5.0, False, id="something else"),
        pytest.param(order(Task.STORM), 5.0, False, id="a storm"),
    ],
)
def test_an_island_is_ordered_with_energy_for_it(asked: Order, soc_pct: float | None, *, refused: bool):
    there = snapshot(SITE, {wiring.battery_soc(MAIN): soc_pct})
    assert (planned.refusal(asked, SITE, there, PARAMS, 0.0) is not None) is refused


def test_what_the_site_cannot_do_is_refused():
    there = snapshot(flats(), {})
    why = planned.refusal(order(Task.ISLAND), flats(), there, PARAMS, 0.0)
    assert (why and (why.why, why.facts)) == (Why.ISLAND_REFUSED, {})
    storm = planned.refusal(order(Task.STORM), flats(), there, PARAMS, 0.0)
    assert storm
    assert storm.why is Why.STORM_REFUSED
    assert planned.refusal(order(Task.STORM, begin=False), flats(), there, PARAMS, 0.0) is None


@pytest.mark.parametrize(
    ("mode", "orders", "soc_pct", "band", "asked"),
    [
        pytest.param(Mode.GRID_CONNECTED, standing(Task.ISLAND), 50.0, "normal", True, id="with the energy for it"),
        pytest.param(Mode.GRID_CONNECTED, standing(Task.ISLAND), 49.9, "normal", False, id="without"),
        pytest.param(Mode.GRID_CONNECTED, standing(Task.ISLAND), None, "normal", False, id="unread"),
        pytest.param(Mode.GRID_CONNECTED, standing(Task.DRILL), 50.0, "normal", True, id="for practice"),
        pytest.param(Mode.GRID_CONNECTED, standing(Task.ISLAND, NOW_S + 1.0), 50.0, "normal", False, id="not yet"),
        pytest.param(Mode.GRID_CONNECTED, {}, 50.0, "normal", False, id="by nobody"),
        pytest.param(Mode.ISLANDED, standing(Task.ISLAND), 5.0, "conserve", True, id="it stays so"),
        pytest.param(Mode.ISLANDED, standing(Task.ISLAND), 90.0, "critical", False, id="as long as there is energy"),
    ],
)
def test_the_building_leaves_the_grid_when_it_is_asked_to_and_can(
    mode: Mode, orders: Any, soc_pct: float | None, band: str, *, asked: bool
):
    there = snapshot(SITE, {wiring.battery_soc(MAIN): soc_pct}, NOW_S)
    known = state(mode, orders=orders, band=band)
    assert planned.asked(SITE, known, there, PARAMS, NOW_S) is asked
    assert not planned.asked(flats(), known, there, PARAMS, NOW_S)


GRAVE = Alarm(priority="HIGH", since_s=0.0, subject="x", cause=BECAUSE)
OFF = LoadMemory(shed_because=BECAUSE)


@pytest.mark.parametrize(
    ("more", "ends"),
    [
        pytest.param({}, set(), id="all is well"),
        pytest.param({"band": "critical"}, {Task.ISLAND, Task.DRILL}, id="energy runs out"),
        pytest.param({"band": "conserve"}, set(), id="not yet"),
        pytest.param({"loads": {CircuitId("kitchen"): OFF}}, {Task.DRILL}, id="something essential goes off"),
        pytest.param({"loads": {CircuitId("gym"): OFF}}, set(), id="something else does"),
        pytest.param({"alarms": {"x": GRAVE}}, {Task.DRILL}, id="an alarm"),
        pytest.param({"alarms": {"x": replace(GRAVE, priority="MED")}}, set(), id="a lesser one"),
        pytest.param({"dose": (0.0, 0.3)}, {Task.DRILL}, id="the former is warm"),
        pytest.param({"dose": (0.29, 0.1)}, set(), id="nearly"),
    ],
)
def test_a_practice_ends_at_the_first_trouble(more: dict[str, Any], ends: set[Task]):
    assert planned.spent(SITE, state(**more)) == ends
    assert planned.spent(SITE, state(Mode.GRID_CONNECTED, **more)) == set()


@pytest.mark.parametrize(
    ("mode", "grid_w", "since_s", "after_s"),
    [
        # a fiftieth of 30 kVA
        pytest.param(Mode.ISLANDING_PLANNED, 600.0, None, NOW_S, id="from now on"),
        pytest.param(Mode.ISLANDING_PLANNED, -600.0, 7.0, 7.0, id="still"),
        pytest.param(Mode.ISLANDING_PLANNED, 601.0, 7.0, None, id="no more"),
        pytest.param(Mode.ISLANDING_PLANNED, None, 7.0, None, id="unread"),
        pytest.param(Mode.GRID_CONNECTED, 0.0, 7.0, None, id="nobody asks"),
    ],
)
def test_next_to_nothing_flows_through_the_tie(mode: Mode, grid_w: float | None, since_s: float | None, after_s: Any):
    there = snapshot(SITE, {wiring.GRID_POWER: grid_w}, NOW_S)
    assert planned.nulled_since(SITE, state(mode, nulled_since_s=since_s), there, PARAMS, NOW_S) == after_s


def test_a_small_former_bears_a_hundred_watts_of_that():
    small = replace(SITE, former=replace(SITE.former, phase_va=(1000.0, 1000.0, 1000.0)))
    assert planned.null_w(small, PARAMS) == 100.0


def proposed(known: ControlState, values: dict[Role, Any], site: Any = SITE) -> dict[str, float | None]:
    found = planned.proposals(site, known, snapshot(site, values, NOW_S), PARAMS, NOW_S)
    return {str(one.role): one.prefer for one in found}


TIE, POWER = str(wiring.TIE_ISLAND), str(wiring.battery_power(MAIN))


@pytest.mark.parametrize(
    ("mode", "orders", "since_s", "opens"),
    [
        pytest.param(Mode.ISLANDING_PLANNED, {}, 995.0, 1.0, id="nothing has flowed for five seconds"),
        pytest.param(Mode.ISLANDING_PLANNED, {}, 995.1, 0.0, id="for less"),
        pytest.param(Mode.ISLANDING_PLANNED, {}, None, 0.0, id="something flows"),
        pytest.param(Mode.GRID_CONNECTED, {}, 1.0, 0.0, id="nobody asks"),
        pytest.param(Mode.ISLANDED, standing(Task.ISLAND), None, 1.0, id="it stays open"),
        pytest.param(Mode.ISLANDED, {}, None, 0.0, id="the order is over"),
    ],
)
def test_the_tie_is_asked_to_open_once_nothing_flows(mode: Mode, orders: Any, since_s: float | None, opens: float):
    assert proposed(state(mode, orders=orders, nulled_since_s=since_s), {})[TIE] == opens


@pytest.mark.parametrize(
    ("grid_w", "told", "power_w"),
    [
        pytest.param(900.0, None, 1200.0, id="what it gives, and what flows"),
        pytest.param(-900.0, None, -600.0, id="what flows out"),
        pytest.param(900.0, sent(777.0, 997.0, cause=Cause(Why.NULL_TIE_POWER)), 1200.0, id="seen three seconds later"),
        pytest.param(900.0, sent(777.0, 997.1, cause=Cause(Why.NULL_TIE_POWER)), 777.0, id="not seen yet"),
        pytest.param(900.0, sent(777.0, 999.0), 1200.0, id="told for another reason"),
    ],
)
def test_a_battery_gives_what_flows_through_the_tie(grid_w: float, told: Any, power_w: float):
    values = {wiring.GRID_POWER: grid_w, wiring.battery_power(MAIN): 300.0}
    known = state(Mode.ISLANDING_PLANNED, sent={wiring.battery_power(MAIN): told} if told else {})
    assert proposed(known, values)[POWER] == power_w
    second = replace(BATTERY, id=SourceId("second"))
    two = replace(SITE, batteries=(BATTERY, second))
    shares = proposed(state(Mode.ISLANDING_PLANNED), values, two)
    assert (shares[POWER], shares["batteries/second/power_w"]) == (300.0 + grid_w / 2.0, grid_w / 2.0)
    assert POWER not in proposed(known, values | {wiring.GRID_POWER: None})


@pytest.mark.parametrize(
    ("told", "power_w"),
    [
        pytest.param(None, None, id="never told: left alone"),
        pytest.param(sent(5000.0, 990.0, cause=Cause(Why.NULL_TIE_POWER)), 5000.0, id="as it was told"),
        pytest.param(sent(-700.0, 990.0), -700.0, id="whatever for"),
    ],
)
def test_a_battery_that_nobody_sees_does_not_count_as_giving_nothing(told: Any, power_w: float | None):
    known = state(Mode.ISLANDING_PLANNED, sent={wiring.battery_power(MAIN): told} if told else {})
    assert proposed(known, {wiring.GRID_POWER: 900.0, wiring.battery_power(MAIN): None}).get(POWER) == power_w


STORM = standing(Task.STORM)


@pytest.mark.parametrize(
    ("soc_pct", "orders", "power_w"),
    [
        pytest.param(89.9, STORM, -30_000.0, id="all it can take"),
        pytest.param(90.0, STORM, 0.0, id="full enough"),
        pytest.param(None, STORM, 0.0, id="unread"),
        pytest.param(50.0, standing(Task.STORM, target_pct=40.0), 0.0, id="to what was asked"),
        pytest.param(50.0, standing(Task.ISLAND, NOW_S + 60.0), -30_000.0, id="an island to come"),
        pytest.param(50.0, standing(Task.ISLAND, NOW_S + 12 * 3600.0), -30_000.0, id="an island in half a day"),
        pytest.param(50.0, standing(Task.ISLAND, NOW_S + 12 * 3600.0 + 1.0), None, id="one that is not near yet"),
        pytest.param(50.0, standing(Task.ISLAND), None, id="an island now"),
        pytest.param(
            50.0, STORM | standing(Task.ISLAND, NOW_S + 60.0, target_pct=40.0), -30_000.0, id="the more of two"
        ),
        pytest.param(50.0, {}, None, id="nothing is coming"),
    ],
)
def test_before_a_power_cut_batteries_are_filled(soc_pct: float | None, orders: Any, power_w: float | None):
    missing = snapshot(SITE, {wiring.battery_soc(MAIN): soc_pct, wiring.GRID_POWER: None}, NOW_S)
    known = state(Mode.GRID_CONNECTED, orders=orders)
    found = {str(one.role): one.prefer for one in planned.proposals(SITE, known, missing, PARAMS, NOW_S)}
    assert found.get(POWER) == power_w
    assert planned.prepares(known, PARAMS, NOW_S) is (power_w is not None)
    before_w = planned.before_cars_w(SITE, known, missing, PARAMS, NOW_S)
    assert before_w == (30_000.0 if power_w else 0.0)
    leaving = replace(known, orders=dict(orders) | standing(Task.EVACUATION))
    assert planned.before_cars_w(SITE, leaving, missing, PARAMS, NOW_S) == 0.0


def test_before_a_storm_batteries_share_what_the_connection_leaves_and_take_nothing_while_nobody_sees_what_that_is():
    known, second = state(Mode.GRID_CONNECTED, orders=STORM), replace(BATTERY, id=SourceId("second"))
    values = {wiring.GRID_POWER: 30_000.0, wiring.battery_soc(MAIN): 50.0}
    alone_w = proposed(known, values)[POWER]
    assert alone_w is not None
    assert -30_000.0 < alone_w < -1000.0
    two = proposed(known, values, replace(SITE, batteries=(BATTERY, second)))
    assert (two[POWER], two["batteries/second/power_w"]) == (alone_w / 2.0, alone_w / 2.0)
    # a meter that is there and silent leaves nothing
    assert proposed(known, values | {wiring.GRID_POWER: Reading(0.0, NOW_S - 60.0)})[POWER] == 0.0


@pytest.mark.parametrize(("orders", "told"), [(standing(Task.ISLAND), {}), ({}, {TIE: 0.0})], ids=["ordered", "not"])
def test_a_start_leaves_the_tie_of_an_island_that_is_ordered_where_it_is(orders: Any, told: dict[str, float]):
    found = proposed(state(Mode.INIT, orders=orders), {})
    assert {role: value for role, value in found.items() if role == TIE} == told


@pytest.mark.parametrize("mode", [Mode.INIT, Mode.FAULT_SAFE, Mode.MAINTENANCE])
@pytest.mark.parametrize(("since_s", "told"), [(None, {TIE: 0.0}), (500.0, {})], ids=["on the grid", "in an outage"])
def test_in_doubt_an_island_on_purpose_stays_open_and_what_is_closed_is_told_to_stay_closed(
    mode: Mode, since_s: float | None, told: dict[str, float]
):
    known = state(mode, sent={wiring.TIE_ISLAND: sent(True, 400.0)})
    known = replace(known, mode=replace(known.mode, outage_since_s=since_s))
    assert {role: value for role, value in proposed(known, {}).items() if role == TIE} == told


# The last look --------------------------------------------------------------------------------------------------------

ENGINE = Generator(name="Generator", rated_w=20_000.0)
WATCHED = replace(SITE, generator=ENGINE, pvs=(replace(SITE.pvs[0], limitable=True),))
LAUNDRY, LIFT = wiring.circuit_closed(CircuitId("laundry")), wiring.circuit_closed(CircuitId("lift"))
GOOD = evidence(TiePosition.CLOSED, Grid.GOOD, Bus.LIVE)
QUALIFIED = replace(evidence(TiePosition.OPEN, Grid.GOOD), grid=replace(GOOD.grid, inside_since_s=940.0))


def breaks(
    role: Role, value: bool | float, known: ControlState, values: dict[Role, Any] | None = None, **more: Any
) -> str | None:
    there = snapshot(WATCHED, {wiring.GENERATOR_RUNNING: False} | (values or {}), NOW_S)
    one = Command(**{"role": role, "value": value, "cause": BECAUSE, "energises": False} | more)
    return monitor.breaks(monitor.Look(WATCHED, known, there, PARAMS, NOW_S), one)


CONNECTED = state(Mode.GRID_CONNECTED, evidence=GOOD, grid_solid_since_s=940.0)


@pytest.mark.parametrize(
    ("role", "value", "known", "name"),
    [
        pytest.param(LIFT, False, state(), "I1", id="what may not be switched"),
        pytest.param(Role("tie/closed"), True, state(), "I1", id="the tie itself"),
        pytest.param(Role("bays/bay_9/power_w"), 0, state(), "I1", id="a bay that is not there"),
        pytest.param(Role("bays/bay_1/wake"), True, state(), None, id="to wake a car"),
        pytest.param(Role("bays/bay_9/wake"), True, state(), "I1", id="to wake one that is not there"),
        pytest.param(wiring.pv_limit(SourceId("roof")), 0, state(), None, id="a plant that can be limited"),
        pytest.param(wiring.pv_limit(SourceId("shed")), 0, state(), "I1", id="one that is not there"),
        pytest.param(LAUNDRY, True, CONNECTED, None, id="a circuit on a firm grid"),
        pytest.param(LAUNDRY, True, replace(CONNECTED, grid_solid_since_s=940.1), "I3 grid", id="on one that is not"),
        pytest.param(LAUNDRY, True, replace(CONNECTED, grid_solid_since_s=None), "I3 grid", id="on none"),
        pytest.param(
            LAUNDRY, True, replace(CONNECTED, grid_solid_since_s=None, vouched_since_s=1.0), None, id="vouched for"
        ),
        pytest.param(LAUNDRY, True, state(), None, id="on an island"),
        pytest.param(LAUNDRY, True, state(Mode.ISLANDED_STABILIZING), "I5", id="while it comes to rest"),
        pytest.param(LAUNDRY, False, state(Mode.ISLANDED_STABILIZING), None, id="off"),
        pytest.param(wiring.TIE_ISLAND, True, state(Mode.GRID_CONNECTED), "I5", id="to open the tie unasked"),
        pytest.param(wiring.TIE_ISLAND, True, state(Mode.ISLANDING_PLANNED), None, id="to open it asked"),
        pytest.param(wiring.TIE_ISLAND, False, state(Mode.GRID_CONNECTED), None, id="to keep it"),
        pytest.param(wiring.TIE_PERMIT, True, state(evidence=QUALIFIED), None, id="a permit"),
        pytest.param(
            wiring.TIE_PERMIT,
            True,
            state(evidence=replace(QUALIFIED, grid=replace(QUALIFIED.grid, inside_since_s=940.1))),
            "I3",
            id="a permit too soon",
        ),
        pytest.param(wiring.TIE_PERMIT, True, state(), "I3", id="a permit without a grid"),
        pytest.param(
            wiring.TIE_PERMIT,
            True,
            state(evidence=replace(QUALIFIED, tie=replace(QUALIFIED.tie, value=TiePosition.UNKNOWN))),
            "I3",
            id="a permit for a tie that nobody knows",
        ),
        pytest.param(wiring.TIE_PERMIT, False, state(), None, id="none"),
        pytest.param(wiring.GENERATOR_RUN, True, CONNECTED, "generator", id="an engine beside the grid"),
        pytest.param(wiring.GENERATOR_RUN, False, state(), None, id="an engine that rests"),
        pytest.param(wiring.FORMER_START, False, state(), None, id="no voltage"),
        pytest.param(wiring.FORMER_START, True, state(), "I2", id="voltage on a live island"),
        pytest.param(wiring.bay_power(SourceId("bay_1")), 500, state(Mode.BLACKOUT), "I5", id="a car in the dark"),
        pytest.param(wiring.bay_power(SourceId("bay_1")), -500, state(Mode.BLACKOUT), None, id="one that charges"),
        pytest.param(wiring.bay_power(SourceId("bay_1")), 500, state(), None, id="a car on an island"),
        pytest.param(
            wiring.bay_power(SourceId("bay_1")),
            500,
            state(Mode.RECONNECTED_RESTORING),
            "I5",
            id="a car, restoring",
        ),
        pytest.param(
            wiring.battery_power(MAIN), 500, state(Mode.RECONNECTED_RESTORING), None, id="a battery, restoring"
        ),
    ],
)
def test_what_breaks_an_invariant_is_named(role: Role, value: bool | float, known: ControlState, name: str | None):
    assert breaks(role, value, known) == name


def test_a_former_starts_on_a_tie_that_is_proven_open_in_that_mode_alone():
    dark = state(Mode.BLACK_START)
    assert breaks(wiring.FORMER_START, True, dark, dict(TIE_OPEN)) is None
    assert breaks(wiring.FORMER_START, True, dark) == "I2"
    assert breaks(wiring.FORMER_START, True, state(Mode.BLACKOUT), dict(TIE_OPEN)) == "I2"


def test_nobody_goes_back_to_the_grid_beside_an_engine():
    runs = {wiring.GENERATOR_RUNNING: True}
    assert breaks(wiring.TIE_PERMIT, True, state(evidence=QUALIFIED), runs) == "generator"
    seen_open = replace(evidence(), tie=replace(evidence().tie, raw=TiePosition.OPEN))
    assert breaks(wiring.GENERATOR_RUN, True, state(evidence=seen_open)) is None


@pytest.mark.parametrize(("boot_s", "name"), [(970.0, None), (970.1, "I6")])
def test_nothing_is_given_power_in_the_first_half_minute(boot_s: float, name: str | None):
    assert breaks(LAUNDRY, True, state(boot_s=boot_s), energises=True) == name
    assert breaks(LAUNDRY, False, state(boot_s=boot_s)) is None


@pytest.mark.parametrize(
    ("soc_pct", "value", "mode", "name"),
    [
        (40.1, 500, Mode.GRID_CONNECTED, None),
        (40.0, 500, Mode.GRID_CONNECTED, "reserve"),
        (40.0, -500, Mode.GRID_CONNECTED, None),
        (40.0, 500, Mode.ISLANDED, None),
    ],
)
def test_on_the_grid_a_battery_keeps_its_reserve(soc_pct: float, value: float, mode: Mode, name: str | None):
    site = replace(WATCHED, batteries=(replace(BATTERY, reserve_pct=40.0),))
    there = snapshot(site, {wiring.battery_soc(MAIN): soc_pct}, NOW_S)
    one = Command(role=wiring.battery_power(MAIN), value=value, cause=BECAUSE, energises=False)
    assert monitor.breaks(monitor.Look(site, state(mode, evidence=GOOD), there, PARAMS, NOW_S), one) == name
