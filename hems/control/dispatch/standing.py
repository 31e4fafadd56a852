"""What circuits draw beyond the sun, phase by phase, as far as it stands: a rise counts at once, a fall after a while.

The moment the grid fails its meter shows nothing drawn, which looks like room for every car.
"""

from collections.abc import Sequence

from hems.control.dispatch.memory import Standing

FALLS_AFTER_S = 10.0
"""As long as a meter may take to see that the grid is gone; until then its zero is no room."""


def after(before: Sequence[Standing], house_phase_w: Sequence[float], now_s: float) -> tuple[Standing, ...]:
    """Each phase after this instant."""
    known = (*before, *(None for _ in house_phase_w))
    return tuple(_after(old, watts, now_s) for old, watts in zip(known, house_phase_w, strict=False))


def _after(before: Standing | None, watts: float, now_s: float) -> Standing:
    if before is None or watts >= before.watts:
        return Standing(watts=watts)
    since_s = now_s if before.lower_since_s is None else before.lower_since_s
    if now_s >= since_s + FALLS_AFTER_S:
        return Standing(watts=watts)
    return Standing(watts=before.watts, lower_since_s=since_s)


def due_s(standing: Sequence[Standing]) -> list[float]:
    """When a fall counts."""
    return [one.lower_since_s + FALLS_AFTER_S for one in standing if one.lower_since_s is not None]
