"""What feeds an island besides its former, and the instant one of them is gone.

A source is lost when it has given a good part of what the former carries and gives next to nothing any more, without
having been asked to.  Unknown is no loss: a charger that falls silent may well go on giving.  Then the island is
watched until it has come to rest again, and nothing is switched on meanwhile.  Source: domain reference 1.4, ISLANDED.
"""

from collections.abc import Iterator
from math import exp

from hems.control.energy import NO_CAR, Band
from hems.control.memory.acting import Stage
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.site import Site
from hems.model.snapshot import Snapshot
from hems.model.wiring import Role

LEAST_W, LEAST_SHARE = 500.0, 0.05
"""Less than this, and than this share of the former's rating, nobody misses."""
LEFT_SHARE = 0.2
"""What gives less than this share of what it gave a moment ago is gone."""
FORGETS_S = 10.0
"""What was given is forgotten with this time constant: a charger ramps down in a second, the sun sets in an hour."""
STOPPED = frozenset({Stage.OFF, Stage.COOLING})


def fed(site: Site, state: ControlState, snapshot: Snapshot, now_s: float) -> tuple[dict[Role, float], frozenset[Role]]:
    """What each source has lately fed the island, W, and which of them are lost at this instant."""
    if not state.mode.mode.on_island:
        return {}, frozenset()
    kept = exp(-(now_s - state.at_s) / FORGETS_S)
    given_w = dict(_given_w(site, snapshot, now_s))
    before_w = {role: watts * kept for role, watts in state.fed_w.items()}
    gone = {role for role, watts in given_w.items() if _gone(watts, before_w.get(role, 0.0), site)}
    after_w = {role: watts if role in gone else max(watts, before_w.get(role, 0.0)) for role, watts in given_w.items()}
    return {**before_w, **after_w}, frozenset(role for role in gone if not _meant(role, before_w[role], site, state))


def _given_w(site: Site, snapshot: Snapshot, now_s: float) -> Iterator[tuple[Role, float]]:
    """Whatever is known to feed, or not to, by the role of its power."""
    readings = {wiring.pv_power(pv.id): snapshot.pvs[pv.id] for pv in site.pvs if pv.id in snapshot.pvs}
    readings |= {
        wiring.bay_power(bay.id): snapshot.bays.get(bay.id, NO_CAR).power_w
        for bay in site.bays
        if bay.id != site.former.source
    }
    beside = (key for key in snapshot.batteries if key != site.former.source)
    readings |= {wiring.battery_power(key): snapshot.batteries[key].power_w for key in beside}
    if site.generator is not None:
        readings[wiring.GENERATOR_POWER] = snapshot.generator.power_w
    for role, reading in readings.items():
        watts = reading.known(now_s)
        if watts is not None and watts > -LEAST_W:  # what charges instead has not gone
            yield role, max(0.0, watts)


def _gone(watts: float, had_w: float, site: Site) -> bool:
    return had_w >= max(LEAST_W, LEAST_SHARE * sum(site.former.phase_va)) and watts < LEFT_SHARE * had_w


def _meant(role: Role, had_w: float, site: Site, state: ControlState) -> bool:
    """Whether it stopped because it should: told so, or held back by a former whose store is full."""
    if role == wiring.GENERATOR_POWER:
        return state.generator.stage in STOPPED
    plant = next((pv for pv in site.pvs if role == wiring.pv_power(pv.id)), None)
    if plant is not None and Band(state.band) is Band.SURPLUS:
        return True
    entry = state.sent.get(role if plant is None else wiring.pv_limit(plant.id))
    return entry is not None and float(entry.value) < LEFT_SHARE * had_w
