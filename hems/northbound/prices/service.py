"""Reads the sources and tells the daemon, whenever something has changed and at least once an hour."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hems.api.client import Client
from hems.config.tables.outward import PricesTable, SourceTable
from hems.model.codec import to_plain
from hems.model.errors import HemsError
from hems.model.prices import Prices
from hems.northbound import files
from hems.northbound.broker import connected, kept_up, together
from hems.northbound.prices.fetch import document, parsed
from hems.northbound.prices.mapping import KINDS, Span, Unreadable, merged, spans
from hems.ports.clock import Clock

log = logging.getLogger(__name__)

TELL_AGAIN_S = 3600.0
RETRY_S = 15.0
"""When the daemon does not answer."""


class Told:
    """What each source has told last."""

    def __init__(self, table: PricesTable, clock: Clock) -> None:
        self.table = table
        self.clock = clock
        self.spans: dict[str, Sequence[Span]] = {}
        self.trouble: dict[str, str] = {}
        """What is wrong with a source, in a sentence; nothing of those that are well."""
        self.changed = asyncio.Event()

    @property
    def sources(self) -> dict[str, SourceTable]:
        """Those that the file has, by kind."""
        return {kind: found for kind in KINDS if (found := getattr(self.table, kind)) is not None}

    def utc_s(self) -> float | None:
        """Now, in seconds since 1970; None while nobody knows."""
        utc = self.clock.now().utc
        return None if utc is None else utc.timestamp()

    def hear(self, kind: str, told: Any) -> None:  # noqa: ANN401  (any JSON)
        """Take what a source says; what makes no sense leaves what was known."""
        try:
            found = spans(kind, self.sources[kind], told, self.utc_s())
        except Unreadable as trouble:
            self.fail(kind, str(trouble))
            return
        self.trouble.pop(kind, None)
        if found != self.spans.get(kind):
            self.spans[kind] = found
            self.changed.set()

    def fail(self, kind: str, trouble: str) -> None:
        """Tell of a trouble once, as long as it stays the same."""
        if self.trouble.get(kind) != trouble:
            log.warning("%s", trouble)
        self.trouble[kind] = trouble

    def prices(self) -> Prices | None:
        """What the daemon is told; None while there is nothing to tell."""
        now_s = self.utc_s()
        slots = merged(self.spans, now_s)
        return Prices(source=self.table.name, told_s=now_s, slots=slots) if slots else None


async def read_all(told: Told) -> None:
    """Read every file and web address once."""
    for kind, source in told.sources.items():
        if source.topic is None:
            try:
                told.hear(kind, await asyncio.to_thread(document, kind, source))
            except (Unreadable, files.Unusable) as trouble:
                told.fail(kind, str(trouble))


async def tell(run_dir: Path, prices: Prices) -> None:
    """Tell the daemon.  Raises: HemsError with its sentence, TimeoutError."""
    plain = to_plain(prices)
    assert isinstance(plain, dict)
    async with asyncio.timeout(RETRY_S), Client(run_dir / "operate.sock") as client:
        await client.request("prices", **plain)


async def serve(table: PricesTable, run_dir: Path, clock: Clock, *, retry_s: float = RETRY_S) -> None:
    """Until cancelled."""
    told = Told(table, clock)
    parts = [_read(told), _tell(told, run_dir, retry_s)]
    if any(source.topic is not None for source in told.sources.values()):
        parts.append(kept_up(lambda: _listen(told)))
    await together(*parts)


async def _read(told: Told) -> None:
    while True:
        await read_all(told)
        await asyncio.sleep(60.0 * told.table.every_min)


async def _listen(told: Told) -> None:
    """Raises: NoBroker."""
    topics = {source.topic: kind for kind, source in told.sources.items() if source.topic is not None}
    assert told.table.broker is not None
    async with connected(told.table.broker) as broker:
        await broker.subscribe([(topic, 1) for topic in topics])
        async for message in broker.messages:
            kind = topics.get(message.topic.value)
            if kind is not None:
                _take(told, kind, message.payload, retained=bool(message.retain))


def _take(told: Told, kind: str, payload: object, *, retained: bool) -> None:
    try:
        found = parsed(kind, payload if isinstance(payload, bytes) else b"")
    except Unreadable as trouble:
        told.fail(kind, str(trouble))
        return
    if retained and isinstance(found, int | float):
        return  # a price of now that the broker has kept is a price of then
    told.hear(kind, found)


async def _tell(told: Told, run_dir: Path, retry_s: float) -> None:
    said = ""
    while True:
        told.changed.clear()
        prices, pause_s = told.prices(), TELL_AGAIN_S
        if prices is not None:
            try:
                await tell(run_dir, prices)
                said = ""
            except (HemsError, TimeoutError) as trouble:
                pause_s = retry_s
                if str(trouble) != said:
                    said = str(trouble)
                    log.warning("The daemon did not take the prices: %s", said or "it does not answer.")
        try:
            async with asyncio.timeout(pause_s):
                await told.changed.wait()
        except TimeoutError:
            continue
