"""What the world does to a building: its people's loads, the sun, cars that come and go."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from hems.model.units import CircuitId, SourceId
from hems.sim.start import Car

MOST_KEPT = 20_000
"""Averages that are remembered; a year of them would fill the memory."""


@dataclass(frozen=True, slots=True)
class CarEvent:
    """A car arrives at a bay, or leaves it when `car` is None."""

    t_s: float
    bay: SourceId
    car: Car | None


class Traces(Protocol):
    """Everything as a function of the seconds since the simulation began; asking twice gives the same answer."""

    def load_w(self, circuit: CircuitId, t_s: float) -> float:
        """W that a circuit's users want, switched on or not."""

    def sun_pu(self, t_s: float) -> float:
        """Sunshine as a fraction of what a PV plant is rated for, 0 to about 1."""

    def next_car(self, after_s: float) -> CarEvent | None:
        """The first arrival or departure later than `after_s`; None when there is none."""


@dataclass(frozen=True, slots=True)
class ConstantTraces:
    """Nothing changes: for hand calculations."""

    loads_w: dict[CircuitId, float]
    sun: float = 0.0
    cars: tuple[CarEvent, ...] = ()

    def load_w(self, circuit: CircuitId, t_s: float) -> float:
        """The same at any time."""
        return self.loads_w.get(circuit, 0.0)

    def sun_pu(self, t_s: float) -> float:
        """The same at any time."""
        return self.sun

    def next_car(self, after_s: float) -> CarEvent | None:
        """From the list, which is in order of time."""
        return next((event for event in self.cars if event.t_s > after_s), None)


@dataclass(frozen=True, slots=True)
class ScaledTraces:
    """The same days with every load multiplied, so that a scenario begins at a known total."""

    traces: Traces
    factor: float

    def load_w(self, circuit: CircuitId, t_s: float) -> float:
        """The load underneath, multiplied."""
        return self.factor * self.traces.load_w(circuit, t_s)

    def sun_pu(self, t_s: float) -> float:
        """As underneath."""
        return self.traces.sun_pu(t_s)

    def next_car(self, after_s: float) -> CarEvent | None:
        """As underneath."""
        return self.traces.next_car(after_s)


@dataclass(frozen=True, slots=True)
class ShiftedTraces:
    """The same days from another moment on."""

    traces: Traces
    by_s: float
    """What is 0 here is so much underneath."""

    def load_w(self, circuit: CircuitId, t_s: float) -> float:
        """The load underneath."""
        return self.traces.load_w(circuit, t_s + self.by_s)

    def sun_pu(self, t_s: float) -> float:
        """The sun underneath."""
        return self.traces.sun_pu(t_s + self.by_s)

    def next_car(self, after_s: float) -> CarEvent | None:
        """The event underneath, at its time here."""
        event = self.traces.next_car(after_s + self.by_s)
        return None if event is None else CarEvent(event.t_s - self.by_s, event.bay, event.car)


class SlotTraces:
    """The same days in slots: loads and sun at their average, cars at the end of the slot they come or go in."""

    def __init__(self, traces: Traces, slot_s: float) -> None:
        self._traces = traces
        self._slot_s = slot_s
        self._loads: dict[tuple[CircuitId, int], float] = {}
        self._suns: dict[int, float] = {}

    def load_w(self, circuit: CircuitId, t_s: float) -> float:
        """Average of the slot's minutes."""
        key = (circuit, self._slot(t_s))
        watts = self._loads.get(key)
        if watts is None:
            if len(self._loads) > MOST_KEPT:
                self._loads.clear()
            minutes = [self._traces.load_w(circuit, at_s) for at_s in self._minutes(key[1])]
            watts = self._loads[key] = sum(minutes) / len(minutes)
        return watts

    def sun_pu(self, t_s: float) -> float:
        """Average of the slot's minutes."""
        slot = self._slot(t_s)
        pu = self._suns.get(slot)
        if pu is None:
            minutes = [self._traces.sun_pu(at_s) for at_s in self._minutes(slot)]
            pu = self._suns[slot] = sum(minutes) / len(minutes)
        return pu

    def next_car(self, after_s: float) -> CarEvent | None:
        """The next one by the slots' clock; those of one slot follow each other within a second."""
        look_s = after_s - self._slot_s
        while (event := self._traces.next_car(look_s)) is not None:
            look_s = event.t_s
            at_s = (self._slot(event.t_s) + 1) * self._slot_s + event.t_s % self._slot_s / self._slot_s
            if at_s > after_s:
                return CarEvent(at_s, event.bay, event.car)
        return None

    def _slot(self, t_s: float) -> int:
        return int((t_s + 1e-6) // self._slot_s)

    def _minutes(self, slot: int) -> list[float]:
        return [slot * self._slot_s + 30.0 + 60.0 * minute for minute in range(int(self._slot_s // 60.0))]


def scaled_to(traces: Traces, circuits: Iterable[CircuitId], total_w: float) -> ScaledTraces:
    """Scaled so that `circuits` together want `total_w` at t = 0."""
    at_start_w = sum(traces.load_w(circuit, 0.0) for circuit in circuits)
    return ScaledTraces(traces, total_w / at_start_w)
