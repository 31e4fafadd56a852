"""What a battery was told on the grid ends with it: in doubt or in the dark none goes on to charge.

The battery that makes the island is left alone, and what gives goes on: it carries a part of the load.
Source: domain reference 1.4, ISLANDED_STABILIZING and FAULT_SAFE.
"""

from collections.abc import Iterator

from hems.control.arbitrate import Proposal, Rank
from hems.control.dispatch.storage import ON_GRID
from hems.control.memory.acting import Sent
from hems.control.params import Params
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import ISLAND_MODES, Mode
from hems.model.site import Site

OVER = Cause(Why.STORAGE_LET_GO)
STEERED = ON_GRID | ISLAND_MODES | {Mode.ISLANDING_PLANNED}
"""Modes in which somebody says what batteries do: dispatch, a plan, or the island (`beside`)."""


def proposals(site: Site, state: ControlState, params: Params, now_s: float) -> Iterator[Proposal]:
    """Rest, for each battery beside the former that still charges as it was told on the grid."""
    if state.mode.mode in STEERED:
        return
    for battery in site.batteries:
        role = wiring.battery_power(battery.id)
        entry = state.sent.get(role)
        if battery.id != site.former.source and entry is not None and _holds(entry, params, now_s):
            yield Proposal(role=role, rank=Rank.INTERLOCK, cause=OVER, low=0.0, high=0.0, prefer=0.0)


def _holds(entry: Sent, params: Params, now_s: float) -> bool:
    """Whether it holds yet; the word to rest is said again only until what was said before it has lapsed."""
    if entry.cause.why is Why.GENERATOR_LOAD:
        return False
    if entry.value < 0:
        return now_s < entry.last_s + params.command.lease_s
    return entry.cause.why is Why.STORAGE_LET_GO and now_s < entry.sent_s + params.command.lease_s
