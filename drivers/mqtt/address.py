"""Where a broker answers and what it takes to be let in, from the link of a site file."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

FORM = "mqtt://HOST:PORT or, with TLS, mqtts://HOST:PORT?ca=FILE"
PORTS = {"mqtt": 1883, "mqtts": 8883}
"""The registered ports, without and with TLS."""
FILES = ("ca", "cert", "key", "login")


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """One broker.  Equal addresses share one connection.  What is secret stands in files, never here."""

    host: str
    port: int = PORTS["mqtt"]
    tls: bool = False
    ca: str = ""
    """File with the certificate of whoever signed the broker's; empty for those the system trusts."""
    cert: str = ""
    """File with our own certificate, for brokers that ask for one."""
    key: str = ""
    """File with the key that belongs to `cert`."""
    login: str = ""
    """File with one line `name:password`."""

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
        options = parse_qsl(parts.query, strict_parsing=True) if parts.query else []
    except ValueError:
        raise ValueError(
            f"'{link}' has no valid port, or something after ? that is not KEY=FILE. Write {FORM}"
        ) from None
    if parts.scheme not in PORTS:
        raise ValueError(f"'{link}' is no MQTT link. Write {FORM}")
    if not host:
        raise ValueError(f"'{link}' names no host. Write {FORM}")
    if parts.username or parts.password:
        raise ValueError(
            f"'{host}' must not have name and password in the link. Put them in a file and write login=FILE"
        )
    if parts.path.strip("/") or parts.fragment:
        raise ValueError(f"'{link}' says more than host and port. Write {FORM}")
    address = BrokerAddress(host, port or PORTS[parts.scheme], parts.scheme == "mqtts", **_files(options))
    _require_sense(address)
    return address


def _files(options: list[tuple[str, str]]) -> dict[str, str]:
    for name, _ in options:
        if name not in FILES:
            raise ValueError(f"'{name}' is no option of an MQTT link. Use one of {', '.join(FILES)}")
    return dict(options)


def _require_sense(address: BrokerAddress) -> None:
    if not address.tls and (address.ca or address.cert or address.key):
        raise ValueError(f"'{address}' names certificates without TLS. Write mqtts:// in place of mqtt://")
    if bool(address.cert) != bool(address.key):
        raise ValueError(f"'{address}' needs both cert and key, or neither. Add the one that is missing")
