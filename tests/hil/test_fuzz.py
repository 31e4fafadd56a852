"""Stories drawn by lot: what is drawn, what they are judged by, how what fails is made short and written down."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from hems.app import installed_drivers
from hems.config.load import load
from hems.model.cause import Cause, Why
from hems.model.event import Event, EventKind
from hems.model.instant import Instant
from hems.model.mode import Mode
from hems.sim.checks.case import Case
from hems.sim.checks.oracle import ORACLE
from hems.sim.record import Frame, Record
from hems.sim.scenario import DEVICES, WORLD, Scenario, WorldAct
from hems.sim.scenario_file import load_scenario
from hil import stage
from hil.fuzz.command import drawn
from hil.fuzz.fault import FAULTS_END_S, Fault
from hil.fuzz.filing import text_of
from hil.fuzz.hunt import first_fault, shrunk
from hil.fuzz.story import PLACES, Story, in_short
from hil.places import place

SEEDS = range(60)
FILE = load(place("apartments").site, installed_drivers())
QUIET = Frame(
    t_s=0.0,
    mode=Mode.GRID_CONNECTED,
    off=frozenset(),
    bus_live=True,
    car_soc_pct={},
    battery_pct=60.0,
    trips=0,
    grid_good=True,
    tie_open=False,
)


def judged(check: str, frames: Iterable[Frame], events: Iterable[tuple[float, Event]] = (), **params: Any) -> bool:
    held, _ = ORACLE[check](Case(FILE.site, FILE.params, Record(list(frames), list(events))), **params)
    return held


def at(t_s: float, **facts: Any) -> Frame:
    return replace(QUIET, t_s=t_s, **facts)


def event(t_s: float, kind: EventKind, subject: str, why: Why, **facts: Any) -> tuple[float, Event]:
    return t_s, Event(Instant(t_s), kind, subject, Cause(why, facts))


# What is drawn -------------------------------------------------------------------------------------------------------


def test_the_same_seed_draws_the_same_story_and_another_one_another() -> None:
    assert drawn(7, "apartments") == drawn(7, "apartments")
    assert drawn(7, "apartments").told().acts != drawn(8, "apartments").told().acts


@pytest.mark.parametrize("name", PLACES)
def test_every_story_begins_with_a_cut_and_leaves_enough_calm_after_the_last_fault(name: str) -> None:
    for seed in SEEDS:
        acts = drawn(seed, name).told().acts
        assert "fail_grid" in {act.do for act in acts}
        assert list(acts) == sorted(acts, key=lambda act: act.t_s)
        assert acts[-1].do == "ask"
        assert acts[-1].args["request"] == "acknowledge"
        assert acts[-1].t_s < FAULTS_END_S + 300.0


def test_every_kind_of_act_is_drawn_somewhere() -> None:
    drawn_acts = {act.do for name in PLACES for seed in SEEDS for act in drawn(seed, name).told().acts}
    not_by_lot = {"fire_alarm", "red_button", "dark_start"}  # a person has to end these
    not_by_lot |= {"limit", "utility_silent", "reduce", "hertz"}  # of connections that no place has
    assert set(WORLD) - not_by_lot <= drawn_acts
    on_process = {"freeze_hems", "disk"}  # of a process of its own, in real time
    too_long = {"second_master"}  # for an hour hems leaves it what it commands: X-k
    unplanned = {"solver"}  # no story drawn by lot has seen days to plan with: M-a
    assert set(DEVICES) - on_process - too_long - unplanned <= drawn_acts


@pytest.mark.parametrize("name", PLACES)
def test_in_short_a_story_keeps_its_faults_and_their_order_with_calm_after_the_last(name: str) -> None:
    for seed in SEEDS:
        whole, short = drawn(seed, name).told(), in_short(drawn(seed, name)).told()
        assert short.times == "short"
        assert [(one.do, one.args) for one in short.acts] == [(one.do, one.args) for one in whole.acts]
        assert short.acts[-1].t_s <= short.ends_s - 300.0
        assert short.ends_s <= 0.3 * whole.ends_s


# What they are judged by -------------------------------------------------------------------------------------------


def test_a_permit_before_the_grid_has_stood_is_found() -> None:
    good = [at(0.0), at(10.0, grid_good=False, tie_open=True), at(20.0, tie_open=True), at(90.0, tie_open=True)]
    permit = event(90.0, EventKind.COMMAND, "tie/permit", Why.PERMIT_RECONNECT, value=True)
    assert judged("permits_proven", good, [permit])
    early = [*good[:2], at(85.0, grid_good=False, tie_open=True), at(90.0, tie_open=True)]
    assert not judged("permits_proven", early, [permit])


def test_an_island_behind_a_closed_tie_is_found_unless_nobody_could_tell() -> None:
    frames = [at(0.0), at(10.0, mode=Mode.ISLANDED), at(20.0)]
    assert not judged("island_is_real", frames)
    assert judged("island_is_real", frames, but=[[5.0, 15.0]])
    assert judged("island_is_real", [at(9.0, tie_open=True), *frames[1:2]])


def test_a_car_below_its_floor_is_found_and_one_that_arrived_empty_is_not() -> None:
    assert not judged("floors_kept", [at(0.0, car_soc_pct={"bay_1": 50.1}), at(1.0, car_soc_pct={"bay_1": 49.5})])
    assert judged("floors_kept", [at(0.0, car_soc_pct={"bay_1": 60.0}), at(1.0, car_soc_pct={"bay_1": 20.0})])
    assert judged("floors_kept", [at(0.0, car_soc_pct={"bay_1": 20.0}), at(1.0, car_soc_pct={"bay_1": 20.1})])


def test_a_car_that_came_nearly_empty_may_form_the_island_and_one_that_was_fuller_stays_above_its_floor() -> None:
    home = load(place("home").site, installed_drivers())

    def kept(*soc_pct: float) -> bool:
        seen = [at(float(t_s), car_soc_pct={"garage": pct}) for t_s, pct in enumerate(soc_pct)]
        return ORACLE["floors_kept"](Case(home.site, home.params, Record(seen, [])))[0]

    assert kept(76.0, 25.0, 24.9, 24.8)
    assert not kept(40.0, 39.5)


def test_a_car_that_begins_to_charge_on_an_island_is_found_and_not_one_that_is_about_to_stop() -> None:
    def charges(*soc_pct: float, battery_pct: float = 50.0, but: Sequence[str] = ()) -> bool:
        """From a tie that opens at 1 s, a look every second."""
        seen = [
            at(float(t_s), tie_open=t_s > 0, battery_pct=battery_pct, car_soc_pct={"bay_1": pct})
            for t_s, pct in enumerate(soc_pct)
        ]
        return not judged("rests_on_island", seen, but=but)

    assert charges(*[50.0] * 8, 50.01)
    assert not charges(50.0, 50.01, 50.02, 50.03, 50.03, 50.03, 50.03, 50.03)
    # nor one that comes, one that takes the sun that is left, or one that begins by itself
    assert not charges(*[50.0] * 8, 70.0)
    assert not charges(*[50.0] * 8, 50.01, battery_pct=95.0)
    assert not charges(*[50.0] * 8, 50.01, but=["bay_1"])


def test_a_trip_is_found_unless_something_was_broken() -> None:
    frames = [at(0.0), at(10.0, trips=1)]
    assert not judged("trips_excused", frames)
    assert judged("trips_excused", frames, but=[[8.0, 12.0]])
    assert judged("trips_excused", [at(0.0), at(10.0 - 1e-9, trips=1)], but=[[10.0, 12.0]])
    assert not judged("trips_excused", [at(0.0), at(9.9, trips=1)], but=[[10.0, 12.0]])


def test_a_critical_circuit_without_power_is_found_except_for_want_or_what_began_in_a_fault() -> None:
    off = frozenset({"medical_sockets"})
    dark = [at(0.0), at(10.0, off=off), at(11.0, off=off)]
    assert not judged("vital_on", dark)
    assert judged("vital_on", dark, but=[[9.0, 10.5]])
    assert judged("vital_on", [replace(frame, battery_pct=5.0) for frame in dark])
    assert not judged("vital_on", [at(0.0), at(1.0, bus_live=False), at(2.0, bus_live=False)])
    assert judged("vital_on", [at(0.0), at(10.0, off=frozenset({"gym"})), at(99.0, off=frozenset({"gym"}))])


def test_nobody_is_blamed_for_the_dark_behind_a_car_that_came_with_less_than_its_driver_keeps() -> None:
    home = load(place("home").site, installed_drivers())

    def on(soc_pct: float) -> bool:
        """With medical sockets that stay off behind a car with so much."""
        seen = [
            at(0.0),
            *(at(t_s, off=frozenset({"medical"}), car_soc_pct={"garage": soc_pct}) for t_s in (10.0, 12.0)),
        ]
        return ORACLE["vital_on"](Case(home.site, home.params, Record(seen, [])))[0]

    assert on(37.0)
    assert not on(80.0)


def test_a_story_that_was_made_shorter_can_be_played_from_its_file(tmp_path: Path) -> None:
    # given a story that goes wrong before all of it has happened
    whole = drawn(7, "apartments")
    story = replace(whole, ends_s=whole.told().acts[0].t_s + 1.0)
    path = tmp_path / "found.toml"
    path.write_text(text_of(story.told(), "why"), encoding="utf-8")
    # then what would happen after its end is not in it
    assert 0 < len(load_scenario(path).acts) < len(whole.told().acts)


def test_what_hems_finds_wrong_with_itself_is_found() -> None:
    about = event(3.0, EventKind.ALARM_RAISED, "invariant/I3", Why.INVARIANT, invariant="I3")
    assert not judged("orderly", [at(0.0)], [about])
    assert judged("orderly", [at(0.0)], [event(3.0, EventKind.ALARM_RAISED, "device/roof", Why.DEVICE_SILENT)])


def test_a_switch_that_closes_time_and_again_is_found() -> None:
    most = int(FILE.params.restore.moves_hour)
    closes = [
        event(60.0 * n, EventKind.COMMAND, "circuits/gym/closed", Why.ROOM_ON_ISLAND, value=True)
        for n in range(most + 1)
    ]
    assert judged("spares_switches", [at(0.0)], closes[:-1])
    assert not judged("spares_switches", [at(0.0)], closes)


@pytest.mark.parametrize(
    "last", [{"off": frozenset({"gym"})}, {"mode": Mode.FAULT_SAFE}, {"mode": Mode.ISLANDED}, {"tie_open": True}]
)
def test_an_end_unlike_the_beginning_is_found_unless_an_alarm_tells_why_a_circuit_waits(
    last: dict[str, Any],
) -> None:
    assert judged("ends_well", [at(0.0)])
    told = event(0.5, EventKind.ALARM_RAISED, "circuits/gym/closed/rests", Why.RELAY_RESTS)
    assert judged("ends_well", [at(0.0), at(1.0, **last)], [told]) is (last == {"off": frozenset({"gym"})})
    assert not judged("ends_well", [at(0.0), at(1.0, **last)])
    assert not judged("ends_well", [])


def ran(from_s: float, to_s: float, ends_s: float, mode: Mode) -> list[Frame]:
    """A generator that runs from then to then, and how the building stands in the end."""
    stages = [
        (0.0, "stopped"),
        (from_s - 1.0, "stopped"),
        (from_s, "cranking"),
        (from_s + 30.0, "loaded"),
        (to_s, "loaded"),
    ]
    frames = [at(t_s, generator=stage, tie_open=True, mode=Mode.ISLANDED) for t_s, stage in stages]
    return [*frames, at(ends_s, generator="loaded" if ends_s == to_s else "stopped", tie_open=True, mode=mode)]


def test_an_island_that_a_generator_keeps_for_its_least_time_is_no_bad_end_and_one_that_lasts_longer_is() -> None:
    waits, own = Mode.GRID_RETURN_QUALIFYING, FILE.params.generator
    longest_s = own.start_s + own.warmup_s + own.min_run_s + own.cooldown_s
    # given one that was started ten minutes after the beginning, and a grid that is back
    assert judged("ends_well", ran(600.0, 2400.0, 2400.0, waits))
    assert judged("ends_well", ran(600.0, 2400.0, 2500.0, Mode.RECONNECTED_RESTORING))
    # then what has nothing to do with it is found all the same
    assert not judged("ends_well", ran(600.0, 2400.0, 2400.0, Mode.FAULT_SAFE))
    assert not judged("ends_well", ran(600.0, 1200.0, 2400.0, waits))
    late_s = longest_s + 700.0
    assert not judged("ends_well", ran(600.0, late_s, late_s, waits))
    assert not judged("ends_well", [at(0.0), at(2400.0, tie_open=True, mode=waits)])


# What becomes of a story that fails ----------------------------------------------------------------------------------


def act(t_s: float, do: str, **args: Any) -> WorldAct:
    return WorldAct(t_s=t_s, do=do, args=args)


STORY = Story(
    seed=1,
    place="apartments",
    faults=(
        Fault((act(5.0, "fail_grid"), act(30.0, "return_grid"))),
        Fault((act(8.0, "clock", years=20.0),)),
        Fault((act(10.0, "shine", pu=0.5), act(20.0, "shine", pu=0.0))),
    ),
    ends_s=60.0,
)


@cache
def quiet() -> stage.Played:
    """A second in which nothing happens."""
    return stage.fast(replace(STORY, faults=(), ends_s=1.0).told())


class OnlyWithTheClock(Exception):
    """What a broken program would end with."""


def broken(scenario: Scenario) -> stage.Played:
    """A program that ends by itself when the clock is set while the grid is away."""
    if {"clock", "fail_grid"} <= {one.do for one in scenario.acts}:
        raise OnlyWithTheClock
    return replace(quiet(), scenario=scenario)


def test_a_program_that_ends_by_itself_is_found_and_the_story_becomes_as_short_as_it_can_be() -> None:
    found = first_fault(STORY, broken)
    assert found is not None
    assert found.check == "ends"
    assert "OnlyWithTheClock" in found.detail
    *_, shortest = shrunk(found, broken)
    assert [fault.acts[0].do for fault in shortest.story.faults] == ["fail_grid", "clock"]


def test_what_went_wrong_early_is_not_told_to_the_end() -> None:
    # given a former that trips in the first seconds, whatever happens, in a story of an hour
    def trips(scenario: Scenario) -> stage.Played:
        frames = [*quiet().record.frames, at(5.0, trips=1)]
        return replace(quiet(), scenario=scenario, record=replace(quiet().record, frames=frames))

    found = first_fault(replace(STORY, ends_s=3600.0, faults=()), trips)
    # then the story that is written down ends soon after it
    assert found is not None
    *_, shortest = shrunk(found, trips)
    assert shortest.story.ends_s < 100.0


def test_a_story_is_written_down_as_a_scenario_that_reads_the_same(tmp_path: Path) -> None:
    for name in PLACES:
        told = drawn(5, name).told()
        path = tmp_path / f"{name}.toml"
        path.write_text(text_of(told, "Why it is here."), encoding="utf-8")
        assert load_scenario(path) == told


def test_a_short_story_holds_in_fast_forward() -> None:
    assert first_fault(replace(STORY, ends_s=300.0, faults=()), stage.fast) is None
