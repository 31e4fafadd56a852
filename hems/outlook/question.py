"""What the daemon asks the outlook process; one line of JSON each way."""

from dataclasses import dataclass, replace

from hems.control.memory.acting import GeneratorMemory
from hems.control.params import Params
from hems.control.state import ControlState
from hems.model.foresight import Foresight, WhatIf
from hems.model.instant import Instant
from hems.model.request import CarWish, Order, Request
from hems.model.site import Site
from hems.model.snapshot import GeneratorReading, Snapshot

Wish = Request | Order | CarWish
"""What a person may ask about before doing it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The present, and what is asked of it: a look ahead, or what `request` would change."""

    number: int
    site: Site
    params: Params
    state: ControlState
    snapshot: Snapshot
    now: Instant
    request: Wish | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """To the question of that number; neither field when nothing can be said, as in the dark."""

    number: int
    foresight: Foresight | None = None
    what_if: WhatIf | None = None


def simulated(question: Question) -> Question:
    """The same without what the building's equations do not have: a generator, and inputs that people press."""
    site = replace(question.site, generator=None, has_fire_alarm=False, has_red_button=False)
    state = replace(question.state, generator=GeneratorMemory())
    snapshot = replace(question.snapshot, generator=GeneratorReading(), outcomes=(), fired=(), requests=())
    return replace(question, site=site, state=state, snapshot=snapshot)
