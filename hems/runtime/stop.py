"""Leaving in good order, as far as time allows."""

import logging

from hems.control.mode import ON_GRID
from hems.control.params import Params
from hems.control.state import ControlState
from hems.control.stopping import ending, withdrawn
from hems.model.instant import Instant
from hems.model.site import Site
from hems.model.snapshot import Snapshot
from hems.runtime.act import Actuators
from hems.runtime.fleet import Fleet

log = logging.getLogger(__name__)
WITHDRAWN_WITHIN_S = 2.0
SHED_WITHIN_S = 3.0
RELEASE_WITHIN_S = 4.0


async def leave(
    site: Site,
    params: Params,
    state: ControlState,
    snapshot: Snapshot,
    now: Instant,
    fleet: Fleet,
    actuators: Actuators,
) -> None:
    """On the grid hand every device back; else shed what the cars carry and only then let them stop.

    Else also means in doubt: whatever forms an island must not be told anything by mistake.  First of all end requests
    that nobody could take back.
    """
    actuators.call_off()
    requests = withdrawn(state)
    actuators.send(requests)
    if state.mode.mode in ON_GRID:
        await actuators.settle([command.role for command in requests], within_s=WITHDRAWN_WITHIN_S)
        await fleet.release(within_s=RELEASE_WITHIN_S)
        return
    end = ending(site, state, snapshot, params, now.mono_s)
    actuators.send(end.sheds)
    await actuators.settle([command.role for command in (*requests, *end.sheds)], within_s=SHED_WITHIN_S)
    actuators.send(end.releases)
    await actuators.settle([command.role for command in end.releases], within_s=RELEASE_WITHIN_S)
    log.info("Stopped off the grid: %d circuits shed, %d cars released.", len(end.sheds), len(end.releases))
