"""Sending steps and watching what they do: from a judged value to registers, and back from the device's own word."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from drivers.modbus.codec import encode
from drivers.modbus.errors import Forbidden, LinkError, Refusal, RefusedTogether, Superseded
from drivers.modbus.frame import ReadFrame, Space, WriteFrame
from drivers.modbus.job import Manners, Rank
from drivers.modbus.layout import PlacedCommand, PlacedStep, Register
from drivers.modbus.poll import Reader
from drivers.modbus.queue import LinkQueue
from drivers.profile.command import Verify
from drivers.profile.expression import UnknownValueError, evaluate
from drivers.profile.when import applies
from hems.model.command import Fate
from hems.ports.device import Reply

FIRST_LOOK_S = 0.02
LAST_LOOK_S = 0.5
"""Pauses between looks at the read-back grow from the first to the last."""


Still = Callable[[], bool]
"""Whether what is being sent is still wanted."""


def always() -> bool:
    """For what nothing takes the place of."""
    return True


class Sender:
    """Writes to one device; `allowed` is asked by the queue right before each frame leaves."""

    def __init__(
        self, unit: int, queue: LinkQueue, manners: Manners, reader: Reader, allowed: Callable[[], bool]
    ) -> None:
        self._unit = unit
        self._queue = queue
        self._manners = manners
        self._reader = reader
        self._allowed = allowed

    async def send(
        self,
        steps: Iterable[PlacedStep],
        *,
        urgent: bool,
        value: float = 0.0,
        negate: bool = False,
        still: Still = always,
    ) -> None:
        """Write `steps` in order, for as long as they are `still` wanted.

        Raises:
            Superseded: they are no longer; later steps were not sent.
            LinkError: a step did not arrive or was refused; later ones were not sent.
            UnknownValueError: a step needs a point that is not known.
            ValueError: a value does not fit its register.
        """
        for step in steps:
            if not applies(step.when, value):
                continue
            try:
                await self._write(step, 0.0 - value if negate else value, urgent, still)
            except Refusal as refusal:
                if not (step.optional or refusal.is_yes):
                    raise
            if step.wait_s:
                await asyncio.sleep(step.wait_s)

    def numbers(self, placed: PlacedCommand, value: float) -> tuple[float, ...] | None:
        """What the steps of a command would write now, where that can change; None also while it is not known."""
        if not placed.needs_points:
            return None
        known = self._reader.values.known()
        known["value"] = 0.0 - value if placed.spec.negate else value
        try:
            steps = placed.steps_now(known) or ()
            return tuple(evaluate(step.to, known) for step in steps if applies(step.when, value))
        except UnknownValueError:
            return None

    async def command(self, placed: PlacedCommand, value: float, *, urgent: bool, still: Still) -> Reply | None:
        """Send one command; None if it has arrived, else why not."""
        steps = placed.steps_now(self._reader.values.known() if placed.needs_points else {})
        if steps is None:
            needed = " or ".join(str(needs) for needs, _ in placed.ways)
            return Reply(fate=Fate.REFUSED, detail=f"no way to do it is open: needs {needed}")
        try:
            await self.send(steps, value=value, negate=placed.spec.negate, urgent=urgent, still=still)
        except Superseded:
            return Reply(fate=Fate.UNVERIFIED, detail="a later command took its place")
        except Forbidden:
            return Reply(fate=Fate.OBSERVING, detail="the device is not armed")
        except Refusal as refusal:
            return Reply(fate=Fate.REFUSED if refusal.is_final else Fate.UNREACHABLE, detail=str(refusal))
        except LinkError as trouble:
            return Reply(fate=Fate.UNREACHABLE, detail=str(trouble))
        except (UnknownValueError, ValueError) as unfit:
            return Reply(fate=Fate.REFUSED, detail=str(unfit))
        return None

    def opening(self, coil: int) -> Awaitable[None] | None:
        """What ends when a coil that is being opened early has been answered for; None if it is not being opened."""
        return self._queue.opening(self._unit, coil)

    async def watch(self, verify: Verify, value: float | bool, still: Still) -> Reply:
        """Read back until the device shows `value`, its time is over, or the command is no longer wanted."""
        loop = asyncio.get_running_loop()
        until_s, pause_s = loop.time() + verify.after_ms / 1000, FIRST_LOOK_S
        shown: object = None
        while True:
            try:
                reading = await self._reader.fetch(verify.read)
            except LinkError as trouble:
                shown = trouble
            else:
                shown = reading.value if reading is not None else None
                if reading is not None and verify.satisfied(reading.value, value):
                    return Reply(fate=Fate.CONFIRMED)
            if not still():
                return Reply(fate=Fate.UNVERIFIED, detail="a later command took its place")
            if loop.time() >= until_s:
                told = f"asked for {_words(value)}, {verify.read.lstrip('_')} shows {_words(shown)}"
                return Reply(fate=Fate.UNVERIFIED, detail=told)
            await asyncio.sleep(min(pause_s, max(0.0, until_s - loop.time())))
            pause_s = min(LAST_LOOK_S, pause_s * 2)

    async def _write(self, step: PlacedStep, value: float, urgent: bool, still: Still) -> None:
        if not still():
            raise Superseded("a later command took its place")
        number = evaluate(step.to, {**(self._reader.values.known() if step.needs_points else {}), "value": value})
        place = step.register
        if place.space is Space.COIL and not step.single:
            try:
                await self._queue.write_coil(
                    self._unit, place.address, bool(number), self._manners, allowed=self._allowed, urgent=urgent
                )
                return
            except RefusedTogether as refusal:  # a relay that is not there must not keep the others from opening
                if refusal.is_yes:
                    return
        words = encode(place.coding, number / 10.0 ** await self._exponent(step, urgent))
        if step.persistent and self._allowed() and await self._stands(place, words, urgent):
            return
        frame = WriteFrame(
            self._unit, place.space, place.address, words, single=step.single or place.space is Space.COIL
        )
        try:
            await self._queue.write(frame, self._manners, allowed=lambda: still() and self._allowed(), urgent=urgent)
        except Forbidden:
            if not still():
                raise Superseded("a later command took its place") from None
            raise

    async def _stands(self, place: Register, words: tuple[int, ...], urgent: bool) -> bool:
        """Whether a setting is so already; False also where it can be written and not read."""
        look = ReadFrame(self._unit, place.space, place.address, len(words))
        try:
            return await self._queue.read(look, self._manners, rank=_rank(urgent)) == words
        except Refusal as refusal:
            if refusal.from_gateway:
                raise
            return False

    async def _exponent(self, step: PlacedStep, urgent: bool) -> int:
        """The power of ten of what a step writes; asked for now if no poll has brought it yet."""
        if step.exponent_from is None:
            return 0
        try:
            return self._reader.values.exponent(step.exponent_from)
        except UnknownValueError:
            await self._reader.fetch(step.exponent_from, rank=_rank(urgent))
        return self._reader.values.exponent(step.exponent_from)


def _rank(urgent: bool) -> Rank:
    return Rank.SHED if urgent else Rank.COMMAND


def _words(value: object) -> str:
    """As people say it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
