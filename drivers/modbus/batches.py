"""Points gathered into as few read requests as the device allows."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from drivers.modbus.codec import BadReading, Raw, decoder
from drivers.modbus.frame import ReadFrame, Space
from drivers.modbus.layout import PlacedPoint

MAX_BITS = 2000


@dataclass(frozen=True, slots=True)
class Batch:
    """One request and the points that its answer holds."""

    frame: ReadFrame
    points: tuple[PlacedPoint, ...]
    values: Callable[[Sequence[int]], Sequence[Raw | BadReading]] = field(compare=False, repr=False)
    """What an answer says for each point."""

    def halves(self) -> "tuple[Batch, ...]":
        """Two smaller requests for the same points, or none for a single point."""
        places = sorted({point.register.address for point in self.points})
        if len(places) < 2:
            return ()
        middle = places[len(places) // 2]
        low = [point for point in self.points if point.register.address < middle]
        high = [point for point in self.points if point.register.address >= middle]
        return (_batch(self.frame.unit, low), _batch(self.frame.unit, high))


def plan(
    unit: int, points: Iterable[PlacedPoint], *, max_gap: int, max_read: int, barriers: Collection[int] = ()
) -> list[Batch]:
    """Requests for all `points` of one unit and poll class.

    `max_gap` registers that nobody wants may be read through, `max_read` registers asked at once, and no request
    crosses a barrier address.
    """
    batches: list[Batch] = []
    for space in Space:
        wanted = sorted((point for point in points if point.register.space is space), key=_place)
        limit = MAX_BITS if space.of_bits else max_read
        batches += [_batch(unit, group) for group in _groups(wanted, max_gap, limit, barriers)]
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


def _batch(unit: int, points: Sequence[PlacedPoint]) -> Batch:
    start = min(point.register.address for point in points)
    count = max(point.register.end for point in points) - start
    places = [(point.register.address - start, point.register.coding) for point in points]
    return Batch(ReadFrame(unit, points[0].register.space, start, count), tuple(points), decoder(places, count))


def _place(point: PlacedPoint) -> tuple[int, int]:
    return point.register.address, point.register.end
