"""What Home Assistant asks, as requests of a person: an override always ends, and a car's driver says a code."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hems.model.errors import HemsError
from hems.model.units import HOUR_S
from hems.northbound.ha.entities import MOST_MINUTES
from hems.wording.language import N_, say

CODE_S = 300.0
"""A code that was typed is good for so long, and then forgotten."""
REASON = N_("asked in Home Assistant")
KEPT = {"on": N_("{name} is kept on"), "off": N_("{name} is kept off"), "auto": N_("{name} goes back to automatic")}


class NotUnderstood(HemsError):
    """What was asked makes no sense; told to whoever asked, nothing else happens."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One request to the daemon."""

    do: str
    args: Mapping[str, Any]
    subject: str = ""
    """The circuit or bay that it is about."""
    what: str = ""
    """In a few words, for the answer, with `{name}` for the subject."""
    value: str = ""
    """What it was asked to be."""

    def told(self, name: str) -> str:
        """`Laundry is kept off`, in the reader's language."""
        return say(self.what, name=name, value=self.value)


@dataclass(slots=True)
class Memory:
    """What was said before and counts for what is said next; never kept beyond the process."""

    minutes: float
    codes: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Code and when it is to be forgotten, by bay."""

    def code(self, bay: str, now_s: float) -> str:
        """The code typed lately; empty when there is none."""
        code, until_s = self.codes.get(bay, ("", 0.0))
        if now_s >= until_s:
            self.codes.pop(bay, None)
            return ""
        return code


def wanted(tail: str, payload: str, who: str, memory: Memory, now_s: float) -> Wanted | None:
    """The request in a message on `ask/TAIL`; None when it only has to be remembered.  Raises: NotUnderstood."""
    match tail.split("/"):
        case ["circuit", circuit]:
            return _override(circuit, payload, who, memory)
        case ["bay", bay, "code"]:
            memory.codes[bay] = (payload.strip(), now_s + CODE_S)
            return None
        case ["bay", bay, thing]:
            return _car(bay, thing, payload, who, memory.code(bay, now_s))
        case ["minutes"]:
            memory.minutes = _number(payload, 1, MOST_MINUTES)
            return None
        case ["seen"]:
            return Wanted("seen", {"who": who})
    raise NotUnderstood(say("Nothing can be asked at {where}.", where=repr(tail[:60])))


def _override(circuit: str, payload: str, who: str, memory: Memory) -> Wanted:
    """`on`, `off`, `auto`, or JSON that also has `minutes`, `reason` and `who`."""
    said: dict[str, Any] = {"want": payload.strip()}
    if payload.lstrip().startswith("{"):
        try:
            said = json.loads(payload)
        except ValueError:
            raise NotUnderstood(say("This is not JSON.")) from None
    want = str(said.get("want", "")).lower()
    if want not in ("on", "off", "auto"):
        raise NotUnderstood(say("Say on, off or auto of {name}, not {said}.", name=circuit, said=repr(want[:20])))
    minutes = _number(str(said.get("minutes", memory.minutes)), 1, MOST_MINUTES)
    args = {
        "circuit": circuit,
        "want": want,
        "duration_s": minutes * 60.0,
        "who": f"{who}: {said['who']}" if said.get("who") else who,
        "reason": str(said.get("reason") or say(REASON)),
    }
    return Wanted("override", args, circuit, KEPT[want])


def _car(bay: str, thing: str, payload: str, who: str, code: str) -> Wanted:
    args: dict[str, Any] = {"bay": bay, "who": who, **({"code": code} if code else {})}
    if thing == "leaving":
        return Wanted("car", args | {"leaving": True}, bay, N_("{name} leaves now"))
    if thing == "keeps_pct":
        keeps = _number(payload, 0, 100)
        return Wanted("car", args | {"keeps_pct": keeps}, bay, N_("{name} keeps {value}%"), f"{keeps:g}")
    if thing == "leaves_h":
        hours = _number(payload, 0, 14 * 24)
        args |= {"leaves_in_s": hours * HOUR_S}
        return Wanted("car", args, bay, N_("{name} leaves in {value} h"), f"{hours:g}")
    raise NotUnderstood(say("Nothing can be asked of {name} as {what}.", name=bay, what=repr(thing[:20])))


def _number(text: str, least: float, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        raise NotUnderstood(say("{text} is no number.", text=repr(text[:20]))) from None
    if not least <= value <= most:
        told = N_("{value:g} is not between {least:g} and {most:g}.")
        raise NotUnderstood(say(told, value=value, least=least, most=most))
    return value
