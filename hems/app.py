"""The composition root: the only place that builds objects and wires them together."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from random import Random

from hems.api.server import Server
from hems.config.changed import Changed
from hems.config.keepgood import keep_good
from hems.config.site_file import KeepDays, SiteFile
from hems.control.state import ControlState
from hems.model.contained import contained
from hems.model.event import Event
from hems.model.listing import unlisted
from hems.model.mode import Mode
from hems.model.picture import Picture
from hems.model.upstream import upstream
from hems.ports.clock import Clock
from hems.ports.device import DriverContext, DriverFactory
from hems.runtime import taken_up
from hems.runtime.act import Actuators
from hems.runtime.archive import Archive
from hems.runtime.auditing import Auditing
from hems.runtime.board import Board
from hems.runtime.clock import Jumps
from hems.runtime.desk import FrontDesk
from hems.runtime.doorkeeper import Doorkeeper
from hems.runtime.fleet import Fleet, open_fleet
from hems.runtime.forgetting import Forgetting
from hems.runtime.goes_on import GoesOn
from hems.runtime.installed import InstalledDrivers
from hems.runtime.jobs import Jobs, zone_named
from hems.runtime.leaps import doubts
from hems.runtime.loop import Cycle, Loop
from hems.runtime.machine import Machine
from hems.runtime.notify import notify
from hems.runtime.once import Once
from hems.runtime.outlook import NoOutlook, Outlook
from hems.runtime.own_faults import own_faults
from hems.runtime.power import PowerEnd
from hems.runtime.proving import Proving
from hems.runtime.readiness import Readiness
from hems.runtime.record import Recorder
from hems.runtime.root_word import RootWord
from hems.runtime.scene import Scene
from hems.runtime.search import Search
from hems.runtime.setup import Setup
from hems.runtime.stop import leave
from hems.runtime.supervise import Running
from hems.runtime.survival import Starts, first_state
from hems.runtime.toolbox import Do, Toolbox
from hems.runtime.upkeep import Upkeep
from hems.store.archive import FileArchive
from hems.store.boot import machine_boot_id
from hems.store.commissioning import Commissioning
from hems.store.keeping import Keep
from hems.store.last import LastPicture
from hems.store.store import Store, StoreLimits
from hems.store.writer import Writer

log = logging.getLogger(__name__)

STOP_WITHIN_S = 14.0
"""Told to stop, the process ends within this time, whatever hangs."""
END_WITHIN_S = 2.0
"""For drivers and sockets to end, and once more for the interpreter after them."""
STORE_WITHIN_S = 3.0
SOCKETS = "screen service"
"""What clients come in by, as it is called when it fails."""


def installed_drivers() -> Mapping[str, DriverFactory]:
    """What a site file can name; only what it names is imported."""
    return InstalledDrivers()


class Daemon:
    """One site under control."""

    def __init__(
        self,
        site_file: SiteFile,
        drivers: Mapping[str, DriverFactory],
        *,
        clock: Clock,
        seed: int,
        told_to_stop: Callable[[], None] = lambda: None,
        writer: Writer | None = None,
        outlook: Outlook | None = None,
        last_good: Path | None = None,
        card: Callable[[], str] | None = None,
    ) -> None:
        """`writer` takes the place of the store's own thread where time is not the machine's.

        Without `outlook` nobody looks ahead; at `last_good` the site file is kept once it has proven itself.
        `card` waits for the paper for the panel door where it is being written already.
        """
        self._file = site_file
        self._drivers = drivers
        self._clock = clock
        self._seed = seed
        self._told_to_stop = told_to_stop
        self._writer = writer
        self._outlook = outlook or NoOutlook()
        self._last_good = last_good
        self._changed = Changed(site_file.path, site_file.digest)
        self._card = Once(card or partial(_card, site_file, drivers))
        self._stopping = asyncio.Event()
        self._hold = False
        self._desk: FrontDesk | None = None
        self._running = Running()
        self.left_behind: list[str] = []
        """What had not ended when `run` did."""

    def stop(self, hold: bool = False) -> None:
        """End soon; `hold` leaves every device as it is commanded now, for a restart or upgrade.  The first counts."""
        if not self._stopping.is_set():
            self._hold = hold
            self._stopping.set()
            self._told_to_stop()

    def hang_up(self) -> None:
        """End and hold, by a signal, which nobody can force: in an outage it is passed over."""
        if self._desk is not None and self._desk.in_outage:
            log.warning("SIGHUP is passed over while the building runs on its own power; hems stop --hold --force.")
        else:
            self.stop(hold=True)

    async def run(self) -> None:
        """Until stopped.  Raises: whatever `tick` raises; nothing that a device, a disk or a client does."""
        settings = self._file.settings
        boot_id = machine_boot_id()
        with contextlib.suppress(OSError):  # shows in the store's health; control does not depend on it
            settings.state_dir.mkdir(parents=True, exist_ok=True)
        store = Store(settings.state_dir, limits=_limits(settings.keep), boot_id=boot_id, writer=self._writer)
        now = self._clock.now()
        store.start(now)
        starts = Starts(settings.state_dir, boot_id, beside=settings.run_dir)
        failures, left = starts.begin(now.mono_s), store.left(now)
        state = first_state(self._file.site, left, now_s=now.mono_s, failures=failures, cut_off=starts.cut_off)
        machine = Machine(settings.state_dir, failed_starts=starts.in_a_day)
        try:
            await self._control(store, state, machine)
            starts.end()
        finally:
            if not store.stop(STORE_WITHIN_S):
                log.error("The disk did not take the last entries in time.")

    async def _control(self, store: Store, state: ControlState, machine: Machine) -> None:
        """Build everything, let it run, and end it in the order that safety asks for."""
        site, wiring, params = self._file.site, self._file.wiring, self._file.params
        zone = zone_named(self._file.settings.timezone)
        board = Board(
            wiring,
            self._clock,
            ready=lambda commands: actuators.ready(commands),
            wake=lambda: loop.wake.set(),
            doubts=doubts(site),
        )
        context = DriverContext(clock=self._clock, sink=board, rng=Random(self._seed))
        profiles = {spec.id: self._drivers[spec.driver].fingerprint(spec) for spec in wiring.devices}
        record = Commissioning(self._file.settings.state_dir, site=site.name, site_digest=self._file.digest)
        proving = Proving(site, wiring, profiles, record)
        fleet = self._fleet(context, store, record)
        actuators = Actuators(
            fleet.devices, wiring.writes, store.journal, self._clock, islanded=lambda: loop.state.mode.mode.on_island
        )
        toolbox = Toolbox(
            fleet,
            board,
            proving,
            self._clock,
            islanded=lambda: loop.state.mode.mode.on_island,
            goes_on=GoesOn(site, wiring, params.command, self._clock, lambda: loop.state),
            more=self._more(context, store, lambda: loop.state.mode.mode, lambda: desk.scene),
        )
        desk = self._desk = self._front_desk(store, toolbox)
        server = Server(self._file.settings.run_dir, desk)
        recorder, settings = Recorder(store, params), self._file.settings
        jobs = Jobs(lambda: store.keep_copy(self._clock.now()), zone)
        upkeep = self._upkeep(machine, store, jobs, lambda event: _note(event, desk, server, store))
        last = LastPicture(settings.run_dir, settings.state_dir, store.beside)
        readiness = self._readiness(server, lambda: self._begin_the_rest(store, last, upkeep))
        loop = Loop(
            site,
            params,
            state,
            clock=self._clock,
            board=board,
            fleet=fleet,
            actuators=actuators,
            desk=desk,
            outlook=self._outlook,
            recorder=recorder,
            publish=lambda picture, events: _publish(server, last, picture, events),
            completed=lambda cycle: _completed(cycle, readiness, upkeep),
            faults=lambda: self._faults(store, actuators, fleet) | record.faults() | dict(upkeep.faults()),
            shortened=self._file.shortened,
            zone=zone,
        )
        self._keep(fleet, server)
        try:
            await self._until_left(loop, fleet, actuators)
            recorder.save(self._clock.now(), loop.state, at_once=True)
        finally:
            jobs.end()
            self.left_behind = await self._running.end(within_s=END_WITHIN_S)

    async def _until_left(self, loop: Loop, fleet: Fleet, actuators: Actuators) -> None:
        """Control until somebody asks for an end; then leave the building fit to stand alone, unless told to hold."""
        cycle = asyncio.create_task(loop.run(), name="cycle")
        try:
            await self._until_stopped(cycle)
            if not self._hold:
                now, site, params = self._clock.now(), self._file.site, self._file.params
                await leave(site, params, loop.state, loop.look(now), now, fleet, actuators)
        finally:
            cycle.cancel()

    def _faults(self, store: Store, actuators: Actuators, fleet: Fleet) -> dict[str, str]:
        return own_faults(store.health.files, actuators, fleet, self._running, refused=self._file.refused)

    def _keep(self, fleet: Fleet, server: Server) -> None:
        """Have everything run that goes on beside the cycle."""
        for name, driver in fleet.drivers.items():
            self._running.keep(f"driver {name}", driver.run)
        self._running.keep(SOCKETS, server.serve)
        self._running.keep("look ahead", self._outlook.run)

    def _front_desk(self, store: Store, toolbox: Toolbox) -> FrontDesk:
        return FrontDesk(
            self._file.site,
            self._file.params,
            self._clock,
            toolbox=toolbox,
            doorkeeper=Doorkeeper(self._file.site, store.people, self._clock, RootWord(self._file.settings.run_dir)),
            auditing=Auditing(store.audit, self._clock),
            outlook=self._outlook,
            stop=self.stop,
        )

    def _more(
        self, context: DriverContext, store: Store, mode: Callable[[], Mode], scene: Callable[[], Scene | None]
    ) -> Mapping[str, Do]:
        """Requests about what was recorded, about how the building is set up, and about what else answers there."""
        records = FileArchive(self._file.settings.state_dir, machine_boot_id(), store.drain)
        archive = Archive(records, self._clock, self._file.site)
        setup = Setup(self._file.site, self._file.wiring, self._file.digest, self._card, scene)
        forgetting = Forgetting(self._file.site, store.people, self._clock, store.forget_bay)
        search = Search(self._drivers, context.shared, mode=mode)
        return {**forgetting.does, **archive.does, **search.does, **setup.does}

    def _fleet(self, context: DriverContext, store: Store, record: Commissioning) -> Fleet:
        """All devices, armed as they were; what has changed is told and kept."""
        site, wiring = self._file.site, self._file.wiring
        fleet = open_fleet(
            wiring.devices,
            self._drivers,
            context,
            store.arming,
            digest=self._file.digest,
            seal=record.seal,
            watched=unlisted(site, wiring),
            upstream=upstream(site, wiring),
        )
        now = self._clock.now()
        taken_up.configuration(self._file, store.audit, now, before=store.audit.configuration)
        taken_up.armings(fleet, record.unproven(), store.audit, now)
        return fleet

    async def _until_stopped(self, cycle: "asyncio.Task[None]") -> None:
        """Until somebody asks for it.  Raises: whatever has ended the cycle."""
        asked = asyncio.create_task(self._stopping.wait(), name="stop")
        try:
            await asyncio.wait({asked, cycle}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()
        if cycle.done():
            cycle.result()
        cycle.cancel()
        notify("STOPPING=1")

    def _upkeep(self, machine: Machine, store: Store, jobs: Jobs, tell: Callable[[Event], None]) -> Upkeep:
        looks = () if self._file.shortened else (machine.faults, self._changed.faults)  # demonstrations need neither
        power = PowerEnd(machine, store, self._file.settings.run_dir)
        return Upkeep(looks, Jumps(), jobs, tell, power.turn)

    def _readiness(self, server: Server, begin: Callable[[], None]) -> Readiness:
        return Readiness(
            decided=lambda: server.listening.is_set() or SOCKETS in self._running.troubles,
            begin=begin,
        )

    def _begin_the_rest(self, store: Store, last: LastPicture, upkeep: Upkeep) -> None:
        """What control does not wait for: calendar jobs, the card for the panel door, a site file that has now run."""
        upkeep.begin(store.beside)
        store.beside(partial(self._keep_card, last))
        if self._last_good is not None and not self._file.refused:
            store.beside(partial(keep_good, self._file, self._last_good))

    def _keep_card(self, last: LastPicture) -> None:
        """In a thread: whoever writes the card may still be at it, and no cycle may wait for paper."""
        with contained() as card:
            last.keep_card(self._card())
        if card.fault is not None:
            log.error("The card for the panel door cannot be written.", exc_info=card.fault)


def _completed(cycle: Cycle, readiness: Readiness, upkeep: Upkeep) -> None:
    """What is seen to after each cycle."""
    readiness.completed(cycle.step)
    upkeep.turn(cycle.now)


def _publish(server: Server, last: LastPicture, picture: Picture, events: tuple[Event, ...]) -> None:
    """Events first, so that a screen knows why the picture has changed."""
    last.keep(picture)
    for event in events:
        server.publish_event(event)
    server.publish(picture)


def _limits(keep: KeepDays) -> StoreLimits:
    """What the site file says about keeping."""
    days = Keep.days(
        minutes=keep.minutes_days, quarters=keep.quarters_days, inputs=keep.inputs_days, events=keep.events_days
    )
    return StoreLimits(keep=days)


def _note(event: Event, desk: FrontDesk, server: Server, store: Store) -> None:
    """What no tick has decided, told and kept like everything else."""
    desk.note(event)
    server.publish_event(event)
    store.record_events((event,))


def _card(site_file: SiteFile, drivers: Mapping[str, DriverFactory]) -> str:
    """The paper for the panel door; a daemon as a process has it written by the one that reads its site file."""
    from hems.report.panel_card import card_of

    return card_of(site_file, drivers)
