"""Commands on their way to devices, in the order that safety asks for.

What takes power away goes out at once and is journalled beside; what gives power waits until its journal entry is on
disk. A newer command for the same actuator cancels an older one that has not been sent, so that a late "on" can never
follow an "off".  What became of each comes back in the next snapshot.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

from hems.control.sending import is_switch
from hems.model import wiring
from hems.model.command import Command, Fate, Outcome
from hems.model.errors import StoreError
from hems.model.instant import Instant
from hems.model.units import DeviceId
from hems.model.wiring import Port, Role
from hems.ports.clock import Clock
from hems.ports.device import Driver, Reply
from hems.ports.store import Journal

log = logging.getLogger(__name__)


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
        self._journal = journal
        self._clock = clock
        self._islanded = islanded
        self._under_way: dict[Role, asyncio.Task[None]] = {}
        self._outcomes: list[Outcome] = []
        self.journal_failed = False
        """Whether the last energising command could not be journalled; an alarm, and the next start assumes the
        worst."""

    def send(self, commands: Sequence[Command]) -> None:
        """Start sending; nothing that takes power away waits for anything."""
        now = self._clock.now()
        away = [command for command in commands if not command.energises]
        gives = [command for command in commands if command.energises]
        for command in away:
            self._start(command, None)
        if away:
            self._journal.note(away, now)
        if gives:
            written = asyncio.ensure_future(self._written(gives, now))
            for command in gives:
                self._start(command, written)

    def take_outcomes(self) -> tuple[Outcome, ...]:
        """What became of commands since this was last asked."""
        outcomes, self._outcomes = tuple(self._outcomes), []
        return outcomes

    async def settle(self, roles: Iterable[Role], *, within_s: float) -> None:
        """Wait for what is under way to some actuators, but not longer than `within_s`."""
        tasks = [task for role, task in self._under_way.items() if role in set(roles)]
        if tasks:
            await asyncio.wait(tasks, timeout=within_s)

    async def _written(self, commands: Sequence[Command], at: Instant) -> bool:
        try:
            await self._journal.commit(commands, at)
        except StoreError as error:
            if not self.journal_failed:
                log.warning("The journal cannot be written, only what is read back is switched on: %s", error)
            self.journal_failed = True
            return False
        self.journal_failed = False
        return True

    def _start(self, command: Command, written: asyncio.Future[bool] | None) -> None:
        older = self._under_way.get(command.role)
        if older is not None and not older.done():
            older.cancel()
        name = f"send {command.role}"
        self._under_way[command.role] = asyncio.create_task(self._deliver(command, written), name=name)

    async def _deliver(self, command: Command, written: asyncio.Future[bool] | None) -> None:
        started_s = self._clock.now().mono_s
        # Without its journal entry a command that gives power may only go where its effect can be read back.
        if written is not None and not await asyncio.shield(written) and not is_switch(command.role):
            reply = Reply(fate=Fate.REFUSED, detail="the journal cannot be written")
        else:
            reply = await self._write(command)
        now_s = self._clock.now().mono_s
        took_s = now_s - started_s
        self._outcomes.append(Outcome(command=command, fate=reply.fate, at_s=now_s, took_s=took_s, detail=reply.detail))

    async def _write(self, command: Command) -> Reply:
        port = self.writes.get(command.role)
        if port is None:
            return Reply(fate=Fate.REFUSED, detail="nothing is wired to it")
        return await self._drivers[port.device].write(
            port.device,
            port.point,
            command.value,
            urgent=not command.energises,
            islanded=self._islanded(),
        )

    def roles_of(self, device: DeviceId) -> list[Role]:
        """Every role that is commanded through a device."""
        return [role for role, port in self.writes.items() if port.device == device]


def carries_power(role: Role) -> bool:
    """Whether a role is the power of a car or battery, which a stop must bring to rest."""
    return not is_switch(role) and role != wiring.TIE_PERMIT
