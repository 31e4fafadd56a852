"""The front desk: what clients may see and ask, and how it reaches the tick."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from hems.control import override
from hems.control.params import Params
from hems.model.codec import to_plain
from hems.model.errors import RequestError, StoreError
from hems.model.event import Event
from hems.model.people import PersonRole
from hems.model.picture import Picture
from hems.model.request import Acknowledge, Request, Want
from hems.model.site import Site
from hems.model.units import CircuitId, DeviceId
from hems.ports.clock import Clock
from hems.runtime.fleet import Fleet

EVENTS_KEPT = 1000


class FrontDesk:
    """Serves the sockets; requests wait here for the next tick."""

    def __init__(self, site: Site, params: Params, fleet: Fleet, clock: Clock, *, stop: Callable[[bool], None]) -> None:
        self._site = site
        self._params = params
        self._fleet = fleet
        self._clock = clock
        self._stop = stop
        self._picture: Picture | None = None
        self._events: list[Event] = []
        self._waiting: list[Request | Acknowledge] = []
        self._does: dict[str, Callable[[Mapping[str, Any], PersonRole, str], Awaitable[Mapping[str, Any]]]] = {
            "why": self._why,
            "events": self._told,
            "override": self._override,
            "acknowledge": self._acknowledge,
            "arm": self._arm,
            "disarm": self._disarm,
            "stop": self._end,
        }

    @property
    def site_name(self) -> str:
        """Said to every client that comes in."""
        return self._site.name

    def picture(self) -> Picture | None:
        """The building as of the last tick."""
        return self._picture

    def show(self, picture: Picture, events: tuple[Event, ...]) -> None:
        """Take the last tick's picture and events."""
        self._picture = picture
        self._events = [*self._events, *events][-EVENTS_KEPT:] if events else self._events

    def take_requests(self) -> tuple[Request | Acknowledge, ...]:
        """What people asked for since this was last asked."""
        waiting, self._waiting = tuple(self._waiting), []
        return waiting

    async def request(self, name: str, args: Mapping[str, Any], *, role: PersonRole, peer: str) -> Mapping[str, Any]:
        """Do what is asked.  Raises: RequestError with one sentence."""
        return await self._does[name](args, role, peer)

    async def _why(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        picture = self._picture
        if picture is None:
            raise RequestError(
                "HEMS has only just started and has not looked at the building yet: ask again in a second."
            )
        keys = ("mode", "mode_because", "mode_for_s", "grid", "tie", "bus", "witnesses")
        return {key: to_plain(getattr(picture, key)) for key in keys}

    async def _told(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        return {"events": [to_plain(event) for event in self._events]}

    async def _override(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        request = self._read_override(args, role)
        if override.refusal(request, self._site) is not None:
            name = next((one.name for one in self._site.circuits if one.id == request.circuit), request.circuit)
            raise RequestError(
                f"{name} cannot be switched here: it is life safety, protected, has no switch or does not exist."
            )
        self._waiting.append(request)
        self._fleet.audit(request.who, f"override {request.want}", request.circuit, request.reason)
        return {"circuit": request.circuit, "want": request.want, "duration_s": request.duration_s}

    def _read_override(self, args: Mapping[str, Any], role: PersonRole) -> Request:
        try:
            want = Want(str(args["want"]).lower())
            circuit = CircuitId(str(args["circuit"]))
            duration_s = float(args.get("duration_s", self._params.override.default_s))
        except (KeyError, ValueError) as error:
            raise RequestError("Say which circuit, and on, off or auto, and for how many seconds.") from error
        reason = str(args.get("reason", "")).strip()
        if want is not Want.AUTO and len(reason) < 5:
            raise RequestError("Give a reason of at least five letters: others will want to know.")
        who = str(args.get("who", "")) or "somebody"
        return Request(circuit=circuit, want=want, who=who, role=role, reason=reason, duration_s=max(0.0, duration_s))

    async def _acknowledge(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        who = str(args.get("who", "")) or "somebody"
        self._waiting.append(Acknowledge(who=who, role=role))
        self._fleet.audit(who, "acknowledge", "mode", peer)
        return {}

    async def _arm(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        devices = self._named(args)
        who = str(args.get("who", "")) or "somebody"
        try:
            for device in devices:
                await self._fleet.arm(device, who=who, at=self._clock.now())
        except StoreError as error:
            raise RequestError(f"Not armed, because it cannot be recorded: {error}") from error
        return {"armed": list(devices)}

    async def _disarm(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        devices = self._named(args)
        for device in devices:
            self._fleet.disarm(device, who=str(args.get("who", "")) or "somebody", at=self._clock.now())
        return {"disarmed": list(devices)}

    def _named(self, args: Mapping[str, Any]) -> tuple[DeviceId, ...]:
        asked = args.get("devices", "all")
        if asked == "all":
            return tuple(self._fleet.devices)
        names = [asked] if isinstance(asked, str) else list(asked)
        unknown = [name for name in names if name not in self._fleet.devices]
        if unknown:
            known = ", ".join(sorted(self._fleet.devices))
            raise RequestError(f"There is no device {unknown[0]}; there are {known}.")
        return tuple(DeviceId(name) for name in names)

    async def _end(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        hold = bool(args.get("hold", False))
        islanded = self._picture is not None and self._picture.outage_for_s is not None
        if hold and islanded and not args.get("force", False):
            raise RequestError(
                "The building runs on its own power: a restart or upgrade waits until the grid is back, or is forced."
            )
        self._stop(hold)
        return {}
