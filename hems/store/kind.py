"""The two files: what each is, and what a commit to it survives."""

from dataclasses import dataclass
from enum import StrEnum


class Durability(StrEnum):
    """What a commit survives."""

    FULL = "FULL"
    """A power cut."""
    NORMAL = "NORMAL"
    """A crash of the daemon; a power cut may take the last commits, never the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKind:
    """What one of the two files is."""

    name: str
    steps: str
    """Name of its migrations in `hems.store.migrations`, and of the schema that they lead to."""
    version: int
    durability: Durability
    busy_ms: int
    """How long a commit waits for another program's lock."""
    check_all: bool
    """Whether it is small enough to be read through at every opening."""
    restored: bool
    """Whether a copy is kept beside it, which takes its place when it is damaged."""


STATE = FileKind(
    name="state.db",
    steps="state",
    version=2,
    durability=Durability.FULL,
    busy_ms=1000,
    check_all=True,
    restored=True,
)
HISTORY = FileKind(
    name="history.db",
    steps="history",
    version=3,
    durability=Durability.NORMAL,
    busy_ms=50,
    check_all=False,
    restored=False,
)
