"""`hems simulate`: the real controller on the real building's equations, a day in seconds."""

import json
import resource
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hems.config import SiteFile
from hems.model.codec import to_plain
from hems.report import timeline_line
from hems.sim.judge import Frame, Record, judge
from hems.sim.plant import Plant
from hems.sim.rig import load_rig
from hems.sim.run import Act, FastForward, Ticked
from hems.sim.scenario import Scenario, WorldAct, act_on

SETTLED_WITHIN_S = 3600.0


def play(site_file: SiteFile, plant: Plant, scenario: Scenario) -> Record:
    """A scenario in fast-forward; its time begins when hems is running on the grid."""
    forward = FastForward(site_file.site, site_file.params, plant)
    for ticked in forward.run(SETTLED_WITHIN_S):
        if ticked.step.state.mode.mode == "grid_connected":
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
    off = frozenset(str(name) for name, load in plant.circuits.items() if not load.closed or not plant.bus_live)
    for name in off:
        record.opened_s.setdefault(name, t_s)
    record.frames.append(
        Frame(
            t_s=t_s,
            mode=ticked.step.state.mode.mode,
            off=frozenset(str(name) for name, load in plant.circuits.items() if not load.closed),
            car_soc_pct={str(name): bay.soc_pct for name, bay in plant.bays.items() if bay.soc_pct is not None},
            trips=plant.former_trips,
            grid_good=plant.grid.energised,
            tie_open=plant.open_contact,
        )
    )


def simulate(site_file: SiteFile, rig_path: Path, scenario: Scenario | None, *, hours: float, as_json: bool) -> int:
    """Run and print; the exit code is 0 only if every expectation held."""
    rig = load_rig(rig_path)
    if scenario is None:
        scenario = Scenario(title=f"{hours:.0f} h on the grid", ends_s=hours * 3600.0, acts=(), expectations=())
        rig = replace(rig, load_w=None)
    record = play(site_file, rig.plant(), scenario)
    verdicts = judge(scenario, site_file.site, site_file.params, record)
    if as_json:
        print(json.dumps([{"t_s": round(t_s, 3), "event": to_plain(event)} for t_s, event in record.events]))
    else:
        print(scenario.title)
        for t_s, event in record.events:
            print(timeline_line(event, event.at.mono_s - t_s))
        for verdict in verdicts:
            print(f"{'held' if verdict.held else 'FAILED':6} {verdict.text} ({verdict.detail})")
        used_s = resource.getrusage(resource.RUSAGE_SELF).ru_utime
        print(f"{len(record.frames)} ticks, {used_s:.1f} s of processor time.")
    return 0 if all(verdict.held for verdict in verdicts) else 1
