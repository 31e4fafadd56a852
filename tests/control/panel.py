"""A controller fed by hand, and single instants: for questions about single signals."""

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from functools import cache, wraps
from typing import Any, ParamSpec

from hems.control.measure import Measure
from hems.control.params import Params
from hems.control.reflex import sets_off
from hems.control.sending import is_switch
from hems.control.state import initial
from hems.control.step import Armed, Step
from hems.control.tick import tick
from hems.model import wiring
from hems.model.command import Command, Fate, Outcome
from hems.model.instant import Instant
from hems.model.mode import Mode
from hems.model.reading import Reading, missing
from hems.model.request import Asked
from hems.model.site import Site
from hems.model.snapshot import BayState, DeviceHealth, Snapshot
from hems.model.units import DeviceId, PointId, SourceId
from hems.model.wiring import Role
from tests.given import flats, volts

NOMINAL_V, NOMINAL_HZ = 230.0, 50.0
P = ParamSpec("P")


def healthy(site: Site) -> dict[Role, Any]:
    """Every reading of a building on a good grid, with all circuits on and nobody at the chargers."""
    values: dict[Role, Any] = {
        wiring.TIE_CLOSED_CONTACT: True,
        wiring.TIE_OPEN_CONTACT: False,
        wiring.TIE_FLAG: True,
        wiring.TIE_PERMIT: False,
        wiring.GRID_POWER: sum(circuit.typical_w for circuit in site.circuits),
    }
    for point in site.voltage_points:
        for index in range(len(site.phases)):
            values[wiring.voltage(point.id, index)] = NOMINAL_V
        values[wiring.frequency(point.id)] = NOMINAL_HZ
    values |= {wiring.former_phase_w(index): 0.0 for index in range(len(site.phases))}
    for circuit in site.circuits:
        values[wiring.circuit_power(circuit.id)] = circuit.typical_w
        if circuit.switchable:
            values[wiring.circuit_closed(circuit.id)] = True
    for battery in site.batteries:
        values |= {wiring.battery_power(battery.id): 0.0, wiring.battery_soc(battery.id): 70.0}
    values |= {wiring.pv_power(pv.id): 0.0 for pv in site.pvs}
    for one in site.bays:
        values |= {wiring.bay_state(one.id): BayState.UNPLUGGED, wiring.bay_power(one.id): 0.0}
    return values


def car(name: str, soc_pct: float | None, power_w: float = 0.0) -> dict[Role, Any]:
    """The readings of a bay with a car that may give."""
    bay_id = SourceId(name)
    return {
        wiring.bay_state(bay_id): BayState.DISCHARGING if power_w > 0.0 else BayState.PLUGGED,
        wiring.bay_power(bay_id): power_w,
        wiring.bay_soc(bay_id): soc_pct,
        wiring.bay_capacity(bay_id): 60_000.0,
        wiring.bay_discharge_ready(bay_id): True,
    }


def utility(value_v: float | None, value_hz: float | None = NOMINAL_HZ, *, point: str = "street") -> dict[Role, Any]:
    """All phases of a voltage point at one voltage; `None` is no answer."""
    *phases, hertz = volts(point)
    return dict.fromkeys(phases, value_v) | {hertz: value_hz}


def bus(value_v: float | None, value_hz: float | None = NOMINAL_HZ) -> dict[Role, Any]:
    """The same for the building's own busbar."""
    return utility(value_v, value_hz, point="bus")


def tie(closed: bool | None, opened: bool | None, flag: bool | None = None) -> dict[Role, Any]:
    """Both auxiliary contacts and the flag of a device."""
    none_flows = {wiring.GRID_POWER: 0.0} if opened and not closed else {}
    return {wiring.TIE_CLOSED_CONTACT: closed, wiring.TIE_OPEN_CONTACT: opened, wiring.TIE_FLAG: flag} | none_flows


UNMETERED: dict[Role, Any] = {wiring.circuit_power(one.id): None for one in flats().circuits}
"""No circuit has a meter of its own, so that nothing but the former tells what is drawn."""
METERED: dict[Role, Any] = {wiring.circuit_power(one.id): one.typical_w for one in flats().circuits}
GRID_DEAD = utility(0.0, 0.0)
TIE_OPEN, TIE_CLOSED = tie(False, True, False), tie(True, False, True)


def readings(values: Mapping[Role, Any], now_s: float) -> dict[Role, Reading[Any]]:
    """Fresh readings of these values; `None` is one that never came, and a reading is as old as it says."""
    return {role: _reading(value, now_s) for role, value in values.items()}


def _reading(value: Any, now_s: float) -> Reading[Any]:
    if isinstance(value, Reading):
        return value
    return missing() if value is None else Reading(value, now_s)


def snapshot(site: Site, values: Mapping[Role, Any], now_s: float = 0.0, **more: Any) -> Snapshot:
    """One instant of a healthy building, apart from `values`."""
    return Measure(site).snapshot(readings(healthy(site) | dict(values), now_s), **more)


def set_off(armed: Iterable[Armed], role: Role, reading: Reading[Any], now_s: float) -> list[Armed]:
    """Those of some lists that a reading sets off."""
    return [one for one in armed if sets_off(one, role, reading, now_s)]


class Panel:
    """A controller fed by hand: every reading is what the test says, and devices obey unless it says otherwise."""

    def __init__(self, site: Site, params: Params) -> None:
        self.site, self.params = site, params
        self.values = healthy(site)
        self.state = initial(0.0)
        self.now_s = 0.0
        self.deaf: set[Role] = set()
        """Actuators that answer nothing and do nothing."""
        self.answers: dict[Role, Fate] = {}
        """What obedient actuators answer, where it is not CONFIRMED."""
        self.overruled: set[Role] = set()
        """Actuators whose set-point somebody else has changed whenever they are told."""
        self.load: float | None = None
        """Multiple of typical power that circuits draw; powers follow the switches then, instead of the test."""
        self.steps: list[tuple[float, Step]] = []
        self.devices: dict[DeviceId, DeviceHealth] = {}
        self._measure = Measure(site)
        self._outcomes: list[Outcome] = []
        self._requests: list[Asked] = []

    def again(self) -> "Panel":
        """One that stands as this one does, to go on from in its own way."""
        made = copy(self)
        made.values, made.answers, made.devices = dict(self.values), dict(self.answers), dict(self.devices)
        made.deaf, made.overruled = set(self.deaf), set(self.overruled)
        made.steps, made._outcomes, made._requests = list(self.steps), list(self._outcomes), list(self._requests)
        made._measure = Measure(self.site)
        return made

    def says(self, *values: Mapping[Role, Any]) -> "Panel":
        """From now on these are the readings; `None` is no answer."""
        for some in values:
            self.values |= dict(some)
        return self

    def ask(self, request: Asked) -> "Panel":
        """A person asks for something."""
        self._requests.append(request)
        return self

    def tick(self, *fired: Command) -> Step:
        """One tick now; then the devices do as told."""
        if self.load is not None:
            self._balance(self.load)
        snapshot = self._measure.snapshot(
            readings(self.values, self.now_s),
            devices=self.devices,
            outcomes=tuple(self._outcomes),
            fired=fired,
            requests=tuple(self._requests),
        )
        self._outcomes, self._requests = [], []
        step = tick(self.site, self.state, snapshot, self.params, Instant(self.now_s))
        self.state = step.state
        self.steps.append((self.now_s, step))
        for command in step.commands:
            self._obey(command)
        return step

    def _obey(self, command: Command) -> None:
        obeys = command.role not in self.deaf
        fate = self.answers.get(command.role, Fate.CONFIRMED) if obeys else Fate.UNREACHABLE
        overruled = command.role in self.overruled
        self._outcomes.append(Outcome(command=command, fate=fate, at_s=self.now_s, overruled=overruled))
        if obeys and is_switch(command.role):
            self.values[command.role] = command.value
            self._metered(command)
        elif obeys and self.load is not None and self.values[command.role] is not None:
            self.values[command.role] = float(command.value)

    def _metered(self, command: Command) -> None:
        """A circuit's own meter shows nothing once it is off."""
        for one in self.site.circuits:
            meter = wiring.circuit_power(one.id)
            if command.role == wiring.circuit_closed(one.id) and self.values.get(meter) is not None:
                self.values[meter] = one.typical_w if command.value else 0.0

    def _balance(self, load: float) -> None:
        """Powers that fit the switches: on an island the former delivers what cars do not, else the grid does."""
        volts_now = self.values[wiring.voltage(PointId("bus"), 0)]
        live = volts_now is None or volts_now > 100.0
        net_w = [0.0] * len(self.site.phases)
        for one in self.site.circuits:
            on = live and self.values.get(wiring.circuit_closed(one.id)) is not False
            watts = load * one.typical_w if on else 0.0
            self.values[wiring.circuit_power(one.id)] = watts
            net_w = [a + b for a, b in zip(net_w, self.site.per_phase(watts, one.phases), strict=True)]
        for bay in self.site.bays:
            plugged = self.values[wiring.bay_state(bay.id)] in (BayState.PLUGGED, BayState.DISCHARGING)
            watts = (self.values[wiring.bay_power(bay.id)] or 0.0) if plugged and live else 0.0
            self.values[wiring.bay_power(bay.id)] = watts
            net_w = [a - b for a, b in zip(net_w, self.site.per_phase(watts, bay.phases), strict=True)]
        islanded = self.values[wiring.TIE_OPEN_CONTACT] is True
        self.values[wiring.GRID_POWER] = 0.0 if islanded else sum(net_w)
        self.values |= {wiring.former_phase_w(n): watts if islanded else 0.0 for n, watts in enumerate(net_w)}

    def advance(self, seconds: float, *, every_s: float = 1.0) -> "Panel":
        """Tick now, every so often, when an answer arrives, and whenever a tick asked to be woken, until then."""
        until_s, period_s = self.now_s + seconds, self.now_s
        while True:
            step = self.tick()
            while step.wake_at_s <= self.now_s or self._outcomes:
                step = self.tick()
            while period_s <= self.now_s:
                period_s += every_s
            next_s = min(period_s, step.wake_at_s, until_s)
            if next_s <= self.now_s:
                return self
            self.now_s = next_s

    @property
    def mode(self) -> Mode:
        """The present mode."""
        return self.state.mode.mode

    @property
    def modes(self) -> list[tuple[float, Mode]]:
        """Every mode entered, with its time."""
        return [(t_s, Mode(event.subject)) for t_s, step in self.steps for event in step.events if event.kind == "mode"]

    def entered_s(self, mode: Mode) -> float:
        """When a mode was entered last."""
        return [t_s for t_s, one in self.modes if one is mode][-1]

    def commands(self, role: Role | None = None) -> list[tuple[float, Command]]:
        """Every command with its time, for one role or all."""
        return [
            (t_s, command)
            for t_s, step in self.steps
            for command in step.commands
            if role is None or command.role == role
        ]

    def off(self) -> set[str]:
        """Circuits whose switch is open."""
        return {str(one.id) for one in self.site.circuits if self.values.get(wiring.circuit_closed(one.id)) is False}


def panel(*, site: Site | None = None, params: Params | None = None) -> Panel:
    """A controller that has just started and knows nothing yet."""
    return Panel(site or flats(), params or Params())


def on_the_grid(*, site: Site | None = None, params: Params | None = None) -> Panel:
    """A controller that has long been on a good grid."""
    return _like(_GRID, site or flats(), params or Params(), _on_the_grid)


def on_an_island(*, site: Site | None = None, params: Params | None = None) -> Panel:
    """A controller on a steady island; the former delivers little."""
    return _like(_ISLAND, site or flats(), params or Params(), _on_an_island)


def _on_the_grid(site: Site, params: Params) -> Panel:
    made = panel(site=site, params=params).advance(700.0, every_s=100.0)
    assert made.mode is Mode.GRID_CONNECTED
    return made


def _on_an_island(site: Site, params: Params) -> Panel:
    made = on_the_grid(site=site, params=params).says(GRID_DEAD, TIE_OPEN).advance(15.0)
    assert made.mode is Mode.ISLANDED
    return made


_GRID: list[Panel] = []
_ISLAND: list[Panel] = []
"""Those of each building, made once."""


def _like(kept: list[Panel], site: Site, params: Params, make: Callable[[Site, Params], Panel]) -> Panel:
    first = next((one for one in kept if (one.site, one.params) == (site, params)), None)
    if first is None:
        first = make(site, params)
        kept.append(first)
    return first.again()


def kept(make: Callable[P, Panel]) -> Callable[P, Panel]:
    """For what many tests begin with: made once, and each is given one that stands as it did."""
    first = cache(make)

    @wraps(make)
    def again(*args: P.args, **kwargs: P.kwargs) -> Panel:
        return first(*args, **kwargs).again()

    return again
