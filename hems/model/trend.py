"""How values went over a stretch of time, in even steps: what a plot and its table show."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One series over the stretch; units are those of the series' name (`_w`, `_pct`)."""

    series: str
    mean: float | None
    """None when nothing was known all the time."""
    low: float | None
    high: float | None
    last: float | None
    """The newest step in which something was known."""
    points: tuple[float | None, ...]
    """Mean of each step, the oldest first; None where nothing was known or recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Several series over the same stretch of time."""

    until: str | None
    """End, ISO 8601; None while the clock is not known to be good."""
    span_s: float
    step_s: float
    one_in: int
    """Of how many recorded minutes one was read: 1 for all of them.  Beyond that short peaks may be missing."""
    curves: tuple[Curve, ...]
