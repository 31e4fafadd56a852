"""One device on a link: identified before it is commanded, polled by class, kept or let go, its health known."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from drivers.modbus.commands import Commander
from drivers.modbus.early import opening
from drivers.modbus.errors import LinkError
from drivers.modbus.frame import ReadFrame
from drivers.modbus.identity import Identity
from drivers.modbus.job import Job, Rank
from drivers.modbus.layout import Layout
from drivers.modbus.opener import Opener
from drivers.modbus.poll import Reader
from drivers.modbus.polling import Polling
from drivers.modbus.presence import Presence
from drivers.modbus.product import Product
from drivers.modbus.queue import LinkQueue
from drivers.modbus.send import Sender
from drivers.profile.alarms import standing
from hems.model.command import Fate
from hems.model.errors import DeviceMismatch
from hems.model.snapshot import DeviceHealth
from hems.model.units import DeviceId
from hems.model.wiring import DeviceSpec
from hems.ports.device import Answer, DriverContext, Heard, Reply, Scalar

ATTEMPTS = 2
"""For a command that found its device's map out of date at the last moment."""

log = logging.getLogger(__name__)


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
        self._presence = Presence(spec.id, spec.link, context.clock)
        self._reader = Reader(
            spec.id,
            product.unit,
            queue,
            context,
            manners=product.manners,
            classes=product.classes,
            computed=product.computed,
            out_of_date=lambda: self._identity.is_out_of_date(),
            missed=self._presence.missed,
        )
        self._identity = Identity(spec.id, product, queue, self._reader, self._found)
        sender = Sender(product.unit, queue, product.manners, self._reader, self._may_be_written)
        self._commander = Commander(
            spec.id,
            sender,
            self._reader,
            product.keeping,
            ready=lambda: self._may_be_written() and self._identity.identified,
            there=lambda: self._identity.identified,
        )
        self._polling = Polling(spec.id, product, self._reader, self._identity, self._presence, self._rests)

    def health(self) -> DeviceHealth:
        """How it answers."""
        presence, disabled = self._presence, self._identity.disabled
        alarms = standing(self._product.alarms, self._reader.values.latest, self._clock.mono_s())
        return DeviceHealth(
            link=self._link,
            lost_since_s=presence.lost_since_s,
            detail=disabled or presence.detail,
            armed=self.armed,
            trusted=not disabled,
            bad_share=presence.bad_share,
            alarms=(*alarms, *presence.alarms),
        )

    async def run(self) -> None:
        """Identify, poll and keep until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._commander.run(), name=f"keep {self.id}")
            for name, kind in self._product.classes.items():
                if kind.every_ms:
                    tasks.create_task(self._polling.run(name, kind.every_ms / 1000), name=f"poll {self.id} {name}")

    def island(self, islanded: bool, *, makes_it: bool) -> None:
        """The building feeds itself, or no longer; `makes_it` if this is what feeds it."""
        self.islanded = islanded
        self._commander.spare(islanded and makes_it)

    def arm(self, armed: bool) -> None:
        """Allow or forbid writes; either way somebody looks after this device."""
        self.armed = armed
        self._identity.ask_again()

    async def write(
        self, command: str, value: Scalar, *, urgent: bool, islanded: bool, lease_s: float, presses: bool
    ) -> Reply:
        """Judge, send, verify."""
        if self._identity.disabled:
            return Reply(fate=Fate.REFUSED, detail=self._identity.disabled)
        if not self.armed:
            return Reply(fate=Fate.OBSERVING, detail="the device is not armed")
        for _ in range(ATTEMPTS):
            try:
                if not self._identity.is_settled:
                    self._commander.unsaid(command, value)
                    await self._identity.find_out(Rank.SHED if urgent else Rank.COMMAND)
            except LinkError as trouble:
                return Reply(fate=Fate.UNREACHABLE, detail=str(trouble))
            except DeviceMismatch as wrong:
                return Reply(fate=Fate.REFUSED, detail=wrong.told)
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
        if self._identity.disabled or not self.armed or not self._identity.is_settled:
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
        if self._identity.disabled or not kinds:
            return Heard(answer=Answer.LEFT_ALONE, detail=self._identity.disabled)
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
        why = await self._commander.release()
        if why or self._identity.identified or not self.armed:
            return why
        return self._identity.disabled or self._presence.detail or "it does not answer"

    async def _found(self, layout: Layout, was_disabled: bool) -> None:
        """It is known who it is, and where everything is."""
        if was_disabled:
            log.warning("%s is the right device now.", self.id)
            self._presence.detail = ""
        await self._commander.regained(layout)

    def _rests(self, name: str) -> bool:
        return self._gone(name) or self._commander.starving

    def _gone(self, name: str) -> bool:
        """Whether what this class reads is dead without the grid."""
        return self.islanded and self._product.classes[name].islanded == "skip"

    def _may_be_written(self) -> bool:
        """Asked right before each frame leaves: a register of yesterday's map may be anything today."""
        return self.armed and not self._identity.is_out_of_date()
