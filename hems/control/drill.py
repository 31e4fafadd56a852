"""Practising a power cut: in thought, with nothing sent; or in earnest, ending at the first sign of trouble.

The rehearsal runs the very tick that would decide, on readings as they would be if the grid failed now: the tie open,
the utility dead, the sun gone as it is at a transfer, every command obeyed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from hems.control import overload
from hems.control.demand import per_phase
from hems.control.params import Params
from hems.control.state import ControlState
from hems.control.tick import tick
from hems.model import wiring
from hems.model.cause import Cause
from hems.model.command import Command, Fate, Outcome
from hems.model.instant import Instant
from hems.model.mode import Mode
from hems.model.reading import Reading
from hems.model.site import Circuit, Location, Site
from hems.model.snapshot import BayReading, CircuitReading, Snapshot, TieReading, VoltageReading
from hems.model.units import CircuitId, SourceId

LOOK_S = 60
"""Seconds that are looked ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoesOff:
    """One circuit that would go off."""

    circuit: CircuitId
    after_s: float
    cause: Cause
    sent: bool
    """Whether its device may be commanded at all; otherwise it would stay on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What would happen if the grid failed now."""

    at: datetime | None
    mode: Mode
    """After a minute."""
    off: tuple[GoesOff, ...]
    before_pu: float
    """Load of the former's worst phase if nothing went off."""
    after_pu: float
    """The same after a minute."""
    dose: float
    """The most its overload would come to; 1 is its trip."""


def rehearse(site: Site, state: ControlState, snapshot: Snapshot, params: Params, now: Instant) -> Rehearsal:
    """The first minute of a power cut that begins now; nothing of it leaves this function."""
    first = tick(site, state, replace(snapshot, outcomes=(), fired=(), requests=()), params, now)
    fired = next((ready.commands for ready in first.armed if ready.name == "tie open"), ())
    state, off, obeyed, dose = first.state, dict[CircuitId, GoesOff](), tuple[Command, ...](), 0.0
    loads = [one for one in site.circuits if _is_on(snapshot, one, now.mono_s)]
    before_pu = _worst_pu(site, first.watts, loads)
    mode = state.mode.mode
    for second in range(LOOK_S):
        then = Instant(now.mono_s + 0.5 + second, now.utc)
        _note(off, fired, snapshot, 0.5)
        carried = per_phase(site, first.watts, [one for one in loads if one.id not in off])
        seen = _outage(site, snapshot, carried, frozenset(off), then.mono_s)
        outcomes = tuple(Outcome(command=one, fate=Fate.CONFIRMED, at_s=then.mono_s) for one in (*obeyed, *fired))
        step = tick(site, state, replace(seen, outcomes=outcomes, fired=fired), params, then)
        state, obeyed, fired, mode = step.state, step.commands, (), step.state.mode.mode
        _note(off, obeyed, snapshot, 0.5 + second)
        dose = max(dose, *state.dose)
    after_pu = _worst_pu(site, first.watts, [one for one in loads if one.id not in off])
    gone = tuple(sorted(off.values(), key=lambda one: (one.after_s, one.circuit)))
    return Rehearsal(at=now.utc, mode=mode, off=gone, before_pu=before_pu, after_pu=after_pu, dose=dose)


def _is_on(snapshot: Snapshot, circuit: Circuit, now_s: float) -> bool:
    reading = snapshot.circuits.get(circuit.id)
    return reading is None or reading.closed.known(now_s) is not False


def _worst_pu(site: Site, watts: Mapping[CircuitId, float], on: list[Circuit]) -> float:
    return max(overload.loading(per_phase(site, watts, on), site.former), default=0.0)


def _note(off: dict[CircuitId, GoesOff], commands: tuple[Command, ...], snapshot: Snapshot, after_s: float) -> None:
    for command in commands:
        circuit = wiring.circuit_of(command.role)
        if circuit is not None and not command.value and circuit not in off:
            sent = command.role not in snapshot.watched_only
            off[circuit] = GoesOff(circuit=circuit, after_s=after_s, cause=command.cause, sent=sent)


def _outage(
    site: Site, snapshot: Snapshot, carried: tuple[float, ...], off: frozenset[CircuitId], then_s: float
) -> Snapshot:
    """The same building a moment later, on its own."""

    def says(value: Any) -> Reading[Any]:  # noqa: ANN401  (whatever the reading is of)
        return Reading(value, then_s)

    def again(reading: Reading[Any]) -> Reading[Any]:
        return reading._replace(taken_s=then_s) if reading.value is not None else reading

    def gives(source: SourceId) -> Reading[float]:
        """The former carries all; what else gave on the grid rests, as it does at a transfer."""
        return says(sum(carried) if source == site.former.source else 0.0)

    upstream = {point.id for point in site.voltage_points if point.location is Location.UTILITY}
    return replace(
        snapshot,
        tie=TieReading(
            closed_contact=says(False) if site.tie.has_contacts else snapshot.tie.closed_contact,
            open_contact=says(True) if site.tie.has_contacts else snapshot.tie.open_contact,
            grid_connected=says(False) if site.tie.has_flag else snapshot.tie.grid_connected,
            permit=again(snapshot.tie.permit),
        ),
        voltages={
            point: VoltageReading(volts=tuple(says(0.0) for _ in one.volts), hertz=says(0.0))
            if point in upstream
            else VoltageReading(volts=tuple(again(volt) for volt in one.volts), hertz=again(one.hertz))
            for point, one in snapshot.voltages.items()
        },
        grid_w=says(0.0),
        former_phase_w=tuple(says(watts) for watts in carried),
        circuits={
            circuit: CircuitReading(
                closed=says(False) if circuit in off else again(one.closed),
                power_w=says(0.0) if circuit in off else again(one.power_w),
                temp_c=again(one.temp_c),
                by_hand=again(one.by_hand),
            )
            for circuit, one in snapshot.circuits.items()
        },
        batteries={
            battery: replace(one, power_w=gives(battery), soc_pct=again(one.soc_pct))
            for battery, one in snapshot.batteries.items()
        },
        pvs={pv: says(0.0) for pv in snapshot.pvs},
        bays={
            bay: BayReading(
                state=again(one.state),
                power_w=gives(bay),
                soc_pct=again(one.soc_pct),
                capacity_wh=again(one.capacity_wh),
                discharge_ready=says(False),
            )
            for bay, one in snapshot.bays.items()
        },
    )
