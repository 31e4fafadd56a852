"""One device behind a broker: its readings, whether it is there, and its commands."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from drivers.mqtt.command import Pending
from drivers.mqtt.errors import Forbidden, LinkDown, LinkError
from drivers.mqtt.link import Link
from drivers.mqtt.payload import Incoming, Outgoing, Unreadable, as_text
from drivers.mqtt.points import Points
from drivers.mqtt.presence import SAID_GOOD_BYE, Presence
from drivers.mqtt.schema import Message, MqttProfile
from drivers.profile.alarms import standing
from drivers.profile.command import Refused, prepare
from hems.model.command import Fate
from hems.model.snapshot import DeviceHealth
from hems.model.wiring import DeviceSpec
from hems.ports.device import DriverContext, Reply, Scalar

TURN_S = 1.0
"""How often a device looks at its own duties; what is urgent does not wait for it."""


class Device:
    """One product at one place; turns what the link brings into readings, answers and presence."""

    def __init__(self, spec: DeviceSpec, profile: MqttProfile, link: Link, context: DriverContext) -> None:
        self.id = spec.id
        self._profile = profile
        self._link = link
        self._context = context
        self._points = Points(spec.id, profile, context)
        self._pending: dict[str, Pending] = {}
        self._presence = Presence(link, profile.link.silent_ms / 1000, self._now_s)
        self._sent_s: dict[str, float] = {}
        self._asked_s = float("-inf")
        self._commanded_s: float | None = None
        self._ghosts: set[str] = set()
        self._duty = asyncio.Event()
        self._meet_link()

    def health(self) -> DeviceHealth:
        """Whether it answers, since when not, and why not."""
        since_s, detail = self._presence.lost()
        if not detail and self._ghosts:
            detail = f"a command lies retained on {', '.join(sorted(self._ghosts))}; it is cleared once armed"
        return DeviceHealth(
            link=str(self._link.address),
            lost_since_s=since_s,
            detail=detail,
            armed=self._link.armed(self.id),
            alarms=standing(self._profile.alarms, self._points.latest, self._now_s()),
        )

    def arm(self, armed: bool) -> None:
        """Open or close the way for commands."""
        self._link.arm(self.id, armed)
        self._duty.set()

    async def run(self) -> None:
        """Ask for readings, clear what lies retained, hold the dead-man; until cancelled."""
        while True:
            self._duty.clear()
            with suppress(LinkError):  # shows in the health; the next turn tries again
                await self._do_duties()
            try:
                async with asyncio.timeout(TURN_S * self._context.rng.uniform(0.9, 1.1)):
                    await self._duty.wait()
            except TimeoutError:
                continue

    async def write(self, name: str, wanted: Scalar, *, islanded: bool) -> Reply:
        """Send a command and see what becomes of it; a later command of the same name ends the wait for this one."""
        spec = self._profile.write.get(name)
        if spec is None:
            return Reply(fate=Fate.REFUSED, detail=f"{self.id} has no command {name}")
        if not self._link.armed(self.id):
            return Reply(fate=Fate.OBSERVING, detail="not armed")
        accepted = prepare(spec, wanted, self._points.known(), islanded=islanded)
        if isinstance(accepted, Refused):
            return Reply(fate=Fate.REFUSED, detail=accepted.reason)
        if self._presence.offline:
            # a broker may keep it for a device with a persistent session, and deliver it hours later
            return Reply(fate=Fate.UNREACHABLE, detail=SAID_GOOD_BYE)
        pending = Pending(
            spec=spec,
            value=accepted.value,
            number=self._link.next_number(),
            verdict=asyncio.get_running_loop().create_future(),
            note=accepted.note,
        )
        return await self._carried_out(name, pending)

    async def release(self) -> None:
        """Send what the profile says hands back control."""
        await self._send_all(self._profile.control.release)

    # ---- what the link brings

    def _meet_link(self) -> None:
        link, control = self._profile.link, self._profile.control
        messages = [*(line.message for line in self._profile.write.values()), *control.release, *control.safe]
        topics = {self._outgoing(message, number=0).topic for message in messages}
        requests = [link.request.outgoing({})] if link.request else []
        self._link.introduce(self.id, requests=requests, topics=topics)
        self._link.listen_connection(self._connection_changed)
        for topic in self._points.topics:
            self._link.listen(topic, self._take_reading)
        for topic in topics:
            self._link.listen(topic, self._take_echo)
        if link.available:
            self._link.listen(link.available.topic, self._take_availability)
        for line in self._profile.write.values():
            if line.reply:
                self._link.listen(line.reply.topic.replace("{client_id}", self._link.client_id), self._take_answer)

    def _connection_changed(self) -> None:
        self._presence.connection_changed()
        self._ghosts.clear()
        self._ask_soon()
        if not self._link.connected:
            self._end_all(self._link.trouble)

    def _take_reading(self, message: Incoming) -> None:
        self._points.take(message)
        if message.retained:
            return
        self._presence.heard()
        for pending in list(self._pending.values()):
            verify = pending.spec.verify
            reading = self._points.latest.get(verify.read) if verify else None
            if reading is not None and reading.is_fresh(self._now_s()):
                pending.saw(reading.value)

    def _take_availability(self, message: Incoming) -> None:
        available = self._profile.link.available
        try:
            says = as_text(message.payload)
        except Unreadable:
            return
        if available is None or says not in (available.yes, available.no):
            return
        was_offline = self._presence.offline
        self._presence.says(there=says == available.yes)
        if says == available.no:
            self._points.doubt(SAID_GOOD_BYE)
            self._end_all(SAID_GOOD_BYE)
        elif was_offline:
            self._ask_soon()

    def _take_answer(self, message: Incoming) -> None:
        for pending in list(self._pending.values()):
            if pending.answered(message):
                self._ask_soon()  # a switch that is already where it was asked to be tells nothing by itself

    def _take_echo(self, message: Incoming) -> None:
        if message.retained and message.payload:
            self._ghosts.add(message.topic)
            self._duty.set()

    def _end_all(self, why: str) -> None:
        for pending in self._pending.values():
            pending.end(Fate.UNREACHABLE, why)

    def _ask_soon(self) -> None:
        self._asked_s = float("-inf")
        self._duty.set()

    # ---- duties

    async def _do_duties(self) -> None:
        if not self._link.connected:
            return
        await self._ask_if_due()
        if self._link.armed(self.id):
            for topic in tuple(self._ghosts):
                await self._link.clear_retained(self.id, topic)
                self._ghosts.discard(topic)
            await self._hold_dead_man()

    async def _ask_if_due(self) -> None:
        request, now_s = self._profile.link.request, self._now_s()
        if request is not None and now_s - self._asked_s >= request.every_ms / 1000:
            self._asked_s = now_s
            await self._link.publish(self.id, request.outgoing({}), qos=self._profile.link.qos)

    async def _hold_dead_man(self) -> None:
        watchdog = self._profile.control.watchdog
        if watchdog is None or watchdog.hold_max_s is None or self._commanded_s is None:
            return
        if self._now_s() - self._commanded_s > watchdog.hold_max_s:
            await self._send_all(self._profile.control.safe)
            self._commanded_s = None

    async def _send_all(self, messages: Iterable[Message]) -> None:
        for message in messages:
            await self._link.publish(self.id, self._outgoing(message, number=self._link.next_number()))

    # ---- commands

    async def _carried_out(self, name: str, pending: Pending) -> Reply:
        earlier = self._pending.get(name)
        if earlier is not None:
            earlier.end(Fate.UNVERIFIED, "overtaken by a later command")
        self._pending[name] = pending
        message = self._outgoing(pending.spec.message, pending.spec.wire_value(pending.value), number=pending.number)
        try:
            await self._wait_for_turn(name, pending)
            if not pending.verdict.done():
                await self._link.publish(self.id, message, qos=self._profile.link.qos)
                self._commanded_s = self._sent_s[name] = self._now_s()
            async with asyncio.timeout(pending.patience_s):
                return await pending.verdict
        except Forbidden as refusal:
            return Reply(fate=Fate.OBSERVING, detail=str(refusal))
        except LinkDown as trouble:
            return Reply(fate=Fate.UNREACHABLE, detail=str(trouble))
        except TimeoutError:
            return pending.give_up()
        finally:
            if self._pending.get(name) is pending:
                del self._pending[name]

    async def _wait_for_turn(self, name: str, pending: Pending) -> None:
        """Some devices do not want a command more often than so; off and zero never wait."""
        pause_s = self._sent_s.get(name, float("-inf")) + pending.spec.min_interval_ms / 1000 - self._now_s()
        if pending.value and pause_s > 0:
            await asyncio.wait([pending.verdict], timeout=pause_s)

    def _outgoing(self, message: Message, value: Scalar = 0, *, number: int) -> Outgoing:
        return message.outgoing({"value": value, "seq": number, "client_id": self._link.client_id})

    def _now_s(self) -> float:
        return self._context.clock.now().mono_s
