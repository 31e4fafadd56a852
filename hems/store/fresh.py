"""The newest minutes on disk: one block in place of the one before last, every few seconds, until they are samples.

A database would rewrite three blocks each time.  There are two slots, written in turn and forced to the disk: a power
cut in the middle of one leaves the other, which is a flush older.
"""

import os
import sqlite3
import struct
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from hems.store.aggregate import Cell
from hems.store.packed import Minute, packed, unpacked

FRESH = "history.now"
BLOCK_BYTES = 4096
"""Of the disk: less cannot be written."""
MOST_BLOCKS = 8
"""Of a slot; only the running minute of a very large site takes more than one."""
SLOT_BYTES = MOST_BLOCKS * BLOCK_BYTES
_HEAD = struct.Struct("<QIIiI")
"""Count of the writes, check sum, bytes of content, the database that numbers boot and series, boot."""


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
    boot: int
    cells: tuple[Minute, ...]


class Fresh:
    """The file of the newest minutes.  All methods belong to the writer; others may only ask what is left there."""

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
                return Left(database, boot, tuple(unpacked(content)))
        return Left(0, 0, ())

    def keep(self, numbers: Numbers, cells: Sequence[Cell], *, blocks: int = 1) -> bool:
        """Have these and no others there, on the disk when this returns.  False when they do not fit or cannot be."""
        if any(cell.name not in numbers.series for cell in cells):
            return False
        content = packed([(cell.minute, numbers.series[cell.name], *cell.figures()) for cell in cells])
        head = _HEAD.pack(self._count + 1, crc32(content), len(content), numbers.database, numbers.boot)
        size = -(-len(head + content) // BLOCK_BYTES) * BLOCK_BYTES
        if size > blocks * BLOCK_BYTES:
            return False
        try:
            file = self._opened()
            os.pwrite(file, (head + content).ljust(size, b"\0"), (self._count + 1) % 2 * SLOT_BYTES)
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


def identity(connection: sqlite3.Connection) -> int:
    """The number that a database has for good, and no other; 0 where nothing has been kept for it yet."""
    found: int = connection.execute("PRAGMA application_id").fetchone()[0]
    return found


def _valid(slot: bytes) -> tuple[int, int, int, bytes] | None:
    if len(slot) < _HEAD.size:
        return None
    count, check, size, database, boot = _HEAD.unpack_from(slot)
    content = slot[_HEAD.size : _HEAD.size + size]
    return (count, database, boot, content) if count and len(content) == size and crc32(content) == check else None
