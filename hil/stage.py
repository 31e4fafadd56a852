"""Three ways to play a scenario, from the cheapest to the truest; each returns the same kind of record.

`fast` is the controller on the building's equations, `virtual` the unmodified daemon over real sockets on a clock that
jumps, `real` two processes of this machine in real time.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from hems.app import installed_drivers
from hems.config.load import load
from hems.config.problem import one_of
from hems.config.site_file import SiteFile
from hems.control.params import shortened
from hems.model.errors import ConfigError
from hems.sim.checks.case import Verdict
from hems.sim.judge import judge
from hems.sim.play import Look, at_rest, play_from, unseen
from hems.sim.record import Record
from hems.sim.rig import load_rig
from hems.sim.run import FastForward
from hems.sim.scenario import Scenario
from hems.sim.scenario_file import load_scenario
from hil import bench_run, virtual, vloop
from hil.perform import played
from hil.places import TITLES, Place, ground, place
from hil.relink import overlaid
from hil.solver import PlannerAtOnce

VIRTUAL_LOOK_S = 0.5
SHORT_CALM_S = 5.0
"""Of the last minutes of restoring, where waits are shortened."""
SCENARIOS = Path(__file__).parent / "scenarios"
Begun = tuple[SiteFile, FastForward]
_AS_IT_IS: dict[str, Begun] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of one scenario played one way."""

    scenario: Scenario
    way: str
    site_file: SiteFile
    record: Record
    took_s: float
    """Real time."""
    broken: str = ""
    """What ended it before it had been told."""

    @property
    def verdicts(self) -> list[Verdict]:
        """Every expectation and whether it held; none of them where the story broke off."""
        if self.broken:
            return [Verdict(one.text, False, self.broken) for one in self.scenario.expectations]
        return judge(self.scenario, self.site_file.site, self.site_file.params, self.record)

    @property
    def held(self) -> bool:
        """Whether all of it went as it should; a scenario without expectations proves nothing."""
        verdicts = self.verdicts
        return bool(verdicts) and all(verdict.held for verdict in verdicts)


def scenarios(wanted: str = "all", where: Path = SCENARIOS) -> list[Scenario]:
    """Those whose id, tag or file is `wanted`, in the order of their ids.  Raises: ConfigError for a broken file."""
    if wanted.endswith(".toml"):
        return [_placed(load_scenario(Path(wanted), ground), wanted)]
    found: dict[str, Scenario] = {}
    files: dict[str, str] = {}
    for path in sorted(where.glob("*.toml")):
        one = _shipped(path) if where == SCENARIOS else load_scenario(path, ground)
        if one.id in files:
            raise ConfigError((f"{where}: {one.id} is the id of {files[one.id]} and of {path.name}; rename one.",))
        found[one.id], files[one.id] = one, path.name
    return [one for one in found.values() if one.place and (wanted == "all" or wanted in (one.id, *one.proves))]


@cache
def _shipped(path: Path) -> Scenario:
    """What a file of this release says: nobody changes it while hems runs."""
    return load_scenario(path, ground)


def _placed(scenario: Scenario, file: str) -> Scenario:
    if not scenario.place:
        raise ConfigError((f"{file}: place is missing; write place = {one_of(tuple(TITLES))}.",))
    return scenario


def fast(scenario: Scenario, look: Look = unseen) -> Played:
    """On the building's equations; `look` sees each tick."""
    began_s = time.perf_counter()
    file, forward = _at_rest(scenario)
    planner = PlannerAtOnce(file.site, file.params) if scenario.seen_days else None
    record = play_from(forward, scenario, file.wiring, look, planner)
    return Played(scenario=scenario, way="fast", site_file=file, record=record, took_s=time.perf_counter() - began_s)


def _at_rest(scenario: Scenario) -> Begun:
    """The building of a story; where it changes nothing beforehand, the start of hems is played once for all such."""
    if scenario.rig or scenario.site or scenario.seen_days or scenario.times != "normal":
        return _begun(scenario)
    if scenario.place not in _AS_IT_IS:
        _AS_IT_IS[scenario.place] = _begun(scenario)
    file, forward = _AS_IT_IS[scenario.place]
    return file, deepcopy(forward, {id(one): one for one in (file.site, file.params, file.wiring, forward.state)})


def _begun(scenario: Scenario) -> Begun:
    chosen = place(scenario.place)
    file = _believed(chosen, scenario)
    if scenario.times == "short":
        file = replace(file, params=shortened(file.params))
    plant = load_rig(chosen.rig, scenario.rig).plant()
    return file, at_rest(file.site, file.params, plant, file.wiring, seen_days=scenario.seen_days)


def _believed(chosen: Place, scenario: Scenario) -> SiteFile:
    """The site file with what the scenario changes in it."""
    if not scenario.site:
        return load(chosen.site, installed_drivers())
    with tempfile.TemporaryDirectory(prefix="hems-") as where:
        path = Path(where) / chosen.site.name
        path.write_text(overlaid(chosen.site.read_text(encoding="utf-8"), scenario.site), encoding="utf-8")
        return load(path, installed_drivers())


def on_virtual_wires(scenario: Scenario) -> Played:
    """Over real sockets, as fast as they go."""
    began_s = time.perf_counter()

    async def main(loop: vloop.VirtualLoop) -> tuple[SiteFile, Record]:
        with tempfile.TemporaryDirectory(prefix="hems-") as where:
            begun = virtual.begin(
                place(scenario.place),
                Path(where),
                loop,
                short=scenario.times == "short",
                rig=scenario.rig,
                over=scenario.site,
                seen_days=scenario.seen_days,
            )
            async with begun as run:
                record = await played(run, scenario, look_s=VIRTUAL_LOOK_S)
                return load(run.site, installed_drivers()), record

    file, record = vloop.run(main)
    return Played(scenario=scenario, way="virtual", site_file=file, record=record, took_s=time.perf_counter() - began_s)


def on_real_wires(scenario: Scenario) -> Played:
    """As two processes, in real time."""
    began_s = time.perf_counter()

    async def main() -> tuple[SiteFile, Record]:
        with tempfile.TemporaryDirectory(prefix="hems-") as where:
            chosen: Place = place(scenario.place)
            begun = bench_run.begin(
                chosen,
                Path(where),
                short=scenario.times == "short",
                rig=scenario.rig,
                over=scenario.site,
                calm_s=SHORT_CALM_S if scenario.times == "short" else virtual.CALM_S,
                small_disk=any(act.do == "disk" for act in scenario.acts),
                own_network=any(act.do == "partition" for act in scenario.acts),
            )
            async with begun as run:
                record = await played(run, scenario)
                return load(run.site, installed_drivers()), record

    file, record = asyncio.run(main())
    return Played(scenario=scenario, way="real", site_file=file, record=record, took_s=time.perf_counter() - began_s)


WAYS: Mapping[str, Callable[[Scenario], Played]] = {
    "fast": fast,
    "virtual": on_virtual_wires,
    "real": on_real_wires,
}
