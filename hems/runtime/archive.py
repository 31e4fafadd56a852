"""What was recorded, for whoever asks at a socket; read in a thread, so that the tick never waits for a disk."""

import asyncio
from collections.abc import Mapping
from typing import Any

from hems.model.codec import to_plain
from hems.model.errors import RequestError, StoreError
from hems.model.people import PersonRole
from hems.model.site import Site
from hems.model.units import DAY_S
from hems.ports.clock import Clock
from hems.ports.store import Records
from hems.runtime.record import CARS_WORTH, WORTH
from hems.wording.language import say

MOST_SERIES = 40
MOST_STEPS = 2000
LONGEST_S = 400 * DAY_S
SHORTEST_S = 60.0


class Archive:
    """Answers `history` and `export`; one question at a time, the next one waits."""

    def __init__(self, records: Records, clock: Clock, site: Site) -> None:
        self._records = records
        self._clock = clock
        self._turn = asyncio.Lock()
        self._names = frozenset(series_of(site))
        self.does = {"history": self._history, "export": self._export}
        """Requests by name."""

    async def _history(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        """A stretch of time in even steps."""
        names, span_s = self._asked(args)
        steps = args.get("steps", 60)
        if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= MOST_STEPS:
            raise RequestError(f"Say in how many steps: 1 to {MOST_STEPS}.")
        now = self._clock.now()
        try:
            async with self._turn:
                told = await asyncio.to_thread(self._records.trend, names, at=now, span_s=span_s, steps=steps)
        except StoreError as error:
            raise RequestError(say("The records cannot be read: {error}", error=error)) from error
        return {"trend": to_plain(told)}

    async def _export(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        """The same as a file for a spreadsheet, beside the records."""
        names, span_s = self._asked(args)
        now = self._clock.now()
        try:
            async with self._turn:
                path = await asyncio.to_thread(self._records.export, names, at=now, span_s=span_s)
        except StoreError as error:
            raise RequestError(say("No file was written: {error}", error=error)) from error
        return {"path": str(path)}

    def _asked(self, args: Mapping[str, Any]) -> tuple[tuple[str, ...], float]:
        """Which series, and how far back.  Raises: RequestError."""
        names, span_s = args.get("series"), args.get("span_s")
        if not isinstance(names, list) or not 1 <= len(names) <= MOST_SERIES:
            raise RequestError(f"Name 1 to {MOST_SERIES} series in a list, such as load_w.")
        unknown = [str(name)[:40] for name in names if name not in self._names]
        if unknown:
            raise RequestError(f"Nothing is recorded under {unknown[0]}; there is {', '.join(sorted(self._names))}.")
        number = not isinstance(span_s, bool) and isinstance(span_s, int | float)
        if not number or not SHORTEST_S <= (span_s or 0.0) <= LONGEST_S:
            raise RequestError("Say how many seconds back: at least 60, at most 400 days.")
        return tuple(names), float(span_s or 0.0)


def series_of(site: Site) -> tuple[str, ...]:
    """Every series that `hems.runtime.record` writes for a building."""
    building = ("grid_w", "load_w", "pv_w", "battery_w", "battery_soc_pct", "cars_w", "overload_dose")
    circuits = (f"circuits/{circuit.id}/power_w" for circuit in site.circuits)
    worth = (*WORTH, *(CARS_WORTH if site.bays else ())) if site.tariff is not None else ()
    return (*building, *circuits, *(f"bays/{bay.id}/soc_pct" for bay in site.bays), *worth)
