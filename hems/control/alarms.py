"""What is abnormal and asks a person to act, as a comparison of what is with what was.

An alarm here always has somebody who can do something about it; everything else is an event in the log.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import inf

from hems.control import attempts, black_start, idle, liveness, silence, wear
from hems.control.axis_tie import word
from hems.control.balance import unbalanced
from hems.control.cars import ledger, waking
from hems.control.cars.memory import Rung
from hems.control.dispatch import panels
from hems.control.dispatch.envelope import envelope
from hems.control.evidence import Evidence
from hems.control.memory.acting import Sent
from hems.control.memory.using import FRESH, LoadMemory
from hems.control.params import Params
from hems.control.regime import GONE
from hems.control.sheddable import VAIN, futile
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.again import again
from hems.model.cause import Cause, Value, Why
from hems.model.copies import replace
from hems.model.instant import Instant
from hems.model.mode import Mode, TiePosition
from hems.model.request import Task
from hems.model.site import Site
from hems.model.snapshot import COMES_AND_GOES, DeviceHealth, Severity, Snapshot
from hems.model.units import DeviceId, PanelId
from hems.model.wiring import Role

HIGH, MEDIUM, LOW = "HIGH", "MED", "LOW"
PRIORITIES = {Severity.HIGH: HIGH, Severity.MEDIUM: MEDIUM, Severity.LOW: LOW}
GRAVE = frozenset({"state", "state set aside", "site file", "gateway battery"})
"""Faults of hems itself of the highest priority: nothing may be energised on the strength of a journal entry, or what
people have decided is not in force."""
LOST_S = 5.0
"""A device that is silent for a shorter time than this needs nobody."""
GONE_S = 60.0
"""The same for one that comes and goes, for which an alarm stands that says so."""
WARRANTY_SOON = 0.9
NAMED = 6
"""Devices that an alarm of many names."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One abnormal thing."""

    priority: str
    subject: str
    cause: Cause
    unused: bool = False
    """The power cut itself is the reason: nobody can do anything about it, and nobody is told."""


TOGETHER = 3
"""From so many circuits on it is what they hang on."""


def conditions(
    site: Site, state: ControlState, snapshot: Snapshot, params: Params, now: Instant, seen: Evidence
) -> Mapping[str, Condition]:
    """Everything abnormal now, by a key that stays the same while it lasts."""
    now_s = now.mono_s
    found = dict(_devices(state, snapshot, now_s))
    found.update(_circuits(site, state, params, now))
    found.update(_meters(state, params, now_s))
    found.update(_cars(site, state, params, now_s))
    found.update(_batteries(state, params, now_s))
    if state.mode.mode is Mode.FAULT_SAFE:
        found["mode"] = Condition(HIGH, "mode", state.mode.because)
    if state.mode.mode is Mode.MAINTENANCE and state.evidence.tie.value is TiePosition.OPEN and seen.grid in GONE:
        found["outage"] = Condition(HIGH, "grid", Cause(Why.CUT_AT_WORK))
    if seen.crossed:
        found["tie"] = Condition(HIGH, "tie", Cause(Why.TIE_CROSSED))
    elif seen.disputed:
        found["tie"] = Condition(MEDIUM, "tie", Cause(Why.TIE_DISPUTED))
    if wiring.TIE_PERMIT in _contradicted(state, params, now_s):
        found[f"{wiring.TIE_PERMIT}/contradicts"] = Condition(HIGH, wiring.TIE_PERMIT, Cause(Why.UNEXPECTED_CLOSE))
    if state.reconnect.failures >= params.reconnect.tries:
        found["reconnect"] = Condition(HIGH, "tie", Cause(Why.RECONNECT_GIVEN_UP, {"tries": state.reconnect.failures}))
    found.update(_people(site, state, snapshot, now_s))
    found.update(_connection(site, state, snapshot, params, now_s))
    if state.generator.failures >= params.generator.tries:
        tries = {"tries": state.generator.failures}
        found["generator"] = Condition(HIGH, "generator", Cause(Why.GENERATOR_GIVEN_UP, tries))
    drilled = state.drilled
    if now.utc is not None and drilled is not None and now.utc - drilled > timedelta(days=params.plan.drill_days):
        found["drill"] = Condition(LOW, "drill", Cause(Why.DRILL_DUE, {"days": (now.utc - drilled).days}))
    if attempts.given_up(state, params.restore):
        given_up = Cause(Why.RESTORE_GIVEN_UP, {"times": state.attempts.failures})
        found["restores"] = Condition(HIGH, "former", given_up)
    if futile(state):
        found["futile"] = Condition(HIGH, "former", Cause(Why.SHED_FUTILE))
    for name in state.broken:
        found[f"invariant/{name}"] = Condition(HIGH, name, Cause(Why.INVARIANT, {"invariant": name}))
    if site.former.startable and state.mode.mode is Mode.BLACKOUT:
        cause = black_start.obstacle(site, state, snapshot, params, now)
        if cause is not None:
            found["black_start"] = Condition(MEDIUM, "former", cause)
    for name, detail in snapshot.faults.items():
        priority = HIGH if name in GRAVE else MEDIUM
        found[f"fault/{name}"] = Condition(priority, name, Cause(Why.OWN_FAULT, {"detail": detail}))
    for maker, failing in state.failing.items():
        cause = Cause(Why.DECISION_FAILED, {"times": failing.times, "error": failing.error})
        found[f"decision/{maker}"] = Condition(HIGH, maker, cause)
    return found


def _devices(state: ControlState, snapshot: Snapshot, now_s: float) -> Iterator[tuple[str, Condition]]:
    """What each says of itself and which are silent; one word for those that fell silent together."""
    fed, devices = state.mode.outage_since_s is None, snapshot.devices
    dead = {name for name, one in devices.items() if one.upstream and not fed}
    wires = silence.shared({name: one for name, one in devices.items() if name not in dead}, state.alarms)
    with_others = {device: wire for wire, members in wires.items() for device in members}
    for wire, members in wires.items():
        if any(_silent(devices[device], now_s) for device in members):
            cause = _together(Why.DEVICES_SILENT, wire, members)
            yield f"silent/{silence.called(wire)}", Condition(MEDIUM, silence.called(wire), cause)
    for device, health in devices.items():
        if _silent(health, now_s):
            facts: dict[str, Value] = {"device": device, "detail": health.detail}
            facts |= {silence.SHARED: with_others[device]} if device in with_others else {}
            unused = device in dead or device in with_others
            yield f"device/{device}", Condition(MEDIUM, device, Cause(Why.DEVICE_SILENT, facts), unused=unused)
        for alarm in health.alarms:
            if alarm.code == COMES_AND_GOES and (others := silence.unsteady(devices, silence.wire(health.link))):
                wire = silence.called(silence.wire(health.link))
                cause = _together(Why.DEVICES_COME_AND_GO, silence.wire(health.link), others)
                yield f"unsteady/{wire}", Condition(MEDIUM, wire, cause)
                continue
            cause = Cause(Why.DEVICE_ALARM, {"device": device, "detail": alarm.text})
            yield f"device/{device}/{alarm.code}", Condition(PRIORITIES[alarm.severity], device, cause)


def silent_s(health: DeviceHealth) -> float:
    """From when on somebody is told that it is silent; infinite while it answers."""
    comes_and_goes = any(alarm.code == COMES_AND_GOES for alarm in health.alarms)
    return inf if health.lost_since_s is None else health.lost_since_s + (GONE_S if comes_and_goes else LOST_S)


def _silent(health: DeviceHealth, now_s: float) -> bool:
    return now_s >= silent_s(health)


def _together(why: Why, wire: str, members: Sequence[DeviceId]) -> Cause:
    more = f", +{len(members) - NAMED}" if len(members) > NAMED else ""
    facts: dict[str, Value] = {"count": len(members), "devices": ", ".join(members[:NAMED]) + more}
    return Cause(why, facts if wire == silence.NETWORK else facts | {"line": silence.called(wire)})


def _circuits(site: Site, state: ControlState, params: Params, now: Instant) -> Iterator[tuple[str, Condition]]:
    """What is wrong with each; one word for all that do not obey together, as when their relay board is silent."""
    now_s = now.mono_s
    memories = [(one, state.loads.get(one.id, FRESH)) for one in site.circuits]
    deaf = sum([memory.deaf for _, memory in memories])
    elsewhere = _contradicted(state, params, now_s)
    if deaf >= TOGETHER:
        yield "circuits/deaf", Condition(HIGH, "circuits", Cause(Why.SHEDS_UNANSWERED, {"circuits": deaf}))
    for circuit, memory in memories:
        role = wiring.circuit_closed(circuit.id)
        if memory.deaf and deaf < TOGETHER:
            yield f"{role}/deaf", Condition(HIGH, role, Cause(Why.SHED_NOT_OBEYED))
        elif not memory.deaf and (_found_off(memory, state.sent.get(role)) or role in elsewhere):
            yield f"{role}/contradicts", Condition(HIGH, role, Cause(Why.UNEXPECTED_CLOSE))
        if memory.vain >= VAIN:
            yield f"{role}/vain", Condition(MEDIUM, role, Cause(Why.SHED_IN_VAIN, {"times": memory.vain}))
        if memory.shed_because is not None and now_s < (ends_s := wear.rests_until_s(memory, state, params.restore)):
            yield f"{role}/rests", Condition(LOW, role, Cause(Why.RELAY_RESTS, _until(ends_s, now)))
        if memory.fruitless >= params.restore.tries:
            yield f"{role}/locked_out", Condition(MEDIUM, role, Cause(Why.LOCKED_OUT, {"times": memory.fruitless}))


def _until(ends_s: float, now: Instant) -> dict[str, Value]:
    """The minute in which something ends, once the time of day is known; no finer, or it would change all the time."""
    if now.utc is None:
        return {}
    ends = now.utc + timedelta(seconds=ends_s - now.mono_s)
    return {"until_utc": ends.replace(second=0, microsecond=0).isoformat()}


def _found_off(memory: LoadMemory, entry: Sent | None) -> bool:
    found = memory.shed_because is not None and memory.shed_because.why is Why.FOUND_OFF
    return found and not (entry is not None and entry.observed)


@again
def _contradicted(state: ControlState, params: Params, now_s: float) -> frozenset[Role]:
    """The switches that have for some time been seen where they were not sent; what was only watched was not sent."""
    told = {role: one for role, one in state.sent.items() if not one.observed}
    since_s = {role: at_s for role, one in told.items() if (at_s := one.contradicted_since_s) is not None}
    return frozenset([role for role, at_s in since_s.items() if now_s >= at_s + params.command.confirm_s])


def _meters(state: ControlState, params: Params, now_s: float) -> Iterator[tuple[str, Condition]]:
    for point, memory in state.evidence.points.items():
        where = f"voltage_points/{point}"
        if liveness.frozen(memory, params.witness):
            yield f"{where}/frozen", Condition(MEDIUM, where, Cause(Why.POINT_FROZEN))
        if liveness.misplaced(memory, params.witness, now_s):
            yield f"{where}/misplaced", Condition(HIGH, where, Cause(Why.POINT_MISPLACED))
    if unbalanced(state, params.witness, now_s):
        yield "balance", Condition(MEDIUM, "balance", Cause(Why.UNBALANCED))


def _people(site: Site, state: ControlState, snapshot: Snapshot, now_s: float) -> Iterator[tuple[str, Condition]]:
    """What the building's own inputs say."""
    if Task.FIRE in state.orders:
        yield "fire", Condition(HIGH, "fire alarm", Cause(Why.FIRE))
    if state.by_hand:
        yield "red_button", Condition(HIGH, "red button", Cause(Why.RED_BUTTON))
    if word(snapshot.former_wakes, now_s) is False:
        yield "dark_start", Condition(MEDIUM, "former", Cause(Why.DARK_START_EMPTY))
    for circuit in site.circuits:
        if circuit.id in state.warm and circuit.temp_max_c is not None:
            temp_c = snapshot.circuits[circuit.id].temp_c.known(now_s)
            known: dict[str, Value] = {} if temp_c is None else {"temp_c": temp_c, "limit_c": circuit.temp_max_c}
            role = wiring.circuit_closed(circuit.id)
            yield f"{role}/warm", Condition(MEDIUM, role, Cause(Why.TOO_WARM, known))


def _connection(
    site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float
) -> Iterator[tuple[str, Condition]]:
    """Limits of the connection that nobody can keep, or that nobody tells."""
    since_s = state.connection.excess.since_s
    if since_s is not None and now_s >= since_s + params.connection.settle_s:
        bounds = envelope(site, state.connection, snapshot, now_s)
        facts: dict[str, Value] = {"limit_w": bounds.import_w}
        grid_w = snapshot.grid_w.known(now_s)
        if grid_w is not None:
            facts |= {"w": grid_w, "limit_w": bounds.import_w if grid_w > 0.0 else bounds.export_w}
        yield "connection", Condition(MEDIUM, wiring.GRID_POWER, Cause(Why.LIMIT_EXCEEDED, facts))
    for panel, over_s in state.connection.panels_over_s.items():
        if now_s >= over_s + params.connection.settle_s:
            known = panels.overloaded(site, site.panel(panel), snapshot, now_s)
            off = ", ".join(_off_behind(site, state, panel))
            told = replace(known, facts={**known.facts, "off": off}) if off else known
            yield f"panels/{panel}", Condition(MEDIUM, f"panels/{panel}", told)
    silent_s = state.connection.flexible.failsafe_since_s
    if silent_s is not None and now_s >= silent_s + params.connection.settle_s:
        yield "flexible", Condition(LOW, wiring.IMPORT_LIMIT, Cause(Why.LIMIT_FAILSAFE))


def _off_behind(site: Site, state: ControlState, panel: PanelId) -> list[str]:
    """The circuits behind a panel that are off for what fuses carry."""
    behind = [one for one in site.circuits if panel in panels.way(site, one.panel)]
    because = [(one.name, state.loads.get(one.id, FRESH).shed_because) for one in behind]
    return [name for name, cause in because if cause is not None and cause.why is Why.LIMIT_PANEL]


def _batteries(state: ControlState, params: Params, now_s: float) -> Iterator[tuple[str, Condition]]:
    for battery, since_s in state.astray_s.items():
        if now_s >= since_s + params.command.follow_s:
            role = wiring.battery_power(battery)
            yield f"{role}/astray", Condition(MEDIUM, role, Cause(Why.ANOTHER_MASTER))
    for battery in idle.idle(state, now_s):
        role = wiring.battery_power(battery)
        yield f"{role}/idle", Condition(MEDIUM, role, Cause(Why.BATTERY_IDLE))


def _cars(site: Site, state: ControlState, params: Params, now_s: float) -> Iterator[tuple[str, Condition]]:
    for bay in site.bays:
        memory = state.bays.get(bay.id)
        since_s = memory.astray_since_s if memory is not None else None
        if since_s is not None and now_s >= since_s + params.command.follow_s:
            priority = HIGH if state.mode.mode.on_island else MEDIUM
            role = wiring.bay_power(bay.id)
            yield f"{role}/astray", Condition(priority, role, Cause(Why.ANOTHER_MASTER))
        used = ledger.warranty_used(bay, state.ledgers.get(bay.id, ledger.EMPTY))
        if used is not None and used >= WARRANTY_SOON:
            cause = Cause(Why.CAR_WARRANTY, {"used_pct": 100.0 * used})
            yield f"bays/{bay.id}/warranty", Condition(LOW, wiring.bay_power(bay.id), cause)
        if memory is not None and memory.waking.rung is Rung.GIVEN_UP:
            why = Why.CAR_REFUSES if waking.refuses(memory.waking) else Why.CAR_ASLEEP
            yield f"bays/{bay.id}/idle", Condition(MEDIUM, wiring.bay_power(bay.id), Cause(why))
