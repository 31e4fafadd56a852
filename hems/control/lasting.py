"""Make it last: the least important tier that what is stored carries for as long as an outage is taken to last.

The bands of stored energy stay the fail-safe; this begins earlier, so that the critical circuits are not dark in the
morning for the laundry of the evening.  Off unless a site says how long: `params.band.target_h`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from hems.control.energy import usable_wh
from hems.control.params import Params
from hems.control.state import ControlState
from hems.model.site import Site, Tier
from hems.model.snapshot import Snapshot
from hems.model.units import CircuitId

SPARE = 1.2
"""A tier comes back only when everything up to it would last so much longer than it must."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """The least important tier that lasts, and since when a less important one would last, too."""

    least: Tier
    better_since_s: float | None = None
    due_s: float = inf


ALL = Lasting(Tier.FLEXIBLE)


def lasting(
    site: Site,
    state: ControlState,
    snapshot: Snapshot,
    watts: Mapping[CircuitId, float],
    params: Params,
    now_s: float,
) -> Lasting:
    """Fewer tiers at once, more one at a time after a while; never fewer than the critical ones.

    `watts` is what each circuit usually draws.  Sun is left out: it shows in what is stored when it has shone.  While
    the store cannot be read the tiers stay as they are.
    """
    if params.band.target_h <= 0.0 or not state.mode.mode.on_island:
        return ALL
    before, have_wh = Tier(state.lasting_tier), usable_wh(site, snapshot, params.car, now_s)
    if have_wh is None:
        return Lasting(before)
    most_w = have_wh / params.band.target_h
    least = _carried(site, watts, most_w)
    if least < before:
        return Lasting(least)
    if _carried(site, watts, most_w / SPARE) <= before:
        return Lasting(before)
    since_s = now_s if state.lasting_better_since_s is None else state.lasting_better_since_s
    due_s = since_s + params.band.leave_after_s
    if now_s < due_s:
        return Lasting(before, since_s, due_s)
    return Lasting(Tier(before + 1), now_s, now_s + params.band.leave_after_s)


def _carried(site: Site, watts: Mapping[CircuitId, float], most_w: float) -> Tier:
    """The least important tier up to which all circuits together draw no more than `most_w`."""
    least, need_w = Tier.CRITICAL, 0.0
    for tier in Tier:
        need_w += sum(watts[one.id] for one in site.circuits if one.tier is tier)
        if need_w > most_w:
            return least
        least = max(least, tier)
    return least
