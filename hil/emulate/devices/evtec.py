"""EVtec BiDiPro 10: bidirectional DC charger, Modbus TCP port 5020, unit 1, functions 3 and 16, high word first.

Objects of 100 registers: the charge point at 0, connector X at X * 100.  Offsets, states and interlocks: the charger
emulator of V2G-liberty/addon-v2g-liberty, dev_tools/charger_scenarios_evtec.py (hardware-tested contract) and
chargers/evtec_bidipro.py; behaviour from its pull requests 491 (|P| >= 500 W, suspend does nothing, only 0 stops) and
497 (a discharge in a session that may not is refused without an error).  Negative is discharge.

Addresses between the fields are not mapped here, though the source above reads some stretches as a whole: a driver
that keeps to the fields is right on either.
"""

from collections.abc import Mapping
from typing import Any

from pymodbus.simulator import SimDevice

from hems.model.snapshot import BayState
from hems.model.units import SourceId
from hil.emulate.building import Building
from hil.emulate.registers import F32, S32, U64, Field, Item, Registers, Text, device

OBJECT = 100
BOOT, READY, UNAVAILABLE, CURRENT_DEMAND, GRID_FEED, WAIT_FOR_GRID, CHARGING_END, ERROR = 0, 1, 2, 7, 8, 10, 11, 12
STATES = {
    BayState.UNAVAILABLE: BOOT,
    BayState.UNPLUGGED: READY,
    BayState.PLUGGED: WAIT_FOR_GRID,
    BayState.CHARGING: CURRENT_DEMAND,
    BayState.DISCHARGING: GRID_FEED,
    BayState.SUSPENDED: WAIT_FOR_GRID,
    BayState.FINISHED: CHARGING_END,
    BayState.FAULT: ERROR,
}
SESSION_STATES = {BayState.UNPLUGGED: 0, BayState.CHARGING: 16, BayState.DISCHARGING: 17}
DEFAULT_SESSION, BIDIRECTIONAL_SESSION = 1, 5
CCS = 1
SMALLEST_W = 500
LONGEST_IDLE_S = 600
PACK_V = 400.0
"""Car battery voltage, for the current that goes with a power."""


class Evtec:
    """What the charger remembers, and its idea of what it may be asked."""

    def __init__(self, building: Building, name: str, bay: SourceId) -> None:
        self._building = building
        self._name = name
        self._id = bay
        self.bay = building.plant.bays[bay]
        self.idle_s = LONGEST_IDLE_S
        self.asked_w = 0
        self.suspend = 0
        self._heard_s = self._building.now_s()
        building.each_round(self._watch)
        building.forgets(name, lambda: self._set(0))
        building.obeys[bay] = lambda power_w: self.ask(-power_w)

    def heard(self) -> None:
        """Any request at all feeds the idle timer."""
        self._heard_s = self._building.now_s()
        self._building.catch_up()

    @property
    def may_discharge(self) -> bool:
        """Whether this session is of a kind that may."""
        return self.bay.spec.bidirectional and self.bay.car is not None and self.bay.car.gives

    def session_type(self) -> int:
        """+4."""
        if self.bay.car is None:
            return 0
        return BIDIRECTIONAL_SESSION if self.may_discharge else DEFAULT_SESSION

    def discharge_floor_w(self) -> float:
        """+22: below zero while V2X is offered, and then the lowest set-point."""
        return -self.bay.spec.discharge_max_w if self.bay.discharge_ready else 0.0

    def charge_ceiling_w(self) -> float:
        """+30."""
        return min(self.bay.spec.charge_max_w, self.bay.store.charge_limit_w) if self.bay.store else 0.0

    def followed_w(self) -> float:
        """+46: what it really follows."""
        if self.bay.forming:
            return -self.bay.power_w
        return -self.bay.target_w(live=self._building.plant.bus_live)

    def ask(self, value: float) -> bool:
        """+86.  Too small or outside the window is refused; a discharge that is not offered is taken and not done."""
        if value != 0.0 and abs(value) < SMALLEST_W:
            return False
        if value > self.charge_ceiling_w():
            return False
        if value < self.discharge_floor_w() < 0.0:
            return False
        self._set(int(value))
        return True

    def set_idle(self, value: float) -> bool:
        """42."""
        if not 0 < value <= LONGEST_IDLE_S:
            return False
        self.idle_s = int(value)
        return True

    def set_suspend(self, value: float) -> bool:
        """+88: taken, kept and without effect, as on the real one."""
        self.suspend = int(value)
        return True

    def _set(self, value_w: int) -> None:
        self.asked_w = value_w
        plant, wish_w = self._building.plant, float(-value_w)
        self._building.act("setpoint", self._name, wish_w, lambda: plant.set_bay_power(self._id, wish_w))

    def _watch(self) -> None:
        if self.asked_w and self._building.now_s() - self._heard_s > self.idle_s:
            self._building.note("device", self._name, "idle")
            self._set(0)


def evtec(building: Building, name: str, table: Mapping[str, Any]) -> SimDevice:
    """The charger of the bay `table["bay"]`, with its one connector at `connector` (1 unless said)."""
    charger = Evtec(building, name, SourceId(table["bay"]))
    bay = charger.bay
    energy = building.meter(name, lambda: -bay.power_w)
    x = OBJECT * int(table.get("connector", 1))
    items: list[Item] = [
        Text(0, 16, "ECP4-2.0-bench"),
        Text(16, 10, name[:20]),
        Text(26, 10, "cremacharge"),
        Field(36, S32, lambda: 1),
        Field(40, S32, lambda: 5 if bay.car is not None else 1),
        Field(42, S32, lambda: charger.idle_s, charger.set_idle),
        Field(x + 0, S32, lambda: STATES[bay.state]),
        Field(x + 2, S32, lambda: SESSION_STATES.get(bay.state, 2)),
        Field(x + 4, S32, charger.session_type),
        Field(x + 6, F32, lambda: PACK_V if bay.car is not None else 0.0),
        Field(x + 8, F32, lambda: -bay.power_w / PACK_V),
        Field(x + 10, F32, lambda: -bay.power_w),
        Field(x + 12, S32, lambda: (bay.soc_pct or 0.0) * 10.0),
        Field(x + 14, S32, lambda: CCS),
        Field(x + 18, F32, lambda: energy.taken_wh),
        Field(x + 20, F32, lambda: energy.given_wh),
        Field(x + 22, F32, charger.discharge_floor_w),
        Field(x + 30, F32, charger.charge_ceiling_w),
        Field(x + 38, F32, lambda: SMALLEST_W if bay.car is not None else 0.0),
        Field(x + 46, F32, charger.followed_w),
        Field(x + 54, U64, lambda: 0),
        Field(x + 58, F32, lambda: bay.capacity_wh or 0.0),
        Field(x + 62, F32, lambda: 0.0),
        Text(x + 76, 10, "BENCH-EVCCID-01"),
        Field(x + 86, S32, lambda: charger.asked_w, charger.ask),
        Field(x + 88, S32, lambda: charger.suspend, charger.set_suspend),
    ]
    return device(int(table.get("unit_id", 1)), holding=Registers(items), before=charger.heard)
