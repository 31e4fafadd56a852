"""Leaving in good order, as far as time allows."""

import asyncio
import logging

from hems.control.params import Params
from hems.control.state import ControlState
from hems.control.stopping import ending
from hems.model.instant import Instant
from hems.model.site import Site
from hems.model.snapshot import Snapshot
from hems.runtime.act import Actuators
from hems.runtime.fleet import Fleet

log = logging.getLogger(__name__)
SHED_WITHIN_S = 3.0
RELEASE_WITHIN_S = 5.0


async def leave(
    site: Site,
    params: Params,
    state: ControlState,
    snapshot: Snapshot,
    now: Instant,
    fleet: Fleet,
    actuators: Actuators,
) -> None:
    """On an island shed what the cars carried and only then let them stop; on the grid hand every device back."""
    if state.mode.mode.on_island:
        end = ending(site, state, snapshot, params, now.mono_s)
        actuators.send(end.sheds)
        await actuators.settle([command.role for command in end.sheds], within_s=SHED_WITHIN_S)
        actuators.send(end.releases)
        await actuators.settle([command.role for command in end.releases], within_s=RELEASE_WITHIN_S)
        log.info("Stopped on an island: %d circuits shed, %d cars released.", len(end.sheds), len(end.releases))
        return
    try:
        async with asyncio.timeout(RELEASE_WITHIN_S):
            await asyncio.gather(*(driver.release(device) for device, driver in fleet.devices.items()))
    except TimeoutError:
        log.warning("Not every device could be handed back in time.")
