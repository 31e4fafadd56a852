"""Somebody at the other end of a broker, and the daemon's side by hand."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiomqtt

from tests.brokers import Broker
from tests.ending import end

WITHIN_S = 10.0


class Ear:
    """Hears everything on a broker, and keeps the latest of each topic."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self.client = client
        self.said: dict[str, str] = {}
        self.order: list[tuple[str, str]] = []
        self._news = asyncio.Event()

    async def listen(self) -> None:
        async for message in self.client.messages:
            payload = message.payload.decode() if isinstance(message.payload, bytes) else ""
            self.said[message.topic.value] = payload
            self.order.append((message.topic.value, payload))
            self._news.set()

    async def until(self, condition: Callable[[], Any]) -> None:
        """Wait for a message that makes it true."""
        try:
            async with asyncio.timeout(WITHIN_S):
                while not condition():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"not heard; the last of {self.order[-5:]}") from None

    async def hears(self, topic: str, payload: str) -> None:
        await self.until(lambda: self.said.get(topic) == payload)

    def json(self, topic: str) -> Any:
        return json.loads(self.said[topic])


@asynccontextmanager
async def ear(broker: Broker, will: aiomqtt.Will | None = None) -> AsyncIterator[Ear]:
    async with aiomqtt.Client("127.0.0.1", broker.port, will=will) as client:
        made = Ear(client)
        await client.subscribe("#", qos=1)
        listening = asyncio.create_task(made.listen())
        try:
            yield made
        finally:
            await end(listening)


@asynccontextmanager
async def running(coroutine: Any) -> AsyncIterator["asyncio.Task[None]"]:
    """A service, until the end of the test; a fault in it fails the test."""
    task = asyncio.ensure_future(coroutine)
    try:
        yield task
    finally:
        if task.done():
            task.result()
        await end(task)
