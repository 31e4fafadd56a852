"""A scenario in fast-forward, and the record of it: the real controller on the building's equations."""

from collections.abc import Callable

from hems.control.params import Params
from hems.model.mode import Mode
from hems.model.site import Site
from hems.sim.judge import Frame, Record
from hems.sim.plant import Plant
from hems.sim.run import Act, FastForward, Ticked
from hems.sim.scenario import Scenario, WorldAct, act_on

SETTLED_WITHIN_S = 3600.0


def play(site: Site, params: Params, plant: Plant, scenario: Scenario) -> Record:
    """A scenario in fast-forward; its time begins when hems is running on the grid."""
    forward = FastForward(site, params, plant)
    for ticked in forward.run(SETTLED_WITHIN_S):
        if ticked.step.state.mode.mode is Mode.GRID_CONNECTED:
            break
    begin_s = plant.t_s
    acts = [Act(begin_s + act.t_s, _doing(act), act.do) for act in scenario.acts]
    record = Record()
    for ticked in forward.run(begin_s + scenario.ends_s, acts):
        observed(record, ticked, plant, begin_s)
    return record


def _doing(act: WorldAct) -> Callable[[Plant], None]:
    return lambda plant: act_on(plant, act)


def observed(record: Record, ticked: Ticked, plant: Plant, begin_s: float) -> None:
    """Add one tick of a fast-forward run to its record."""
    t_s = ticked.t_s - begin_s
    record.events += [(t_s, event) for event in ticked.step.events]
    if plant.open_contact and record.tie_opened_s is None:
        record.tie_opened_s = t_s
    off = frozenset(str(name) for name, load in plant.circuits.items() if not load.closed)
    for name in off:
        record.opened_s.setdefault(name, t_s)
    record.frames.append(
        Frame(
            t_s=t_s,
            mode=ticked.step.state.mode.mode,
            off=off,
            bus_live=plant.bus_live,
            car_soc_pct={str(name): bay.soc_pct for name, bay in plant.bays.items() if bay.soc_pct is not None},
            trips=plant.former_trips,
            grid_good=plant.grid.energised,
            tie_open=plant.open_contact,
        )
    )
