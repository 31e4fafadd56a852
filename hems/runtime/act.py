"""Commands on their way to devices, in the order that safety asks for.

What takes power away goes out at once and is journalled beside; what gives power waits until its journal entry is on
disk. A newer command for the same actuator cancels an older one that has not been sent, so that a late "on" can never
follow an "off".  What became of each comes back in the next snapshot.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from hems.control.sending import is_switch, presses
from hems.model.command import Command, Fate, Outcome
from hems.model.contained import contained
from hems.model.errors import StoreError
from hems.model.instant import Instant
from hems.model.units import DeviceId
from hems.model.wiring import Port, Role
from hems.ports.clock import Clock
from hems.ports.device import Driver, Reply
from hems.ports.store import Journal
from hems.runtime.openers import Openers

log = logging.getLogger(__name__)

FIRST_TURNS = 4
"""Of the event loop, in which circuits that open reach the wire; set-points are judged after that, and then the journal
is told."""
PATIENCE_S = 10.0
"""The same command again is let be while the first is still on its way, but not for longer than this."""


@dataclass(frozen=True, slots=True)
class OnItsWay:
    """A command that was handed over and whose fate is not known yet."""

    command: Command
    task: "asyncio.Task[None]"
    gives: bool
    since_s: float


class Actuators:
    """Every actuator of the site; `send` returns at once."""

    def __init__(
        self,
        drivers: Mapping[DeviceId, Driver],
        writes: Mapping[Role, Port],
        journal: Journal,
        clock: Clock,
        *,
        islanded: Callable[[], bool],
    ) -> None:
        self._drivers = drivers
        self.writes = writes
        self._openers = Openers(drivers, writes)
        self._journal = journal
        self._clock = clock
        self._islanded = islanded
        self._on_its_way: dict[Role, OnItsWay] = {}
        self._leaving: list[asyncio.Task[None]] = []
        """What takes power away and nobody has waited for so far."""
        self._unwritten: dict[Role, Command] = {}
        """Powers that are to be raised and have no entry in the journal so far."""
        self._unnoted: list[tuple[Sequence[Command], Instant]] = []
        """What takes power away and leaves just now; the journal hears of it a moment later, in the same order."""
        self._outcomes: list[Outcome] = []
        self.journal_failed = False
        """Whether the last energising command could not be journalled; an alarm, and the next start assumes the
        worst."""

    def send(self, commands: Sequence[Command]) -> None:
        """Start sending; nothing that takes power away waits for anything."""
        now = self._clock.now()
        fresh = self._fresh(commands, now)
        self._openers.ready(fresh)()
        self._send(fresh, now)

    def ready(self, commands: Sequence[Command]) -> Callable[[], None]:
        """For the reflex: sends these when it is called, and calls off whatever was about to give power before.

        All that can be thought of before is thought of now, so that the first circuit opens before anything else.
        """
        open_now = self._openers.ready(commands)

        def shed() -> None:
            open_now()
            self.call_off()
            now = self._clock.now()
            self._send(self._fresh(commands, now), now)

        return shed

    def _fresh(self, commands: Sequence[Command], now: Instant) -> Sequence[Command]:
        return [command for command in commands if not self._is_on_its_way(command, now.mono_s)]

    def _send(self, commands: Sequence[Command], now: Instant) -> None:
        gives = [command for command in commands if self._gives(command)]
        away = [command for command in commands if not self._gives(command)]
        if gives:
            self._note()  # what left before them stands before them
        for command in away:
            self._leaving.append(self._start(command, None, now.mono_s))
        if away:
            self._unnoted.append((away, now))
            _after_turns(FIRST_TURNS + 1, self._note)
        if gives:
            written = asyncio.create_task(self._written(gives, now), name="journal")
            for command in gives:
                self._start(command, written, now.mono_s)

    def call_off(self) -> None:
        """Take back what gives power and has not been sent yet.  It has no outcome; whoever still wants it repeats."""
        for one in self._on_its_way.values():
            if one.gives:
                one.task.cancel()

    def take_outcomes(self) -> tuple[Outcome, ...]:
        """What became of commands since this was last asked."""
        outcomes, self._outcomes = tuple(self._outcomes), []
        return outcomes

    async def away(self, *, within_s: float) -> None:
        """Give way to what takes power away until it is answered, once for each command and not longer than `within_s`.

        A whole cycle of records and pictures takes longer than all of it.
        """
        leaving, self._leaving = self._leaving, []
        if leaving:
            await asyncio.wait(leaving, timeout=within_s)

    async def settle(self, roles: Iterable[Role], *, within_s: float) -> None:
        """Wait for what is under way to some actuators, but not longer than `within_s`."""
        tasks = [self._on_its_way[role].task for role in set(roles) if role in self._on_its_way]
        if tasks:
            await asyncio.wait(tasks, timeout=within_s)

    def _gives(self, command: Command) -> bool:
        """Whether it must be in the journal first: also a power that repeats one which never got there."""
        return command.energises or (bool(command.value) and command.role in self._unwritten)

    def _is_on_its_way(self, command: Command, now_s: float) -> bool:
        older = self._on_its_way.get(command.role)
        return (
            older is not None
            and not older.task.done()
            and not older.task.cancelling()
            and older.command.value == command.value
            and now_s - older.since_s < PATIENCE_S
        )

    def _note(self) -> None:
        unnoted, self._unnoted = self._unnoted, []
        for commands, at in unnoted:
            self._journal.note(commands, at)

    async def _written(self, commands: Sequence[Command], at: Instant) -> bool:
        with contained() as journal:  # whatever it is, it must not keep a circuit off that is read back
            await self._journal.commit(commands, at)
        if journal.fault is not None:
            self._journal_failed(journal.fault)
            return False
        self.journal_failed = False
        for command in commands:
            if self._unwritten.get(command.role) is command:
                del self._unwritten[command.role]
        return True

    def _journal_failed(self, fault: Exception) -> None:
        if not self.journal_failed:
            trace = None if isinstance(fault, StoreError) else fault  # says in words what is wrong
            log.warning(
                "The journal cannot be written, only what is read back is switched on: %s", fault, exc_info=trace
            )
        self.journal_failed = True

    def _start(self, command: Command, written: "asyncio.Task[bool] | None", now_s: float) -> "asyncio.Task[None]":
        older = self._on_its_way.get(command.role)
        if older is not None:
            older.task.cancel()
        self._unwritten.pop(command.role, None)
        gives = written is not None
        if gives and not is_switch(command.role):
            self._unwritten[command.role] = command
        task = asyncio.create_task(self._deliver(command, written, now_s), name=f"send {command.role}")
        self._on_its_way[command.role] = OnItsWay(command, task, gives, now_s)
        return task

    async def _deliver(self, command: Command, written: "asyncio.Task[bool] | None", started_s: float) -> None:
        if written is None and not is_switch(command.role):
            for _ in range(FIRST_TURNS):
                await asyncio.sleep(0)
        # Without its journal entry a command that gives power may only go where its effect can be read back.
        if written is not None and not await asyncio.shield(written) and not is_switch(command.role):
            reply = Reply(fate=Fate.REFUSED, detail="the journal cannot be written")
        else:
            reply = await self._write(command, urgent=written is None)
        now_s = self._clock.mono_s()
        took_s = now_s - started_s
        outcome = Outcome(
            command=command,
            fate=reply.fate,
            at_s=now_s,
            took_s=took_s,
            detail=reply.detail,
            overruled=reply.overruled,
        )
        self._outcomes.append(outcome)

    async def _write(self, command: Command, *, urgent: bool) -> Reply:
        port = self.writes.get(command.role)
        if port is None:
            return Reply(fate=Fate.REFUSED, detail="nothing is wired to it")
        write, islanded = self._drivers[port.device].write, self._islanded()
        with contained() as driver:  # its fault is told like any other failure, and not lost with the task
            return await write(
                port.device,
                port.point,
                command.value,
                urgent=urgent,
                islanded=islanded,
                lease_s=command.lease_s,
                presses=presses(command, islanded=islanded),
            )
        log.error("The driver of %s failed on %s.", port.device, command.role, exc_info=driver.fault)
        return Reply(fate=Fate.UNREACHABLE, detail=f"its driver failed: {type(driver.fault).__name__}")


def _after_turns(turns: int, do: Callable[[], None]) -> None:
    """Do it so many turns of the event loop from now."""
    if turns:
        asyncio.get_running_loop().call_soon(_after_turns, turns - 1, do)
    else:
        do()
