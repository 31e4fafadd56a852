"""One-minute mean, minimum and maximum of every series, from the values of each tick."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from threading import Lock

SECONDS = 60.0


@dataclass(slots=True)
class Cell:
    """One series in one minute, as far as it has come."""

    minute: int
    """Of the monotonic clock."""
    name: str
    n: int = 0
    """Known values; 0 says that the series was asked for and nothing was known."""
    total: float = 0.0
    low: float = float("inf")
    high: float = float("-inf")

    def add(self, value: float | None) -> None:
        """Take one value; None counts as not known."""
        if value is not None:
            self.n += 1
            self.total += value
            self.low = min(self.low, value)
            self.high = max(self.high, value)

    def figures(self) -> tuple[int, float | None, float | None, float | None]:
        """How many, mean, lowest, highest; None when nothing was known."""
        return (self.n, self.total / self.n, self.low, self.high) if self.n else (0, None, None, None)


class Minutes:
    """The running minute, and those that could not be written yet."""

    def __init__(self, most_cells: int) -> None:
        self._most_cells = most_cells
        self._running: dict[str, Cell] = {}
        self._finished: list[Cell] = []
        self._minute: int | None = None
        self._lock = Lock()

    def add(self, mono_s: float, values: Mapping[str, float | None]) -> int:
        """Take the values of one tick; the number of old cells given up because too many wait."""
        minute = int(mono_s // SECONDS)
        with self._lock:
            if minute != self._minute:
                self._end()
                self._minute = minute
            for name, value in values.items():
                cell = self._running.get(name)
                if cell is None:
                    cell = self._running[name] = Cell(minute, name)
                cell.add(value)
            return self._give_up()

    def end(self) -> None:
        """Nothing is added to the running minute any more; what comes yet begins a second part of it."""
        with self._lock:
            self._end()

    def finished(self) -> list[Cell]:
        """Cells of past minutes that the file does not have, oldest first."""
        with self._lock:
            return list(self._finished)

    def running(self) -> list[Cell]:
        """Copies of the cells of the present minute."""
        with self._lock:
            return [replace(cell) for cell in self._running.values()]

    def written(self, cells: Collection[Cell]) -> None:
        """The file has these finished ones now."""
        there = {id(cell) for cell in cells}
        with self._lock:
            self._finished = [cell for cell in self._finished if id(cell) not in there]

    def _end(self) -> None:
        self._finished += self._running.values()
        self._running = {}

    def _give_up(self) -> int:
        surplus = max(0, len(self._finished) - self._most_cells)
        del self._finished[:surplus]
        return surplus
