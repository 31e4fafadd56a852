"""Looking ahead, as the cycle sees it: it offers what it knows, and takes what has come back."""

import asyncio
from typing import Protocol

from hems.model.foresight import Foresight, WhatIf
from hems.model.plan import Plan
from hems.model.request import Asked, CarWish, Order, Request
from hems.runtime.scene import Scene


class Outlook(Protocol):
    """Whoever looks ahead.  None of this may ever make the cycle wait."""

    def follow(self, scene: Scene) -> None:
        """Take note of the present; called in each cycle."""

    def latest(self) -> Foresight | None:
        """What was seen last, however old; None before the first answer."""

    async def what_if(self, request: Request | Order | CarWish) -> WhatIf | None:
        """What a person's wish would change; None when no answer came in time."""

    def take(self) -> tuple[Asked, ...]:
        """What it has for the next tick since this was last asked, such as a plan."""

    async def run(self) -> None:
        """Whatever must go on for that, until cancelled."""


class Planner(Protocol):
    """Whoever plans what batteries do on the grid."""

    def follow(self, scene: Scene) -> None:
        """Take note of the present; called in each cycle."""

    def take(self) -> tuple[Plan, ...]:
        """The plan that has come in since this was last asked."""

    async def run(self) -> None:
        """Whatever must go on for that, until cancelled."""


class WithPlan:
    """An outlook, and somebody who plans: both see the present, and none of them ends the other."""

    def __init__(self, outlook: Outlook, planner: Planner) -> None:
        self._outlook, self._planner = outlook, planner

    def follow(self, scene: Scene) -> None:
        """Both take note."""
        self._outlook.follow(scene)
        self._planner.follow(scene)

    def latest(self) -> Foresight | None:
        """The outlook's."""
        return self._outlook.latest()

    async def what_if(self, request: Request | Order | CarWish) -> WhatIf | None:
        """The outlook's."""
        return await self._outlook.what_if(request)

    def take(self) -> tuple[Asked, ...]:
        """What either has for the next tick."""
        return (*self._outlook.take(), *self._planner.take())

    async def run(self) -> None:
        """Both go on; what ends one ends both, and they are begun again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._outlook.run(), name="outlook")
            group.create_task(self._planner.run(), name="plan")


class NoOutlook:
    """Nobody looks ahead: the closed form has to do."""

    def follow(self, scene: Scene) -> None:
        """Nothing is noted."""

    def latest(self) -> Foresight | None:
        """Nothing was seen."""
        return None

    async def what_if(self, request: Request | Order | CarWish) -> WhatIf | None:
        """Nobody knows."""
        return None

    def take(self) -> tuple[Asked, ...]:
        """Nothing."""
        return ()

    async def run(self) -> None:
        """Nothing goes on."""
        await asyncio.Event().wait()
