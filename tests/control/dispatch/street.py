"""A building on the grid whose meters follow what its batteries and cars are told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hems.control.params import Params
from hems.control.tick import tick
from hems.model import wiring
from hems.model.command import Fate, Outcome
from hems.model.instant import Instant
from hems.model.mode import Mode
from hems.model.site import Site
from hems.model.snapshot import BayState
from hems.model.supply import FlexibleLimits, GridConnection
from hems.model.units import SourceId
from hems.model.wiring import Role
from hems.runtime.scene import Scene
from tests.control.panel import Panel, car, readings
from tests.given import flats

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
MAIN = SourceId("main")
TOLD = FlexibleLimits(failsafe_import_w=4200.0, has_heartbeat=True)
FUSES_W = 0.8 * 3 * 100.0 * 230.0


def connected_site(*, reserve_pct: float | None = 60.0, **grid: Any) -> Site:
    """The block of flats with a battery that is dispatched and a connection of 3 x 100 A."""
    site = flats(grid=GridConnection(nominal_v=230.0, nominal_hz=50.0, service_a=100.0, **grid))
    return replace(site, batteries=(replace(site.batteries[0], controllable=True, reserve_pct=reserve_pct),))


class Street(Panel):
    """It lives second by second: what circuits draw beyond the sun is the test's, all else follows the commands."""

    def __init__(self, site: Site, *, house_w: float = 10_000.0, soc_pct: float = 80.0, limits: Any = None) -> None:

        super().__init__(site, Params())
        self.house_w = house_w
        self.soc_pct = soc_pct
        self.limits: dict[Role, Any] = dict(limits or {})
        """What the utility says each second; nothing said is silence."""
        self.clock = True
        self.plugged: dict[str, float] = {}
        self.blind = False
        """The meter at the grid does not answer."""
        self.lives(900, every_s=30)
        assert self.mode is Mode.GRID_CONNECTED

    def plug(self, *bays: str, soc_pct: float = 50.0) -> "Street":
        """Cars arrive."""
        self.plugged |= dict.fromkeys(bays, soc_pct)
        return self

    def lives(self, seconds: int, *, every_s: int = 1) -> "Street":
        """So many seconds pass."""
        for _ in range(0, seconds, every_s):
            self._meters()
            self._turn()
            self.now_s += every_s
        return self

    def told_w(self, role: Role) -> float:
        """What was last asked; 0 when nothing ever was."""
        entry = self.state.sent.get(role)
        return float(entry.value) if entry is not None else 0.0

    @property
    def battery_w(self) -> float:
        """What the battery is asked to give."""
        return self.told_w(wiring.battery_power(MAIN))

    @property
    def grid_w(self) -> float:
        """What flows from the grid once everybody does as told."""
        return self.house_w - self.battery_w - sum(self.car_w(bay) for bay in self.plugged)

    def car_w(self, bay: str) -> float:
        """What a car is asked to give; negative while it charges."""
        return self.told_w(wiring.bay_power(SourceId(bay))) if bay in self.plugged else 0.0

    def _meters(self) -> None:
        for one in self.site.bays:
            self.says({wiring.bay_state(one.id): BayState.UNPLUGGED, wiring.bay_power(one.id): 0.0})
        for bay, soc_pct in self.plugged.items():
            self.says(car(bay, soc_pct, self.car_w(bay)))
        total = [self.house_w / 3.0 - self.battery_w / 3.0] * 3
        for bay in self.site.bays:
            for place, watts in enumerate(self.site.per_phase(self.car_w(str(bay.id)), bay.phases)):
                total[place] -= watts
        self.says({wiring.battery_power(MAIN): self.battery_w, wiring.battery_soc(MAIN): self.soc_pct})
        self.says({wiring.GRID_POWER: None if self.blind else sum(total)})
        self.says({wiring.grid_phase_w(place): None if self.blind else watts for place, watts in enumerate(total)})
        for role in (wiring.IMPORT_LIMIT, wiring.EXPORT_LIMIT, wiring.LIMIT_HEARTBEAT, wiring.REDUCED):
            self.says({role: self.limits.get(role)})

    def _turn(self) -> None:
        utc = NOON + timedelta(seconds=self.now_s) if self.clock else None
        local_h = None if utc is None else utc.hour + utc.minute / 60.0
        outcomes, self._outcomes = tuple(self._outcomes), []
        requests, self._requests = tuple(self._requests), []
        seen = self._measure.snapshot(
            readings(self.values, self.now_s), outcomes=outcomes, requests=requests, local_h=local_h
        )
        self.seen = seen
        step = tick(self.site, self.state, seen, self.params, Instant(self.now_s, utc))
        self.state = step.state
        self.steps.append((self.now_s, step))
        self._outcomes += [Outcome(command=one, fate=Fate.CONFIRMED, at_s=self.now_s) for one in step.commands]

    def scene(self) -> Scene:
        """What a picture of the last second would be painted from."""
        seen = self._measure.snapshot(readings(self.values, self.now_s))
        now = Instant(self.now_s, NOON + timedelta(seconds=self.now_s))
        seen = replace(seen, local_h=12.0 + self.now_s / 3600.0)
        step = self.steps[-1][1]
        return Scene(site=self.site, params=self.params, snapshot=seen, step=step, now=now, armed=True, shortened=False)
