"""What is wrong with what leads out of the building: everything is tried as it would run, each fault is a sentence."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from hems.api.client import Client, NoContact
from hems.config.tables.outward import HomeAssistantTable, MailTable, MetricsTable, OutwardTable, PricesTable
from hems.model.errors import HemsError
from hems.northbound import files
from hems.northbound.alarms.channels import Unsent, connected_mail
from hems.northbound.broker import connected
from hems.northbound.prices.service import Told, read_all
from hems.ports.clock import Clock

REACHED_S = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    fault: str = ""
    """A sentence with its remedy; empty when all is well."""
    well: str = "works"


async def findings(table: OutwardTable, clock: Clock) -> AsyncIterator[Finding]:
    """Everything that the file asks for, one after the other; nothing is sent to anybody."""
    for door in ("view", "operate") if _asks(table) else ("view",):
        yield await _door(Path(table.run_dir) / f"{door}.sock")
    if table.home_assistant is not None:
        yield await _home_assistant(table.home_assistant)
    if table.metrics is not None:
        yield _metrics(table.metrics)
    for name, mail in table.mail.items():
        yield await _mail(f"mail.{name}", mail)
    for kind, ways in (("ntfy", table.ntfy), ("webhook", table.webhook)):
        for name, way in ways.items():
            yield await _web(f"{kind}.{name}", way.url, way.token)
    for name, apprise in table.apprise.items():
        yield _apprise(f"apprise.{name}", apprise.urls)
    if table.prices is not None:
        async for finding in _prices(table.prices, clock):
            yield finding


def _asks(table: OutwardTable) -> bool:
    return table.prices is not None or (table.home_assistant is not None and table.home_assistant.commands)


async def _door(path: Path) -> Finding:
    try:
        async with Client(path) as client:
            assert client.hello is not None
            return Finding(str(path), well=f"answers for {client.hello.site}")
    except NoContact as fault:
        return Finding(str(path), str(fault))


async def _home_assistant(table: HomeAssistantTable) -> Finding:
    what = "home_assistant"
    try:
        if table.pin:
            files.secret(table.pin)
        async with connected(table.broker):
            return Finding(what, well=f"the broker at {table.broker.host} lets us in")
    except HemsError as fault:
        return Finding(what, str(fault))


def _metrics(table: MetricsTable) -> Finding:
    if find_spec("prometheus_client") is None:
        return Finding("metrics", "Metrics need the extra metrics: pip install 'hems[metrics]'.")
    with socket.socket(socket.AF_INET6 if ":" in table.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((table.host, table.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return Finding("metrics", well=f"something listens at {table.host}:{table.port} already, hems-metrics?")
            return Finding("metrics", f"Nothing can listen at {table.host}: {error.strerror}. Correct metrics.host.")
    return Finding("metrics", well=f"can listen at {table.host}:{table.port}")


async def _mail(what: str, table: MailTable) -> Finding:
    def tried() -> None:
        """Connect, be let in, hang up."""
        with connected_mail(table):
            pass

    try:
        await asyncio.to_thread(tried)
    except (Unsent, files.Unusable) as fault:
        return Finding(what, str(fault))
    return Finding(what, well=f"{table.server} lets us in")


async def _web(what: str, url: str, token: str | None) -> Finding:
    """Only whether somebody answers there: to ask for more would send something."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        if token:
            files.secret(token)
        secure = await asyncio.to_thread(files.tls) if parts.scheme == "https" else None
        async with asyncio.timeout(REACHED_S):
            _, writer = await asyncio.open_connection(parts.hostname, port, ssl=secure)
            writer.close()
    except TimeoutError:
        return Finding(what, f"{parts.netloc} does not answer within {REACHED_S:g} s. Look at url and the way there.")
    except OSError as error:
        return Finding(
            what, f"{parts.netloc} cannot be reached ({files.why_not(error)}). Look at url and the way there."
        )
    except files.Unusable as fault:
        return Finding(what, str(fault))
    return Finding(what, well=f"{parts.netloc} can be reached")


def _apprise(what: str, urls: str) -> Finding:
    if find_spec("apprise") is None:
        return Finding(what, "Apprise needs the extra notify: pip install 'hems[notify]'.")
    try:
        count = len(files.secret_lines(urls))
    except files.Unusable as fault:
        return Finding(what, str(fault))
    return Finding(what, well=f"{count} addresses") if count else Finding(what, f"{files.located(urls)} is empty.")


async def _prices(table: PricesTable, clock: Clock) -> AsyncIterator[Finding]:
    told = Told(table, clock)
    await read_all(told)
    for kind, source in told.sources.items():
        if source.topic is None:
            fault = told.trouble.get(kind, "")
            yield Finding(f"prices.{kind}", fault, well=f"{len(told.spans.get(kind, ()))} prices")
    if table.broker is not None:
        try:
            async with connected(table.broker):
                yield Finding("prices.broker", well=f"{table.broker.host} lets us in")
        except HemsError as fault:
            yield Finding("prices.broker", str(fault))


def line(finding: Finding) -> str:
    """As it is printed."""
    return f"{'FAULT' if finding.fault else 'ok   '} {finding.what}: {finding.fault or finding.well}"
