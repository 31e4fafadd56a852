"""Plain text in 80 columns: times from the beginning of an outage, hanging lines, headings."""

from textwrap import wrap

WIDTH = 80
TIME = 9
"""Columns of a time stamp."""


def offset(seconds: float) -> str:
    """Time from the beginning: `0.2 s`, `12:05`, `1:25:07`, right-aligned in its column."""
    if abs(seconds) < 100:
        return f"{seconds:.1f} s".rjust(TIME)
    whole = round(seconds)
    hour, minute, second = whole // 3600, whole % 3600 // 60, whole % 60
    return (f"{hour}:{minute:02}:{second:02}" if hour else f"{minute}:{second:02}").rjust(TIME)


def hanging(head: str, text: str, indent: int | None = None) -> list[str]:
    """`text` after `head`, further lines below its beginning."""
    start = head.ljust(indent or 0)
    room = WIDTH - len(start)
    lines = wrap(text, room, break_on_hyphens=False) or [""]
    return [f"{start}{lines[0]}".rstrip(), *(f"{' ' * len(start)}{line}" for line in lines[1:])]


def heading(text: str) -> list[str]:
    """A section's title after an empty line."""
    return ["", text.upper()]


def sides(left: str, right: str) -> str:
    """Both ends of one line; the left one is cut when they do not both fit."""
    room = WIDTH - len(right)
    return (left[: max(0, room - 1)].ljust(room) + right).rstrip()
