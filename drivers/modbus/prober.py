"""How a probe puts its questions: over a link of its own, or as a guest on one that is in use.

Read-only by construction: what is asked is a `ReadFrame`, which cannot write.
"""

import asyncio
import socket
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from drivers.modbus.address import Address
from drivers.modbus.errors import Garbled, NoAnswer, Refusal, Unclear
from drivers.modbus.frame import ReadFrame, Space
from drivers.modbus.job import Manners
from drivers.modbus.link import Link, ModbusLink
from drivers.modbus.queue import LinkQueue
from hems.ports.device import Held

CONTACT = (Space.HOLDING, Space.INPUT, Space.COIL)
"""Any answer to a read of one of these, a refusal too, shows that a unit is there."""
CONTACT_S, ANSWER_S, OPEN_S = 0.4, 0.6, 3.0
QUIET_S = 0.15
"""After a time-out on a serial line, for a late answer to die."""
NOT_MODBUS = "check the port, 502 on most devices"
LATE = "answers come too late, or from two units at once"
GIVES_WAY_S = 2.0
"""For so long a guest's question lets every poll go first."""
REST_AFTER_SILENCE_S = 1.0
"""From a guest's question that nobody answered to its next: who is not there must not eat the time of who is."""


class Prober:
    """One link, asked carefully: after a time-out a TCP connection is opened afresh, a serial line left quiet."""

    def __init__(self, address: Address, link: Link) -> None:
        self.address = address
        self.strange = ""
        """What came that was no answer of a unit, and what to do about it."""
        self._link = link

    async def ask(self, frame: ReadFrame, timeout_s: float = ANSWER_S) -> tuple[int, ...]:
        """Registers or bits.  Raises: LinkError."""
        if not self._link.is_open:
            await self._link.open(OPEN_S)
        try:
            return await self._link.ask(frame, timeout_s)
        except (NoAnswer, Garbled):
            if self.address.kind == "rtu":
                await asyncio.sleep(QUIET_S)
            else:
                self._link.close()
            raise
        finally:
            await asyncio.sleep(0.0 if self.address.kind == "tcp" else self.address.serial.silence_s)

    async def answers(self, unit: int) -> bool:
        """Whether anything at all comes back from a unit.  Raises: LinkDown."""
        for space in CONTACT:
            try:
                await self.ask(ReadFrame(unit, space, 0, 1), CONTACT_S)
            except Unclear as noise:
                self.strange = str(noise)
            except NoAnswer:
                continue
            except Garbled as wrong:
                self.strange = f"{wrong}; {NOT_MODBUS if self.address.kind == 'tcp' else LATE}"
            except Refusal as refusal:
                if not refusal.from_gateway:
                    return True
                self.strange = str(refusal)
                return False
            else:
                return True
        return False

    def close(self) -> None:
        """Hang up."""
        self._link.close()


class Guest(Prober):
    """Asks through the queue of a link that devices of the site use: after their polls, and with pauses for them."""

    def __init__(self, queue: LinkQueue, manners: Manners, held: Held) -> None:
        super().__init__(queue.address, queue.link)
        self._queue = queue
        self._manners = manners
        self._held = held

    async def ask(self, frame: ReadFrame, timeout_s: float = ANSWER_S) -> tuple[int, ...]:
        """Registers or bits; waits no longer than the link's own devices may, so that no shed waits longer either.

        Rests as long as it took: at most half of the link is the guest's.
        """
        manners = replace(self._manners, timeout_s=min(timeout_s, self._manners.timeout_s))
        began_s, rest_s = _now_s(), 0.0
        try:
            answer: tuple[int, ...] = await self._held.there(self._queue.read(frame, manners, slack_s=GIVES_WAY_S))
            return answer
        except (NoAnswer, Garbled):
            rest_s = REST_AFTER_SILENCE_S
            raise
        finally:
            await asyncio.sleep(max(rest_s, _now_s() - began_s))

    def close(self) -> None:
        """The link stays with those who use it."""


def hold(shared: dict[str, Any], queue: LinkQueue, manners: Manners) -> None:
    """Make a link known to probes: no guest may wait longer than any device on it, or ask sooner after a connection."""
    key = _manners_key(queue)
    known: Manners = shared.get(key, manners)
    shared[key] = Manners(
        timeout_s=min(manners.timeout_s, known.timeout_s),
        connect_wait_s=max(manners.connect_wait_s, known.connect_wait_s),
    )


def _manners_key(queue: LinkQueue) -> str:
    return f"manners {queue.address.key}"


def probers(addresses: Iterable[Address], held: Held) -> Iterator[Prober]:
    """A way to ask at each address; a place that is held is asked once, with the settings that it has."""
    queues = [one for one in held.shared.values() if isinstance(one, LinkQueue)]
    asked: set[str] = set()
    for address in addresses:
        queue = next((one for one in queues if same_place(one.address, address)), None)
        if queue is None:
            yield Prober(address, ModbusLink(address))
        elif queue.address.key not in asked:
            asked.add(queue.address.key)
            yield Guest(queue, held.shared.get(_manners_key(queue), Manners(timeout_s=CONTACT_S)), held)


def same_place(one: Address, other: Address) -> bool:
    """Whether a second link to `other` would be a second master beside `one`, under whatever name."""
    if (one.kind == "rtu") != (other.kind == "rtu"):
        return False
    if one.kind == "rtu":
        return Path(one.place).resolve() == Path(other.place).resolve()
    return one.port == other.port and (one.place == other.place or bool(_numbers(one.place) & _numbers(other.place)))


def _numbers(host: str) -> set[str]:
    """Its addresses; the name itself where it has none."""
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
    except OSError:
        return {host}


def _now_s() -> float:
    return asyncio.get_running_loop().time()
