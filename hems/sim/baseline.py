"""The same building without hems on the grid: cars charge at once, none gives anything, batteries are kept full.

In a power cut it gets the best that a full battery can do: hems runs it there too, with the same habits, but cars give
nothing.  What is left of a comparison is what hems did on the grid, and what cars gave.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hems.control.memory.using import Habits
from hems.control.params import Params
from hems.control.state import ControlState, initial
from hems.model.mode import Mode
from hems.model.site import Site
from hems.sim.bill import Metered
from hems.sim.run import Act, FastForward, Ticked

LEAD_S = 900.0
"""So long before a power cut hems takes the building over, as a daemon that runs already would have it."""
CHUNK_S = 300.0
FULL_PCT = 100.0


@dataclass
class Compared:
    """A real run and its baseline, from the first look on."""

    site: Site
    params: Params
    real: Metered
    base: Metered
    """Another plant of the same days, not yet moved."""
    ends_s: float
    baseline: "Baseline | None" = None
    state: ControlState | None = None
    """As it was at the last look."""

    def look(self, ticked: Ticked, acts: Sequence[Act] = ()) -> None:
        """After each tick; `acts` is what the world will do to both."""
        self.state = ticked.step.state
        if self.baseline is None:
            self.base.step(self.real.t_s)
            self.baseline = Baseline(self.site, self.params, self.base, acts, self.ends_s)
            self.baseline.begin()
            self.real.bill.begin(self.real)
        if self.real.t_s - self.base.t_s >= CHUNK_S:
            self.baseline.until(self.real.t_s, self.state.habits)

    def close(self) -> None:
        """The run is over."""
        if self.baseline is not None and self.state is not None:
            self.baseline.until(self.real.t_s, self.state.habits)
        self.real.bill.close(self.real)
        self.base.bill.close(self.base)


class Baseline:
    """Follows the real run at a distance: `until` brings it up to a time."""

    def __init__(
        self, site: Site, params: Params, plant: Metered, acts: Sequence[Act], ends_s: float, *, fill: bool = True
    ) -> None:
        """Batteries rest unless it may `fill` them."""
        self.plant = plant
        self._ends_s = ends_s
        self._fill = fill
        self._params = params
        self._acts = sorted(acts, key=lambda act: act.t_s)
        self._done = 0
        former = site.former.source
        self._site = replace(
            site,
            tariff=None,
            bays=tuple(bay if bay.id == former else replace(bay, discharge_max_w=0.0) for bay in site.bays),
            batteries=tuple(
                one if one.reserve_pct is None else replace(one, reserve_pct=FULL_PCT) for one in site.batteries
            ),
        )

    def begin(self) -> None:
        """Count from here, with full batteries."""
        for store in self.plant.batteries.values():
            store.soc_pct = FULL_PCT
        self.plant.bill.begin(self.plant)

    def until(self, t_s: float, habits: Habits) -> None:
        """Let it go on to `t_s`, or to the end of a power cut that lasts longer."""
        while self.plant.t_s < t_s - 1e-6:
            self._act()
            cut_s = self._next_s(failing=True)
            if cut_s - LEAD_S <= self.plant.t_s:
                self._through(cut_s, habits)
                continue
            self._charge()
            self.plant.step(min(self._next_s(), cut_s - LEAD_S, t_s, self.plant.t_s + CHUNK_S) - self.plant.t_s)

    def _next_s(self, *, failing: bool = False) -> float:
        ahead = self._acts[self._done :]
        return next((act.t_s for act in ahead if act.fails_grid or not failing), float("inf"))

    def _act(self) -> None:
        while self._done < len(self._acts) and self._acts[self._done].t_s <= self.plant.t_s + 1e-6:
            self._acts[self._done].do(self.plant)
            self._done += 1

    def _charge(self) -> None:
        """All that can be charged is, cars as far as their drivers want."""
        plant = self.plant
        plant.set_permit(True)
        for bay in self._site.bays:
            charger = plant.bays[bay.id]
            if charger.store is not None:
                charger.setpoint_w = 0.0 if charger.store.soc_pct >= bay.target_pct else -bay.charge_max_w
        for battery in plant.site.batteries:
            plant.set_battery_power(battery.id, -battery.charge_max_w if self._fill else 0.0)

    def _through(self, cut_s: float, habits: Habits) -> None:
        """From shortly before a power cut until the building is whole again on the grid."""
        plant = self.plant
        for name in plant.batteries:
            plant.set_battery_power(name, 0.0)
        state = replace(initial(plant.t_s), habits=habits)
        clock = plant.bill.clock
        forward = FastForward(self._site, self._params, plant, state, wall_clock=clock, watch_s=60.0, near_s=20.0)
        for ticked in forward.run(self._ends_s, self._acts[self._done :]):
            back = ticked.step.state.mode.mode is Mode.GRID_CONNECTED
            if ticked.t_s > cut_s + 60.0 and back and plant.grid.energised:
                break
        self._done = sum(act.t_s <= plant.t_s for act in self._acts)
