"""The front desk: what the daemon lets its clients see and ask."""

from collections.abc import Mapping
from typing import Any, Protocol

from hems.model.people import PersonRole
from hems.model.picture import Picture


class Desk(Protocol):
    """Stands between the sockets and the tick; nothing here may wait for a device."""

    @property
    def site_name(self) -> str:
        """Said to every client that comes in."""

    @property
    def language(self) -> str:
        """What the building's people read, said to every client too; empty: each their own."""

    def picture(self) -> Picture | None:
        """The building as of the last tick, or None before the first."""

    async def request(self, name: str, args: Mapping[str, Any], *, role: PersonRole, peer: str) -> Mapping[str, Any]:
        """Do what is asked, or see that it is done, and answer in JSON-able values.

        The caller has checked that `role` is high enough for `name`.  `peer` says where the request came from and is
        for the audit only; it proves nothing.

        Raises: RequestError with one whole sentence for the person.
        """
