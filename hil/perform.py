"""A scenario on real sockets, in real time: acts on the world, tells what hems says, judges by what was done."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hems.api.client import Client, Lost, follow
from hems.app import installed_drivers
from hems.config.load import load
from hems.config.site_file import SiteFile
from hems.control.params import differences
from hems.model.errors import RequestError
from hems.model.event import Event
from hems.model.mode import Mode
from hems.model.picture import Picture
from hems.report import Expectation, outage_report, timeline_line
from hems.sim.checks.case import Verdict
from hems.sim.judge import judge
from hems.sim.planner import Solver
from hems.sim.record import Frame, Record
from hems.sim.scenario import Scenario
from hems.sim.scenario_file import load_scenario
from hems.sim.tie import in_window
from hems.wording import names_of
from hil.bench_run import Run
from hil.emulate.remote import Remote
from hil.places import Place

LOOK_S = 0.1
"""How often the building is looked at."""


async def perform(run: Run, chosen: Place) -> int:
    """Play the place's scenario, print timeline and report; 0 only if every expectation held."""
    site_file, scenario = load(run.site, installed_drivers()), load_scenario(chosen.scenario)
    print(f"{scenario.title}.  Times in seconds.\n", flush=True)
    record = await played(run, scenario, names_of(site_file.site))
    verdicts = judge(scenario, site_file.site, site_file.params, record)
    print()
    print(report(site_file, record, verdicts))
    return 0 if verdicts and all(verdict.held for verdict in verdicts) else 1


async def played(
    run: Run, scenario: Scenario, names: Mapping[str, str] | None = None, *, look_s: float = LOOK_S
) -> Record:
    """The record of a scenario, with a look at the building every `look_s`.

    Each event is printed as it comes if `names` are given.
    """
    record = Record()
    async with Remote(run.plant_socket) as bench:
        truth = await bench.status()
        begin_s, first = truth["at_s"], truth["next"]
        heard = _Heard(record, begin_s, names)
        listening = asyncio.create_task(heard.listen(run.view_socket))
        acting = asyncio.create_task(_act(run, bench, scenario, record, asyncio.get_running_loop().time()))
        try:
            while truth["at_s"] - begin_s < scenario.ends_s:
                truth = await bench.status(since=1_000_000_000)
                record.frames.append(replace(_frame(truth, begin_s, heard.mode), **heard.plan))
                await asyncio.sleep(look_s)
            await acting
        finally:
            for task in (listening, acting):
                task.cancel()
        history = (await bench.status(since=first))["history"]
    _reactions(record, history, begin_s)
    return record


async def _act(run: Run, bench: Remote, scenario: Scenario, record: Record, begin_s: float) -> None:
    """Do what happens; `begin_s` is the start by the loop's clock."""
    for act in scenario.acts:
        await asyncio.sleep(max(0.0, begin_s + act.t_s - asyncio.get_running_loop().time()))
        if act.do == "kill_hems":
            await run.kill_and_restart(**act.args)
        elif act.do == "freeze_hems":
            await run.freeze(**act.args)
        elif act.do == "disk":
            run.fill_disk(**act.args)
        elif act.do == "clock":
            run.step_clock(**act.args)
        elif act.do == "solver":
            run.solver_fares(Solver(act.args["fares"]))
        elif act.do == "partition" and run.cut_network(**act.args):
            continue
        elif act.do == "ask":
            await _ask(run, record, act.t_s, **act.args)
        else:
            await bench.do(act.do, **act.args)


async def _ask(run: Run, record: Record, t_s: float, *, request: str, refused: bool = False, **args: Any) -> None:  # noqa: ANN401 any JSON
    """Ask hems, as an engineer.  Raises: RequestError when it refuses although it should not.

    Where it may refuse, that is written down: the story's expectations say whether it must.
    """
    async with Client(run.run_dir / "admin.sock") as client:
        try:
            answer = await client.request(request, who="the scenario", **args)
            if "confirm" in answer:
                await client.request(request, who="the scenario", confirm=answer["confirm"], **args)
        except RequestError as error:
            if not refused:
                raise
            record.refused.append((t_s, str(args.get("task") or args.get("circuit") or request), str(error)))


@dataclass(slots=True)
class _Heard:
    """What a client hears: every event, and the mode as it was told last."""

    record: Record
    begin_s: float
    names: Mapping[str, str] | None
    """To tell each event with as it comes."""
    mode: Mode = Mode.GRID_CONNECTED
    plan: Mapping[str, Any] = field(default_factory=dict)
    """What the screen says of the plan, as in a `Frame`."""

    async def listen(self, socket: Path) -> None:
        """Until cancelled; who was killed has no mode, and is heard again as soon as it speaks."""
        async with aclosing(follow(socket, longest_pause_s=LOOK_S, first_pause_s=LOOK_S)) as messages:
            async for message in messages:
                match message:
                    case Picture():
                        self.mode, self.plan = message.mode, _plan(message)
                    case Lost():
                        self.mode, self.plan = Mode.INIT, {}
                    case Event():
                        self.record.events.append((message.at.mono_s - self.begin_s, message))
                        if self.names is not None:
                            print(timeline_line(message, self.begin_s, self.names), flush=True)


def _plan(picture: Picture) -> Mapping[str, Any]:
    allowed = picture.connection
    if allowed is None:
        return {}
    return {"by_plan": allowed.by_plan is True, "plan_age_s": allowed.plan_age_s or 0.0}


def _frame(truth: Mapping[str, Any], begin_s: float, mode: Mode) -> Frame:
    return Frame(
        t_s=truth["at_s"] - begin_s,
        mode=mode,
        off=frozenset(name for name, circuit in truth["circuits"].items() if not circuit["closed"]),
        stalled=frozenset(name for name, circuit in truth["circuits"].items() if circuit["stalled"]),
        bus_live=truth["bus_live"],
        car_soc_pct={name: bay["soc_pct"] for name, bay in truth["bays"].items() if bay["soc_pct"] is not None},
        car_w=sum(bay["power_w"] for bay in truth["bays"].values()),
        battery_w=sum(one["power_w"] for one in truth["batteries"].values()),
        pv_w=sum(one["power_w"] for one in truth["pvs"].values()),
        load_w=truth["load_w"],
        generator=(truth["generator"] or {"stage": "none"})["stage"],
        generator_w=(truth["generator"] or {"power_w": 0.0})["power_w"],
        paralleled=truth["paralleled"],
        bus_hz=truth["bus_hz"],
        battery_pct=min((one["soc_pct"] for one in truth["batteries"].values()), default=0.0),
        trips=truth["former"]["trips"],
        dose=truth["former"]["dose"],
        grid_w=truth["grid_w"],
        grid_good=in_window(truth["grid_pu"]),
        tie_open=truth["open_contact"],
        permit=truth["permit"],
    )


def _reactions(record: Record, history: list[Mapping[str, Any]], begin_s: float) -> None:
    """When the tie's contacts changed and when each switch followed, by the building's own journal."""
    for entry in history:
        t_s = entry["at_s"] - begin_s
        if entry["what"] == "contact" and record.tie_opened_s is None:
            record.tie_opened_s = t_s
        if entry["what"] == "circuit" and entry["value"] is False:
            record.opened_s.setdefault(entry["name"], t_s)


def report(site_file: SiteFile, record: Record, verdicts: list[Verdict]) -> str:
    """One page."""
    return outage_report(
        [event for _, event in record.events],
        site_file.site,
        expectations=[Expectation(verdict.text, verdict.held, verdict.detail) for verdict in verdicts],
        shortened=differences(site_file.params, site_file.normal_params),
        setting="emulated building, real sockets",
    )
