"""Which adapter a serial port is: the names under `/dev/serial/by-id` stay, whatever is plugged in first."""

from dataclasses import dataclass
from pathlib import Path

from drivers.modbus.errors import LinkDown

BY_ID = Path("/dev/serial/by-id")


@dataclass(slots=True)
class Adapter:
    """The adapter behind one device file, by the name that it had when it was opened last."""

    place: str
    by_id: Path = BY_ID
    _name: Path | None = None

    def require_same(self) -> None:
        """After plugging, a device file may be another adapter, with other devices behind it.

        Raises:
            LinkDown: it is.
        """
        now = self._now()
        if self._name is not None and now is not None and now != self._name:
            is_now, was = now.name, self._name
            raise LinkDown(
                f"{self.place} is another adapter now, {is_now}: write rtu://{was} in the site file, which stays"
            )
        self._name = now or self._name

    def missing(self) -> str:
        """That there is no such file, and where the adapter is if it is somewhere."""
        if self._name is not None and self._name.exists():
            return f"{self.place} has another name now: write rtu://{self._name} in the site file, which stays"
        return f"there is no {self.place}: is the adapter plugged in?"

    def _now(self) -> Path | None:
        """Its lasting name; None where it has none, or is given by it already."""
        try:
            tty = Path(self.place).resolve()
            return next((name for name in sorted(self.by_id.iterdir()) if name.resolve() == tty), None)
        except OSError:
            return None
