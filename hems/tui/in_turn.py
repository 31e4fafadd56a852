"""Keys one after the other: each goes to the screen that the one before it has opened.

A slow line delivers many keys at once.  Left to itself the toolkit hands them all to the screen that is open when they
arrive, and what somebody typed ahead is lost, or does something on the wrong screen.
"""

import asyncio
from collections import deque
from contextlib import suppress
from typing import cast

from textual import events, work
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.app import App

ALT = "alt+"
"""What the toolkit makes of ESC and another key that come together, as a slow line delivers them."""
ESC = "\x1b"
SEQUENCES = cast(dict[str, object], ANSI_SEQUENCES_KEYS)
"""The toolkit takes ESC and a digit for what a certain keyboard types with both: a pound sign for ESC and 3."""
for _sequence in [one for one, made in SEQUENCES.items() if one.startswith(ESC) and isinstance(made, str)]:
    del SEQUENCES[_sequence]
PATIENCE_S = 0.5
"""A key whose screen goes away with it is waited for no longer than this."""


class KeysInTurn(App[None]):
    """An app that takes the next key only when the last one has done all it does."""

    def __init__(self) -> None:
        super().__init__()
        self._typed: deque[events.Key] = deque()
        self._taking = False

    @property
    def busy(self) -> bool:
        """Whether keys are still to be taken."""
        return self._taking

    async def on_event(self, event: events.Event) -> None:
        """Put keys in a queue; everything else goes its usual way."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            self._typed.extend(_apart(event))
            if not self._taking:
                self._taking = True
                self._take_keys()
        else:
            await super().on_event(event)

    @work(group="keys")
    async def _take_keys(self) -> None:
        try:
            while self._typed:
                await super().on_event(self._typed.popleft())
                await self._done()
        finally:
            self._taking = False

    async def _done(self) -> None:
        """Back when the screen, and after it the app, have dealt with all that was before this."""
        done = asyncio.Event()
        self.screen.call_later(lambda: self.call_later(done.set))
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await done.wait()


def _apart(event: events.Key) -> list[events.Key]:
    """The keys that somebody pressed: nothing here is bound to ALT, so it was ESC and then the other one."""
    rest = event.key.removeprefix(ALT)
    if rest == event.key or len(rest) > 1:
        return [event]
    return [events.Key("escape", None), events.Key(rest, rest)]
