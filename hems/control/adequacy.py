"""Whether a building would survive the moment the tie opens: its load then, the former's curve, and how fast loads go.

From below 20 ms to 1 s no software acts; after that the armed list goes out.  What cannot be carried for so long must
fall out by itself (layer 0).  Source: domain reference 2.2.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hems.control import overload
from hems.control.sheddable import shed_order
from hems.model.site import Bay, Circuit, Phase, Site, Tier
from hems.model.units import CircuitId, SourceId

CLOSE = 0.5
"""Share of the former's overload curve that may be used up before the last load is off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What the building draws when the tie opens."""

    circuits_w: Mapping[CircuitId, float]
    charging_w: Mapping[SourceId, float]
    """By bay, while cars charge; positive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseJudged:
    """One phase in that moment."""

    phase: Phase
    load_w: float
    loading_pu: float
    trips_s: float
    """How long the former carries it; infinite up to its rating."""
    dose: float
    """Share of its trip time that has passed when the last load is off; at 1 the building is dark."""

    @property
    def trips(self) -> bool:
        """Whether the building goes dark before everything is shed."""
        return self.dose >= 1.0

    @property
    def close(self) -> bool:
        """Whether there is no margin."""
        return self.dose >= CLOSE


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """From the tie's opening."""

    circuits_s: float
    """Until circuits of the armed list are off, at worst."""
    cars_s: float
    """Until cars have stopped charging, at worst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adequacy:
    """All phases, and what would have to fall out by itself for the former to last."""

    phases: tuple[PhaseJudged, ...]
    layer_0: tuple[str, ...]
    """Names of bays and circuits, the least important first; empty if software is fast enough."""
    enough: bool
    """Whether those are enough."""


def judge(site: Site, moment: Moment, times: Times) -> Adequacy:
    """What the tie's opening would do in that moment."""
    falls = {circuit.id for circuit in site.circuits if circuit.layer_0}
    rest = {bay.id for bay in site.bays if bay.layer_0 or bay.id == site.former.source}
    left = Moment(
        circuits_w={name: watts for name, watts in moment.circuits_w.items() if name not in falls},
        charging_w={name: watts for name, watts in moment.charging_w.items() if name not in rest},
    )
    phases = _phases(site, left, times)
    named: list[str] = []
    loads: list[Bay | Circuit] = [*site.bays, *(one for one in shed_order(site) if one.tier > Tier.CRITICAL)]
    for load in loads:
        close = {one.phase for one in _phases(site, left, times) if one.close}
        if not close:
            break
        if close & set(load.phases) and (
            left.charging_w.get(SourceId(load.id)) or left.circuits_w.get(CircuitId(load.id))
        ):
            named.append(load.name)
            left = Moment(
                circuits_w={name: watts for name, watts in left.circuits_w.items() if name != load.id},
                charging_w={name: watts for name, watts in left.charging_w.items() if name != load.id},
            )
    enough = not any(one.close for one in _phases(site, left, times))
    return Adequacy(phases=phases, layer_0=tuple(named), enough=enough)


def declared(site: Site) -> Moment:
    """Everything that the site file names at once, cars at full power: the worst that can be, within the service."""
    circuits_w = {circuit.id: circuit.typical_w for circuit in site.circuits}
    charging_w = {bay.id: bay.charge_max_w for bay in site.bays if bay.id != site.former.source}
    limit_w = site.grid.service_a * site.grid.nominal_v
    room = [limit_w - watts for watts in _by_phase(site, circuits_w, {})]
    worst = max(
        (watts / max(1.0, left) for watts, left in zip(_by_phase(site, {}, charging_w), room, strict=True)), default=0.0
    )
    share = 1.0 if worst <= 1.0 else 1.0 / worst
    return Moment(circuits_w=circuits_w, charging_w={name: watts * share for name, watts in charging_w.items()})


def _phases(site: Site, moment: Moment, times: Times) -> tuple[PhaseJudged, ...]:
    stays = {one.id for one in site.circuits if not one.sheddable or one.tier <= Tier.CRITICAL}
    first_w = _by_phase(site, moment.circuits_w, moment.charging_w)
    kept = {name: watts for name, watts in moment.circuits_w.items() if name in stays}
    then_w = _by_phase(site, kept, moment.charging_w)
    pus = zip(overload.loading(first_w, site.former), overload.loading(then_w, site.former), strict=True)
    return tuple(_phase(site, index, first_w[index], first, then, times) for index, (first, then) in enumerate(pus))


def _phase(site: Site, index: int, first_w: float, first_pu: float, then_pu: float, times: Times) -> PhaseJudged:
    """The dose of the whole load until the circuits are off, and of what is left until the cars have stopped."""
    trips_s = overload.trip_s(first_pu, site.former.curve)
    dose = times.circuits_s / trips_s
    dose += max(0.0, times.cars_s - times.circuits_s) / overload.trip_s(then_pu, site.former.curve)
    return PhaseJudged(phase=site.phases[index], load_w=first_w, loading_pu=first_pu, trips_s=trips_s, dose=dose)


def _by_phase(site: Site, circuits_w: Mapping[CircuitId, float], charging_w: Mapping[SourceId, float]) -> list[float]:
    total = [0.0] * len(site.phases)
    loads = [(circuits_w.get(one.id, 0.0), one.phases) for one in site.circuits]
    for watts, phases in [*loads, *((charging_w.get(bay.id, 0.0), bay.phases) for bay in site.bays)]:
        for index, share_w in enumerate(site.per_phase(watts, phases)):
            total[index] += share_w
    return total
