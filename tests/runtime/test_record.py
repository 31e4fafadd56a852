"""What a restart needs is kept at once when it was decided, and else now and then."""

from dataclasses import replace
from typing import cast

from hems.control.memory.acting import GeneratorMemory, Stage
from hems.control.params import Params
from hems.control.state import ControlState, initial
from hems.model.instant import Instant
from hems.ports.store import History
from hems.runtime.record import SAVE_EVERY_S, Recorder


class Kept:
    """A store that only counts what it is given to keep."""

    def __init__(self) -> None:
        self.at: list[tuple[float, bool]] = []

    def save_state(self, _blob: str, at: Instant, *, at_once: bool) -> None:
        self.at.append((at.mono_s, at_once))


def kept(*states: tuple[float, ControlState]) -> list[tuple[float, bool]]:
    """When a run of states was kept, and whether at once."""
    store = Kept()
    recorder = Recorder(cast(History, store), Params())
    for now_s, state in states:
        recorder.save(Instant(now_s), state)
    return store.at


def test_while_nothing_is_decided_the_state_is_kept_now_and_then():
    still = initial(0.0)
    assert kept((0.0, still), (1.0, still), (SAVE_EVERY_S, still)) == [(0.0, True), (SAVE_EVERY_S, False)]


def test_a_generator_that_was_started_is_known_to_a_hems_that_is_killed_the_moment_after():
    # given an engine that goes through its stages, and fails
    def having(stage: Stage, failures: int = 0) -> ControlState:
        return replace(initial(0.0), generator=GeneratorMemory(stage=stage, failures=failures))

    stages = [having(Stage.OFF), having(Stage.STARTING), having(Stage.WARMING), having(Stage.RUNNING)]
    stages += [having(Stage.OFF, 1), having(Stage.OFF, 1)]
    # then each is kept at once: whoever starts with an older one would stop it, hot, or ask it again too soon
    assert kept(*((float(second), one) for second, one in enumerate(stages))) == [
        (float(second), True) for second in range(5)
    ]


def test_that_people_have_taken_over_is_known_to_a_hems_that_is_killed_the_moment_after():
    theirs = replace(initial(0.0), by_hand=True)
    assert kept((0.0, initial(0.0)), (1.0, theirs), (2.0, theirs)) == [(0.0, True), (1.0, True)]
