"""Asking the daemon for something, from a screen: one connection for each question."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from hems.api.client import Client
from hems.model.codec import from_plain
from hems.model.errors import RequestError
from hems.wording.language import N_, translated

Ask = Callable[..., Awaitable[Mapping[str, Any]]]
"""`await ask("override", circuit="laundry", ...)`.  Raises: HemsError with one sentence."""
T = TypeVar("T")
NOT_UNDERSTOOD = N_("HEMS answered something that this screen does not understand. Update this program.")


def read(kind: type[T], answer: Mapping[str, Any], key: str) -> T:
    """A value in an answer.  Raises: RequestError when there is no such value."""
    try:
        return from_plain(kind, answer[key])
    except (KeyError, ValueError, TypeError) as error:
        raise RequestError(translated(NOT_UNDERSTOOD)) from error


def texts(answer: Mapping[str, Any], key: str) -> list[str]:
    """Lines in an answer.  Raises: RequestError when there are none."""
    return list(read(tuple[str, ...], answer, key))


def asking(socket: Path) -> Ask:
    """A way to ask through one of the daemon's doors."""

    async def ask(do: str, **args: Any) -> Mapping[str, Any]:  # noqa: ANN401  (any JSON)
        """Connect, ask, hang up."""
        async with Client(socket) as client:
            return await client.request(do, **args)

    return ask
