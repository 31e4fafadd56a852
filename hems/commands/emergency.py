"""`hems emergency`: one circuit, by root, while no daemon runs.

The hand switches in the panel come first: they need no computer.  This goes through the same drivers, asks the same
`tick` whether the circuit may be switched as the building stands now, and writes the same journal.  One circuit at a
time, in two steps, and nothing else is commanded.
"""

import argparse
import asyncio
import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from hems.commands.asking import add_who
from hems.config.site_file import SiteFile
from hems.control import override
from hems.control.measure import Measure
from hems.control.state import ControlState
from hems.control.step import Step
from hems.control.tick import tick
from hems.model import wiring
from hems.model.audit import DONE, Entry
from hems.model.command import Command as Order
from hems.model.errors import HemsError
from hems.model.request import Request, Want
from hems.model.site import Circuit, Site
from hems.model.wiring import Role
from hems.ports.clock import Clock
from hems.ports.device import DriverContext, DriverFactory
from hems.runtime.act import Actuators
from hems.runtime.board import Board
from hems.runtime.fleet import Fleet, open_fleet
from hems.runtime.process import sole_instance
from hems.runtime.supervise import Running
from hems.runtime.survival import first_state
from hems.store.boot import machine_boot_id
from hems.store.store import Store
from hems.wording import axis_words, mode_words
from hems.wording.language import N_, say, use

PERIOD_S = 0.5
PATIENCE_S = 60.0
"""The building must settle before anything is given power, as after every start; then it is yes or no."""
READ_S, WRITE_S, SEEN_S = 5.0, 5.0, 10.0
END_WITHIN_S = 3.0
LEAST_S = 2.0
FIRST = N_(
    "Use the hand switches in the panel first: HAND keeps a circuit on and OFF keeps it off, without any computer.\n"
    "The card on the panel door names them. Do not open the panel yourself."
)
RUNS = N_("HEMS runs, and nothing is switched past it. Use the screen (hems tui) or hems override.")
STANDS = {
    True: N_("ON"),
    False: N_("OFF"),
    None: N_("??, its switch does not answer"),
}
BY_HAND = {True: N_("HAND SWITCH NOT ON AUTO"), False: N_("hand switch on AUTO")}


@dataclass(frozen=True, slots=True)
class Command:
    """`hems emergency`."""

    help: str = "root only, and only while HEMS does not run: switch one circuit through its own device"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        parser.add_argument("circuit", nargs="?", default="", help="without: only look at all of them")
        parser.add_argument("want", nargs="?", choices=("on", "off"))
        parser.add_argument("--site", type=Path, default=Path("/etc/hems/site.toml"), metavar="FILE")
        parser.add_argument(
            "--confirm", default="", metavar="CIRCUIT", help="the second step: the circuit's name again"
        )
        parser.add_argument("--reason", default="", help="for the log")
        add_who(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Look, or switch one circuit."""
        from hems.app import installed_drivers
        from hems.config.load import load
        from hems.runtime.clock import SystemClock

        if os.geteuid() != 0:
            raise HemsError(say("hems emergency is for root: type sudo hems emergency."))
        drivers = installed_drivers()
        file = load(args.site, drivers)
        use(file.site.language)
        print(say(FIRST))
        job = Job(args.circuit, args.want or "", args.confirm, args.who or "root", args.reason)
        for line in asyncio.run(done(job, file, drivers, SystemClock())):
            print(line)
        return 0


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked."""

    circuit: str
    want: str
    confirm: str
    who: str
    reason: str = ""
    patience_s: float = PATIENCE_S
    seen_s: float = SEEN_S


async def done(job: Job, file: SiteFile, factories: Mapping[str, DriverFactory], clock: Clock) -> list[str]:
    """Look at the building and, if that is asked for and allowed, switch the one circuit.  Raises: HemsError."""
    circuit = _circuit(job, file.site)
    with contextlib.suppress(OSError):  # shows when the journal is written
        file.settings.state_dir.mkdir(parents=True, exist_ok=True)
    with sole_instance(file.settings.run_dir, say(RUNS)):
        store = Store(file.settings.state_dir, boot_id=machine_boot_id())
        store.start(clock.now())
        try:
            async with asyncio.timeout(PATIENCE_S + READ_S + WRITE_S + SEEN_S + END_WITHIN_S):
                return await _on_devices(job, circuit, file, factories, clock, store)
        finally:
            store.stop()


def _circuit(job: Job, site: Site) -> Circuit | None:
    """The circuit, where one is asked for and may be switched at all.  Raises: HemsError."""
    if not job.circuit:
        return None
    found = next((one for one in site.circuits if one.id == job.circuit), None)
    if found is None or not job.want:
        known = ", ".join(one.id for one in site.circuits)
        raise HemsError(say("Say which circuit, and on or off; there are {known}.", known=known))
    if override.refusal(_request(job, found), site) is not None:
        locked = N_("{name} is life safety, is protected or has no switch. Nobody switches it from here.")
        raise HemsError(say(locked, name=found.name))
    return found


def _request(job: Job, circuit: Circuit) -> Request:
    return Request(circuit=circuit.id, want=Want(job.want), who=job.who, role="engineer", reason=job.reason)


async def _on_devices(
    job: Job,
    circuit: Circuit | None,
    file: SiteFile,
    factories: Mapping[str, DriverFactory],
    clock: Clock,
    store: Store,
) -> list[str]:
    running = Running()
    board = Board(file.wiring, clock, ready=lambda commands: lambda: None, wake=lambda: None)
    context = DriverContext(clock=clock, sink=board, rng=Random(os.getpid()))
    fleet = open_fleet(file.wiring.devices, factories, context, store.arming, digest=file.digest, seal=lambda _: "")
    for name, driver in fleet.drivers.items():
        running.keep(f"driver {name}", driver.run)
    try:
        scene = _Scene(file, board, fleet, clock, _before(file.site, store, clock))
        await scene.looked(READ_S)
        if circuit is None:
            return list(scene.told())
        await _allowed(job, circuit, scene)
        if job.confirm != circuit.id:
            again = f"sudo hems emergency {circuit.id} {job.want} --confirm {circuit.id}"
            may = N_("It may be switched {want} now. To do it, type: {again}")
            return [*scene.told(circuit), say(may, want=say(STANDS[job.want == "on"]), again=again)]
        return await _switched(job, circuit, scene, store)
    finally:
        await running.end(within_s=END_WITHIN_S)


def _before(site: Site, store: Store, clock: Clock) -> ControlState:
    """What the daemon left: what it had switched off, and why."""
    saved, now = store.load_state(), clock.now()
    shift_s = 0.0 if saved is None else now.mono_s - (saved.elapsed_s(now) or 0.0) - saved.at.mono_s
    told = {role: position.value for role, position in store.journal.last_positions().items()}
    blob = None if saved is None else saved.blob
    return first_state(site, blob, told, shift_s=shift_s, now_s=now.mono_s, failures=0)


class _Scene:
    """The building, looked at by the same tick as always; what that would command is not sent."""

    def __init__(self, file: SiteFile, board: Board, fleet: Fleet, clock: Clock, state: ControlState) -> None:
        self.file, self.board, self.fleet, self.clock = file, board, fleet, clock
        self._measure = Measure(file.site)
        self.state = state

    def tick(self, *requests: Request) -> Step:
        """One look."""
        now = self.clock.now()
        snapshot = self._measure.snapshot(
            self.board.latest,
            devices=self.fleet.health(now.mono_s),
            requests=requests,
            faults={},
            outcomes=(),
            fired=(),
        )
        step = tick(self.file.site, self.state, snapshot, self.file.params, now)
        self.state = step.state
        return step

    async def looked(self, seconds: float) -> None:
        """Look for a moment, and on until every switch has answered, but no longer than that."""
        begun_s = self.clock.mono_s()
        switches = [one for one in self.file.site.circuits if one.switchable]
        while (for_s := self.clock.mono_s() - begun_s) < seconds:
            if for_s > LEAST_S and all(self.position(one) is not None for one in switches):
                return
            self.tick()
            await asyncio.sleep(PERIOD_S)

    def position(self, circuit: Circuit) -> bool | None:
        """Where its switch is seen."""
        reading = self.board.latest.get(wiring.circuit_closed(circuit.id))
        return None if reading is None else reading.known(self.clock.mono_s())

    def by_hand(self, circuit: Circuit) -> bool | None:
        """Whether its hand switch stands elsewhere than on AUTO; None where that is not wired or not known."""
        reading = self.board.latest.get(wiring.circuit_by_hand(circuit.id))
        return None if reading is None else reading.known(self.clock.mono_s())

    def told(self, *only: Circuit) -> Iterator[str]:
        """How the building stands."""
        seen = self.state.evidence
        yield f"{mode_words(self.state.mode.mode)}."
        axes = {axis: axis_words(axis, getattr(seen, axis).value) for axis in ("grid", "tie", "bus")}
        yield say("Grid: {grid}. Grid switch: {tie}. Building's supply: {bus}.", **axes)
        for circuit in only or self.file.site.circuits:
            where = [say(STANDS[self.position(circuit)])]
            where += [] if (by_hand := self.by_hand(circuit)) is None else [say(BY_HAND[by_hand])]
            told = ", ".join(where) if circuit.switchable else say("no switch, nobody switches it")
            yield f"{circuit.id}: {circuit.name}: {told}."
        yield say("A switch that stands where nobody put it may be in HAND or OFF at the panel: look there.")


async def _allowed(job: Job, circuit: Circuit, scene: _Scene) -> None:
    """Wait until the tick itself would do it.  Raises: HemsError when it would not."""
    if job.want == "off":
        return
    role: Role = wiring.circuit_closed(circuit.id)
    if scene.position(circuit) is None:
        mute = N_("Not done: the switch of {name} does not answer. Use its hand switch in the panel.")
        raise HemsError(say(mute, name=circuit.name))
    scene.tick(_request(job, circuit))
    end_s = scene.clock.mono_s() + job.patience_s
    while scene.clock.mono_s() < end_s:
        if any(one.role == role and one.value is True for one in scene.tick().commands):
            return
        await asyncio.sleep(PERIOD_S)
    refused = N_(
        "Not done: as the building stands ({mode}), HEMS itself would not switch {name} on: there is no room, the "
        "switch has to rest, or HEMS does not know how grid, grid switch and building stand."
    )
    raise HemsError(say(refused, mode=mode_words(scene.state.mode.mode), name=circuit.name))


async def _switched(job: Job, circuit: Circuit, scene: _Scene, store: Store) -> list[str]:
    """Send the one command, journalled, and see what came of it."""
    role, value = wiring.circuit_closed(circuit.id), job.want == "on"
    cause = override.cause(_request(job, circuit))
    on_island = scene.state.mode.mode.on_island
    actuators = Actuators(
        scene.fleet.devices, scene.file.wiring.writes, store.journal, scene.clock, islanded=lambda: on_island
    )
    device = scene.file.wiring.writes[role].device
    scene.fleet.devices[device].arm(device, True)
    try:
        actuators.send([Order(role=role, value=value, cause=cause, energises=value)])
        fate = await _fate(actuators, role)
    finally:
        scene.fleet.devices[device].arm(device, False)
    end_s = scene.clock.mono_s() + job.seen_s
    while scene.position(circuit) is not value and scene.clock.mono_s() < end_s:  # noqa: ASYNC110
        await asyncio.sleep(PERIOD_S)
    seen = scene.position(circuit) is value
    result = DONE if seen else f"{fate}; its switch does not show it"
    entry = Entry(
        who=job.who,
        role="root",
        known_by="root",
        origin="hems emergency",
        action=f"emergency {job.want}",
        subject=circuit.id,
        reason=job.reason,
        result=result,
    )
    store.audit.add(entry, scene.clock.now())
    if seen:
        told = N_("Done: {name} is {want}. HEMS goes on from here when it is started.")
        return [say(told, name=circuit.name, want=say(STANDS[value]))]
    sent = N_("Sent ({fate}), but the switch of {name} does not show it. Use its hand switch in the panel.")
    return [say(sent, fate=fate, name=circuit.name)]


async def _fate(actuators: Actuators, role: Role) -> str:
    """What became of the one command."""
    await actuators.settle([role], within_s=WRITE_S)
    for outcome in actuators.take_outcomes():
        return f"{outcome.fate}: {outcome.detail}" if outcome.detail else str(outcome.fate)
    return "no answer"


COMMAND = Command()
