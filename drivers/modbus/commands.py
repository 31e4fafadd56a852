"""The commands of one device: judged, sent, verified, and in force for as long as they are fresh."""

import asyncio
import logging
from collections.abc import Callable, Iterable

from drivers.modbus.errors import LinkError, Refusal
from drivers.modbus.force import Keeping
from drivers.modbus.frame import Space
from drivers.modbus.keep import Keeper
from drivers.modbus.layout import Layout, PlacedCommand
from drivers.modbus.poll import Reader
from drivers.modbus.send import Sender, Still
from drivers.profile.command import Refused, fate_of, pause_s, prepare
from drivers.profile.expression import UnknownValueError
from hems.model.command import Fate
from hems.model.units import DeviceId
from hems.ports.device import Reply, Scalar

RETAKE_S = 60.0
"""How often at most control is taken anew from a device that answers and does not follow."""
OVERTAKEN = Reply(fate=Fate.UNVERIFIED, detail="a later command took its place")

log = logging.getLogger(__name__)


class Commander:
    """Everything that is written to one device goes through here."""

    def __init__(
        self,
        device: DeviceId,
        sender: Sender,
        reader: Reader,
        keeping: Keeping,
        *,
        ready: Callable[[], bool],
        there: Callable[[], bool],
    ) -> None:
        self.layout = Layout(points={})
        self._device = device
        self._sender = sender
        self._reader = reader
        self._ready = ready
        self._keeper = Keeper(sender, lambda: self.layout, ready, there, self._begin, keeping)
        self._acquired = False
        self._acquired_s = float("-inf")
        self._turns: dict[str, int] = {}
        self._sent_s: dict[str, float] = {}
        self._shown: dict[str, bool | float] = {}
        """What each command was when its read-back showed it last."""

    async def run(self) -> None:
        """Hold the dead-man until cancelled."""
        await self._keeper.run()

    async def write(
        self, name: str, wanted: Scalar, *, urgent: bool, islanded: bool, lease_s: float, presses: bool
    ) -> Reply:
        """Judge, send, verify; the device has been identified."""
        placed = self.layout.commands.get(name)
        if placed is None:
            return Reply(fate=Fate.REFUSED, detail=f"there is no command '{name}'")
        self._keeper.heard(name)
        if not wanted and not await self._opened(name, placed):
            return OVERTAKEN
        points = (
            self._reader.values.known() if wanted else {}
        )  # what stops needs no permission, and has no time to look
        judged = prepare(placed.spec, wanted, points, islanded=islanded)
        if isinstance(judged, Refused):
            self._keeper.force.denied(name, wanted, self._keeper.force.held.get(name))
            return Reply(fate=Fate.REFUSED, detail=judged.reason)
        still = self._begin(name)
        if not await self._waited(name, still, pause_s(placed.spec, judged.value, presses=presses)):
            return OVERTAKEN
        overruled = not urgent and await self._overruled(name, placed)
        if not await self._is_there(name, placed, judged.value):
            failed = await self._acquire(urgent)
            if failed is not None:
                self._keeper.force.unsaid(name, judged.value, still)
            else:
                failed = await self._send(name, placed, judged.value, still, urgent=urgent, lease_s=lease_s)
            if failed is not None:
                self._doubt_control(failed)
                return failed
        if placed.spec.verify is None:
            return Reply(fate=Fate.UNVERIFIED, detail=judged.note or "nothing reads it back")
        seen = await self._sender.watch(placed.spec.verify, judged.value, still)
        if seen.fate is Fate.CONFIRMED:
            self._shown[name] = judged.value
        elif still():
            self._doubt_control(seen)
        return Reply(
            fate=fate_of(seen.fate, judged.note),
            detail="; ".join(part for part in (judged.note, seen.detail) if part),
            overruled=overruled,
        )

    async def _opened(self, name: str, placed: PlacedCommand) -> bool:
        """What is opened already need not be judged before it is answered for; False if a later command came first.

        Meanwhile nobody thinks about anything while other boards' frames or answers are on their way.
        """
        opening = None if placed.coil is None else self._sender.opening(placed.coil)
        if opening is None:
            return True
        still = self._begin(name)
        await opening
        return still()

    def unsaid(self, name: str, wanted: Scalar) -> None:
        """This was asked for while the device was away."""
        self._keeper.force.unsaid(name, wanted, self._begin(name))

    @property
    def in_control(self) -> bool:
        """Whether nothing is to be done before it can be commanded."""
        return self._acquired or not self.layout.acquire

    def coils(self, names: Iterable[str]) -> list[int]:
        """Those of these switches that are coils."""
        found = [self.layout.commands.get(name) for name in names]
        return [placed.coil for placed in found if placed is not None and placed.coil is not None]

    @property
    def starving(self) -> bool:
        """Whether the device must not be asked anything, so that its own timer runs out."""
        return self._keeper.starving

    def spare(self, spared: bool) -> None:
        """Leave its powers alone, or no longer: it makes the island."""
        self._keeper.force.spare(spared)

    async def release(self) -> str:
        """Hand control back; a device that may not be written to has none of ours.  Why not, if it could not be."""
        self._keeper.force.forget()
        self._acquired = False
        if self._ready() and self.layout.release:
            try:
                await self._sender.send(self.layout.release, urgent=False)
            except (LinkError, UnknownValueError, ValueError) as trouble:
                return str(trouble)
        return ""

    async def regained(self, layout: Layout) -> None:
        """The device has identified itself, perhaps after a restart: take control again if we had it."""
        self.layout, self._acquired = layout, False
        self._shown.clear()
        self._keeper.force.moved(layout)
        if self._keeper.force.held and self._ready() and await self._acquire(urgent=False) is None:
            await self._keeper.regained()

    def _begin(self, name: str) -> Still:
        turn = self._turns[name] = self._turns.get(name, 0) + 1

        def still() -> bool:
            """Whether nothing has taken its place."""
            return self._turns[name] == turn

        return still

    async def _send(
        self, name: str, placed: PlacedCommand, value: bool | float, still: Still, *, urgent: bool, lease_s: float
    ) -> Reply | None:
        held = self._keeper.force.held.get(name)
        # In force before it leaves: from the first step on the device may follow it, whatever becomes of the rest.
        mine = self._keeper.force.sent(
            name, placed, value, still, lease_s=lease_s, numbers=self._sender.numbers(placed, value)
        )
        try:
            failed = await self._sender.command(placed, value, urgent=urgent, still=still)
        except asyncio.CancelledError:
            self._keeper.force.doubt(name, mine)
            raise
        self._sent_s[name] = asyncio.get_running_loop().time()
        if failed is None:
            self._keeper.force.arrived(name, mine)
        elif failed.fate is Fate.OBSERVING or (failed.fate is Fate.REFUSED and _as_one(placed)):
            self._keeper.force.put_back(name, mine, held)
        elif failed.fate is not Fate.UNREACHABLE:
            self._keeper.force.doubt(name, mine)
        if failed is not None and failed.fate is Fate.REFUSED and still():
            self._keeper.force.denied(name, value, held)
        return failed

    async def _overruled(self, name: str, placed: PlacedCommand) -> bool:
        """Whether a set-point that is in force, and was shown, is no longer what the device shows."""
        held, verify = self._keeper.force.held.get(name), placed.spec.verify
        if verify is None or verify.within is None or held is None or held.value != self._shown.get(name):
            return False
        try:
            shown = await self._reader.fetch(verify.read)
        except LinkError:
            return False
        return shown is not None and verify.overruled(shown.value, held.value)

    async def _is_there(self, name: str, placed: PlacedCommand, value: bool | float) -> bool:
        """Whether a register that wears has been given this value already, and still shows it."""
        held = self._keeper.force.held.get(name)
        if not placed.spec.persistent or held is None or held.value != value or not held.taken:
            return False
        verify = placed.spec.verify
        if verify is None:
            return True
        try:
            shown = await self._reader.fetch(verify.read)
        except LinkError:
            return False
        return shown is not None and verify.satisfied(shown.value, value)

    async def _waited(self, name: str, still: Still, interval_s: float) -> bool:
        """Keep the device's own pause between commands; False if a later one came meanwhile."""
        if not interval_s:
            return still()
        wait_s = self._sent_s.get(name, float("-inf")) + interval_s - asyncio.get_running_loop().time()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        return still()

    def _doubt_control(self, reply: Reply) -> None:
        """What answers and does not follow may have started afresh unseen, or something else has control of it."""
        now_s = asyncio.get_running_loop().time()
        if reply.fate in (Fate.REFUSED, Fate.UNVERIFIED) and now_s >= self._acquired_s + RETAKE_S:
            self._acquired = False

    async def _acquire(self, urgent: bool) -> Reply | None:
        if self._acquired or not self.layout.acquire:
            return None
        try:
            await self._sender.send(self.layout.acquire, urgent=urgent)
        except (LinkError, UnknownValueError, ValueError) as trouble:
            says_no = trouble.is_final if isinstance(trouble, Refusal) else not isinstance(trouble, LinkError)
            fate = Fate.REFUSED if says_no else Fate.UNREACHABLE
            return Reply(fate=fate, detail=f"control could not be taken: {trouble}")
        self._acquired, self._acquired_s = True, asyncio.get_running_loop().time()
        return None


def _as_one(placed: PlacedCommand) -> bool:
    """Whether it is refused as a whole: coils share a frame with others, and some of them may have been switched."""
    return len(placed.steps) == 1 and placed.steps[0].register.space is not Space.COIL
