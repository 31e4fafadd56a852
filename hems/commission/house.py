"""The running daemon as the engine of commissioning sees it; the command line and the screen share it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from hems.commission.engine import House
from hems.commission.measure import Judged, Look
from hems.model import wiring
from hems.model.units import CircuitId, SourceId

TRIAL_S = 900.0
REASON = "commissioning"

Ask = Callable[..., Awaitable[Mapping[str, Any]]]
"""`await ask("read", device=..)`.  Raises: HemsError with one sentence."""


class Daemon(House):
    """Asks through an engineer's door, in one person's name."""

    def __init__(self, ask: Ask, who: str) -> None:
        self._ask = ask
        self._who = who
        self._trials: set[str] = set()
        self._opened: set[CircuitId] = set()

    async def look(self) -> Look:
        """All good points, by place and by role."""
        seen: dict[str, bool | int | float | str] = {}
        for table in (await self._ask("read"))["devices"]:
            for row in table["points"]:
                if row["state"] == "good":
                    seen[f"{table['device']}/{row['name']}"] = row["value"]
                    seen |= dict.fromkeys(row["serves"], row["value"])
        return seen

    async def trial(self, device: str) -> None:
        """For long enough to see a compressor come back."""
        await self._ask("trial", device=device, seconds=TRIAL_S, who=self._who)
        self._trials.add(device)

    async def override(self, circuit: CircuitId, want: str, seconds: float) -> None:
        """With the reason that stands in the log."""
        if want == "off":
            self._opened.add(circuit)
        span = {} if want == "auto" else {"duration_s": seconds}
        await self._ask("override", circuit=circuit, want=want, reason=REASON, who=self._who, **span)

    async def steer(self, source: SourceId, power_w: float, seconds: float) -> None:
        """A power that ends by itself."""
        await self._ask("steer", source=source, power_w=power_w, duration_s=seconds, who=self._who)

    async def prove(self, step: str, judged: Judged, before: Mapping[str, float], after: Mapping[str, float]) -> None:
        """Signed with the person's name."""
        told = {"verdict": judged.verdict, "note": judged.note, "before": dict(before), "after": dict(after)}
        await self._ask("prove", step=step, who=self._who, **told)

    async def rest(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    async def end(self) -> None:
        """Devices that were on trial are only watched again, unless they are armed.

        While a circuit is not back the trial goes on until its time is over: HEMS needs it to switch the circuit on.
        """
        look = await self.look()
        if any(look.get(wiring.circuit_closed(circuit)) is not True for circuit in self._opened):
            return
        for device in self._trials:
            await self._ask("trial", device=device, seconds=0.0, who=self._who)
