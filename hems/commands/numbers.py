"""Numbers as people type them after an option: one that makes no sense is refused before anything begins."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from math import isfinite


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


def number(least: float) -> Callable[[str], float]:
    """What reads a number from `least` on."""

    def read(text: str) -> float:
        try:
            found = float(text)
        except ValueError:
            found = least - 1.0
        if not isfinite(found) or found < least:
            raise ArgumentTypeError(f"'{text}' cannot be; give a number of at least {least:g}")
        return found

    return read
