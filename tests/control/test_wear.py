"""A switch has only so many operations in it: automation's closing waits, protection's opening never does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hems.control import wear
from hems.control.memory.using import LoadMemory
from hems.control.params import Params
from hems.control.resume import resumed
from hems.control.sending import is_switch
from hems.control.state import initial
from hems.control.tick import tick
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.command import Command
from hems.model.instant import Instant
from hems.model.mode import Mode
from hems.model.request import Want
from hems.model.units import CircuitId, SourceId
from hems.model.wiring import Role
from tests.control.panel import GRID_DEAD, TIE_CLOSED, TIE_OPEN, Panel, on_the_grid, snapshot, tie, utility
from tests.given import forces

PARAMS = Params()
RESTORE = PARAMS.restore
GYM = wiring.circuit_closed(CircuitId("gym"))
AWAY, BACK = {**GRID_DEAD, **TIE_OPEN}, {**utility(230.0), **TIE_CLOSED}


def moves(made: Panel) -> dict[Role, list[float]]:
    """When each switch was told something new."""
    told: dict[Role, list[tuple[float, bool]]] = {}
    for t_s, one in made.commands():
        if is_switch(one.role) and one.role.startswith("circuits/"):
            told.setdefault(one.role, [(0.0, True)]).append((t_s, bool(one.value)))
    return {
        role: [t_s for (_, before), (t_s, after) in pairwise(all_told) if before != after]
        for role, all_told in told.items()
    }


def most_within(times: list[float], within_s: float) -> int:
    return max((sum(start <= one < start + within_s for one in times) for start in times), default=0)


def flapping(times: int, every_s: float = 90.0) -> Panel:
    """A building whose tie opens and closes again and again."""
    made = on_the_grid()
    made.load = 1.0
    made.steps.clear()
    for _ in range(times):
        made.says(AWAY).advance(every_s, every_s=1e6).says(BACK).advance(every_s, every_s=1e6)
    return made


def test_what_several_armed_lists_open_at_once_has_moved_once():
    # given a jump on all three phases, whose lists all open the gym
    opens = [Command(role=GYM, value=False, cause=Cause(Why.OVERLOAD), energises=False)] * 3
    after = wear.moved(initial(0.0), {}, opens, RESTORE, 5.0)
    # then its relay has moved once, and does not rest for it
    assert after.loads[CircuitId("gym")].moves_s == (5.0,)


# The budget ----------------------------------------------------------------------------------------------------------


def test_uca8_a_switch_that_has_moved_five_times_in_the_hour_stays_open_until_the_grid_has_proven_itself():
    # given a tie that opens and closes every three minutes
    made = flapping(8)
    times = moves(made)[GYM]
    assert len(times) == 5
    # then its circuit rests in the end, and somebody is told why
    assert made.off() >= {"gym"}
    assert made.state.alarms["circuits/gym/closed/rests"].priority == "LOW"
    # and comes back in its turn, long before the hour is over, when the grid has stood for as long as calm takes
    solid_s = made.state.grid_solid_since_s
    assert solid_s is not None
    made.advance(3600.0, every_s=1e6)
    back = sorted(seen[5] - solid_s for seen in moves(made).values() if len(seen) > 5)
    assert RESTORE.calm_s <= back[0] < RESTORE.calm_s + 1.0
    assert back[-1] <= RESTORE.calm_s + 120.0
    assert made.off() == set()
    assert made.state.alarms == {}


def test_nobody_waits_for_a_circuit_that_rests_and_all_else_counts_as_normal():
    # given circuits whose relays have used up their hour's moves, on a grid that is back for good
    made = flapping(8)
    resting = {"gym", "kitchen"} & made.off()
    assert resting
    # when all else has been calm for as long as it must
    made.advance(PARAMS.restore.calm_s + 120.0, every_s=1e6)
    # then all is normal, and nobody has waited for them
    assert made.state.mode.mode is Mode.GRID_CONNECTED
    # and they come back too, though their hour is not over
    assert made.advance(120.0, every_s=1e6).off() == set()


def test_a_circuit_that_went_off_for_a_limit_rests_however_long_the_grid_has_stood():
    # given relays that have used up their hour's moves, on a grid that has stood for a day
    gym = LoadMemory(moves_s=(1.0, 2.0, 3.0, 4.0, 5.0), shed_because=Cause(Why.ISLAND_CAPACITY))
    stands = replace(initial(0.0), grid_solid_since_s=-86_400.0)
    # then one that the power cut had off may come back, and one that goes off for a limit again and again rests
    assert wear.rests_until_s(gym, stands, RESTORE) < 0.0
    limited = replace(gym, shed_because=Cause(Why.LIMIT_AGREED))
    assert wear.rests_until_s(limited, stands, RESTORE) == 3601.0
    # and a grid that stood until a moment ago is none to rely on
    assert wear.rests_until_s(gym, replace(stands, grid_solid_since_s=None), RESTORE) == 3601.0


def test_the_alarm_of_a_circuit_that_rests_says_until_when():
    made = flapping(8)
    left_s = wear.rests_until_s(made.state.loads[CircuitId("gym")], made.state, RESTORE) - made.now_s
    ends = datetime(2030, 6, 1, 12, tzinfo=UTC)
    # when the clock is known
    instant = Instant(made.now_s, ends - timedelta(seconds=left_s - 20.0))
    cause = rests(made, instant)
    # then the minute in which the rest ends is told
    assert cause.facts["until_utc"] == ends.isoformat()
    # and without a clock none
    assert rests(made, Instant(made.now_s)).facts == {}


def rests(made: Panel, instant: Instant) -> Cause:
    """What the gym's alarm says at that instant."""
    seen = snapshot(made.site, made.values, made.now_s)
    return tick(made.site, made.state, seen, PARAMS, instant).state.alarms["circuits/gym/closed/rests"].cause


def test_others_do_not_wait_for_a_circuit_that_rests():
    made = flapping(8)
    kitchen = CircuitId("kitchen")
    rested = replace(made.state.loads[kitchen], moves_s=())
    made.state = replace(made.state, loads={**made.state.loads, kitchen: rested})
    assert "kitchen" not in made.says(BACK).advance(200.0).off()
    assert "gym" in made.off()


def test_protection_and_people_are_not_held_up():
    made = flapping(8)
    # a person may have it on all the same
    made.says(BACK).ask(forces("gym", Want.ON, duration_s=300.0)).advance(70.0)
    assert "gym" not in made.off()
    # and protection opens it, however often it has moved
    made.ask(forces("gym", Want.AUTO)).advance(1.0).says(AWAY).advance(2.0)
    assert "gym" in made.off()


def test_a_restart_does_not_give_it_a_new_budget():
    made = flapping(8)
    saved = resumed(made.state, shift_s=100.0, now_s=made.now_s + 100.0)
    gym = CircuitId("gym")
    assert saved.loads[gym].moves_s == tuple(when_s + 100.0 for when_s in made.state.loads[gym].moves_s)
    assert wear.closes_s(saved.loads[gym], RESTORE) == wear.closes_s(made.state.loads[gym], RESTORE) + 100.0


def test_the_day_has_a_budget_of_its_own():
    # given a switch that has moved every 48 minutes for a day
    memory = LoadMemory(moves_s=tuple(2880.0 * n for n in range(29)))
    assert wear.closes_s(memory, RESTORE) == 86_400.0
    assert wear.closes_s(replace(memory, moves_s=memory.moves_s[1:]), RESTORE) < 86_400.0


# In any noise --------------------------------------------------------------------------------------------------------


def former(watts: float) -> dict[Role, Any]:
    return {wiring.former_phase_w(index): watts for index in range(3)}


def stored(soc_pct: float) -> dict[Role, Any]:
    return {wiring.battery_soc(SourceId("main")): soc_pct}


NOISE = [AWAY, BACK, utility(230.0), utility(170.0), tie(False, False, None), tie(None, None, None)]
noise = st.lists(
    st.tuples(
        st.one_of(
            st.sampled_from(NOISE),
            st.floats(500.0, 14_000.0).map(former),
            st.floats(4.0, 99.0).map(stored),
        ),
        st.floats(20.0, 400.0),
    ),
    min_size=10,
    max_size=60,
)
FLAPPING = [(AWAY, 90.0), (BACK, 90.0)] * 30


@pytest.mark.long
@given(noise)
@example(FLAPPING)
@settings(max_examples=12)
def test_uca8_in_any_noise_no_switch_moves_more_often_than_its_budget_allows(history: list[tuple[Any, float]]):
    # given a building that trusts no grid before it has stood for an hour
    made = on_the_grid()
    made.params = replace(PARAMS, restore=replace(RESTORE, calm_s=3600.0))
    made.steps.clear()
    for values, seconds in history:
        made.says(values).advance(seconds, every_s=1e6)
    for role, times in moves(made).items():
        assert most_within(times, 3600.0) <= RESTORE.moves_hour, role
        assert most_within(times, 86_400.0) <= RESTORE.moves_day, role
