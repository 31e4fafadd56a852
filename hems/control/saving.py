"""Which circuits go off so that stored energy lasts; never faster than a building bears, and in doubt hardly at all."""

from collections.abc import Mapping, Sequence

from hems.control.energy import Band
from hems.control.memory.using import FRESH
from hems.control.overload import on_its_own
from hems.control.params import Params
from hems.control.sheddable import Outlook, forced_on
from hems.control.state import ControlState
from hems.model.cause import Cause, Why
from hems.model.site import Circuit, Tier
from hems.model.units import CircuitId

LAST_RESERVE = (Band.FLOOR, Band.SHUTDOWN)


def by_band(
    on: Sequence[Circuit], state: ControlState, outlook: Outlook, params: Params, now_s: float
) -> dict[CircuitId, Cause]:
    """What the stored energy is not to be spent on.

    A person's wish to keep something on ends at the last reserve; in doubt about the tie that is all that counts.  On a
    tie that is seen closed it does not: while people work, or hems looks around, the grid carries the building.
    """
    last = outlook.band in LAST_RESERVE
    if not outlook.mode.on_island and not (last and on_its_own(state.evidence)):
        return {}
    forced = () if last else forced_on(state)
    found = {
        circuit.id: _saved(circuit, outlook)
        for circuit in ([] if outlook.held and not last else on)
        if not outlook.serves(circuit) and circuit.id not in forced and _ran_long_enough(circuit, state, params, now_s)
    }
    return found if last else _bearable(found, outlook)


def _bearable(found: Mapping[CircuitId, Cause], outlook: Outlook) -> dict[CircuitId, Cause]:
    """As many as may go at once, the first at least; the others when that has shown."""
    left_w = outlook.bears_w
    chosen: dict[CircuitId, Cause] = {}
    for circuit, cause in found.items():
        left_w -= outlook.watts[circuit]
        if left_w < 0.0 and (chosen or not outlook.sheds_settled):
            break
        chosen[circuit] = cause
    return chosen


def _saved(circuit: Circuit, outlook: Outlook) -> Cause:
    """Why it goes for the sake of energy: for the band, or earlier because what is stored must last."""
    rests = outlook.resting.get(circuit.id)
    takes_turns = outlook.band is Band.CONSERVE and rests is not None and rests.why is Why.NOT_ITS_TURN
    if rests is not None and (circuit.tier <= outlook.least or takes_turns):
        return rests
    why = Why.FLEXIBLE_ON_ISLAND if circuit.tier is Tier.FLEXIBLE else Why.ENERGY_BAND
    return Cause(why, {"band": outlook.band})


def _ran_long_enough(circuit: Circuit, state: ControlState, params: Params, now_s: float) -> bool:
    """Whether its minimum on time is over: saving energy waits for that, protection does not."""
    restored_s = state.loads.get(circuit.id, FRESH).restored_s
    return restored_s is None or now_s >= restored_s + circuit.min_on_s * params.restore.pause_factor
