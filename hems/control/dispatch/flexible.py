"""Limits that the utility sets and changes, with a failsafe that holds while it is not heard from.

After EEBus LPC and LPP: silence for the heartbeat time means failsafe, and only a sign of life *and* a limit told after
that end it, so that a link that comes back half does not lift what protects the street.
"""

from hems.control.dispatch.memory import FlexibleMemory
from hems.model.cause import Cause, Why
from hems.model.copies import replace
from hems.model.reading import Reading
from hems.model.snapshot import LimitReading
from hems.model.supply import FlexibleLimits

Bound = tuple[float, Cause]
"""W, and whose limit it is."""


def after(flexible: FlexibleLimits, memory: FlexibleMemory, reading: LimitReading, now_s: float) -> FlexibleMemory:
    """What is known of the utility's wishes after this instant; a controller that has heard nothing yet is failsafe."""
    heard = replace(memory, heard_s=_heard_s(flexible, reading, memory.heard_s, now_s))
    if heard.heard_s is None or now_s - heard.heard_s > flexible.heartbeat_s:
        return heard if heard.failsafe_since_s is not None else replace(heard, failsafe_since_s=now_s)
    if heard.failsafe_since_s is not None and not _told_since(reading, heard.failsafe_since_s, now_s):
        return heard
    return replace(
        heard,
        failsafe_since_s=None,
        import_w=_kept(reading.import_w, heard.import_w, now_s),
        export_w=_kept(reading.export_w, heard.export_w, now_s),
    )


def imports(flexible: FlexibleLimits, memory: FlexibleMemory, reading: LimitReading, now_s: float) -> list[Bound]:
    """What the utility lets the building draw."""
    bounds: list[Bound] = []
    if flexible.told and memory.failsafe_since_s is not None:
        bounds.append((flexible.failsafe_import_w, Cause(Why.LIMIT_FAILSAFE)))
    elif memory.import_w is not None:
        bounds.append((memory.import_w, Cause(Why.LIMIT_FLEXIBLE)))
    if flexible.reduced_import_w is not None and reading.reduced.known(now_s) is not False:
        bounds.append((flexible.reduced_import_w, Cause(Why.LIMIT_REDUCED)))
    return bounds


def exports(flexible: FlexibleLimits, memory: FlexibleMemory) -> list[Bound]:
    """What the utility lets the building feed in."""
    if flexible.told and memory.failsafe_since_s is not None:
        return [(flexible.failsafe_export_w, Cause(Why.LIMIT_FAILSAFE))]
    return [] if memory.export_w is None else [(memory.export_w, Cause(Why.LIMIT_FLEXIBLE))]


def _heard_s(flexible: FlexibleLimits, reading: LimitReading, before_s: float | None, now_s: float) -> float | None:
    signs = (reading.heartbeat,) if flexible.has_heartbeat else (reading.import_w, reading.export_w)
    fresh = [sign.taken_s for sign in signs if sign.is_fresh(now_s)]
    return max(fresh, default=before_s)


def _told_since(reading: LimitReading, since_s: float, now_s: float) -> bool:
    limits = (reading.import_w, reading.export_w)
    return any(limit.is_fresh(now_s) and limit.taken_s > since_s for limit in limits)


def _kept(reading: Reading[float], before_w: float | None, now_s: float) -> float | None:
    told_w = reading.known(now_s)
    return before_w if told_w is None else max(0.0, told_w)
