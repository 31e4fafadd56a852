"""Keeps Home Assistant told, over one broker, for ever.

Nothing is asked of the daemon for a message that the broker had kept: a retained command would switch again at each new
connection, months later.
"""

import asyncio
import json
import logging
import secrets
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from hems.api.client import Client, follow
from hems.config.tables.outward import HomeAssistantTable
from hems.model.errors import HemsError
from hems.model.event import Event
from hems.model.picture import Picture
from hems.northbound import files
from hems.northbound.broker import Connection, Message, MqttError, connected, kept_up, together
from hems.northbound.ha.commands import Memory, NotUnderstood, Wanted, wanted
from hems.northbound.ha.discovery import ALIVE, GONE, STATUS, announced, device_topic, single_topic, withdrawn
from hems.northbound.ha.entities import FAST, SLOW, Entity, entities
from hems.northbound.ha.states import at_once, every_few_seconds, standing
from hems.northbound.latest import SILENCE_S, Latest, names_in
from hems.wording.language import say

log = logging.getLogger(__name__)

NUMBERS_EVERY_S = 5.0
ASK_WITHIN_S = 10.0
LEAVE_S = 1.0
MOST_WAITING = 50
"""Requests that wait for the daemon; more than a person would make."""
LONGEST_PAYLOAD = 2000


class Bridge:
    """Between the daemon behind `run_dir` and one Home Assistant."""

    def __init__(self, table: HomeAssistantTable, run_dir: Path, *, numbers_every_s: float = NUMBERS_EVERY_S) -> None:
        self._table = table
        self._run_dir = run_dir
        self._every_s = numbers_every_s
        self._latest = Latest()
        self._memory = Memory(float(table.override_min))
        self._asked: asyncio.Queue[tuple[str, str]] = asyncio.Queue(MOST_WAITING)
        self._kept: dict[str, str] = {}
        """What was announced earlier, as the broker has kept it."""
        self._told: dict[str, str] = {}
        self._shown: tuple[Entity, ...] = ()
        self._ready = asyncio.Event()
        self._again = asyncio.Event()
        self._again.set()
        self._word = ""

    async def run(self, **pauses: float) -> None:
        """Serve until cancelled."""
        await together(self._watch(), kept_up(self._serve, **pauses))

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        async for message in follow(self._run_dir / "view.sock"):
            if isinstance(message, Picture):
                self._latest.hear(message, loop.time())
            elif not isinstance(message, Event):
                self._latest.lose()

    async def _serve(self) -> None:
        """One connection, until it breaks.  Raises: NoBroker."""
        status = f"{self._table.topic}/{STATUS}"
        async with connected(self._table.broker, (status, GONE)) as broker:
            self._told, self._kept, self._word = {}, {}, secrets.token_hex(4)
            self._ready.clear()
            self._again.set()
            try:
                await together(self._listen(broker), self._tell(broker), self._answer(broker))
            except asyncio.CancelledError:
                await self._leave(broker)
                raise

    async def _leave(self, broker: Connection) -> None:
        """In good order the broker does not tell our will, so we do."""
        with suppress(MqttError, TimeoutError):
            async with asyncio.timeout(LEAVE_S):
                await broker.publish(f"{self._table.topic}/{STATUS}", GONE, qos=1, retain=True)

    async def _listen(self, broker: Connection) -> None:
        table = self._table
        await broker.subscribe([(single_topic(table, "+", "+"), 1), (device_topic(table), 1)])
        await broker.subscribe([(f"{table.prefix}/status", 1), (f"{table.topic}/ask/#", 1), (f"{table.topic}/word", 1)])
        # What the broker has kept comes before what is sent from now on: this word closes the list.
        await broker.publish(f"{table.topic}/word", self._word, qos=1)
        async for message in broker.messages:
            self._hear(message)

    def _hear(self, message: Message) -> None:
        topic, table = message.topic.value, self._table
        raw = message.payload if isinstance(message.payload, bytes) else b""
        payload = raw[:LONGEST_PAYLOAD].decode("utf-8", "replace")
        if topic.endswith("/config"):
            if not self._ready.is_set():
                self._kept[topic] = raw.decode("utf-8", "replace")
        elif topic == f"{table.topic}/word" and payload == self._word:
            self._ready.set()
        elif topic == f"{table.prefix}/status" and payload == ALIVE and not message.retain:
            self._again.set()
            self._latest.changed.set()
        elif topic.startswith(f"{table.topic}/ask/") and table.commands:
            self._take(topic.removeprefix(f"{table.topic}/ask/"), payload, retained=bool(message.retain))

    def _take(self, tail: str, payload: str, *, retained: bool) -> None:
        if retained:
            log.warning("A command that the broker had kept was passed over: ask/%s.", tail)
        elif self._asked.full():
            log.warning("Too much is asked at once; ask/%s was passed over.", tail)
        else:
            self._asked.put_nowait((tail, payload))

    # Telling ---------------------------------------------------------------------------------------------------------

    async def _tell(self, broker: Connection) -> None:
        loop, numbers_s = asyncio.get_running_loop(), float("-inf")
        await self._ready.wait()
        while True:
            self._latest.changed.clear()
            picture, now_s = self._latest.known(loop.time()), loop.time()
            if picture is None:
                await self._say(broker, STATUS, GONE)
            else:
                shown = entities(picture, commands=self._table.commands)
                if self._again.is_set() or shown != self._shown:
                    self._again.clear()
                    await self._announce(broker, picture.site, shown)
                    numbers_s = float("-inf")
                await self._say(broker, FAST, json.dumps(at_once(picture)))
                await self._say(broker, "alarms", json.dumps(standing(picture)))
                await self._say(broker, "minutes", f"{self._memory.minutes:g}")
                if now_s - numbers_s >= self._every_s:
                    numbers_s = now_s
                    await self._say(broker, SLOW, json.dumps(every_few_seconds(picture)))
                await self._say(broker, STATUS, ALIVE)
            with suppress(TimeoutError):
                async with asyncio.timeout(SILENCE_S):
                    await self._latest.changed.wait()

    async def _announce(self, broker: Connection, site: str, shown: tuple[Entity, ...]) -> None:
        """What there is, and the end of what is not there any more; then everything is told anew."""
        self._told = {}
        now = announced(self._table, site, shown)
        gone = withdrawn(self._table, self._kept, now)
        for topic, payload in (*gone.items(), *now.items()):
            await broker.publish(topic, payload, qos=1, retain=True)
        self._kept, self._shown = dict(now), shown

    async def _say(self, broker: Connection, what: str, payload: str) -> None:
        """Publish what has changed since it was said last."""
        if self._told.get(what) != payload:
            await broker.publish(f"{self._table.topic}/{what}", payload, qos=1, retain=True)
            self._told[what] = payload

    # Asking ----------------------------------------------------------------------------------------------------------

    async def _answer(self, broker: Connection) -> None:
        loop = asyncio.get_running_loop()
        while True:
            tail, payload = await self._asked.get()
            try:
                asked = wanted(tail, payload, self._table.who, self._memory, loop.time())
                answer = "" if asked is None else await self._ask(asked)
            except (NotUnderstood, HemsError) as refusal:
                answer = str(refusal)
                log.warning("%s was asked and refused: %s", tail, refusal)
            except TimeoutError:
                answer = say("HEMS does not answer.")
            if answer:
                await self._say(broker, "answer", answer[:250])
            self._told.pop(FAST, None)  # what was asked and refused jumps back on the screen
            self._latest.changed.set()

    async def _ask(self, asked: Wanted) -> str:
        """Ask the daemon by the operators' door.  Raises: HemsError with its sentence, TimeoutError."""
        pin = {"pin": files.secret(self._table.pin)} if self._table.pin and "code" not in asked.args else {}
        async with asyncio.timeout(ASK_WITHIN_S), Client(self._run_dir / "operate.sock") as client:
            request = partial(client.request, asked.do)
            if asked.do == "seen":
                keys = [one.key for one in self._latest.picture.alarms] if self._latest.picture else []
                answers = [await request(**asked.args, key=key, **pin) for key in keys]
                return say("Alarms marked as seen: {count}.", count=len(answers))
            return _told(asked, await request(**asked.args, **pin), self._latest.picture)


def _told(asked: Wanted, answer: Mapping[str, Any], picture: Picture | None) -> str:
    """What was done, with the name that people know."""
    names = {} if picture is None else names_in(picture)
    name = names.get(f"circuits/{asked.subject}") or names.get(f"bays/{asked.subject}") or asked.subject
    told, seconds = asked.told(name), answer.get("duration_s")
    return say("{told}, for {minutes:.0f} min.", told=told, minutes=seconds / 60.0) if seconds else f"{told}."
