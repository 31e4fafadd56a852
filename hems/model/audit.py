"""What somebody did, as it is kept: who, from where, what, why, and what came of it."""

from dataclasses import dataclass

DONE = "done"
"""The result of what was not refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act of a person, or of hems itself where a person has to know of it."""

    who: str
    role: str = ""
    """What this person was allowed as."""
    known_by: str = ""
    """How the person is known: `pin`, `bay code`, or `name only`."""
    origin: str = ""
    """Where it came from, such as `uid=1000 gid=1000 pid=4711`; proves nothing."""
    action: str
    subject: str
    detail: str = ""
    """What else was asked, as JSON; never a PIN."""
    reason: str = ""
    result: str = DONE
    """`done`, or the sentence with which it was refused."""
