"""What people have asked to be on and is off: it comes on as soon as there is room, on an island one at a time.

Two starts at one instant are two inrushes at one instant, whoever asked for them.  Source: UCA 11.
"""

from hems.control import sending
from hems.control.arbitrate import Rank
from hems.control.memory.using import FRESH
from hems.control.orders import locked
from hems.control.params import Params
from hems.control.restoring import fits
from hems.control.sheddable import Outlook, forced_on
from hems.control.state import ControlState
from hems.control.told import told_on
from hems.control.undoing import SETTLES_S
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.site import Circuit, Site
from hems.model.units import CircuitId

NOBODY: frozenset[CircuitId] = frozenset()
LIMITS = frozenset({Why.OVERLOAD, Why.BLACKOUT, Why.STABILISING_TOO_LONG, Why.STOPPING})
LIMIT_BANDS = frozenset({"floor", "shutdown"})


def asked_on(site: Site, state: ControlState, outlook: Outlook, params: Params, now_s: float) -> frozenset[CircuitId]:
    """Circuits that close now because a person wants them on.

    What has just come back by itself is waited for; who may not close, or has to rest first, makes nobody wait.
    """
    forced = forced_on(state)
    wanted = [one for one in site.circuits if one.id in forced and _may_be_on(one, state, now_s)]
    if not wanted or not sending.may_close(state, now_s):
        return NOBODY
    if not outlook.mode.on_island:
        return frozenset([one.id for one in wanted])
    if state.last_restore_s is not None and now_s < state.last_restore_s + SETTLES_S:
        return NOBODY
    rests = {one.id for one in wanted if now_s < sending.closes_s(one, state, params, now_s)}
    in_order = sorted(wanted, key=lambda one: (one.id in rests, one.tier, one.rank, one.id))
    first = next((one for one in in_order if fits(one, site, state, outlook, params, now_s)), None)
    return NOBODY if first is None else frozenset({first.id})


def _may_be_on(circuit: Circuit, state: ControlState, now_s: float) -> bool:
    """Whether it is off, and neither protection nor whoever works on it keeps it so."""
    role = wiring.circuit_closed(circuit.id)
    if not circuit.switchable or told_on(state, role):
        return False
    because = state.loads.get(circuit.id, FRESH).shed_because
    protected = because is not None and shed_rank(because) is Rank.LIMIT
    return not protected and role not in locked(state, now_s)


def shed_rank(cause: Cause) -> Rank:
    """Protection beats people; saving energy does not (UCA 7)."""
    limit = cause.why in LIMITS or cause.facts.get("band") in LIMIT_BANDS
    return Rank.LIMIT if limit else Rank.ISLAND
