"""Reading one device: what is asked in which requests, and what follows from an exception."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from drivers.modbus.batches import Batch, plan
from drivers.modbus.errors import LinkDown, LinkError, Refusal
from drivers.modbus.gaps import Gaps, Round
from drivers.modbus.hearing import Heard, Words
from drivers.modbus.job import Manners, Rank
from drivers.modbus.layout import Layout
from drivers.modbus.queue import LinkQueue
from drivers.modbus.values import Values
from drivers.profile import derive
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
        self.values = Values(device, context, computed)
        self.refused = False
        """Whether the device has refused an address since somebody last set this to False."""
        self._unit = unit
        self._queue = queue
        self._manners = manners
        self._classes = classes
        self._computed = computed
        self._out_of_date = out_of_date
        self._missed = missed
        self._batches: dict[str, list[Batch]] = {}
        self._gaps = Gaps()
        self._stale_s = {name: kind.stale_after_s for name, kind in classes.items()}
        self._slack_s = {name: kind.every_ms / 1000 * 0.5 for name, kind in classes.items()}
        """How long a poll of a class may give way to others."""

    def lay_out(self, layout: Layout, *, max_gap: int, max_read: int) -> None:
        """Plan the requests of each poll class afresh, and say which points this unit lacks."""
        self._gaps.clear()
        self.values.lay_out(layout)
        for name in self._classes:
            places = [place for place in layout.points.values() if place.poll == name]
            batches = plan(
                self._unit,
                places,
                max_gap=max_gap,
                max_read=max_read,
                barriers=layout.barriers,
                reading=self.values.reads,
            )
            # Powers of ten before what they scale, so that the first value is already right.
            batches.sort(key=lambda batch: not any(self.values.is_exponent(place.name) for place in batch.points))
            self._batches[name] = batches

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
        return self.values.latest.get(wanted)

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
                self.values.lack(batch.points, str(why), self._stale_s[kind])

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
        if not self.values.are_held_back and self._out_of_date():
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
            self.values.lack(batch.points, str(refusal), self._stale_s[kind])

    def take(self, kind: str, batch: Batch, answer: Words) -> None:
        """Deliver what a batch has brought.

        Raises:
            LinkDown: it may be from another map than the batch was planned by.
        """
        self._still_there()
        if self._gaps:
            self._gaps.answered(batch.frame)
        self.values.take(batch, answer, self._stale_s[kind])
