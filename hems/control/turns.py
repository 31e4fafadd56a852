"""Whose turn it is where not all circuits of a tier can be served, and what cools runs now and then.

Rank decides first.  Among equals, who has gone without for longest is served, for `band.turn_s` at a time, so that
over a day nobody gets less than others; hours without count by each one's `share`.  Where the band of stored energy has
a tier off, only circuits that share their rank with another take turns.  Source: domain reference 2.1, 2.3 and 2.7.
"""

from collections.abc import Container
from math import inf, log

from hems.control.memory.using import FRESH, SavingMemory
from hems.control.price import WORTH
from hems.control.state import ControlState
from hems.model.cause import Value
from hems.model.copies import replace
from hems.model.site import Circuit, Site, Tier
from hems.model.units import HOUR_S, CircuitId

FORGET_H = 48.0
"""Half-life of what somebody has gone without."""
COOLS_S, WARMS_S = 1800.0, 5400.0
"""What keeps food cool runs for so long, then pauses for so long, while its tier rests: a quarter of the time.  Food
bears four hours without (domain reference 2.1); a quarter of each single hour would wear the switch out."""


COOLS_TO = 2.0
"""Up to so many times what it is worth; where energy is dearer, a full freezer keeps for two days."""


def mates(site: Site, tier: Tier) -> list[Circuit]:
    """The circuits of a tier that can rest."""
    return [one for one in site.circuits if one.tier is tier and one.sheddable]


def group(site: Site, memory: SavingMemory, tier: Tier) -> list[Circuit]:
    """Those of them that take turns now."""
    all_of = mates(site, tier)
    if not memory.equals_only or tier is not Tier.NON_ESSENTIAL:
        return all_of
    ranks = [one.rank for one in all_of]
    return [one for one in all_of if ranks.count(one.rank) > 1]


def missed(site: Site, state: ControlState, dt_s: float) -> dict[CircuitId, float]:
    """Hours that each circuit has gone without while energy was saved on it."""
    keep = 0.5 ** (dt_s / HOUR_S / FORGET_H)
    hours = (1.0 - keep) * FORGET_H / log(2.0)  # forgotten from the first moment on: exact for any step
    off = {name for name in state.saving.resting if state.loads.get(name, FRESH).shed_because is not None}
    before = state.saving.missed_h
    return {
        one.id: keep * before.get(one.id, 0.0) + (hours if one.id in off else 0.0)
        for one in site.circuits
        if one.sheddable and (one.id in off or one.id in before)
    }


def taken(
    site: Site, state: ControlState, memory: SavingMemory, turn_s: float, now_s: float
) -> tuple[SavingMemory, float]:
    """Who rests now, since when the others have had their turn of `turn_s`, and when the next change is due."""
    resting: set[CircuitId] = set()
    turns: dict[CircuitId, float] = {}
    dues = [inf]
    for tier, count in memory.served.items():
        all_of = group(site, memory, Tier(tier))
        begun_s = {one.id: since_s for one in all_of if (since_s := _began_s(one, state, memory)) is not None}
        unfinished = {name for name, since_s in begun_s.items() if count > 0 and now_s < since_s + turn_s}
        chosen = _chosen(all_of, count, memory, turn_s, unfinished)
        if memory.equals_only:
            chosen += sorted(unfinished - set(chosen))
        turns |= {name: begun_s.get(name, now_s) for name in chosen}
        resting |= {one.id for one in all_of} - set(chosen)
        if count > 0:
            dues += [since_s + turn_s for name in chosen if (since_s := turns[name]) + turn_s > now_s]
    cools = memory.price is None or memory.price < COOLS_TO * WORTH[Tier.ESSENTIAL]
    kept = [one for one in site.circuits if cools and one.id in resting and _keeps_cool(one)]
    cooled = {one.id: _until_s(one, state, now_s) for one in kept}
    for name, (runs, due_s) in cooled.items():
        dues.append(due_s)
        if runs:
            resting.discard(name)
    return replace(memory, resting=frozenset(resting), turns_s=turns), min(dues)


def _began_s(one: Circuit, state: ControlState, memory: SavingMemory) -> float | None:
    """Since when it has had its turn: from when it came back, if it has; None while it is not its turn."""
    since_s, restored_s = memory.turns_s.get(one.id), state.loads.get(one.id, FRESH).restored_s
    return since_s if since_s is None or restored_s is None else max(since_s, restored_s)


def _chosen(
    all_of: list[Circuit], count: int, memory: SavingMemory, turn_s: float, unfinished: Container[CircuitId]
) -> list[CircuitId]:
    """Those who are served: by rank, then who is in the middle of a turn, then who has gone without for longest.

    An hour without counts by the share that a circuit is entitled to.  Whoever is served goes on until somebody else
    has gone without for a turn more.  Where equals alone are served, a turn that has begun is also finished when fewer
    are.
    """

    def key(one: Circuit) -> tuple[float, bool, float, str]:
        stays_h = turn_s / HOUR_S if one.id in memory.turns_s else 0.0
        missed_h = memory.missed_h.get(one.id, 0.0) + stays_h
        return (one.rank, one.id not in unfinished, -one.share * missed_h, one.id)

    return [one.id for one in sorted(all_of, key=key)[:count]]


def _keeps_cool(circuit: Circuit) -> bool:
    """What spoils when it is off for hours; heating does not."""
    return circuit.thermostatic and circuit.tier <= Tier.ESSENTIAL


def _until_s(circuit: Circuit, state: ControlState, now_s: float) -> tuple[bool, float]:
    """Whether it is in its minutes of running, and when that changes."""
    memory = state.loads.get(circuit.id, FRESH)
    if memory.shed_since_s is not None:
        due_s = memory.shed_since_s + WARMS_S
        return now_s >= due_s, due_s if due_s > now_s else inf
    due_s = (memory.restored_s if memory.restored_s is not None else -inf) + COOLS_S
    return now_s < due_s, due_s if due_s > now_s else inf


def told(site: Site, memory: SavingMemory, circuit: Circuit) -> dict[str, Value]:
    """What its people are told of a turn: how many of its group are served, and what who did without until now."""
    those = group(site, memory, circuit.tier)
    without_s = {one.id: HOUR_S * memory.missed_h.get(one.id, 0.0) for one in those}
    return {
        "served": memory.served.get(circuit.tier, len(those)),
        "of": len(those),
        "without_s": round(without_s.get(circuit.id, 0.0)),
        "most_s": round(max(without_s.values(), default=0.0)),
    }


def rotating(memory: SavingMemory, tier: Tier) -> bool:
    """Whether some of a tier are served and others wait for their turn."""
    return memory.served.get(tier, 0) > 0


def in_turn(site: Site, memory: SavingMemory) -> frozenset[CircuitId]:
    """Whose turn it is although the band has the others of their tier off."""
    those = group(site, memory, Tier.NON_ESSENTIAL) if memory.equals_only else []
    return frozenset(one.id for one in those if one.id not in memory.resting)
