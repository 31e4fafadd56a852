"""A power cut from a building's records becomes a scenario, and the bench plays it as it went."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hems.cli import main
from hems.model.cause import Cause, Why
from hems.model.event import Event, EventKind
from hems.model.instant import Instant
from hems.model.mode import Mode
from hems.sim.record import Record
from hems.sim.scenario import Scenario, WorldAct
from hems.sim.scenario_file import load_scenario
from hil import stage, vloop
from hil.fuzz.filing import text_of
from hil.perform import played
from hil.places import place
from hil.record import EXPECTED, recorded
from hil.stage import VIRTUAL_LOOK_S
from hil.virtual import begin

NOTHING: dict[str, Any] = {
    "id": "lived",
    "title": "lived",
    "proves": (),
    "place": "apartments",
    "times": "normal",
    "rig": {},
    "site": {},
    "expectations": (),
}
T3_A = next(one for one in stage.scenarios("T3-a") if one.id == "T3-a")


def event(t_s: float, kind: EventKind, subject: str, why: Why = Why.EVIDENCE, **facts: str) -> Event:
    return Event(Instant(t_s), kind, subject, Cause(why, dict(facts)))


def steps(record: Record) -> list[Mode]:
    """Those of its modes that a recorded story expects."""
    return [mode for _, mode in record.modes() if mode in EXPECTED]


def act(t_s: float, do: str, **args: str) -> WorldAct:
    return WorldAct(t_s=t_s, do=do, args=args)


CUT = (
    event(1000.0, EventKind.EVIDENCE, "grid", **{"is": "dead"}),
    event(1000.2, EventKind.MODE, Mode.ISLANDED_STABILIZING),
    event(1010.0, EventKind.MODE, Mode.ISLANDED),
    event(1030.0, EventKind.ALARM_RAISED, "device/roof", Why.DEVICE_SILENT, device="roof"),
    event(1031.0, EventKind.ALARM_RAISED, "circuits/gym/closed/deaf", Why.SHED_NOT_OBEYED),
    event(1060.0, EventKind.ALARM_CLEARED, "device/roof", Why.DEVICE_SILENT),
    event(1100.0, EventKind.EVIDENCE, "grid", **{"is": "qualifying"}),
    event(1160.0, EventKind.EVIDENCE, "grid", **{"is": "good"}),
)


def test_that_hems_had_been_started_shortly_before_is_not_expected_of_the_bench() -> None:
    # given records that begin with the start of hems, which is on the grid by itself
    started = event(995.0, EventKind.MODE, Mode.RECONNECTED_RESTORING, Why.ESTIMATES_VALID)
    told = [one.params.get("that") for one in recorded((started, *CUT), name="r", place="home", began="x").expectations]
    assert ["mode", "is", "reconnected_restoring"] not in told
    assert ["mode", "is", "islanded"] in told


def test_what_the_records_say_of_the_world_becomes_acts_and_what_hems_did_is_expected() -> None:
    scenario = recorded(CUT, name="r", place="apartments", began="today")
    assert [(act.t_s, act.do) for act in scenario.acts] == [
        (5.0, "fail_grid"),
        (30.0, "silence"),
        (31.0, "weld"),
        (65.0, "resume"),
        (105.0, "return_grid"),
    ]
    islanded = scenario.expectations[0]
    assert islanded.params == {"that": ["mode", "is", "islanded"], "from_s": 0.0, "by_s": 30.0}


@pytest.mark.long
def test_a_cut_that_was_played_goes_the_same_way_when_its_record_is_played(tmp_path: Path) -> None:
    # given the events of a cut in which the grid dipped while it qualified
    events = [replace(one, at=Instant(t_s)) for t_s, one in stage.fast(T3_A).record.events]
    path = tmp_path / "again.toml"
    path.write_text(text_of(recorded(events, name="again", place="apartments", began="today")), encoding="utf-8")
    # then its story, played anew, comes to the same
    played = stage.fast(load_scenario(path))
    assert [f"{one.text}: {one.detail}" for one in played.verdicts if not one.held] == []


@pytest.mark.long
@pytest.mark.wire
def test_what_a_daemon_has_written_down_of_a_power_cut_becomes_a_story_that_plays_as_it_went(tmp_path: Path) -> None:
    # given a daemon on real sockets that lives through a power cut with a device silent in it, and keeps its records
    acts = (act(5.0, "fail_grid"), act(8.0, "silence", device="roof"), act(30.0, "return_grid"))
    lived = Scenario(**NOTHING | {"ends_s": 115.0, "acts": acts})

    async def life(loop: vloop.VirtualLoop) -> Record:
        async with begin(place("apartments"), tmp_path, loop) as run:
            return await played(run, lived, look_s=VIRTUAL_LOOK_S)

    there = steps(vloop.run(life))
    # when an engineer makes a story of the records, and plays it
    story = tmp_path / "story.toml"
    assert main(["hil", "record", str(tmp_path / "state"), "--file", str(story)]) == 0
    played_again = stage.fast(load_scenario(story))
    # then the same happens in it, and it goes as it went
    assert {"fail_grid", "silence", "return_grid"} <= {one.do for one in played_again.scenario.acts}
    assert [f"{one.text}: {one.detail}" for one in played_again.verdicts if not one.held] == []
    assert steps(played_again.record) == there


def test_records_without_a_power_cut_are_told_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hil", "record", str(tmp_path / "nowhere")]) != 0
    assert "nowhere" in capsys.readouterr().err
