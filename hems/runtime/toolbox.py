"""What engineers ask about single devices: what they say, and whether they may be commanded."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from hems.model.codec import to_plain
from hems.model.errors import RequestError, StoreError
from hems.model.people import PersonRole
from hems.model.point import row_of
from hems.model.units import DeviceId
from hems.model.wiring import Port
from hems.ports.clock import Clock
from hems.runtime.board import Board
from hems.runtime.fleet import Fleet
from hems.runtime.words import who_asks

Answer = Awaitable[Mapping[str, Any]]
Do = Callable[[Mapping[str, Any], PersonRole, str], Answer]


class Toolbox:
    """Answers requests about devices; the desk passes them on."""

    def __init__(self, fleet: Fleet, board: Board, clock: Clock) -> None:
        self._fleet = fleet
        self._board = board
        self._clock = clock
        self.does: Mapping[str, Do] = {"read": self._read, "arm": self._arm, "disarm": self._disarm}
        """Requests by name."""

    async def _read(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        """Every point of one device as it was last delivered; asks the device nothing."""
        device = self._one(args.get("device"))
        now_s = self._clock.now().mono_s
        rows = [
            row_of(
                name,
                self._board.points.get(Port(device, name)),
                now_s,
                serves=tuple(self._board.roles_at(Port(device, name))),
            )
            for name in self._fleet.vocabulary[device]
        ]
        health = self._fleet.health(now_s)[device]
        lost_s = None if health.lost_since_s is None else now_s - health.lost_since_s
        told = {"device": device, "link": health.link, "detail": health.detail, "armed": health.armed}
        return {**told, "lost_for_s": lost_s, "points": [to_plain(row) for row in rows]}

    async def _arm(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        devices, armed = self._named(args), list[DeviceId]()
        try:
            for device in devices:
                await self._fleet.arm(device, who=who_asks(args), at=self._clock.now())
                armed.append(device)
        except StoreError as error:
            done = f" Armed were {', '.join(armed)}." if armed else ""
            raise RequestError(f"Not armed, because it cannot be recorded: {error}{done}") from error
        return {"armed": armed}

    async def _disarm(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        devices = self._named(args)
        for device in devices:
            self._fleet.disarm(device, who=who_asks(args), at=self._clock.now())
        return {"disarmed": list(devices)}

    def _named(self, args: Mapping[str, Any]) -> tuple[DeviceId, ...]:
        asked = args.get("devices", "all")
        if asked == "all":
            return tuple(self._fleet.devices)
        names = [asked] if isinstance(asked, str) else asked
        if not isinstance(names, list) or not names:
            raise RequestError("Name the devices in a list, or say all.")
        return tuple(self._one(name) for name in names)

    def _one(self, asked: object) -> DeviceId:
        """The device of that name.  Raises: RequestError, naming all there are."""
        if str(asked) not in self._fleet.devices:
            known = ", ".join(sorted(self._fleet.devices))
            raise RequestError(f"There is no device {str(asked)[:40]}; there are {known}.")
        return DeviceId(str(asked))
