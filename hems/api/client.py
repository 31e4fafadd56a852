"""A client's side of the sockets: ask, or watch; whoever wants to watch for ever uses `follow`."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from hems.api.messages import (
    PROTOCOL,
    REPLY_LIMIT,
    Answer,
    Ask,
    Hello,
    ask_line,
    read_from_server,
    subscribe_line,
)
from hems.model.errors import HemsError, PinNeeded, RequestError
from hems.model.event import Event
from hems.model.picture import Picture
from hems.wording.language import say

GREETING_S = 5.0
"""How long a server may take to greet; one that hangs accepts the connection and says nothing."""
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0


class NoContact(HemsError):
    """The daemon does not answer, or no longer; try again later."""


class Client:
    """One connection.  Use it as a context manager; reconnecting is the caller's business."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._numbers = count(1)
        self._waiting: dict[int | str, asyncio.Future[Mapping[str, Any]]] = {}
        self._events: deque[Event] = deque()
        self._picture: Picture | None = None
        self._news = asyncio.Event()
        self._lost: NoContact | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self.hello: Hello | None = None
        """What the server said of itself; None before `connect`."""

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def connect(self) -> Hello:
        """Connect and hear the greeting.  Raises: NoContact."""
        try:
            async with asyncio.timeout(GREETING_S):
                reader, self._writer = await asyncio.open_unix_connection(self._path, limit=REPLY_LIMIT)
                hello = read_from_server(await _line_from(reader))
        except (OSError, ValueError) as error:
            raise NoContact(_why_not(self._path, error)) from error
        if isinstance(hello, Answer):
            raise NoContact(hello.error)
        if not isinstance(hello, Hello) or hello.protocol != PROTOCOL:
            told = say("What answers at {path} is another version of hems. Update this program.", path=self._path)
            raise NoContact(told)
        self.hello = hello
        self._reading = asyncio.create_task(self._read(reader), name=f"read {self._path.name}")
        return hello

    async def close(self) -> None:
        """End the connection.  Requests under way end with NoContact."""
        if self._reading is not None:
            self._reading.cancel()
        if self._writer is not None:
            self._writer.close()
        self._end(NoContact(say("The connection was closed.")))

    async def request(self, name: str, /, **args: Any) -> Mapping[str, Any]:  # noqa: ANN401  (any JSON)
        """Ask for something and wait for the answer.  Raises: RequestError with the daemon's sentence, NoContact.

        A PinNeeded among them means: ask the person, and ask again with `pin`.
        """
        if self._lost is not None or self._writer is None:
            raise self._lost or NoContact("Not connected.")
        ask = Ask(id=next(self._numbers), do=name, args=args)
        answer: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[ask.id] = answer
        try:
            self._writer.write(ask_line(ask))
            return await answer
        finally:
            self._waiting.pop(ask.id, None)

    async def subscribe(self) -> AsyncGenerator[Picture | Event, None]:
        """Every event, and the newest picture: a caller that is slow skips pictures.  Ends by raising NoContact."""
        if self._writer is not None:
            self._writer.write(subscribe_line(True))
        while True:
            await self._news.wait()
            self._news.clear()
            while self._events:
                yield self._events.popleft()
            if self._picture is not None:
                picture, self._picture = self._picture, None
                yield picture
            if self._lost is not None:
                raise self._lost

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                self._take(read_from_server(await _line_from(reader)))
        except (OSError, ValueError) as error:
            self._end(NoContact(_why_not(self._path, error)))

    def _take(self, message: Hello | Picture | Event | Answer | None) -> None:
        match message:
            case Picture():
                self._picture = message
                self._news.set()
            case Event():
                self._events.append(message)
                self._news.set()
            case Answer(id=number) if number in self._waiting and not self._waiting[number].done():
                if message.ok is None:
                    refusal = PinNeeded if message.needs == "pin" else RequestError
                    self._waiting[number].set_exception(refusal(message.error))
                else:
                    self._waiting[number].set_result(message.ok)

    def _end(self, lost: NoContact) -> None:
        self._lost = self._lost or lost
        self._news.set()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(self._lost)


@dataclass(frozen=True, slots=True)
class Lost:
    """Said by `follow` once when contact is lost, and when there is none to begin with."""

    since_s: float
    """When something was last heard, or following began; on the event loop's own clock, good for ages only."""
    reason: str


async def follow(
    path: Path, *, first_pause_s: float = FIRST_PAUSE_S, longest_pause_s: float = LONGEST_PAUSE_S
) -> AsyncGenerator[Picture | Event | Lost, None]:
    """Watch for ever: whatever `subscribe` tells, and connect again with growing pauses when contact is lost."""
    loop = asyncio.get_running_loop()
    heard_s, pause_s, told = loop.time(), first_pause_s, False
    while True:
        client = Client(path)
        try:
            await client.connect()
            async with aclosing(client.subscribe()) as messages:
                async for message in messages:
                    heard_s, pause_s, told = loop.time(), first_pause_s, False
                    yield message
        except NoContact as lost:
            if not told:
                told = True
                yield Lost(heard_s, str(lost))
        finally:
            await client.close()
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, longest_pause_s)


async def _line_from(reader: asyncio.StreamReader) -> bytes:
    """A whole line; a server that was killed leaves half a one.  Raises: ConnectionResetError at the end."""
    line = await reader.readline()
    if not line.endswith(b"\n"):
        raise ConnectionResetError("closed")
    return line


def _why_not(path: Path, error: OSError | ValueError) -> str:
    match error:
        case FileNotFoundError() | ConnectionRefusedError():
            return say("HEMS does not run here: nothing answers at {path}.", path=path)
        case ConnectionResetError() | BrokenPipeError():
            return say("HEMS has closed the connection.")
        case PermissionError():
            return say("You may not open {path}: your user is not in its group.", path=path)
        case TimeoutError():
            return say("HEMS hangs: it took the connection at {path} and says nothing.", path=path)
        case ValueError():
            return say("What {path} says cannot be understood: {error}.", path=path, error=error)
        case _:
            return f"The connection to {path} broke: {error.strerror or error}."
