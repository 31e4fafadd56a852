"""What the controller is put in front of: a building as it really is, its days, and what the wall clock shows."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hems.config.site_file import SiteFile
from hems.control.params import Params
from hems.model.prices import Prices
from hems.model.site import Site
from hems.model.wiring import Wiring
from hems.sim.baseline import Compared
from hems.sim.bill import Bill, Metered, price_of
from hems.sim.generated import GeneratedTraces
from hems.sim.rig import Rig
from hems.sim.start import StartPoint
from hems.sim.traces import SlotTraces, Traces

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
"""All simulations are of this year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A building, and the controller's idea of it."""

    site: Site
    """As the controller knows it."""
    wiring: Wiring
    params: Params
    real: Site
    """As it is."""
    start: StartPoint
    traces: Traces
    clock: datetime
    """What the wall shows when the days begin."""
    market: Prices | None = None
    """What an exchange tells."""

    def plant(self, traces: Traces | None = None) -> Metered:
        """The building, with a bill."""
        bill = Bill(site=self.site, price=price_of(self.site, self.market), clock=self.clock)
        return Metered(self.real, traces or self.traces, start=self.start, bill=bill)

    def compared(self, plant: Metered, traces: Traces | None, ends_s: float) -> Compared:
        """With its baseline."""
        return Compared(self.site, self.params, plant, self.plant(traces), ends_s)


def of_site(
    site_file: SiteFile, params: Params, *, seed: int, begins: datetime, drives_wh: float | None, slot_s: float | None
) -> World:
    """A building that is as its site file says, through invented days; sun and loads keep still for `slot_s`."""
    site = site_file.site
    day_of_year = begins.timetuple().tm_yday
    days: Traces = GeneratedTraces(site, seed, begins.hour, day_of_year=day_of_year, drives_wh=drives_wh)
    if slot_s is not None:
        days = SlotTraces(days, slot_s)
    start = StartPoint(seed=seed)
    return World(site=site, wiring=site_file.wiring, params=params, real=site, start=start, traces=days, clock=begins)


def of_rig(site_file: SiteFile, params: Params, rig: Rig, *, seed: int | None) -> World:
    """A building that is as a rig says, whatever its site file does."""
    return World(
        site=site_file.site,
        wiring=site_file.wiring,
        params=params,
        real=rig.site,
        start=rig.start,
        traces=rig.traces(seed=seed),
        clock=midnight(rig.day_of_year) + timedelta(hours=rig.hour),
    )


def midnight(day_of_year: int) -> datetime:
    """Of the year of all simulations."""
    return NEW_YEAR + timedelta(days=day_of_year - 1)
