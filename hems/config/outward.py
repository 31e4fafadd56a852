"""From the path of `northbound.toml` to its checked tables, or to everything that is wrong with it at once."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError

from hems.config.explain import explain
from hems.config.problem import Path as KeyPath
from hems.config.problem import Problem, absent, wrong
from hems.config.source import read
from hems.config.tables.outward import BrokerTable, OutwardTable, PricesTable
from hems.model.errors import ConfigError

KINDS = ("buy", "sell", "co2")


def load_outward(path: Path) -> OutwardTable:
    """The file at `path`.  Raises: ConfigError with every mistake, one sentence each."""
    source = read(path, "northbound.toml")
    try:
        table = OutwardTable.model_validate(source.table)
        problems = list(_broken(table))
    except ValidationError as error:
        problems = explain(error, source.table, OutwardTable)
    if problems:
        raise ConfigError(source.sentences(problems))
    return table


def _broken(table: OutwardTable) -> Iterator[Problem]:
    """What no single key is wrong in."""
    if table.timezone is not None:
        try:
            ZoneInfo(table.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            yield wrong(("timezone",), table.timezone, "is no time zone", "write one such as Europe/Dublin")
    if table.home_assistant is not None:
        yield from _broker(("home_assistant", "broker"), table.home_assistant.broker)
    for name, mail in table.mail.items():
        if mail.security == "none" and mail.login is not None:
            remedy = 'write security = "starttls", or remove login'
            yield wrong(("mail", name, "login"), mail.login, "would be sent for everybody to read", remedy)
    if table.prices is not None:
        yield from _sources(table.prices)


def _broker(where: KeyPath, broker: BrokerTable) -> Iterator[Problem]:
    if (broker.cert is None) != (broker.key is None):
        missing, there = ("key", "cert") if broker.key is None else ("cert", "key")
        yield absent((*where, missing), f"{there} does not go without it")


def _sources(prices: PricesTable) -> Iterator[Problem]:
    if prices.broker is not None:
        yield from _broker(("prices", "broker"), prices.broker)
    sources = {kind: found for kind in KINDS if (found := getattr(prices, kind)) is not None}
    if not sources:
        yield absent(("prices", "buy"), "name at least one source: [prices.buy], [prices.sell] or [prices.co2]")
    for kind, source in sources.items():
        ways = [way for way in ("file", "url", "topic") if getattr(source, way) is not None]
        if len(ways) != 1:
            said = f"{' and '.join(ways)} are there" if ways else "none of them is there"
            yield Problem(("prices", kind), f" needs one of file, url and topic, and {said}; keep exactly one.")
        if source.topic is not None and prices.broker is None:
            yield absent(("prices", "broker"), f"prices.{kind}.topic needs a broker, for example [prices.broker]")
