"""The yardstick for an outage that is polled: a controller that looks at the tie's contacts once a second, as many do.

It only looks, over bare sockets, at the very contacts that the daemon reads: to what it sees, its own sheds would still
have to be added, so it is a yardstick that is too short rather than too long.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

EVERY_S = 1.0
PHASES = 10
"""So many look, one after the other within each second, because the moment of an outage is nobody's choice."""
LOOK = bytes.fromhex("000100000006010200000002")
"""A whole Modbus TCP request: transaction 1, unit 1, function 2, inputs 0 and 1, which are the tie's contacts."""
ANSWER, INPUTS = 10, 9
OPEN = 0b10


@dataclass(slots=True)
class Pollers:
    """When each of them saw the tie open, on the boot-time clock, since this was last emptied."""

    seen_s: dict[int, float] = field(default_factory=dict)

    def delays_s(self, opened_s: float) -> list[float]:
        """From the opening to the look that showed it, for all that have seen it."""
        return [seen_s - opened_s for seen_s in self.seen_s.values()]

    async def look(self, number: int, host: str, port: int) -> None:
        """Once a second until cancelled."""
        reader, writer = await asyncio.open_connection(host, port)
        try:
            await asyncio.sleep(EVERY_S * number / PHASES)
            loop = asyncio.get_running_loop()
            next_s = loop.time()
            while True:
                writer.write(LOOK)
                answer = await reader.readexactly(ANSWER)
                if answer[INPUTS] & OPEN:
                    self.seen_s.setdefault(number, time.clock_gettime(time.CLOCK_BOOTTIME))
                next_s += EVERY_S
                await asyncio.sleep(next_s - loop.time())
        finally:
            writer.close()


@asynccontextmanager
async def polling(link: str) -> AsyncIterator[Pollers]:
    """All of them at the device with this link, `tcp://HOST:PORT`."""
    host, port = link.removeprefix("tcp://").split(":")
    pollers = Pollers()
    tasks = [asyncio.create_task(pollers.look(number, host, int(port))) for number in range(PHASES)]
    try:
        yield pollers
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
