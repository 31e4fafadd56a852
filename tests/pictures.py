"""Buildings as a client sees them: hand-made pictures of the demonstration building and of a home."""

from dataclasses import replace
from typing import Any

from hems.model.cause import Cause, Why
from hems.model.mode import Bus, Grid, Mode, TiePosition
from hems.model.picture import (
    AlarmPicture,
    CarPicture,
    CircuitPicture,
    DevicePicture,
    Picture,
    TierPicture,
    WitnessPicture,
)
from hems.model.site import Tier
from hems.model.snapshot import BayState
from hems.model.units import CircuitId, DeviceId, SourceId

AFTERNOON = "2026-11-20T14:32:05+00:00"
"""A Friday."""

CIRCUITS = (
    ("lift", "Lift", Tier.LIFE_SAFETY, 900.0),
    ("emergency_lighting", "Emergency lighting", Tier.LIFE_SAFETY, 400.0),
    ("fire_panel", "Fire panel", Tier.LIFE_SAFETY, 100.0),
    ("medical_sockets", "Medical sockets", Tier.CRITICAL, 700.0),
    ("sump_pump", "Sump pump", Tier.CRITICAL, 500.0),
    ("network_room", "Network room", Tier.CRITICAL, 200.0),
    ("kitchen", "Communal kitchen", Tier.ESSENTIAL, 2400.0),
    ("freezers", "Freezers", Tier.ESSENTIAL, 800.0),
    ("door_entry", "Door entry", Tier.ESSENTIAL, 100.0),
    ("heat_pump", "Heat pump", Tier.COMFORT, 5200.0),
    ("ventilation", "Ventilation", Tier.COMFORT, 1200.0),
    ("laundry", "Laundry", Tier.NON_ESSENTIAL, 2800.0),
    ("gym", "Gym", Tier.NON_ESSENTIAL, 1300.0),
    ("hot_water", "Hot water", Tier.FLEXIBLE, 2000.0),
)

HOURS_LEFT = {Tier.CRITICAL: 15.6, Tier.ESSENTIAL: 14.1, Tier.COMFORT: 3.4}
UNTIL_PCT = {Tier.CRITICAL: 5.0, Tier.ESSENTIAL: 10.0, Tier.COMFORT: 20.0, Tier.NON_ESSENTIAL: 50.0}


def circuits(
    *, off: tuple[Tier, ...] = (), next_off: tuple[Tier, ...] = (), off_s: float = 5100.0
) -> tuple[CircuitPicture, ...]:
    """All fourteen; those of the tiers in `off` are off."""
    return tuple(
        CircuitPicture(
            id=CircuitId(key),
            name=name,
            tier=tier,
            power_w=0.0 if tier in off else power_w,
            wanted=tier not in off,
            closed=tier not in off,
            sheddable=tier is not Tier.LIFE_SAFETY and key != "network_room",
            because=Cause(Why.FLEXIBLE_ON_ISLAND) if tier in off else None,
            since_s=off_s if tier in off else None,
            next_off=tier in next_off,
        )
        for key, name, tier, power_w in CIRCUITS
    )


def tiers(rows: tuple[CircuitPicture, ...]) -> tuple[TierPicture, ...]:
    """The six groups of those circuits."""
    groups = []
    for tier in Tier:
        mine = [row for row in rows if row.tier is tier]
        off = [row.since_s for row in mine if not row.wanted and row.since_s is not None]
        groups.append(
            TierPicture(
                tier=tier,
                circuits=len(mine),
                on=sum(row.closed is True for row in mine),
                power_w=sum(row.power_w or 0.0 for row in mine),
                until_soc_pct=UNTIL_PCT.get(tier),
                hours_left=HOURS_LEFT.get(tier),
                next_off=any(row.next_off for row in mine),
                off_since_s=max(off) if off else None,
            )
        )
    return tuple(groups)


def cars(*, giving_w: float = 3300.0) -> tuple[CarPicture, ...]:
    """Four bays: one gives, one charges, one is empty, one waits."""
    return (
        _car("bay_1", "Bay 1", BayState.DISCHARGING, giving_w, 64.0, free_wh=5600.0, both=True),
        _car("bay_2", "Bay 2", BayState.SUSPENDED, 0.0, 71.0, free_wh=25400.0, both=True),
        _car("bay_3", "Bay 3", BayState.UNPLUGGED, 0.0, None, free_wh=None, both=False),
        _car("bay_4", "Bay 4", BayState.UNPLUGGED, 0.0, None, free_wh=None, both=False),
    )


def _car(
    key: str, name: str, state: BayState, power_w: float, soc_pct: float | None, *, free_wh: float | None, both: bool
) -> CarPicture:
    return CarPicture(
        id=SourceId(key),
        name=name,
        bidirectional=both,
        state=state,
        power_w=power_w,
        soc_pct=soc_pct,
        floor_pct=50.0,
        free_wh=free_wh,
    )


DEVICES = tuple(
    DevicePicture(id=DeviceId(name), link=link, lost_for_s=None, armed=True)
    for name, link in (
        ("utility_meter", "rtu:///dev/ttyUSB0"),
        ("hybrid", "tcp://10.0.0.10:502"),
        ("roof", "tcp://10.0.0.11:502"),
        ("bay_1", "tcp://10.0.0.21:502"),
        ("bay_2", "tcp://10.0.0.22:502"),
        ("tie_io", "tcp://10.0.0.30:502"),
        ("relays", "tcp://10.0.0.31:502"),
        ("laundry_plug", "mqtt://127.0.0.1:1883"),
    )
)


def normal_day(**changes: Any) -> Picture:
    """Friday 14:32, grid good, sun out, one car giving."""
    rows = circuits()
    picture = Picture(
        site="Maple Court 12",
        mono_s=86400.0,
        stored_pct=82.0,
        utc=AFTERNOON,
        mode=Mode.GRID_CONNECTED,
        mode_for_s=40000.0,
        mode_because=Cause(Why.ESTIMATES_VALID),
        outage_for_s=None,
        grid=Grid.GOOD,
        tie=TiePosition.CLOSED,
        bus=Bus.LIVE,
        grid_w=4100.0,
        grid_v=(231.0, 229.4, 230.2),
        load_w=18600.0,
        pv_w=11200.0,
        pv_rated_w=30000.0,
        battery_w=0.0,
        battery_soc_pct=82.0,
        battery_capacity_wh=80000.0,
        cars_w=3300.0,
        cars_plugged=2,
        cars_free_wh=31000.0,
        stored_wh=88600.0,
        essential_hours=(15.0, 19.0, 24.0),
        all_hours=(4.0, 5.0, 6.5),
        capacity_va=30000.0,
        room_w=11400.0,
        reconnect_wait_s=60.0,
        restore_step_s=10.0,
        armed=True,
        circuits=rows,
        tiers=tiers(rows),
        cars=cars(),
        devices=DEVICES,
        witnesses=(WitnessPicture(axis="grid", name="utility_meter", says="good", age_s=0.6),),
    )
    return replace(picture, **changes)


def power_cut(**changes: Any) -> Picture:
    """The same afternoon, the grid gone since 13:07: two groups off, one next, one alarm."""
    rows = circuits(off=(Tier.NON_ESSENTIAL, Tier.FLEXIBLE), next_off=(Tier.COMFORT,))
    picture = normal_day(
        mode=Mode.ISLANDED,
        mode_for_s=5080.0,
        mode_because=Cause(Why.ISLAND_STABLE),
        outage_for_s=5100.0,
        grid=Grid.DEAD,
        tie=TiePosition.OPEN,
        grid_w=0.0,
        grid_v=(0.0, 0.0, 0.0),
        load_w=12500.0,
        pv_w=2100.0,
        battery_w=7100.0,
        battery_soc_pct=71.0,
        stored_pct=71.0,
        cars_w=3300.0,
        cars_free_wh=22000.0,
        stored_wh=70800.0,
        essential_hours=(11.6, 14.1, 17.0),
        all_hours=(4.5, 5.2, 6.0),
        room_w=5100.0,
        circuits=rows,
        tiers=tiers(rows),
        alarms=(
            AlarmPicture(
                key="device_silent/laundry_plug",
                priority="LOW",
                since_s=2460.0,
                cause=Cause(Why.DEVICE_SILENT, {"device": "laundry_plug"}),
                subject="laundry_plug",
            ),
        ),
    )
    return replace(picture, **changes)


def grid_returning(**changes: Any) -> Picture:
    """The grid is back and must stay good for another 43 s."""
    picture = power_cut(
        mode=Mode.GRID_RETURN_QUALIFYING,
        mode_for_s=17.0,
        mode_because=Cause(Why.GRID_SEEN),
        grid=Grid.QUALIFYING,
        grid_v=(230.0, 229.0, 231.0),
        qualifying_left_s=43.0,
    )
    return replace(picture, **changes)


def unknown(**changes: Any) -> Picture:
    """The first seconds after a start: nothing has answered yet, and the clock has not been checked."""
    rows = tuple(replace(row, power_w=None, closed=None) for row in circuits())
    picture = normal_day(
        utc=None,
        mode=Mode.INIT,
        mode_for_s=2.0,
        mode_because=Cause(Why.STARTED),
        grid=Grid.UNKNOWN,
        tie=TiePosition.UNKNOWN,
        bus=Bus.UNKNOWN,
        grid_w=None,
        grid_v=(None, None, None),
        load_w=None,
        pv_w=None,
        battery_w=None,
        battery_soc_pct=None,
        stored_pct=None,
        cars_w=None,
        cars_plugged=0,
        cars_free_wh=None,
        stored_wh=None,
        essential_hours=None,
        all_hours=None,
        room_w=None,
        armed=False,
        circuits=rows,
        tiers=tuple(replace(group, power_w=None, on=0) for group in tiers(rows)),
        cars=tuple(replace(car, state=None, power_w=None, soc_pct=None, free_wh=None) for car in cars()),
    )
    return replace(picture, **changes)


def home(**changes: Any) -> Picture:
    """A split-phase home without a battery; its car forms the island."""
    rows = (
        _home_circuit("medical", "Medical", Tier.CRITICAL, 150.0),
        _home_circuit("fridge", "Fridge", Tier.ESSENTIAL, 120.0),
        _home_circuit("pool_pump", "Pool pump", Tier.FLEXIBLE, 0.0, off_s=1200.0),
    )
    picture = Picture(
        site="Birch Lane 4",
        mono_s=5000.0,
        utc=AFTERNOON,
        mode=Mode.ISLANDED,
        mode_for_s=1190.0,
        mode_because=Cause(Why.ISLAND_STABLE),
        outage_for_s=1200.0,
        grid=Grid.DEAD,
        tie=TiePosition.OPEN,
        bus=Bus.LIVE,
        grid_w=0.0,
        grid_v=(0.0, 0.0),
        load_w=270.0,
        pv_w=0.0,
        pv_rated_w=5000.0,
        cars_w=270.0,
        cars_plugged=1,
        cars_free_wh=18200.0,
        stored_pct=40.0,
        stored_wh=18200.0,
        essential_hours=(50.0, 67.4, 80.0),
        all_hours=(50.0, 67.4, 80.0),
        capacity_va=9600.0,
        room_w=7000.0,
        reconnect_wait_s=300.0,
        restore_step_s=10.0,
        armed=True,
        circuits=rows,
        tiers=tuple(group for group in tiers(rows) if group.circuits),
        cars=(_car("garage", "Garage", BayState.DISCHARGING, 270.0, 76.0, free_wh=18200.0, both=True),),
        devices=DEVICES[:2],
    )
    return replace(picture, **changes)


def _home_circuit(key: str, name: str, tier: Tier, power_w: float, off_s: float | None = None) -> CircuitPicture:
    return CircuitPicture(
        id=CircuitId(key),
        name=name,
        tier=tier,
        power_w=power_w,
        wanted=off_s is None,
        closed=off_s is None,
        sheddable=True,
        since_s=off_s,
    )
