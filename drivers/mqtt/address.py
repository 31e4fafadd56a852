"""Where a broker answers, from the link of a site file."""

from dataclasses import dataclass
from urllib.parse import urlsplit

FORM = "mqtt://HOST:PORT"
PORT = 1883
"""The registered port of MQTT without TLS."""


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """One broker.  Equal addresses share one connection."""

    host: str
    port: int = PORT

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def parse_address(link: str) -> BrokerAddress:
    """`link` as an address.

    Raises:
        ValueError: with a sentence that says what a link looks like.
    """
    try:
        parts = urlsplit(link)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"'{link}' has no valid port. Write {FORM}") from None
    if parts.scheme != "mqtt":
        raise ValueError(f"'{link}' is no MQTT link. Write {FORM}")
    if not host:
        raise ValueError(f"'{link}' names no host. Write {FORM}")
    if parts.username or parts.password or parts.path.strip("/") or parts.query:
        raise ValueError(f"'{link}' says more than host and port. Write {FORM}")
    return BrokerAddress(host, port or PORT)
