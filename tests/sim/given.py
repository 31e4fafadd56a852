"""Small buildings for hand calculation."""

from collections.abc import Mapping

from hems.model.site import Battery, Bay, Circuit, Former, Generator, Phase, Pv, Site, Tie, Tier
from hems.model.supply import GridConnection
from hems.model.units import CircuitId, SourceId
from hems.sim.plant import Plant
from hems.sim.start import Car, Physics, StartPoint
from hems.sim.traces import CarEvent, ConstantTraces

L1, L2, L3 = Phase.L1, Phase.L2, Phase.L3
BATTERY, ROOF, BAY = SourceId("main"), SourceId("roof"), SourceId("bay")
ISLANDED_S = 0.1
"""From the failure to voltage on the island with the usual physics: detection, travel, pick-up."""


def circuit(name: str, typical_w: float, *phases: Phase, inrush_w: float = 0.0, thermostatic: bool = False) -> Circuit:
    return Circuit(
        id=CircuitId(name),
        name=name,
        tier=Tier.COMFORT,
        phases=phases or (L1, L2, L3),
        typical_w=typical_w,
        inrush_w=inrush_w,
        thermostatic=thermostatic,
        switchable=True,
    )


def site(*circuits: Circuit, former: SourceId = BATTERY, pv_w: float = 0.0, generator: Generator | None = None) -> Site:
    """10 kVA on each of three phases, an 80 kWh battery, perhaps a roof, one bidirectional bay."""
    return Site(
        name="bench",
        phases=(L1, L2, L3),
        grid=GridConnection(nominal_v=230.0, nominal_hz=50.0, service_a=80.0),
        tie=Tie(has_contacts=True, has_flag=True, has_permit=True),
        former=Former(source=former, name="former", phase_va=(10_000.0, 10_000.0, 10_000.0)),
        circuits=circuits,
        batteries=(
            Battery(id=BATTERY, name="b", capacity_wh=80_000.0, charge_max_w=30_000.0, discharge_max_w=30_000.0),
        ),
        pvs=(Pv(id=ROOF, name="roof", rated_w=pv_w, phases=(L1, L2, L3)),) if pv_w else (),
        bays=(Bay(id=BAY, name="bay", phases=(L1, L2, L3), charge_max_w=11_000.0, discharge_max_w=10_000.0),),
        generator=generator,
    )


def plant(
    *circuits: Circuit,
    loads_w: Mapping[str, float] | None = None,
    former: SourceId = BATTERY,
    pv_w: float = 0.0,
    sun: float = 0.0,
    soc_pct: float = 60.0,
    car: Car | None = None,
    events: tuple[CarEvent, ...] = (),
    physics: Physics | None = None,
    generator: Generator | None = None,
    soc_error_pct: float = 0.0,
    direct: bool = False,
) -> Plant:
    """Every circuit draws its typical power unless `loads_w` says otherwise; a `direct` roof is the former's own."""
    chosen = {name: load.typical_w for name, load in ((c.id, c) for c in circuits)}
    chosen |= {CircuitId(name): power_w for name, power_w in (loads_w or {}).items()}
    start = StartPoint(
        battery_soc_pct=soc_pct,
        soc_error_pct=soc_error_pct,
        cars={BAY: car} if car else {},
        physics=physics or Physics(tie_qualify_s=20.0),
        direct_pvs=frozenset({ROOF} if direct else ()),
    )
    return Plant(
        site(*circuits, former=former, pv_w=pv_w, generator=generator), ConstantTraces(chosen, sun, events), start=start
    )


def islanded(building: Plant) -> Plant:
    """After a power cut, just on its own."""
    building.fail_grid()
    building.step(ISLANDED_S)
    return building
