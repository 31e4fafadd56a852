"""One device behind a broker: its readings, whether it is there, and its commands."""

import asyncio
from contextlib import suppress
from functools import partial

from drivers.mqtt.commander import Commander
from drivers.mqtt.errors import LinkError
from drivers.mqtt.link import Link
from drivers.mqtt.message import Availability, Message, Request
from drivers.mqtt.payload import Incoming, Outgoing, Unreadable, as_json, as_text, dig
from drivers.mqtt.points import Points
from drivers.mqtt.presence import SAID_GOOD_BYE, Presence
from drivers.mqtt.schema import MqttProfile
from drivers.profile.alarms import standing
from hems.model.snapshot import DeviceHealth
from hems.model.wiring import DeviceSpec
from hems.ports.device import Answer, DriverContext, Heard, Reply, Scalar

TURN_S = 1.0
"""How often a device looks at its own duties; what is urgent does not wait for it."""

NEVER_S = float("-inf")


class Device:
    """One product at one place; turns what the link brings into readings, answers and presence."""

    def __init__(self, spec: DeviceSpec, profile: MqttProfile, link: Link, context: DriverContext) -> None:
        self.id = spec.id
        self._profile = profile
        self._link = link
        self._context = context
        self._points = Points(spec.id, profile, context)
        self._presence = Presence(spec.id, link, profile.link.silent_ms / 1000, context.clock)
        self._commander = Commander(
            spec.id, profile, link, self._points, self._presence, now_s=self._now_s, look=self._look_soon
        )
        self._due_s: dict[int, float] = {}
        """When each request of the profile goes out again."""
        self._ghosts: set[str] = set()
        self._duty = asyncio.Event()
        self._spoke = asyncio.Event()
        """Set by its next live message."""
        self._meet_link()

    def health(self) -> DeviceHealth:
        """Whether it answers, since when not, and why not."""
        since_s, detail = self._presence.lost()
        alarms = standing(self._profile.alarms, self._points.latest, self._now_s())
        detail = self._points.stranger or detail
        hidden = self._link.may_not_read(self._points.topics)
        if hidden:
            detail = f"the broker's access rules do not let hems read {', '.join(sorted(hidden))}"
        if not detail and self._ghosts:
            detail = f"a command lies retained on {', '.join(sorted(self._ghosts))}; it is cleared once armed"
        return DeviceHealth(
            link=str(self._link.address),
            lost_since_s=since_s,
            detail=detail,
            armed=self._link.rights.armed(self.id),
            alarms=(*alarms, *self._presence.alarms),
        )

    def arm(self, armed: bool) -> None:
        """Open or close the way for commands."""
        self._link.rights.arm(self.id, armed)
        self._duty.set()

    async def run(self) -> None:
        """Ask for readings, clear what lies retained, keep what is in force; until cancelled."""
        while True:
            self._duty.clear()
            self._presence.look()
            with suppress(LinkError):  # shows in the health; the next turn tries again
                await self._do_duties()
            try:
                async with asyncio.timeout(TURN_S * self._context.rng.uniform(0.9, 1.1)):
                    await self._duty.wait()
            except TimeoutError:
                continue

    async def write(
        self, name: str, wanted: Scalar, *, islanded: bool, lease_s: float = 0.0, presses: bool = False
    ) -> Reply:
        """Send a command and see what becomes of it."""
        return await self._commander.write(name, wanted, islanded=islanded, lease_s=lease_s, presses=presses)

    async def ask(self) -> Heard:
        """Ask for its readings, for a person, and wait until it says something."""
        requests = self._profile.link.request
        if not self._link.connected:
            return Heard(answer=Answer.NONE, detail=self._link.trouble)
        if not requests:
            return Heard(answer=Answer.SPEAKS)
        self._spoke.clear()
        try:
            for request in requests:
                await self._link.publish(self.id, self._filled(request), qos=0)
        except LinkError as trouble:
            return Heard(answer=Answer.NONE, detail=str(trouble))
        await self._spoke.wait()
        return Heard(answer=Answer.GOOD)

    def spare(self, spared: bool) -> None:
        """Leave its powers alone, or no longer: it makes the island."""
        self._commander.keeper.spare(spared)

    async def release(self) -> str:
        """Send what the profile says hands back control; why not, if that could not be done."""
        try:
            await self._commander.release()
        except LinkError as trouble:
            return str(trouble)
        return ""

    # ---- what the link brings

    def _meet_link(self) -> None:
        link = self._profile.link
        topics = {step.topic_with({"client_id": self._link.client_id}) for _, step in self._profile.steps()}
        requests = [self._filled(line) for line in link.request]
        watched = topics.union(link.commands)
        self._link.rights.introduce(self.id, requests=requests, topics=topics, clearable=watched)
        self._link.ears.listen_connection(self._connection_changed)
        for topic in self._points.topics:
            self._link.ears.listen(topic, self._take_reading)
        for topic in watched:
            self._link.ears.watch(topic, self._take_echo)
        for available in link.available:
            self._link.ears.listen(available.topic, partial(self._take_availability, available))
        for topic in {line.reply.topic for line in self._profile.write.values() if line.reply}:
            self._link.ears.listen(topic.replace("{client_id}", self._link.client_id), self._commander.take_answer)

    def _connection_changed(self) -> None:
        self._presence.connection_changed()
        self._points.forget()
        self._ghosts.clear()
        self._due_s.clear()
        self._duty.set()
        if not self._link.connected:
            self._commander.lose(self._link.trouble)

    def _take_reading(self, message: Incoming) -> None:
        if not message.retained:
            self._presence.heard()
            self._spoke.set()
        self._points.take(message)
        self._commander.saw()

    def _take_availability(self, line: Availability, message: Incoming) -> None:
        try:
            says = as_text(message.payload) if line.json_ is None else dig(as_json(message.payload), line.json_)[1]
        except Unreadable:
            return
        if says != line.yes and says not in line.no:
            return
        was_offline = self._presence.offline
        self._presence.says(line.topic, there=says == line.yes)
        if self._presence.offline:
            self._points.doubt(SAID_GOOD_BYE)
            self._commander.lose(SAID_GOOD_BYE)
        elif was_offline:
            self._due_s.clear()
            self._duty.set()

    def _take_echo(self, message: Incoming) -> None:
        if message.retained and message.payload:
            self._ghosts.add(message.topic)
            self._duty.set()

    def _look_soon(self) -> None:
        """Ask again what is asked repeatedly; what is asked once has been answered."""
        for number, request in enumerate(self._profile.link.request):
            if request.every_ms:
                self._due_s.pop(number, None)
        self._duty.set()

    # ---- duties

    async def _do_duties(self) -> None:
        if not self._link.connected:
            return
        for number, request in enumerate(self._profile.link.request):
            await self._ask_if_due(number, request)
        if self._link.rights.armed(self.id):
            for topic in tuple(self._ghosts):
                await self._link.clear_retained(self.id, topic)
                self._ghosts.discard(topic)
            await self._commander.keep()

    async def _ask_if_due(self, number: int, request: Request) -> None:
        now_s = self._now_s()
        if now_s < self._due_s.get(number, NEVER_S):
            return
        self._due_s[number] = now_s + request.every_ms / 1000 if request.every_ms else float("inf")
        # not acknowledged: a lost one is asked again, and a thousand of them must not hold up a shed
        await self._link.publish(self.id, self._filled(request), qos=0)

    def _filled(self, message: Message) -> Outgoing:
        return message.outgoing({"client_id": self._link.client_id})

    def _now_s(self) -> float:
        return self._context.clock.mono_s()
