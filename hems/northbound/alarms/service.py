"""Watches the daemon, and keeps one sender for each way at work."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, tzinfo
from functools import partial
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

from hems.api.client import Lost, follow
from hems.config.tables.outward import AlarmsTable, ChannelTable, OutwardTable
from hems.model.picture import Picture
from hems.model.units import HOUR_S
from hems.northbound.alarms import news, rules
from hems.northbound.alarms.channels import Send, Unsent, channels, sent
from hems.northbound.alarms.outbox import Outbox, Waiting
from hems.northbound.broker import together
from hems.ports.clock import Clock
from hems.wording.language import say

log = logging.getLogger(__name__)

SILENT_S = 300.0
"""Without a picture for so long somebody is told."""
FIRST_PAUSE_S = 15.0
LONGEST_PAUSE_S = 900.0
RESTING_S = 30.0
"""How often hours of rest are looked at."""
REFUSALS = 20
"""A message that is refused for good so often is given up, so that those behind it get through."""


class Messenger:
    """From the daemon behind `run_dir` to people."""

    def __init__(
        self,
        table: OutwardTable,
        clock: Clock,
        *,
        silent_s: float = SILENT_S,
        first_pause_s: float = FIRST_PAUSE_S,
        longest_pause_s: float = LONGEST_PAUSE_S,
    ) -> None:
        self._run_dir = Path(table.run_dir)
        self._rules: AlarmsTable = table.alarms
        self._ways = list(channels(table))
        self._zone: tzinfo | None = ZoneInfo(table.timezone) if table.timezone else None
        self._clock = clock
        self._silent_s = silent_s
        self._pauses_s = (first_pause_s, longest_pause_s)
        self._outbox = Outbox(Path(table.alarms.state_dir))
        self._known = self._outbox.known()
        self._site = ""
        self._news: list[news.News] = []
        self._told_s: dict[str, float] = {}
        self._wake = {name: asyncio.Event() for name, _, _ in self._ways}

    async def run(self) -> None:
        """Until cancelled."""
        try:
            await together(self._watch(), *(self._sender(name, way, send) for name, way, send in self._ways))
        finally:
            self._outbox.close()

    async def _watch(self) -> None:
        pictures: asyncio.Queue[Picture] = asyncio.Queue()
        await together(self._follow(pictures), self._look(pictures))

    async def _follow(self, pictures: asyncio.Queue[Picture]) -> None:
        async for message in follow(self._run_dir / "view.sock"):
            if isinstance(message, Picture):
                pictures.put_nowait(message)
            elif isinstance(message, Lost):
                log.warning("%s", message.reason)

    async def _look(self, pictures: asyncio.Queue[Picture]) -> None:
        """Take each picture; what is new waits a moment for company."""
        loop = asyncio.get_running_loop()
        heard_s, close_s = loop.time(), float("inf")
        while True:
            try:
                async with asyncio.timeout_at(min(close_s, heard_s + self._silent_s)):
                    picture = await pictures.get()
            except TimeoutError:
                now_s = loop.time()
                if now_s >= heard_s + self._silent_s:
                    found, self._known = news.silent(now_s - heard_s, self._known)
                    heard_s, close_s = now_s, now_s
                    self._news += found
                if now_s >= close_s:
                    close_s = float("inf")
                    self._keep(now_s)
                continue
            heard_s, self._site = loop.time(), picture.site
            found, known = news.look(picture, self._known)
            if found or known != self._known:
                self._known = known
                self._news += found
                close_s = min(close_s, heard_s + self._rules.collect_s)

    def _keep(self, now_s: float) -> None:
        """Put what has come together into the outbox, once for each way that wants it."""
        found = rules.not_lately(self._news, self._told_s, 60.0 * self._rules.again_min, now_s)
        self._news = []
        self._told_s |= {one.key: now_s for one in found if not one.over}
        utc = self._clock.now().utc
        make = partial(rules.message, uuid4().hex, self._site or "HEMS", utc.timestamp() if utc else None)
        made = {name: make([one for one in found if rules.wanted(way, one)]) for name, way, _ in self._ways}
        messages = {name: one for name, one in made.items() if one is not None}
        self._outbox.put(messages, self._known)
        for name in messages:
            self._wake[name].set()

    async def _sender(self, name: str, way: ChannelTable, send: Send) -> None:
        """Send what waits for one way, oldest first."""
        first_s, longest_s = self._pauses_s
        pause_s, told = first_s, ""
        while True:
            self._wake[name].clear()
            one = next((one for one in self._outbox.waiting(name) if not self._rests(way, one)), None)
            if one is None:
                await self._until_news(name)
                continue
            if self._is_too_old(one):
                log.error("%s: given up after %g h: %s", name, self._rules.keep_h, one.message.title)
                self._outbox.remove(one.number)
                continue
            try:
                await sent(send, one.message)
            except Unsent as trouble:
                if str(trouble) != told:
                    told = str(trouble)
                    log.warning("%s: %s", name, told)
                self._refused(name, one, trouble)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, longest_s)
            else:
                self._outbox.remove(one.number)
                pause_s, told = first_s, ""

    async def _until_news(self, name: str) -> None:
        try:
            async with asyncio.timeout(RESTING_S):
                await self._wake[name].wait()
        except TimeoutError:
            return

    def _rests(self, way: ChannelTable, one: Waiting) -> bool:
        utc = self._clock.now().utc
        local: datetime | None = utc.astimezone(self._zone) if utc else None
        return rules.resting(way.quiet, one.message.priority, local)

    def _is_too_old(self, one: Waiting) -> bool:
        utc, made_s = self._clock.now().utc, one.message.made_s
        return utc is not None and made_s is not None and utc.timestamp() - made_s > HOUR_S * self._rules.keep_h

    def _refused(self, name: str, one: Waiting, trouble: Unsent) -> None:
        if not trouble.final:
            return
        self._outbox.refused(one.number)
        if one.refused + 1 >= REFUSALS:
            log.error("%s: given up after %d refusals: %s", name, REFUSALS, one.message.title)
            self._outbox.remove(one.number)


async def try_all(table: OutwardTable, clock: Clock, tell: Callable[[str], None]) -> bool:
    """Send one by every way at once and tell what came of it; whether all went."""
    ways, utc = list(channels(table)), clock.now().utc
    if not ways:
        tell("No way to people is in the file: add [mail.NAME], [ntfy.NAME], [webhook.NAME] or [apprise.NAME].")
    one = rules.Message(
        id=uuid4().hex,
        site="HEMS",
        made_s=utc.timestamp() if utc else None,
        priority="MED",
        title=say("HEMS: this is a test"),
        text=say("If you can read this, messages of the building reach you. Nothing has happened."),
    )
    results = await asyncio.gather(*(sent(send, one) for _, _, send in ways), return_exceptions=True)
    for (name, _, _), result in zip(ways, results, strict=True):
        if isinstance(result, BaseException) and not isinstance(result, Unsent):
            raise result
        tell(f"{name}: {'sent' if result is None else result}")
    return bool(ways) and not any(results)
