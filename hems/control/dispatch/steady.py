"""What flows, of looks that belong together: meters are not read at one instant, nor at that of a command.

While the meter at the grid shows what was before a battery moved, and the battery's own what came after, circuits seem
to draw more or less by all that the battery moved: it would hunt around its aim for ever.  So what the grid would carry
without batteries is taken only from readings that can both show the last command; and circuits count with no more than
what is left when every car draws what it was told, or drew a moment ago.
"""

from hems.control.dispatch.flows import Flows, flows
from hems.control.dispatch.memory import ConnectionMemory, Drawn, Steady
from hems.control.energy import NO_CAR
from hems.control.given import Given
from hems.control.state import ControlState
from hems.control.stored import NO_BATTERY
from hems.model import wiring
from hems.model.copies import replace
from hems.model.site import Bay, Site
from hems.model.snapshot import Snapshot

SHOWS_S = 0.9
"""So soon after a command to a battery a reading may show it; meters are read each second."""
CARS_SHOW_S = 3.0
"""So long what a car drew before may still be in what the meter at the grid shows."""


def settled(site: Site, state: ControlState, snapshot: Snapshot) -> bool:
    """Whether the grid's reading and every battery's own were taken after the last command to it could show."""
    for one in site.batteries:
        entry = state.sent.get(wiring.battery_power(one.id))
        seen = (snapshot.grid_w, snapshot.batteries.get(one.id, NO_BATTERY).power_w)
        if entry is not None and any(reading.taken_s < entry.sent_s + SHOWS_S for reading in seen):
            return False
    return True


def after(given: Given, state: ControlState, memory: ConnectionMemory) -> Steady:
    """What is known of it after this instant; nothing while the grid's meter is silent."""
    site, snapshot, now_s = given.site, given.snapshot, given.now_s
    before = memory.steady
    charges_w = {bay.id: _charges_w(bay, snapshot, now_s) for bay in site.bays}
    cars = {bay: _drawn(before.cars.get(bay), watts, now_s) for bay, watts in charges_w.items()}
    flow = flows(site, snapshot, now_s)
    if flow is None:
        return Steady(cars=cars)
    if before.without_w is not None and not settled(site, state, snapshot):
        return replace(before, cars=cars)
    more_w = sum([max(cars[bay.id].watts, _told_w(bay, state)) - charges_w[bay.id] for bay in site.bays])
    return Steady(without_w=flow.without_batteries_w, cars_w=flow.cars_w, circuits_w=flow.house_w - more_w, cars=cars)


def steadied(flow: Flows | None, memory: ConnectionMemory) -> Flows | None:
    """The same flows as they were seen last by readings that agree, beside what batteries do now."""
    known = memory.steady
    if flow is None or known.without_w is None:
        return flow
    return Flows(known.without_w - flow.batteries_w, flow.batteries_w, known.cars_w)


def _drawn(before: Drawn | None, watts: float, now_s: float) -> Drawn:
    if before is None or watts >= before.watts or now_s > before.at_s + CARS_SHOW_S:
        return Drawn(watts=watts, at_s=now_s)
    return before


def _charges_w(bay: Bay, snapshot: Snapshot, now_s: float) -> float:
    return max(0.0, -(snapshot.bays.get(bay.id, NO_CAR).power_w.known(now_s) or 0.0))


def _told_w(bay: Bay, state: ControlState) -> float:
    entry = state.sent.get(wiring.bay_power(bay.id))
    return max(0.0, -float(entry.value)) if entry is not None else 0.0
