"""A building a moment after its grid has failed, as a rehearsal imagines it from what is known now.

The tie is open and its far side dead; the former carries all that is on, and whatever else gave rests, as it does at a
transfer.  What is said of it is as fresh as that moment; what nobody knows now, nobody knows then.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import TypeVar

from hems.model.reading import Reading
from hems.model.site import Location, Site
from hems.model.snapshot import BayReading, CircuitReading, Snapshot, TieReading, VoltageReading
from hems.model.units import CircuitId, PointId, SourceId

T = TypeVar("T")


def outage(
    site: Site, now: Snapshot, carried: tuple[float, ...], off: AbstractSet[CircuitId], then_s: float
) -> Snapshot:
    """The same building then; `carried` is what the former bears by phase, `off` what has gone by then."""
    then = _Then(then_s)

    def gives(source: SourceId) -> Reading[float]:
        return then.says(sum(carried) if source == site.former.source else 0.0)

    batteries = now.batteries.items()
    return replace(
        now,
        tie=_opened(site, now.tie, then),
        voltages=_voltages(site, now, then),
        grid_w=then.says(0.0),
        former_phase_w=tuple(then.says(watts) for watts in carried),
        circuits={circuit: _circuit(one, then, off=circuit in off) for circuit, one in now.circuits.items()},
        batteries={key: replace(one, power_w=gives(key), soc_pct=then.again(one.soc_pct)) for key, one in batteries},
        pvs={pv: then.says(0.0) for pv in now.pvs},
        bays={bay: _bay(one, then, gives(bay)) for bay, one in now.bays.items()},
    )


@dataclass(frozen=True, slots=True)
class _Then:
    """The moment, and what is read at it."""

    s: float

    def says(self, value: T) -> Reading[T]:
        """Something new."""
        return Reading(value, self.s)

    def again(self, reading: Reading[T]) -> Reading[T]:
        """What was known before."""
        return reading._replace(taken_s=self.s) if reading.value is not None else reading


def _opened(site: Site, tie: TieReading, then: _Then) -> TieReading:
    """By all that tells of it here."""
    contacts, flag = site.tie.has_contacts, site.tie.has_flag
    return TieReading(
        closed_contact=then.says(False) if contacts else tie.closed_contact,
        open_contact=then.says(True) if contacts else tie.open_contact,
        grid_connected=then.says(False) if flag else tie.grid_connected,
        permit=then.again(tie.permit),
    )


def _voltages(site: Site, now: Snapshot, then: _Then) -> Mapping[PointId, VoltageReading]:
    """None on the utility's side, the same as now on the building's."""
    upstream = {point.id for point in site.voltage_points if point.location is Location.UTILITY}
    return {
        point: VoltageReading(volts=tuple(then.says(0.0) for _ in one.volts), hertz=then.says(0.0))
        if point in upstream
        else VoltageReading(volts=tuple(then.again(volt) for volt in one.volts), hertz=then.again(one.hertz))
        for point, one in now.voltages.items()
    }


def _circuit(now: CircuitReading, then: _Then, *, off: bool) -> CircuitReading:
    return CircuitReading(
        closed=then.says(False) if off else then.again(now.closed),
        power_w=then.says(0.0) if off else then.again(now.power_w),
        temp_c=then.again(now.temp_c),
        by_hand=then.again(now.by_hand),
    )


def _bay(now: BayReading, then: _Then, power_w: Reading[float]) -> BayReading:
    return BayReading(
        state=then.again(now.state),
        power_w=power_w,
        soc_pct=then.again(now.soc_pct),
        capacity_wh=then.again(now.capacity_wh),
        discharge_ready=then.says(False),
    )
