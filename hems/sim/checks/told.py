"""Checks of what hems said, commanded, refused or raised an alarm about."""

from collections.abc import Mapping

from hems.model.cause import Why
from hems.model.event import EventKind
from hems.sim.checks.case import Case, Check, Finding

REFUSALS = frozenset({Why.ISLAND_REFUSED, Why.STORM_REFUSED, Why.HOLD_REFUSED, Why.OVERRIDE_REFUSED})
NOTHING_MORE: Mapping[str, object] = {}


def alarm(case: Case, about: str, by_s: float, from_s: float = 0.0) -> Finding:
    """An alarm whose key begins with `about` is raised in time."""
    raised = [(t_s, key) for t_s, key in case.record.raised() if key.startswith(about) and t_s >= from_s]
    return bool(raised) and raised[0][0] <= by_s, f"{raised[0][1]} at {raised[0][0]:.1f} s" if raised else "no alarm"


def few_alarms(case: Case, at_most: int, within_s: float = 600.0) -> Finding:
    """What a caretaker is told in the first minutes of trouble must not be a flood."""
    raised = [key for t_s, key in case.record.raised() if t_s <= within_s]
    return len(raised) <= at_most, f"{len(raised)}: {', '.join(raised) or 'none'}"


def told(
    case: Case, why: str, by_s: float, from_s: float = 0.0, about: str = "", facts: Mapping[str, object] = NOTHING_MORE
) -> Finding:
    """Something is said, commanded or refused for this reason, with these facts, in time."""
    times = [
        t_s
        for t_s, event in case.record.events
        if event.cause.why == Why(why)
        and event.subject.startswith(about)
        and t_s >= from_s
        and all(event.cause.facts.get(name) == value for name, value in facts.items())
    ]
    return bool(times) and times[0] <= by_s, f"at {times[0]:.1f} s" if times else "never"


def never_told(
    case: Case, why: str, from_s: float = 0.0, about: str = "", facts: Mapping[str, object] = NOTHING_MORE
) -> Finding:
    """Nothing is said, commanded or refused for this reason, or not with these facts."""
    held, detail = told(case, why, float("inf"), from_s, about, facts)
    return not held, detail


def refused(case: Case, about: str, by_s: float, from_s: float = 0.0) -> Finding:
    """What is asked is not done, and who asks hears so in time: at once, or with what is told a moment later."""
    answers = [
        (t_s, event.subject, str(event.cause.why))
        for t_s, event in case.record.events
        if event.kind is EventKind.REQUEST and event.cause.why in REFUSALS
    ]
    times = sorted(
        (t_s, words)
        for t_s, subject, words in [*answers, *case.record.refused]
        if subject.startswith(about) and t_s >= from_s
    )
    return bool(times) and times[0][0] <= by_s, f"at {times[0][0]:.1f} s: {times[0][1]}" if times else "never"


def commanded_at_most(case: Case, role: str, value: bool | float, at_most: int, from_s: float = 0.0) -> Finding:
    """No more than so many first commands of `value` to `role` from then on."""
    times = [t_s for t_s in case.record.commanded(role, value) if t_s >= from_s]
    return len(times) <= at_most, f"{len(times)} times"


def silent_between(case: Case, from_s: float, to_s: float) -> Finding:
    """No command at all is decided in this time."""
    sent = [event for t_s, event in case.record.events if event.kind is EventKind.COMMAND and from_s <= t_s <= to_s]
    return not sent, f"{len(sent)} commands" + (f", first to {sent[0].subject}" if sent else "")


TOLD: Mapping[str, Check] = {
    "alarm": alarm,
    "few_alarms": few_alarms,
    "told": told,
    "never_told": never_told,
    "refused": refused,
    "commanded_at_most": commanded_at_most,
    "silent_between": silent_between,
}
