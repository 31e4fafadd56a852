"""A driver that falls over is started again; it must not take the others, or the cycle, with it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)
PAUSE_S = 5.0


async def kept_running(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run until cancelled; after any fault, log it once in full and try again."""
    while True:
        try:
            await run()
            log.error("%s ended by itself; it is started again.", name)
        except Exception:  # a fault in one protocol must never end the control of all others
            log.exception("%s failed; it is started again in %.0f s.", name, PAUSE_S)
        await asyncio.sleep(PAUSE_S)
