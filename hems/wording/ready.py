"""What would come of what somebody says of a car, in sentences: when it is ready, and what others get."""

from collections.abc import Callable, Iterator

from hems.model.consequence import CarConsequence, OtherCar
from hems.wording.foretold import NOT_IN_TIME
from hems.wording.language import N_, say
from hems.wording.quantities import percent

MOST_NAMED = 3
"""Other cars that are told one by one."""

When = Callable[[float], str]
"""Seconds from now as `at 05:40`, or `in 6 h` where there is no clock."""
ON_ISLAND = N_("In a power cut no car charges from what is stored. It counts as soon as the grid is back.")
NOT_HERE = N_("No car is plugged in here. What it shall have stays for the next one; the rest ends with the visit.")
FIRST = N_("It charges before others that have time, also where that makes energy dearer; for this visit only.")
GUESSED = N_("The car does not tell how full it is: HEMS goes by what cars here usually take.")


def car_effects(told: CarConsequence, when: When) -> list[str]:
    """Sentence by sentence."""
    return list(_effects(told, when))


def _effects(told: CarConsequence, when: When) -> Iterator[str]:
    if not told.plugged:
        yield say(NOT_HERE)
        return
    if told.first:
        yield say(FIRST)
    if told.on_island:
        yield say(ON_ISLAND)
        return
    if not told.looked_ahead:
        yield say(NOT_IN_TIME)
        return
    yield _ready(told, when)
    if not told.tells:
        yield say(GUESSED)
    yield from _others(told.others, when)


def _ready(one: CarConsequence, when: When) -> str:
    words = {"target": percent(one.target_pct), "pct": percent(one.pct)}
    if one.leaves_in_s is None:
        if one.ready_in_s is None:
            return say("It will not have {target} within 12 hours, but about {pct}.", **words)
        return say("It has {target} {ready}; nobody knows when it leaves.", ready=_by(one.ready_in_s, when), **words)
    words["leaves"] = when(one.leaves_in_s)
    if one.ready_in_s is None:
        return say("It CANNOT be ready: when it leaves {leaves} it has about {pct} of {target}.", **words)
    words["ready"] = _by(one.ready_in_s, when)
    return say("It will be ready: {target} {ready}, and it leaves {leaves}.", **words)


def _by(in_s: float, when: When) -> str:
    return say("about {when}", when=when(in_s)) if in_s > 0.0 else say("already now")


def _others(others: tuple[OtherCar, ...], when: When) -> Iterator[str]:
    if not others:
        yield say("Other cars: as before.")
    for one in others[:MOST_NAMED]:
        yield _other(one, when)
    if len(others) > MOST_NAMED:
        yield say("It changes something for {count} more cars.", count=len(others) - MOST_NAMED)


def _other(one: OtherCar, when: When) -> str:
    words = {"name": one.name, "now": percent(one.now_pct), "then": percent(one.then_pct)}
    if one.then_s is None and one.now_s is not None:
        return say("{name} is NOT ready then: about {then}.", **words)
    if one.then_s is None or one.now_s is None:
        return say("{name} leaves with about {then} (now {now}).", **words)
    then, now = _by(one.then_s, when), _by(one.now_s, when)
    return say("{name} is ready {then} (now {now}).", name=one.name, then=then, now=now)
