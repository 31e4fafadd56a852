"""What people have ordered of the building as a whole: from when, until when, and what is locked out meanwhile.

An order begins and ends by itself or by a person; nothing else takes it back.  A task may be ordered for several times
that do not overlap, as a utility's rota asks for: they stand one behind the other, and each ends for itself.  So do
people who are at work at the same time: nobody's word gives back what another one has locked out.
Source: domain reference 1.4.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import replace
from math import inf, isfinite

from hems.control.state import ControlState
from hems.model.cause import Cause, Value, Why
from hems.model.request import Asked, Order, Standing, Task
from hems.model.wiring import Role

Told = list[tuple[str, Cause]]
SHARED = frozenset({Task.MAINTENANCE})
"""What several people may be at, each until he says that he is done."""


def after(
    orders: Mapping[Task, Standing],
    requests: Iterable[Asked],
    refusal: Callable[[Order], Cause | None],
    now_s: float,
    *,
    before_s: float,
    fire: bool | None,
) -> tuple[dict[Task, Standing], Told]:
    """The orders in force after this instant's requests and expiries, and what to tell about each change.

    `before_s` is when this was asked last; `fire` is what the fire alarm's contact says, if anything.
    """
    told: Told = []
    active = dict(orders)
    if fire and Task.FIRE not in active:
        active[Task.FIRE] = Standing(task=Task.FIRE, who="", reason="", begins_s=now_s, ends_s=inf)
        told.append((Task.FIRE, Cause(Why.FIRE)))
    for task, one in ((task, one) for task, first in orders.items() for one in times(first)):
        if before_s < one.begins_s <= now_s:
            told.append((task, Cause(Why.ORDER_BEGINS, {"task": task, "who": one.who})))
        if one.ends_s <= now_s:
            _leave(active, task, [other for other in times(orders[task]) if now_s < other.ends_s])
            told.append((task, _over(one, active.get(task))))
    for request in requests:
        if isinstance(request, Order):
            _take(active, request, lambda order: _burns(order, fire) or refusal(order), now_s, told)
    return active, told


def _burns(order: Order, fire: bool | None) -> Cause | None:
    """A fire alarm is over when a person says so, and its contact does not say otherwise."""
    return Cause(Why.FIRE_GOES_ON) if order.task is Task.FIRE and fire else None


def _take(
    active: dict[Task, Standing], order: Order, refusal: Callable[[Order], Cause | None], now_s: float, told: Told
) -> None:
    refused = refusal(order)
    if refused is not None:
        told.append((order.task, refused))
        return
    if not order.begin:
        _end(active, order, told)
        return
    if order.rehearsed:
        told.append((order.task, Cause(Why.REHEARSED, {"who": order.who, "found": order.found})))
        return
    begins_s = now_s + order.start_in_s
    new = Standing(
        task=order.task,
        who=order.who,
        reason=order.reason,
        begins_s=begins_s,
        ends_s=begins_s + order.duration_s,
        subjects=order.subjects,
        target_pct=order.target_pct,
    )
    active[order.task] = _among(new, active.get(order.task))
    facts: dict[str, Value] = {"task": order.task, "who": order.who, "reason": order.reason}
    timed: dict[str, Value] = {"duration_s": order.duration_s} if isfinite(order.duration_s) else {}
    told.append((order.task, Cause(Why.ORDER, facts | timed)))


def _end(active: dict[Task, Standing], order: Order, told: Told) -> None:
    """Take back what stands, or comes next; what is announced for later remains.

    Of work that several are at, one's own part; all of it if one has none: else nobody could end it for who has left.
    """
    every = list(times(active.get(order.task)))
    if not every:
        return
    left = every[1:]
    if order.task in SHARED:
        left = [one for one in every if one.who != order.who]
        left = left if len(left) < len(every) else []
    _leave(active, order.task, left)
    told.append((order.task, _over(order, active.get(order.task))))


def _leave(active: dict[Task, Standing], task: Task, left: Iterable[Standing]) -> None:
    first = _chained(left)
    if first is None:
        active.pop(task, None)
    else:
        active[task] = first


def _over(ended: Order | Standing, left: Standing | None) -> Cause:
    """What is told when an order has ended, and who goes on with it."""
    task = ended.task
    others = ", ".join(dict.fromkeys(one.who for one in times(left))) if task in SHARED else ""
    facts: dict[str, Value] = {"task": task, "who": ended.who}
    facts |= {"still": others} if others else {}
    return Cause(Why.FIRE_ENDED if task is Task.FIRE else Why.ORDER_ENDED, facts)


def _among(new: Standing, known: Standing | None) -> Standing:
    """The first of all times in their order; those that the new one overlaps give way to it.

    Not those of others at the same work.  What one has locked out before stays locked out with what comes to it.
    """
    beside = [one for one in times(known) if new.task in SHARED and one.who != new.who]
    mine = [one for one in times(known) if one not in beside]
    apart = [one for one in mine if one.ends_s <= new.begins_s or new.ends_s <= one.begins_s]
    kept = dict.fromkeys(subject for one in mine if one not in apart for subject in one.subjects)
    new = replace(new, subjects=tuple(kept | dict.fromkeys(new.subjects)))
    return _chained([new, *beside, *apart]) or new


def _chained(ones: Iterable[Standing]) -> Standing | None:
    """The first of these, each with those that begin after it."""
    after: Standing | None = None
    for one in sorted(ones, key=lambda one: one.begins_s, reverse=True):
        after = replace(one, then=after)
    return after


def times(standing: Standing | None) -> Iterator[Standing]:
    """An order and those that come after it."""
    while standing is not None:
        yield standing
        standing = standing.then


def begun(orders: Mapping[Task, Standing], tasks: Iterable[Task], now_s: float) -> frozenset[Task]:
    """Those of these tasks whose time has come: what ends them leaves what is only announced."""
    return frozenset(task for task in tasks if task in orders and orders[task].begins_s <= now_s)


def without(orders: Mapping[Task, Standing], tasks: Container[Task]) -> dict[Task, Standing]:
    """The orders when those of these tasks have ended; what comes after one takes its place."""
    left = {task: one.then if task in tasks else one for task, one in orders.items()}
    return {task: one for task, one in left.items() if one is not None}


def carried(standing: Standing, shift_s: float, now_s: float) -> Standing | None:
    """Over a restart that has moved the clock by `shift_s`; None when its time has passed meanwhile."""
    then = None if standing.then is None else carried(standing.then, shift_s, now_s)
    if standing.ends_s + shift_s <= now_s:
        return then
    return replace(standing, begins_s=standing.begins_s + shift_s, ends_s=standing.ends_s + shift_s, then=then)


def stands(state: ControlState, task: Task, now_s: float) -> bool:
    """Whether an order is in force now."""
    standing = state.orders.get(task)
    return standing is not None and standing.begins_s <= now_s < standing.ends_s


def announced(state: ControlState, task: Task, now_s: float) -> Standing | None:
    """An order whose time is still to come."""
    standing = state.orders.get(task)
    return standing if standing is not None and now_s < standing.begins_s else None


def locked(state: ControlState, now_s: float) -> frozenset[Role]:
    """What people work on now and nobody may command; work that is announced for later locks nothing yet."""
    standing = state.orders.get(Task.MAINTENANCE)
    if standing is None:
        return frozenset()
    now = (one for one in times(standing) if one.begins_s <= now_s < one.ends_s)
    return frozenset([Role(subject) for one in now for subject in one.subjects])


def due_s(state: ControlState, now_s: float) -> float:
    """When the next order begins or ends."""
    every = (one for first in state.orders.values() for one in times(first))
    ends = (when_s for one in every for when_s in (one.begins_s, one.ends_s))
    return min((when_s for when_s in ends if when_s > now_s), default=inf)
