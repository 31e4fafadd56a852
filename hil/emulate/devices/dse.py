"""Deep Sea Electronics generator controller: GenComm over Modbus TCP, functions 3 and 16, high word first.

Pages of 256 registers, after Deep Sea's "GenComm Standard" (056-051 for the control keys): page 3 status, page 4
instruments, page 5 what the engine does, page 6 derived, page 7 accumulated, page 16 control, page 154 named alarms.
A control key is written together with its complement, 65535 less the key, in one request; anything else is refused.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pymodbus.simulator import SimDevice

from hems.sim.engine import Engine, EngineStage
from hil.emulate.building import Building
from hil.emulate.registers import S16, S32, U16, U32, Field, Filler, Item, Registers, device

DEEP_SEA, DSE_7320 = 1, 32800
AUTO = 1
START, CANCEL = 35732, 35733
"""Telemetry start if in auto mode, and its end."""
CAN_START, CAN_STOP = 0x8000, 0x4000
"""Keys 35732 and 35733 in the third of the registers that tell which keys there are."""
STATES = {
    EngineStage.STOPPED: 0,
    EngineStage.CRANKING: 1,
    EngineStage.RESTING: 1,
    EngineStage.WARMING: 2,
    EngineStage.LOADED: 3,
    EngineStage.COOLING: 4,
    EngineStage.FAILED: 5,
}
NO_ALARM, SHUTDOWN = 1, 3
RPM, OIL_KPA, COOLANT_C, FUEL_PCT, STARTER_V = 1500, 420, 82, 71, 132


class Controller:
    """What the panel remembers."""

    def __init__(self, building: Building, name: str, engine: Engine) -> None:
        self._building = building
        self._name = name
        self._engine = engine

    def key(self, value: float) -> bool:
        """4104 and 4105, key and complement as one value."""
        key, complement = divmod(int(value), 0x10000)
        if key + complement != 0xFFFF or key not in (START, CANCEL):
            return False
        plant, run = self._building.plant, key == START
        self._building.act("coil", self._name, run, lambda: plant.run_generator(lambda engine: engine.ask(run)))
        return True

    def volts(self) -> float:
        """Tenths of a volt, one phase."""
        return self._building.plant.site.grid.nominal_v * 10.0 if self._engine.running else 0.0

    def phase_w(self) -> float:
        """W of one phase."""
        return self._engine.power_w / 3.0

    def turns(self) -> float:
        """Revolutions per minute."""
        return RPM if self._engine.running else 180.0 if self._engine.stage is EngineStage.CRANKING else 0.0

    def failed(self) -> float:
        """Page 154, the register whose second alarm is "fail to start"."""
        return (SHUTDOWN if self._engine.stage is EngineStage.FAILED else NO_ALARM) << 8


def dse(building: Building, name: str, table: Mapping[str, Any]) -> SimDevice:
    """The controller of the building's generator.  Raises: KeyError when the rig has none."""
    engine = building.plant.engine
    if engine is None:
        raise KeyError("generator")
    panel = Controller(building, name, engine)
    energy = building.meter(name, lambda: -engine.power_w)
    while_it_runs: Callable[[float], Callable[[], float]] = lambda value: lambda: value if engine.running else 0.0  # noqa: E731
    phases = range(3)
    items: list[Item] = [
        Filler(768, 7),
        Filler(1024, 62),
        Filler(1408, 1),
        Filler(1536, 32),
        Filler(1792, 18),
        Filler(4096, 8),
        Filler(39425, 6, NO_ALARM * 0x1111),
        Field(768, U16, lambda: DEEP_SEA),
        Field(769, U16, lambda: DSE_7320),
        Field(772, U16, lambda: AUTO),
        Field(1024, U16, while_it_runs(OIL_KPA)),
        Field(1025, S16, lambda: COOLANT_C),
        Field(1027, U16, lambda: 0 if engine.ill else FUEL_PCT),
        Field(1029, U16, lambda: STARTER_V),
        Field(1030, U16, panel.turns),
        Field(1031, U16, while_it_runs(building.plant.site.grid.nominal_hz * 10.0)),
        *(Field(1032 + 2 * phase, U32, panel.volts) for phase in phases),
        *(Field(1052 + 2 * phase, S32, panel.phase_w) for phase in phases),
        Field(1408, U16, lambda: STATES[engine.stage]),
        Field(1536, S32, lambda: engine.power_w),
        Field(1558, S16, lambda: 1000.0 * engine.power_w / engine.spec.rated_w),
        Field(1800, U32, lambda: energy.given_wh / 100.0),
        Field(1808, U32, lambda: engine.starts),
        Field(4098, U16, lambda: CAN_START | CAN_STOP),
        Field(4104, U32, lambda: 0, panel.key),
        Field(39428, U16, panel.failed),
    ]
    return device(int(table.get("unit_id", 10)), holding=Registers(items), before=building.catch_up)
