"""Whose turn it is where not all circuits of a tier can be served, and what cools runs now and then.

Rank decides first.  Among equals, who has gone without for longest is served, for an hour at a time, so that over a
day nobody gets less than others.  Source: domain reference 2.1 and 2.7.
"""

from math import inf

from hems.control.memory.using import SavingMemory
from hems.control.price import WORTH
from hems.control.shedding import FRESH
from hems.control.state import ControlState
from hems.model.cause import Value
from hems.model.copies import replace
from hems.model.site import Circuit, Site, Tier
from hems.model.units import HOUR_S, CircuitId

TURN_S = 3600.0
"""How long a turn lasts at least: at worst 24 operations of each switch in a day, within its budget (`wear`)."""
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


def missed(site: Site, state: ControlState, dt_s: float) -> dict[CircuitId, float]:
    """Hours that each circuit has gone without while energy was saved on it."""
    keep, hours = 0.5 ** (dt_s / HOUR_S / FORGET_H), dt_s / HOUR_S
    off = {name for name in state.saving.resting if state.loads.get(name, FRESH).shed_because is not None}
    before = state.saving.missed_h
    return {
        one.id: keep * before.get(one.id, 0.0) + (hours if one.id in off else 0.0)
        for one in site.circuits
        if one.sheddable and (one.id in off or one.id in before)
    }


def taken(site: Site, state: ControlState, memory: SavingMemory, now_s: float) -> tuple[SavingMemory, float]:
    """Who rests now, since when the others have had their turn, and when the next change is due."""
    resting: set[CircuitId] = set()
    turns: dict[CircuitId, float] = {}
    dues = [inf]
    for tier, count in memory.served.items():
        all_of = mates(site, Tier(tier))
        chosen = _chosen(all_of, count, memory, now_s)
        turns |= {name: memory.turns_s.get(name, now_s) for name in chosen}
        resting |= {one.id for one in all_of} - set(chosen)
        if count > 0:
            dues += [since_s + TURN_S for name in chosen if (since_s := turns[name]) + TURN_S > now_s]
    cools = memory.price is None or memory.price < COOLS_TO * WORTH[Tier.ESSENTIAL]
    kept = [one for one in site.circuits if cools and one.id in resting and _keeps_cool(one)]
    cooled = {one.id: _until_s(one, state, now_s) for one in kept}
    for name, (runs, due_s) in cooled.items():
        dues.append(due_s)
        if runs:
            resting.discard(name)
    return replace(memory, resting=frozenset(resting), turns_s=turns), min(dues)


def _chosen(all_of: list[Circuit], count: int, memory: SavingMemory, now_s: float) -> list[CircuitId]:
    """Those who are served: by rank, then who is in the middle of a turn, then who has gone without for longest.

    Whoever is served goes on until somebody else has gone without for a turn more.
    """

    def key(one: Circuit) -> tuple[float, bool, float, str]:
        since_s = memory.turns_s.get(one.id)
        in_turn = since_s is not None and now_s < since_s + TURN_S
        stays_h = 0.0 if since_s is None else TURN_S / HOUR_S
        return (one.rank, not in_turn, -memory.missed_h.get(one.id, 0.0) - stays_h, one.id)

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
    group = mates(site, circuit.tier)
    without_s = {one.id: HOUR_S * memory.missed_h.get(one.id, 0.0) for one in group}
    return {
        "served": memory.served.get(circuit.tier, len(group)),
        "of": len(group),
        "without_s": round(without_s.get(circuit.id, 0.0)),
        "most_s": round(max(without_s.values(), default=0.0)),
    }


def rotating(memory: SavingMemory, tier: Tier) -> bool:
    """Whether some of a tier are served and others wait for their turn."""
    return memory.served.get(tier, 0) > 0
