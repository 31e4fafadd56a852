"""Reading one device by poll class, once it is known who it is; what goes wrong costs that device only."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from drivers.modbus.errors import Garbled, LinkError
from drivers.modbus.identity import IDENTIFY_PAUSE_S, Identity
from drivers.modbus.job import Rank
from drivers.modbus.poll import Reader
from drivers.modbus.presence import Presence
from drivers.modbus.product import Product
from drivers.modbus.rounds import Rest, Rounds
from hems.model.contained import contained
from hems.model.errors import DeviceMismatch
from hems.model.units import DeviceId

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Polling:
    """The polls of one device."""

    device: DeviceId
    product: Product
    reader: Reader
    identity: Identity
    presence: Presence
    rests: Callable[[str], bool]
    """Whether a poll class is left alone for now."""

    async def run(self, name: str, every_s: float) -> None:
        """Read one poll class until cancelled."""
        loop = asyncio.get_running_loop()
        rounds = Rounds(self.reader, name, every_s, usual=lambda: self._may_go_round(name), answered=self._answered)
        next_s, rest = loop.time(), None
        while True:
            well = await self._cycle(self._polled(name) if rest is None else self._went_on(rest))
            # What is polled seldom must not wait for its next turn once the device is there.
            pause_s = every_s if self.identity.identified else min(every_s, IDENTIFY_PAUSE_S)
            now_s = loop.time()
            next_s = max(next_s + pause_s, now_s)
            if well:
                next_s, rest = await rounds.run(next_s)
            else:
                rest = None
                await asyncio.sleep(next_s - now_s)

    async def _cycle(self, polled: Awaitable[bool]) -> bool:
        """Whether it went well; what did not is dealt with."""
        answered = False
        with contained() as cycle:  # a fault of a profile or of ours must cost this device only
            answered = await polled
        if answered:
            self._answered()
        match cycle.fault:
            case None:
                pass
            case LinkError() as trouble:
                self._failed(trouble)
            case DeviceMismatch() as wrong:
                self.presence.detail = wrong.told
                self.identity.mistaken(wrong)
            case fault:
                log.error("%s cannot be read.", self.device, exc_info=fault)
                self._failed(Garbled(f"its driver failed: {type(fault).__name__}"))
        return answered

    async def _polled(self, name: str) -> bool:
        """Whether it has been read; False if it is left alone for now."""
        if self.rests(name) or not (self.identity.is_known or await self.identity.find_out(Rank.POLL)):
            return False
        return await self._went_on(lambda: self.reader.poll(name))

    async def _went_on(self, reading: Rest) -> bool:
        await reading()
        if self._looks_moved():
            await self.identity.look_again()
        return True

    def _may_go_round(self, name: str) -> bool:
        """Whether it is there, and there is nothing to do but to read it."""
        return not self.rests(name) and self.identity.is_known and not self._looks_moved()

    def _looks_moved(self) -> bool:
        return self.product.moves and self.reader.refused

    def _answered(self) -> None:
        self.presence.answered(self.reader.values.heard_s)

    def _failed(self, trouble: LinkError) -> None:
        if self.presence.failed(trouble):
            self.identity.identified = False
