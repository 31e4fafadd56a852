"""How a test ends what it has started."""

import asyncio
from typing import Any

AGAIN_S = 0.1


async def end(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel until it has worked: `asyncio.wait_for` of Python 3.11, which aiomqtt uses, can swallow a cancellation.

    Whatever a task raises at its end is nobody's business any more.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        done, pending = await asyncio.wait(pending, timeout=AGAIN_S)
        for task in done:
            if not task.cancelled():
                task.exception()
