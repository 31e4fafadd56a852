"""Looking ahead, as the cycle sees it: it offers what it knows, and takes what has come back."""

import asyncio
from typing import Protocol

from hems.model.foresight import Foresight, WhatIf
from hems.model.request import Request
from hems.runtime.ahead import Scene


class Outlook(Protocol):
    """Whoever looks ahead.  None of this may ever make the cycle wait."""

    def follow(self, scene: Scene) -> None:
        """Take note of the present; called in each cycle."""

    def latest(self) -> Foresight | None:
        """What was seen last, however old; None before the first answer."""

    async def what_if(self, request: Request) -> WhatIf | None:
        """What a person's wish would change; None when no answer came in time."""

    async def run(self) -> None:
        """Whatever must go on for that, until cancelled."""


class NoOutlook:
    """Nobody looks ahead: the closed form has to do."""

    def follow(self, scene: Scene) -> None:
        """Nothing is noted."""

    def latest(self) -> Foresight | None:
        """Nothing was seen."""
        return None

    async def what_if(self, request: Request) -> WhatIf | None:
        """Nobody knows."""
        return None

    async def run(self) -> None:
        """Nothing goes on."""
        await asyncio.Event().wait()
