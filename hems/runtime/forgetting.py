"""The request to forget a bay: what is recorded of its cars, and its code."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from hems.model.errors import RequestError, StoreError
from hems.model.instant import Instant
from hems.model.people import PersonRole
from hems.model.site import Site
from hems.ports.clock import Clock
from hems.ports.store import PeopleRecords
from hems.wording.language import say


class Forgetting:
    """Answers `forget`."""

    def __init__(
        self, site: Site, people: PeopleRecords, clock: Clock, forget: Callable[[str], Awaitable[None]]
    ) -> None:
        self._bays = [bay.id for bay in site.bays]
        self._people = people
        self._clock = clock
        self._forget = forget
        self.does = {"forget": self._asked}
        """Requests by name."""

    async def _asked(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        bay = str(args.get("bay", ""))
        if bay not in self._bays:
            known = ", ".join(self._bays) or say("none")
            raise RequestError(say("There is no bay {name}; there are {known}.", name=bay[:40], known=known))
        try:
            await self._forget(bay)
            await self._forget_code(f"bay/{bay}", self._clock.now())
        except StoreError as error:
            raise RequestError(say("Not everything could be forgotten, do it again: {error}", error=error)) from error
        return {"forgotten": bay}

    async def _forget_code(self, name: str, now: Instant) -> None:
        if name in self._people.known():
            await self._people.remove(name, at=now)
