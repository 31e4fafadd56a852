"""A checked site file as the values the rest of hems works on: W and Wh, enums, frozen."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace

from hems.config.feeding import feeders
from hems.config.installed import specs
from hems.config.schema import SiteTable
from hems.config.tables.connection import FlexibleTable, FrequencyTable, GridTable, PanelTable
from hems.config.tables.sources import GeneratorTable, ReserveTable
from hems.config.tables.uses import BayTable, CircuitTable
from hems.config.tariff import tariff_of, window_of
from hems.config.wires import Wire
from hems.model.site import (
    Battery,
    Bay,
    Circuit,
    Contact,
    Former,
    Generator,
    Location,
    Panel,
    Phase,
    Pv,
    Reserve,
    Site,
    Supply,
    Tie,
    Tier,
    VoltagePoint,
)
from hems.model.supply import FlexibleLimits, FrequencyService, GridConnection, LimitHours
from hems.model.units import HOUR_S, W_PER_KW, CircuitId, PanelId, PointId, SourceId
from hems.model.wiring import Wiring

TIERS = {
    "life safety": Tier.LIFE_SAFETY,
    "critical": Tier.CRITICAL,
    "essential": Tier.ESSENTIAL,
    "comfort": Tier.COMFORT,
    "non-essential": Tier.NON_ESSENTIAL,
    "flexible": Tier.FLEXIBLE,
}


def site_of(table: SiteTable) -> Site:
    """What is installed."""
    tie = table.tie
    return Site(
        name=table.name,
        phases=_phases(table.phases),
        grid=_grid(table.grid),
        tie=Tie(
            has_contacts=tie.closed_contact is not None and tie.open_contact is not None,
            has_flag=tie.grid_connected is not None,
            has_permit=tie.permit is not None,
            has_island=tie.island is not None,
            travel_max_s=tie.travel_max_s,
            listing=tie.listing or "",
        ),
        former=_former(table),
        generator=_generator(table.generator),
        panels=_panels(table.panels),
        reserve=_reserve(table.reserve),
        tariff=tariff_of(table.tariff),
        has_fire_alarm=table.inputs.fire_alarm is not None,
        has_red_button=table.inputs.red_button is not None,
        circuits=_circuits(table),
        batteries=_batteries(table),
        pvs=_pvs(table),
        bays=tuple(_bay(name, bay) for name, bay in table.bays.items()),
        voltage_points=tuple(
            VoltagePoint(id=PointId(name), location=Location(point.location), powered_from=Supply(point.powered_from))
            for name, point in table.voltage_points.items()
        ),
        contacts=tuple(
            Contact(whom=_called(one.whom, name), name=one.name or "", phone=one.phone)
            for name, one in table.contacts.items()
        ),
        language=table.settings.language or "",
    )


def wiring_of(table: SiteTable, wires: Sequence[Wire]) -> Wiring:
    """Where each quantity is read and each command sent."""
    return Wiring(
        devices=specs(table.devices),
        reads={wire.role: wire.port for wire in wires if wire.reads},
        writes={wire.role: wire.port for wire in wires if wire.writes},
    )


def _phases(names: Sequence[str]) -> tuple[Phase, ...]:
    return tuple(sorted(Phase(name) for name in names))


def _grid(grid: GridTable) -> GridConnection:
    return GridConnection(
        nominal_v=grid.nominal_v,
        nominal_hz=grid.nominal_hz,
        service_a=grid.service_a,
        import_max_w=_watts(grid.import_kw),
        export_max_w=_watts(grid.export_kw),
        export_permitted=grid.export_permitted,
        frequency=_frequency(grid.frequency),
        demand_max_w=_watts(grid.demand_kw),
        flexible=_flexible(grid.flexible) if grid.flexible is not None else None,
        schedule=tuple(
            LimitHours(window=window_of(one), import_max_w=_watts(one.import_kw), export_max_w=_watts(one.export_kw))
            for one in grid.schedule.values()
        ),
    )


def _panels(tables: Mapping[str, PanelTable]) -> tuple[Panel, ...]:
    return tuple(
        Panel(
            id=PanelId(name),
            name=_called(one.name, name),
            rated_a=one.rated_a,
            parent=None if one.parent is None else PanelId(one.parent),
        )
        for name, one in tables.items()
    )


def _reserve(table: ReserveTable | None) -> Reserve | None:
    if table is None:
        return None
    return Reserve(
        wh=table.kwh * W_PER_KW,
        winter_wh=_watts(table.winter_kwh),
        winter_months=tuple(table.winter_months),
        by_history=table.by_history,
    )


def _frequency(table: FrequencyTable | None) -> FrequencyService | None:
    if table is None:
        return None
    return FrequencyService(
        most_w=table.most_kw * W_PER_KW, dead_hz=table.dead_hz, full_hz=table.full_hz, step=table.step
    )


def _flexible(flexible: FlexibleTable) -> FlexibleLimits:
    return FlexibleLimits(
        failsafe_import_w=flexible.failsafe_import_kw * W_PER_KW,
        failsafe_export_w=flexible.failsafe_export_kw * W_PER_KW,
        heartbeat_s=flexible.heartbeat_s,
        told=flexible.import_limit is not None or flexible.export_limit is not None,
        has_heartbeat=flexible.heartbeat is not None,
        reduced_import_w=flexible.reduced_import_kw * W_PER_KW if flexible.reduced is not None else None,
    )


def _watts(power_kw: float | None) -> float | None:
    return None if power_kw is None else power_kw * W_PER_KW


def _called(name: str | None, key: str) -> str:
    """The name for people: as given, else made from the key."""
    return name or key.replace("_", " ").capitalize()


def _former(table: SiteTable) -> Former:
    former = table.former
    owner = table.batteries.get(former.source) or table.bays[former.source]
    given_kw = owner.discharge_max_kw
    made = Former(
        source=SourceId(former.source),
        name=former.name or _called(owner.name, former.source),
        phase_va=tuple(kva * W_PER_KW for kva in former.phase_kva),
        total_w=given_kw * W_PER_KW if given_kw < sum(former.phase_kva) else None,
        surge_pu=former.surge,
        startable=former.start is not None,
    )
    if former.curve is None:
        return made
    return replace(made, curve=tuple((multiple, seconds) for multiple, seconds in former.curve))


def _generator(table: GeneratorTable | None) -> Generator | None:
    if table is None:
        return None
    name = _called(table.name, "generator")
    return Generator(
        name=name,
        rated_w=table.rated_kw * W_PER_KW,
        separated=table.separated,
        tank_wh=(table.tank_kwh or 0.0) * W_PER_KW,
    )


def _batteries(table: SiteTable) -> tuple[Battery, ...]:
    return tuple(
        Battery(
            id=SourceId(name),
            name=_called(battery.name, name),
            capacity_wh=battery.capacity_kwh * W_PER_KW,
            charge_max_w=battery.charge_max_kw * W_PER_KW,
            discharge_max_w=battery.discharge_max_kw * W_PER_KW,
            shutdown_pct=battery.shutdown_pct,
            metered=battery.power is not None,
            controllable=battery.setpoint is not None,
            reserve_pct=battery.reserve_pct,
            reserve_winter_pct=battery.reserve_winter_pct,
            winter_months=tuple(battery.winter_months),
            reserve_by_history=battery.reserve_by_history,
            wear_per_kwh=battery.wear_per_kwh,
        )
        for name, battery in table.batteries.items()
    )


def _pvs(table: SiteTable) -> tuple[Pv, ...]:
    formers = {_device(port) for port in table.former.power or ()}
    return tuple(
        Pv(
            id=SourceId(name),
            name=_called(pv.name, name),
            rated_w=pv.rated_kw * W_PER_KW,
            phases=_phases(pv.phases),
            limitable=pv.limit is not None,
            direct=_device(pv.power) in formers if pv.direct is None else pv.direct,
        )
        for name, pv in table.pvs.items()
    )


def _device(port: str) -> str:
    return port.partition("/")[0]


def _bay(name: str, bay: BayTable) -> Bay:
    return Bay(
        id=SourceId(name),
        name=_called(bay.name, name),
        phases=_phases(bay.phases),
        panel=None if bay.panel is None else PanelId(bay.panel),
        charge_max_w=bay.charge_max_kw * W_PER_KW,
        charge_min_w=bay.charge_min_kw * W_PER_KW,
        discharge_max_w=bay.discharge_max_kw * W_PER_KW,
        discharge_min_w=bay.discharge_min_kw * W_PER_KW,
        capacity_wh=bay.capacity_kwh * W_PER_KW,
        floor_pct=bay.floor_pct,
        maker_floor_pct=bay.maker_floor_pct,
        controllable=bay.setpoint is not None,
        layer_0=bay.layer_0,
        gives_on_grid=bay.gives_on_grid,
        outage_reserve_pct=bay.outage_reserve_pct,
        wear_per_kwh=bay.wear_per_kwh,
        credit_per_kwh=bay.credit_per_kwh,
        warranty_wh=_watts(bay.warranty_kwh),
        warranty_s=None if bay.warranty_h is None else bay.warranty_h * HOUR_S,
        target_pct=bay.target_pct,
        sun_first=bay.charge == "sun_first",
        switches_phases=bay.three_phases is not None,
        wakes=bay.wake is not None,
        restarts=bay.restart is not None,
    )


def _circuits(table: SiteTable) -> tuple[Circuit, ...]:
    feeds = feeders(table)
    return tuple(_circuit(name, one, place, feeds) for place, (name, one) in enumerate(table.circuits.items()))


def _circuit(name: str, circuit: CircuitTable, place: int, feeds: Container[str]) -> Circuit:
    return Circuit(
        id=CircuitId(name),
        name=_called(circuit.name, name),
        tier=TIERS[circuit.tier],
        rank=place if circuit.rank is None else circuit.rank,
        share=circuit.share,
        phases=_phases(circuit.phases),
        typical_w=circuit.typical_kw * W_PER_KW,
        inrush_w=circuit.inrush_kw * W_PER_KW,
        min_on_s=circuit.min_on_s,
        min_off_s=circuit.min_off_s,
        thermostatic=circuit.thermostatic,
        temp_max_c=circuit.temp_max_c if circuit.temperature is not None else None,
        protected=circuit.protected or name in feeds,
        switchable=circuit.switch is not None,
        layer_0=circuit.layer_0,
        panel=None if circuit.panel is None else PanelId(circuit.panel),
    )
