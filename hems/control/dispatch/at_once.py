"""What cars would do without hems: each charges at once what its driver wants, and gives nothing.

Nobody can know what such a building would have drawn, but for cars that is plain: a charger left alone begins when the
car comes, and ends when the car has what it wants.
"""

from collections.abc import Mapping

from hems.control.dispatch.departure import missing_wh, plugged
from hems.control.dispatch.memory import CarsMemory
from hems.control.given import Given
from hems.control.state import ControlState
from hems.model.units import SourceId


def left_wh(given: Given, state: ControlState, memory: CarsMemory) -> dict[SourceId, float]:
    """What each car that is here would still have to be given; one that has just come, all that it wants."""
    return {
        bay.id: memory.left_wh[bay.id]
        if bay.id in memory.left_wh
        else missing_wh(bay, state, given.snapshot, given.now_s)
        for bay in given.site.bays
        if plugged(bay, state)
    }


def powers_w(given: Given, left: Mapping[SourceId, float], hours: float) -> dict[SourceId, float]:
    """What each would draw meanwhile, at the socket."""
    return {bay.id: min(bay.charge_max_w, left[bay.id] / hours) for bay in given.site.bays if bay.id in left}


def after(
    memory: CarsMemory,
    left: Mapping[SourceId, float],
    powers: Mapping[SourceId, float],
    given_w: float,
    cars_w: float,
    hours: float,
) -> CarsMemory:
    """With what they would have drawn in so many hours, and what they really gave in all (`cars_w`)."""
    return CarsMemory(
        left_wh={bay: max(0.0, wh - powers[bay] * hours) for bay, wh in left.items()},
        given_wh=memory.given_wh + given_w * hours,
        more_wh=memory.more_wh - (cars_w + sum(powers.values())) * hours,
    )
