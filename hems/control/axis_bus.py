"""Axis B: is the building's own busbar live?"""

from hems.control.memory.seeing import BusMemory
from hems.control.params import Params
from hems.control.sight import Sight
from hems.model.mode import Bus
from hems.model.reading import Reading
from hems.model.site import Site
from hems.model.snapshot import Snapshot

FEEDING_W = 50.0
"""A circuit, PV plant or car that moves more than this proves that the bus is live."""


def feeding(site: Site, snapshot: Snapshot, now_s: float) -> bool:
    """Whether anything downstream of the tie moves power, which it could not do on a dead bus.

    PV on the former's own DC side could: it charges the battery of a dark building.
    """
    powers: list[Reading[float]] = [circuit.power_w for circuit in snapshot.circuits.values()]
    powers += [snapshot.pvs[pv.id] for pv in site.pvs if not pv.direct and pv.id in snapshot.pvs]
    powers += [*(bay.power_w for bay in snapshot.bays.values()), *snapshot.former_phase_w]
    return any(abs(power.known(now_s) or 0.0) > FEEDING_W for power in powers)


def judged(
    memory: BusMemory, sights: list[Sight], params: Params, now_s: float, *, power_flows: bool, fed: bool
) -> BusMemory:
    """Live if anything says live; dead if all that answer say so, a lone frame of zeros only after a while (UCA 9).

    Never a lone one while `fed`: a good grid through a closed tie speaks against it.
    """
    if Sight.INSIDE in sights or Sight.OUTSIDE in sights:
        return BusMemory(value=Bus.LIVE)
    dead = [one for one in sights if one in (Sight.DEAD, Sight.ZERO)]
    if not dead:
        return BusMemory(value=Bus.LIVE if power_flows else Bus.UNKNOWN)
    zero_since_s = now_s if memory.zero_since_s is None else memory.zero_since_s
    if Sight.DEAD in dead or len(dead) > 1:
        return BusMemory(value=Bus.DEAD, zero_since_s=zero_since_s)
    if power_flows or now_s < zero_since_s + params.grid.lost_s:
        return BusMemory(value=Bus.LIVE if power_flows else memory.value, zero_since_s=zero_since_s)
    believed = memory.value is Bus.DEAD or now_s >= zero_since_s + params.witness.zero_frame_s
    return BusMemory(value=Bus.DEAD if believed and not fed else Bus.UNKNOWN, zero_since_s=zero_since_s)
