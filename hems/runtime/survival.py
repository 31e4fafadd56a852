"""Falling over again and again must not keep the building dark.

After three crashes in ten minutes only the essentials run.
"""

import json
from contextlib import suppress
from pathlib import Path

CRASHES = 3
WITHIN_S = 600.0


class Starts:
    """Starts that have not ended in good order, in a small file; losing it is harmless."""

    def __init__(self, directory: Path, boot_id: str) -> None:
        self._file = directory / "starts.json"
        self._boot_id = boot_id

    def begin(self, now_s: float) -> bool:
        """Note this start.  True when the ones before it failed so often that only survival is tried."""
        recent = [start_s for start_s in self._read() if 0.0 <= now_s - start_s <= WITHIN_S]
        self._write([*recent, now_s])
        return len(recent) >= CRASHES

    def end(self) -> None:
        """This run has ended in good order, or has run long enough."""
        self._write([])

    def _read(self) -> list[float]:
        with suppress(OSError, ValueError, TypeError, KeyError):
            saved = json.loads(self._file.read_text(encoding="utf-8"))
            if saved["boot_id"] == self._boot_id:
                return [float(start_s) for start_s in saved["starts_s"]]
        return []

    def _write(self, starts_s: list[float]) -> None:
        with suppress(OSError):
            self._file.write_text(json.dumps({"boot_id": self._boot_id, "starts_s": starts_s}), encoding="utf-8")
