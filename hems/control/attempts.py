"""Restores that had to be undone: a longer pause each time, and after a few in a row none at all until a person looks.

A circuit that trips the island each time it comes on would otherwise darken the house every minute, like a breaker
that is pushed in again and again.  Source: domain reference 2.6 and 5, UCA 8.
"""

from hems.control.memory.acting import AttemptsMemory
from hems.control.memory.using import LoadMemory
from hems.control.params import Params
from hems.control.shedding import COLLAPSE_S
from hems.control.state import ControlState
from hems.control.tuning.island import RestoreParams
from hems.model.copies import replace
from hems.model.site import Location, Site
from hems.model.snapshot import Snapshot

LONGEST_S = 1800.0
"""No pause between two tries is longer."""
SAGS_PU = (0.9, 1.1)
"""Outside of this the island's voltage is not well after a motor has started."""


def pause_s(memory: LoadMemory, params: RestoreParams) -> float:
    """How long a circuit that had to be undone waits before it is tried again; 0 for one that never was."""
    return min(LONGEST_S, params.after_shed_s * 2.0**memory.fruitless) if memory.fruitless else 0.0


def given_up(state: ControlState, params: RestoreParams) -> bool:
    """Whether so many restores in a row have failed, of whatever circuits, that a person must look first."""
    return state.attempts.failures >= params.failures


def failed(state: ControlState) -> ControlState:
    """The state after a restore that had to be undone."""
    return replace(state, attempts=AttemptsMemory(failures=state.attempts.failures + 1, undone=True))


def begun(state: ControlState) -> ControlState:
    """The state as another circuit is tried: if the last one has stayed on, nothing has failed in a row."""
    memory = state.attempts
    if not memory.undone and memory.failures == 0:
        return state
    return replace(state, attempts=AttemptsMemory(failures=memory.failures if memory.undone else 0))


def collapsed(state: ControlState, now_s: float) -> ControlState:
    """The state after an island has gone dark: what had just come back is taken to be the reason."""
    when_s = state.last_restore_s
    if when_s is None or now_s > when_s + COLLAPSE_S:
        return state
    blamed = {name: one for name, one in state.loads.items() if one.restored_s == when_s and one.shed_because is None}
    if not blamed:
        return state
    marked = {name: replace(one, fruitless=one.fruitless + 1) for name, one in blamed.items()}
    return failed(replace(state, loads={**state.loads, **marked}))


def well(site: Site, snapshot: Snapshot, params: Params, now_s: float) -> bool:
    """Whether the island's voltage is as it should be on every phase that can be read.

    Its frequency tells of stored energy and not of load (UCA 15).
    """
    low, high = (share * site.grid.nominal_v for share in SAGS_PU)
    dead = params.grid.v_dead_pu * site.grid.nominal_v
    for point in site.voltage_points:
        if point.location is Location.BUS and point.id in snapshot.voltages:
            for reading in snapshot.voltages[point.id].volts:
                volts = reading.known(now_s)
                if volts is not None and volts >= dead and not low <= volts <= high:
                    return False
    return True
