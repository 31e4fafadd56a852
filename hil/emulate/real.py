"""A real relay board on the bench, in place of an emulated one: what its relays do, the building's contactors follow.

Written for a board that is read by Modbus TCP, functions 1 and from coil 0 on.  Nothing here ever writes to it: only
hems does.  Bare sockets, so that a fault of a library does not show on both sides.
"""

import asyncio
from collections.abc import Callable

from hil.emulate.devices.waveshare import CHANNELS, Board

LOOK_S = 0.02
AGAIN_S = 1.0
"""From a lost connection to the next try."""
ANSWER_S = 1.0
HEAD, FUNCTION, READ_COILS = 9, 7, 1
"""Octets of an answer before its bits, and where its function code stands."""


class RealBoard:
    """Watches a board at `host` and `port`; `board` is how its relays are wired to the emulated building."""

    def __init__(self, board: Board, host: str, port: int, unit_id: int, note: Callable[[str], None]) -> None:
        self._board = board
        self._place = (host, port)
        self._note = note
        self._request = bytes((0, 1, 0, 0, 0, 6, unit_id, READ_COILS, 0, 0, 0, CHANNELS))

    async def run(self) -> None:
        """Until cancelled; a board that is gone is looked for again, and its relays stay as they were seen last."""
        while True:
            try:
                await self._watch()
            except (OSError, EOFError, TimeoutError) as error:
                self._note(f"cannot be read: {type(error).__name__}")
            await asyncio.sleep(AGAIN_S)

    async def _watch(self) -> None:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_connection(*self._place)
        try:
            self._note("is read")
            while True:
                writer.write(self._request)
                async with asyncio.timeout(ANSWER_S):
                    answer = await reader.readexactly(HEAD + 1)
                if answer[FUNCTION] != READ_COILS:
                    raise EOFError("another answer")
                self._follow(answer[HEAD])
                await asyncio.sleep(LOOK_S)
        finally:
            writer.close()

    def _follow(self, bits: int) -> None:
        for channel in range(CHANNELS):
            on = bool(bits >> channel & 1)
            if self._board.coils[channel] != on:
                self._board.set(channel, on)
