"""Last in a tick: when the next one is due at the latest, and what is worth one at once."""

from functools import lru_cache

from hems.control import (
    alarm_states,
    alarms,
    arming,
    bay_memory,
    drawn,
    drivers,
    effect,
    generator,
    going,
    idle,
    orders,
    planned,
    steer,
    surplus,
)
from hems.control.dispatch.response import MEASURED_AT
from hems.control.dispatch.turn import due_s
from hems.control.given import Given
from hems.control.state import ControlState
from hems.control.step import Test, Trigger
from hems.model import wiring
from hems.model.again import again
from hems.model.mode import Mode
from hems.model.site import Site


def expiries(given: Given, state: ControlState) -> list[float]:
    """Every time to come at which something ends or has held for long enough, s."""
    now_s = given.now_s
    ends = [override.expires_s for override in state.overrides] + steer.expiries(state)
    ends += [generator.due_s(state, given.params, now_s), orders.due_s(state, now_s)]
    ends.append(planned.due_s(state, given.params))
    ends.append(alarm_states.due_s(state.alarms, now_s))
    ends += [drivers.due_s(state, given.params.car, now_s), bay_memory.due_s(given, state)]
    if state.nulled_since_s is not None:
        ends.append(state.nulled_since_s + given.params.plan.null_s)
    ends += [drawn.due_s(state), effect.due_s(state), *surplus.due_s(state)]
    ends += [state.reconnect.not_before_s, state.black_start.not_before_s]
    ends += [state.boot_s + given.params.boot.hold_energise_s, *(one.until_s for one in state.failing.values())]
    ends += going.expiries(given.site, state, given.params)
    plugged = (bay.plugged_since_s for bay in state.bays.values())
    ends += [since_s + given.params.car.arrival_hold_s for since_s in plugged if since_s is not None]
    if state.mode.mode is Mode.ISLANDED_STABILIZING:
        ends.append(state.mode.since_s + given.params.island.give_up_s)
    if state.unbalanced_since_s is not None:
        ends.append(state.unbalanced_since_s + given.params.witness.balance_s)
    astray = (*(bay.astray_since_s for bay in state.bays.values()), *state.astray_s.values())
    ends += [since_s + given.params.command.follow_s for since_s in astray if since_s is not None]
    ends += bay_memory.left_s(state, given.params.command).values()
    ends += [alarms.silent_s(one) for one in given.snapshot.devices.values() if one.lost_since_s is not None]
    ends += [*idle.due_s(state, now_s), *due_s(state, given)]
    return [end for end in ends if end > now_s]


@again
def watch_for(site: Site) -> tuple[Trigger, ...]:
    """The raw signals whose change is worth a tick at once: the tie's witnesses, and each limit of the former."""
    crossings = [*_overloads(site.former.phase_va)]
    crossings += [
        Trigger(wiring.battery_power(one.id), Test.ABOVE, site.former.total_w)
        for one in site.batteries
        if one.id == site.former.source and site.former.total_w is not None
    ]
    if site.grid.frequency is not None:
        nominal_hz, dead_hz = site.grid.nominal_hz, site.grid.frequency.dead_hz
        for role in (wiring.frequency(point.id) for point in site.voltage_points if point.location in MEASURED_AT):
            crossings += [
                Trigger(role, Test.BELOW, nominal_hz - dead_hz),
                Trigger(role, Test.ABOVE, nominal_hz + dead_hz),
            ]
    if site.grid.flexible is not None:
        crossings += [Trigger(role, Test.CHANGES, 0.0) for role in (wiring.IMPORT_LIMIT, wiring.EXPORT_LIMIT)]
        crossings.append(Trigger(wiring.REDUCED, Test.CHANGES, 0.0))
    wired = {wiring.FIRE_ALARM: site.has_fire_alarm, wiring.RED_BUTTON: site.has_red_button}
    inputs = (Trigger(role, Test.IS, True) for role, has in wired.items() if has)
    return (*arming.tie_triggers(site), *inputs, *crossings)


@lru_cache(maxsize=16)
def _overloads(phase_va: tuple[float, ...]) -> tuple[Trigger, ...]:
    """Each phase beyond its rating."""
    return tuple(Trigger(wiring.former_phase_w(index), Test.ABOVE, limit) for index, limit in enumerate(phase_va))
