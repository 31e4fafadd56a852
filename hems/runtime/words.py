"""What people write into a request, made fit to be shown on screens and kept."""

from collections.abc import Mapping
from typing import Any

from hems.wording.language import N_

LONGEST_TEXT = 200
"""Letters of a reason or a name that are kept."""
SHORTEST_REASON = 5
NUMBER = N_("Give {key} as a number from {least:g} to {most:g}.")
SPAN = N_("Say for how many seconds: more than 0, and at most {most_s:.0f}, which is {hours:g} hours.")


def words(args: Mapping[str, Any], key: str) -> str:
    """A person's text on one line and of bearable length."""
    text = " ".join(str(args.get(key, "")).split())
    return "".join(letter for letter in text if letter.isprintable())[:LONGEST_TEXT]


def who_asks(args: Mapping[str, Any]) -> str:
    """The name given, or `somebody`."""
    return words(args, "who") or "somebody"
