"""Starting again: what is believed of an earlier run, and how little after it has fallen over too often."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hems.control.resume import RESTED_MAKERS
from hems.control.state import initial
from hems.model import wiring
from hems.model.codec import to_plain
from hems.model.left import Left
from hems.model.request import Want
from hems.model.site import Former, Phase, Site, Tier
from hems.model.units import CircuitId, SourceId
from hems.runtime.survival import CRASHES, WITHIN_S, Starts, first_state, fitting
from tests.control.panel import on_an_island, panel
from tests.given import circuit, flats, forces


def failed(directory: Path, *starts_s: float, boot_id: str = "boot") -> int:
    """How many failed starts the last of these sees, none of them ending in good order."""
    found = 0
    for start_s in starts_s:
        found = Starts(directory, boot_id).begin(start_s)
    return found


def test_starts_that_have_not_ended_in_good_order_are_counted(tmp_path: Path):
    assert failed(tmp_path, 0.0, 10.0, 20.0, 30.0) == 3


def test_one_end_in_good_order_forgives_all(tmp_path: Path):
    failed(tmp_path, 0.0, 10.0, 20.0)
    Starts(tmp_path, "boot").end()
    assert failed(tmp_path, 30.0) == 0


def test_starts_of_long_ago_do_not_count(tmp_path: Path):
    assert failed(tmp_path, 0.0, 10.0, 20.0, 15.0 + WITHIN_S) == 1


def test_starts_before_the_machine_was_switched_on_do_not_count(tmp_path: Path):
    failed(tmp_path, 0.0, 10.0, 20.0)
    assert failed(tmp_path, 30.0, boot_id="the next") == 0


@pytest.mark.parametrize(
    ("ended", "boot_id", "cut_off"), [(False, "the next", True), (True, "the next", False), (False, "boot", False)]
)
def test_a_gateway_that_went_out_while_hems_ran_is_told_from_one_that_was_switched_off_in_good_order(
    tmp_path: Path, ended: bool, boot_id: str, cut_off: bool
):
    Starts(tmp_path, "boot").begin(5.0)
    if ended:
        Starts(tmp_path, "boot").end()
    later = Starts(tmp_path, boot_id)
    later.begin(7.0)
    assert later.cut_off is cut_off


@pytest.mark.parametrize("content", ["", "{", "[]", '{"boot_id": "boot"}', '{"boot_id": "boot", "starts_s": ["x"]}'])
def test_a_torn_file_counts_as_no_start_at_all(tmp_path: Path, content: str):
    (tmp_path / "starts.json").write_text(content)
    assert failed(tmp_path, 5.0) == 0


def test_a_disk_that_takes_nothing_more_hides_neither_crashes_nor_a_power_cut(tmp_path: Path):
    # given a start before the power cut, noted on a disk that has taken nothing since
    disk, memory = tmp_path / "disk", tmp_path / "memory"
    disk.mkdir()
    memory.mkdir()
    Starts(disk, "boot", beside=memory).begin(5.0)
    (memory / "starts.json").unlink()
    (disk / "starts.new").mkdir()

    # when hems starts again and again
    starts = [Starts(disk, "the next", beside=memory) for _ in range(3)]
    found = [one.begin(7.0 + number) for number, one in enumerate(starts)]

    # then the first one came after the cut, and the others after a crash
    assert [one.cut_off for one in starts] == [True, False, False]
    assert found == [0, 1, 2]
    # and a good end is believed although the disk still says otherwise
    starts[-1].end()
    assert Starts(disk, "the next", beside=memory).begin(20.0) == 0


def test_a_place_that_cannot_be_written_is_no_reason_not_to_start(tmp_path: Path):
    assert failed(tmp_path / "nowhere", 0.0, 1.0) == 0


# The state to begin with ----------------------------------------------------------------------------------------------


def outage() -> tuple[str, float]:
    """What a run on an island had saved, with circuits shed and an override, and when."""
    story = on_an_island().ask(forces("kitchen", Want.OFF)).advance(5.0)
    assert story.off()
    return json.dumps(to_plain(story.state)), story.now_s


@pytest.mark.parametrize("failures", [0, CRASHES - 1])
def test_few_failures_change_nothing(failures: int):
    blob, now_s = outage()
    state = first_state(flats(), Left(blob=blob), now_s=now_s, failures=failures, cut_off=False)
    assert [one.circuit for one in state.overrides] == ["kitchen"]
    assert state.failing == {}


def test_after_three_failures_restoring_and_cars_are_left_out_and_what_was_shed_is_remembered():
    blob, now_s = outage()
    state = first_state(flats(), Left(blob=blob), now_s=now_s, failures=CRASHES, cut_off=False)
    assert set(state.failing) == set(RESTED_MAKERS)
    assert [one.circuit for one in state.overrides] == ["kitchen"]
    # and so it runs: alarmed, and with nothing coming back
    story = panel()
    story.state, story.now_s = state, now_s
    story.advance(900.0, every_s=10.0)
    assert {"decision/restoring", "decision/cars"} <= set(story.state.alarms)
    assert not any(command.energises for _, command in story.commands())


def test_after_six_failures_not_even_what_was_saved_is_believed():
    blob, now_s = outage()
    state = first_state(flats(), Left(blob=blob), now_s=now_s, failures=2 * CRASHES, cut_off=False)
    assert state.overrides == ()
    assert set(state.failing) == set(RESTED_MAKERS)


@pytest.mark.parametrize("blob", [None, "", "nonsense", "{}", "[1, 2]", '{"at_s": "soon", "boot_s": 0}'])
def test_a_state_that_cannot_be_read_is_left_aside(blob: str | None):
    assert first_state(flats(), Left(blob=blob), now_s=7.0, failures=0, cut_off=False) == initial(7.0)


def cottage() -> Site:
    """Another building: two phases, one circuit of the same name that is now life safety, nothing else in common."""
    return flats(
        phases=(Phase.L1, Phase.L2),
        former=Former(source=SourceId("main"), name="Inverter", phase_va=(5_000.0, 5_000.0)),
        circuits=(
            circuit("kitchen", Tier.LIFE_SAFETY, 500.0, Phase.L1),
            circuit("sauna", Tier.COMFORT, 900.0, Phase.L2),
        ),
        batteries=(),
        bays=(),
        pvs=(),
    )


def test_what_was_saved_of_another_building_is_not_believed_of_this_one():
    # given the state of a three-phase block of flats in an outage, and the site file of a cottage
    blob, now_s = outage()
    state = first_state(cottage(), Left(blob=blob), now_s=now_s, failures=0, cut_off=False)
    # then nothing in it is about anything that is not here, or may not be switched
    assert (state.dose, state.bays, state.overrides) == ((), {}, ())
    assert set(state.sent) == {wiring.TIE_PERMIT}
    assert {name: memory.shed_because for name, memory in state.loads.items()} == {"kitchen": None}
    # and the cottage can be run on it
    story = panel(site=cottage())
    story.state, story.now_s = state, now_s
    story.advance(900.0, every_s=10.0)
    assert story.state.alarms == {}


def test_what_was_saved_of_this_very_building_is_believed_whole():
    state = on_an_island().ask(forces("kitchen", Want.OFF)).advance(5.0).state
    assert fitting(flats(), state) == state


def test_a_red_button_that_is_gone_keeps_nobody_out():
    taken = replace(initial(5.0), by_hand=True)
    assert not fitting(flats(), taken).by_hand
    assert fitting(flats(has_red_button=True), taken).by_hand


def test_what_the_journal_knows_to_be_off_is_remembered_though_the_state_was_not_saved_in_time() -> None:
    # given a state saved before the last shed, and the journal of that shed
    blob = json.dumps(to_plain(initial(5.0)))
    laundry = wiring.circuit_closed(CircuitId("laundry"))
    told = {laundry: False, wiring.circuit_closed(CircuitId("gone_since")): False}
    # when hems starts again
    state = first_state(flats(), Left(blob=blob, told=told), now_s=7.0, failures=0, cut_off=False)
    # then it knows that the laundry waits for its turn, and nothing of circuits that are no longer there
    assert state.loads[CircuitId("laundry")].shed_because is not None
    assert CircuitId("gone_since") not in state.loads
