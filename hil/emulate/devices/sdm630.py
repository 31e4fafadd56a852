"""Eastron SDM630: three-phase meter, Modbus RTU, function 4, IEEE 754 floats with the high word first.

Addresses: Eastron "SDM630 Modbus Smart Meter, Modbus Protocol Implementation" (input registers 30001...), as also in
volkszaehler/mbmd meters/rs485/sdm.go.  Positive is import, as wired.  Energy is in kWh.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pymodbus.simulator import SimDevice

from hil.emulate.building import Building
from hil.emulate.registers import F32, Field, Filler, Item, Registers, device

VOLTS, AMPS, WATTS = 0x00, 0x06, 0x0C
TOTAL_WATTS = 0x34
HERTZ = 0x46
IMPORT_KWH, EXPORT_KWH = 0x48, 0x4A
MAPPED = 0x50
LONGEST = 80
"""The maker's limit for one request."""
SILENT_BELOW_V = 10.0


def sdm630(building: Building, name: str, table: Mapping[str, Any]) -> SimDevice:
    """A meter upstream of the tie (`measures = "utility"`) or at the island-former's output (`"former"`).

    With `"wrong side"` its transformers are upstream and its voltage leads are not.  A list of circuits and bays makes
    it the meter of the sub-panel that feeds these.
    """
    plant = building.plant
    upstream = table["measures"] == "utility"
    rms = building.utility if upstream else building.bus

    def watts() -> tuple[float, ...]:
        if isinstance(table["measures"], list):
            return plant.drawn_phase_w(table["measures"])
        return plant.former_phase_w if table["measures"] == "former" else plant.grid_phase_w

    def hertz() -> float:
        return plant.utility_hz if upstream else plant.bus_hz

    energy = building.meter(name, lambda: sum(watts()), lifetime_wh=48_211_300.0)
    fields: list[Item] = [Filler(0, MAPPED)]
    for index in range(len(plant.site.phases)):
        fields += [
            Field(VOLTS + 2 * index, F32, _of(lambda: rms.volts, index)),
            Field(AMPS + 2 * index, F32, lambda index=index: _amps(watts()[index], rms.volts[index])),  # type: ignore[misc]
            Field(WATTS + 2 * index, F32, _of(watts, index)),
        ]
    fields += [
        Field(TOTAL_WATTS, F32, lambda: sum(watts())),
        Field(HERTZ, F32, hertz),
        Field(IMPORT_KWH, F32, lambda: energy.taken_wh / 1000.0),
        Field(EXPORT_KWH, F32, lambda: energy.given_wh / 1000.0),
    ]
    inputs = Registers(fields, longest=LONGEST)
    return device(int(table.get("unit_id", 1)), inputs=inputs, before=building.catch_up)


def _of(values: Callable[[], tuple[float, ...]], index: int) -> Callable[[], float]:
    return lambda: values()[index]


def _amps(power_w: float, volts: float) -> float:
    return abs(power_w) / volts if volts > SILENT_BELOW_V else 0.0
