"""The addresses of a host that a link names: looked up beside everything else, and what was known last stands.

When the grid goes, so may the router that answers for names, while the devices behind their names are where they were.
A look-up that nobody answers holds its thread for half a minute; the loop's own threads are few, and others need them.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Thread

LOOK_UP_S = 1.0
"""So long an answer is waited for where addresses are known from before."""

LookUp = Callable[[str], Sequence[str]]


def looked_up(name: str) -> Sequence[str]:
    """What the machine's resolver says.  Raises: OSError, UnicodeError."""
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(place[0]) for *_, place in found))


class Host:
    """One host, by name or by address."""

    def __init__(self, name: str, look_up: LookUp = looked_up, patience_s: float = LOOK_UP_S) -> None:
        self._name = name
        self._look_up = look_up
        self._patience_s = patience_s
        self._known: Sequence[str] = (name,) if _is_address(name) else ()
        self._fixed = bool(self._known)
        self._asked: asyncio.Future[Sequence[str]] | None = None
        """The one look-up that is under way."""

    async def addresses(self) -> Sequence[str]:
        """Where it may be reached, the likeliest first.  Raises: OSError, UnicodeError: nobody has ever known."""
        if self._fixed:
            return self._known
        try:
            async with asyncio.timeout(self._patience_s if self._known else None):
                self._known = await asyncio.shield(self._answer())
        except (OSError, UnicodeError):
            if not self._known:
                raise
        return self._known

    def _answer(self) -> asyncio.Future[Sequence[str]]:
        if self._asked is None:
            self._asked = asyncio.get_running_loop().create_future()
            Thread(target=self._ask, args=(self._asked,), name=f"look up {self._name}", daemon=True).start()
        return self._asked

    def _ask(self, asked: asyncio.Future[Sequence[str]]) -> None:
        """In a thread of its own."""
        found: Sequence[str] | Exception
        try:
            found = self._look_up(self._name)
        except (OSError, UnicodeError) as trouble:
            found = trouble
        with suppress(RuntimeError):  # the loop has ended meanwhile
            asked.get_loop().call_soon_threadsafe(self._answered, asked, found)

    def _answered(self, asked: asyncio.Future[Sequence[str]], found: Sequence[str] | Exception) -> None:
        self._asked = None
        if isinstance(found, Exception):
            asked.set_exception(found)
            asked.exception()  # whoever has stopped waiting need not be told that nobody took it
        else:
            asked.set_result(found)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
