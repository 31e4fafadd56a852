"""The building in one value for screens: everything a client shows is computed here, so that no client computes."""

from math import inf

from hems.control import drivers, energy, generator, orders, restoring, sheddable
from hems.control.demand import load_w
from hems.control.dispatch import departure, storage
from hems.control.dispatch.envelope import envelope
from hems.control.memory.using import FRESH
from hems.control.overload import phase_w
from hems.control.price import WORTH
from hems.model import wiring
from hems.model.mode import Mode, TiePosition
from hems.model.picture import (
    CarPicture,
    CircuitPicture,
    ConnectionPicture,
    DevicePicture,
    DeviceState,
    OrderPicture,
    Picture,
    TierPicture,
    WitnessPicture,
)
from hems.model.reading import Reading
from hems.model.request import Want
from hems.model.site import Bay, Circuit, Location, Tier
from hems.model.snapshot import DeviceHealth
from hems.model.units import CircuitId
from hems.runtime import ahead
from hems.runtime.ahead import Scene
from hems.runtime.alarm_lists import with_alarms


def paint(scene: Scene) -> Picture:
    """The picture of one tick."""
    return with_alarms(_building(scene), scene.state, scene.now_s)


def _building(scene: Scene) -> Picture:
    site, state, snapshot, now_s = scene.site, scene.state, scene.snapshot, scene.now_s
    mode, since_s = state.mode, state.mode.outage_since_s
    islanded = state.evidence.tie.value is TiePosition.OPEN
    power_w = phase_w(snapshot, site, now_s)
    next_off = ahead.next_off(scene)
    circuits = tuple(_circuit(scene, circuit, next_off) for circuit in site.circuits)
    return Picture(
        site=site.name,
        currency="" if site.tariff is None else site.tariff.currency,
        mono_s=now_s,
        utc=scene.now.utc.isoformat() if scene.now.utc else None,
        mode=mode.mode,
        mode_for_s=now_s - mode.since_s,
        mode_because=mode.because,
        outage_for_s=None if since_s is None else now_s - since_s,
        on_purpose=mode.on_purpose,
        grid=state.evidence.grid.value,
        tie=state.evidence.tie.value,
        bus=state.evidence.bus.value,
        qualifying_left_s=scene.step.qualifying_left_s,
        generator_left_s=_generator_left_s(scene),
        grid_w=_upstream(scene, snapshot.grid_w),
        connection=None if mode.mode.on_island else _connection(scene),
        grid_v=_grid_volts(scene),
        load_w=load_w(site, snapshot, now_s, islanded=islanded),
        pv_w=ahead.known_sum(tuple(reading.known(now_s) for reading in snapshot.pvs.values())),
        pv_rated_w=sum(pv.rated_w for pv in site.pvs),
        battery_w=ahead.known_sum(tuple(one.power_w.known(now_s) for one in snapshot.batteries.values())),
        battery_soc_pct=energy.store_pct(site, snapshot, scene.params.car, now_s) if site.batteries else None,
        battery_capacity_wh=sum(battery.capacity_wh for battery in site.batteries),
        cars_w=ahead.known_sum(tuple(bay.power_w.known(now_s) for bay in snapshot.bays.values())),
        cars_plugged=sum(1 for bay in site.bays if _plugged(scene, bay)),
        cars_free_wh=_cars_free(scene),
        stored_pct=energy.store_pct(site, snapshot, scene.params.car, now_s),
        stored_wh=energy.usable_wh(site, snapshot, scene.params.car, now_s),
        fuel_wh=generator.fuel_wh(site, state, snapshot, now_s) or None,
        essential_hours=ahead.essential(scene),
        all_hours=ahead.first(scene),
        ahead_age_s=ahead.age_s(scene),
        next_off_h=ahead.next_off_h(scene),
        off_at_once=_off_at_once(scene),
        overload_dose=max(state.dose, default=0.0),
        capacity_va=sum(site.former.phase_va),
        room_w=restoring.room_w(site, power_w, scene.params) if mode.mode.on_island else None,
        reconnect_wait_s=scene.params.grid.qualify_s,
        restore_step_s=scene.params.restore.step_grid_s,
        car_forms=_car_forms(scene),
        by_hand=state.by_hand,
        armed=scene.armed,
        shortened=scene.shortened,
        circuits=circuits,
        tiers=_tiers(scene, circuits),
        cars=tuple(_car(scene, bay) for bay in site.bays),
        contacts=site.contacts,
        language=site.language,
        orders=_orders(scene),
        devices=_devices(scene),
        witnesses=_witnesses(scene),
    )


def _upstream(scene: Scene, reading: Reading[float]) -> float | None:
    """A value from the grid's side; what was read before the tie opened is no news of it."""
    apart_since_s = scene.state.evidence.apart_since_s
    outdated = apart_since_s is not None and reading.taken_s < apart_since_s
    return None if outdated else reading.known(scene.now_s)


def _connection(scene: Scene) -> ConnectionPicture:
    bounds = envelope(scene.site, scene.state.connection, scene.snapshot, scene.now_s)
    return ConnectionPicture(
        import_w=bounds.import_w,
        import_by=bounds.import_by,
        export_w=None if bounds.export_w == inf else bounds.export_w,
        reserve_pct=min((one.reserve_pct for one in storage.steered(scene.site) if one.reserve_pct), default=None),
        by_plan=scene.state.connection.market.planned if scene.site.tariff and storage.steered(scene.site) else None,
        plan_age_s=_plan_age_s(scene),
    )


def _generator_left_s(scene: Scene) -> float | None:
    if scene.state.mode.mode is not Mode.GRID_RETURN_QUALIFYING:
        return None
    return generator.stops_in_s(scene.site, scene.state, scene.snapshot, scene.params, scene.now_s)


def _plan_age_s(scene: Scene) -> float | None:
    plan, utc = scene.state.connection.market.plan, scene.now.utc
    return None if plan is None or utc is None else plan.age_s(utc.timestamp())


def _grid_volts(scene: Scene) -> tuple[float | None, ...]:
    for point in scene.site.voltage_points:
        if point.location is Location.UTILITY and point.id in scene.snapshot.voltages:
            return tuple(_upstream(scene, volts) for volts in scene.snapshot.voltages[point.id].volts)
    return ()


def _plugged(scene: Scene, bay: Bay) -> bool:
    state = scene.snapshot.bays[bay.id].state.known(scene.now_s)
    return state is not None and state.has_car


def _car_forms(scene: Scene) -> str:
    """The bay whose car makes the island now."""
    forming = next((bay for bay in scene.site.bays if bay.id == scene.site.former.source), None)
    return forming.name if forming is not None and scene.state.mode.mode.on_island else ""


def _cars_free(scene: Scene) -> float | None:
    readings = scene.snapshot.bays
    free = [
        energy.car_free_wh(bay, readings[bay.id], scene.params.car, scene.now_s)
        for bay in scene.site.bays
        if bay.bidirectional
    ]
    known = [wh for wh in free if wh is not None]
    return sum(known) if known else None


def _off_at_once(scene: Scene) -> tuple[str, ...]:
    """Names of the circuits that would go off the moment the grid fails, the most important first."""
    at_once = set(scene.state.armed_on_tie_open)
    return tuple(circuit.name for circuit in reversed(sheddable.shed_order(scene.site)) if circuit.id in at_once)


def _circuit(scene: Scene, circuit: Circuit, next_off: frozenset[CircuitId]) -> CircuitPicture:
    state, now_s = scene.state, scene.now_s
    memory = state.loads.get(circuit.id, FRESH)
    reading = scene.snapshot.circuits.get(circuit.id)
    entry = state.sent.get(wiring.circuit_closed(circuit.id))
    override = next((one for one in state.overrides if one.circuit == circuit.id), None)
    closed = reading.closed.known(now_s) if reading is not None else None
    wanted = bool(entry.value) if entry is not None else closed is not False
    off_h, weighs_h = ahead.circuit_reach(scene, circuit.id)
    return CircuitPicture(
        id=circuit.id,
        name=circuit.name,
        tier=circuit.tier,
        power_w=_circuit_power(scene, circuit, closed),
        wanted=wanted,
        closed=closed,
        sheddable=circuit.sheddable,
        because=memory.shed_because or (entry.cause if entry is not None else None),
        since_s=None if entry is None else now_s - entry.sent_s,
        next_off=circuit.id in next_off,
        off_h=off_h,
        weighs_h=weighs_h,
        disobeys=memory.deaf or (entry is not None and entry.contradicted_since_s is not None),
        override_who=override.who if override is not None else "",
        override_on=None if override is None else override.want is Want.ON,
        override_reason=override.reason if override is not None else "",
        override_left_s=None if override is None else override.expires_s - now_s,
        switchable=circuit.switchable,
        by_hand=reading.by_hand.known(now_s) if reading is not None else None,
    )


def _circuit_power(scene: Scene, circuit: Circuit, closed: bool | None) -> float | None:
    """Measured, or nothing when it is off, or the estimate for a circuit without a meter."""
    reading = scene.snapshot.circuits.get(circuit.id)
    if reading is not None and reading.power_w.taken_s > -inf:
        return reading.power_w.known(scene.now_s)
    return 0.0 if closed is False else scene.step.watts[circuit.id]


def _tiers(scene: Scene, circuits: tuple[CircuitPicture, ...]) -> tuple[TierPicture, ...]:
    return tuple(
        _tier(scene, tier, [one for one in circuits if one.tier is tier])
        for tier in Tier
        if any(one.tier is tier for one in circuits)
    )


def _tier(scene: Scene, tier: Tier, circuits: list[CircuitPicture]) -> TierPicture:
    off = [
        memory.shed_since_s
        for one in circuits
        if (memory := scene.state.loads.get(one.id)) is not None and memory.shed_since_s is not None
    ]
    next_off = any(one.next_off for one in circuits)
    return TierPicture(
        tier=tier,
        circuits=len(circuits),
        on=sum(1 for one in circuits if (one.wanted if one.closed is None else one.closed)),
        power_w=ahead.known_sum(tuple(one.power_w for one in circuits)),
        until_soc_pct=energy.shedding_pct(tier, scene.params.band),
        by_price=tier in WORTH and scene.state.saving.price is not None,
        hours_left=_hours_left(scene, tier, next_off=next_off),
        next_off=next_off,
        off_since_s=scene.now_s - min(off) if off else None,
    )


def _hours_left(scene: Scene, tier: Tier, *, next_off: bool) -> float | None:
    """Until a group goes off; of the one that goes next the same hours as everywhere it is told."""
    soonest_h = ahead.next_off_h(scene) if next_off else None
    hours = ahead.tier(scene, tier)
    expected_h = hours[1] if soonest_h is None and hours is not None else soonest_h
    return None if expected_h == inf else expected_h


def _car(scene: Scene, bay: Bay) -> CarPicture:
    reading, now_s = scene.snapshot.bays[bay.id], scene.now_s
    entry = scene.state.sent.get(wiring.bay_power(bay.id))
    said, due_s = scene.state.drivers.get(bay.id, drivers.SILENT), departure.leaves_s(bay, scene.state)
    return CarPicture(
        id=bay.id,
        name=bay.name,
        bidirectional=bay.bidirectional,
        state=reading.state.known(now_s),
        power_w=reading.power_w.known(now_s),
        soc_pct=reading.soc_pct.known(now_s),
        floor_pct=bay.floor_pct,
        free_wh=energy.car_free_wh(bay, reading, scene.params.car, now_s) if bay.bidirectional else None,
        because=entry.cause if entry is not None else None,
        leaving=drivers.leaves(scene.state, bay.id, scene.params.car, now_s),
        leaves_in_s=None if said.leaves_s is None else max(0.0, said.leaves_s - now_s),
        told_keeps=said.keeps_pct is not None,
        never=said.never,
        target_pct=departure.target_pct(bay, scene.state),
        due_in_s=None if due_s is None or due_s < now_s else due_s - now_s,
        first=said.first,
    )


def _witnesses(scene: Scene) -> tuple[WitnessPicture, ...]:
    return tuple(
        WitnessPicture(axis=one.axis, name=one.name, says=one.says, age_s=None if one.age_s == inf else one.age_s)
        for one in scene.step.witnesses
    )


def _orders(scene: Scene) -> tuple[OrderPicture, ...]:
    return tuple(
        OrderPicture(
            task=task,
            who=one.who,
            reason=one.reason,
            begins_in_s=max(0.0, one.begins_s - scene.now_s),
            left_s=None if one.ends_s == inf else one.ends_s - scene.now_s,
        )
        for task, first in scene.state.orders.items()
        for one in orders.times(first)
    )


SLOW_SHARE = 0.05
"""Of the requests of an hour: a line that is well loses far fewer."""


def _device_state(health: DeviceHealth) -> DeviceState:
    if health.lost_since_s is not None:
        return DeviceState.LOST
    if not health.trusted:
        return DeviceState.NOT_TRUSTED
    return DeviceState.SLOW if (health.bad_share or 0.0) >= SLOW_SHARE else DeviceState.OK


def _devices(scene: Scene) -> tuple[DevicePicture, ...]:
    return tuple(
        DevicePicture(
            id=device,
            link=health.link,
            lost_for_s=None if health.lost_since_s is None else scene.now_s - health.lost_since_s,
            armed=health.armed,
            state=_device_state(health),
            bad_share=health.bad_share,
            detail=health.detail,
            alarms=tuple(alarm.text for alarm in health.alarms),
        )
        for device, health in scene.snapshot.devices.items()
    )
