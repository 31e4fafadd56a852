"""Where a Modbus device answers, from the link of a site file."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, urlsplit

Parity = Literal["N", "E", "O"]
FORMS = "tcp://HOST:PORT, rtu-over-tcp://HOST:PORT or rtu:///dev/serial/by-id/NAME?baud=9600&parity=N&stop_bits=1"


@dataclass(frozen=True, slots=True)
class SerialLine:
    """How bytes go over a serial line."""

    baud: int = 9600
    parity: Parity = "N"
    stop_bits: int = 1

    @property
    def silence_s(self) -> float:
        """3.5 characters of 11 bits: the pause that ends a frame; fixed above 19200 baud, as the standard says."""
        return 0.00175 if self.baud > 19200 else 3.5 * 11 / self.baud


@dataclass(frozen=True, slots=True)
class Address:
    """One place on a network or one tty.  Equal addresses share one link."""

    kind: Literal["tcp", "rtu-over-tcp", "rtu"]
    place: str
    """Host, or path of the tty."""
    port: int = 0
    serial: SerialLine = SerialLine()

    @property
    def key(self) -> str:
        """What must be unique: two masters on one tty or two connections to a one-client device do not work."""
        return self.place if self.kind == "rtu" else f"{self.place}:{self.port}"

    def __str__(self) -> str:
        return self.key


def parse_address(link: str, *, port: int = 502, serial: SerialLine | None = None) -> Address:
    """`link` as an address; `port` and `serial` are the product's own where the link is silent.

    Raises:
        ValueError: with a sentence that says what a link looks like.
    """
    parts = urlsplit(link)
    try:
        at = parts.port or port
    except ValueError:
        raise ValueError(f"'{link}' has no valid port, which is 1 to 65535. Write {FORMS}") from None
    match parts.scheme:
        case "tcp" | "rtu-over-tcp":
            if not parts.hostname:
                raise ValueError(f"'{link}' names no host. Write {FORMS}")
            return Address(parts.scheme, parts.hostname, at)
        case "rtu":
            if not parts.path.startswith("/"):
                raise ValueError(f"'{link}' names no device file. Write {FORMS}")
            return Address("rtu", parts.path, serial=_serial(parts.query, serial or SerialLine()))
        case _:
            raise ValueError(f"'{link}' is no Modbus link. Write {FORMS}")


def _serial(query: str, product: SerialLine) -> SerialLine:
    given = {key: values[-1] for key, values in parse_qs(query).items()}
    strange = sorted(set(given) - {"baud", "parity", "stop_bits"})
    if strange:
        raise ValueError(f"'{strange[0]}' is no setting of a serial line; known are baud, parity and stop_bits")
    try:
        baud = int(given.get("baud", product.baud))
        stop_bits = int(given.get("stop_bits", product.stop_bits))
    except ValueError:
        raise ValueError("baud and stop_bits must be whole numbers") from None
    parity = given.get("parity", product.parity).upper()
    if parity not in ("N", "E", "O") or stop_bits not in (1, 2) or not 300 <= baud <= 1_000_000:
        raise ValueError("parity must be N, E or O, stop_bits 1 or 2, baud between 300 and 1000000")
    return SerialLine(baud, _parity(parity), stop_bits)


def _parity(text: str) -> Parity:
    return "E" if text == "E" else "O" if text == "O" else "N"
