"""The report of a drill, from what was recorded: what a rehearsal has shown, or how leaving the grid went."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from math import inf

from hems.model.cause import Why
from hems.model.event import Event
from hems.model.instant import Instant
from hems.model.request import Task
from hems.model.site import Site
from hems.report.after import after_outage
from hems.report.past import Curves, Cut
from hems.report.rehearsal import rehearsal_lines
from hems.report.sheet import Section, Sheet
from hems.wording import sentence
from hems.wording.language import say

OVER = frozenset({Why.ORDER_ENDED, Why.DRILL_ABORTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One drill among all that were recorded."""

    number: int
    """1 is the first one ever recorded."""
    at: Instant
    who: str
    found: Mapping[str, object] | None
    """What the rehearsal has shown; None for a drill in earnest."""
    ends: Event | None = None
    """What ended one in earnest."""
    cut: Cut | None = None
    """The time in which it was off the grid; None if it never was."""

    @property
    def result(self) -> str:
        """How it went, in a few words."""
        if self.found is not None:
            off = self.found.get("off")
            count = len(off) if isinstance(off, list) else 0
            return say("rehearsed, nothing switched; {count} circuits would go off", count=count)
        if self.ends is None:
            return say("in earnest, still going on")
        if self.ends.cause.why is Why.DRILL_ABORTED:
            return say("in earnest, broken off at the first sign of trouble")
        carried = self.cut is not None
        return say("in earnest, carried through") if carried else say("in earnest, ended before it left the grid")


def drills(events: Sequence[Event], cuts: Sequence[Cut]) -> list[Drill]:
    """All of them, the oldest first; `events` on the wall clock, see `past.on_the_wall`."""
    about = [event for event in events if event.subject == Task.DRILL]
    begun = [event for event in about if event.cause.why in (Why.REHEARSED, Why.ORDER)]
    return [_drill(number, event, about, cuts) for number, event in enumerate(begun, start=1)]


def _drill(number: int, begun: Event, about: Sequence[Event], cuts: Sequence[Cut]) -> Drill:
    who = str(begun.cause.facts.get("who", ""))
    if begun.cause.why is Why.REHEARSED:
        told = str(begun.cause.facts.get("found") or "{}")
        return Drill(number=number, at=begun.at, who=who, found=json.loads(told))
    after = (one for one in about if one.at.mono_s >= begun.at.mono_s and one.cause.why in OVER)
    ends = next(after, None)
    until_s = inf if ends is None else ends.at.mono_s
    cut = next((one for one in cuts if begun.at.mono_s <= one.start.mono_s <= until_s), None)
    return Drill(number=number, at=begun.at, who=who, found=None, ends=ends, cut=cut)


def drill_sheet(site: Site, drill: Drill, curves: Curves, zone: tzinfo | None = None) -> Sheet:
    """Its report."""
    names = {str(one.id): one.name for one in site.circuits}
    by = say("{when}, by {who}: {result}.", when=dated(drill.at, zone), who=_who(drill), result=drill.result)
    under, title = (by,), say("Drill {number} of {site}", number=drill.number, site=site.name)
    if drill.cut is not None:
        whole = after_outage(site, drill.cut, curves, zone)
        return Sheet(title=title, under=(*under, *whole.under), sections=whole.sections)
    return Sheet(title=title, under=under, sections=tuple(_shown(drill, names)))


def _who(drill: Drill) -> str:
    return drill.who or say("nobody named")


def dated(at: Instant, zone: tzinfo | None) -> str:
    """The day and the minute."""
    return say("date not known") if at.utc is None else f"{at.utc.astimezone(zone):%Y-%m-%d %H:%M}"


def _shown(drill: Drill, names: Mapping[str, str]) -> Iterator[Section]:
    if drill.found:
        yield Section(heading=say("What would happen"), words=tuple(rehearsal_lines(drill.found, names)))
    if drill.ends is not None:
        yield Section(heading=say("How it ended"), words=(sentence(drill.ends.cause),))
