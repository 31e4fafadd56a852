"""A restore that goes wrong at once is undone, and nothing else with it.

Until its current has settled, a jump of power is the doing of what has just come back: more important circuits are not
given for it.  They go if the jump still shows once that one is off.  Source: domain reference 2.5 and 2.6.
"""

from collections.abc import Iterable, Sequence
from math import inf

from hems.control.memory.using import FRESH
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.site import Circuit, Phase

SETTLES_S = 5.0
"""So long after its switch was told a circuit's current may still be rising: a relay's second, and a motor's three."""


def just_back(circuits: Iterable[Circuit], state: ControlState, now_s: float) -> list[Circuit]:
    """Those of `circuits` that were told to come on a moment ago, though they may have been told off again since."""
    return [one for one in circuits if now_s < _told_on_s(one, state) + SETTLES_S]


def _told_on_s(circuit: Circuit, state: ControlState) -> float:
    """When its switch was last told to close, by whomever; long ago for one that nobody has moved."""
    entry, moves_s = state.sent.get(wiring.circuit_closed(circuit.id)), state.loads.get(circuit.id, FRESH).moves_s
    since = 1 if entry is not None and entry.value else 2  # if it is off, the last move was that
    return moves_s[-since] if len(moves_s) >= since else -inf


def elsewhere(power_w: Sequence[float], phases: Sequence[Phase], suspects: Sequence[Circuit]) -> tuple[float, ...]:
    """W on each phase, as if there were nothing on those that the suspects hang on."""
    theirs = {phase for one in suspects for phase in one.phases}
    return tuple([0.0 if phase in theirs else watts for phase, watts in zip(phases, power_w, strict=True)])
