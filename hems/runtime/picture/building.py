"""The building in one value for screens: everything a client shows is computed here, so that no client computes."""

from collections.abc import Sequence
from math import inf

from hems.control import drawn, generator, orders, restoring, sheddable, stored
from hems.control.demand import feeds, load_w
from hems.control.dispatch import storage
from hems.control.dispatch.envelope import envelope
from hems.control.overload import phase_w
from hems.model.mode import Mode, TiePosition
from hems.model.picture import CircuitPicture, ConnectionPicture, OrderPicture, Picture
from hems.model.reading import Reading
from hems.model.site import Location
from hems.runtime import ahead
from hems.runtime.picture.alarms import with_alarms
from hems.runtime.picture.cars import cars, forming, free_wh, plugged
from hems.runtime.picture.circuits import circuits, tiers
from hems.runtime.picture.devices import devices, witnesses
from hems.runtime.scene import Scene


def paint(scene: Scene) -> Picture:
    """The picture of one tick."""
    return with_alarms(_building(scene), scene.state, scene.now_s)


def _building(scene: Scene) -> Picture:
    site, state, snapshot, now_s = scene.site, scene.state, scene.snapshot, scene.now_s
    mode, since_s = state.mode, state.mode.outage_since_s
    islanded = state.evidence.tie.value is TiePosition.OPEN
    power_w = phase_w(snapshot, site, now_s)
    rows = circuits(scene)
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
        load_w=_load_w(scene, rows, islanded=islanded),
        pv_w=ahead.known_sum(tuple(reading.known(now_s) for reading in snapshot.pvs.values())),
        pv_rated_w=sum(pv.rated_w for pv in site.pvs),
        battery_w=ahead.known_sum(tuple(one.power_w.known(now_s) for one in snapshot.batteries.values())),
        battery_soc_pct=stored.batteries_pct(site, snapshot, now_s),
        battery_capacity_wh=sum(battery.capacity_wh for battery in site.batteries),
        cars_w=ahead.known_sum(tuple(bay.power_w.known(now_s) for bay in snapshot.bays.values())),
        cars_plugged=plugged(scene),
        cars_free_wh=free_wh(scene),
        stored_pct=stored.store_pct(site, snapshot, scene.params, now_s),
        stored_wh=stored.usable_wh(site, snapshot, scene.params.car, now_s),
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
        car_forms=forming(scene),
        by_hand=state.by_hand,
        armed=scene.armed,
        shortened=scene.shortened,
        circuits=rows,
        tiers=tiers(scene, rows),
        cars=cars(scene),
        contacts=site.contacts,
        language=site.language,
        orders=_orders(scene),
        devices=devices(scene),
        witnesses=witnesses(scene),
    )


def _load_w(scene: Scene, rows: Sequence[CircuitPicture], *, islanded: bool) -> float | None:
    """What the building uses.

    While one meter tells of before the tie opened and another of after, their sum is nobody's use and may even be
    negative; until all have been read again it is what circuits are taken to draw.
    """
    measured_w = load_w(scene.site, scene.snapshot, scene.now_s, islanded=islanded)
    feeding = feeds(scene.site, scene.snapshot, islanded)
    if measured_w is None or not islanded or not drawn.mixed(feeding, scene.state.evidence.apart_since_s):
        return measured_w
    return ahead.known_sum(tuple(row.power_w for row in rows))


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


def _plan_age_s(scene: Scene) -> float | None:
    plan, utc = scene.state.connection.market.plan, scene.now.utc
    return None if plan is None or utc is None else plan.age_s(utc.timestamp())


def _generator_left_s(scene: Scene) -> float | None:
    if scene.state.mode.mode is not Mode.GRID_RETURN_QUALIFYING:
        return None
    return generator.stops_in_s(scene.site, scene.state, scene.snapshot, scene.params, scene.now_s)


def _grid_volts(scene: Scene) -> tuple[float | None, ...]:
    for point in scene.site.voltage_points:
        if point.location is Location.UTILITY and point.id in scene.snapshot.voltages:
            return tuple(_upstream(scene, volts) for volts in scene.snapshot.voltages[point.id].volts)
    return ()


def _off_at_once(scene: Scene) -> tuple[str, ...]:
    """Names of the circuits that would go off the moment the grid fails, the most important first."""
    at_once = set(scene.state.armed_on_tie_open)
    return tuple(circuit.name for circuit in reversed(sheddable.shed_order(scene.site)) if circuit.id in at_once)


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
