"""The packs of the history: of all series as they come, and once an hour is over one for each series."""

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import groupby

from hems.store.packed import Minute, packed, unpacked

HOUR = 60
"""In minutes: what a pack of one series covers, and from where it begins."""
HOUR_S = 3600.0
_MOST_PACKS = 500
"""Gathered at a time."""
_ADD = "INSERT INTO packs (boot, minute, series, cells) VALUES (?, ?, ?, ?)"


def add_mixed(connection: sqlite3.Connection, boot: int, minutes: Sequence[Minute]) -> None:
    """Minutes of any series, in order; none of their packs reaches over an hour."""
    for _, part in groupby(minutes, key=lambda one: one[0] // HOUR):
        hour = list(part)
        connection.execute(_ADD, (boot, hour[0][0], None, packed(hour)))


def gather(connection: sqlite3.Connection, boot: int, now_s: float, *, unfinished: bool = False) -> None:
    """Make one pack for each series of all that is mixed, once the hour in which it began is over.

    `unfinished`: also of the hour that runs now.
    """
    mixed = connection.execute(
        "SELECT id, boot, minute, cells FROM packs WHERE series IS NULL ORDER BY id LIMIT ?", (_MOST_PACKS,)
    ).fetchall()
    running = None if unfinished else (boot, now_s // HOUR_S)
    if not mixed or running == (mixed[0][1], mixed[0][2] // HOUR):
        return
    parts: dict[tuple[int, float, int], list[Minute]] = {}
    for _, its_boot, _, block in mixed:
        for one in unpacked(block):
            parts.setdefault((its_boot, float(one[0] // HOUR), one[1]), []).append(one)
    for (its_boot, hour, series), minutes in _in_order(parts):
        if (its_boot, hour) != running:
            connection.execute(_ADD, (its_boot, minutes[0][0], series, packed(minutes)))
    add_mixed(connection, boot, [one for key, part in parts.items() if key[:2] == running for one in part])
    connection.executemany("DELETE FROM packs WHERE id = ?", [(row[0],) for row in mixed])


def _in_order(
    parts: dict[tuple[int, float, int], list[Minute]],
) -> Iterable[tuple[tuple[int, float, int], list[Minute]]]:
    """By boot as they were met, then by hour and series: append order is the order of time."""
    boots = {boot: place for place, (boot, _, _) in enumerate(parts)}
    return sorted(parts.items(), key=lambda one: (boots[one[0][0]], one[0][1:]))
