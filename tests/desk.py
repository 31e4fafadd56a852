"""A daemon without a building: the real server on real sockets, with a desk that a test fills by hand."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hems.api.server import Server
from hems.model.errors import RequestError
from hems.model.people import PersonRole
from hems.model.picture import Picture

BEAT_S = 0.5


class HandMadeDesk:
    """Shows the picture it was given and writes down what it is asked."""

    site_name = "Maple Court 12"
    language = ""

    def __init__(self, picture: Picture | None = None) -> None:
        self.shown = picture
        self.asked: list[tuple[str, Mapping[str, Any], PersonRole, str]] = []

    def picture(self) -> Picture | None:
        return self.shown

    async def request(self, name: str, args: Mapping[str, Any], *, role: PersonRole, peer: str) -> Mapping[str, Any]:
        self.asked.append((name, args, role, peer))
        if args.get("circuit") == "no_such":
            raise RequestError("There is no circuit no_such.")
        if args.get("circuit") == "bug":
            raise ZeroDivisionError
        return {"done": name}


class KeptServer(Server):
    """Remembers what it showed last, so that it can be shown again."""

    def __init__(self, run_dir: Path, desk: HandMadeDesk) -> None:
        super().__init__(run_dir, desk)
        self._own = desk
        self._last: Picture | None = None

    def publish(self, picture: Picture) -> None:
        self._last = picture
        super().publish(picture)

    async def go_on(self) -> None:
        """Show the last picture again and again, as a daemon ticks: who hears nothing for 3 s calls it old."""
        while True:
            await asyncio.sleep(BEAT_S)
            picture = self._last or self._own.picture()
            if picture is not None:
                super().publish(picture)


@asynccontextmanager
async def serving(run_dir: Path, desk: HandMadeDesk) -> AsyncIterator[KeptServer]:
    """The server, listening; gone, with its clients cut off, at the end."""
    server = KeptServer(run_dir, desk)
    task = asyncio.create_task(server.serve())
    ready = asyncio.create_task(server.listening.wait())
    await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        ready.cancel()
        task.result()
    try:
        yield server
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(condition: Any, *, within_s: float = 20.0) -> None:
    """Wait until `condition()` is true.  Raises: TimeoutError."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110  (what is waited for is on a screen and sets no event)
            await asyncio.sleep(0.005)
