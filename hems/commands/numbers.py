"""Numbers as people type them after an option: one that makes no sense is refused before anything begins."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from math import inf, isfinite


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """What reads a whole number from `least` on, up to `most` where there is one."""
    bounds = f"of at least {least}" if most is None else f"from {least} to {most}"

    def read(text: str) -> int:
        try:
            found = int(text)
        except ValueError:
            found = least - 1
        if found < least or (most is not None and found > most):
            raise ArgumentTypeError(f"'{text}' cannot be; give a whole number {bounds}")
        return found

    return read


def number(least: float, most: float = inf) -> Callable[[str], float]:
    """What reads a number from `least` on, up to `most` where there is one."""
    bounds = f"of at least {least:g}" if most == inf else f"from {least:g} to {most:g}"

    def read(text: str) -> float:
        try:
            found = float(text)
        except ValueError:
            found = least - 1.0
        if not isfinite(found) or not least <= found <= most:
            raise ArgumentTypeError(f"'{text}' cannot be; give a number {bounds}")
        return found

    return read


percent = number(0.0, 100.0)
"""Reads a part of a whole, in percent."""
