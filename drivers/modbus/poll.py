"""Reading one device: batches, their answers as readings, and what follows from an exception."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeGuard

from drivers.modbus.batches import Batch, plan
from drivers.modbus.codec import BadReading, Raw
from drivers.modbus.errors import LinkDown, LinkError, Refusal
from drivers.modbus.gaps import Gaps, Round
from drivers.modbus.hearing import Heard, Words
from drivers.modbus.job import Manners, Rank
from drivers.modbus.layout import Layout, PlacedPoint
from drivers.modbus.queue import LinkQueue
from drivers.profile import derive, point
from drivers.profile.expression import UnknownValueError
from drivers.profile.memory import Memory
from drivers.profile.schema import PollClass
from hems.model.reading import Reading
from hems.model.units import DeviceId
from hems.ports.device import DriverContext


class Reader:
    """The points of one device, read in batches and delivered as they arrive.

    A batch that the device refuses because of its addresses is split and stays split; what is left alone and refused is
    a point that this unit does not have.
    """

    def __init__(
        self,
        device: DeviceId,
        unit: int,
        queue: LinkQueue,
        context: DriverContext,
        *,
        manners: Manners,
        classes: Mapping[str, PollClass],
        computed: Mapping[str, derive.Expression],
        out_of_date: Callable[[], bool],
        missed: Callable[[], None] = lambda: None,
    ) -> None:
        """`missed` is called for each request that fails in a round that others do not."""
        self.latest: dict[str, Reading[Any]] = {}
        """Every point, private ones too."""
        self.heard_s: float | None = None
        """When values came last."""
        self.refused = False
        """Whether the device has refused an address since somebody last set this to False."""
        self._device = device
        self._unit = unit
        self._queue = queue
        self._context = context
        self._manners = manners
        self._classes = classes
        self._computed = computed
        self._out_of_date = out_of_date
        self._missed = missed
        self._raw: dict[str, Raw | BadReading] = {}
        """What was last read for each power of ten."""
        self._held: dict[str, Reading[Any]] | None = None
        """Readings of a device that has not identified itself yet."""
        self._batches: dict[str, list[Batch]] = {}
        self._gaps = Gaps()
        self._memory = Memory()
        self._scales: Collection[str] = ()
        self._stale_s = {name: kind.stale_after_s for name, kind in classes.items()}
        self._slack_s = {name: kind.every_ms / 1000 * 0.5 for name, kind in classes.items()}
        """How long a poll of a class may give way to others."""

    def lay_out(self, layout: Layout, *, max_gap: int, max_read: int) -> None:
        """Plan the requests of each poll class afresh, and say which points this unit lacks."""
        # Another firmware may come back with other powers of ten: what was known of them is not known any more.
        self._raw.clear()
        self._gaps.clear()
        self._scales = layout.exponents
        for name in self._classes:
            places = [place for place in layout.points.values() if place.poll == name]
            batches = plan(
                self._unit,
                places,
                max_gap=max_gap,
                max_read=max_read,
                barriers=layout.barriers,
                reading=self._reads,
            )
            # Powers of ten before what they scale, so that the first value is already right.
            batches.sort(key=lambda batch: not any(place.name in self._scales for place in batch.points))
            self._batches[name] = batches
        self._deliver({name: point.absent("this unit does not have it") for name in layout.absent})
        self._compute(set(layout.absent))

    def known(self) -> dict[str, Any]:
        """Points that may be decided on now, by name."""
        now_s = self._now_s()
        values = {name: reading.known(now_s) for name, reading in self.latest.items()}
        return {name: value for name, value in values.items() if value is not None}

    def exponent(self, name: str) -> int:
        """The power of ten that the device keeps in a register of its own.

        Raises:
            UnknownValueError: it has not said.
        """
        found = self._raw.get(name)
        if not _is_exponent(found):
            raise UnknownValueError(f"its scale factor {name.lstrip('_').split()[0]}")
        return found

    async def poll(self, name: str, *, rank: Rank = Rank.POLL) -> None:
        """Read one poll class.

        Raises:
            LinkError: the device did not answer; what was read before is delivered.
        """
        await self._read_all(name, self.batches(name), rank, Round())

    def batches(self, name: str) -> Sequence[Batch]:
        """The requests that read one poll class now, in order."""
        if not self._gaps:
            return tuple(self._batches[name])
        return tuple(batch for batch in self._batches[name] if not self._gaps.rests(batch.frame))

    def ask_soon(self, kind: str, batch: Batch, heard: Heard) -> None:
        """Have a batch read as a poll; `heard` is told what came of it, and whether to take that is up to it."""
        self._queue.poll(batch.frame, self._manners, slack_s=self._slack_s[kind], heard=heard)

    async def rest(self, kind: str, batch: Batch, trouble: LinkError, left: Iterable[Batch]) -> None:
        """What follows from an answer to a batch that was none, and then the rest of its poll class.

        Raises:
            LinkError: the device did not answer; what was read before is delivered.
        """
        met = Round(heard=batch not in self.batches(kind)[:1])
        try:
            await self._split_if(trouble, kind, batch, Rank.POLL, self._slack_s[kind])
            met.heard = True
        except LinkError as still:
            self._meet(still, kind, batch, met)
        await self._read_all(kind, left, Rank.POLL, met)

    async def fetch(self, wanted: str, *, rank: Rank = Rank.COMMAND) -> Reading[Any] | None:
        """Read one point now, with whatever shares its request, and deliver it all.

        For a computed point, everything it is computed from.

        Raises:
            LinkError: the device did not answer.
        """
        names = derive.sources(wanted, self._computed)
        for kind, batches in self._batches.items():
            for batch in tuple(batches):
                if any(place.name in names for place in batch.points):
                    await self._read(kind, batch, rank, 0.0)
        return self.latest.get(wanted)

    async def ask(self, kinds: Collection[str]) -> bool:
        """Put the first request of these poll classes to the device, for a person; nothing is delivered.

        False when nothing is laid out yet.

        Raises:
            LinkError: it did not answer.
        """
        frame = next((batch.frame for kind in kinds for batch in self._batches.get(kind, ())), None)
        if frame is None:
            return False
        try:
            await self._queue.read(frame, self._manners, rank=Rank.PERSON)
        except Refusal as refusal:
            if refusal.from_gateway:
                raise
        return True

    async def _read_all(self, kind: str, batches: Iterable[Batch], rank: Rank, met: Round) -> None:
        """The rest of a round; what it lacks in the end while other requests were answered is left out."""
        for batch in batches:
            try:
                await self._read(kind, batch, rank, self._slack_s[kind])
                met.heard = True
            except LinkError as trouble:
                self._meet(trouble, kind, batch, met)
        if met.failed and not met.heard:
            raise met.failed[-1][1]
        for batch, why in met.failed:
            self._missed()
            if self._gaps.missed(batch.frame, why):
                self._lack(kind, batch, why)

    def _meet(self, trouble: LinkError, kind: str, batch: Batch, met: Round) -> None:
        """Go on with the round if that is worth anything.

        Raises:
            LinkError: it is not; if this request is the reason, the next round begins with another one.
        """
        if not met.may_go_on(trouble):
            if not isinstance(trouble, LinkDown) and batch in self._batches[kind]:
                self._batches[kind].remove(batch)
                self._batches[kind].append(batch)
            raise trouble
        met.failed.append((batch, trouble))

    async def _read(self, kind: str, batch: Batch, rank: Rank, slack_s: float) -> None:
        try:
            answer = await self._queue.read(batch.frame, self._manners, rank=rank, slack_s=slack_s)
        except LinkError as trouble:
            await self._split_if(trouble, kind, batch, rank, slack_s)
        else:
            self.take(kind, batch, answer)

    async def _split_if(self, trouble: LinkError, kind: str, batch: Batch, rank: Rank, slack_s: float) -> None:
        """Ask for less if it was the addresses that the device did not like.

        Raises:
            LinkError: it was something else.
        """
        if not (isinstance(trouble, Refusal) and trouble.about_addresses):
            raise trouble
        self._still_there()
        self.refused = True
        await self._split(kind, batch, trouble, rank, slack_s)

    def _still_there(self) -> None:
        """Believe nothing that came from places found before the device may have started afresh.

        Raises:
            LinkDown: it may have; places are being found anew while values are held back, and are then right.
        """
        if self._held is None and self._out_of_date():
            raise LinkDown("the connection is a new one; where everything is will be looked up again")

    async def _split(self, kind: str, batch: Batch, refusal: Refusal, rank: Rank, slack_s: float) -> None:
        halves = batch.halves()
        if batch in self._batches[kind]:
            place = self._batches[kind].index(batch)
            optional = all(point.spec.optional for point in batch.points)
            if halves or optional:
                self._batches[kind][place : place + 1] = halves
        for half in halves:
            await self._read(kind, half, rank, slack_s)
        if not halves:
            self._lack(kind, batch, refusal)

    def _lack(self, kind: str, batch: Batch, trouble: LinkError) -> None:
        now_s, stale_s = self._now_s(), self._stale_s[kind]
        why = point.Decoded(None, str(trouble))
        found = {
            place.name: point.absent("this unit does not have it")
            if place.spec.optional
            else self._remembered(place, why, now_s, stale_s)
            for place in batch.points
        }
        self._deliver(found)
        self._compute(set(found))

    def take(self, kind: str, batch: Batch, answer: Words) -> None:
        """Deliver what a batch has brought.

        Raises:
            LinkDown: it may be from another map than the batch was planned by.
        """
        self._still_there()
        now_s, stale_s = self._now_s(), self._stale_s[kind]
        self.heard_s = now_s
        if self._gaps:
            self._gaps.answered(batch.frame)
        said = batch.values(answer)
        if self._scales:
            self._keep_scales(batch, said)
        found = {name: reading(raw, now_s, stale_s) for (name, reading), raw in zip(batch.reads, said, strict=True)}
        self._deliver(found, private=batch.private)
        if self._computed:
            self._compute(set(found))

    def _keep_scales(self, batch: Batch, said: Sequence[Raw | BadReading]) -> None:
        """A power of ten that the device keeps to itself while it sleeps is still what it was, and never 0."""
        for place, raw in zip(batch.points, said, strict=True):
            if place.name in self._scales and (_is_exponent(raw) or not _is_exponent(self._raw.get(place.name))):
                self._raw[place.name] = raw

    def _reads(self, place: PlacedPoint) -> point.Reads:
        looked_at = partial(self._looked_at, place)
        remembers = place.spec.monotonic or place.spec.hold_s is not None
        if remembers or place.exponent_from is not None or place.name in self._scales:
            return looked_at
        return point.reads(place.spec, looked_at, bits=place.register.coding.bits)

    def _looked_at(self, place: PlacedPoint, raw: Raw | BadReading, now_s: float, stale_s: float) -> Reading[Any]:
        return self._remembered(place, self._decoded(place, self._raw.get(place.name, raw)), now_s, stale_s)

    def _decoded(self, place: PlacedPoint, raw: Raw | BadReading) -> point.Decoded:
        if isinstance(raw, BadReading):
            return point.Decoded(None, str(raw))
        try:
            exponent = 0 if place.exponent_from is None else self.exponent(place.exponent_from)
        except UnknownValueError as unknown:
            return point.Decoded(None, str(unknown))
        return point.decode(place.spec, raw, bits=place.register.coding.bits, exponent=exponent)

    def _remembered(self, place: PlacedPoint, decoded: point.Decoded, now_s: float, stale_s: float) -> Reading[Any]:
        return self._memory.reading(place.name, place.spec, decoded, taken_s=now_s, stale_after_s=stale_s)

    def _compute(self, changed: set[str]) -> None:
        for name, node in self._computed.items():
            if changed & derive.operands(node):
                changed.add(name)
                self._deliver({name: derive.derived(node, self.latest)})

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """Deliver nothing until it is known whose values these are; after an error they are nobody's."""
        self._held, known = {}, False
        try:
            yield
            known = True
        finally:
            held, self._held = self._held, None
            if known:
                self._deliver(held)
            else:
                for name in held:
                    self.latest.pop(name, None)

    def _deliver(self, found: Mapping[str, Reading[Any]], *, private: bool = True) -> None:
        self.latest.update(found)
        if self._held is not None:
            self._held.update(found)
            return
        public = {name: reading for name, reading in found.items() if name[0] != "_"} if private else found
        self._context.sink(self._device, public)

    def _now_s(self) -> float:
        return self._context.clock.mono_s()


def _is_exponent(raw: object) -> TypeGuard[int]:
    return isinstance(raw, int) and -10 <= raw <= 10
