"""A restore that goes wrong at once is undone, and nothing else with it.

Until its current has settled, a jump of power is the doing of what has just come back: more important circuits are not
given for it.  They go if the jump still shows once that one is off.  Source: domain reference 2.5 and 2.6.
"""

from collections.abc import Iterable, Sequence

from hems.control.memory.using import FRESH
from hems.control.state import ControlState
from hems.model.site import Circuit, Phase

SETTLES_S = 5.0
"""So long after its switch was told a circuit's current may still be rising: a relay's second, and a motor's three."""


def just_back(circuits: Iterable[Circuit], state: ControlState, now_s: float) -> list[Circuit]:
    """Those of `circuits` that were told to come on a moment ago, though they may have been told off again since."""
    return [one for one in circuits if _is_just_back(state.loads.get(one.id, FRESH).restored_s, now_s)]


def _is_just_back(restored_s: float | None, now_s: float) -> bool:
    return restored_s is not None and now_s < restored_s + SETTLES_S


def elsewhere(power_w: Sequence[float], phases: Sequence[Phase], suspects: Sequence[Circuit]) -> tuple[float, ...]:
    """W on each phase, as if there were nothing on those that the suspects hang on."""
    theirs = {phase for one in suspects for phase in one.phases}
    return tuple([0.0 if phase in theirs else watts for phase, watts in zip(phases, power_w, strict=True)])
