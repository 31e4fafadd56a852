"""Sungrow SH hybrid inverter: Modbus TCP, 32-bit values with the low word first, addresses one below the document's.

Registers and codes: mkaiser/Sungrow-SHx-Inverter-Modbus-Home-Assistant, modbus_sungrow.yaml (commit 63beec6), which
follows Sungrow's "Communication Protocol of Residential Hybrid Inverter V1.1".  The heartbeat: issue 377 there, and
bohdan-s/SunGather issue 153 (mode 3 with 13080 = 20, rewritten every 9 s).

The building's whole bus hangs on this inverter's backup port: on the grid it passes through what the tie lets in.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pymodbus.simulator import SimDevice

from hems.model.units import SourceId
from hems.sim.former import Stage
from hil.emulate.building import Building
from hil.emulate.registers import (
    S16,
    S32_LOW_FIRST,
    U16,
    U32_LOW_FIRST,
    Field,
    Filler,
    Item,
    Registers,
    Text,
    device,
)

RUNNING, FORCED_RUNNING, EXTERNAL_EMS = 0x0040, 0x0800, 0x4000
OFF_GRID, STARTING, STANDBY, FAULT = 0x1000, 0x0020, 0x0008, 0x0100
SELF_CONSUMPTION, FORCED, EXTERNAL, VPP = 0, 2, 3, 4
CHARGE, DISCHARGE, STOP = 0xAA, 0xBB, 0xCC
MASTER_HEARTBEAT_S = 20.0
NO_S32 = 0x7FFF_FFFF
"""Sentinel of values that a missing meter would have given."""
TYPE_CODE_SH25T = 0x0E28
FILLED = ((4989, 62), (5213, 29), (5600, 10), (5722, 24), (12999, 48))
"""Stretches that a real inverter answers as a whole; what is not used reads as not available."""


class Sungrow:
    """The inverter's own settings: who commands the battery, what, and for how much longer."""

    def __init__(self, building: Building, name: str, battery: SourceId) -> None:
        self._building = building
        self._plant = building.plant
        self._name = name
        self._battery = battery
        self.mode = SELF_CONSUMPTION
        self.command = STOP
        self.power_w = 0
        self._lapses_s = 0.0
        building.each_round(self._watch)
        building.forgets(name, self._begin_anew)
        building.obeys[battery] = self._told

    def running_state(self) -> float:
        """Register 12999."""
        stage = self._plant.former.stage
        if stage is Stage.FOLLOWING:
            return {FORCED: FORCED_RUNNING, EXTERNAL: EXTERNAL_EMS}.get(self.mode, RUNNING)
        return {Stage.FORMING: OFF_GRID, Stage.PICKING_UP: STARTING, Stage.TRIPPED: FAULT}.get(stage, STANDBY)

    def flow(self) -> float:
        """Register 13000: bit 1 charging, bit 2 discharging."""
        power_w = self._plant.batteries[self._battery].power_w
        return 0b010 if power_w < 0.0 else 0b100 if power_w > 0.0 else 0

    def heartbeat_s(self) -> float:
        """Register 13079: counts down while an external controller is in charge."""
        return max(0.0, self._lapses_s - self._building.now_s())

    def set_mode(self, value: float) -> bool:
        """Register 13049."""
        if value not in (SELF_CONSUMPTION, FORCED, EXTERNAL, VPP):
            return False
        self.mode = int(value)
        self._obey()
        return True

    def set_command(self, value: float) -> bool:
        """Register 13050."""
        if value not in (CHARGE, DISCHARGE, STOP):
            return False
        self.command = int(value)
        self._obey()
        return True

    def set_power(self, value: float) -> bool:
        """Register 13051, W."""
        self.power_w = int(value)
        self._obey()
        return True

    def set_heartbeat(self, value: float) -> bool:
        """Register 13079, s."""
        self._lapses_s = self._building.now_s() + value
        return True

    def _obey(self) -> None:
        signed_w = {CHARGE: -self.power_w, DISCHARGE: self.power_w}.get(self.command, 0)
        wish_w = float(signed_w) if self.mode in (FORCED, EXTERNAL) else None
        self._building.act("setpoint", self._name, wish_w, lambda: self._plant.set_battery_power(self._battery, wish_w))

    def _told(self, power_w: float) -> None:
        """As another master does it."""
        self.set_heartbeat(MASTER_HEARTBEAT_S)
        self.power_w, self.command = round(abs(power_w)), DISCHARGE if power_w > 0.0 else CHARGE
        self.set_mode(EXTERNAL)

    def _begin_anew(self) -> None:
        self.command, self.power_w = STOP, 0
        self.set_mode(SELF_CONSUMPTION)

    def _watch(self) -> None:
        """At the end of the heartbeat the mode falls back by itself."""
        if self.mode == EXTERNAL and self._lapses_s <= self._building.now_s():
            self._building.note("device", self._name, "heartbeat lost")
            self.set_mode(SELF_CONSUMPTION)


def sungrow(building: Building, name: str, table: Mapping[str, Any]) -> SimDevice:
    """The inverter of the battery `table["battery"]`, which is also the island-former."""
    plant = building.plant
    battery = SourceId(table["battery"])
    store = plant.batteries[battery]
    inverter = Sungrow(building, name, battery)
    inputs: list[Item] = [Filler(at, words, 0xFFFF) for at, words in FILLED]
    inputs += [
        Text(4989, 10, "A2330612345"),
        Field(4999, U16, lambda: TYPE_CODE_SH25T),
        Field(5016, U32_LOW_FIRST, lambda: sum(pv.power_w for pv in plant.pvs.values() if pv.direct)),
        Field(5213, S32_LOW_FIRST, lambda: store.power_w),
        Field(5241, U16, lambda: plant.bus_hz * 100.0),
        Field(5600, S32_LOW_FIRST, _metered(building, lambda: plant.grid_w)),
        Field(5725, S32_LOW_FIRST, lambda: sum(_backup_w(building))),
        Field(12999, U16, inverter.running_state),
        Field(13000, U16, inverter.flow),
        Field(13007, S32_LOW_FIRST, lambda: plant.grid_w + store.power_w),
        Field(13009, S32_LOW_FIRST, lambda: -plant.grid_w),
        Field(13021, U16, lambda: abs(store.power_w)),
        Field(13022, U16, lambda: store.told_pct * 10.0),
    ]
    for index in range(len(plant.site.phases)):
        inputs += [
            Field(5018 + index, U16, _volts(building, index)),
            Field(5602 + 2 * index, S32_LOW_FIRST, _metered(building, _phase(lambda: plant.grid_phase_w, index))),
            Field(5722 + index, S16, _phase(lambda: _backup_w(building), index)),
        ]
    holding: list[Item] = [
        Filler(13049, 51),
        Field(13049, U16, lambda: inverter.mode, inverter.set_mode),
        Field(13050, U16, lambda: inverter.command, inverter.set_command),
        Field(13051, U16, lambda: inverter.power_w, inverter.set_power),
        Field(13079, U16, inverter.heartbeat_s, inverter.set_heartbeat),
    ]
    return device(
        int(table.get("unit_id", 1)), inputs=Registers(inputs), holding=Registers(holding), before=building.catch_up
    )


def _phase(values: Callable[[], tuple[float, ...]], index: int) -> Callable[[], float]:
    return lambda: values()[index]


def _backup_w(building: Building) -> tuple[float, ...]:
    """What leaves the backup port per phase: its own, and what the grid gives through it."""
    plant = building.plant
    return tuple(own + through for own, through in zip(plant.former_phase_w, plant.grid_phase_w, strict=True))


def _volts(building: Building, index: int) -> Callable[[], float]:
    return lambda: building.bus.volts[index] * 10.0


def _metered(building: Building, value: Callable[[], float]) -> Callable[[], float]:
    """The inverter's own meter is fed by the grid: in an outage its values are gone."""
    return lambda: value() if building.plant.grid.energised else NO_S32
