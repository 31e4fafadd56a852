"""Every acceptance scenario, on equations and over real sockets in virtual time."""

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hems.model.errors import HemsError
from hems.model.event import EventKind
from hems.model.mode import Mode
from hems.sim.scenario import in_short
from hil import stage
from hil.page import page
from hil.run import junit, plain, table
from hil.told import plain as plain_act
from hil.told import sentence
from tests.hil.decisions import Decisions
from tests.kept import assert_as_kept

TIMELINES = Path(__file__).parent / "timelines"
"""What hems decides in each story; their differences show what a change means for a building."""
SCENARIOS = {scenario.id: scenario for scenario in stage.scenarios()}


MOST_ALARMS, FIRST_S = 5, 600.0
"""Of a power cut.  More than these nobody can work off.  Source: operator reference 1.1."""
DARK = frozenset({Mode.ISLANDED_STABILIZING, Mode.BLACKOUT})


def failures(played: stage.Played) -> list[str]:
    assert played.verdicts
    wrong = [f"{verdict.text}: {verdict.detail}" for verdict in played.verdicts if not verdict.held]
    raised = alarms(played)
    return [*wrong, *([f"{len(raised)} alarms in ten minutes: {raised}"] if len(raised) > MOST_ALARMS else [])]


def alarms(played: stage.Played) -> list[str]:
    """What asked for somebody in the first ten minutes of each power cut, the worst of them."""
    events = played.record.events
    begun = [t_s for t_s, event in events if event.kind is EventKind.MODE and event.subject in DARK]
    raised = [(t_s, event.subject) for t_s, event in events if event.kind is EventKind.ALARM_RAISED]
    return max(([key for t_s, key in raised if at_s <= t_s <= at_s + FIRST_S] for at_s in begun), key=len, default=[])


@pytest.mark.long
@pytest.mark.parametrize("name", SCENARIOS)
def test_in_fast_forward_everything_goes_as_expected_and_as_it_is_kept(name: str) -> None:
    decisions = Decisions()
    assert failures(stage.fast(SCENARIOS[name], decisions.look)) == []
    assert_as_kept(TIMELINES / f"{name}.txt", decisions.text, "hems has decided something else")


def test_no_record_is_kept_of_a_story_that_is_not_there() -> None:
    assert {path.stem for path in TIMELINES.iterdir()} == set(SCENARIOS)


ON_WIRES = {"T1-a", "T1-c", "T1-d", "T1-e", "T1-f", "T1-g", "T1-h", "T2-a", "T3-a", "T3-b", "T4-a", "F-a", "T2-b"}
ON_WIRES |= {"X-c", "X-d", "X-e"}
"""Played over sockets each time, as X-a is with ten kills instead of its own (test_kills); the others are when there is
time, and by `hems hil run all`."""


VIRTUAL = [name for name, scenario in SCENARIOS.items() if "virtual" in scenario.ways]


@pytest.mark.long
@pytest.mark.wire
@pytest.mark.parametrize(
    "name", [name if name in ON_WIRES else pytest.param(name, marks=pytest.mark.soak) for name in VIRTUAL]
)
def test_over_real_sockets_everything_goes_as_expected(name: str) -> None:
    assert failures(stage.on_virtual_wires(SCENARIOS[name])) == []


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_equal_flats_get_the_same_over_a_whole_day_of_shortage_with_all_waits_as_they_are() -> None:
    # given the story of an hour's third, told in a day, with a battery that lasts as long and no wait shortened
    told, day_s = SCENARIOS["D2-c"], 86_400.0
    later = {"to_s": day_s, "from_s": 200.0}  # by then what goes off with the grid has had its rest
    longer = [{**one.params, **{key: later[key] for key in one.params if key in later}} for one in told.expectations]
    whole = replace(
        told,
        times="normal",
        ends_s=day_s,
        rig={**told.rig, "batteries": {"main": {"capacity_kwh": 48 * 60}}},
        expectations=tuple(replace(one, params=params) for one, params in zip(told.expectations, longer, strict=True)),
    )
    # then it is as fair, with turns of an hour and no switch that moves more than thirty times
    assert failures(stage.fast(whole)) == []


def test_each_has_an_id_of_its_own_and_says_what_it_proves() -> None:
    assert set(SCENARIOS) >= ON_WIRES
    files = list(stage.SCENARIOS.glob("*.toml"))
    assert (
        len(SCENARIOS) == len(files) - 1
    )  # the demonstration's happens in either building and proves nothing by itself
    assert all(scenario.proves for scenario in SCENARIOS.values())


def test_what_can_only_be_tried_on_a_process_of_its_own_is_refused_in_a_sentence_elsewhere() -> None:
    frozen = SCENARIOS["W-f"]
    assert "virtual" not in frozen.ways
    with pytest.raises(HemsError, match="--way real"):
        stage.on_virtual_wires(replace(frozen, acts=frozen.acts[:1], ends_s=5.0))


@pytest.fixture(scope="module")
def t1_c() -> stage.Played:
    """A story of a minute, for what is told of any."""
    return stage.fast(SCENARIOS["T1-c"])


def test_a_story_goes_the_same_way_whatever_was_told_of_the_same_building_before(t1_c: stage.Played) -> None:
    stage.fast(SCENARIOS["T1-d"])
    assert stage.fast(SCENARIOS["T1-c"]).record == t1_c.record


def test_a_way_in_which_a_story_was_not_played_is_left_empty_in_the_table(t1_c: stage.Played) -> None:
    other = replace(t1_c, scenario=SCENARIOS["W-f"], way="real")
    told = table([t1_c, other]).splitlines()
    assert next(line for line in told if line.startswith("| W-f |")).split(" | ")[3] == ""


def test_a_scenario_that_does_not_hold_is_told_in_every_format(t1_c: stage.Played) -> None:
    # given a run in which the inverter was expected to trip
    scenario = t1_c.scenario
    wrong = replace(scenario.expectations[0], check="by", params={"that": ["trips", "at_least", 1], "by_s": 10.0})
    played = replace(t1_c, scenario=replace(scenario, expectations=(wrong,)))
    # then no report says that all is well
    assert not played.held
    assert "**not held**" in table([played])
    assert "<failure" in junit([played])
    assert "NOT HELD" in page([played])
    assert 0 < page([played]).find("What did not hold") < page([played]).find("How it was tried")
    assert '"held": false' in plain([played])


def test_the_page_of_scenarios_has_every_expectation_and_all_held(checkout: Path) -> None:
    page = (checkout / "docs" / "scenarios.md").read_text()
    missing = [one.text for scenario in SCENARIOS.values() for one in scenario.expectations if one.text not in page]
    assert missing == [], "write the page again: hems hil run all --table docs/scenarios.md"
    assert "not held" not in page


@pytest.mark.wire
def test_an_order_that_should_be_refused_and_is_taken_is_found_in_both_ways() -> None:
    # given the story of the refusal, with enough stored for what is asked
    told = replace(SCENARIOS["T2-b"], rig={"start": {"battery_soc_pct": 90}}, ends_s=15.0)
    for way in (stage.fast, stage.on_virtual_wires):
        wrong = [verdict.text for verdict in way(told).verdicts if not verdict.held]
        assert "it is refused, with the reason" in wrong


# In short, and in real time ------------------------------------------------------------------------------------------

SHORT = {name: in_short(scenario) for name, scenario in SCENARIOS.items() if scenario.short}
IN_REAL_TIME = ("T1-a", "T1-b", "T1-d", "T1-e", "T1-f", "T3-b", "W-f", "X-a", "X-c", "X-e")


def test_told_in_short_a_story_keeps_its_order_and_its_expectations() -> None:
    for name, short in SHORT.items():
        assert short.times == "short"
        assert short.ends_s <= 65.0
        assert [act.do for act in short.acts] == [act.do for act in SCENARIOS[name].acts]
        assert [one.text for one in short.expectations] == [one.text for one in SCENARIOS[name].expectations]
        assert list(short.acts) == sorted(short.acts, key=lambda act: act.t_s)
        assert all(act.t_s < short.ends_s for act in short.acts)


def test_a_report_says_which_waits_were_shortened() -> None:
    short = stage.fast(SHORT["T1-e"])
    assert failures(short) == []
    assert "| `grid.qualify_s` | 5 | 60 |" in table([short])
    assert "shortened" not in table([stage.fast(SCENARIOS["T1-e"])])


@pytest.mark.real_time
@pytest.mark.wire
def test_as_two_processes_in_real_time_the_grid_fails_and_all_is_shed_in_time() -> None:
    assert failures(stage.on_real_wires(SHORT["T1-a"])) == []


@pytest.mark.real_time
@pytest.mark.soak
@pytest.mark.wire
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", IN_REAL_TIME)
def test_as_two_processes_in_real_time_everything_goes_as_expected(name: str) -> None:
    assert failures(stage.on_real_wires(in_short(SCENARIOS[name]))) == []


@pytest.mark.soak
@pytest.mark.wire
@pytest.mark.parametrize("name", SHORT)
def test_in_short_over_real_sockets_everything_goes_as_expected(name: str) -> None:
    assert failures(stage.on_virtual_wires(SHORT[name])) == []


# For people who were not there --------------------------------------------------------------------------------------


def test_all_that_is_done_in_a_story_is_told_in_sentences() -> None:
    assert [(one.id, act) for one in SCENARIOS.values() for act in one.acts if not sentence(act)] == []


def test_an_order_is_told_with_when_and_for_how_long_and_what_has_no_sentence_by_its_own_words() -> None:
    orders = [
        sentence(act) for name in ("T2-c", "I-a", "W-e") for act in SCENARIOS[name].acts if act.do != "fire_alarm"
    ]
    assert "somebody orders hems to leave the grid on purpose, in 600 s, for 120 s" in orders
    assert "somebody ends the order to act as in a fire" in orders
    assert orders[-3:-1] == ["the grid fails", "the network to the devices is whole again"]
    unheard = replace(SCENARIOS["T2-c"].acts[0], do="fly", args={"high": True})
    assert (sentence(unheard), plain_act(unheard)) == ("", "fly (high True)")


def test_the_report_is_one_file_with_a_plot_and_tells_what_was_shortened() -> None:
    # given a story of an outage
    told = page([stage.fast(SCENARIOS["T1-a"]), stage.fast(replace(SCENARIOS["T1-c"], times="short"))])
    # then nothing of it has to be fetched
    assert "<script" not in told
    assert not [link for link in re.findall(r'(?:src|href)="([^"]*)"', told) if not link.startswith("#")]
    # and every plot is well formed, with the outage and a circuit that went off in it
    plots = re.findall(r"<svg.*?</svg>", told, flags=re.DOTALL)
    assert len(plots) == 2
    assert [ElementTree.fromstring(one).tag.rpartition("}")[2] for one in plots] == ["svg", "svg"]
    assert "own power" in plots[0]
    assert "gym" in plots[0]
    assert "grid.qualify_s: 5 instead of 60" in told
    # and what was done to the building stands beside what was expected of hems
    assert "<li>at 5 s: the grid fails</li>" in told
    assert "2 stories" in told
