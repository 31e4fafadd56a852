"""Waveshare Modbus POE ETH Relay (B): eight relays and eight inputs, Modbus TCP, unit 1, functions 1, 2, 5 and 15.

Source: Waveshare wiki, "Modbus POE ETH Relay (B)": coils 0 to 7, inputs 0 to 7.  The board forgets its relays when it
loses power.  Its timed functions (0x0200, 0x0400) are not emulated: a shed must never be given a timer that closes it.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from pymodbus.simulator import SimDevice

from hems.model.units import CircuitId
from hems.sim.plant import Plant
from hil.emulate.building import Building
from hil.emulate.registers import Bit, Bits, device

CHANNELS = 8
ASKS: Mapping[str, Callable[[Plant, bool], None]] = {
    "tie_permit": lambda plant, on: plant.set_permit(on),
    "tie_island": lambda plant, on: plant.ask_apart(on),
    "former_start": lambda plant, on: plant.start_former(on),
}
"""What a coil may ask of the certified devices."""
SIGNALS: Mapping[str, Callable[[Plant], bool]] = {
    "tie_closed": lambda plant: plant.closed_contact,
    "tie_open": lambda plant: plant.open_contact,
    "fire_alarm": lambda plant: plant.contacts.fire_alarm,
    "red_button": lambda plant: plant.contacts.red_button,
    "dark_start": lambda plant: plant.contacts.dark_start,
    "reduced": lambda plant: plant.utility.reduced,
}
"""What an input may be wired to."""


def _open(_: Plant) -> bool:
    """Nothing is wired to it."""
    return False


class Board:
    """Eight coils, each wired to a circuit's contactor, to something of `ASKS`, or to nothing."""

    def __init__(self, building: Building, name: str, wires: Mapping[str, str]) -> None:
        self._building = building
        self._name = name
        self._wires = [wires.get(str(channel + 1), "") for channel in range(CHANNELS)]
        plant = building.plant
        building.forgets(name, self.lose_power)
        self.coils = [wire in plant.circuits and plant.circuits[CircuitId(wire)].told for wire in self._wires]

    def coil(self, channel: int) -> Bit:
        """One coil for the register map."""
        return Bit(lambda: self.coils[channel], lambda on: self.set(channel, on))

    def set(self, channel: int, on: bool) -> None:
        """Energise or release a relay; what hangs on it follows."""
        self.coils[channel] = on
        wire = self._wires[channel]
        self._building.note("coil", f"{self._name}/coil_{channel + 1}", on)
        plant = self._building.plant
        if wire in ASKS:
            self._building.act("permit", wire, on, lambda: ASKS[wire](plant, on))
        elif wire:
            self._building.switch(CircuitId(wire), on)

    def channel(self, circuit: str) -> int | None:
        """Where a circuit hangs, counted from 0."""
        return self._wires.index(circuit) if circuit in self._wires else None

    def lose_power(self) -> None:
        """Every relay drops out."""
        for channel, on in enumerate(self.coils):
            if on:
                self.set(channel, False)


def waveshare(building: Building, name: str, table: Mapping[str, Any]) -> tuple[SimDevice, Board]:
    """A board with `coils` and `inputs` wired as the table says, by channel from 1."""
    board = Board(building, name, table.get("coils", {}))
    wires = [str(table.get("inputs", {}).get(str(channel + 1), "")) for channel in range(CHANNELS)]
    simulated = device(
        int(table.get("unit_id", 1)),
        coils=Bits(board.coil(channel) for channel in range(CHANNELS)),
        contacts=Bits(Bit(partial(SIGNALS.get(wire, _open), building.plant)) for wire in wires),
        before=building.catch_up,
    )
    return simulated, board
