"""From a source's own JSON or CSV to slots of time.  What is missing in it is left out."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import isfinite
from typing import Any

from hems.config.tables.outward import SourceTable
from hems.model.errors import HemsError
from hems.model.prices import MOST_SLOTS, Slot

KINDS = ("buy", "sell", "co2")
MINUTE_S = 60.0
WH_PER_KWH = 1000.0


class Unreadable(HemsError):
    """A source says something that does not fit what the file says of it."""


@dataclass(frozen=True, slots=True)
class Span:
    """One value from an instant up to another; seconds since 1970."""

    begins_s: float
    ends_s: float
    value: float


def spans(kind: str, source: SourceTable, told: Any, now_s: float | None) -> tuple[Span, ...]:  # noqa: ANN401  (any JSON)
    """The spans in a document.  A bare number holds from now on for `slot_min`.  Raises: Unreadable."""
    if isinstance(told, int | float) and not isinstance(told, bool):
        if now_s is None:
            raise Unreadable(f"prices.{kind} tells a price of now, and nobody knows what time it is.")
        return (Span(now_s, now_s + source.slot_min * MINUTE_S, _value(kind, source, told)),)
    rows = [row for row in _rows(kind, source, told) if row[2] is not None]
    if not rows:
        raise Unreadable(f"prices.{kind} holds no price. Look whether rows, begins and value name its keys.")
    begun: dict[float, tuple[float | None, float]] = {}
    for begins, ends, value in rows:
        ends_s = None if ends is None else _time(kind, source, ends)
        begun[_time(kind, source, begins)] = (ends_s, _value(kind, source, value))
    return tuple(_ended(source, begun))


def _ended(source: SourceTable, begun: Mapping[float, tuple[float | None, float]]) -> list[Span]:
    """Each until its end, or the next one's beginning, or as long as slots last there; whichever is first."""
    starts = sorted(begun)
    made: list[Span] = []
    length_s = source.slot_min * MINUTE_S
    for place, begins_s in enumerate(starts):
        ends_s, value = begun[begins_s]
        following_s = starts[place + 1] if place + 1 < len(starts) else float("inf")
        until_s = begins_s + length_s if ends_s is None else ends_s
        made.append(Span(begins_s, min(until_s, following_s), value))
        if ends_s is None:
            length_s = min(length_s, following_s - begins_s)
    return [one for one in made if one.ends_s > one.begins_s]


def _rows(kind: str, source: SourceTable, told: Any) -> list[tuple[Any, Any, Any]]:  # noqa: ANN401
    """Beginning, end and value of each slot, as they stand there."""
    whole = told if source.rows is None else _at(kind, told, source.rows)
    if isinstance(whole, list):
        return [
            (
                _at(kind, row, source.begins),
                _at(kind, row, source.ends) if source.ends else None,
                _maybe(row, source.value),
            )
            for row in whole
        ]
    begins, values = _at(kind, whole, source.begins), _at(kind, whole, source.value)
    ends = _at(kind, whole, source.ends) if source.ends else [None] * len(begins if isinstance(begins, list) else ())
    if not all(isinstance(one, list) for one in (begins, values, ends)) or not len(begins) == len(values) == len(ends):
        raise Unreadable(f"prices.{kind} has neither a list of slots nor lists of the same length.")
    return list(zip(begins, ends, values, strict=True))


def _at(kind: str, told: Any, way: str) -> Any:  # noqa: ANN401
    """What stands at a way through JSON.  Raises: Unreadable."""
    for part in way.split("."):
        try:
            told = told[int(part)] if isinstance(told, list) else told[part]
        except (KeyError, IndexError, TypeError, ValueError):
            raise Unreadable(f"prices.{kind} has no {way} in what it tells. Correct the keys in the file.") from None
    return told


def _maybe(row: Any, way: str) -> Any:  # noqa: ANN401
    """A price that is not there is not known."""
    try:
        return _at("", row, way)
    except Unreadable:
        return None


def _time(kind: str, source: SourceTable, told: Any) -> float:  # noqa: ANN401
    try:
        if source.time != "iso":
            return _finite(told) / (1000.0 if source.time == "ms" else 1.0)
        when = datetime.fromisoformat(str(told))
        if when.tzinfo is not None:
            return when.timestamp()
    except (TypeError, ValueError, OverflowError):
        raise Unreadable(f"prices.{kind} has {str(told)[:30]!r} for a time, which is not {source.time}.") from None
    raise Unreadable(f"prices.{kind} has {str(told)[:30]!r} for a time, which says no zone.")


def _value(kind: str, source: SourceTable, told: Any) -> float:  # noqa: ANN401
    try:
        value = _finite(told)
    except (TypeError, ValueError, OverflowError):
        raise Unreadable(f"prices.{kind} has {str(told)[:30]!r} for a price, which is no number.") from None
    if kind == "co2":
        return value
    return value / (WH_PER_KWH if source.per == "MWh" else 1.0) / (100.0 if source.hundredths else 1.0)


def _finite(told: Any) -> float:  # noqa: ANN401
    """Raises: TypeError, ValueError, OverflowError."""
    number = float(told)
    if not isfinite(number):
        raise ValueError(number)
    return number


def merged(told: Mapping[str, Sequence[Span]], now_s: float | None) -> tuple[Slot, ...]:
    """One list of slots of all kinds, cut wherever one of them changes; what is over is left out."""
    edges = sorted({edge for spans_of in told.values() for one in spans_of for edge in (one.begins_s, one.ends_s)})
    slots = []
    for begins_s, ends_s in pairwise(edges):
        values = {kind: _during(told.get(kind, ()), begins_s) for kind in KINDS}
        over = now_s is not None and ends_s <= now_s
        if not over and any(value is not None for value in values.values()):
            buy, sell, co2_g = (values[kind] for kind in KINDS)
            slots.append(Slot(begins_s=begins_s, ends_s=ends_s, buy=buy, sell=sell, co2_g=co2_g))
    return tuple(slots[:MOST_SLOTS])


def _during(found: Sequence[Span], begins_s: float) -> float | None:
    place = bisect_right(found, begins_s, key=lambda one: one.begins_s) - 1
    return found[place].value if place >= 0 and begins_s < found[place].ends_s else None
