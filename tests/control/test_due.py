"""When a tick is due at the latest, each reason by itself, and which raw signals are worth one at once."""

from dataclasses import replace
from math import inf
from typing import Any

import pytest

from hems.control.cars.memory import BayMemory
from hems.control.due import expiries, watch_for
from hems.control.memory.acting import BlackStartMemory, Failing, ReconnectMemory
from hems.control.state import ControlState
from hems.control.step import Test, Trigger
from hems.model import wiring
from hems.model.mode import Mode
from hems.model.request import Override, Want
from hems.model.supply import FlexibleLimits, FrequencyService
from hems.model.units import CircuitId, PointId, SourceId
from hems.model.wiring import Role
from tests.control.panel import healthy, snapshot
from tests.control.pencil import PARAMS, given, state
from tests.given import flats

SITE = flats()
NOW_S = 1000.0
BAY = SourceId("bay_1")


def due(known: ControlState, **more: Any) -> set[float]:
    """What is due by time alone."""
    return set(expiries(given(SITE, snapshot(SITE, healthy(SITE), NOW_S, **more), NOW_S), known))


def added(mode: Mode = Mode.GRID_CONNECTED, since_s: float = 0.0, **more: Any) -> set[float]:
    """What this adds to what is due anyway."""
    return due(state(mode, since_s=since_s, **more)) - due(state(Mode.GRID_CONNECTED))


LAUNDRY = CircuitId("laundry")
WISH = Override(circuit=LAUNDRY, want=Want.OFF, who="ana", role="operator", reason="", set_s=0.0, expires_s=1234.0)


@pytest.mark.parametrize(
    ("found", "ends_s"),
    [
        pytest.param(added(overrides=(WISH,)), {1234.0}, id="a person's wish"),
        pytest.param(added(overrides=(replace(WISH, expires_s=NOW_S),)), set(), id="one that is over"),
        pytest.param(added(nulled_since_s=999.5), {999.5 + PARAMS.plan.null_s}, id="nothing flows through the tie"),
        pytest.param(
            added(reconnect=ReconnectMemory(not_before_s=1100.0), black_start=BlackStartMemory(not_before_s=1200.0)),
            {1100.0, 1200.0},
            id="pauses before another try",
        ),
        pytest.param(added(boot_s=999.0), {999.0 + PARAMS.boot.hold_energise_s}, id="the hold after a start"),
        pytest.param(
            added(failing={"shares": Failing(times=3, until_s=4000.0, error="")}), {4000.0}, id="a maker that rests"
        ),
        pytest.param(
            added(bays={BAY: BayMemory(plugged_since_s=995.0)}), {995.0 + PARAMS.car.arrival_hold_s}, id="a car came"
        ),
        pytest.param(
            added(Mode.ISLANDED_STABILIZING, 990.0) - added(Mode.ISLANDED_STABILIZING, 0.0),
            {990.0 + PARAMS.island.give_up_s},
            id="an island that does not come to rest",
        ),
        pytest.param(added(unbalanced_since_s=995.0), {995.0 + PARAMS.witness.balance_s}, id="sums that do not add up"),
        pytest.param(
            added(bays={BAY: BayMemory(astray_since_s=999.0)}), {999.0 + PARAMS.command.follow_s}, id="a car astray"
        ),
        pytest.param(
            added(astray_s={SourceId("main"): 999.5}), {999.5 + PARAMS.command.follow_s}, id="a battery astray"
        ),
    ],
)
def test_what_ends_or_has_held_for_long_enough_is_due(found: set[float], ends_s: set[float]):
    assert found == ends_s


def test_nothing_is_due_now_or_in_the_past():
    assert min(due(state(Mode.GRID_CONNECTED, boot_s=NOW_S - PARAMS.boot.hold_energise_s)), default=inf) > NOW_S


def watched(**changes: Any) -> set[Trigger]:
    """What is watched beyond a plain building."""
    return set(watch_for(flats(**changes))) - set(watch_for(SITE))


def test_each_phase_of_the_former_is_watched_at_its_rating_and_all_together_where_that_is_limited():
    phases = [one for one in watch_for(SITE) if one.role in {wiring.former_phase_w(index) for index in range(3)}]
    assert [(one.test, one.value) for one in phases] == [(Test.ABOVE, 10_000.0)] * 3
    main = wiring.battery_power(SourceId("main"))
    assert watched(former=replace(SITE.former, total_w=25_000.0)) == {Trigger(main, Test.ABOVE, 25_000.0)}


def test_a_fire_and_the_red_button_are_watched_where_they_are_wired():
    assert watched(has_fire_alarm=True) == {Trigger(wiring.FIRE_ALARM, Test.IS, True)}
    assert watched(has_red_button=True) == {Trigger(wiring.RED_BUTTON, Test.IS, True)}


def test_what_the_utility_says_is_watched_where_it_may():
    limits = FlexibleLimits(failsafe_import_w=4200.0, has_heartbeat=True)
    roles = (wiring.IMPORT_LIMIT, wiring.EXPORT_LIMIT, wiring.REDUCED)
    assert watched(grid=replace(SITE.grid, flexible=limits)) == {Trigger(role, Test.CHANGES, 0.0) for role in roles}


def test_frequency_is_watched_at_both_ends_of_the_dead_band_where_it_is_served():
    service = FrequencyService(most_w=5000.0, dead_hz=0.02, full_hz=0.2)
    found = watched(grid=replace(SITE.grid, frequency=service))
    roles: set[Role] = {one.role for one in found}
    assert wiring.frequency(PointId("street")) in roles
    assert {(one.test, round(float(one.value), 3)) for one in found} == {(Test.BELOW, 49.98), (Test.ABOVE, 50.02)}
