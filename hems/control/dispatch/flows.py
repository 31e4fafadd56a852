"""What flows at this instant, as far as everything that matters for it can be read."""

from dataclasses import dataclass

from hems.control.dispatch.memory import ConnectionMemory
from hems.control.energy import NO_CAR
from hems.control.stored import NO_BATTERY
from hems.model.again import again
from hems.model.reading import Quality, Reading
from hems.model.site import Bay, Site
from hems.model.snapshot import Snapshot

UNSEEN = 0.05
"""Part by which circuits may draw more than was seen last, while nobody measures it."""


@dataclass(frozen=True, slots=True)
class Flows:
    """W; from the grid import positive, from cars and batteries positive when they feed the building."""

    grid_w: float
    batteries_w: float
    cars_w: float

    @property
    def house_w(self) -> float:
        """What circuits draw beyond what the sun gives; negative in surplus."""
        return self.grid_w + self.batteries_w + self.cars_w

    @property
    def without_batteries_w(self) -> float:
        """What the grid would carry if batteries rested and cars went on."""
        return self.grid_w + self.batteries_w


@again
def flows(site: Site, snapshot: Snapshot, now_s: float) -> Flows | None:
    """None while the meter at the grid, or that of a battery with a reserve, cannot be read.

    A car, or any other battery, that falls silent counts as giving what it gave last: it may go on, and what circuits
    draw is no less because nobody tells who serves them.  What it charged counts as drawn by circuits.
    """
    grid_w = snapshot.grid_w.known(now_s)
    if grid_w is None:
        return None
    batteries_w = 0.0
    for one in site.batteries:
        power_w = snapshot.batteries.get(one.id, NO_BATTERY).power_w
        if one.reserve_pct is not None and power_w.known(now_s) is None:
            return None
        batteries_w += gives_w(power_w, now_s)
    return Flows(grid_w, batteries_w, sum([car_w(bay, snapshot, now_s) for bay in site.bays]))


def gives_w(power_w: Reading[float], now_s: float) -> float:
    """W that a battery or car gives, negative while it charges; silent, what it gave last."""
    known_w = power_w.known(now_s)
    if known_w is not None:
        return known_w
    return max(0.0, power_w.value or 0.0) if power_w.quality is Quality.GOOD else 0.0


def car_w(bay: Bay, snapshot: Snapshot, now_s: float) -> float:
    """The same of the car in a bay."""
    return gives_w(snapshot.bays.get(bay.id, NO_CAR).power_w, now_s)


def looked_s(snapshot: Snapshot) -> float:
    """When the meter at the street was read last, as a whole or by phases."""
    return max(reading.taken_s for reading in (snapshot.grid_w, *snapshot.grid_phase_w))


def sure(site: Site, snapshot: Snapshot) -> bool:
    """Whether no battery and no car says what cannot be: what it does then is not even known to have been."""
    batteries = (snapshot.batteries.get(one.id, NO_BATTERY).power_w for one in site.batteries)
    cars = (snapshot.bays.get(bay.id, NO_CAR).power_w for bay in site.bays)
    return all(one.quality is not Quality.INVALID for one in (*batteries, *cars))


def assumed(
    site: Site, memory: ConnectionMemory, snapshot: Snapshot, now_s: float, *, unseen: float = UNSEEN
) -> Flows | None:
    """What is taken to flow while nobody measures it: circuits as they were seen last, all else as it tells.

    `unseen` is the part by which circuits may have come to draw more since.

    A limit that is to be held survives the meter with that; nothing economic is decided on it.
    """
    if not memory.standing:
        return None
    batteries_w = sum(gives_w(snapshot.batteries.get(one.id, NO_BATTERY).power_w, now_s) for one in site.batteries)
    cars_w = sum(car_w(bay, snapshot, now_s) for bay in site.bays)
    house_w = sum(one.watts * (1.0 + unseen) if one.watts > 0.0 else one.watts for one in memory.standing)
    return Flows(house_w - batteries_w - cars_w, batteries_w, cars_w)


def house_phase_w(site: Site, snapshot: Snapshot, flow: Flows, now_s: float) -> tuple[float, ...]:
    """What circuits draw on each phase beyond what the sun gives; spread evenly where phases are not measured."""
    measured = [reading.known(now_s) for reading in snapshot.grid_phase_w]
    known = [watts for watts in measured if watts is not None]
    if len(known) < len(site.phases):
        return site.per_phase(flow.house_w, site.phases)
    total = [watts + flow.batteries_w / len(known) for watts in known]
    for bay in site.bays:
        for place, share_w in enumerate(site.per_phase(car_w(bay, snapshot, now_s), bay.phases)):
            total[place] += share_w
    return tuple(total)
