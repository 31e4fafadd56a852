"""Commands of one device: judged, sent while they are young, and followed to their effect."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace

from drivers.mqtt.command import Pending
from drivers.mqtt.errors import Forbidden, Incomplete, LinkDown
from drivers.mqtt.keep import Keeper
from drivers.mqtt.link import Link
from drivers.mqtt.message import Step
from drivers.mqtt.payload import Incoming
from drivers.mqtt.points import Points
from drivers.mqtt.presence import SAID_GOOD_BYE, Presence
from drivers.mqtt.schema import MqttProfile, MqttWrite
from drivers.profile.command import Refused, pause_s, prepare
from drivers.profile.expression import UnknownValueError
from hems.model.command import Fate
from hems.model.units import DeviceId
from hems.ports.device import Reply, Scalar

AGE_MAX_S = 10.0
"""A command older than this is not sent: what it was decided on is no longer so."""


class Commander:
    """Holds what has been asked for and not yet seen, and what is in force."""

    def __init__(
        self,
        device: DeviceId,
        profile: MqttProfile,
        link: Link,
        points: Points,
        presence: Presence,
        *,
        now_s: Callable[[], float],
        look: Callable[[], None],
    ) -> None:
        self._device = device
        self._profile = profile
        self._link = link
        self._points = points
        self._presence = presence
        self._now_s = now_s
        self._look = look
        """Asks the device to tell how it is."""
        self._pending: dict[str, Pending] = {}
        self._sent_s: dict[str, float] = {}
        self._shown: dict[str, tuple[bool | float, float]] = {}
        """What each command was when the device showed it last, and when that was."""
        self._acquired = False
        self.keeper = Keeper(profile.control, self._send_all, self._repeat, now_s)

    async def write(self, name: str, wanted: Scalar, *, islanded: bool, lease_s: float, presses: bool) -> Reply:
        """Send a command and see what becomes of it; a later command of the same name ends the wait for this one."""
        born_s = self._now_s()
        spec = self._profile.write.get(name)
        if spec is None:
            return Reply(fate=Fate.REFUSED, detail=f"{self._device} has no command {name}")
        if not self._link.rights.armed(self._device):
            return Reply(fate=Fate.OBSERVING, detail="not armed")
        self.keeper.heard(name)
        obstacle = self._obstacle()
        if obstacle is not None:
            self.keeper.unsaid(name, wanted)
            return obstacle
        points = self._points.known() if wanted else {}  # what stops needs no permission
        accepted = prepare(spec, wanted, points, islanded=islanded)
        if isinstance(accepted, Refused):
            self.keeper.denied(name, wanted, self.keeper.held(name))
            return Reply(fate=Fate.REFUSED, detail=accepted.reason)
        pending = Pending(
            spec=spec,
            value=accepted.value,
            number=self._link.next_number(),
            verdict=asyncio.get_running_loop().create_future(),
            note=accepted.note,
            lease_s=lease_s,
            pause_s=pause_s(spec, accepted.value, presses=presses),
        )
        return await self._carried_out(name, pending, born_s)

    def saw(self) -> None:
        """Something live has come: see whether it shows the effect of a command."""
        for name, pending in list(self._pending.items()):
            verify = pending.spec.verify
            reading = self._points.latest.get(verify.read) if verify else None
            if verify is None or reading is None or not reading.is_fresh(self._now_s()):
                continue
            told_s = self._points.told_s(verify.read)
            if pending.saw(reading.value, told_s):
                self._shown[name] = (pending.value, told_s)

    def take_answer(self, message: Incoming) -> None:
        """Take what the device answers to a command."""
        for pending in list(self._pending.values()):
            if pending.answered(message):
                self._look()  # a switch that is already where it was asked to be tells nothing by itself

    def lose(self, why: str) -> None:
        """The device or the broker is gone: nothing on its way will arrive, and control has to be taken anew."""
        self._acquired = False
        self._shown.clear()
        self.keeper.regained()
        for pending in self._pending.values():
            pending.end(Fate.UNREACHABLE, why)

    async def release(self) -> None:
        """Hand back control.  Raises: LinkError."""
        self.keeper.forget()
        self._acquired = False
        if not (self._profile.control.release and self._link.rights.armed(self._device)):
            return
        if self._presence.offline:
            raise LinkDown(SAID_GOOD_BYE)
        await self._send_all(self._profile.control.release)

    async def keep(self) -> None:
        """Repeat what is in force, or let it lapse; nothing is left for a device that is away.  Raises: LinkError."""
        if not self._presence.offline:
            await self.keeper.look()

    def _obstacle(self) -> Reply | None:
        """Why the device cannot be commanded at all, if so."""
        if self._presence.offline:
            # a broker may keep it for a device with a persistent session, and deliver it hours later
            return Reply(fate=Fate.UNREACHABLE, detail=SAID_GOOD_BYE)
        if self._points.stranger:
            return Reply(fate=Fate.REFUSED, detail=self._points.stranger)
        for name in self._profile.identify:
            if name not in self._points.seen:
                return Reply(fate=Fate.UNREACHABLE, detail=f"has not told what it is: {name.lstrip('_')} is not known")
        return None

    async def _carried_out(self, name: str, pending: Pending, born_s: float) -> Reply:
        earlier = self._pending.get(name)
        if earlier is not None:
            earlier.end(Fate.UNVERIFIED, "overtaken by a later command")
        self._pending[name] = pending
        overruled = in_turn = False
        before = self.keeper.held(name)
        try:
            await self._wait_for_turn(name, pending)
            in_turn = pending.is_wanted()
            overruled = self._overruled(name, pending.spec)
            await self._send(name, pending, born_s)
            await asyncio.wait([pending.verdict], timeout=pending.patience_s)
        except Forbidden as refusal:
            pending.end(Fate.OBSERVING, str(refusal))
        except Incomplete as unknown:
            pending.end(Fate.REFUSED, str(unknown))
        except LinkDown as trouble:
            pending.end(Fate.UNREACHABLE, str(trouble))
        finally:
            if self._pending.get(name) is pending:
                del self._pending[name]
        pending.give_up()
        reply = pending.verdict.result()
        if reply.fate is Fate.UNREACHABLE and pending.sent_s is None:
            self.keeper.unsaid(name, pending.value)
        if reply.fate is Fate.REFUSED and in_turn:
            self.keeper.denied(name, pending.value, before)
        return replace(reply, overruled=overruled)

    def _overruled(self, name: str, spec: MqttWrite) -> bool:
        """Whether a set-point that is in force, and was shown, is no longer what the device has told since."""
        held, (value, shown_s) = self.keeper.held(name), self._shown.get(name, (None, 0.0))
        if spec.verify is None or spec.verify.within is None or held is None or value != held.value:
            return False
        reading = self._points.latest.get(spec.verify.read)
        fresh = (
            reading is not None and reading.is_fresh(self._now_s()) and self._points.told_s(spec.verify.read) > shown_s
        )
        return reading is not None and fresh and spec.verify.overruled(reading.value, value)

    async def _wait_for_turn(self, name: str, pending: Pending) -> None:
        """Some devices do not want a command more often than so."""
        wait_s = self._sent_s.get(name, float("-inf")) + pending.pause_s - self._now_s()
        if wait_s <= 0:
            return
        if wait_s > AGE_MAX_S:
            pending.end(Fate.REFUSED, f"the device takes this command again in {wait_s:.0f} s")
        await asyncio.wait([pending.verdict], timeout=wait_s)

    async def _send(self, name: str, pending: Pending, born_s: float) -> None:
        if not pending.is_wanted():
            return
        way = pending.spec.open_way(self._points.known())
        if way is None:
            pending.end(Fate.REFUSED, "no way to do this is open at present")
            return
        if not self._acquired and self._profile.control.acquire:
            await self._send_all(self._profile.control.acquire)
            self._acquired = True
        steps = [step for step in way.steps if step.applies(pending.value)]
        if not steps:
            pending.end(Fate.REFUSED, "the device has no message for this value at present")
        for step in steps:
            if not pending.is_wanted():
                return
            if self._now_s() - born_s > AGE_MAX_S:
                pending.end(Fate.UNREACHABLE, f"not sent: it is older than {AGE_MAX_S:g} s")
                return
            self.keeper.leaving(name, pending.spec, pending.value, pending.lease_s)
            await self._publish(step, pending.spec.wire_value(pending.value), pending.number)
        if pending.is_wanted():
            self._sent_s[name] = self._now_s()
            self.keeper.arrived(name)
            pending.sent(self._sent_s[name])
            if pending.spec.verify is not None and pending.spec.reply is None:
                self._look()

    async def _repeat(self, spec: MqttWrite, value: bool | float) -> bool:
        """Say a command again that is in force; False if that cannot be done now.  Raises: LinkError."""
        way = spec.open_way(self._points.known())
        if way is None or self._obstacle() is not None:
            return False
        if not self._acquired:
            await self._send_all(self._profile.control.acquire)
            self._acquired = True
        number = self._link.next_number()
        for step in way.steps:
            if step.applies(value):
                await self._publish(step, spec.wire_value(value), number)
        return True

    async def _send_all(self, steps: Iterable[Step]) -> None:
        number = self._link.next_number()
        for step in steps:
            await self._publish(step, 0, number)

    async def _publish(self, step: Step, value: Scalar, number: int) -> None:
        values = {**self._points.known(), "value": value, "seq": number, "client_id": self._link.client_id}
        try:
            message = step.outgoing(values)
        except UnknownValueError as unknown:
            raise Incomplete(str(unknown)) from None
        await self._link.publish(self._device, message, qos=self._profile.link.qos)
        if step.wait_ms:
            await asyncio.sleep(step.wait_ms / 1000)
