"""`[link]` of a profile of engine `modbus`: how one product wants to be spoken to."""

from dataclasses import dataclass
from typing import Literal

from drivers.modbus.address import SerialLine
from drivers.modbus.job import Manners
from drivers.profile.section import Section, entry


@dataclass(frozen=True, kw_only=True)
class SerialSettings(Section):
    """The product's serial line as delivered."""

    baud: int = 9600
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1

    def line(self) -> SerialLine:
        """As the link takes it."""
        return SerialLine(self.baud, self.parity, self.stop_bits)


@dataclass(frozen=True, kw_only=True)
class LinkSection(Section):
    """`[link]`: how one product wants to be spoken to."""

    kinds: tuple[Literal["tcp", "rtu", "rtu-over-tcp"], ...] = entry(min_length=1)
    """How it can be reached."""
    port: int = entry(502, ge=1, le=65535)
    """TCP port, unless the site file names another."""
    serial: SerialSettings = SerialSettings()
    """Its serial line as delivered, unless the site file says otherwise."""
    unit_id: int = entry(1, ge=0, le=255)
    """Its address on the line; mostly `"{unit_id}"`."""
    timeout_ms: int = entry(1000, ge=50, le=30000)
    """Its longest time to answer."""
    connect_wait_ms: int = entry(0, ge=0, le=10000)
    """Pause after connecting, before the first request."""
    min_gap_ms: int = entry(0, ge=0, le=5000)
    """Pause between its answer and the next request."""
    after_write_ms: int = entry(0, ge=0, le=10000)
    """Pause after a write."""
    quiet_after_timeout_ms: int = entry(1000, ge=0, le=10000)
    """Silence after a time-out, in which a late answer dies."""
    max_read: int = entry(100, ge=1, le=125)
    """Registers in one request."""
    max_gap: int = entry(0, ge=0, le=64)
    """Registers between two points that may be read through."""
    barriers: tuple[int, ...] = ()
    """Addresses that no request may cross."""
    exclusive: bool = False
    """Whether the device accepts one client only."""
    one_coil: bool = False
    """Whether a board knows no function 15: then each coil goes in a frame of its own."""

    def forms(self) -> tuple[str, ...]:
        """What a site file may say for `link`."""
        line = f"baud={self.serial.baud}&parity={self.serial.parity}&stop_bits={self.serial.stop_bits}"
        shown = {"rtu": f"rtu:///dev/serial/by-id/NAME?{line}"}
        return tuple(shown.get(kind, f"{kind}://HOST:{self.port}") for kind in self.kinds)

    def manners(self) -> Manners:
        """As the queue takes it."""
        return Manners(
            timeout_s=self.timeout_ms / 1000,
            connect_wait_s=self.connect_wait_ms / 1000,
            min_gap_s=self.min_gap_ms / 1000,
            after_write_s=self.after_write_ms / 1000,
            quiet_s=self.quiet_after_timeout_ms / 1000,
            one_coil=self.one_coil,
        )
