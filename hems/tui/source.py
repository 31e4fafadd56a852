"""Where pictures come from: the daemon, or a recording of it, for training and for reports of mistakes."""

import asyncio
import gzip
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from hems.api.client import Lost, follow
from hems.api.messages import event_line, read_from_server, tick_line
from hems.model.codec import to_plain
from hems.model.errors import HemsError
from hems.model.event import Event
from hems.model.picture import Picture
from hems.tui.asking import Ask, asking

Message = Picture | Event | Lost
LONGEST_PAUSE_S = 5.0
"""A gap in a recording is not waited through."""
AGAIN_S = 3.0
"""A recording begins again after this."""


class Kept(Protocol):
    """What the daemon leaves behind for whoever looks while it is gone."""

    def last(self) -> tuple[Picture, float] | None:
        """Its last picture, and how many seconds old that is."""

    def card(self) -> str:
        """The panel card.  Raises: HemsError when none is kept."""


class NothingKept:
    """Where nobody knows of any place."""

    def last(self) -> tuple[Picture, float] | None:
        """Nothing."""
        return None

    def card(self) -> str:
        """Raises: HemsError."""
        raise HemsError("No panel card is kept here. It hangs on the panel door; `hems checklist` prints it.")


@dataclass(slots=True)
class Live:
    """The daemon behind one of its doors; what it says can be recorded in a file on the way."""

    socket: Path
    record: Path | None = None
    ask: Ask = field(init=False)
    note: str = ""
    """What to know of it, for the line above the keys."""
    kept: Kept = field(default_factory=NothingKept)

    def __post_init__(self) -> None:
        """Ask where it is watched."""
        self.ask = asking(self.socket)

    @property
    def may_operate(self) -> bool:
        """Whether this door is for people who may change something."""
        return self.socket.stem != "view"

    @property
    def may_engineer(self) -> bool:
        """Whether this door is the installer's."""
        return self.socket.stem == "admin"

    async def messages(self) -> AsyncGenerator[Message, None]:
        """Whatever the daemon says."""
        async with aclosing(follow(self.socket)) as told:
            if self.record is None:
                async for message in told:
                    yield message
                return
            try:
                file = gzip.open(self.record, "ab")  # noqa: SIM115  (closed below; a generator has its own end)
            except OSError as error:
                raise HemsError(f"{self.record} cannot be written: {error.strerror}. Name another file.") from error
            with file:
                async for message in told:
                    if not isinstance(message, Lost):
                        file.write(tick_line(message) if isinstance(message, Picture) else event_line(message))
                        file.flush()
                    yield message


class Recording:
    """A file that `hems tui --record` has written, played at the pace at which it was taken, again and again."""

    may_operate = False
    may_engineer = False

    def __init__(self, file: Path) -> None:
        """Raises: HemsError when it is no recording."""
        self._messages = _read(file)
        self._heard: list[Event] = []
        self.kept: Kept = NothingKept()
        self.note = f"RECORDING {file.name}: nothing here is live"
        self.ask: Ask = self._ask

    async def messages(self) -> AsyncGenerator[Message, None]:
        """As it was."""
        while True:
            last_s, self._heard = None, []
            for message in self._messages:
                if isinstance(message, Picture):
                    if last_s is not None:
                        await asyncio.sleep(min(LONGEST_PAUSE_S, max(0.0, message.mono_s - last_s)))
                    last_s = message.mono_s
                elif isinstance(message, Event):
                    self._heard.append(message)
                yield message
            await asyncio.sleep(AGAIN_S)

    async def _ask(self, do: str, **args: Any) -> Mapping[str, Any]:  # noqa: ANN401  (any JSON)
        if do == "events":
            return {"events": [to_plain(event) for event in self._heard]}
        raise HemsError("This is a recording: nothing more can be asked, and nothing changed.")


Source = Live | Recording
"""What a screen shows, and whom it asks."""


def _read(file: Path) -> list[Picture | Event]:
    found: list[Picture | Event] = []
    try:
        with gzip.open(file, "rb") as lines:
            for line in lines:
                message = read_from_server(line)
                if isinstance(message, Picture | Event):
                    found.append(message)
    except EOFError:  # the program that recorded it was killed; what it had written is good
        pass
    except FileNotFoundError:
        raise HemsError(f"{file} does not exist. A recording is made with: hems tui --record FILE.") from None
    except (OSError, ValueError) as error:
        raise HemsError(f"{file} is no recording ({error}). One is made with: hems tui --record FILE.") from error
    if not any(isinstance(message, Picture) for message in found):
        raise HemsError(f"{file} has no picture in it. A recording is made with: hems tui --record FILE.")
    return found
