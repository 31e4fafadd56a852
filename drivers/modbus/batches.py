"""Points gathered into as few read requests as the device allows."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from drivers.modbus.codec import BadReading, Raw, decoder, straight
from drivers.modbus.frame import ReadFrame, Space
from drivers.modbus.layout import PlacedPoint
from drivers.profile.point import Reads

MAX_BITS = 2000

Readings = Callable[[PlacedPoint], Reads]
"""How readings of a point are made."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One request and the points that its answer holds."""

    frame: ReadFrame
    points: tuple[PlacedPoint, ...]
    values: Callable[[Sequence[int]], Sequence[Raw | BadReading]] = field(compare=False, repr=False)
    """What an answer says for each point."""
    reads: tuple[tuple[str, Reads], ...] = field(compare=False, repr=False)
    """For each point, its name and what makes a reading of its value, where that was asked for."""
    private: bool = field(compare=False, repr=False)
    """Whether any of them serves its profile only."""
    reading: Readings | None = field(compare=False, repr=False)

    def halves(self) -> "tuple[Batch, ...]":
        """Two smaller requests for the same points, or none for a single point."""
        places = sorted({point.register.address for point in self.points})
        if len(places) < 2:
            return ()
        middle = places[len(places) // 2]
        low = [point for point in self.points if point.register.address < middle]
        high = [point for point in self.points if point.register.address >= middle]
        return (_batch(self.frame.unit, low, self.reading), _batch(self.frame.unit, high, self.reading))


def plan(
    unit: int,
    points: Iterable[PlacedPoint],
    *,
    max_gap: int,
    max_read: int,
    barriers: Collection[int] = (),
    reading: Readings | None = None,
) -> list[Batch]:
    """Requests for all `points` of one unit and poll class.

    `max_gap` registers that nobody wants may be read through, `max_read` registers asked at once, and no request
    crosses a barrier address.  `reading` says how readings of a point are made, where any are.
    """
    batches: list[Batch] = []
    for space in Space:
        wanted = sorted((point for point in points if point.register.space is space), key=_place)
        limit = MAX_BITS if space.of_bits else max_read
        batches += [_batch(unit, group, reading) for group in _groups(wanted, max_gap, limit, barriers)]
    return batches


def _groups(
    wanted: Sequence[PlacedPoint], max_gap: int, limit: int, barriers: Collection[int]
) -> Iterator[list[PlacedPoint]]:
    group: list[PlacedPoint] = []
    end = 0
    for point in wanted:
        start, new_end = point.register.address, max(end, point.register.end)
        fits = (
            group
            and start - end <= max_gap
            and new_end - group[0].register.address <= limit
            and not any(group[0].register.address < barrier <= start for barrier in barriers)
        )
        if group and not fits:
            yield group
            group, new_end = [], point.register.end
        group.append(point)
        end = new_end
    if group:
        yield group


def _batch(unit: int, points: Sequence[PlacedPoint], reading: Readings | None) -> Batch:
    start = min(point.register.address for point in points)
    count = max(point.register.end for point in points) - start
    places = [(point.register.address - start, point.register.coding) for point in points]
    space = points[0].register.space
    layout = "" if space.of_bits else straight(places, count)
    return Batch(
        frame=ReadFrame(unit, space, start, count, layout),
        points=tuple(points),
        values=_as_they_are if layout else decoder(places),
        reads=tuple((point.name, reading(point)) for point in points) if reading else (),
        private=any(point.private for point in points),
        reading=reading,
    )


def _as_they_are(values: Sequence[Raw]) -> Sequence[Raw]:
    return values


def _place(point: PlacedPoint) -> tuple[int, int]:
    return point.register.address, point.register.end
