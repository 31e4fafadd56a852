"""What would come of an order, in sentences, for screen and command line alike."""

from collections.abc import Callable, Iterator
from math import isfinite

from hems.model.consequence import OrderConsequence
from hems.model.request import Task
from hems.wording.language import N_, say
from hems.wording.quantities import duration, hours, kw

SEEN_W = 100.0
"""Less is no difference that anybody would see."""
NOT_IN_TIME = N_("HEMS could not look ahead in time: what this changes is not known now.")
NOT_PROVEN = N_("It would change nothing now: the grid switch is not proven closed, or HEMS sees the grid itself.")

Until = Callable[[float], str]
"""Hours as `until ~04:40`, or `for about 14 h` where there is no clock and for more than a week."""


def lasts(hours_left: float) -> str:
    """`for about 14 h`."""
    return say("for about {hours}", hours=hours(hours_left))


def order_effects(told: OrderConsequence, until: Until) -> list[str]:
    """Sentence by sentence."""
    return [*_effects(told, until), *_end(told)]


def _effects(told: OrderConsequence, until: Until) -> Iterator[str]:
    if not told.looked_ahead:
        yield say(NOT_IN_TIME)
        return
    if not told.counts:
        yield say(NOT_PROVEN)
        return
    yield from _essential(told, until)
    differences = list(_soon(told))
    yield from differences or [say("Nothing changes within ten minutes.")]


def _essential(told: OrderConsequence, until: Until) -> Iterator[str]:
    now_h, then_h = told.essential_now_h, told.essential_then_h
    if now_h is None or then_h is None:
        return
    if not told.on_island:
        yield _if_it_failed(told.task, hours(now_h), hours(then_h))
    elif until(now_h) == until(then_h):
        yield say("Essential power lasts {now}, as before.", now=until(now_h))
    else:
        yield say("Essential power would last {then} (now {now}).", then=until(then_h), now=until(now_h))


def _if_it_failed(task: Task, now: str, then: str) -> str:
    if task is Task.ISLAND:
        return say("Off the grid essential power would last about {then}.", then=then)
    if now == then:
        return say("If the grid failed, essential power would last about {now}, as before.", now=now)
    if task is Task.STORM:
        return say("Once charged, essential power would last about {then} in a cut (now {now}).", then=then, now=now)
    return say("If the grid failed, essential power would last about {then} (now {now}).", then=then, now=now)


def _soon(told: OrderConsequence) -> Iterator[str]:
    if told.off_by_it:
        yield say("Off because of it, within ten minutes: {names}.", names=", ".join(told.off_by_it))
    if told.on_by_it:
        yield say("On because of it, within ten minutes: {names}.", names=", ".join(told.on_by_it))
    if abs(told.cars_then_w - told.cars_now_w) >= SEEN_W:
        yield say("Cars: {then}; without it: {now}.", then=_doing(told.cars_then_w), now=_doing(told.cars_now_w))
    if abs(told.batteries_then_w - told.batteries_now_w) >= SEEN_W:
        then, now = _doing(told.batteries_then_w), _doing(told.batteries_now_w)
        yield say("Batteries: {then}; without it: {now}.", then=then, now=now)


def _doing(watts: float) -> str:
    if abs(watts) < SEEN_W:
        return say("nothing flows")
    return say("take {power}", power=kw(watts)) if watts > 0.0 else say("give {power}", power=kw(watts))


def _end(told: OrderConsequence) -> Iterator[str]:
    if isfinite(told.duration_s):
        yield say("It ends by itself after {time}.", time=duration(told.duration_s))
