"""Checks of any fact that a look at the building shows, or hems says of itself."""

from collections.abc import Callable, Mapping, Sequence

from hems.sim.checks.case import Case, Check, Finding
from hems.sim.record import Frame

Fact = Sequence[object]
"""A field of `Frame`, a relation, and a value: ["dose", "at_most", 0.9] or ["off", "lacks", "freezers"]."""
RELATIONS: Mapping[str, Callable[[object, object], bool]] = {
    "is": lambda seen, wanted: seen == wanted,
    "is_not": lambda seen, wanted: seen != wanted,
    "in": lambda seen, wanted: seen in wanted,  # type: ignore[operator]
    "at_least": lambda seen, wanted: seen >= wanted,  # type: ignore[operator]
    "at_most": lambda seen, wanted: seen <= wanted,  # type: ignore[operator]
    "between": lambda seen, wanted: wanted[0] <= seen <= wanted[1],  # type: ignore[index]
    "has": lambda seen, wanted: wanted in seen,  # type: ignore[operator]
    "lacks": lambda seen, wanted: wanted not in seen,  # type: ignore[operator]
}


def between(case: Case, that: Fact, from_s: float = 0.0, to_s: float = float("inf")) -> Finding:
    """All the time from `from_s` to `to_s`; without either, always."""
    inside = [frame for frame in case.record.frames if from_s <= frame.t_s <= to_s]
    wrong = next((frame for frame in inside if not _holds(frame, that)), None)
    if wrong is not None:
        return False, f"{that[0]} was {_shown(getattr(wrong, str(that[0])))} at {wrong.t_s:.1f} s"
    return bool(inside), f"{len(inside)} looks"


def by(case: Case, that: Fact, by_s: float, from_s: float = 0.0) -> Finding:
    """At some time, no later than `by_s`."""
    first = next((frame.t_s for frame in case.record.frames if frame.t_s >= from_s and _holds(frame, that)), None)
    if first is None:
        return False, "never"
    return first <= by_s, f"at {first:.1f} s"


def never(case: Case, that: Fact) -> Finding:
    """At no time."""
    first = next((frame.t_s for frame in case.record.frames if _holds(frame, that)), None)
    return (first is None and bool(case.record.frames)), "never" if first is None else f"at {first:.1f} s"


def _holds(frame: Frame, that: Fact) -> bool:
    name, relation, wanted = that
    seen = getattr(frame, str(name))
    if isinstance(seen, frozenset) and isinstance(wanted, list):
        wanted = frozenset(wanted)
    return RELATIONS[str(relation)](seen, wanted)


def _shown(value: object) -> str:
    return ", ".join(sorted(str(one) for one in value)) if isinstance(value, frozenset) else str(value)


SEEN: Mapping[str, Check] = {"always": between, "between": between, "by": by, "never": never}
