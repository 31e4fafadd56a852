"""`hems backup DIR`: a whole copy of the records and of what belongs to them, on another disk."""

import argparse
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from hems.commands.numbers import whole
from hems.commands.selftest import SITE, STATE_DIR
from hems.model.errors import HemsError
from hems.store.commissioning import NAME as COMMISSIONING
from hems.store.kind import HISTORY, STATE

KEEP = 14
PREFIX = "hems-"


@dataclass(frozen=True, slots=True)
class Command:
    """`hems backup`."""

    help: str = "copy records, site file and commissioning record to another disk; also while HEMS runs"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        parser.add_argument("directory", type=Path, metavar="DIR", help="on another disk; must exist")
        parser.add_argument("--state-dir", type=Path, default=STATE_DIR, metavar="DIR")
        parser.add_argument("--site", type=Path, default=SITE, metavar="FILE")
        kept = f"copies to keep (default: {KEEP})"
        parser.add_argument("--keep", type=whole(1), default=KEEP, metavar="N", help=kept)

    def run(self, args: argparse.Namespace) -> int:
        """Copy, then throw away what is older than the newest `--keep`."""
        if not args.directory.is_dir():
            raise HemsError(f"{args.directory} does not exist: is the disk for copies mounted?")
        try:
            made = _copy(args.directory, args.state_dir, args.site)
            for old in _copies(args.directory)[: -args.keep]:
                shutil.rmtree(old)
        except (OSError, sqlite3.Error) as error:
            raise HemsError(f"The copy in {args.directory} failed: {error}. Older copies are as they were.") from error
        print(f"Copied to {made}.")
        return 0


COMMAND = Command()


def _copy(directory: Path, state_dir: Path, site: Path) -> Path:
    """A new numbered directory; it has its name only once everything in it is on the disk."""
    last = max((int(one.name.removeprefix(PREFIX)) for one in _copies(directory)), default=0)
    making, made = directory / ".hems-copying", directory / f"{PREFIX}{last + 1:06d}"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    for path in (state_dir / STATE.name, state_dir / HISTORY.name):
        if path.exists():
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as source:
                source.execute("VACUUM INTO ?", (str(making / path.name),))
    for path in (site, state_dir / COMMISSIONING):
        if path.exists():
            shutil.copy2(path, making)
    if not any(making.iterdir()):
        raise HemsError(f"There is nothing to copy in {state_dir}.")
    for one in (*making.iterdir(), making):
        _to_disk(one)
    making.rename(made)
    _to_disk(directory)
    return made


def _copies(directory: Path) -> list[Path]:
    """Oldest first."""
    return sorted(_numbered(directory), key=lambda one: int(one.name.removeprefix(PREFIX)))


def _numbered(directory: Path) -> Iterator[Path]:
    return (one for one in directory.glob(f"{PREFIX}*") if one.name.removeprefix(PREFIX).isdecimal() and one.is_dir())


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
