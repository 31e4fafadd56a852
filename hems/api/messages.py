"""The words on the sockets, as values; both sides write and read them here and nowhere else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hems.model.codec import from_plain, to_plain
from hems.model.errors import RequestError
from hems.model.event import Event
from hems.model.people import PersonRole
from hems.model.picture import Picture

PROTOCOL = 1
"""Raised when a message changes so that an older peer would misread it; new keys and new messages do not count."""

REQUEST_LIMIT = 64 * 1024
"""Bytes of one line a client may send."""

REPLY_LIMIT = 4 * 1024 * 1024
"""Bytes of one line a client is ready to read: a day of events fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """The server's first line."""

    protocol: int
    site: str
    role: PersonRole
    """The highest this socket allows."""
    language: str = ""
    """Of the building; empty: each reader's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """The client wants ticks and events from now on, or no longer."""

    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A client's request."""

    id: int | str
    """Chosen by the client and repeated in the answer."""
    do: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of the request `id`: the answer, or the sentence why not."""

    id: int | str | None
    """None when the line could not be read far enough to find one."""
    ok: Mapping[str, Any] | None = None
    error: str = ""
    needs: str = ""
    """What the client may add and ask again: `pin`."""


def hello_line(hello: Hello) -> bytes:
    """The greeting."""
    return _line({"hello": to_plain(hello)})


def tick_line(picture: Picture) -> bytes:
    """The building as it is now."""
    return _line({"tick": to_plain(picture)})


def event_line(event: Event) -> bytes:
    """Something that happened."""
    return _line({"event": to_plain(event)})


def subscribe_line(on: bool) -> bytes:
    """The wish to be told of ticks and events."""
    return _line({"subscribe": on})


def ask_line(ask: Ask) -> bytes:
    """A request."""
    return _line({"id": ask.id, "do": ask.do, "args": to_plain(ask.args)})


def answer_line(answer: Answer) -> bytes:
    """The answer to a request.  Raises: TypeError when the answer holds something that is not JSON."""
    if answer.error:
        needs = {"needs": answer.needs} if answer.needs else {}
        return _line({"id": answer.id, "error": answer.error, **needs})
    return _line({"id": answer.id, "ok": to_plain(answer.ok or {})})


def read_from_client(line: bytes) -> Subscribe | Ask:
    """What a client says.  Raises: RequestError with the sentence to answer."""
    plain = _object(line)
    if isinstance(plain.get("subscribe"), bool):
        return Subscribe(on=plain["subscribe"])
    number, do, args = plain.get("id"), plain.get("do"), plain.get("args", {})
    if isinstance(number, bool) or not isinstance(number, int | str):
        raise RequestError('A request needs an "id", a number or a text.')
    if not isinstance(do, str):
        raise RequestError('A request needs a "do", the name of what is asked.')
    if not isinstance(args, dict):
        raise RequestError('The "args" of a request must be an object.')
    return Ask(id=number, do=do, args=args)


def read_from_server(line: bytes) -> Hello | Picture | Event | Answer | None:
    """What the server says; None for a message this program does not know.

    Raises: ValueError when it cannot be read.
    """
    plain = _object(line)
    if "hello" in plain:
        return from_plain(Hello, plain["hello"])
    if "tick" in plain:
        return from_plain(Picture, plain["tick"])
    if "event" in plain:
        return from_plain(Event, plain["event"])
    if "ok" in plain or "error" in plain:
        return from_plain(Answer, {key: plain[key] for key in ("id", "ok", "error", "needs") if key in plain})
    return None


class NotJson(RequestError, ValueError):
    """A line that is no JSON object."""


def _object(line: bytes) -> dict[str, Any]:
    try:
        plain = json.loads(line, parse_constant=_no_such_number)
    except (ValueError, RecursionError):  # nested a thousand deep is no request either
        raise NotJson("This line is not JSON.") from None
    if not isinstance(plain, dict):
        raise NotJson("A line must be a JSON object.")
    return plain


def _no_such_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _line(plain: Mapping[str, Any]) -> bytes:
    return json.dumps(plain, separators=(",", ":"), allow_nan=False).encode() + b"\n"
