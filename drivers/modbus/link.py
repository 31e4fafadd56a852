"""One connection to one host and port or tty, one request at a time.

It never retries and never reconnects: both are decided in `queue`, because a retry right after a time-out takes the
late answer to the first request for the answer to the second.
"""

import asyncio
import os
import socket
from functools import partial
from pathlib import Path
from typing import Protocol

from drivers.modbus.adapter import BY_ID, Adapter
from drivers.modbus.address import Address
from drivers.modbus.connection import Connection, Prepared, prepared
from drivers.modbus.envelope import Envelope, RtuEnvelope, TcpEnvelope
from drivers.modbus.errors import LinkDown
from drivers.modbus.frame import Frame, ReadFrame, Space
from drivers.modbus.hearing import Heard, Words, hand
from drivers.modbus.names import Host
from drivers.modbus.tty import Tty
from drivers.modbus.wire import Question

MOST_KEPT = 512


class Link(Protocol):
    """What carries one frame at a time.  Small, so that another library can take its place."""

    @property
    def is_open(self) -> bool:
        """Whether there is a connection now."""

    async def open(self, timeout_s: float) -> None:
        """Connect afresh.  Raises: LinkDown."""

    async def ask(self, frame: Frame, timeout_s: float) -> tuple[int, ...]:
        """Send one request and return registers or bits, or nothing for a write.  Raises: LinkError."""

    def send(self, frame: Frame, timeout_s: float, heard: Heard) -> None:
        """The same without a task: `heard` is told what came back, or why nothing did.  Raises: LinkDown."""

    def close(self) -> None:
        """Drop the connection and whatever is still on its way."""


class ModbusLink:
    """A link over TCP, RTU over TCP, or RTU on a tty (opened exclusively)."""

    def __init__(self, address: Address, by_id: Path = BY_ID) -> None:
        """`by_id` is where serial adapters have names that stay."""
        self._address = address
        self._adapter = Adapter(address.place, by_id)
        self._envelope: Envelope = TcpEnvelope() if address.kind == "tcp" else RtuEnvelope()
        self._kept: dict[Frame, Prepared] = {}
        """What is asked again and again, ready to leave: reads, and the few ways in which switches are told."""
        self._connection: Connection | None = None
        self._host = Host(address.place)

    @property
    def is_open(self) -> bool:
        """Whether there is a connection now."""
        return self._connection is not None and self._connection.is_open

    async def open(self, timeout_s: float) -> None:
        """Connect afresh; what an earlier connection may still deliver is gone with it."""
        self.close()
        connection = Connection(self._envelope)
        try:
            async with asyncio.timeout(timeout_s):
                await self._connect(connection)
            self._connection = connection
        except (OSError, UnicodeError) as trouble:
            raise LinkDown(_why_not(self._address, self._adapter, trouble)) from None
        finally:
            if self._connection is not connection:
                connection.close()

    async def ask(self, frame: Frame, timeout_s: float) -> Words:
        """Send one request, check that the answer is its answer, return what it carries."""
        answer: asyncio.Future[Words] = asyncio.get_running_loop().create_future()
        self.send(frame, timeout_s, partial(hand, answer))
        return await answer

    def send(self, frame: Frame, timeout_s: float, heard: Heard) -> None:
        """Send one request; `heard` is told what its answer carries, or why there is none."""
        if self._connection is None:
            raise LinkDown("no connection")
        self._connection.ask(self._kept.get(frame) or self._prepared(frame), timeout_s, heard)

    def close(self) -> None:
        """Drop the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def _connect(self, connection: Connection) -> None:
        address = self._address
        if address.kind == "rtu":
            self._adapter.require_same()
            Tty(address.place, address.serial, connection)
            return
        trouble: OSError | None = None
        for place in await self._host.addresses():
            try:
                await asyncio.get_running_loop().create_connection(lambda: connection, place, address.port)
                return
            except OSError as error:
                trouble = trouble or error
        raise trouble or TimeoutError

    def _prepared(self, frame: Frame) -> Prepared:
        one = prepared(Question(frame), self._envelope)
        if isinstance(frame, ReadFrame) or frame.space is Space.COIL:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[frame] = one
        return one


def _why_not(address: Address, adapter: Adapter, trouble: OSError | UnicodeError) -> str:
    """In words for whoever stands in front of the cabinet; wherever they are told, the link stands beside them."""
    if address.kind != "rtu":
        return f"no connection: {_not_reached(trouble)}"
    if not Path(address.place).exists():
        return adapter.missing()
    if not os.access(address.place, os.R_OK | os.W_OK):
        return f"{address.place} may not be opened: the user of hems must be in the group of that file, often dialout"
    return f"{address.place} cannot be opened: another program speaks on it; end that, a line has one master"


def _not_reached(trouble: OSError | UnicodeError) -> str:
    match trouble:
        case ConnectionRefusedError():
            return "there is something, but it does not listen on that port"
        case socket.gaierror() | UnicodeError():
            return "nobody knows an address for that name"
        case TimeoutError():
            return "nothing answers there"
    return trouble.strerror or str(trouble)
