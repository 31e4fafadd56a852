"""Many courses made into hours with a range, and one course against another."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import inf

from hems.model.foresight import CircuitReach, Foresight, Span, TierReach, WhatIf
from hems.model.request import CarWish, Order, Task
from hems.model.site import Tier
from hems.model.units import CircuitId
from hems.outlook.cars import cars_ahead
from hems.outlook.course import Course, answerable, course
from hems.outlook.expected import CASES, EXPECTED, expected
from hems.outlook.question import Question, Wish, simulated
from hems.outlook.soon import soon

LEAST_W = 50.0
"""What an island needs at the very least, for a division."""


def looked(question: Question) -> Iterator[Foresight | None]:
    """The look ahead, in slices: None until it is complete, and for good where nothing can be said."""
    question = simulated(question)
    if not answerable(question):
        yield None
        return
    courses: list[Course] = []
    for use, sky in CASES:
        for one in course(question, expected(question, use, sky)):
            last = one
            yield None
        courses.append(last)
    yield _foresight(question, courses, courses[CASES.index(EXPECTED)])


def what_if(question: Question, wish: Wish) -> WhatIf | None:
    """The expected course without and with a wish; None where nothing can be said."""
    question = simulated(replace(question, request=None))
    if not answerable(question):
        return None
    if isinstance(wish, CarWish):
        return WhatIf(cars_now=cars_ahead(question), cars_then=cars_ahead(replace(question, request=wish)))
    wished = replace(question, request=wish)
    now, then = _complete(question), _complete(_charged(wished, wish))
    off = _next(then)
    ordered = isinstance(wish, Order)
    return WhatIf(
        essential_now_h=now.essential_h(question),
        essential_then_h=then.essential_h(question),
        next_off=off[0] if off else None,
        next_off_h=then.off_h[off[0]] if off else None,
        soon_now=soon(question) if ordered else None,
        soon_then=soon(wished) if ordered else None,
    )


def _charged(question: Question, wish: Wish) -> Question:
    """With batteries as a storm watch leaves them: what it is worth is how long a cut can last after it has charged."""
    if not isinstance(wish, Order) or wish.task is not Task.STORM:
        return question
    least_pct, now_s = wish.target_pct or question.params.plan.target_pct, question.now.mono_s
    batteries = dict(question.snapshot.batteries)
    for one in question.site.batteries:
        reading = batteries[one.id]
        charged = reading.soc_pct._replace(value=max(least_pct, reading.soc_pct.known(now_s) or 0.0))
        batteries[one.id] = replace(reading, soc_pct=charged) if one.controllable else reading
    return replace(question, snapshot=replace(question.snapshot, batteries=batteries))


def _complete(question: Question) -> Course:
    *_, last = course(question, expected(question), essential_only=True)
    return last


def _foresight(question: Question, courses: Sequence[Course], middle: Course) -> Foresight:
    first = [min((*one.off_h.values(), one.dark_h), default=inf) for one in courses]
    tiers = []
    for tier in Tier:
        hours = [one.tier_h(question, tier) for one in courses]
        known = [one for one in hours if one is not None]
        if known:
            tiers.append(TierReach(tier=tier, hours=span(known)))
    off = _next(middle)
    return Foresight(
        at_s=question.now.mono_s,
        grid_fails=not question.state.mode.mode.on_island,
        essential=span([one.essential_h(question) for one in courses]),
        first=span(first),
        tiers=tuple(tiers),
        next_off=off,
        next_off_h=middle.off_h[off[0]] if off else None,
        off_at_once=tuple(one.id for one in question.site.circuits if one.id in middle.at_once),
        circuits=_weighed(question, middle),
        runs=len(courses),
    )


def span(hours: Sequence[float]) -> Span:
    """The tenth, fiftieth and ninetieth percentile, each as one of the values."""
    ordered = sorted(hours)
    return tuple(ordered[round(share * (len(ordered) - 1))] for share in (0.1, 0.5, 0.9))  # type: ignore[return-value]


def _next(course: Course) -> tuple[CircuitId, ...]:
    """Whatever goes off first, and with it; nothing when all goes dark before."""
    first_h = min(course.off_h.values(), default=inf)
    if first_h >= course.dark_h:
        return ()
    return tuple(name for name, hours in course.off_h.items() if hours <= first_h + 1.0 / 60.0)


def _weighed(question: Question, middle: Course) -> tuple[CircuitReach, ...]:
    """Each circuit by what it takes of the stored energy until essential power ends, in hours of what is used then."""
    essential_h = middle.essential_h(question)
    use_w = max(LEAST_W, middle.last_net_w)
    reaches = []
    for one in question.site.circuits:
        off = one.id in middle.at_once
        takes_wh = middle.wanted_w.get(one.id, 0.0) * essential_h if off else middle.served_wh.get(one.id, 0.0)
        weighs_h = takes_wh / use_w if essential_h < inf and one.sheddable else 0.0
        hours = 0.0 if off else min(middle.off_h.get(one.id, inf), middle.dark_h)
        reaches.append(CircuitReach(circuit=one.id, hours=hours, weighs_h=weighs_h))
    return tuple(reaches)
