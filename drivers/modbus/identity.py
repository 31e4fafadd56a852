"""Who a device is: found out before it is commanded or believed, and again whenever it may be another one."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from drivers.modbus import exchanged
from drivers.modbus.errors import Garbled, LinkError
from drivers.modbus.frame import ReadFrame
from drivers.modbus.job import Rank
from drivers.modbus.layout import Layout, PlacedPoint
from drivers.modbus.poll import Reader
from drivers.modbus.product import Product
from drivers.modbus.queue import LinkQueue
from drivers.profile.schema import Expect, shown
from hems.model.errors import DeviceMismatch
from hems.model.units import DeviceId

IDENTIFY_PAUSE_S = 1.0
LOOK_AGAIN_S = 60.0
"""How often at most a device is asked whether its map has changed."""
MISMATCHES = 2
"""A wrong identity must be seen so often before the device is disabled: one may be a half-booted unit."""
SECOND_LOOK_S = 60.0
"""How often a disabled device is asked again who it is, besides after each reconnection and each arming."""

log = logging.getLogger(__name__)


class Identity:
    """Of one device."""

    def __init__(
        self,
        device: DeviceId,
        product: Product,
        queue: LinkQueue,
        reader: Reader,
        found: Callable[[Layout, bool], Awaitable[None]],
    ) -> None:
        """`found` is told where everything is each time it is known again, and whether the device was disabled."""
        self.disabled = ""
        """Why it is neither commanded nor believed: another product answers."""
        self.identified = False
        """Whether it has said who it is since it was lost last."""
        self.layout = Layout(points={})
        self._device = device
        self._product = product
        self._queue = queue
        self._reader = reader
        self._tell = found
        self._identifying = asyncio.Lock()
        self._hurry = Rank.POLL
        """How urgently somebody waits to know who it is."""
        self._try_again_s = float("-inf")
        self._mismatches = 0
        self._connection = 0
        """Which one it was last looked at on."""
        self._looked_s = float("-inf")

    @property
    def is_known(self) -> bool:
        """Whether it has said who it is, and nothing has happened since that makes it a question again."""
        return self.identified and not self.is_out_of_date()

    @property
    def is_settled(self) -> bool:
        """The same, and nobody is finding out at this moment."""
        return not self._identifying.locked() and self.is_known

    def is_out_of_date(self) -> bool:
        """Whether the device may have started afresh since its map was found: a new connection is the only sign."""
        return self._product.moves and self._queue.connections != self._connection

    def ask_again(self) -> None:
        """Somebody looks after this device, so that it is worth a second look."""
        self._try_again_s = float("-inf")

    async def find_out(self, rank: Rank) -> bool:
        """Find out where everything is and whether this is the product the site file names.

        False if that has just failed and it is too early to poll again.

        Raises:
            LinkError: it does not answer.
            DeviceMismatch: it is another product.
        """
        if self._identifying.locked() and rank < self._hurry:
            # A command waits for what a poll has begun: from here on it is asked as urgently as the command is.
            self._hurry = rank
            self._queue.hurry(self._product.unit, rank)
        async with self._identifying:
            known = self.is_known
            if known or (rank is Rank.POLL and not self._is_worth_a_look()):
                return known
            self._try_again_s = asyncio.get_running_loop().time() + IDENTIFY_PAUSE_S
            self._hurry = rank
            with self._reader.values.held_back():
                self.layout = await self._found()
            self.identified, self._mismatches = True, 0
            self._try_again_s = float("-inf")
            disabled, self.disabled = self.disabled, ""
        await self._tell(self.layout, bool(disabled))
        return True

    def mistaken(self, wrong: DeviceMismatch) -> None:
        """It is another product; if so more than once, it is left alone."""
        self._mismatches += 1
        if self._mismatches < MISMATCHES:
            return
        if not self.disabled:
            log.error("%s Disabled; looked at again after a reconnection, an arming, and once a minute.", wrong)
        self.disabled = wrong.told
        self._try_again_s = asyncio.get_running_loop().time() + SECOND_LOOK_S

    async def look_again(self) -> None:
        """Find everything anew if the device has just refused addresses that it had: its map may have moved.

        What is where it was stays as it is, with the refusals remembered.
        """
        product, now_s = self._product, asyncio.get_running_loop().time()
        if now_s < self._looked_s + LOOK_AGAIN_S:
            return
        self._reader.refused, self._looked_s = False, now_s
        layout = await product.find(lambda frame: self._queue.read(frame, product.manners, rank=Rank.POLL))
        if layout != self.layout:
            log.info("%s: its map has changed", self._device)
            self.identified = False

    def _is_worth_a_look(self) -> bool:
        """Whether it is time to ask again who it is; a wrong one seldom, unless it may have been exchanged."""
        exchanged = bool(self.disabled) and self._queue.connections != self._connection
        return exchanged or asyncio.get_running_loop().time() >= self._try_again_s

    async def _found(self) -> Layout:
        product = self._product
        try:
            layout = await product.find(lambda frame: self._queue.read(frame, product.manners, rank=self._hurry))
            self._reader.lay_out(layout, max_gap=product.max_gap, max_read=product.max_read)
            for name, expected in product.identify.items():
                await self._compare(name, expected, layout)
            for name, kind in product.classes.items():
                if not kind.every_ms:
                    await self._reader.poll(name, rank=self._hurry)
        finally:
            self._connection = self._queue.connections
        return layout

    async def _compare(self, name: str, expected: Expect, layout: Layout) -> None:
        reading = await self._reader.fetch(name, rank=self._hurry)
        if reading is not None and reading.value is not None and expected.met_by(reading.value):
            return
        instead = await self._exchanged(layout.points.get(name), expected)
        if reading is None or reading.value is None:
            why = reading.reason if reading else "not read"
            told = f"does not tell {name.lstrip('_')} ({why}), so it may be another product"
            raise Garbled(f"{told}. {instead}" if instead else f"{told}: check profile and address in the site file")
        wanted, found = f"{name.lstrip('_')} that {expected}", shown(reading.value)
        raise DeviceMismatch(self._device, expected=wanted, found=found, remedy=instead or expected.remedy)

    async def _exchanged(self, place: PlacedPoint | None, expected: Expect) -> str | None:
        """What to do if only the order of its words is another; None if it is not that."""
        if place is None or place.register.space.of_bits:
            return None
        register, product = place.register, self._product
        frame = ReadFrame(product.unit, register.space, register.address, register.coding.registers)
        try:
            words = await self._queue.read(frame, product.manners, rank=self._hurry)
        except LinkError:
            return None
        return exchanged.remedy(place, words, expected)
