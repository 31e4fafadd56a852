"""The newest picture, and whether it is still news."""

import asyncio
from dataclasses import dataclass, field

from hems.model.picture import Picture

SILENCE_S = 5.0
"""The daemon tells once a second; what is older than this says nothing of now."""


def names_in(picture: Picture) -> dict[str, str]:
    """Names of circuits and bays, for sentences."""
    names = {f"circuits/{one.id}": one.name for one in picture.circuits}
    return names | {f"bays/{one.id}": one.name for one in picture.cars}


@dataclass(slots=True)
class Latest:
    """What was heard last.  Times are the event loop's, good for ages only."""

    picture: Picture | None = None
    heard_s: float = float("-inf")
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, picture: Picture, now_s: float) -> None:
        """A new picture has come."""
        self.picture, self.heard_s = picture, now_s
        self.changed.set()

    def lose(self) -> None:
        """Contact with the daemon is lost."""
        self.heard_s = float("-inf")
        self.changed.set()

    def known(self, now_s: float) -> Picture | None:
        """The picture, unless it is too old to say anything of now."""
        return self.picture if now_s - self.heard_s <= SILENCE_S else None
