"""What comes of an order within minutes: which circuits are on then, what cars take, and batteries that are charged."""

from hems.model.foresight import Soon
from hems.outlook.course import begun
from hems.outlook.expected import expected
from hems.outlook.question import Question

SOON_S = 600.0
"""Long enough for circuits to come back in a row and for cars to be told; shorter than a hold."""


def soon(question: Question) -> Soon:
    """The building as it would be then; a grid that is there stays."""
    forward = begun(question, expected(question))
    plant = forward.plant
    for _ in forward.run(question.now.mono_s + SOON_S):
        pass
    live = plant.bus_live
    return Soon(
        on=frozenset(name for name, load in plant.circuits.items() if load.closed and live),
        cars_w=0.0 - sum(bay.power_w for bay in plant.bays.values()),
        batteries_w=0.0 - sum(plant.batteries[one.id].power_w for one in question.site.batteries if one.controllable),
    )
