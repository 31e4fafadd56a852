"""Checks of what flowed through the connection over a whole story."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from hems.model.units import W_PER_KW
from hems.sim.checks.case import Case, Check, Finding

QUARTER_S = 900.0
SLACK_W = 100.0
"""Of a mean over a quarter of an hour: the meter's error, and the quarter in which a story begins a second late."""


def quarters_at_most(case: Case, kw: float) -> Finding:
    """No quarter of an hour of the clock that lies within the story draws more on average."""
    means_w = list(_quarters_w(case))
    if not means_w:
        return False, "no whole quarter of an hour"
    most_w = max(means_w)
    return most_w <= kw * W_PER_KW + SLACK_W, f"at most {most_w / W_PER_KW:.1f} kW"


def _quarters_w(case: Case) -> Iterator[float]:
    """The mean import of each, by looks at the building and the clock that hems tells its events with.

    What was drawn before the story began is taken to be what was drawn at its beginning.
    """
    clock = next((event.at.utc.timestamp() - t_s for t_s, event in case.record.events if event.at.utc), None)
    frames = case.record.frames
    if clock is None or not frames:
        return
    joules: dict[float, float] = {}
    first_s = clock + frames[0].t_s
    for one, other in pairwise(frames):
        at_s = clock + one.t_s
        begins_s = at_s - at_s % QUARTER_S
        joules[begins_s] = joules.get(begins_s, 0.0) + max(0.0, one.grid_w) * (other.t_s - one.t_s)
    for begins_s, drawn_j in joules.items():
        if begins_s + QUARTER_S <= clock + frames[-1].t_s:
            before_j = max(0.0, frames[0].grid_w) * max(0.0, first_s - begins_s)
            yield (drawn_j + before_j) / QUARTER_S


CONNECTION: Mapping[str, Check] = {"quarters_at_most": quarters_at_most}
