"""Asking the daemon for something, from a screen: one connection for each question."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from hems.api.client import Client

Ask = Callable[..., Awaitable[Mapping[str, Any]]]
"""`await ask("override", circuit="laundry", ...)`.  Raises: HemsError with one sentence."""


def asking(socket: Path) -> Ask:
    """A way to ask through one of the daemon's doors."""

    async def ask(do: str, **args: Any) -> Mapping[str, Any]:  # noqa: ANN401  (any JSON)
        """Connect, ask, hang up."""
        async with Client(socket) as client:
            return await client.request(do, **args)

    return ask
