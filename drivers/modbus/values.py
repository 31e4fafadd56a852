"""What one device has told: registers as readings, delivered once it is known whose they are."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeGuard

from drivers.modbus.batches import Batch
from drivers.modbus.codec import BadReading, Raw
from drivers.modbus.hearing import Words
from drivers.modbus.layout import Layout, PlacedPoint
from drivers.profile import derive, point
from drivers.profile.expression import UnknownValueError
from drivers.profile.memory import Memory
from hems.model.reading import Reading
from hems.model.units import DeviceId
from hems.ports.device import DriverContext

LACKING = "this unit does not have it"


class Values:
    """The points of one device."""

    def __init__(self, device: DeviceId, context: DriverContext, computed: Mapping[str, derive.Expression]) -> None:
        self.latest: dict[str, Reading[Any]] = {}
        """Every point, private ones too."""
        self.heard_s: float | None = None
        """When values came last."""
        self._device = device
        self._context = context
        self._computed = computed
        self._raw: dict[str, Raw | BadReading] = {}
        """What was last read for each power of ten."""
        self._held: dict[str, Reading[Any]] | None = None
        """Readings of a device that has not identified itself yet."""
        self._memory = Memory()
        self._scales: Collection[str] = ()

    @property
    def are_held_back(self) -> bool:
        """Whether it is not known yet whose they are."""
        return self._held is not None

    def lay_out(self, layout: Layout) -> None:
        """Begin with another map: say which points this unit lacks.

        Another firmware may come back with other powers of ten: what was known of them is not known any more.
        """
        self._raw.clear()
        self._scales = layout.exponents
        self._deliver({name: point.absent(LACKING) for name in layout.absent})
        self._compute(set(layout.absent))

    def is_exponent(self, name: str) -> bool:
        """Whether a point is the power of ten of others."""
        return name in self._scales

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

    def take(self, batch: Batch, answer: Words, stale_s: float) -> None:
        """Deliver what a batch has brought."""
        now_s = self.heard_s = self._now_s()
        said = batch.values(answer)
        if self._scales:
            self._keep_scales(batch, said)
        found = {name: reading(raw, now_s, stale_s) for (name, reading), raw in zip(batch.reads, said, strict=True)}
        self._deliver(found, private=batch.private)
        if self._computed:
            self._compute(set(found))

    def lack(self, points: Iterable[PlacedPoint], why: str, stale_s: float) -> None:
        """Deliver that these have no value: missing where that is usual, wrong elsewhere."""
        now_s, none = self._now_s(), point.Decoded(None, why)
        found = {
            place.name: point.absent(LACKING) if place.spec.optional else self._remembered(place, none, now_s, stale_s)
            for place in points
        }
        self._deliver(found)
        self._compute(set(found))

    def reads(self, place: PlacedPoint) -> point.Reads:
        """What makes a reading of a raw value of this point."""
        looked_at = partial(self._looked_at, place)
        remembers = place.spec.monotonic or place.spec.hold_s is not None
        if remembers or place.exponent_from is not None or place.name in self._scales:
            return looked_at
        return point.reads(place.spec, looked_at, bits=place.register.coding.bits)

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

    def _keep_scales(self, batch: Batch, said: Sequence[Raw | BadReading]) -> None:
        """A power of ten that the device keeps to itself while it sleeps is still what it was, and never 0."""
        for place, raw in zip(batch.points, said, strict=True):
            if place.name in self._scales and (_is_exponent(raw) or not _is_exponent(self._raw.get(place.name))):
                self._raw[place.name] = raw

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
