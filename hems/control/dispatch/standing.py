"""What circuits draw beyond the sun, phase by phase, as far as it stands: a rise counts at once, a fall after a while.

The moment the grid fails its meter shows nothing drawn, which looks like room for every car.
"""

from collections.abc import Sequence

from hems.control.dispatch.memory import Standing
from hems.model.copies import replace, revised

NOTHING = Standing(watts=0.0)
FALLS_AFTER_S = 10.0
"""As long as a meter may take to see that the grid is gone; until then its zero is no room."""


def after(
    before: Sequence[Standing], house_phase_w: Sequence[float], now_s: float, *, falls: bool = True
) -> tuple[Standing, ...]:
    """Each phase after this instant; without `falls` what is lower is not believed and only a rise counts."""
    known = (*before, *(None for _ in house_phase_w))
    found = tuple(_after(old, watts, now_s) for old, watts in zip(known, house_phase_w, strict=False))
    return found if falls else unseen(found)


def less(before: Sequence[Standing], phase_w: Sequence[float]) -> tuple[Standing, ...]:
    """Without what is known by another name now: that is no fall, and has nothing to stand."""
    known = zip(before, phase_w, strict=False)
    return tuple(Standing(watts=one.watts - watts) if watts else one for one, watts in known)


def unseen(before: Sequence[Standing]) -> tuple[Standing, ...]:
    """While nobody measures nothing has been seen lower: a fall has to stand anew once the meter is back."""
    return tuple(replace(one, lower_since_s=None) if one.lower_since_s is not None else one for one in before)


def _after(before: Standing | None, watts: float, now_s: float) -> Standing:
    if before is None or watts >= before.watts:
        return revised(before or NOTHING, watts=watts, lower_since_s=None, lower_w=0.0)
    if before.lower_since_s is None:
        return Standing(watts=before.watts, lower_since_s=now_s, lower_w=watts)
    most_w = max(watts, before.lower_w)
    if now_s < before.lower_since_s + FALLS_AFTER_S:
        return Standing(watts=before.watts, lower_since_s=before.lower_since_s, lower_w=most_w)
    # what is lower still begins to stand now, not at whatever tick comes next
    return Standing(watts=most_w) if watts == most_w else Standing(watts=most_w, lower_since_s=now_s, lower_w=watts)


def due_s(standing: Sequence[Standing]) -> list[float]:
    """When a fall counts."""
    return [one.lower_since_s + FALLS_AFTER_S for one in standing if one.lower_since_s is not None]
