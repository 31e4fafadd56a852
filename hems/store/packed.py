"""Minutes in a few bytes: the columns of many of them in one block, and how SQL reads the block again."""

import json
import sqlite3
import struct
import zlib
from collections.abc import Iterator, Sequence
from math import isnan

Minute = tuple[int, int, int, float | None, float | None, float | None]
"""Minute of the monotonic clock, series, number of values, mean, lowest, highest; None where nothing was known."""

_COUNT = struct.Struct("<I")
_MOST_VALUES = 0xFFFF
_LARGEST = 3.0e38
"""Of what four bytes can hold."""

ONE_BY_ONE = (
    "(SELECT packs.id AS id, packs.boot AS boot, packs.series AS only_series, "
    + ", ".join(
        f"json_extract(value, '$[{place}]') AS {name}"
        for place, name in enumerate(("minute", "series", "n", "mean", "low", "high"))
    )
    + " FROM packs, json_each(unpacked(packs.cells)))"
)
"""Every minute of the packs as a row, for a FROM; ask for `only_series` as well, so that others are not unpacked."""


def packed(minutes: Sequence[Minute]) -> bytes:
    """One block."""
    columns = zip(*minutes, strict=True) if minutes else ([],) * 6
    times, series, counts, *figures = (list(column) for column in columns)
    size = len(minutes)
    held = [[_held(value) for value in column] for column in figures]
    return _COUNT.pack(size) + zlib.compress(
        struct.pack(f"<{size}I{size}H{size}H", *times, *series, *(min(count, _MOST_VALUES) for count in counts))
        + b"".join(struct.pack(f"<{size}f", *column) for column in held)
    )


def unpacked(block: bytes) -> Iterator[Minute]:
    """What a block holds; nothing where it is damaged."""
    try:
        (size,) = _COUNT.unpack_from(block)
        values = struct.unpack(f"<{size}I{size}H{size}H{size}f{size}f{size}f", zlib.decompress(block[_COUNT.size :]))
    except (struct.error, zlib.error):
        return
    for minute, series, n, mean, low, high in zip(*(values[part * size :][:size] for part in range(6)), strict=True):
        yield (minute, series, n, mean, low, high) if n else (minute, series, 0, None, None, None)


def taught(connection: sqlite3.Connection) -> sqlite3.Connection:
    """A connection that can read packs."""
    connection.create_function("unpacked", 1, _as_json, deterministic=True)
    return connection


def _as_json(block: bytes) -> str:
    return json.dumps(list(unpacked(block)), separators=(",", ":"))


def _held(value: float | None) -> float:
    """As four bytes can hold it; what is no number was not known."""
    return 0.0 if value is None or isnan(value) else min(max(value, -_LARGEST), _LARGEST)
