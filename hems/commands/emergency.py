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
from hems.commands.onlooker import PERIOD_S, Onlooker
from hems.config.site_file import SiteFile
from hems.control import override
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
from hems.runtime.fleet import open_fleet
from hems.runtime.process import sole_instance
from hems.runtime.supervise import Running
from hems.runtime.survival import first_state
from hems.store.boot import machine_boot_id
from hems.store.store import Store
from hems.wording import axis_words, mode_words
from hems.wording.language import N_, say, use

PATIENCE_S = 60.0
"""The building must settle before anything is given power, as after every start; then it is yes or no."""
READ_S, WRITE_S, SEEN_S = 5.0, 5.0, 10.0
END_WITHIN_S = 3.0
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

    @property
    def closes(self) -> bool:
        """Whether the circuit shall have power."""
        return self.want == "on"


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
        now = clock.now()
        state = first_state(file.site, store.left(now), now_s=now.mono_s, failures=0, cut_off=False)
        onlooker = Onlooker(file, board, fleet, clock, state)
        await onlooker.looked(READ_S)
        if circuit is None:
            return list(_told(onlooker))
        await _allowed(job, circuit, onlooker)
        if job.confirm != circuit.id:
            again = f"sudo hems emergency {circuit.id} {job.want} --confirm {circuit.id}"
            may = N_("It may be switched {want} now. To do it, type: {again}")
            return [*_told(onlooker, circuit), say(may, want=say(STANDS[job.closes]), again=again)]
        return await _switched(job, circuit, onlooker, store)
    finally:
        await running.end(within_s=END_WITHIN_S)


def _told(onlooker: Onlooker, *only: Circuit) -> Iterator[str]:
    """How the building stands."""
    seen = onlooker.state.evidence
    yield f"{mode_words(onlooker.state.mode.mode)}."
    axes = {axis: axis_words(axis, getattr(seen, axis).value) for axis in ("grid", "tie", "bus")}
    yield say("Grid: {grid}. Grid switch: {tie}. Building's supply: {bus}.", **axes)
    for circuit in only or onlooker.file.site.circuits:
        where = [say(STANDS[onlooker.position(circuit)])]
        where += [] if (by_hand := onlooker.by_hand(circuit)) is None else [say(BY_HAND[by_hand])]
        told = ", ".join(where) if circuit.switchable else say("no switch, nobody switches it")
        yield f"{circuit.id}: {circuit.name}: {told}."
    yield say("A switch that stands where nobody put it may be in HAND or OFF at the panel: look there.")


async def _allowed(job: Job, circuit: Circuit, onlooker: Onlooker) -> None:
    """Wait until the tick itself would do it.  Raises: HemsError when it would not."""
    if not job.closes:
        return
    role: Role = wiring.circuit_closed(circuit.id)
    if onlooker.position(circuit) is None:
        mute = N_("Not done: the switch of {name} does not answer. Use its hand switch in the panel.")
        raise HemsError(say(mute, name=circuit.name))
    onlooker.tick(_request(job, circuit))
    end_s = onlooker.clock.mono_s() + job.patience_s
    while onlooker.clock.mono_s() < end_s:
        if any(one.role == role and one.value is True for one in onlooker.tick().commands):
            return
        await asyncio.sleep(PERIOD_S)
    refused = N_(
        "Not done: as the building stands ({mode}), HEMS itself would not switch {name} on: there is no room, the "
        "switch has to rest, or HEMS does not know how grid, grid switch and building stand."
    )
    raise HemsError(say(refused, mode=mode_words(onlooker.state.mode.mode), name=circuit.name))


async def _switched(job: Job, circuit: Circuit, onlooker: Onlooker, store: Store) -> list[str]:
    """Send the one command, journalled, and see what came of it."""
    fate = await _sent(job, circuit, onlooker, store)
    seen = await _shows(job, circuit, onlooker)
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
    store.audit.add(entry, onlooker.clock.now())
    if seen:
        told = N_("Done: {name} is {want}. HEMS goes on from here when it is started.")
        return [say(told, name=circuit.name, want=say(STANDS[job.closes]))]
    sent = N_("Sent ({fate}), but the switch of {name} does not show it. Use its hand switch in the panel.")
    return [say(sent, fate=fate, name=circuit.name)]


async def _sent(job: Job, circuit: Circuit, onlooker: Onlooker, store: Store) -> str:
    """What became of the one command; the device may be written to for no longer than that."""
    role, on_island = wiring.circuit_closed(circuit.id), onlooker.state.mode.mode.on_island
    devices, writes = onlooker.fleet.devices, onlooker.file.wiring.writes
    actuators = Actuators(devices, writes, store.journal, onlooker.clock, islanded=lambda: on_island)
    cause, device = override.cause(_request(job, circuit)), writes[role].device
    devices[device].arm(device, True)
    try:
        actuators.send([Order(role=role, value=job.closes, cause=cause, energises=job.closes)])
        return await _fate(actuators, role)
    finally:
        devices[device].arm(device, False)


async def _shows(job: Job, circuit: Circuit, onlooker: Onlooker) -> bool:
    """Whether the switch is seen where it was sent, before patience ends."""
    end_s = onlooker.clock.mono_s() + job.seen_s
    while onlooker.position(circuit) is not job.closes and onlooker.clock.mono_s() < end_s:  # noqa: ASYNC110
        await asyncio.sleep(PERIOD_S)
    return onlooker.position(circuit) is job.closes


async def _fate(actuators: Actuators, role: Role) -> str:
    """What became of the one command."""
    await actuators.settle([role], within_s=WRITE_S)
    for outcome in actuators.take_outcomes():
        return f"{outcome.fate}: {outcome.detail}" if outcome.detail else str(outcome.fate)
    return "no answer"


COMMAND = Command()
