"""The plant in real time, with a journal of every change, stamped on the clock the daemon uses too."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import exp, sqrt
from typing import Any

from hems.model.units import HOUR_S, CircuitId
from hems.sim.plant import Plant

STEP_S = 0.02
FINE_STEP_S = 0.01
"""While the tie moves or the bus is dead."""
RMS_TAU_S = 0.15
"""Meters average over some cycles: a dip of a tenth of a second shows as a sag, not as a dead bus."""
CONTACTOR_S = 0.03
"""From a relay's coil to the circuit's contactor."""
HOLD_UP_S = 0.5
JOURNAL_LENGTH = 20_000


def boot_time_s() -> float:
    """Seconds on the boot-time clock: comparable between processes, unmoved by the wall clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class Entry:
    """One change, for measuring reaction times."""

    at_s: float
    """Boot-time clock."""
    what: str
    """`grid`, `tie`, `contact`, `bus`, `former`, `circuit`, `coil`, `setpoint`, `device`, `broker` or `car`."""
    name: str
    value: Any


@dataclass
class Energy:
    """Counters of a meter, Wh; they only grow."""

    taken_wh: float = 0.0
    given_wh: float = 0.0

    def count(self, power_w: float, dt_s: float) -> None:
        """Add `power_w`, taken if positive, for `dt_s`."""
        if power_w > 0.0:
            self.taken_wh += power_w * dt_s / HOUR_S
        else:
            self.given_wh -= power_w * dt_s / HOUR_S


@dataclass
class Rms:
    """Voltage as a meter shows it: averaged over some cycles."""

    volts: tuple[float, ...]
    _squares: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._squares = [volt * volt for volt in self.volts]

    def follow(self, volts: tuple[float, ...], dt_s: float) -> None:
        """Move towards the present voltage for `dt_s`."""
        part = 1.0 - exp(-dt_s / RMS_TAU_S)
        self._squares = [old + (volt * volt - old) * part for old, volt in zip(self._squares, volts, strict=True)]
        self.volts = tuple(sqrt(square) for square in self._squares)


class Building:
    """A plant that lives in real time once `run` is awaited.

    Devices read it after `catch_up` and act on it through the methods here, so that every act stands in the journal at
    the moment it happened.
    """

    def __init__(self, plant: Plant, now_s: Callable[[], float] = boot_time_s, step_s: float = STEP_S) -> None:
        """`now_s` is the clock it lives by, s; `step_s` how long it may look away while nothing happens."""
        self.plant = plant
        self.now_s = now_s
        self._step_s = step_s
        self.journal: deque[Entry] = deque(maxlen=JOURNAL_LENGTH)
        self.utility = Rms(plant.utility_v)
        self.bus = Rms(plant.bus_v)
        self.energies: dict[str, Energy] = {}
        self._meters: list[tuple[Energy, Callable[[], float]]] = []
        self._at_s = now_s()
        self._seen = self._look()
        self._rounds: list[Callable[[], None]] = []
        self._forgets: dict[str, Callable[[], None]] = {}
        self.obeys: dict[str, Callable[[float], object]] = {}
        """How each battery or charger is told a power, W positive to feed the building, by whoever may write to it."""
        self._dead_s = 0.0

    @property
    def powers_devices(self) -> bool:
        """Whether what is fed from the bus is alive; power supplies bridge half a second."""
        return self._dead_s < HOLD_UP_S

    def meter(self, name: str, power_w: Callable[[], float], *, lifetime_wh: float = 0.0) -> Energy:
        """A counter for `power_w`, which has counted `lifetime_wh` each way in the years before."""
        energy = self.energies[name] = Energy(lifetime_wh, lifetime_wh)
        self._meters.append((energy, power_w))
        return energy

    def each_round(self, look: Callable[[], None]) -> None:
        """Have `look` called after every step: for timers inside devices."""
        self._rounds.append(look)

    def forgets(self, name: str, default: Callable[[], None]) -> None:
        """Have `default` called when the device loses its power: what it has not kept is as it was delivered."""
        self._forgets[name] = default

    def lose_power(self, name: str) -> None:
        """A device starts with its defaults; one that keeps everything, or nothing, does not notice."""
        if name in self._forgets:
            self._forgets[name]()

    async def run(self) -> None:
        """Step the plant until cancelled."""
        while True:
            self.catch_up()
            for look in self._rounds:
                look()
            hurried = self.plant.tie_position == "moving" or not self.plant.bus_live
            await asyncio.sleep(FINE_STEP_S if hurried else self._step_s)

    def catch_up(self) -> None:
        """Bring the plant to this moment and write down what has changed since it was last looked at."""
        at_s = self.now_s()
        elapsed_s = at_s - self._at_s
        if elapsed_s < 0.001:
            return
        self._at_s = at_s
        # Divided where something happens, so that the journal says when it did.
        while elapsed_s > 0.0:
            dt_s = self.plant.stretch(elapsed_s)
            elapsed_s -= dt_s
            self._measure(dt_s)
            self._write_changes(at_s - elapsed_s)

    def note(self, what: str, name: str, value: object) -> None:
        """Write down something that is not seen on the plant."""
        self.journal.append(Entry(self.now_s(), what, name, value))

    def switch(self, circuit: CircuitId, closed: bool, *, after_s: float = CONTACTOR_S) -> None:
        """Move a circuit's contactor, a moment after its relay was told."""
        asyncio.get_running_loop().call_later(after_s, self._move, circuit, closed)

    def act(self, what: str, name: str, value: object, do: Callable[[], None]) -> None:
        """Do something to the plant at this moment and write it down."""
        self.catch_up()
        self.note(what, name, value)
        do()
        self._write_changes(self.now_s())

    def _move(self, circuit: CircuitId, closed: bool) -> None:
        self.catch_up()
        self.plant.switch(circuit, closed)
        self._write_changes(self.now_s())

    def _measure(self, dt_s: float) -> None:
        self.utility.follow(self.plant.utility_v, dt_s)
        self.bus.follow(self.plant.bus_v, dt_s)
        self._dead_s = 0.0 if self.plant.bus_live else self._dead_s + dt_s
        for energy, power_w in self._meters:
            energy.count(power_w(), dt_s)

    def _look(self) -> Mapping[tuple[str, str], Any]:
        """Everything whose changes are worth a line."""
        plant = self.plant
        circuits = {("circuit", circuit): load.closed for circuit, load in plant.circuits.items()}
        return circuits | {
            ("grid", "pu"): plant.grid.present_pu,
            ("tie", "position"): plant.tie_position,
            ("contact", "closed"): plant.closed_contact,
            ("contact", "open"): plant.open_contact,
            ("bus", "live"): plant.bus_live,
            ("former", "stage"): plant.former.stage.value,
            ("former", "trips"): plant.former_trips,
            ("generator", "stage"): None if plant.engine is None else plant.engine.stage.value,
        }

    def _write_changes(self, at_s: float) -> None:
        seen = self._look()
        if seen == self._seen:
            return
        for (what, name), value in seen.items():
            if self._seen[what, name] != value:
                self.journal.append(Entry(at_s, what, name, value))
        self._seen = seen
