"""Ask and tell a running bench, for demonstrations and tests."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

LOOK_S = 0.02


class BenchError(Exception):
    """The bench refused, in its own words."""


class Remote:
    """A connection to a bench's `plant.sock`.

    async with Remote(run_dir / "plant.sock") as bench:
        await bench.do("fail_grid")
        truth = await bench.wait_for(lambda truth: truth["tie"] == "open", within_s=1.0)
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_unix_connection(self._path, limit=1 << 24)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    async def do(self, act: str, **facts: object) -> dict[str, Any]:
        """One request, such as `do("plug", bay="bay_1", soc_pct=60)`; its reply has `at_s`, the moment it was done.

        Raises: BenchError when refused; ConnectionError when the bench has gone.
        """
        async with self._lock:
            self._writer.write(json.dumps({"do": act, **facts}).encode() + b"\n")
            await self._writer.drain()
            line = await self._reader.readline()
        if not line:
            raise ConnectionResetError(f"the bench at {self._path} has gone")
        reply: dict[str, Any] = json.loads(line)
        if not reply.pop("ok"):
            raise BenchError(reply["error"])
        return reply

    async def status(self, *, since: int = 0) -> dict[str, Any]:
        """The truth of the plant; `history` from entry `since` on, whose successor is `next`."""
        return await self.do("status", since=since)

    async def wait_for(self, holds: Callable[[dict[str, Any]], bool], *, within_s: float) -> dict[str, Any]:
        """The first status for which `holds`.  Raises: TimeoutError when there is none in time."""
        async with asyncio.timeout(within_s):
            while True:
                truth = await self.status()
                if holds(truth):
                    return truth
                await asyncio.sleep(LOOK_S)


async def wait_until_ready(run_dir: Path, *, within_s: float = 20.0) -> dict[str, str]:
    """The links of a bench that is starting up in `run_dir`.  Raises: TimeoutError."""
    ready = run_dir / "ready.json"
    async with asyncio.timeout(within_s):
        while True:
            if ready.exists():
                links: dict[str, str] = json.loads(ready.read_text(encoding="utf-8"))["links"]
                return links
            await asyncio.sleep(LOOK_S)
