"""Files that are replaced as a whole: after a power cut there is the old one or the new one, never half of one."""

import os
from contextlib import suppress
from pathlib import Path

MODE = 0o640
"""Of a file that was not there before: its owner writes, its group reads."""


def write_whole(path: Path, data: bytes) -> None:
    """Put `data` at `path`, on the disk when this returns, for the same people as the file before.  Raises: OSError."""
    draft = path.with_name(f".{path.name}.new")
    with draft.open("wb") as file:
        file.write(data)
        _belongs(file.fileno(), path)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _belongs(file: int, like: Path) -> None:
    """Give an open file the owner and mode of `like`, else of the directory's group."""
    mode, owner = MODE, like.parent.stat()
    with suppress(FileNotFoundError):
        owner = like.stat()
        mode = owner.st_mode & 0o777
    os.fchmod(file, mode)
    with suppress(PermissionError):  # only root gives files away
        os.fchown(file, owner.st_uid, owner.st_gid)
