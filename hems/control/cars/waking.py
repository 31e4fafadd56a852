"""What is tried with a car that does not do as it is told: more and more, but seldom; in the end a person is called.

Cars fall asleep in a pause, or wait for a change of current; some take a command to give and give nothing.  One that
has charged and then stops by itself is content, and is left alone.  Source: domain reference 3.4.
"""

from math import inf

from hems.control.cars.memory import Rung, Waking
from hems.control.memory.acting import Sent
from hems.control.wish import Wish
from hems.model.cause import Cause, Why
from hems.model.copies import replace, revised
from hems.model.site import Bay
from hems.model.snapshot import BayReading, BayState
from hems.model.units import HOUR_S

DOES_W = 150.0
"""Less than this is what the car's own electronics draw."""
FULL_PCT = 97.0
"""A car that stops above it is full, not asleep."""
CONTENT = frozenset({BayState.FINISHED, BayState.FAULT})
SATED_S = 60.0
"""A car that has charged and then rests so long has had enough."""
WAKES_AN_HOUR, PAUSES_A_SESSION = 2, 6
"""More of either wears contactors, and makes some cars refuse."""
LASTS_S = {
    -1: {Rung.NONE: 60.0, Rung.LEAST: 30.0, Rung.MORE: 30.0, Rung.BREAK: 30.0, Rung.AGAIN: 60.0, Rung.RESTART: 120.0},
    1: {Rung.NONE: 40.0, Rung.BREAK: 30.0, Rung.AGAIN: 40.0, Rung.RESTART: 120.0},
}
"""How long each rung is given, by way: chargers need up to 30 s for a new set-point, cars longer."""
RETRY_S = {-1: HOUR_S, 1: 900.0}
"""After so long all of it is tried once more."""


def after(before: Waking, reading: BayReading, entry: Sent | None, restarts: bool, now_s: float) -> Waking:
    """How far the ladder has come; `restarts` says whether the charger can be asked to start anew."""
    if before.rung is Rung.BREAK:
        return before if now_s < before.since_s + _lasts_s(before) else replace(before, rung=Rung.AGAIN, since_s=now_s)
    way = _way(entry, before.way)
    if way != before.way:
        waits = before.rung in (Rung.AGAIN, Rung.GIVEN_UP) and now_s < before.since_s + _lasts_s(before)
        if way == 0 and waits:
            return before  # what it is to do is on its way; or nobody asks any more, because it refuses
        return replace(before, way=way, rung=Rung.NONE, since_s=now_s, obeyed=False, idle_since_s=None)
    flows_w = reading.power_w.known(now_s)
    if way == 0 or flows_w is None:
        return before
    if flows_w * way >= DOES_W:
        return revised(before, rung=Rung.NONE, obeyed=True, idle_since_s=None, sated=False)
    if way < 0 and (before.sated or before.obeyed or _content(reading, now_s)):
        return _resting(before, now_s)
    if before.obeyed:  # it gave, and has stopped: from now on it is waited for
        return replace(before, obeyed=False, since_s=now_s)
    return before if now_s < before.since_s + _lasts_s(before) else _up(before, restarts, now_s)


def _way(entry: Sent | None, before: int) -> int:
    """What a charger has taken the command to do; a new set-point the same way does not wait for its answer."""
    if entry is None or entry.observed:
        return 0
    way = (float(entry.value) > 0.0) - (float(entry.value) < 0.0)
    return way if entry.acknowledged_s is not None or way == before else 0


def _content(reading: BayReading, now_s: float) -> bool:
    """Whether a car that does not charge need not: it is full, or its charger is ill or done."""
    soc_pct = reading.soc_pct.known(now_s)
    return (soc_pct is not None and soc_pct >= FULL_PCT) or reading.state.known(now_s) in CONTENT


def _resting(before: Waking, now_s: float) -> Waking:
    """It stopped by itself: for good, if it stays so for a minute."""
    since_s = now_s if before.idle_since_s is None else before.idle_since_s
    sated = before.sated or now_s >= since_s + SATED_S
    return revised(before, rung=Rung.NONE, since_s=since_s, idle_since_s=since_s, sated=sated)


def _lasts_s(memory: Waking) -> float:
    if memory.rung is Rung.GIVEN_UP:
        return RETRY_S[memory.way]
    return LASTS_S[memory.way].get(memory.rung, 0.0)


def _up(before: Waking, restarts: bool, now_s: float) -> Waking:
    """The next rung that there is for it; what interrupts is done seldom."""
    if before.rung is Rung.GIVEN_UP:
        return replace(before, rung=Rung.NONE, since_s=now_s)
    wakes_s = tuple(when_s for when_s in before.wakes_s if now_s < when_s + HOUR_S)
    may_wake = len(wakes_s) < WAKES_AN_HOUR
    may = {
        Rung.BREAK: may_wake and before.pauses < PAUSES_A_SESSION,
        Rung.AGAIN: False,
        Rung.RESTART: may_wake and restarts,
        Rung.GIVEN_UP: True,
    }
    rung = next(one for one in Rung if one > before.rung and may.get(one, one in LASTS_S[before.way]))
    wakes = rung in (Rung.BREAK, Rung.RESTART)
    return replace(
        before,
        rung=rung,
        since_s=now_s,
        pauses=before.pauses + (rung is Rung.BREAK),
        wakes_s=(*wakes_s, now_s) if wakes else wakes_s,
    )


def wished(wish: Wish, bay: Bay, memory: Waking) -> Wish:
    """What is asked of a car on its rung of the ladder."""
    if memory.rung is Rung.BREAK:
        return Wish(0.0, Cause(Why.CAR_WOKEN))
    if memory.rung is Rung.LEAST and wish.power_w < 0.0:
        return Wish(-bay.charge_min_w, Cause(Why.CAR_WOKEN))
    return wish


def refuses(memory: Waking) -> bool:
    """Whether a car that was asked to give is counted on no more."""
    return memory.rung is Rung.GIVEN_UP and memory.way > 0


def sleeps(memory: Waking) -> bool:
    """Whether a car that should charge could not be woken."""
    return memory.rung is Rung.GIVEN_UP and memory.way < 0


def due_s(memory: Waking) -> float:
    """When its rung has had its time."""
    waits = memory.way != 0 and not (memory.obeyed or memory.sated)
    return memory.since_s + _lasts_s(memory) if waits else inf
