"""The runtime with real parts: a real store, real sockets, and a driver with machines behind it that a test can stop.

`wired` gives every quantity of a building a place on one of three devices; `house` puts the whole together.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hems.config.site_file import KeepDays, Settings, SiteFile
from hems.control.params import Params, shortened
from hems.control.state import ControlState, initial
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.command import Command, Fate
from hems.model.event import Event
from hems.model.instant import Instant
from hems.model.listing import unlisted
from hems.model.picture import Picture
from hems.model.reading import Reading
from hems.model.site import Site
from hems.model.snapshot import DeviceHealth
from hems.model.units import CircuitId, DeviceId, SourceId
from hems.model.upstream import upstream
from hems.model.wiring import DeviceSpec, Port, Role, Wiring
from hems.ports.clock import Clock
from hems.ports.device import Answer, DriverContext, Found, Heard, Held, Product, Reply, Scalar, Sought
from hems.runtime.act import Actuators
from hems.runtime.archive import Archive
from hems.runtime.auditing import Auditing
from hems.runtime.board import Board
from hems.runtime.desk import FrontDesk
from hems.runtime.doorkeeper import Doorkeeper
from hems.runtime.fleet import Fleet, open_fleet
from hems.runtime.goes_on import GoesOn
from hems.runtime.loop import Cycle, Loop
from hems.runtime.outlook import NoOutlook, Outlook
from hems.runtime.proving import Proving
from hems.runtime.record import Recorder
from hems.runtime.root_word import RootWord
from hems.runtime.search import Search
from hems.runtime.setup import Setup
from hems.runtime.toolbox import Toolbox
from hems.store.archive import FileArchive
from hems.store.commissioning import Commissioning
from hems.store.store import Store
from tests.control.panel import healthy
from tests.given import flats

SWITCHES, CHARGERS, METERS = DeviceId("switches"), DeviceId("chargers"), DeviceId("meters")
LAUNDRY, GYM = wiring.circuit_closed(CircuitId("laundry")), wiring.circuit_closed(CircuitId("gym"))
CAR = wiring.bay_power(SourceId("bay_1"))


class HandClock:
    """Stands still until it is moved."""

    def __init__(self, now_s: float = 100.0) -> None:
        self.now_s = now_s

    def now(self) -> Instant:
        return Instant(self.now_s)

    def mono_s(self) -> float:
        return self.now_s

    def advance(self, seconds: float) -> None:
        self.now_s += seconds


class LoopClock:
    """The event loop's own time."""

    def now(self) -> Instant:
        return Instant(self.mono_s())

    def mono_s(self) -> float:
        return asyncio.get_running_loop().time()


@dataclass(frozen=True, slots=True)
class Written:
    """One write as it arrived at a machine."""

    device: DeviceId
    point: str
    value: Scalar
    urgent: bool
    islanded: bool
    lease_s: float = 0.0
    presses: bool = field(default=False, compare=False)


@dataclass
class Machines:
    """Fulfils `hems.ports.device.Driver`: does as told at once, unless a test says otherwise."""

    devices: Sequence[DeviceId]
    written: list[Written] = field(default_factory=list)
    """In the order of arrival."""
    handed_over: list[str] = field(default_factory=list)
    """Points, in the order in which writing to them began."""
    released: list[DeviceId] = field(default_factory=list)
    armed: dict[DeviceId, bool] = field(default_factory=dict)
    fates: dict[str, Fate] = field(default_factory=dict)
    """By point, where it is not CONFIRMED."""
    open: asyncio.Event = field(default_factory=asyncio.Event)
    """While it is cleared, what is to be written waits, as in the queue of a slow link."""
    turns: int = 0
    """Of the event loop, that pass until a write leaves: links and queues take some."""
    meets: Callable[[Written], None] = lambda written: None
    """Called with each write as it arrives."""
    on_run: Callable[[], Any] = lambda: None
    on_release: Callable[[DeviceId], Any] = lambda device: None
    on_health: Callable[[], None] = lambda: None
    islands: list[tuple[bool, bool]] = field(default_factory=list)
    """What it was told of islands: whether there is one, and whether it stabilises."""
    former: DeviceId | None = None
    hears: Heard = field(default_factory=lambda: Heard(answer=Answer.GOOD))
    """What comes of a question to any device; nothing while writes wait."""
    runs: int = 0
    context: DriverContext | None = None

    def __post_init__(self) -> None:
        self.open.set()

    def health(self) -> Mapping[DeviceId, DeviceHealth]:
        self.on_health()
        return {one: DeviceHealth(link="here", armed=self.armed.get(one, False)) for one in self.devices}

    def arm(self, device: DeviceId, armed: bool) -> None:
        self.armed[device] = armed

    def islanded(self, islanded: bool, *, stabilising: bool = False, former: DeviceId | None = None) -> None:
        self.islands.append((islanded, stabilising))
        self.former = former

    async def run(self) -> None:
        self.runs += 1
        if (outcome := self.on_run()) is not None:
            await outcome
        await asyncio.Event().wait()

    async def write(
        self,
        device: DeviceId,
        command: str,
        value: Scalar,
        *,
        urgent: bool,
        islanded: bool,
        lease_s: float = 0.0,
        presses: bool = False,
    ) -> Reply:
        if not self.armed.get(device, False):
            return Reply(fate=Fate.OBSERVING, detail="not armed")
        self.handed_over.append(command)
        await self.open.wait()
        for _ in range(self.turns):
            await asyncio.sleep(0)
        written = Written(device, command, value, urgent, islanded, lease_s, presses)
        self.meets(written)
        self.written.append(written)
        return Reply(fate=self.fates.get(command, Fate.CONFIRMED))

    async def ask(self, device: DeviceId) -> Heard:
        await self.open.wait()
        return self.hears

    async def release(self, device: DeviceId) -> str:
        if isinstance(outcome := self.on_release(device), str):
            return outcome
        if outcome is not None:
            await outcome
        self.released.append(device)
        return ""

    def values(self, role: Role) -> list[Scalar]:
        """What arrived for one role."""
        return [one.value for one in self.written if one.point == role]


@dataclass
class Works:
    """Fulfils `hems.ports.device.DriverFactory` for one `Machines`; every role is a point and a command."""

    machines: Machines
    profile_text: str = "as printed"
    finds: Callable[[Callable[[str], None]], AsyncIterator[Found]] | None = None
    """What a search meets."""

    def lacks(self, specs: Sequence[DeviceSpec]) -> Sequence[str]:
        return []

    def check(self, specs: Sequence[DeviceSpec]) -> Sequence[str]:
        return []

    def points(self, spec: DeviceSpec) -> Mapping[str, str]:
        return {}

    def commands(self, spec: DeviceSpec) -> Mapping[str, str]:
        return {} if "meter" in spec.id else {"closed": "bool"}

    def witness_ms(self, spec: DeviceSpec, point: str) -> float | None:
        return None

    def settle_s(self, spec: DeviceSpec) -> Mapping[str, float]:
        return {}

    def products(self, among: Collection[str] | None = None) -> Sequence[Product]:
        return ()

    def schema(self) -> Mapping[str, object]:
        return {}

    def fingerprint(self, spec: DeviceSpec) -> str:
        return self.profile_text

    async def probe(self, sought: Sought, tell: Callable[[str], None], held: Held) -> AsyncIterator[Found]:
        if self.finds is not None:
            async for one in self.finds(tell):
                yield one

    def open(self, specs: Sequence[DeviceSpec], context: DriverContext) -> Machines:
        self.machines.context = context
        return self.machines


def wired(site: Site) -> Wiring:
    """Every quantity on a device of its kind, under the name of its role."""
    reads = {role: Port(_device(role), role) for role in [*healthy(site), *_bays(site)]}
    writes = {role: port for role, port in reads.items() if _is_written(role)}
    specs = tuple(
        DeviceSpec(id=one, driver="paper", profile="any", link="here") for one in (SWITCHES, CHARGERS, METERS)
    )
    return Wiring(devices=specs, reads=reads, writes=writes)


def _bays(site: Site) -> list[Role]:
    return [
        role(one.id) for one in site.bays for role in (wiring.bay_soc, wiring.bay_capacity, wiring.bay_discharge_ready)
    ]


def _device(role: Role) -> DeviceId:
    if role.startswith("bays/"):
        return CHARGERS
    return SWITCHES if role.endswith(("/closed", "/permit")) else METERS


def _is_written(role: Role) -> bool:
    return role.endswith(("/closed", "/permit")) or (role.startswith("bays/") and role.endswith("/power_w"))


def machines() -> Machines:
    """The three devices, all armed."""
    made = Machines(devices=(SWITCHES, CHARGERS, METERS))
    for device in made.devices:
        made.arm(device, True)
    return made


def switch(role: Role, on: bool) -> Command:
    return Command(role=role, value=on, cause=Cause(Why.ISLAND_CAPACITY), energises=on)


def power(watts: float, *, energises: bool, role: Role = CAR) -> Command:
    return Command(role=role, value=watts, cause=Cause(Why.SUPPORT_ISLAND), energises=energises, lease_s=60.0)


async def soon(condition: Callable[[], Any], *, within_s: float = 5.0) -> None:
    """Wait until it is true.  Raises: TimeoutError."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110  (what is waited for sets no event)
            await asyncio.sleep(0.005)


async def settled() -> None:
    """Let everything that is ready run."""
    for _ in range(10):
        await asyncio.sleep(0)


@dataclass
class House:
    """A building under control, without drivers that poll: a test delivers what they would."""

    site: Site
    clock: Clock
    store: Store
    machines: Machines
    works: Works
    fleet: Fleet
    board: Board
    actuators: Actuators
    desk: FrontDesk
    loop: Loop
    faults: dict[str, str] = field(default_factory=dict)
    cycles: list[Cycle] = field(default_factory=list)
    stops: list[bool] = field(default_factory=list)
    values: dict[Role, Any] = field(default_factory=dict)

    def deliver(self, *values: Mapping[Role, Any]) -> None:
        """Everything anew, as a driver would: a healthy building with these changes, which stay."""
        for some in values:
            self.values |= dict(some)
        now_s = self.clock.mono_s()
        for role, value in self.values.items():
            if value is not None:
                self.board(_device(role), {role: Reading(value, now_s)})

    async def cycle(self) -> Cycle:
        """One cycle, and whatever it set going."""
        cycle = await self.loop.cycle()
        self.cycles.append(cycle)
        await settled()
        return cycle


@asynccontextmanager
async def house(
    directory: Path,
    *,
    site: Site | None = None,
    params: Params | None = None,
    state: ControlState | None = None,
    clock: Clock | None = None,
    publish: Callable[[Picture, tuple[Event, ...]], None] = lambda picture, events: None,
    outlook: Outlook | None = None,
) -> AsyncIterator[House]:
    """All parts of the runtime on a real store; what changes state is asked for by the test."""
    site, params, clock = site or flats(), params or Params(), clock or HandClock()
    wires, at = wired(site), clock.now()
    store = Store(directory, boot_id="boot")
    store.start(at)
    works = Works(machines())
    board = Board(
        wires, clock, ready=lambda commands: made.actuators.ready(commands), wake=lambda: made.loop.wake.set()
    )
    context = DriverContext(clock=clock, sink=board, rng=None)  # type: ignore[arg-type]
    record = Commissioning(directory, site=site.name, site_digest="the file")
    proving = Proving(site, wires, {spec.id: works.fingerprint(spec) for spec in wires.devices}, record)
    fleet = open_fleet(
        wires.devices,
        {"paper": works},
        context,
        store.arming,
        digest="the file",
        seal=record.seal,
        watched=unlisted(site, wires),
        upstream=upstream(site, wires),
    )
    actuators = Actuators(fleet.devices, wires.writes, store.journal, clock, islanded=lambda: False)
    stops: list[bool] = []
    search = Search({"paper": works}, context.shared, mode=lambda: made.loop.state.mode.mode)
    setup = Setup(site, wires, "the file", lambda: "Power cut: the card", scene=lambda: desk.scene)
    toolbox = Toolbox(
        fleet,
        board,
        proving,
        clock,
        islanded=lambda: made.loop.state.mode.mode.on_island,
        goes_on=GoesOn(site, wires, params.command, clock, lambda: made.loop.state),
        more={**Archive(FileArchive(directory, "boot"), clock, site).does, **search.does, **setup.does},
    )
    desk = FrontDesk(
        site,
        params,
        clock,
        toolbox=toolbox,
        doorkeeper=Doorkeeper(site, store.people, clock, RootWord(directory, owner=os.geteuid())),
        auditing=Auditing(store.audit, clock),
        outlook=outlook or NoOutlook(),
        stop=stops.append,
    )
    cycles: list[Cycle] = []
    faults: dict[str, str] = {}
    loop = Loop(
        site,
        params,
        state or initial(at.mono_s),
        clock=clock,
        board=board,
        fleet=fleet,
        actuators=actuators,
        desk=desk,
        outlook=outlook or NoOutlook(),
        recorder=Recorder(store, params),
        publish=publish,
        completed=cycles.append,
        faults=lambda: faults,
        shortened=False,
    )
    made = House(
        site,
        clock,
        store,
        works.machines,
        works,
        fleet,
        board,
        actuators,
        desk,
        loop,
        faults,
        cycles,
        stops,
        healthy(site),
    )
    try:
        yield made
    finally:
        store.stop()


def site_file(where: Path, *, digest: str = "the file") -> SiteFile:
    """The block of flats on the three devices, as if it had been read; it keeps its things in `where`."""
    quick = shortened(Params())
    params = replace(quick, boot=replace(quick.boot, settle_s=0.5), island=replace(quick.island, stable_s=0.5))
    keep = KeepDays(minutes_days=60, quarters_days=1095, inputs_days=60, events_days=3650)
    settings = Settings(state_dir=where / "state", run_dir=where, log_level="info", timezone="Europe/Dublin", keep=keep)
    return SiteFile(
        path=where / "site.toml",
        site=flats(),
        wiring=wired(flats()),
        params=params,
        normal_params=Params(),
        shortened=True,
        settings=settings,
        digest=digest,
        notices=(),
    )


class Living:
    """Machines that tell everything five times a second, as drivers that poll do."""

    def __init__(self, *values: Mapping[Role, Any]) -> None:
        self.machines = machines()
        self.machines.on_run = self._tell
        self.values = healthy(flats())
        self.says(*values)
        self.drivers = {"paper": Works(self.machines)}

    def says(self, *values: Mapping[Role, Any]) -> None:
        """From now on; `None` is no answer."""
        for some in values:
            self.values |= dict(some)

    async def _tell(self) -> None:
        context = self.machines.context
        assert context is not None
        while True:
            now_s = context.clock.mono_s()
            for role, value in self.values.items():
                if value is not None:
                    context.sink(_device(role), {role: Reading(value, now_s)})
            await asyncio.sleep(0.2)
