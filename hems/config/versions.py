"""The site file and its last twenty versions, each kept whole beside it; the daemon only ever reads them."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hems.config.whole import write_whole
from hems.model.errors import HemsError

FOLDER = "versions"
KEPT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One text that was in force."""

    number: int
    path: Path
    replaced: datetime
    """When another took its place, by the machine's clock."""


class Versions:
    """What stands at one path, and what stood there."""

    def __init__(self, site: Path) -> None:
        self.site = site
        self._folder = site.parent / FOLDER

    def kept(self) -> list[Version]:
        """Oldest first."""
        found = [(path.stem.rpartition("-")[2], path) for path in self._folder.glob(f"{self.site.stem}-*.toml")]
        numbered = sorted((int(number), path) for number, path in found if number.isdecimal())
        return [Version(number=number, path=path, replaced=_when(path)) for number, path in numbered]

    def version(self, number: int | None) -> Version:
        """The one of that number, or the last.  Raises: HemsError."""
        kept = self.kept()
        if not kept:
            raise HemsError(f"No earlier version of {self.site} is kept in {self._folder}.")
        if number is None:
            return kept[-1]
        found = next((one for one in kept if one.number == number), None)
        if found is None:
            raise HemsError(f"Version {number} is not kept; there are {', '.join(str(one.number) for one in kept)}.")
        return found

    def text(self) -> bytes:
        """What stands there; empty where nothing does.  Raises: HemsError."""
        try:
            return self.site.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise HemsError(f"{self.site} cannot be read ({error.strerror}); do it as root.") from error

    def put(self, data: bytes) -> int | None:
        """Put `data` in force and keep what stood there; the number that has.  Raises: HemsError, nothing changed."""
        before = self.text()
        try:
            number = self._keep(before) if before else None
            write_whole(self.site, data)
        except OSError as error:
            why = f"{error.strerror}; do it as root, and look whether the disk is full"
            raise HemsError(f"{self.site} cannot be written ({why}). The file is as it was.") from error
        for old in self.kept()[:-KEPT]:
            with suppress(OSError):
                old.path.unlink()
        return number

    def _keep(self, data: bytes) -> int:
        self._folder.mkdir(mode=0o750, exist_ok=True)
        number = max(self._numbers(), default=0) + 1
        write_whole(self._folder / f"{self.site.stem}-{number:06d}.toml", data)
        return number

    def _numbers(self) -> Iterator[int]:
        return (one.number for one in self.kept())


def _when(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
