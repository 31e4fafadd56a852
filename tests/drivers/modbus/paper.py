"""A link of paper: nothing but the queue, for hours of a line in virtual time."""

import asyncio
from collections.abc import Callable
from functools import partial
from random import Random

from drivers.modbus.address import parse_address
from drivers.modbus.errors import LinkDown, LinkError, NoAnswer
from drivers.modbus.frame import Frame, ReadFrame
from drivers.modbus.hearing import Heard, Words
from drivers.modbus.queue import LinkQueue
from hil.vloop import STARTS_S


class PaperLink:
    """Answers every read with zeroes after `takes_s`, unless `silent` says that the unit does not answer."""

    def __init__(self, *, takes_s: float = 0.01) -> None:
        self.is_open = True
        self.takes_s = takes_s
        self.silent: Callable[[int], bool] = lambda _unit: False
        self.asked: list[tuple[float, Frame]] = []
        """When, in seconds since the beginning, and what."""
        self.opened = 0

    async def open(self, timeout_s: float) -> None:
        self.is_open = True
        self.opened += 1

    async def ask(self, frame: Frame, timeout_s: float) -> tuple[int, ...]:
        self.asked.append((asyncio.get_running_loop().time() - STARTS_S, frame))
        if self.silent(frame.unit):
            await asyncio.sleep(timeout_s)
            raise NoAnswer("silent")
        await asyncio.sleep(self.takes_s)
        return (0,) * frame.count if isinstance(frame, ReadFrame) else ()

    def send(self, frame: Frame, timeout_s: float, heard: Heard) -> None:
        if not self.is_open:
            raise LinkDown("not open")
        asyncio.ensure_future(self.ask(frame, timeout_s)).add_done_callback(partial(_tell, heard))

    def close(self) -> None:
        self.is_open = False

    def times(self, unit: int) -> list[float]:
        return [at_s for at_s, frame in self.asked if frame.unit == unit]


def _tell(heard: Heard, asked: asyncio.Future[Words]) -> None:
    if asked.cancelled():
        return
    trouble = asked.exception()
    assert trouble is None or isinstance(trouble, LinkError)
    heard(asked.result() if trouble is None else trouble)


def queue_on(link: PaperLink, address: str = "rtu:///dev/ttyUSB0") -> LinkQueue:
    return LinkQueue(parse_address(address), link, Random(1))
