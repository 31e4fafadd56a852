"""What waits to be written: filled by the control loop, emptied by the writer, bounded."""

from collections import deque
from collections.abc import Iterable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Backlog(Generic[T]):
    """Entries in order of arrival; the oldest are given up when too many wait."""

    def __init__(self, most: int) -> None:
        self._entries: deque[T] = deque(maxlen=most)
        self._lock = Lock()
        self._added = 0

    def add(self, entries: Iterable[T]) -> int:
        """Append; the number of old entries that had to be given up for it."""
        with self._lock:
            before = len(self._entries)
            new = list(entries)
            self._entries.extend(new)
            self._added += len(new)
            return before + len(new) - len(self._entries)

    def waiting(self) -> tuple[list[T], int]:
        """All that waits, and the mark to hand to `done` when it has been written."""
        with self._lock:
            return list(self._entries), self._added

    def done(self, mark: int) -> None:
        """Forget what was waiting at `mark`; what came later stays."""
        with self._lock:
            for _ in range(len(self._entries) - (self._added - mark)):
                self._entries.popleft()
