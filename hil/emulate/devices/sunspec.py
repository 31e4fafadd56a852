"""A SunSpec PV inverter: models 1, 103, 120, 122 and 123 in a chain from address 40000, Modbus TCP, function 3.

Layout: SunSpec Alliance model definitions (sunspec/models on GitHub), written out here by offset from each model's ID.
Unimplemented points hold their type's sentinel: 0xFFFF for unsigned, 0x8000 for signed and scale factors.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pymodbus.simulator import SimDevice

from hems.model.units import SourceId
from hil.emulate.building import Building
from hil.emulate.registers import S16, U16, U32, Field, Filler, Item, Kind, Registers, Text, device

BASE = 40_000
COMMON, INVERTER, NAMEPLATE, STATUS, CONTROLS = 1, 103, 120, 122, 123
LENGTHS = {COMMON: 66, INVERTER: 50, NAMEPLATE: 26, STATUS: 44, CONTROLS: 24}
END = 0xFFFF
UNSIGNED, SIGNED = 0xFFFF, 0x8000
SLEEPING, MPPT, THROTTLED, STANDBY = 2, 4, 5, 8
GRID_DISCONNECT = 1 << 4
HUNDRED_PCT = 10_000
"""WMaxLimPct with its scale factor of -2."""

Read = Callable[[], float]
Write = Callable[[float], bool]


class Controls:
    """Model 123: a cap on active power that reverts by itself."""

    def __init__(self, building: Building, name: str, pv: SourceId) -> None:
        self._building = building
        self._name = name
        self._pv = pv
        self.settings: dict[int, int] = dict.fromkeys((2, 3, 6, 7, 8), 0)
        """Windows, revert times and ramps, by offset."""
        self.connected = 1
        self.limit = HUNDRED_PCT
        self.enabled = 0
        self._reverts_s = 0.0
        building.each_round(self._watch)
        building.forgets(name, self._begin_anew)

    def setting(self, offset: int) -> tuple[Read, Write]:
        """A register that is only kept."""

        def write(value: float) -> bool:
            self.settings[offset] = int(value)
            return True

        return lambda: self.settings[offset], write

    def set_limit(self, value: float) -> bool:
        """WMaxLimPct; in force with the next write of WMaxLim_Ena."""
        if value > HUNDRED_PCT:
            return False
        self.limit = int(value)
        return True

    def set_enabled(self, value: float) -> bool:
        """WMaxLim_Ena; starts the revert timer."""
        if value not in (0, 1):
            return False
        self.enabled = int(value)
        revert_s = self.settings[7]
        self._reverts_s = self._building.now_s() + revert_s if revert_s and value else 0.0
        self._apply()
        return True

    def set_connected(self, value: float) -> bool:
        """Conn."""
        if value not in (0, 1):
            return False
        self.connected = int(value)
        self._apply()
        return True

    def _apply(self) -> None:
        plant = self._building.plant
        rated_w = plant.pvs[self._pv].spec.rated_w
        limit_w = rated_w * self.limit / HUNDRED_PCT if self.enabled else None
        if not self.connected:
            limit_w = 0.0
        self._building.act("setpoint", self._name, limit_w, lambda: plant.limit_pv(self._pv, limit_w))

    def _begin_anew(self) -> None:
        """No limit outlives its power."""
        self.enabled, self.connected = 0, 1
        self._apply()

    def _watch(self) -> None:
        if self.enabled and self._reverts_s and self._reverts_s <= self._building.now_s():
            self._building.note("device", self._name, "limit reverted")
            self.set_enabled(0)


def sunspec(building: Building, name: str, table: Mapping[str, Any]) -> SimDevice:
    """The inverter of the PV plant `table["pv"]`."""
    pv = SourceId(table["pv"])
    controls = Controls(building, name, pv)
    parts: dict[int, list[Item]] = {
        COMMON: _common(name),
        INVERTER: _inverter(building, name, pv),
        NAMEPLATE: _nameplate(building.plant.pvs[pv].spec.rated_w),
        STATUS: [Field(4, U16, lambda: float(building.plant.pvs[pv].connected))],
        CONTROLS: _controls(controls),
    }
    items: list[Item] = [Text(BASE, 2, "SunS")]
    at = BASE + 2
    for model, part in parts.items():
        items += [Filler(at, 1, model), Filler(at + 1, 1, LENGTHS[model]), Filler(at + 2, LENGTHS[model], UNSIGNED)]
        items += [_moved(item, at) for item in part]
        at += 2 + LENGTHS[model]
    items += [Filler(at, 1, END), Filler(at + 1, 1, 0)]
    return device(int(table.get("unit_id", 1)), holding=Registers(items), before=building.catch_up)


def _common(name: str) -> list[Item]:
    texts = ((2, 16, "Bench"), (18, 16, "PV"), (34, 8, ""), (42, 8, "1.0"), (50, 16, name))
    unit_id_and_pad = (Filler(66, 1, 1), Filler(67, 1, SIGNED))
    return [*(Text(at, words, text) for at, words, text in texts), *unit_id_and_pad]


def _inverter(building: Building, name: str, pv: SourceId) -> list[Item]:
    plant, array = building.plant, building.plant.pvs[pv]
    energy = building.meter(name, lambda: array.power_w, lifetime_wh=61_402_117.0)

    def volts(index: int) -> Read:
        return lambda: building.bus.volts[index] * 10.0

    def amps(index: int) -> Read:
        return lambda: 10.0 * array.power_w * array.shares[index] / max(1.0, building.bus.volts[index])

    items: list[Item] = [_scale(6, -1), _scale(13, -1), _scale(15, 1), _scale(17, -2), _scale(19, 1), _scale(26, 0)]
    items += [Filler(at, 1, SIGNED) for at in (20, 21, 22, 23, 28, 30, 31, 32, 33, 34, 35, 36, 37)]
    items += [Filler(at, 2, 0) for at in (42, 44, 46, 48, 50)]
    phases = range(len(plant.site.phases))
    items += [Field(3 + index, U16, amps(index)) for index in phases]
    items += [Field(10 + index, U16, volts(index)) for index in phases]
    items += [
        Field(2, U16, lambda: sum(amps(index)() for index in phases)),
        Field(14, S16, lambda: array.power_w / 10.0),
        Field(16, U16, lambda: plant.bus_hz * 100.0),
        Field(18, S16, lambda: array.power_w / 10.0),
        Field(24, U32, lambda: energy.taken_wh),
        Field(38, U16, lambda: _state(building, pv)),
        Field(40, U32, lambda: 0 if plant.bus_live else GRID_DISCONNECT),
    ]
    return items


def _state(building: Building, pv: SourceId) -> int:
    array = building.plant.pvs[pv]
    if array.available_w < 10.0:
        return SLEEPING
    if not array.connected:
        return STANDBY
    return THROTTLED if array.power_w < 0.98 * array.available_w else MPPT


def _nameplate(rated_w: float) -> list[Item]:
    photovoltaic = 4
    signed = (6, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18, 20, 22, 24, 26)
    rating = Field(3, U16, lambda: rated_w / 10.0)
    return [Filler(2, 1, photovoltaic), rating, _scale(4, 1), *(Filler(at, 1, SIGNED) for at in signed)]


def _controls(controls: Controls) -> list[Item]:
    items: list[Item] = [Filler(at, 1, SIGNED) for at in (10, 15, 16, 17, 24, 25)]
    items += [Field(offset, U16, *controls.setting(offset)) for offset in controls.settings]
    items += [
        Field(4, U16, lambda: controls.connected, controls.set_connected),
        Field(5, U16, lambda: controls.limit, controls.set_limit),
        Field(9, U16, lambda: controls.enabled, controls.set_enabled),
        _scale(23, -2),
    ]
    return items


def _scale(at: int, exponent: int) -> Filler:
    return Filler(at, 1, Kind("h", 1).encode(exponent)[0])


def _moved(item: Item, base: int) -> Item:
    """From an offset in a model to an address."""
    if isinstance(item, Field):
        return Field(base + item.at, item.kind, item.read, item.write)
    if isinstance(item, Text):
        return Text(base + item.at, item.words, item.text)
    return Filler(base + item.at, item.words, item.value)
