"""One device on a link: identified before it is commanded, polled by class, kept or let go, its health known."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from drivers.modbus.errors import Garbled, LinkDown, LinkError, Refusal
from drivers.modbus.frame import ReadFrame
from drivers.modbus.job import Manners, Rank
from drivers.modbus.keep import Keeper, Keeping
from drivers.modbus.layout import Layout
from drivers.modbus.poll import Reader
from drivers.modbus.queue import LinkQueue
from drivers.modbus.send import Sender
from drivers.profile import derive
from drivers.profile.alarms import AlarmGroup, standing
from drivers.profile.command import Refused, prepare
from drivers.profile.schema import Expect, PollClass
from hems.model.command import Fate
from hems.model.errors import DeviceMismatch
from hems.model.snapshot import DeviceHealth
from hems.model.units import DeviceId
from hems.model.wiring import DeviceSpec
from hems.ports.device import DriverContext, Reply, Scalar

LOST_AFTER = 3
"""Requests in a row without an answer after which a device must identify itself again before it is commanded."""
IDENTIFY_PAUSE_S = 1.0
LOOK_AGAIN_S = 60.0
"""How often at most a device is asked whether its map has changed."""
MISMATCHES = 2
"""A wrong identity must be seen so often before the device is disabled: one may be a half-booted unit."""

log = logging.getLogger(__name__)

Ask = Callable[[ReadFrame], Awaitable[tuple[int, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What the engine takes from a profile."""

    unit: int
    manners: Manners
    classes: Mapping[str, PollClass]
    computed: Mapping[str, derive.Expression]
    alarms: Mapping[str, AlarmGroup] = field(default_factory=dict)
    identify: Mapping[str, Expect]
    keeping: Keeping
    nominal: Layout
    """Where everything is as far as that can be told offline."""
    find: Callable[[Ask], Awaitable[Layout]]
    """Finds where everything is, by asking the device if need be.  Raises: LinkError, DeviceMismatch."""
    max_read: int = 100
    max_gap: int = 0
    moves: bool = False
    """Whether places may change while the device runs, so that a refused address is a reason to look again."""


class Device:
    """One device."""

    def __init__(self, spec: DeviceSpec, product: Product, queue: LinkQueue, context: DriverContext) -> None:
        self.id: DeviceId = spec.id
        self.armed = False
        self.islanded = False
        """Whether the building feeds itself; then some poll classes pause."""
        self._link = spec.link
        self._product = product
        self._queue = queue
        self._clock = context.clock
        self._reader = Reader(
            spec.id,
            product.unit,
            queue,
            context,
            manners=product.manners,
            classes=product.classes,
            computed=product.computed,
        )
        self._sender = Sender(product.unit, queue, product.manners, self._reader, self._is_armed)
        self._layout = Layout(points={})
        self._keeper = Keeper(self._sender, lambda: self._layout, self._is_armed, product.keeping)
        self._identified = False
        self._identifying = asyncio.Lock()
        self._acquired = False
        self._try_again_s = float("-inf")
        self._mismatches = 0
        self._disabled = ""
        self._failures = 0
        self._lost_since_s: float | None = None
        self._detail = ""
        self._looked_s = float("-inf")
        self._turns: dict[str, int] = {}
        self._sent_s: dict[str, float] = {}

    def health(self) -> DeviceHealth:
        """How it answers."""
        detail = self._disabled or self._detail
        return DeviceHealth(
            link=self._link,
            lost_since_s=self._lost_since_s,
            detail=detail,
            armed=self.armed,
            alarms=standing(self._product.alarms, self._reader.latest, self._clock.now().mono_s),
        )

    async def run(self) -> None:
        """Identify, poll and keep until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keeper.run(), name=f"keep {self.id}")
            for name, kind in self._product.classes.items():
                if kind.every_ms:
                    tasks.create_task(self._poll(name, kind.every_ms / 1000), name=f"poll {self.id} {name}")

    async def write(self, command: str, value: Scalar, *, urgent: bool, islanded: bool) -> Reply:
        """Judge, send, verify."""
        if self._disabled:
            return Reply(fate=Fate.REFUSED, detail=self._disabled)
        if not self.armed:
            return Reply(fate=Fate.OBSERVING, detail="the device is not armed")
        try:
            await self._identify(Rank.SHED if urgent else Rank.COMMAND)
        except LinkError as trouble:
            return Reply(fate=Fate.UNREACHABLE, detail=str(trouble))
        except DeviceMismatch as wrong:
            return Reply(fate=Fate.REFUSED, detail=str(wrong))
        return await self._command(command, value, urgent=urgent, islanded=islanded)

    async def release(self) -> None:
        """Hand control back; a device that is not armed or does not answer has none of ours."""
        self._keeper.forget()
        if self.armed and self._layout.release:
            try:
                await self._sender.send(self._layout.release, urgent=False)
            except (LinkError, ValueError) as trouble:
                log.warning("%s: could not be released: %s", self.id, trouble)
        self._acquired = False

    async def _command(self, name: str, wanted: Scalar, *, urgent: bool, islanded: bool) -> Reply:
        placed = self._layout.commands.get(name)
        if placed is None:
            return Reply(fate=Fate.REFUSED, detail=f"there is no command '{name}'")
        judged = prepare(placed.spec, wanted, self._reader.known(), islanded=islanded)
        if isinstance(judged, Refused):
            return Reply(fate=Fate.REFUSED, detail=judged.reason)
        turn = self._turns[name] = self._turns.get(name, 0) + 1
        if judged.value and not await self._waited(name, turn, placed.spec.min_interval_ms / 1000):
            return Reply(fate=Fate.UNVERIFIED, detail="a later command took its place")

        def still() -> bool:
            """Whether nothing has taken its place."""
            return self._turns[name] == turn

        failed = await self._acquire(urgent)
        failed = failed or await self._sender.command(placed, judged.value, urgent=urgent, still=still)
        if failed is not None and failed.fate is not Fate.UNREACHABLE:
            return failed
        self._sent_s[name] = asyncio.get_running_loop().time()
        if still():
            self._keeper.asked(name, placed, judged.value, still)
        if failed is not None or placed.spec.verify is None:
            return failed or Reply(fate=Fate.UNVERIFIED, detail=judged.note or "nothing reads it back")
        seen = await self._sender.watch(placed.spec.verify, judged.value, still)
        return Reply(fate=seen.fate, detail="; ".join(part for part in (judged.note, seen.detail) if part))

    async def _waited(self, name: str, turn: int, interval_s: float) -> bool:
        """Keep the device's own pause between commands; False if a later one came meanwhile."""
        wait_s = self._sent_s.get(name, float("-inf")) + interval_s - asyncio.get_running_loop().time()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        return self._turns[name] == turn

    async def _acquire(self, urgent: bool) -> Reply | None:
        if self._acquired or not self._layout.acquire:
            return None
        try:
            await self._sender.send(self._layout.acquire, urgent=urgent)
        except LinkError as trouble:
            fate = Fate.REFUSED if isinstance(trouble, Refusal) else Fate.UNREACHABLE
            return Reply(fate=fate, detail=f"control could not be taken: {trouble}")
        self._acquired = True
        return None

    async def _poll(self, name: str, every_s: float) -> None:
        loop = asyncio.get_running_loop()
        next_s = loop.time()
        while not self._disabled:
            await self._cycle(name)
            # What is polled seldom must not wait for its next turn once the device is there.
            pause_s = every_s if self._identified else min(every_s, IDENTIFY_PAUSE_S)
            next_s = max(next_s + pause_s, loop.time())
            await asyncio.sleep(next_s - loop.time())

    async def _cycle(self, name: str) -> None:
        try:
            if not await self._identify(Rank.POLL) or (
                self.islanded and self._product.classes[name].islanded == "skip"
            ):
                return
            await self._reader.poll(name)
            await self._look_again()
        except LinkError as trouble:
            self._failed(trouble)
        except DeviceMismatch as wrong:
            self._mistaken(wrong)
        else:
            self._answered()

    async def _identify(self, rank: Rank) -> bool:
        """Find out where everything is and whether this is the product the site file names.

        False if that has just failed and it is too early to poll again.

        Raises:
            LinkError: it does not answer.
            DeviceMismatch: it is another product.
        """
        async with self._identifying:
            loop = asyncio.get_running_loop()
            if self._identified or (rank is Rank.POLL and loop.time() < self._try_again_s):
                return self._identified
            self._try_again_s = loop.time() + IDENTIFY_PAUSE_S
            product = self._product
            layout = await product.find(lambda frame: self._queue.read(frame, product.manners, rank=rank))
            self._reader.lay_out(layout, max_gap=product.max_gap, max_read=product.max_read)
            for name, expected in product.identify.items():
                await self._compare(name, expected, rank)
            for name, kind in product.classes.items():
                if not kind.every_ms:
                    await self._reader.poll(name)
            self._layout, self._identified, self._acquired, self._mismatches = layout, True, False, 0
        if self._keeper.in_force and self.armed and await self._acquire(urgent=False) is None:
            await self._keeper.resend()
        return True

    async def _look_again(self) -> None:
        """Find everything anew if the device has just refused addresses that it had: its map may have moved.

        What is where it was stays as it is, with the refusals remembered.
        """
        product, now_s = self._product, asyncio.get_running_loop().time()
        if not (product.moves and self._reader.refused) or now_s < self._looked_s + LOOK_AGAIN_S:
            return
        self._reader.refused, self._looked_s = False, now_s
        layout = await product.find(lambda frame: self._queue.read(frame, product.manners, rank=Rank.POLL))
        if layout != self._layout:
            log.info("%s: its map has changed", self.id)
            self._identified = False

    async def _compare(self, name: str, expected: Expect, rank: Rank) -> None:
        reading = await self._reader.fetch(name, rank=rank)
        if reading is None or reading.value is None:
            raise Garbled(f"cannot be identified: {name.lstrip('_')}: {reading.reason if reading else 'not read'}")
        if not expected.met_by(reading.value):
            wanted = f"{name.lstrip('_')} that {expected}"
            raise DeviceMismatch(self.id, expected=wanted, found=repr(reading.value))

    def _mistaken(self, wrong: DeviceMismatch) -> None:
        self._mismatches += 1
        self._detail = str(wrong)
        if self._mismatches >= MISMATCHES:
            self._disabled = str(wrong)
            log.error("%s Disabled until hems is restarted.", wrong)

    def _failed(self, trouble: LinkError) -> None:
        self._failures += 1
        if isinstance(trouble, LinkDown) or self._failures >= LOST_AFTER:
            self._identified = False
        if self._lost_since_s is None:
            self._lost_since_s = self._clock.now().mono_s
            log.warning("%s: %s", self.id, trouble)
        self._detail = str(trouble)

    def _answered(self) -> None:
        self._failures = 0
        if self._lost_since_s is not None:
            log.info("%s: answers again after %.0f s", self.id, self._clock.now().mono_s - self._lost_since_s)
        self._lost_since_s, self._detail = None, ""

    def _is_armed(self) -> bool:
        return self.armed
