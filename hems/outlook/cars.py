"""What becomes of the cars that are here in the next hours: who has what it shall have, and when."""

from dataclasses import replace

from hems.control.dispatch import departure
from hems.control.dispatch.departure import CHARGED
from hems.control.energy import NO_CAR
from hems.model.foresight import CarAhead
from hems.model.site import Bay
from hems.model.units import HOUR_S, SourceId
from hems.outlook.course import begun
from hems.outlook.expected import expected
from hems.outlook.question import Question
from hems.sim.bay import BayCharger

LOOK_S = 12.0 * HOUR_S
"""Where nobody knows when a car leaves: a night."""
LONGEST_S = 24.0 * HOUR_S
NEARLY_PCT = 0.5
"""So little less than all is all: a charger stops before the last percent."""


def cars_ahead(question: Question) -> tuple[CarAhead, ...]:
    """Each car that is here, by the expected course with the grid there, until it leaves."""
    forward, now_s = begun(question, expected(question)), question.now.mono_s
    here = [bay for bay in question.site.bays if forward.plant.bays[bay.id].store is not None]
    for bay in here:
        _needing(bay, forward.plant.bays[bay.id], question)
    ready_s: dict[SourceId, float] = {}
    pct: dict[SourceId, float] = {}
    gone: set[SourceId] = set()
    for ticked in forward.run(now_s + LONGEST_S):
        for bay in here:
            store, state = forward.plant.bays[bay.id].store, ticked.step.state
            leaves_s, at_s = departure.leaves_s(bay, state), forward.plant.t_s
            if store is None or bay.id in gone or at_s > (now_s + LOOK_S if leaves_s is None else leaves_s):
                gone.add(bay.id)
                continue
            pct[bay.id] = store.soc_pct
            if store.soc_pct >= departure.target_pct(bay, state) - NEARLY_PCT:
                ready_s.setdefault(bay.id, at_s - now_s)
        if all(bay.id in gone or bay.id in ready_s for bay in here):
            break
    return tuple(CarAhead(bay=bay.id, ready_s=ready_s.get(bay.id), pct=pct.get(bay.id, 0.0)) for bay in here)


def _needing(bay: Bay, charger: BayCharger, question: Question) -> None:
    """A car that does not tell its charge: it lacks what visits at this bay usually take."""
    reading, now_s = question.snapshot.bays.get(bay.id, NO_CAR), question.now.mono_s
    if reading.soc_pct.known(now_s) is not None or charger.store is None or charger.car is None:
        return
    missing_wh = departure.missing_wh(bay, question.state, question.snapshot, now_s) * CHARGED
    target_pct = departure.target_pct(bay, question.state)
    charger.store.soc_pct = max(0.0, target_pct - 100.0 * missing_wh / charger.store.capacity_wh)
    charger.car = replace(charger.car, tells=False)
