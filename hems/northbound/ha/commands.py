"""What Home Assistant asks, as requests of a person: an override always ends, and a car's driver says a code."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hems.model.errors import HemsError
from hems.model.units import HOUR_S
from hems.northbound.ha.entities import MOST_MINUTES

CODE_S = 300.0
"""A code that was typed is good for so long, and then forgotten."""
REASON = "asked in Home Assistant"


class NotUnderstood(HemsError):
    """What was asked makes no sense; told to whoever asked, nothing else happens."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One request to the daemon."""

    do: str
    args: Mapping[str, Any]
    what: str
    """In a few words, for the answer."""


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
            memory.minutes = _number(payload, "minutes", 1, MOST_MINUTES)
            return None
        case ["seen"]:
            return Wanted("seen", {"who": who}, "Alarms seen")
    raise NotUnderstood(f"Nothing can be asked at {tail[:60]!r}.")


def _override(circuit: str, payload: str, who: str, memory: Memory) -> Wanted:
    """`on`, `off`, `auto`, or JSON that also has `minutes`, `reason` and `who`."""
    said: dict[str, Any] = {"want": payload.strip()}
    if payload.lstrip().startswith("{"):
        try:
            said = json.loads(payload)
        except ValueError:
            raise NotUnderstood("This is not JSON.") from None
    want = str(said.get("want", "")).lower()
    if want not in ("on", "off", "auto"):
        raise NotUnderstood(f"Say on, off or auto of {circuit}, not {want[:20]!r}.")
    minutes = _number(str(said.get("minutes", memory.minutes)), "minutes", 1, MOST_MINUTES)
    args = {
        "circuit": circuit,
        "want": want,
        "duration_s": minutes * 60.0,
        "who": f"{who}: {said['who']}" if said.get("who") else who,
        "reason": str(said.get("reason") or REASON),
    }
    return Wanted("override", args, f"{circuit} {want}")


def _car(bay: str, thing: str, payload: str, who: str, code: str) -> Wanted:
    args: dict[str, Any] = {"bay": bay, "who": who, **({"code": code} if code else {})}
    if thing == "leaving":
        return Wanted("car", args | {"leaving": True}, f"{bay} leaves now")
    if thing == "keeps_pct":
        return Wanted("car", args | {"keeps_pct": _number(payload, "percent", 0, 100)}, f"{bay} keeps {payload} %")
    if thing == "leaves_h":
        hours = _number(payload, "hours", 0, 14 * 24)
        return Wanted("car", args | {"leaves_in_s": hours * HOUR_S}, f"{bay} leaves in {payload} h")
    raise NotUnderstood(f"Nothing can be asked of {bay} as {thing[:20]!r}.")


def _number(text: str, what: str, least: float, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        raise NotUnderstood(f"{text[:20]!r} is no number of {what}.") from None
    if not least <= value <= most:
        raise NotUnderstood(f"{value:g} {what} is not between {least:g} and {most:g}.")
    return value
