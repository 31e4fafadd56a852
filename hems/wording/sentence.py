"""A cause as a sentence."""

from collections.abc import Mapping
from datetime import datetime
from string import Formatter

from hems.model.cause import Cause, Value, Why
from hems.wording import messages
from hems.wording.language import Forms, translated
from hems.wording.names import BANDS, MODES, TASKS, axis_name, axis_words, called, witnesses_words
from hems.wording.quantities import duration, kw, kwh, percent
from hems.wording.reasons import REASONS
from hems.wording.spoken import spoken

REQUESTED = {
    "tie/permit": (messages.PERMITTED, messages.WITHHELD),
    "tie/island": (messages.OPENS, messages.KEEPS),
    "generator/run": (messages.RUNS, messages.STANDS),
    "former/start": (messages.STARTS, messages.LEAVES),
}
"""What was done when a request was made, and when it was withdrawn."""


def sentence(cause: Cause, subject: str | None = None, names: Mapping[str, str] | None = None) -> str:
    """Why something is so, for the person at the screen; facts that are missing are left unsaid.

    `subject` is what it is about: a role such as `circuits/laundry/closed`, an alarm's key or a device.  `names` are
    those of `names_of(site)`.  A command (a fact `value`) is told as what was done and why, everything else as what is.
    """
    words = _words(cause)
    if subject and subject not in MODES:  # of a mode the reason is all there is to say
        words["name"] = called(subject, names or {})
    if cause.why in messages.WHOLE:
        return _capital(_first(messages.WHOLE[cause.why], words))
    if cause.why is Why.ENERGY_BAND and {"band", "was"} <= set(words):
        return _first((messages.BAND_CHANGED,), words)
    words["reason"] = _first(REASONS[cause.why], words)
    did = _did(subject or "", cause.facts, words)
    if did and cause.facts.get("only_watching"):
        return _capital(_first((messages.ONLY_WATCHING,), words | {"did": did}))
    if did:
        return _capital(_first((messages.DID_BECAUSE,), words | {"did": did}))
    return _capital(_first((messages.ABOUT,), words) if "name" in words else f"{words['reason']}.")


def _did(role: str, facts: Mapping[str, Value], words: Mapping[str, str]) -> str:
    """What was done to the role, or wanted of it by a person."""
    if "name" not in words:
        return ""
    value, want = facts.get("value"), facts.get("want")
    if value is None:
        form = {"on": messages.STAYS_ON, "off": messages.STAYS_OFF, "auto": messages.AUTOMATIC}.get(str(want), "")
    elif role in REQUESTED:
        form = REQUESTED[role][0 if value else 1]
    elif role.endswith("/limit_w"):
        form = messages.CAPPED
    elif isinstance(value, bool) or role.endswith("/closed"):
        form = messages.SWITCHED_ON if value else messages.SWITCHED_OFF
    elif isinstance(value, int | float):
        form = messages.GIVES if value > 0 else messages.CHARGES if value < 0 else messages.RESTS
    else:
        form = ""
    return _first((form,), {**words, "kw": words.get("value", "")}) if form else ""


def _first(forms: Forms, words: Mapping[str, str]) -> str:
    """The first form all of whose facts are known, filled in; the last one when none is."""
    for form in forms:
        message = translated(form)
        if all(name is None or name in words for _, name, _, _ in Formatter().parse(message)):
            return message.format_map(words)
    return ""


def _words(cause: Cause) -> dict[str, str]:
    """The facts in words."""
    facts = cause.facts
    words = {key: _said(key, value) for key, value in facts.items() if value != ""}
    if "axis" in facts and "is" in facts:
        words["axis_name"] = axis_name(str(facts["axis"]))
        words["now_words"] = axis_words(str(facts["axis"]), str(facts["is"]))
    if "axis" in facts and "says" in words:
        words["says"] = witnesses_words(str(facts["axis"]), words["says"])
    return words


def _said(key: str, value: Value) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _said_word(key, str(value))
    match key.rpartition("_")[2]:
        case "w" | "value":
            return kw(value)
        case "wh":
            return kwh(value)
        case "pct":
            return percent(value)
        case "dose":
            return percent(100.0 * value)
        case "s":
            return duration(value)
        case "v":
            return f"{value:.0f} V"
        case "c":
            return f"{value:.1f} °C"
        case "a":
            return f"{value:.0f} A"
        case "hz":
            return f"{value:.2f} Hz"
        case _:
            return f"{value:g}"


def _said_word(key: str, value: str) -> str:
    if key.endswith("_utc"):
        return _clock(value)
    if key in ("grid", "tie", "bus"):
        return axis_words(key, value)
    if key == "detail":
        return spoken(value)
    if key == "task":
        return translated(TASKS.get(value, value))
    return translated(BANDS.get(value, value)) if key in ("band", "was") else value


def _clock(utc: str) -> str:
    """The time of day here; what is no time stays as it is."""
    try:
        return f"{datetime.fromisoformat(utc).astimezone():%H:%M}"
    except (ValueError, OverflowError):
        return utc


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
