"""The front desk: what clients may see and ask, and how it reaches the tick."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from math import inf
from typing import Any

from hems.control import planned, said
from hems.control.drill import rehearse
from hems.control.params import Params
from hems.model.codec import to_plain
from hems.model.errors import PinNeeded, RequestError, WrongPin
from hems.model.event import Event
from hems.model.mode import Mode
from hems.model.people import Caller, PersonRole
from hems.model.picture import Picture
from hems.model.request import Acknowledge, Asked, CarWish, Order, Task
from hems.model.site import Site
from hems.ports.clock import Clock
from hems.runtime.asked.alarm import read_mark
from hems.runtime.asked.car import check_wish, read_wish
from hems.runtime.asked.order import GRAVE, read_order
from hems.runtime.asked.override import considered, longest_s, read_override
from hems.runtime.asked.prices import read_prices
from hems.runtime.asked.steer import read_steer
from hems.runtime.asked.words import who_asks, words
from hems.runtime.auditing import Auditing
from hems.runtime.consider import Shown, consequence, order_consequence
from hems.runtime.doorkeeper import Doorkeeper
from hems.runtime.outlook import Outlook
from hems.runtime.promise import car_consequence
from hems.runtime.scene import Scene
from hems.runtime.toolbox import Do, Toolbox
from hems.wording import sentence
from hems.wording.language import N_, say

EVENTS_KEPT = 1000


class FrontDesk:
    """Serves the sockets; requests wait here for the next tick."""

    def __init__(
        self,
        site: Site,
        params: Params,
        clock: Clock,
        *,
        toolbox: Toolbox,
        doorkeeper: Doorkeeper,
        auditing: Auditing,
        outlook: Outlook,
        stop: Callable[[bool], None],
    ) -> None:
        self._site = site
        self._params = params
        self._doorkeeper = doorkeeper
        self._auditing = auditing
        self._clock = clock
        self._outlook = outlook
        self._stop = stop
        self._picture: Picture | None = None
        self._scene: Scene | None = None
        self._shown = Shown()
        self._events: list[Event] = []
        self._waiting: list[Asked] = []
        self._does: Mapping[str, Do] = {
            "why": self._why,
            "events": self._told,
            "consider": self._consider,
            "override": self._override,
            "steer": self._steer,
            "acknowledge": self._acknowledge,
            "seen": lambda args, role, peer: self._mark({**args, "act": "seen"}, role, peer),
            "unaside": lambda args, role, peer: self._mark({**args, "act": "back"}, role, peer),
            "aside": lambda args, role, peer: self._mark({**args, "act": "aside"}, role, peer),
            "order": self._order,
            "car": self._car,
            "prices": self._prices,
            "rehearse": self._rehearsed,
            "stop": self._end,
            "enter": doorkeeper.enter,
            "leave": doorkeeper.leave,
            "people": doorkeeper.people,
            "person": doorkeeper.person,
            "code": doorkeeper.code,
            **toolbox.does,
        }

    @property
    def site_name(self) -> str:
        """Said to every client that comes in."""
        return self._site.name

    @property
    def language(self) -> str:
        """Of the building's people."""
        return self._site.language

    def picture(self) -> Picture | None:
        """The building as of the last tick."""
        return self._picture

    def marked(self, picture: Picture) -> Picture:
        """The picture with where people need a PIN or have a code."""
        cars = tuple(replace(car, has_code=self._doorkeeper.has_code(car.id)) for car in picture.cars)
        return replace(picture, needs_pin=self._doorkeeper.guards, cars=cars)

    def show(self, picture: Picture, events: tuple[Event, ...], scene: Scene) -> None:
        """Take the last tick's picture and events, and what the picture was painted from."""
        self._picture, self._scene = picture, scene
        self._events = [*self._events, *events][-EVENTS_KEPT:] if events else self._events

    def note(self, event: Event) -> None:
        """Take an event that came of no tick."""
        self._events = [*self._events, event][-EVENTS_KEPT:]

    @property
    def scene(self) -> Scene | None:
        """What the last picture was painted from."""
        return self._scene

    def take_requests(self) -> tuple[Asked, ...]:
        """What people asked for since this was last asked."""
        waiting, self._waiting = tuple(self._waiting), []
        return waiting

    @property
    def in_outage(self) -> bool:
        """Whether the building was on its own, as of the last tick."""
        return self._picture is not None and self._picture.outage_for_s is not None

    async def request(self, name: str, args: Mapping[str, Any], *, role: PersonRole, peer: str) -> Mapping[str, Any]:
        """Do what is asked.  Raises: RequestError with one sentence."""
        do = self._does.get(name)
        if do is None:
            raise RequestError(f"There is no request {name!r}; there are: {', '.join(self._does)}.")
        caller = Caller(name=who_asks(args), role=role, known_by="name only")
        try:
            caller = await self._doorkeeper.admit(name, args, role)
            answer = await do({**args, "who": _name(caller, args)}, caller.role, peer)
        except RequestError as refusal:
            if isinstance(refusal, PinNeeded) and not isinstance(refusal, WrongPin):
                raise
            self._auditing.note(name, args, caller, peer, refused=str(refusal))
            raise
        self._auditing.note(name, args, caller, peer)
        return answer

    async def _why(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        picture, _ = self._seen()
        keys = ("mode", "mode_because", "mode_for_s", "grid", "tie", "bus", "witnesses")
        return {key: to_plain(getattr(picture, key)) for key in keys}

    async def _told(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        return {"events": [to_plain(event) for event in self._events]}

    async def _consider(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        """What an override or an order would do, and the word to confirm it with; nothing is done yet."""
        if "task" in args:
            return await self._consider_order(self._read_order(args, role))
        if "bay" in args:
            return await self._consider_car(read_wish(args, self._site, self._scene, self._params.car))
        asks = read_override if "reason" in args else considered
        request = asks(args, role, self._site, self._params.override)
        ahead = await self._outlook.what_if(request) if self.in_outage else None
        picture, scene = self._seen()
        told = consequence(scene, request, longest_s(role, self._params.override), ahead)
        return {"consequence": to_plain(told), "confirm": self._shown.word(request, picture, self._clock.mono_s())}

    async def _consider_order(self, order: Order) -> Mapping[str, Any]:
        ahead = await self._outlook.what_if(order)
        picture, scene = self._seen()
        told = order_consequence(scene, order, ahead)
        return {"consequence": to_plain(told), "confirm": self._shown.word(order, picture, self._clock.mono_s())}

    async def _consider_car(self, wish: CarWish) -> Mapping[str, Any]:
        ahead = None if self.in_outage else await self._outlook.what_if(wish)
        return {"consequence": to_plain(car_consequence(self._seen()[1], wish, ahead))}

    def _seen(self) -> tuple[Picture, Scene]:
        """The last tick's.  Raises: RequestError before the first."""
        if self._picture is None or self._scene is None:
            early = N_("HEMS has only just started and has not looked at the building yet: ask again in a second.")
            raise RequestError(say(early))
        return self._picture, self._scene

    async def _override(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        request = read_override(args, role, self._site, self._params.override)
        if "confirm" in args:
            self._shown.check(str(args["confirm"]), request, self._picture, self._clock.mono_s())
        self._waiting.append(request)
        return {"circuit": request.circuit, "want": request.want, "duration_s": request.duration_s}

    async def _steer(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        if self.in_outage:
            raise RequestError(say("The building runs on its own power: nothing is tried out now. Wait for the grid."))
        if self._picture is not None and self._picture.mode is not Mode.GRID_CONNECTED:
            raise RequestError(
                say("Nothing is tried out until the grid carries all again: wait until hems status says GRID OK.")
            )
        steer = read_steer(args, role, self._site, self._params.override)
        self._waiting.append(steer)
        return {"source": steer.source, "power_w": steer.power_w}

    async def _order(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        order, now_s = self._read_order(args, role), self._clock.mono_s()
        if "confirm" in args:
            self._shown.check(str(args["confirm"]), order, self._picture, now_s)
        elif order.task in GRAVE and order.begin:
            return {"confirm": self._shown.word(order, self._seen()[0], now_s)}
        self._waiting.append(order)
        ends = {"duration_s": order.duration_s} if order.duration_s < inf else {}
        return {"task": order.task, "begin": order.begin, **ends}

    def _read_order(self, args: Mapping[str, Any], role: PersonRole) -> Order:
        """Raises: RequestError also for what would be refused as things stand."""
        order, scene = read_order(args, role, self._site, self._params.override), self._scene
        if scene is not None:
            now_s = self._clock.mono_s()
            refused = said.refusal(order, scene.state, self._params.override, now_s) or planned.refusal(
                order, self._site, scene.snapshot, self._params, now_s
            )
            if refused is not None:
                raise RequestError(sentence(refused))
        return order

    async def _car(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        wish = read_wish(args, self._site, self._scene, self._params.car)
        await check_wish(wish, args, role, self._site, self._scene, self._doorkeeper)
        self._waiting.append(wish)
        return {"bay": wish.bay}

    async def _prices(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        told = read_prices(args)
        self._waiting.append(told)
        return {"slots": len(told.slots), "until_s": told.slots[-1].ends_s}

    async def _rehearsed(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        (_, scene), who = self._seen(), who_asks(args)
        # A minute of ticks: the cycle must not wait for it.
        found = await asyncio.to_thread(rehearse, self._site, scene.state, scene.snapshot, scene.params, scene.now)
        told = to_plain(found)
        kept = json.dumps(told)
        self._waiting.append(Order(task=Task.DRILL, begin=True, who=who, role=role, rehearsed=True, found=kept))
        return {"rehearsal": told}

    async def _acknowledge(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        who = who_asks(args)
        self._waiting.append(Acknowledge(who=who, role=role))
        return {}

    async def _mark(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        mark = read_mark(args, None if self._scene is None else self._scene.state)
        self._waiting.append(mark)
        return {"key": mark.key, "act": mark.act, "duration_s": mark.duration_s}

    async def _end(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        hold = args.get("hold", False) is True
        if hold and self.in_outage and args.get("force", False) is not True:
            waits = N_("The building runs on its own power: a restart or upgrade waits for the grid, or is forced.")
            raise RequestError(say(waits))
        self._stop(hold)
        return {}


def _name(caller: Caller, args: Mapping[str, Any]) -> str:
    """The name that counts: the person's whose PIN it was, or else what was said, which may be nothing."""
    return caller.name if caller.known_by == "pin" else words(args, "who")
