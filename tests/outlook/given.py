"""A building that has settled, and what may be asked about its next days."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from hems.control.params import Params
from hems.control.tick import tick
from hems.model.instant import Instant
from hems.model.request import Request, Want
from hems.model.site import Site
from hems.model.units import CircuitId, SourceId
from hems.outlook.question import Question
from hems.runtime.scene import Scene
from hems.sim.plant import Plant
from hems.sim.run import Act, FastForward
from hems.sim.start import Car, StartPoint
from hems.sim.traces import ConstantTraces
from tests.given import flats

SITE, PARAMS = flats(bays=()), Params()
EVENING = datetime(2026, 1, 15, 20, tzinfo=UTC)


def present(
    *,
    load: float = 0.5,
    battery_pct: float = 80.0,
    fails: bool = False,
    site: Site = SITE,
    cars: Mapping[SourceId, Car] = MappingProxyType({}),
) -> Question:
    """On the grid, or some minutes into a power cut, on a winter's evening."""
    traces = ConstantTraces({one.id: load * one.typical_w for one in site.circuits})
    plant = Plant(site, traces, start=StartPoint(battery_soc_pct=battery_pct, cars=cars))
    made = FastForward(site, PARAMS, plant, wall_clock=EVENING, near_s=5.0)
    acts = [Act(1200.0, Plant.fail_grid)] if fails else []
    *_, last = made.run(1800.0, acts)
    now = Instant(last.t_s, EVENING)
    return Question(number=1, site=site, params=PARAMS, state=last.step.state, snapshot=last.snapshot, now=now)


def asked(want: Want) -> Request:
    """Keep the heat pump so for the night."""
    return Request(circuit=CircuitId("heat_pump"), want=want, who="Ana", role="operator", duration_s=8 * 3600.0)


def scene(question: Question) -> Scene:
    """The present as the cycle hands it on."""
    step = tick(question.site, question.state, question.snapshot, PARAMS, question.now)
    return Scene(
        site=question.site,
        params=PARAMS,
        snapshot=question.snapshot,
        step=step,
        now=question.now,
        armed=True,
        shortened=False,
    )
