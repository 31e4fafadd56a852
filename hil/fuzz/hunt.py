"""Plays stories until one fails, and then leaves out of it whatever is not needed for it to fail."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from hems.model.contained import contained
from hems.sim.record import sequence
from hems.sim.scenario import Scenario
from hil.fuzz.story import Story, without
from hil.stage import Played

Play = Callable[[Scenario], Played]
LOOKS_ON_S = 60.0
"""How much of a story is kept after what went wrong in it."""


@dataclass(frozen=True, slots=True)
class Found:
    """What went wrong in a story."""

    story: Story
    check: str
    """Of the expectation that did not hold; `ends` when the program ended by itself."""
    text: str
    detail: str


def first_fault(story: Story, play: Play) -> Found | None:
    """What goes wrong in a story, if anything does."""
    scenario = story.told()
    with contained() as program:  # whatever ends the program under test is what is looked for
        played = play(scenario)
    if program.fault is not None:
        return Found(story, "ends", "hems goes on", f"{type(program.fault).__name__}: {program.fault}")
    for expectation, verdict in zip(scenario.expectations, played.verdicts, strict=True):
        if not verdict.held:
            return Found(story, expectation.check, verdict.text, verdict.detail)
    return None


def shrunk(found: Found, play: Play) -> Iterator[Found]:
    """Ever shorter stories in which the same goes wrong."""
    if (cut := _cut(found)) is not None and (sooner := _again(found, cut, play)) is not None:
        found = sooner
        yield found
    index = 0
    while index < len(found.story.faults):
        smaller = replace(found.story, faults=without(found.story.faults, index))
        if (again := _again(found, smaller, play)) is not None:
            found = again
            yield found
        else:
            index += 1


def _again(found: Found, story: Story, play: Play) -> Found | None:
    """The same going wrong in another story."""
    other = first_fault(story, play)
    return other if other is not None and other.check == found.check else None


def _cut(found: Found) -> Story | None:
    """The story up to soon after it went wrong, where that is known."""
    said = re.search(r", at ([0-9.]+) s$", found.detail)
    return None if said is None else replace(found.story, ends_s=float(round(float(said[1]) + LOOKS_ON_S)))


def repeats(story: Story, play: Play) -> bool:
    """Whether the same story goes the same way twice, to each switching and its instant."""
    one, other = (sequence(play(story.told()).record.events) for _ in range(2))
    return one == other
