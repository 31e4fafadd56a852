"""One device on a link: identified before it is commanded, polled by class, kept or let go, its health known."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from drivers.modbus.commands import Commander
from drivers.modbus.early import opening
from drivers.modbus.errors import Garbled, LinkDown, LinkError
from drivers.modbus.force import Keeping
from drivers.modbus.frame import ReadFrame
from drivers.modbus.job import Job, Manners, Rank
from drivers.modbus.layout import Layout
from drivers.modbus.noise import Noise
from drivers.modbus.opener import Opener
from drivers.modbus.poll import Reader
from drivers.modbus.queue import LinkQueue
from drivers.modbus.rounds import Rest, Rounds
from drivers.modbus.send import Sender
from drivers.profile import derive
from drivers.profile.alarms import AlarmGroup, standing
from drivers.profile.schema import Expect, PollClass
from hems.model.command import Fate
from hems.model.contained import contained
from hems.model.errors import DeviceMismatch
from hems.model.snapshot import DeviceHealth
from hems.model.units import DeviceId
from hems.model.wiring import DeviceSpec
from hems.ports.device import Answer, DriverContext, Heard, Reply, Scalar

LOST_AFTER = 3
"""Requests in a row without an answer after which a device must identify itself again before it is commanded."""
IDENTIFY_PAUSE_S = 1.0
ATTEMPTS = 2
"""For a command that found its device's map out of date at the last moment."""
LOOK_AGAIN_S = 60.0
"""How often at most a device is asked whether its map has changed."""
MISMATCHES = 2
"""A wrong identity must be seen so often before the device is disabled: one may be a half-booted unit."""
SECOND_LOOK_S = 60.0
"""How often a disabled device is asked again who it is, besides after each reconnection and each arming."""

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
            out_of_date=self._out_of_date,
            missed=lambda: self._noise.heard(self._clock.mono_s(), well=False),
        )
        sender = Sender(product.unit, queue, product.manners, self._reader, self._may_be_written)
        self._commander = Commander(
            spec.id,
            sender,
            self._reader,
            product.keeping,
            ready=lambda: self._may_be_written() and self._identified,
            there=lambda: self._identified,
        )
        self._identified = False
        self._identifying = asyncio.Lock()
        self._hurry = Rank.POLL
        """How urgently somebody waits to know who it is."""
        self._try_again_s = float("-inf")
        self._mismatches = 0
        self._disabled = ""
        self._connection = 0
        """Which one it was last looked at on."""
        self._failures = 0
        self._noise = Noise()
        self._lost_since_s: float | None = None
        self._detail = ""
        self._looked_s = float("-inf")

    def health(self) -> DeviceHealth:
        """How it answers."""
        detail, now_s = self._disabled or self._detail, self._clock.mono_s()
        return DeviceHealth(
            link=self._link,
            lost_since_s=self._lost_since_s,
            detail=detail,
            armed=self.armed,
            trusted=not self._disabled,
            bad_share=self._noise.bad_share(now_s),
            alarms=(
                *standing(self._product.alarms, self._reader.latest, now_s),
                *self._noise.alarms(lost=self._lost_since_s is not None),
            ),
        )

    async def run(self) -> None:
        """Identify, poll and keep until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._commander.run(), name=f"keep {self.id}")
            for name, kind in self._product.classes.items():
                if kind.every_ms:
                    tasks.create_task(self._poll(name, kind.every_ms / 1000), name=f"poll {self.id} {name}")

    def island(self, islanded: bool, *, makes_it: bool) -> None:
        """The building feeds itself, or no longer; `makes_it` if this is what feeds it."""
        self.islanded = islanded
        self._commander.spare(islanded and makes_it)

    def arm(self, armed: bool) -> None:
        """Allow or forbid writes; either way somebody looks after this device, so that it is worth a second look."""
        self.armed = armed
        self._try_again_s = float("-inf")

    async def write(
        self, command: str, value: Scalar, *, urgent: bool, islanded: bool, lease_s: float, presses: bool
    ) -> Reply:
        """Judge, send, verify."""
        if self._disabled:
            return Reply(fate=Fate.REFUSED, detail=self._disabled)
        if not self.armed:
            return Reply(fate=Fate.OBSERVING, detail="the device is not armed")
        for _ in range(ATTEMPTS):
            try:
                if self._identifying.locked() or not self._is_known():
                    self._commander.unsaid(command, value)
                    await self._identify(Rank.SHED if urgent else Rank.COMMAND)
            except LinkError as trouble:
                return Reply(fate=Fate.UNREACHABLE, detail=str(trouble))
            except DeviceMismatch as wrong:
                return Reply(fate=Fate.REFUSED, detail=str(wrong))
            reply = await self._commander.write(
                command, value, urgent=urgent, islanded=islanded, lease_s=lease_s, presses=presses
            )
            if reply.fate is not Fate.OBSERVING or self._may_be_written():
                break
        return reply

    def opener(self, commands: Sequence[str]) -> Callable[[], None]:
        """What opens switches at once that are coils, while there is nothing to find out or to take control of first.

        What leaves so is asked for again by `write` in the next turn of the event loop, with all that belongs to it.
        """
        return Opener(self._queue, self._prompt, lambda: self._opening(commands))

    def _prompt(self) -> Layout | None:
        """Where everything is, unless a command would have to wait for something."""
        if self._disabled or not self.armed or self._identifying.locked() or not self._is_known():
            return None
        return self._commander.layout if self._commander.in_control else None

    def _opening(self, commands: Sequence[str]) -> Job | None:
        coils = self._commander.coils(commands)
        if not coils:
            return None
        return opening(self._product.unit, coils, self._product.manners, self._may_be_written)

    async def ask(self) -> Heard:
        """One question for a person: the first block of its profile, or who it is while that is not known."""
        kinds = [name for name, kind in self._product.classes.items() if kind.every_ms and not self._gone(name)]
        if self._disabled or not kinds:
            return Heard(answer=Answer.LEFT_ALONE, detail=self._disabled)
        if self._queue.busy or self._commander.starving:
            return Heard(answer=Answer.BUSY)
        try:
            if not await self._reader.ask(kinds):
                await self._product.find(self._asked_by_a_person)
        except (LinkError, DeviceMismatch) as trouble:
            return Heard(answer=Answer.NONE, detail=str(trouble))
        return Heard(answer=Answer.GOOD)

    async def _asked_by_a_person(self, frame: ReadFrame) -> tuple[int, ...]:
        return await self._queue.read(frame, self._product.manners, rank=Rank.PERSON)

    async def release(self) -> str:
        """Hand control back; why not, if that could not be done."""
        return await self._commander.release() or ("" if self._identified or not self.armed else self._untold())

    def _untold(self) -> str:
        return self._disabled or self._detail or "it does not answer"

    async def _poll(self, name: str, every_s: float) -> None:
        loop = asyncio.get_running_loop()
        rounds = Rounds(self._reader, name, every_s, usual=lambda: self._may_go_round(name), answered=self._answered)
        next_s, rest = loop.time(), None
        while True:
            well = await self._cycle(self._polled(name) if rest is None else self._went_on(rest))
            # What is polled seldom must not wait for its next turn once the device is there.
            pause_s = every_s if self._identified else min(every_s, IDENTIFY_PAUSE_S)
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
                self._mistaken(wrong)
            case fault:
                log.error("%s cannot be read.", self.id, exc_info=fault)
                self._failed(Garbled(f"its driver failed: {type(fault).__name__}"))
        return answered

    async def _polled(self, name: str) -> bool:
        """Whether it has been read; False if it is left alone for now."""
        if self._rests(name) or not (self._is_known() or await self._identify(Rank.POLL)):
            return False
        return await self._went_on(lambda: self._reader.poll(name))

    async def _went_on(self, reading: Rest) -> bool:
        await reading()
        if self._looks_moved():
            await self._look_again()
        return True

    def _may_go_round(self, name: str) -> bool:
        """Whether it is there, and there is nothing to do but to read it."""
        return not self._rests(name) and self._is_known() and not self._looks_moved()

    def _looks_moved(self) -> bool:
        return self._product.moves and self._reader.refused

    def _rests(self, name: str) -> bool:
        return self._gone(name) or self._commander.starving

    def _gone(self, name: str) -> bool:
        """Whether what this class reads is dead without the grid."""
        return self.islanded and self._product.classes[name].islanded == "skip"

    async def _identify(self, rank: Rank) -> bool:
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
            known = self._is_known()
            if known or (rank is Rank.POLL and not self._worth_a_look()):
                return known
            self._try_again_s = asyncio.get_running_loop().time() + IDENTIFY_PAUSE_S
            self._hurry = rank
            with self._reader.held_back():
                layout = await self._found()
            self._identified, self._mismatches = True, 0
            self._try_again_s = float("-inf")
            if self._disabled:
                log.warning("%s is the right device now.", self.id)
                self._disabled = self._detail = ""
        await self._commander.regained(layout)
        return True

    def _is_known(self) -> bool:
        """Whether it has said who it is, and nothing has happened since that makes it a question again."""
        return self._identified and not self._out_of_date()

    def _worth_a_look(self) -> bool:
        """Whether it is time to ask again who it is; a wrong one seldom, unless it may have been exchanged."""
        exchanged = bool(self._disabled) and self._queue.connections != self._connection
        return exchanged or asyncio.get_running_loop().time() >= self._try_again_s

    async def _found(self) -> Layout:
        product = self._product
        try:
            layout = await product.find(lambda frame: self._queue.read(frame, product.manners, rank=self._hurry))
            self._reader.lay_out(layout, max_gap=product.max_gap, max_read=product.max_read)
            for name, expected in product.identify.items():
                await self._compare(name, expected)
            for name, kind in product.classes.items():
                if not kind.every_ms:
                    await self._reader.poll(name, rank=self._hurry)
        finally:
            self._connection = self._queue.connections
        return layout

    def _out_of_date(self) -> bool:
        """Whether the device may have started afresh since its map was found: a new connection is the only sign."""
        return self._product.moves and self._queue.connections != self._connection

    async def _look_again(self) -> None:
        """Find everything anew if the device has just refused addresses that it had: its map may have moved.

        What is where it was stays as it is, with the refusals remembered.
        """
        product, now_s = self._product, asyncio.get_running_loop().time()
        if now_s < self._looked_s + LOOK_AGAIN_S:
            return
        self._reader.refused, self._looked_s = False, now_s
        layout = await product.find(lambda frame: self._queue.read(frame, product.manners, rank=Rank.POLL))
        if layout != self._commander.layout:
            log.info("%s: its map has changed", self.id)
            self._identified = False

    async def _compare(self, name: str, expected: Expect) -> None:
        reading = await self._reader.fetch(name, rank=self._hurry)
        if reading is None or reading.value is None:
            why = reading.reason if reading else "not read"
            told = f"does not tell {name.lstrip('_')} ({why}), so it may be another product"
            raise Garbled(f"{told}: check profile and address in the site file")
        if not expected.met_by(reading.value):
            wanted = f"{name.lstrip('_')} that {expected}"
            raise DeviceMismatch(self.id, expected=wanted, found=repr(reading.value), remedy=expected.remedy)

    def _mistaken(self, wrong: DeviceMismatch) -> None:
        self._mismatches += 1
        self._detail = str(wrong)
        if self._mismatches < MISMATCHES:
            return
        if not self._disabled:
            log.error("%s Disabled; looked at again after a reconnection, an arming, and once a minute.", wrong)
        self._disabled = str(wrong)
        self._try_again_s = asyncio.get_running_loop().time() + SECOND_LOOK_S

    def _failed(self, trouble: LinkError) -> None:
        self._failures += 1
        self._noise.heard(self._clock.mono_s(), well=False)
        if isinstance(trouble, LinkDown) or self._failures >= LOST_AFTER:
            self._identified = False
        if self._lost_since_s is None:
            self._lost_since_s = self._clock.mono_s()
            log.warning("%s at %s: %s", self.id, self._link, trouble)
        self._detail = str(trouble)

    def _answered(self) -> None:
        self._failures = 0
        heard_s = self._reader.heard_s
        self._noise.heard(self._clock.mono_s() if heard_s is None else heard_s, well=True)
        if self._lost_since_s is not None:
            log.info("%s: answers again after %.0f s", self.id, self._clock.mono_s() - self._lost_since_s)
        self._lost_since_s, self._detail = None, ""

    def _may_be_written(self) -> bool:
        """Asked right before each frame leaves: a register of yesterday's map may be anything today."""
        return self.armed and not self._out_of_date()
