"""A process beside the daemon that thinks longer than the cycle may: how it is started, and how it is made to end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

LONGEST_LINE = 4 * 1024 * 1024
"""Bytes of one question or answer; a site of some hundred circuits is a tenth of it."""


@contextlib.asynccontextmanager
async def companion(command: Sequence[str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """A child with pipes to talk by, a line of JSON each way.  However the block ends, the child has ended after it.

    Raises:
        OSError: it cannot be started.
    """
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(
        *command, stdin=pipe, stdout=pipe, limit=LONGEST_LINE, start_new_session=True
    )
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
