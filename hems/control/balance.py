"""Whether what sources give and what circuits draw add up; a wrong sign or scale shows here.

Where every circuit is metered the two must be equal; elsewhere what is metered cannot be more than what is given.
Source: domain reference 5, UCA 2 and process model mismatch.
"""

from hems.control.demand import load_w
from hems.control.state import ControlState
from hems.control.tuning.seeing import WitnessParams
from hems.model.mode import TiePosition
from hems.model.site import Site
from hems.model.snapshot import Snapshot, drawn_w, positions


def unbalanced_since(
    site: Site, state: ControlState, snapshot: Snapshot, params: WitnessParams, now_s: float
) -> float | None:
    """Since when the sum has been wrong; None while it is right or nobody can tell (UCA 2)."""
    given_w = load_w(site, snapshot, now_s, state.evidence.tie.value is TiePosition.OPEN)
    if given_w is None or not _differs(given_w, site, snapshot, params, now_s):
        return None
    return now_s if state.unbalanced_since_s is None else state.unbalanced_since_s


def unbalanced(state: ControlState, params: WitnessParams, now_s: float) -> bool:
    """Whether it has been wrong for so long that a measurement must be."""
    since_s = state.unbalanced_since_s
    return since_s is not None and now_s >= since_s + params.balance_s


def _differs(given_w: float, site: Site, snapshot: Snapshot, params: WitnessParams, now_s: float) -> bool:
    closed, meters = positions(snapshot, now_s), drawn_w(snapshot, now_s)
    # A meter says more than a switch: one that has welded says off, and draws.
    off = {one.id for one in site.circuits if closed.get(one.id) is False and meters.get(one.id) is None}
    drawn = [0.0 if one.id in off else meters.get(one.id) for one in site.circuits]
    metered_w = sum(watts for watts in drawn if watts is not None)
    limit_w = max(params.balance_w, params.balance_pct / 100.0 * max(abs(given_w), metered_w))
    over_w = given_w - metered_w
    return over_w < -limit_w or (over_w > limit_w and None not in drawn)
