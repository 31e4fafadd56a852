"""The generator: when it is asked to run, when not, and that it never meets the grid."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hems.control import generator
from hems.control.memory.acting import GeneratorMemory, Stage
from hems.control.memory.seeing import ModeMemory
from hems.control.params import Params
from hems.control.resume import resumed
from hems.control.state import initial
from hems.model import wiring
from hems.model.cause import Why
from hems.model.instant import Instant
from hems.model.mode import Mode
from hems.model.reading import Reading
from hems.model.request import Acknowledge
from hems.model.site import Generator, Site
from hems.model.units import SourceId
from tests.control.panel import (
    GRID_DEAD,
    TIE_CLOSED,
    TIE_OPEN,
    UNMETERED,
    Panel,
    on_an_island,
    on_the_grid,
    set_off,
    snapshot,
    tie,
    utility,
)
from tests.given import flats

RUN = wiring.GENERATOR_RUN
SOC = wiring.battery_soc(SourceId("main"))


def with_generator(*, separated: bool = False) -> Site:
    batteries = tuple(replace(one, controllable=True) for one in flats().batteries)
    return replace(
        flats(), generator=Generator(name="Generator", rated_w=20_000.0, separated=separated), batteries=batteries
    )


def engine(running: bool | None, power_w: float | None = 0.0) -> dict[wiring.Role, Any]:
    return {wiring.GENERATOR_RUNNING: running, wiring.GENERATOR_POWER: power_w}


def former(watts: float) -> dict[wiring.Role, Any]:
    return {wiring.former_phase_w(index): watts for index in range(3)}


def island(soc_pct: float, *, separated: bool = False, params: Params | None = None, site: Site | None = None) -> Panel:
    made = on_an_island(site=site or with_generator(separated=separated), params=params or Params())
    return made.says(UNMETERED, engine(False), former(2_000.0), {SOC: soc_pct})


def asked(made: Panel) -> list[tuple[float, bool]]:
    """When it was asked to run, and when no longer."""
    told = [(t_s, bool(one.value)) for t_s, one in made.commands(RUN)]
    return [pair for pair, before in zip(told, [(0.0, False), *told], strict=False) if pair[1] != before[1]]


def waited_s(made: Panel) -> float | None:
    """How long it is still waited for."""
    seen = snapshot(made.site, made.values, made.now_s)
    return generator.stops_in_s(made.site, made.state, seen, made.params, made.now_s)


def started(made: Panel) -> Panel:
    """It has started when asked, and is warm."""
    made.advance(2.0).says(engine(True)).advance(made.params.generator.warmup_s + 1.0)
    assert made.state.generator.stage is Stage.RUNNING
    return made.says(engine(True, 8_000.0))


def test_it_starts_on_low_energy_and_stops_on_much_with_warm_up_least_run_and_cool_down():
    # given an island whose energy is short
    made = island(26.0).advance(60.0)
    assert asked(made) == []
    made.says({SOC: 25.0})
    begun_s = made.now_s
    # when it has started and much is stored again soon
    started(made).says({SOC: 90.0}).advance(1700.0, every_s=10.0)
    # then it runs for its half hour all the same, cools down, and is asked no longer
    assert made.state.generator.stage is Stage.RUNNING
    made.advance(200.0, every_s=10.0)
    assert made.state.generator.stage is Stage.COOLING
    assert asked(made)[-1][1] is True
    made.advance(300.0, every_s=10.0)
    own = made.params.generator
    (on_s, _), (off_s, _) = asked(made)
    assert on_s == begun_s
    assert off_s >= begun_s + own.warmup_s + own.min_run_s + own.cooldown_s
    assert off_s <= begun_s + own.warmup_s + own.min_run_s + own.cooldown_s + 20.0


def test_between_its_two_levels_it_goes_on_as_it_is():
    made = started(island(25.0)).says({SOC: 60.0}).advance(4000.0, every_s=50.0)
    assert made.state.generator.stage is Stage.RUNNING
    assert asked(island(60.0).advance(4000.0, every_s=50.0)) == []


def test_it_goes_on_while_nobody_can_tell_what_is_stored():
    # given one that was started for want of energy, and has run for its half hour
    made = started(island(25.0)).says({SOC: 40.0}).advance(1900.0, every_s=20.0)
    # when the battery's charge cannot be read any more
    made.says({SOC: None}).advance(600.0, every_s=20.0)
    # then that is no word of a full one
    assert made.state.generator.stage is Stage.RUNNING
    made.says({SOC: 86.0}).advance(10.0)
    assert made.state.generator.stage is Stage.COOLING
    # nor does silence start it, or keep on one that ran for high load
    assert asked(island(60.0).says({SOC: None}).advance(600.0, every_s=20.0)) == []
    busy = island(90.0).says(former(9_600.0)).advance(40.0).says(engine(True)).advance(60.0)
    busy.says(former(2_000.0), {SOC: None}).advance(2000.0, every_s=20.0)
    assert busy.state.generator.stage is not Stage.RUNNING


def test_no_start_fails_that_nobody_was_asked_for():
    # given people who have taken over, on an island whose energy is short
    site = replace(with_generator(), has_red_button=True)
    made = on_an_island(site=site).says(UNMETERED, engine(False), former(2_000.0), {wiring.RED_BUTTON: True})
    made.says({SOC: 20.0}).advance(2000.0, every_s=20.0)
    assert made.state.generator == GeneratorMemory()
    # then it is asked when they give back
    made.says({wiring.RED_BUTTON: False}).advance(2.0)
    assert asked(made)[-1][1] is True


def test_it_starts_on_a_load_that_lasts_but_not_on_a_motor_that_starts():
    made = island(80.0).says(former(9_600.0)).advance(15.0).says(former(2_000.0)).advance(60.0)
    assert asked(made) == []
    made.says(former(9_600.0)).advance(21.0)
    assert [on for _, on in asked(made)] == [True]


def test_what_an_inverter_passes_on_from_the_grid_is_no_load_of_its_own():
    # given a building on the grid, all of whose load goes through the inverter's backup port
    made = (
        on_the_grid(site=with_generator()).says(UNMETERED, engine(False), former(9_900.0), {SOC: 80.0}).advance(120.0)
    )
    # when the grid fails and most of that load goes
    made.says(GRID_DEAD, TIE_OPEN).advance(0.5)
    made.says(former(2_000.0)).advance(60.0)
    # then nothing asks for the generator
    assert asked(made) == []


def fills(made: Panel) -> tuple[float, Why]:
    """What the battery was asked to take last, and why."""
    command = made.commands(wiring.battery_power(SourceId("main")))[-1][1]
    return float(command.value), command.cause.why


def test_batteries_take_what_the_engine_needs_as_least_load():
    # given one that runs for a high load, of which little is left
    busy = started(island(90.0).says(former(9_600.0)).advance(25.0)).says(engine(True, 2_500.0)).advance(3.0)
    assert fills(busy) == (-3_500.0, Why.GENERATOR_LOAD)
    # and not what the building takes itself
    assert fills(busy.says(engine(True, 9_000.0)).advance(3.0)) == (0.0, Why.GENERATOR_CARRIES)


def test_one_that_was_started_because_little_is_stored_fills_the_battery_and_not_only_idles():
    # given an engine of 20 kW beside a building that takes 6 kW: as much as keeps it from soot
    made = started(island(25.0)).says(engine(True, 6_000.0)).advance(3.0)
    # then the battery takes what is left to three quarters of its rating
    assert fills(made) == (-9_000.0, Why.GENERATOR_FILLS)
    # but no more than a former passes on, of which a phase may have no load
    small = replace(with_generator(), former=replace(with_generator().former, phase_va=(5_000.0,) * 3))
    made = started(island(25.0, site=small)).says(engine(True, 6_000.0)).advance(3.0)
    assert fills(made) == (-6_000.0, Why.GENERATOR_FILLS)


def test_three_starts_that_lead_to_nothing_are_five_minutes_apart_and_then_a_person_is_asked():
    made = island(20.0).advance(3000.0, every_s=10.0)
    ons = [t_s for t_s, on in asked(made) if on]
    offs = [t_s for t_s, on in asked(made) if not on]
    assert len(ons) == 3
    assert [round(off - on) for on, off in zip(ons, offs, strict=True)] == [60, 60, 60]
    assert [round(on - off) for on, off in zip(ons[1:], offs, strict=False)] == [300, 300]
    assert made.state.alarms["generator"].cause.why is Why.GENERATOR_GIVEN_UP
    made.ask(Acknowledge(who="Alex", role="operator")).advance(300.0, every_s=5.0)
    assert len([t_s for t_s, on in asked(made) if on]) == 4


def test_one_that_stops_by_itself_has_failed_and_is_not_thrashed():
    made = started(island(20.0)).says(engine(False)).advance(6.0)
    assert made.state.generator.failures == 1
    assert asked(made)[-1][1] is False
    made.advance(200.0)
    assert asked(made)[-1][1] is False


def test_at_night_it_runs_in_need_only():
    own = replace(Params().generator, quiet_from_h=21.0, quiet_to_h=6.0)
    params = replace(Params(), generator=own)
    made = island(24.0, params=params)
    for hour, band, wants in [
        (23.0, "conserve", False),
        (23.0, "critical", True),
        (5.99, "conserve", False),
        (6.0, "conserve", True),
        (None, "conserve", True),  # a time that nobody knows is no night
    ]:
        seen = snapshot(made.site, made.values, made.now_s, local_h=hour)
        memory, _ = generator.after(made.site, replace(made.state, band=band), seen, params, Instant(made.now_s))
        assert memory.wanted is wants, (hour, band)


def test_the_hour_is_that_of_the_building_and_nobodys_while_the_clock_is_not_known():
    summer = Instant(0.0, datetime(2026, 7, 1, 20, 30, tzinfo=UTC))
    assert summer.hour_in(ZoneInfo("Europe/Dublin")) == 21.5
    assert summer.hour_in(ZoneInfo("America/New_York")) == 16.5
    assert Instant(0.0).hour_in(ZoneInfo("Europe/Dublin")) is None


@pytest.mark.parametrize(("separated", "runs"), [(True, True), (False, False)])
def test_after_four_weeks_it_is_run_on_the_grid_where_a_switch_keeps_it_apart(separated: bool, runs: bool):
    made = on_the_grid(site=with_generator(separated=separated)).says(engine(False))
    seen = snapshot(made.site, made.values, made.now_s)
    began = datetime(2026, 1, 1, tzinfo=UTC)
    state = made.state
    for days, expected in ((0.0, Stage.OFF), (27.9, Stage.OFF), (28.0, Stage.STARTING if runs else Stage.OFF)):
        memory, _ = generator.after(
            made.site, state, seen, made.params, Instant(made.now_s, began + timedelta(days=days))
        )
        state = replace(state, generator=memory)
        assert memory.stage is expected


# It never meets the grid ---------------------------------------------------------------------------------------------


def test_uca13_with_the_tie_closed_it_is_never_asked_unless_a_switch_keeps_it_apart():
    made = on_the_grid(site=with_generator()).says(engine(False), {SOC: 5.0}).advance(120.0)
    assert asked(made) == []
    # and one that runs when the tie closes is asked no longer at once, however short its run was
    ran = started(island(20.0)).says(utility(230.0), TIE_CLOSED, {wiring.GRID_POWER: 1_000.0}).advance(1.0)
    assert asked(ran)[-1][1] is False


@pytest.mark.parametrize("position", [tie(False, False, None), tie(True, True, None), tie(None, None, None)])
def test_uca13_nor_with_a_tie_that_nobody_is_sure_of(position: dict[wiring.Role, Any]):
    made = island(60.0).says(position).advance(0.2).says({SOC: 10.0}).advance(120.0)
    assert asked(made) == []


def test_uca13_nobody_is_let_back_to_the_grid_while_it_runs():
    # given a generator that runs on an island, and a grid that has come back
    made = started(island(20.0)).says(utility(230.0), {SOC: 90.0}).advance(1000.0, every_s=5.0)
    assert made.mode is Mode.GRID_RETURN_QUALIFYING
    assert not [one for _, one in made.commands(wiring.TIE_PERMIT) if one.value]
    # and it is told how long it is waited for: the rest of its half hour, and five minutes of cooling down
    assert waited_s(made) == pytest.approx(1800.0 - 1000.0 + 300.0, abs=5.0)
    # when it has run long enough, cooled down and stands still
    made.advance(1200.0, every_s=5.0)
    assert asked(made)[-1][1] is False
    assert not [one for _, one in made.commands(wiring.TIE_PERMIT) if one.value]
    assert waited_s(made) == 0.0
    made.says(engine(False)).advance(5.0)
    assert waited_s(made) is None
    # then there is a permit
    assert [one.value for _, one in made.commands(wiring.TIE_PERMIT)][-1] is True


def test_a_generator_that_is_kept_apart_does_not_hold_up_the_return():
    made = started(island(20.0, separated=True)).says(utility(230.0)).advance(70.0)
    assert [one.value for _, one in made.commands(wiring.TIE_PERMIT)][-1] is True


def test_in_doubt_it_is_left_as_it_is():
    made = started(island(20.0)).says(tie(None, None, None)).advance(60.0)
    assert made.mode is Mode.FAULT_SAFE
    assert asked(made)[-1][1] is True


def test_a_building_whose_battery_is_empty_is_brought_back_by_its_generator():
    made = on_the_grid(site=with_generator()).says(engine(False), UNMETERED, {SOC: 3.0})
    made.says(GRID_DEAD, TIE_OPEN, utility(3.0, 0.0, point="bus")).advance(20.0)
    assert made.mode is Mode.BLACKOUT
    assert [on for _, on in asked(made)] == [True]


def test_what_to_shed_if_it_stops_is_ready_beforehand():
    made = started(island(60.0).says({SOC: 20.0})).says(engine(True, 12_000.0), former(9_000.0)).advance(1.0)
    fired = set_off(made.steps[-1][1].armed, wiring.GENERATOR_RUNNING, Reading(False, made.now_s), made.now_s)
    (ready,) = [one for one in fired if one.name == "generator gone"]
    assert ready.commands
    assert not any(one.value for one in ready.commands)


def test_a_restart_neither_stops_it_nor_forgets_that_it_is_ill():
    saved = replace(
        island(50.0).state, generator=GeneratorMemory(stage=Stage.RUNNING, since_s=100.0, failures=2, not_before_s=90.0)
    )
    after = resumed(saved, shift_s=10.0, now_s=500.0).generator
    assert (after.stage, after.since_s, after.failures) == (Stage.RUNNING, 110.0, 2)


def test_its_tank_counts_while_it_may_run_and_its_last_start_has_not_failed():
    site = replace(flats(), generator=Generator(name="Generator", rated_w=20_000.0, tank_wh=200_000.0))
    state = replace(initial(0.0), mode=ModeMemory(mode=Mode.GRID_CONNECTED))

    def counts(level_pct: float | None, failures: int = 0) -> float:
        known = snapshot(site, {wiring.GENERATOR_FUEL: level_pct})
        memory = replace(state.generator, failures=failures)
        return generator.fuel_wh(site, replace(state, generator=memory), known, 0.0)

    assert (counts(50.0), counts(110.0), counts(-5.0), counts(None)) == (100_000.0, 200_000.0, 0.0, 0.0)
    assert counts(50.0, failures=1) == 0.0


def test_an_engine_has_stopped_once_it_stands_still_for_as_long_as_a_reading_may_be_wrong():
    made = started(island(25.0)).says(engine(False)).advance(generator.LOST_S - 1.0)
    assert made.state.generator.stage is Stage.RUNNING
    made.advance(2.0)
    assert (made.state.generator.stage is Stage.RUNNING, made.state.generator.failures) == (False, 1)
