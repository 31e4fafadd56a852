"""What a decision costs: one tick of a building with ever more circuits, on the grid, and as the tie opens."""

import time
from collections.abc import Iterator
from dataclasses import replace
from math import log
from statistics import median, quantiles

from hems.config.site_file import SiteFile
from hems.control.measure import Measure
from hems.control.params import Params
from hems.control.state import ControlState
from hems.control.step import Step
from hems.control.tick import tick
from hems.model.instant import Instant
from hems.model.reading import Reading
from hems.model.site import Site
from hems.model.snapshot import Snapshot
from hems.model.units import CircuitId
from hems.sim.observe import observe
from hems.sim.plant import Plant
from hems.sim.rig import load_rig
from hems.sim.run import FastForward
from hil.bench_row import Row
from hil.places import Place

SIZES = (1, 4, 36)
"""Times the demonstration's circuits: about ten, fifty and five hundred."""
QUIET_S = 40.0
"""Until the building has settled."""
OPENS_S = 0.3
"""From the grid's failure to a tie that has opened."""
SLACK_S = 0.01
TICKS = 300
RARE = 99
"""The percentile that stands for the worst."""


def rows(site_file: SiteFile, chosen: Place) -> Iterator[Row]:
    """A row for each size, and how cost grows between the last two; times are the processor's."""
    costs, counts = [], []
    for size in SIZES:
        site = _grown(site_file.site, size)
        rig = load_rig(chosen.rig)
        plant = replace(rig, site=_grown(rig.site, size), load_w=None).plant()
        quiet, opening, commands = _costs(site, site_file.params, plant)
        costs.append((median(quiet), median(opening)))
        counts.append(len(site.circuits))
        yield Row(
            what=f"a tick, {counts[-1]} circuits",
            figure=f"{costs[-1][0]:.2f} ms, p99 {_rare(quiet):.2f} ms; as the tie opens {costs[-1][1]:.2f} ms, "
            f"p99 {_rare(opening):.2f} ms, {commands} commands",
        )
    for index, when in enumerate(("on the grid", "as the tie opens")):
        growth = log(costs[-1][index] / costs[-2][index]) / log(counts[-1] / counts[-2])
        yield Row(
            what=f"growth of a tick {when}",
            yardstick=f"exponent of the number of circuits, {counts[-2]} to {counts[-1]}",
            figure=f"{costs[-2][index]:.2f} to {costs[-1][index]:.2f} ms",
            value=growth,
            unit="",
            least=1.1,
            aim=1.0,
        )


def _rare(took_ms: list[float]) -> float:
    return quantiles(took_ms, n=100, method="inclusive")[RARE - 1]


def _costs(site: Site, params: Params, plant: Plant) -> tuple[list[float], list[float], int]:
    """Processor time of ticks in ms: each second on the grid, and the one that sees the tie open; its commands."""
    forward = FastForward(site, params, plant)
    for _ in forward.run(plant.t_s + QUIET_S):
        pass
    measure, state, quiet, opening = Measure(site), forward.state, list[float](), list[float]()
    for _ in range(TICKS):
        plant.step(1.0)
        took_ms, step = _timed(site, state, _look(measure, plant, site), params, plant.t_s)
        quiet.append(took_ms)
        state = step.state
    plant.fail_grid()
    plant.step(OPENS_S)  # by now the contacts have moved; the tick that follows their debounce decides
    state = tick(site, state, _look(measure, plant, site), params, Instant(plant.t_s)).state
    plant.step(params.witness.contact_debounce_s + SLACK_S)
    snapshot = _look(measure, plant, site)
    for _ in range(TICKS):
        took_ms, step = _timed(site, state, snapshot, params, plant.t_s)
        opening.append(took_ms)
    return quiet, opening, len(step.commands)


def _look(measure: Measure, plant: Plant, site: Site) -> Snapshot:
    return measure.snapshot({role: Reading(value, plant.t_s) for role, value in observe(plant, site).items()})


def _timed(site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float) -> tuple[float, Step]:
    began_s = time.process_time()
    step = tick(site, state, snapshot, params, Instant(now_s))
    return (time.process_time() - began_s) * 1e3, step


def _grown(site: Site, times: int) -> Site:
    """The same building with every circuit `times` over, each a part of the power."""
    many = tuple(
        replace(
            one,
            id=CircuitId(f"{one.id}_{index}" if index else str(one.id)),
            typical_w=one.typical_w / times,
            inrush_w=one.inrush_w / times,
        )
        for one in site.circuits
        for index in range(times)
    )
    return replace(site, circuits=many)
