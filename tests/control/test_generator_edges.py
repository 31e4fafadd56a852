"""When the generator starts, goes on and stops: each rule at its edge."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any

import pytest

from hems.control import generator
from hems.control.arbitrate import Rank
from hems.control.memory.acting import GeneratorMemory, Stage
from hems.control.memory.seeing import TieMemory
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.cause import Why
from hems.model.instant import Instant
from hems.model.mode import Mode, TiePosition
from hems.model.site import Generator
from hems.model.units import SourceId
from hems.model.wiring import Role
from tests.control.panel import snapshot
from tests.control.pencil import PARAMS, evidence, sent, state
from tests.given import flats

MAIN = SourceId("main")
ENGINE = Generator(name="Generator", rated_w=20_000.0, tank_wh=40_000.0)
SITE = flats(
    generator=ENGINE,
    batteries=(replace(flats().batteries[0], controllable=True),),
)
APART = replace(SITE, generator=replace(ENGINE, separated=True))
NOW_S, NOON = 10_000.0, datetime(2026, 6, 1, 12, tzinfo=UTC)


def at(position: TiePosition, raw: TiePosition | None = None) -> Any:
    return replace(evidence(), tie=TieMemory(value=position, raw=position if raw is None else raw))


OPEN, CLOSED = at(TiePosition.OPEN), at(TiePosition.CLOSED)


@pytest.mark.parametrize(
    ("seen", "apart", "meets"),
    [
        pytest.param(OPEN, True, False, id="open"),
        pytest.param(CLOSED, False, True, id="closed"),
        pytest.param(at(TiePosition.OPEN, TiePosition.CLOSED), False, True, id="just seen closed"),
        pytest.param(at(TiePosition.CLOSED, TiePosition.OPEN), False, True, id="just seen open"),
        pytest.param(at(TiePosition.UNKNOWN, TiePosition.UNKNOWN), False, False, id="unknown"),
    ],
)
def test_generator_and_grid_are_apart_when_the_tie_is_open_both_now_and_as_judged(
    seen: Any, *, apart: bool, meets: bool
):
    known = state(evidence=seen)
    assert (generator.apart(SITE, known), generator.could_meet(SITE, known)) == (apart, meets)
    assert (generator.apart(APART, known), generator.could_meet(APART, known)) == (True, False)
    assert (generator.apart(flats(), known), generator.could_meet(flats(), known)) == (False, False)


@pytest.mark.parametrize(("running", "away"), [(False, True), (True, False), (None, False)])
def test_it_is_out_of_the_way_when_it_is_seen_to_stand_still(running: bool | None, *, away: bool):
    there = snapshot(SITE, {wiring.GENERATOR_RUNNING: running})
    assert generator.out_of_the_way(SITE, there, 0.0) is away
    assert generator.out_of_the_way(APART, there, 0.0)
    assert generator.out_of_the_way(flats(), there, 0.0)


@pytest.mark.parametrize(
    ("mode", "seen", "failures", "level_pct", "wh"),
    [
        (Mode.ISLANDED, OPEN, 0, 25.0, 10_000.0),
        (Mode.ISLANDED, CLOSED, 0, 25.0, 0.0),
        (Mode.GRID_CONNECTED, CLOSED, 0, 25.0, 10_000.0),
        (Mode.ISLANDED, OPEN, 1, 25.0, 0.0),
        (Mode.ISLANDED, OPEN, 0, None, 0.0),
        (Mode.ISLANDED, OPEN, 0, 130.0, 40_000.0),
        (Mode.ISLANDED, OPEN, 0, -5.0, 0.0),
    ],
)
def test_its_fuel_counts_while_it_may_run_and_has_not_failed(
    mode: Mode, seen: Any, failures: int, level_pct: float | None, wh: float
):
    known = state(mode, evidence=seen, generator=GeneratorMemory(failures=failures))
    assert generator.fuel_wh(SITE, known, snapshot(SITE, {wiring.GENERATOR_FUEL: level_pct}), 0.0) == wh


def stepped(
    memory: GeneratorMemory,
    values: dict[Role, Any],
    *,
    mode: Mode = Mode.ISLANDED,
    seen: Any = OPEN,
    band: str = "normal",
    utc: datetime | None = None,
    local_h: float | None = None,
    quiet: tuple[float, float] = (0.0, 0.0),
) -> tuple[GeneratorMemory, Why | None]:
    known: ControlState = state(mode, evidence=seen, generator=memory, band=band)
    own = replace(PARAMS.generator, quiet_from_h=quiet[0], quiet_to_h=quiet[1])
    full = {wiring.battery_soc(MAIN): 60.0, wiring.GENERATOR_RUNNING: False}
    there = snapshot(SITE, full | values, NOW_S, local_h=local_h)
    return generator.after(SITE, known, there, replace(PARAMS, generator=own), Instant(NOW_S, utc))


LOW: dict[Role, Any] = {wiring.battery_soc(MAIN): 25.0}
FILLED: dict[Role, Any] = {wiring.battery_soc(MAIN): 85.0}
RUNS: dict[Role, Any] = {wiring.GENERATOR_RUNNING: True}


@pytest.mark.parametrize(
    ("soc_pct", "more", "starts"),
    [
        pytest.param(25.0, {}, True, id="a quarter is low"),
        pytest.param(25.1, {}, False, id="more is not"),
        pytest.param(None, {}, False, id="unread"),
        pytest.param(25.0, {"seen": CLOSED}, False, id="the tie is closed"),
        pytest.param(25.0, {"mode": Mode.GRID_RETURN_QUALIFYING}, False, id="the grid comes back"),
        pytest.param(25.0, {"mode": Mode.RECONNECTING}, False, id="the tie is about to close"),
        pytest.param(25.0, {"mode": Mode.BLACKOUT}, True, id="in the dark"),
        pytest.param(25.0, {"mode": Mode.FAULT_SAFE}, False, id="in doubt"),
        pytest.param(25.0, {"quiet": (22.0, 6.0), "local_h": 22.0}, False, id="by night"),
        pytest.param(25.0, {"quiet": (22.0, 6.0), "local_h": 5.9}, False, id="before the morning"),
        pytest.param(25.0, {"quiet": (22.0, 6.0), "local_h": 6.0}, True, id="in the morning"),
        pytest.param(25.0, {"quiet": (22.0, 6.0), "local_h": 21.9}, True, id="in the evening"),
        pytest.param(25.0, {"quiet": (22.0, 6.0), "local_h": None}, True, id="nobody knows the hour"),
        pytest.param(25.0, {"quiet": (12.0, 14.0), "local_h": 12.0}, False, id="at noon"),
        pytest.param(25.0, {"quiet": (12.0, 14.0), "local_h": 13.9}, False, id="in the rest of noon"),
        pytest.param(25.0, {"quiet": (12.0, 14.0), "local_h": 14.0}, True, id="after noon"),
        pytest.param(25.0, {"quiet": (12.0, 14.0), "local_h": 11.9}, True, id="before noon"),
        pytest.param(25.0, {"quiet": (5.0, 5.0), "local_h": 5.0}, True, id="no hours are quiet"),
        pytest.param(25.0, {"quiet": (22.0, 6.0), "local_h": 23.0, "band": "critical"}, True, id="in need"),
        pytest.param(25.0, {"quiet": (22.0, 6.0), "local_h": 23.0, "band": "conserve"}, False, id="not yet in need"),
    ],
)
def test_it_starts_on_low_energy_where_it_may(soc_pct: float | None, more: dict[str, Any], *, starts: bool):
    memory, why = stepped(GeneratorMemory(), {wiring.battery_soc(MAIN): soc_pct}, **more)
    assert (memory.stage is Stage.STARTING, why) == (starts, Why.GENERATOR_STARTS if starts else None)
    assert memory.since_s == (NOW_S if starts else 0.0)


@pytest.mark.parametrize(
    ("memory", "starts"),
    [
        pytest.param(GeneratorMemory(not_before_s=NOW_S), True, id="its pause is over"),
        pytest.param(GeneratorMemory(not_before_s=NOW_S + 0.1), False, id="its pause is not"),
        pytest.param(GeneratorMemory(failures=2), True, id="failed twice"),
        pytest.param(GeneratorMemory(failures=3), False, id="failed three times"),
    ],
)
def test_it_starts_again_after_a_pause_and_not_for_ever(memory: GeneratorMemory, *, starts: bool):
    assert (stepped(memory, LOW)[0].stage is Stage.STARTING) is starts


@pytest.mark.parametrize(
    ("watts", "since_s", "stage", "high_since_s"),
    [
        pytest.param(9500.0, NOW_S - 20.0, Stage.STARTING, NOW_S - 20.0, id="close to its rating for long"),
        pytest.param(9500.0, NOW_S - 19.9, Stage.OFF, NOW_S - 19.9, id="not for long"),
        pytest.param(9500.0, None, Stage.OFF, NOW_S, id="since now"),
        pytest.param(9499.0, NOW_S - 90.0, Stage.OFF, None, id="not so close"),
        pytest.param(None, NOW_S - 90.0, Stage.OFF, None, id="unread"),
    ],
)
def test_it_starts_on_high_load(watts: float | None, since_s: float | None, stage: Stage, high_since_s: float | None):
    memory, _ = stepped(GeneratorMemory(high_since_s=since_s), {wiring.former_phase_w(1): watts})
    assert (memory.stage, memory.high_since_s) == (stage, high_since_s)


def running(stage: Stage, for_s: float, **more: Any) -> GeneratorMemory:
    return GeneratorMemory(**{"stage": stage, "since_s": NOW_S - for_s, "wanted": True, "failures": 1} | more)


@pytest.mark.parametrize(
    ("memory", "values", "stage", "why"),
    [
        pytest.param(running(Stage.STARTING, 59.9), LOW, Stage.STARTING, None, id="it takes its time"),
        pytest.param(running(Stage.STARTING, 60.0), LOW, Stage.OFF, Why.GENERATOR_FAILED, id="too long"),
        pytest.param(running(Stage.STARTING, 99.0), LOW | RUNS, Stage.WARMING, None, id="it runs"),
        pytest.param(running(Stage.WARMING, 29.9), LOW | RUNS, Stage.WARMING, None, id="it warms up"),
        pytest.param(running(Stage.WARMING, 30.0), LOW | RUNS, Stage.RUNNING, None, id="it is warm"),
        pytest.param(
            running(Stage.RUNNING, 9e3), {**RUNS, wiring.battery_soc(MAIN): 85.0}, Stage.RUNNING, None, id="on"
        ),
        pytest.param(
            running(Stage.RUNNING, 1800.0),
            {**RUNS, wiring.battery_soc(MAIN): 85.1},
            Stage.COOLING,
            Why.GENERATOR_COOLS,
            id="full",
        ),
        pytest.param(
            running(Stage.RUNNING, 1799.0), {**RUNS, wiring.battery_soc(MAIN): 85.1}, Stage.RUNNING, None, id="too soon"
        ),
        pytest.param(running(Stage.COOLING, 299.0, wanted=False), RUNS, Stage.COOLING, None, id="it cools down"),
        pytest.param(
            running(Stage.COOLING, 300.0, wanted=False), RUNS, Stage.OFF, Why.GENERATOR_STOPS, id="it is cool"
        ),
        pytest.param(
            running(Stage.COOLING, 40.0, wanted=False),
            LOW | RUNS,
            Stage.RUNNING,
            Why.GENERATOR_STARTS,
            id="it cools down for a grid that is gone again",
        ),
    ],
)
def test_it_warms_up_runs_and_cools_down(
    memory: GeneratorMemory, values: dict[Role, Any], stage: Stage, why: Why | None
):
    after, told = stepped(memory, values)
    assert (after.stage, told) == (stage, why)
    if stage is Stage.RUNNING and memory.stage is Stage.WARMING:
        assert after.failures == 0
    if why is Why.GENERATOR_FAILED:
        assert (after.failures, after.not_before_s) == (2, NOW_S + 300.0)
    # the tie closes: it stops whatever it does
    after, told = stepped(memory, values, seen=CLOSED)
    assert (after.stage, told) == (Stage.OFF, Why.GENERATOR_STOPS)


@pytest.mark.parametrize("stage", [Stage.WARMING, Stage.RUNNING, Stage.COOLING])
@pytest.mark.parametrize(
    ("said", "since_s", "after_s", "lost"),
    [
        pytest.param(False, None, NOW_S, False, id="it says so"),
        pytest.param(False, NOW_S - 4.9, NOW_S - 4.9, False, id="for less than five seconds"),
        pytest.param(False, NOW_S - 5.0, None, True, id="for five seconds"),
        pytest.param(True, NOW_S - 9.0, None, False, id="it runs after all"),
        pytest.param(None, NOW_S - 9.0, NOW_S - 9.0, False, id="it says nothing"),
    ],
)
def test_it_has_stopped_by_itself_when_it_says_so_for_five_seconds(
    stage: Stage, said: bool | None, since_s: float | None, after_s: float | None, *, lost: bool
):
    memory, why = stepped(running(stage, 10.0, stopped_since_s=since_s), LOW | {wiring.GENERATOR_RUNNING: said})
    assert (memory.stopped_since_s, memory.stage is Stage.OFF) == (after_s, lost)
    goes_on = Why.GENERATOR_STARTS if stage is Stage.COOLING and said else None
    assert why is (Why.GENERATOR_FAILED if lost else goes_on)


def test_one_that_goes_on_instead_of_cooling_down_has_its_least_time_behind_it():
    # given a grid that came back for a moment while the generator ran
    again, _ = stepped(running(Stage.COOLING, 40.0, wanted=False), LOW | RUNS)
    # then it does not keep the building from the grid for another half an hour
    after, why = stepped(again, RUNS, mode=Mode.GRID_RETURN_QUALIFYING)
    assert (after.stage, why) == (Stage.COOLING, Why.GENERATOR_COOLS)


def test_in_quiet_hours_what_runs_goes_on():
    night: dict[str, Any] = {"quiet": (22.0, 6.0), "local_h": 23.0}
    assert stepped(running(Stage.RUNNING, 9e3), LOW | RUNS, **night)[0].stage is Stage.RUNNING
    not_wanted = running(Stage.RUNNING, 9e3, wanted=False)
    assert stepped(not_wanted, LOW | RUNS, **night)[0].stage is Stage.COOLING


@pytest.mark.parametrize(
    ("last_ran", "mode", "until_s", "starts"),
    [
        pytest.param(NOON - timedelta(days=28), Mode.GRID_CONNECTED, NOW_S + 1800.0, True, id="four weeks ago"),
        pytest.param(NOON - timedelta(days=27.9), Mode.GRID_CONNECTED, 0.0, False, id="less"),
        pytest.param(None, Mode.GRID_CONNECTED, 0.0, False, id="nobody knows when"),
        pytest.param(NOON - timedelta(days=28), Mode.GRID_DISTURBED, NOW_S + 1800.0, False, id="on a grid in trouble"),
    ],
)
def test_it_is_exercised_every_four_weeks(last_ran: datetime | None, mode: Mode, until_s: float, *, starts: bool):
    memory = GeneratorMemory(last_ran=last_ran)
    known = state(mode, evidence=CLOSED, generator=memory)
    there = snapshot(APART, {wiring.GENERATOR_RUNNING: False}, NOW_S)
    after, _ = generator.after(APART, known, there, PARAMS, Instant(NOW_S, NOON))
    assert (after.exercise_until_s, after.stage is Stage.STARTING) == (until_s, starts)
    assert after.last_ran == (NOON if until_s or last_ran is None else last_ran)
    blind, _ = generator.after(APART, known, there, PARAMS, Instant(NOW_S, None))
    assert blind.last_ran == last_ran


def test_a_clock_that_was_ahead_puts_no_exercise_off_for_years():
    # given a generator that ran, or was counted as run, at a date far ahead, and a clock that has been put right
    known = state(evidence=CLOSED, generator=GeneratorMemory(last_ran=NOON + timedelta(days=7000)))
    there = snapshot(APART, {wiring.GENERATOR_RUNNING: False}, NOW_S)
    after, _ = generator.after(APART, known, there, PARAMS, Instant(NOW_S, NOON))
    # then it is counted from now
    assert (after.last_ran, after.exercise_until_s) == (NOON, 0.0)


def test_while_it_runs_it_is_running_and_an_exercise_ends():
    long_ago = running(Stage.RUNNING, 9e3, last_ran=NOON - timedelta(days=40))
    after, _ = stepped(long_ago, LOW | RUNS, utc=NOON)
    assert (after.last_ran, after.exercise_until_s) == (NOON, 0.0)
    for until_s, wanted in ((NOW_S + 0.1, True), (NOW_S, False)):
        over = GeneratorMemory(exercise_until_s=until_s)
        assert stepped(over, {}, mode=Mode.GRID_CONNECTED, seen=CLOSED)[0].wanted is wanted


@pytest.mark.parametrize(
    ("memory", "due_s"),
    [
        (GeneratorMemory(), inf),
        (GeneratorMemory(stage=Stage.STARTING, since_s=NOW_S), NOW_S + 60.0),
        (GeneratorMemory(stage=Stage.WARMING, since_s=NOW_S), NOW_S + 30.0),
        (GeneratorMemory(stage=Stage.RUNNING, since_s=NOW_S), NOW_S + 1800.0),
        (GeneratorMemory(stage=Stage.COOLING, since_s=NOW_S), NOW_S + 300.0),
        (GeneratorMemory(not_before_s=NOW_S + 7.0), NOW_S + 7.0),
        (GeneratorMemory(exercise_until_s=NOW_S + 7.0), NOW_S + 7.0),
        (GeneratorMemory(high_since_s=NOW_S), NOW_S + 20.0),
        (GeneratorMemory(stopped_since_s=NOW_S), NOW_S + 5.0),
        (GeneratorMemory(not_before_s=NOW_S), inf),
    ],
)
def test_its_next_stage_comes_due(memory: GeneratorMemory, due_s: float):
    assert generator.due_s(state(generator=memory), PARAMS, NOW_S) == due_s


@pytest.mark.parametrize(
    ("mode", "stage", "seen", "asks"),
    [
        (Mode.ISLANDED, Stage.RUNNING, OPEN, 1.0),
        (Mode.ISLANDED, Stage.STARTING, OPEN, 1.0),
        (Mode.ISLANDED, Stage.OFF, OPEN, 0.0),
        (Mode.ISLANDED, Stage.STARTING, CLOSED, 0.0),
        (Mode.ISLANDED, Stage.STARTING, at(TiePosition.UNKNOWN), None),
        (Mode.FAULT_SAFE, Stage.STARTING, OPEN, None),
    ],
)
def test_it_is_asked_to_run_where_it_cannot_meet_the_grid(mode: Mode, stage: Stage, seen: Any, asks: float | None):
    known = state(mode, evidence=seen, generator=GeneratorMemory(stage=stage))
    found = list(generator.proposals(SITE, known, snapshot(SITE, {}), PARAMS, 0.0))
    asked = [(one.prefer, one.rank, one.high) for one in found if one.role == wiring.GENERATOR_RUN]
    ranks = {1.0: (1.0, Rank.ISLAND, inf), 0.0: (0.0, Rank.INTERLOCK, 0.0)}
    assert asked == ([] if asks is None else [ranks[asks]])


@pytest.mark.parametrize(
    ("given_w", "charging_w", "fills_w"),
    [
        # a third of 20 kW, nearly: 6 kW
        pytest.param(2500.0, 500.0, 4000.0, id="the building takes 2 kW of it"),
        pytest.param(2500.0, -700.0, 3500.0, id="a battery that gives counts for nothing"),
        pytest.param(7000.0, 0.0, 0.0, id="loaded well"),
        pytest.param(7000.0, 1500.0, 500.0, id="because a battery fills"),
        pytest.param(2500.0, None, 3500.0, id="nobody reads it"),
        pytest.param(None, 500.0, None, id="nobody reads the engine"),
    ],
)
def test_batteries_take_what_an_engine_needs_for_load(
    given_w: float | None, charging_w: float | None, fills_w: float | None
):
    flows = None if charging_w is None else -charging_w
    there = snapshot(SITE, {wiring.GENERATOR_POWER: given_w, wiring.battery_power(MAIN): flows})
    known = state(evidence=OPEN, generator=GeneratorMemory(stage=Stage.RUNNING))
    found = [one for one in generator.proposals(SITE, known, there, PARAMS, 0.0) if one.role != wiring.GENERATOR_RUN]
    told = [(one.prefer, one.low, one.high) for one in found]
    assert told == ([] if fills_w is None else [(pytest.approx(-fills_w), -30_000.0, 0.0)])
    # two share it
    second = replace(SITE.batteries[0], id=SourceId("second"))
    both = replace(SITE, batteries=(*SITE.batteries, second))
    more = snapshot(both, {wiring.GENERATOR_POWER: given_w, wiring.battery_power(MAIN): flows})
    shares = [one.prefer for one in generator.proposals(both, known, more, PARAMS, 0.0) if one.high == 0.0]
    assert shares == ([] if fills_w is None else [pytest.approx(-fills_w / 2.0)] * 2)
    warm = replace(known, generator=GeneratorMemory(stage=Stage.WARMING))
    assert len(list(generator.proposals(SITE, warm, there, PARAMS, 0.0))) == 1


@pytest.mark.parametrize(
    ("told", "fills_w"),
    [
        # 20 kW, of which an engine needs 6; it gives 7
        pytest.param(sent(-5000.0), 4000.0, id="it was told to take 5 kW of them"),
        pytest.param(sent(3000.0), 0.0, id="to give"),
        pytest.param(None, 0.0, id="never told"),
    ],
)
def test_a_battery_that_nobody_sees_counts_as_taking_what_it_was_told(told: Any, fills_w: float):
    power = wiring.battery_power(MAIN)
    known = state(
        generator=GeneratorMemory(stage=Stage.RUNNING), evidence=OPEN, sent={} if told is None else {power: told}
    )
    seen = snapshot(SITE, {wiring.GENERATOR_POWER: 7000.0, power: None}, NOW_S)
    made = generator.proposals(SITE, known, seen, PARAMS, NOW_S)
    assert [one.prefer for one in made if one.role == power] == [pytest.approx(-fills_w)]
