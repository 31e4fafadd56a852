"""One tick as text: what it knew, saw and did, so that today's code can be asked what it would have done."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hems.control.params import Params
from hems.control.state import ControlState
from hems.control.step import Step
from hems.control.tick import tick
from hems.model.codec import from_plain, to_plain
from hems.model.instant import Instant
from hems.model.mode import Mode
from hems.model.site import Site
from hems.model.snapshot import Snapshot

Did = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One recorded tick."""

    at: Instant
    state: ControlState | None
    """What the tick began with; only in some frames, from which a replay can start."""
    snapshot: Snapshot
    mode: Mode
    did: Did
    """Each command's role and value."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A tick that would decide otherwise today."""

    at: Instant
    was: tuple[Mode, Did]
    now: tuple[Mode, Did]


def frame_of(at: Instant, before: ControlState | None, snapshot: Snapshot, step: Step) -> str:
    """The text of one tick."""
    frame = Frame(at=at, state=before, snapshot=snapshot, mode=step.state.mode.mode, did=_did(step))
    return json.dumps(to_plain(frame), separators=(",", ":"))


def _did(step: Step) -> Did:
    return tuple((str(command.role), float(command.value)) for command in step.commands)


def replayed(texts: Iterable[str], site: Site, params: Params) -> Iterator[Difference | None]:
    """For each recorded tick that can be replayed: where it differs, or None where it decides as it did.

    Every frame with a state starts anew, so that one difference does not make all that follows differ.
    """
    state: ControlState | None = None
    for text in texts:
        frame = from_plain(Frame, json.loads(text))
        state = frame.state or state
        if state is None:
            continue
        step = tick(site, state, frame.snapshot, params, frame.at)
        state = step.state
        was, now = (frame.mode, frame.did), (state.mode.mode, _did(step))
        yield None if was == now else Difference(frame.at, was, now)
