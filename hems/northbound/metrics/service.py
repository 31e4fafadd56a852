"""Serves the numbers, by the library's own web server in a thread of its own."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from hems.api.client import follow
from hems.model.errors import HemsError
from hems.model.event import Event
from hems.model.picture import Picture
from hems.northbound.latest import Latest
from hems.northbound.metrics.families import families


class _Now(Collector):
    """Asked by the library at each scrape."""

    def __init__(self, picture: Callable[[], Picture | None]) -> None:
        self._picture = picture

    def collect(self) -> Iterator[Metric]:
        """The numbers of this moment."""
        return families(self._picture())


@contextmanager
def answering(host: str, port: int, picture: Callable[[], Picture | None]) -> Iterator[int]:
    """Answer scrapes; gives the port.  Raises: HemsError when nothing can listen there."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Now(picture))
    try:
        server, thread = start_http_server(port, addr=host, registry=registry)
    except OSError as error:
        raise HemsError(
            f"Cannot listen at {host}:{port}: {error.strerror or error}. Choose another metrics.port or metrics.host."
        ) from error
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def serve(run_dir: Path, host: str, port: int) -> None:
    """Until cancelled.  Raises: HemsError when nothing can listen there."""
    latest, loop = Latest(), asyncio.get_running_loop()
    with answering(host, port, lambda: latest.known(loop.time())):
        async for message in follow(run_dir / "view.sock"):
            if isinstance(message, Picture):
                latest.hear(message, loop.time())
            elif not isinstance(message, Event):
                latest.lose()
