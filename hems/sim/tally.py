"""What a run of the building came to: who was served, how often and how long not, and what it cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from hems.model.event import Event, EventKind
from hems.model.site import Site, Tier
from hems.model.units import HOUR_S, CircuitId
from hems.sim.plant import Plant
from hems.sim.run import Ticked

BLINK_S = 60.0
"""Darkness up to this long at the beginning of a power cut is the transfer, and no interruption."""


def jain(shares: Sequence[float]) -> float:
    """Jain's index of fairness: 1 when all got the same, 1/n when one got everything; 1 when nobody got anything."""
    squares = sum(share * share for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares > 0.0 else 1.0


@dataclass(slots=True)
class CircuitTally:
    """One circuit over a run."""

    wanted_wh: float = 0.0
    served_wh: float = 0.0
    off_s: float = 0.0
    """Without power, wanted or not."""
    interruptions: int = 0
    operations: int = 0
    """How often its relay moved."""


@dataclass(frozen=True, slots=True)
class Look:
    """The building at one instant of the course."""

    t_s: float
    mode: str
    load_w: float
    sun_w: float
    battery_w: float
    cars_w: float
    grid_w: float
    battery_pct: float
    cars_pct: Mapping[str, float]
    off: frozenset[str]
    live: bool


@dataclass
class Tally:
    """Takes a look at each tick; `looks` keeps one for each `every_s` and each change of what is off."""

    site: Site
    every_s: float = 60.0
    circuits: dict[CircuitId, CircuitTally] = field(default_factory=dict)
    looks: list[Look] = field(default_factory=list)
    events: list[tuple[float, Event]] = field(default_factory=list)
    trips: int = 0
    cut_s: float | None = None
    """When the first power cut began."""
    first_loss_s: dict[Tier, float] = field(default_factory=dict)
    """From the first power cut to the first circuit of a tier without power, longer than the transfer takes."""
    lowest_car_pct: dict[str, float] = field(default_factory=dict)
    below_floor: set[str] = field(default_factory=set)
    _before_s: float | None = None
    _before: dict[CircuitId, tuple[float, float, bool, bool]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tiers = {one.id: one.tier for one in self.site.circuits}  # a plant built as it really is has no tiers

    def look(self, t_s: float, ticked: Ticked, plant: Plant) -> None:
        """Count what has passed since the last look, then look."""
        if self._before_s is not None:
            self._count(t_s - self._before_s)
        self._before_s = t_s
        self._note(t_s, plant)
        self.events += [(t_s, event) for event in ticked.step.events]
        self.trips = plant.former_trips
        look = _look(t_s, str(ticked.step.state.mode.mode), plant)
        changed = not self.looks or (self.looks[-1].off, self.looks[-1].live) != (look.off, look.live)
        if changed or t_s - self.looks[-1].t_s >= self.every_s:
            self.looks.append(look)

    def close(self, ends_s: float) -> None:
        """Count what has passed between the last look and the end."""
        if self._before_s is not None and ends_s > self._before_s:
            self._count(ends_s - self._before_s)
            self._before_s = ends_s

    def _count(self, dt_s: float) -> None:
        for name, (wanted_w, served_w, powered, _) in self._before.items():
            one = self.circuits[name]
            one.wanted_wh += max(wanted_w, served_w) * dt_s / HOUR_S
            one.served_wh += served_w * dt_s / HOUR_S
            one.off_s += 0.0 if powered else dt_s

    def _note(self, t_s: float, plant: Plant) -> None:
        if plant.open_contact and self.cut_s is None:
            self.cut_s = t_s
        blink = self.cut_s is not None and t_s - self.cut_s < BLINK_S
        for name, load in plant.circuits.items():
            one = self.circuits.setdefault(name, CircuitTally())
            powered = load.closed and (plant.bus_live or blink)
            _, _, was_powered, was_told = self._before.get(name, (0.0, 0.0, powered, load.told))
            one.interruptions += was_powered and not powered
            one.operations += was_told != load.told
            self._before[name] = (load.demand_w, load.power_w, powered, load.told)
            if self.cut_s is not None and not powered and not blink:
                self.first_loss_s.setdefault(self.tiers[name], t_s - self.cut_s)
        self._note_cars(plant)

    def _note_cars(self, plant: Plant) -> None:
        for bay in self.site.bays:
            soc_pct, gives = plant.bays[bay.id].soc_pct, plant.bays[bay.id].power_w > 0.0
            if soc_pct is not None and gives:
                self.lowest_car_pct[bay.id] = min(self.lowest_car_pct.get(bay.id, inf), soc_pct)
                if soc_pct < bay.floor_pct:
                    self.below_floor.add(bay.id)

    def tier_wh(self, tier: Tier) -> tuple[float, float]:
        """Served and unserved energy of a tier."""
        of = [one for circuit in self.site.circuits if circuit.tier is tier and (one := self.circuits.get(circuit.id))]
        served_wh = sum(one.served_wh for one in of)
        return served_wh, max(0.0, sum(one.wanted_wh for one in of) - served_wh)

    def minutes_off(self) -> float:
        """Minutes without power of the average circuit (as SAIDI counts)."""
        return sum(one.off_s for one in self.circuits.values()) / 60.0 / max(1, len(self.circuits))

    def interruptions(self) -> float:
        """Interruptions of the average circuit (as SAIFI counts)."""
        return sum(one.interruptions for one in self.circuits.values()) / max(1, len(self.circuits))

    def fairness(self, tier: Tier) -> float | None:
        """Jain's index over a tier's circuits, by the part of what each wanted that it got; None for fewer than two.

        What is missing counts by the share of each beside the greatest, so that 1 is what all are entitled to.
        """
        of = [one for one in self.site.circuits if one.tier is tier and one.id in self.circuits]
        most = max((one.share for one in of), default=1.0)
        books = [(one.share / most, self.circuits[one.id]) for one in of]
        shares = [1.0 - part * (1.0 - one.served_wh / one.wanted_wh) for part, one in books if one.wanted_wh > 0.0]
        return jain(shares) if len(shares) > 1 else None

    def decisions(self) -> list[tuple[float, Event]]:
        """What was decided."""
        return [(t_s, one) for t_s, one in self.events if one.kind in (EventKind.COMMAND, EventKind.MODE)]


def _look(t_s: float, mode: str, plant: Plant) -> Look:
    return Look(
        t_s=t_s,
        mode=mode,
        load_w=plant.load_w,
        sun_w=sum(pv.power_w for pv in plant.pvs.values()),
        battery_w=sum(store.power_w for store in plant.batteries.values()),
        cars_w=sum(bay.power_w for bay in plant.bays.values()),
        grid_w=plant.grid_w,
        battery_pct=min((store.soc_pct for store in plant.batteries.values()), default=0.0),
        cars_pct={str(name): bay.soc_pct for name, bay in plant.bays.items() if bay.soc_pct is not None},
        off=frozenset(str(name) for name, load in plant.circuits.items() if not load.closed),
        live=plant.bus_live,
    )
