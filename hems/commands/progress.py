"""A bar on the terminal for what takes long."""

import sys

BAR = 24


class Progress:
    """A bar, and nothing where there is no terminal."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._shown = -1
        self._on = sys.stderr.isatty()

    def show(self, share: float) -> None:
        """How much is done, 0 to 1."""
        percent = int(100.0 * min(1.0, max(0.0, share)))
        if self._on and percent != self._shown:
            self._shown = percent
            bar = "#" * (percent * BAR // 100)
            print(f"\r{self._what} [{bar:.<{BAR}}] {percent:3} %", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Wipe it away."""
        if self._on:
            print(f"\r{'':{BAR + 30}}\r", end="", file=sys.stderr, flush=True)
