"""The models of an image as registers: a chain that begins with `SunS` and ends with 0xFFFF."""

from collections.abc import Mapping, Sequence
from typing import Any

MARK, END = (0x5375, 0x6E53), (0xFFFF, 0)
UNSAID = 0xFFFF
"""In registers that the image does not mention: "not implemented" for most types."""


def registers(models: Sequence[Mapping[str, Any]]) -> list[int]:
    """Each model as `{ id, length, words = { OFFSET = [words] or "text" } }`; offsets count from the ID."""
    chain = [*MARK]
    for model in models:
        block = [int(model["id"]), int(model["length"]), *[UNSAID] * int(model["length"])]
        for offset, said in model.get("words", {}).items():
            words = in_words(said) if isinstance(said, str) else said
            assert int(offset) + len(words) <= len(block), f"model {model['id']}: {offset} lies behind its end"
            block[int(offset) : int(offset) + len(words)] = words
        chain += block
    return [*chain, *END]


def in_words(text: str) -> list[int]:
    """Two letters in each, high byte first; a text that ends in the middle of a register ends there with NUL."""
    octets = text.encode("ascii") + b"\0" * (2 - len(text) % 2)
    return [int.from_bytes(octets[place : place + 2], "big") for place in range(0, len(octets), 2)]
