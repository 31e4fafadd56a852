"""Make it last: what is served now, so that what matters more can be served as long as the cut may still last.

Where the building's habits are known, energy in store has a price (`price`), and a tier is served while it is worth
more; around its price some of its circuits are, in turn (`turns`).  A generator's fuel counts like what is stored.
The bands of stored energy stay the fail-safe, and are all there is on a site that hems has not seen for a few days,
without a clock, or with `band.expect_h` at 0.  The first band that saves has non-essential circuits off; of those that
are equals a part is served, in turn.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from hems.control import ahead, generator, habits, turns
from hems.control.bay_memory import expected, uncounted
from hems.control.energy import Band
from hems.control.given import Given
from hems.control.memory.using import SavingMemory
from hems.control.price import WORTH, price
from hems.control.state import ControlState
from hems.control.stored import lived_on, store_pct, usable_wh
from hems.model.cause import Cause, Why
from hems.model.copies import replace
from hems.model.request import Task
from hems.model.site import Site, Tier
from hems.model.units import HOUR_S, CircuitId

SOLVE_S = 60.0
"""The price is found anew so often, when there is a tick."""
EFFICIENCY = 0.95
"""From the store to the circuits."""
FULL_PCT = 95.0
"""A store is charged only slowly from here on."""
SPREAD = 0.15
"""From so much above a tier's worth to as much below it, the price decides how many of its circuits are served."""
NEARLY = 0.75
"""How many circuits more or fewer it must be before their number changes."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """What energy is saved on, and when to look again."""

    memory: SavingMemory
    due_s: float = inf


def lasting(given: Given, state: ControlState, dt_s: float) -> Lasting:
    """The circuits that rest so that energy lasts; none on the grid."""
    if not state.mode.mode.on_island:
        return Lasting(SavingMemory(missed_h=state.saving.missed_h))
    memory = replace(state.saving, missed_h=turns.missed(given.site, state, dt_s))
    if given.now_s >= memory.solved_s + SOLVE_S:
        memory = _priced(given, state, memory)
    memory = replace(memory, equals_only=state.band == Band.CONSERVE)
    if memory.price is None and not memory.equals_only:
        return Lasting(replace(memory, served={}, resting=frozenset(), turns_s={}))
    memory = replace(memory, served=_served(given, memory))
    memory, turn_s = turns.taken(given.site, state, memory, given.params.band.turn_s, given.now_s)
    return Lasting(memory, turn_s)


def causes(site: Site, memory: SavingMemory) -> dict[CircuitId, Cause]:
    """Why each circuit that rests does so."""
    kept = Cause(Why.KEPT_FOR_LATER, {"sun_utc": memory.sunrise.isoformat()} if memory.sunrise is not None else {})
    return {
        one.id: Cause(Why.NOT_ITS_TURN, turns.told(site, memory, one)) if turns.rotating(memory, one.tier) else kept
        for one in site.circuits
        if one.id in memory.resting
    }


def _priced(given: Given, state: ControlState, memory: SavingMemory) -> SavingMemory:
    """With what stored energy is worth; as it was while it cannot be read, None where habits do not tell."""
    params, site, utc = given.params, given.site, given.now.utc
    if params.band.expect_h <= 0.0 or utc is None or not habits.known(state.habits):
        return replace(memory, price=None)
    stored_wh = usable_wh(site, given.snapshot, params.car, given.now_s, uncounted(state))
    if stored_wh is None:
        return memory
    tiers, suns_w = ahead.tiers_w(site, state.habits), ahead.suns_w(state.habits)
    kept_wh = params.band.reserve_h * sum(wants_w[0] for wants_w in tiers) / len(tiers)
    fuel_wh = generator.fuel_wh(site, state, given.snapshot, given.now_s)
    have_wh = EFFICIENCY * stored_wh + fuel_wh - kept_wh
    room_wh = EFFICIENCY * max(stored_wh, _full_wh(site)) + fuel_wh - kept_wh
    expect_h, said_h = ahead.expected_h(state.habits, params.band.expect_h), _said_h(state, given.now_s)
    coming = expected(given, state)
    days = [
        ahead.hours(tiers, sun_w, utc, expect_h, said_h, [(in_h, EFFICIENCY * wh[third]) for in_h, wh in coming])
        for third, sun_w in enumerate(suns_w)
    ]
    return replace(
        memory,
        price=price(have_wh, room_wh, days),
        sunrise=ahead.sunrise(tiers, suns_w[len(suns_w) // 2], utc),
        solved_s=given.now_s,
    )


def _said_h(state: ControlState, now_s: float) -> float | None:
    """In how many hours people expect the grid back, if they have said so and it is not yet time."""
    said = state.orders.get(Task.RETURN)
    return (said.ends_s - now_s) / HOUR_S if said is not None and said.ends_s > now_s else None


def _full_wh(site: Site) -> float:
    return sum((FULL_PCT - one.shutdown_pct) / 100.0 * one.capacity_wh for one in lived_on(site))


def _served(given: Given, memory: SavingMemory) -> Mapping[int, int]:
    """How many circuits of each tier are served, where not all are; it changes only when it is clear."""
    found = {}
    for tier, worth in WORTH.items():
        count = most = len(turns.group(given.site, memory, tier))
        before = memory.served.get(tier, count)
        part = 1.0 if memory.price is None else (1.0 + SPREAD - memory.price / worth) / (2.0 * SPREAD)
        if memory.equals_only and tier is Tier.NON_ESSENTIAL:
            part, most = min(part, _spared(given, before / count if count else 0.0)), count // 2
            before = min(before, most)
        part = min(1.0, max(0.0, part))
        wanted = before if abs(part * count - before) < NEARLY and 0.0 < part < 1.0 else round(part * count)
        if min(wanted, most) < count:
            found[int(tier)] = min(wanted, most)
    return found


def _spared(given: Given, before: float) -> float:
    """Which part of equals the band that begins to save leaves on; as `before` while the store cannot be read."""
    params = given.params.band
    stored_pct = store_pct(given.site, given.snapshot, given.params, given.now_s)
    if stored_pct is None:
        return before
    left = (stored_pct - params.critical_pct) / (params.conserve_pct - params.critical_pct)
    return params.turns_pu * min(1.0, max(0.0, left))
