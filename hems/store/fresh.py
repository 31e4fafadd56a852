"""The newest minutes on disk: one block in place of the one before last, every few seconds, until they are samples.

A database would rewrite three blocks each time.  There are two slots, written in turn and forced to the disk: a power
cut in the middle of one leaves the other, which is a flush older.
"""

import os
import struct
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from hems.store.aggregate import Cell

SLOT_BYTES = 4096
"""A block of the disk: less cannot be written."""
_HEAD = struct.Struct("<QIIiI")
"""Count of the writes, check sum, bytes of content, the database that numbers boot and series, boot."""
_CELL = struct.Struct("<IHHfff")
"""Minute, series, number of values, mean, lowest, highest."""
_LARGEST = 3.0e38
"""Of what four bytes can hold."""
MOST_CELLS = (SLOT_BYTES - _HEAD.size) // _CELL.size

Row = tuple[int, int, int, int, float | None, float | None, float | None]
"""As in the table of samples: boot, minute, series, and the figures."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """How the database calls things."""

    database: int
    """Another one, begun after damage, numbers anew."""
    boot: int
    series: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Left:
    """What an earlier run had no time to make samples of."""

    database: int
    rows: tuple[Row, ...]


class Fresh:
    """The file of the newest minutes.  All methods belong to the writer."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._count = 0

    def left(self) -> Left:
        """What an earlier run left there; nothing where nothing is or can be read."""
        with suppress(OSError):
            data = self._path.read_bytes()
            slots = [found for start in (0, SLOT_BYTES) if (found := _valid(data[start : start + SLOT_BYTES]))]
            if slots:
                self._count, database, boot, content = max(slots)
                return Left(database, tuple((boot, *_row(cell)) for cell in _CELL.iter_unpack(content)))
        return Left(0, ())

    def keep(self, numbers: Numbers, cells: Sequence[Cell]) -> bool:
        """Have these and no others there, on the disk when this returns.  False when they do not fit or cannot be."""
        if len(cells) > MOST_CELLS or any(cell.name not in numbers.series for cell in cells):
            return False
        content = b"".join(_packed(cell, numbers.series[cell.name]) for cell in cells)
        head = _HEAD.pack(self._count + 1, crc32(content), len(content), numbers.database, numbers.boot)
        try:
            file = self._opened()
            os.pwrite(file, (head + content).ljust(SLOT_BYTES, b"\0"), (self._count + 1) % 2 * SLOT_BYTES)
            os.fdatasync(file)
        except OSError:
            self.close()
            return False
        self._count += 1
        return True

    def close(self) -> None:
        """Close the file; the next `keep` opens it again."""
        if self._file is not None:
            with suppress(OSError):
                os.close(self._file)
            self._file = None

    def _opened(self) -> int:
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
            if os.fstat(self._file).st_size < 2 * SLOT_BYTES:  # so that from now on only contents change
                os.posix_fallocate(self._file, 0, 2 * SLOT_BYTES)
        return self._file


def _valid(slot: bytes) -> tuple[int, int, int, bytes] | None:
    if len(slot) < _HEAD.size:
        return None
    count, check, size, database, boot = _HEAD.unpack_from(slot)
    content = slot[_HEAD.size : _HEAD.size + size]
    return (count, database, boot, content) if count and len(content) == size and crc32(content) == check else None


def _packed(cell: Cell, number: int) -> bytes:
    n, *figures = cell.figures()
    return _CELL.pack(cell.minute, number, n, *(min(max(value or 0.0, -_LARGEST), _LARGEST) for value in figures))


def _row(
    cell: tuple[int, int, int, float, float, float],
) -> tuple[int, int, int, float | None, float | None, float | None]:
    minute, series, n, mean, low, high = cell
    return (minute, series, n, mean, low, high) if n else (minute, series, 0, None, None, None)
