"""Who is asking: the socket is the ceiling, the PIN names the person.

As long as nobody who could do a thing has a PIN, the socket alone decides; from the first operator's PIN on,
operators' requests need one, and from the first engineer's passphrase on also those of engineers.  A PIN comes with the
request, or once with `enter`, whose answer is good until nobody has used it for a while.  Everything is counted here,
never in a client.
"""

import asyncio
import secrets as chance
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hems.model.errors import PinNeeded, RequestError, StoreError
from hems.model.people import DRIVER, NEEDED_ROLE, Caller, Person, PersonRole
from hems.model.request import Want
from hems.model.site import Site
from hems.ports.clock import Clock
from hems.ports.store import PeopleRecords
from hems.runtime.asked.words import who_asks, words
from hems.runtime.root_word import RootWord
from hems.runtime.secrets import Patience, fit, hashed, matches
from hems.wording.language import N_, say

IDLE_S = 600.0
"""A session nobody has used for so long is over."""
MOST_SESSIONS = 64
ROLES = {
    PersonRole.VIEWER: N_("viewer"),
    PersonRole.OPERATOR: N_("operator"),
    PersonRole.ENGINEER: N_("engineer"),
}
FREE = frozenset({"consider", "seen", "unaside", "rehearse", "export", "car", "prices", "enter", "leave"})
"""Requests that no PIN stands before, although they come by the operators' door: they change nothing that could hurt,
or, as `car`, look at codes themselves."""


@dataclass(frozen=True, slots=True)
class _Session:
    caller: Caller
    used_s: float


class Doorkeeper:
    """Knows people; one per daemon."""

    def __init__(self, site: Site, records: PeopleRecords, clock: Clock, root: RootWord) -> None:
        self._site = site
        self._records = records
        self._root = root
        self._clock = clock
        self._patience = Patience()
        self._sessions: dict[str, _Session] = {}
        self._one_at_a_time = asyncio.Lock()
        """A crowd of guessers must not take all the memory that hashing needs."""

    @property
    def guards(self) -> bool:
        """Whether operators' requests need a PIN."""
        return self._guarded(PersonRole.OPERATOR)

    def has_code(self, bay: str) -> bool:
        """Whether a driver has a code there."""
        return _code(bay) in self._records.known()

    async def admit(self, name: str, args: Mapping[str, Any], ceiling: PersonRole) -> Caller:
        """Who makes a request.  Raises: PinNeeded, RequestError."""
        needed = NEEDED_ROLE.get(name, PersonRole.ENGINEER)
        anybody = Caller(name=who_asks(args), role=ceiling, known_by="name only")
        if name == "person" and args.get("root"):
            return await self._as_root(str(args["root"]), anybody)
        if "session" in args:
            return _enough(self._of_session(str(args["session"]), ceiling), name, needed)
        if args.get("pin"):
            return _enough(await self.known(args, ceiling, ceiling if name == "enter" else needed), name, needed)
        if _free(name, args) or not self._guarded(needed):
            return anybody
        secret = say("Your passphrase") if needed is PersonRole.ENGINEER else say("Your PIN")
        raise PinNeeded(say("{secret} is needed for this.", secret=secret))

    async def _as_root(self, word: str, caller: Caller) -> Caller:
        """Root may give anybody a new one: he may write the file they stand in.  Raises: RequestError."""
        if not await asyncio.to_thread(self._root.is_said, word):
            raise RequestError(say("Only root may do this without a passphrase: type sudo hems person reset."))
        return replace(caller, known_by="root")

    async def as_operator(self, args: Mapping[str, Any], ceiling: PersonRole) -> Caller:
        """An operator, for what a request asks beyond what everybody may.  Raises: PinNeeded, RequestError."""
        return await self.admit(
            "override", {key: args[key] for key in ("who", "pin", "session") if key in args}, ceiling
        )

    async def known(self, args: Mapping[str, Any], ceiling: PersonRole, needed: PersonRole) -> Caller:
        """The person with that PIN: the one named, or else whoever it is.  Raises: RequestError."""
        said, name, now_s = str(args.get("pin", "")), words(args, "who"), self._clock.mono_s()
        people = [one for one in self._records.known().values() if one.role != DRIVER]
        asked = [one for one in people if one.name == name] or people
        key = asked[0].name if len(asked) == 1 else ""
        async with self._one_at_a_time:
            self._patience.check(key, now_s)
            for one in asked:
                if await matches(one.hash, said):
                    self._patience.right(key)
                    return Caller(name=one.name, role=_lower(ceiling, PersonRole(one.role)), known_by="pin")
            raise self._patience.wrong(key, say("Passphrase") if needed is PersonRole.ENGINEER else say("PIN"), now_s)

    async def check_code(self, bay: str, code: str) -> None:
        """Raises: RequestError when it is not the code of that bay."""
        now_s, known = self._clock.mono_s(), self._records.known().get(_code(bay))
        if known is None:
            raise RequestError(say("This bay has no code yet: the operator gives one with `hems person code`."))
        async with self._one_at_a_time:
            self._patience.check(known.name, now_s)
            if not await matches(known.hash, code):
                raise self._patience.wrong(known.name, say("Code"), now_s)
            self._patience.right(known.name)

    async def enter(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        """Begin a session."""
        caller = await self.known(args, role, needed=role)
        now_s = self._clock.mono_s()
        self._sessions = {key: one for key, one in self._sessions.items() if now_s < one.used_s + IDLE_S}
        while len(self._sessions) >= MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        word = chance.token_urlsafe(18)
        self._sessions[word] = _Session(caller, now_s)
        return {"session": word, "who": caller.name, "role": caller.role, "idle_s": IDLE_S}

    async def leave(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        """End a session."""
        self._sessions.pop(str(args.get("session", "")), None)
        return {}

    async def people(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        """Everybody who has a PIN, and every bay with a code; never the hashes."""
        return {"people": [{"name": one.name, "role": one.role} for one in self._records.known().values()]}

    async def person(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        """Give somebody a PIN or passphrase, or take it away."""
        name = words(args, "name")
        if not name or name.startswith("bay/"):
            raise RequestError(say("Say whose PIN: give a name."))
        wanted = str(args.get("role", PersonRole.OPERATOR))
        if wanted not in (PersonRole.OPERATOR, PersonRole.ENGINEER):
            raise RequestError(say("A person is operator or engineer; whoever only looks needs no PIN."))
        return await self._keep(name, wanted, args)

    async def code(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        """Give a bay's driver a code, or take it away."""
        bay = str(args.get("bay", ""))
        if bay not in {one.id for one in self._site.bays}:
            known = ", ".join(one.id for one in self._site.bays)
            raise RequestError(say("There is no bay {name}; there are {known}.", name=bay[:40], known=known))
        return await self._keep(_code(bay), DRIVER, args)

    async def _keep(self, name: str, role: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        known, now = self._records.known(), self._clock.now()
        if args.get("remove") is True and name not in known:
            raise RequestError(say("Nobody called {name} has one.", name=name))
        try:
            if args.get("remove") is True:
                await self._records.remove(name, at=now)
                self._forget(name)
                return {"name": name, "removed": True}
            secret = fit(role, str(args.get("secret", "")))
            await self._unlike_others(name, role, secret)
            one = Person(name=name, role=role, hash=await hashed(secret))
            await self._records.set(one, set_by=who_asks(args), at=now)
        except StoreError as error:
            told = say("Nothing was changed, because it cannot be recorded: {error}", error=error)
            raise RequestError(told) from error
        self._forget(name)
        self._patience.right(name)
        return {"name": name, "role": role}

    async def _unlike_others(self, name: str, role: str, secret: str) -> None:
        """A PIN alone must tell who it is."""
        for other in self._records.known().values():
            if role != DRIVER != other.role and other.name != name and await matches(other.hash, secret):
                raise RequestError(say("That one cannot be used. Choose another one."))

    def _forget(self, name: str) -> None:
        """A PIN that was changed or taken away ends what was begun with it."""
        self._sessions = {key: one for key, one in self._sessions.items() if one.caller.name != name}

    def _of_session(self, word: str, ceiling: PersonRole) -> Caller:
        now_s, found = self._clock.mono_s(), self._sessions.get(word)
        if found is None or now_s >= found.used_s + IDLE_S:
            self._sessions.pop(word, None)
            told = N_("You have been away for ten minutes: say your PIN again.")
            if ceiling is PersonRole.ENGINEER:
                told = N_("You have been away for ten minutes: say your passphrase again.")
            raise PinNeeded(say(told))
        self._sessions[word] = replace(found, used_s=now_s)
        return replace(found.caller, role=_lower(ceiling, found.caller.role))

    def _guarded(self, needed: PersonRole) -> bool:
        if needed is PersonRole.VIEWER:
            return False
        people = [one for one in self._records.known().values() if one.role != DRIVER]
        return any(PersonRole(one.role).may_act_as(needed) for one in people)


def _free(name: str, args: Mapping[str, Any]) -> bool:
    """Whether no PIN stands before it: handing a circuit back is always the safe direction."""
    back = name == "override" and str(args.get("want", "")).lower() == Want.AUTO
    end_of_hold = name == "order" and args.get("task") == "hold" and args.get("begin") is False
    return name in FREE or back or end_of_hold


def _enough(caller: Caller, name: str, needed: PersonRole) -> Caller:
    if not caller.role.may_act_as(needed):
        roles = {"role": say(ROLES[caller.role]), "needed": say(ROLES[needed])}
        raise RequestError(
            say("{who} is {role} here, and {name} needs the role {needed}.", who=caller.name, name=name, **roles)
        )
    return caller


def _lower(one: PersonRole, other: PersonRole) -> PersonRole:
    return one if other.may_act_as(one) else other


def _code(bay: str) -> str:
    return f"bay/{bay}"
