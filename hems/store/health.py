"""How the files are doing, for alarms and screens."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHealth:
    """One file."""

    failed_since_s: float | None = None
    """Monotonic time of the first failure of the present run of failures; None while writing works."""
    why: str = ""
    """What failed and what to do, in whole sentences; empty while all is well."""
    dropped: int = 0
    """Entries given up since the start because they could not be written for too long."""
    set_aside: str = ""
    """What became of an unusable file found at opening; empty when there was none."""

    @property
    def ok(self) -> bool:
        """Whether the last attempt to write worked."""
        return self.failed_since_s is None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreHealth:
    """Both files."""

    state: FileHealth = field(default_factory=FileHealth)
    """Not ok means that nothing may be energised on the strength of a journal entry."""
    history: FileHealth = field(default_factory=FileHealth)
    """Not ok means that the log has a hole; control is not concerned."""

    @property
    def files(self) -> Mapping[str, FileHealth]:
        """Both, by name."""
        return {"state": self.state, "history": self.history}
