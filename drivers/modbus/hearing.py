"""How an answer reaches whoever has asked: by a call in the turn of the event loop in which it came, or by a future."""

import asyncio
from collections.abc import Callable

from drivers.modbus.errors import LinkError

Words = tuple[int, ...]
"""Registers, bits as 0 and 1, or what the layout of a frame makes of them; nothing for a write."""
Heard = Callable[[Words | LinkError], None]
"""Is told what came back, or why nothing did.  Must return quickly and not raise."""


def hand(waits: "asyncio.Future[Words]", answer: Words | LinkError) -> None:
    """Give an answer to one who waits for it, unless he has gone."""
    if waits.done():
        return
    if isinstance(answer, LinkError):
        waits.set_exception(answer)
        waits.exception()  # whoever asked may go before he looks; then nobody needs to hear of it
    else:
        waits.set_result(answer)
