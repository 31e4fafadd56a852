"""What a message carries: finding one value in a payload, and filling in a payload to send."""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from drivers.profile.params import fill

Scalar = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as the broker delivered it."""

    topic: str
    payload: bytes
    retained: bool
    """The broker kept it from some earlier time: it says nothing about now."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish.  Whether it is retained is not a choice: it is not."""

    topic: str
    payload: str


class Unreadable(Exception):
    """The payload does not hold what the profile expects; the text says what it is instead."""


NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
"""As devices write one in text.  What Python would take as well, such as `1_000` or digits of other scripts, was cut or
mixed up, or is meant for people."""
AROUND = " \t\r\n"
"""What small controllers and shells put beside one."""
LONGEST = 65_536
"""Bytes.  No device here says so much at once; to take such a message apart would only cost time."""


def as_text(payload: bytes) -> str:
    """The payload as text.  Raises: Unreadable."""
    if not payload:
        raise Unreadable("the message is empty: what told this is gone")
    if len(payload) > LONGEST:
        raise Unreadable(f"the message has {len(payload)} bytes, too many for a reading")
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise Unreadable("the message is not text") from None


def as_json(payload: bytes) -> Any:  # noqa: ANN401 JSON may be anything
    """The payload as JSON.  Raises: Unreadable."""
    try:
        return json.loads(as_text(payload))
    except (ValueError, RecursionError):  # also a number of thousands of digits
        raise Unreadable("the message is not JSON") from None


def dig(tree: Any, path: str) -> tuple[bool, Any]:  # noqa: ANN401 JSON may be anything
    """Whether `tree` has something at `path`, names and positions parted by dots, and what."""
    for name in path.split("."):
        if isinstance(tree, dict) and name in tree:
            tree = tree[name]
        elif isinstance(tree, list) and name.isdecimal() and int(name) < len(tree):
            tree = tree[int(name)]
        else:
            return False, None
    return True, tree


def raw_value(found: object, kind: str) -> Scalar | None:
    """`found` if it is of the kind the profile promises; null stays None.  Raises: Unreadable."""
    if found is None:
        return None
    if kind == "bool":
        if isinstance(found, bool):
            return found
        if found in ("true", "false"):
            return found == "true"
    elif kind == "str":
        if isinstance(found, str):
            return found
    elif isinstance(found, str):
        if NUMBER.fullmatch(found.strip(AROUND)):
            return float(found)
    elif isinstance(found, int | float) and not isinstance(found, bool):
        with suppress(OverflowError):
            return float(found)
    raise Unreadable(f"the device sends {_shortly(found)} where a {_WORDS[kind]} was expected")


def _shortly(found: object) -> str:
    told = repr(found) if isinstance(found, str | bool | float) else f"a {type(found).__name__}"
    return told if len(told) <= 40 else f"{told[:40]}..."


def filled(template: Any, values: Mapping[str, Scalar]) -> Any:  # noqa: ANN401 JSON may be anything
    """`template` with its placeholders replaced; one that stands alone keeps the type of its value."""
    return fill(template, values)


_WORDS = {"bool": "yes or no", "float": "number", "str": "text"}
