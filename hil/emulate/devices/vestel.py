"""Vestel EVC04: unidirectional AC charger, Modbus TCP, unit 255, functions 4 and 3/6, high word first.

Registers: Vestel "EVC04 Modbus TCP/IP Specification" v1.8, as in evcc charger/vestel.go and a public exporter for it
(state codes, 1036 in 0.1 kWh, 2000 failsafe current, 2002 failsafe time-out).  Master alive: 6000 := 1 within the
time-out, else failsafe current; after that it stays there until a new current is written (evcc issue 16487).
"""

from collections.abc import Callable, Mapping
from typing import Any

from pymodbus.simulator import SimDevice

from hems.model.snapshot import BayState
from hems.model.units import SourceId
from hil.emulate.building import Building
from hil.emulate.registers import U16, U32, Field, Filler, Item, Registers, Text, device

UNIT_ID = 255
AVAILABLE, PREPARING, CHARGING, SUSPENDED_EVSE, FINISHING, UNAVAILABLE = 0, 1, 2, 3, 5, 7
STATES = {
    BayState.UNPLUGGED: AVAILABLE,
    BayState.PLUGGED: PREPARING,
    BayState.CHARGING: CHARGING,
    BayState.SUSPENDED: SUSPENDED_EVSE,
    BayState.FINISHED: FINISHING,
}
RUNNING = 1
NO_CABLE, LOCKED_TO_CAR = 0, 3
FAILSAFE_TIMEOUT_S = 20
SMALLEST_A, LARGEST_A = 6, 32


class Vestel:
    """Who is in charge of the current: a master that says it is alive, or the failsafe."""

    def __init__(self, building: Building, name: str, bay: SourceId, failsafe_a: int) -> None:
        self._building = building
        self._name = name
        self._id = bay
        self.bay = building.plant.bays[bay]
        self.failsafe_a = failsafe_a
        self.timeout_s = FAILSAFE_TIMEOUT_S
        self.current_a = failsafe_a
        self._alive_s = self._building.now_s()
        self._failed = False
        self._set(failsafe_a)
        building.each_round(self._watch)
        building.forgets(name, self._begin_anew)
        building.obeys[bay] = lambda power_w: self.set_current(self._amps(power_w))

    def set_current(self, value: float) -> bool:
        """5004, A; 0 pauses, 1 to 5 are taken as a pause too.  A new current also ends the failsafe."""
        if value > LARGEST_A:
            return False
        self._failed = False
        self._alive_s = self._building.now_s()
        self._set(int(value))
        return True

    def set_failsafe(self, value: float) -> bool:
        """2000, A."""
        if value > LARGEST_A:
            return False
        self.failsafe_a = int(value)
        return True

    def set_timeout(self, value: float) -> bool:
        """2002, s."""
        if value < 1:
            return False
        self.timeout_s = int(value)
        return True

    def alive(self, value: float) -> bool:
        """6000."""
        if value == 1:
            self._alive_s = self._building.now_s()
        return True

    def _set(self, amps: int) -> None:
        self.current_a = amps
        volts = self._building.plant.site.grid.nominal_v
        power_w = float(amps) * volts * len(self.bay.spec.phases) if amps >= SMALLEST_A else 0.0
        wish_w = 0.0 - power_w
        plant = self._building.plant
        self._building.act("setpoint", self._name, wish_w, lambda: plant.set_bay_power(self._id, wish_w))

    def _amps(self, power_w: float) -> int:
        """For a power that charges its car."""
        return round(-power_w / (self._building.plant.site.grid.nominal_v * len(self.bay.spec.phases)))

    def _begin_anew(self) -> None:
        """Its failsafe it has kept."""
        self.timeout_s = FAILSAFE_TIMEOUT_S
        self._set(self.failsafe_a)

    def _watch(self) -> None:
        if not self._failed and self._building.now_s() - self._alive_s > self.timeout_s:
            self._failed = True
            self._building.note("device", self._name, "failsafe")
            self._set(self.failsafe_a)


def vestel(building: Building, name: str, table: Mapping[str, Any]) -> SimDevice:
    """The charger of the bay `table["bay"]`; `failsafe_a` is what it was commissioned with (0 unless said)."""
    charger = Vestel(building, name, SourceId(table["bay"]), int(table.get("failsafe_a", 0)))
    bay = charger.bay
    energy = building.meter(name, lambda: -bay.power_w)
    phases = range(len(bay.spec.phases))

    def share_w() -> float:
        return -bay.power_w / len(bay.spec.phases)

    inputs: list[Item] = [
        Text(100, 25, name, per_word=1),
        Text(190, 10, "Vestel", per_word=1),
        Text(210, 5, "EVC04", per_word=1),
        Text(230, 50, "v3.156.0", per_word=1),
        Filler(404, 1, int(len(bay.spec.phases) == 3)),
        Field(1000, U16, lambda: STATES.get(bay.state, UNAVAILABLE)),
        Field(1001, U16, lambda: bay.state is BayState.CHARGING),
        Filler(1002, 1, RUNNING),
        Field(1004, U16, lambda: LOCKED_TO_CAR if bay.car is not None else NO_CABLE),
        Filler(1006, 2),
        *(Field(1008 + 2 * index, U16, lambda: 1000.0 * share_w() / 230.0) for index in phases),
        *(Field(1014 + 2 * index, U16, _volts(building, index)) for index in phases),
        Field(1020, U32, lambda: -bay.power_w),
        *(Field(1024 + 4 * index, U32, share_w) for index in phases),
        Field(1036, U32, lambda: energy.taken_wh / 100.0),
        Field(1502, U32, lambda: energy.taken_wh),
    ]
    holding: list[Item] = [
        Field(2000, U16, lambda: charger.failsafe_a, charger.set_failsafe),
        Field(2002, U16, lambda: charger.timeout_s, charger.set_timeout),
        Field(5004, U16, lambda: charger.current_a, charger.set_current),
        Field(6000, U16, lambda: 0, charger.alive),
    ]
    unit_id = int(table.get("unit_id", UNIT_ID))
    return device(unit_id, inputs=Registers(inputs), holding=Registers(holding), before=building.catch_up)


def _volts(building: Building, index: int) -> Callable[[], float]:
    return lambda: building.bus.volts[index]
