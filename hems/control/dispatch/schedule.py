"""What a flexible connection allows hour by hour: all hours that fit hold, the least of them counts.

While nobody knows the time every one of them holds: a clock that is lost must not lift what protects the street.
"""

from collections.abc import Iterable
from datetime import datetime

from hems.control.dispatch.flexible import Bound
from hems.control.dispatch.memory import Hours
from hems.model.cause import Cause, Why
from hems.model.site import Site
from hems.model.tariff import HOURS, within
from hems.model.units import HOUR_S


def hours(site: Site, local: datetime | None) -> Hours:
    """What holds at a local time; None is a time that nobody knows."""
    holidays = site.tariff.holidays if site.tariff is not None else frozenset[str]()
    now = [one for one in site.grid.schedule if local is None or within(one.window, local, holidays)]
    return Hours(import_w=_least(one.import_max_w for one in now), export_w=_least(one.export_max_w for one in now))


def bounds(watts: float | None) -> list[Bound]:
    """As a limit of the connection, if it is one."""
    return [] if watts is None else [(watts, Cause(Why.LIMIT_HOURS))]


def due_s(site: Site, local: datetime | None, now_s: float) -> list[float]:
    """When the next of the hours begin or end."""
    if local is None:
        return []
    local_h = local.hour + (local.minute + local.second / 60.0) / 60.0
    edges = {edge for one in site.grid.schedule for edge in (one.window.from_h, one.window.to_h)}
    return [now_s + ((edge - local_h) % HOURS or HOURS) * HOUR_S for edge in edges]


def _least(limits: Iterable[float | None]) -> float | None:
    return min((watts for watts in limits if watts is not None), default=None)
