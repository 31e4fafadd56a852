"""A file of tables as text: its bytes, its tables, and on which line each key stands."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from hems.config.misspelt import in_plain_words
from hems.config.problem import Path as KeyPath
from hems.config.problem import Problem
from hems.model.errors import ConfigError

LARGEST_BYTES = 1_000_000

BARE = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
DOTTED = rf"{BARE}(?:\s*\.\s*{BARE})*"
HEADER = re.compile(rf"\s*\[(\[?)\s*({DOTTED})\s*\]\]?")
ASSIGNMENT = re.compile(rf"\s*({DOTTED})\s*=(.*)")
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')
PLACE = re.compile(r"\s*\(at ([^()]*)\)\s*$")
LINE = re.compile(r"\(at line (\d+), column \d+\)\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file, read and parsed but not yet believed."""

    name: str
    table: Mapping[str, Any]
    text: str
    digest: str
    """SHA-256 of its bytes: what was proven on one text is not proven on another."""

    @property
    def lines(self) -> Mapping[KeyPath, int]:
        """On which line each key stands; looked for anew each time, for only who is mistaken wants to know."""
        return line_numbers(self.text)

    def sentences(self, problems: Sequence[Problem]) -> tuple[str, ...]:
        """Each of them once, in the order of the file."""
        if not problems:
            return ()
        lines = self.lines
        order = {key: place for place, key in enumerate(lines)}
        ordered = sorted(problems, key=lambda problem: _place(problem.where, order))
        return tuple(dict.fromkeys(problem.sentence(self.name, lines) for problem in ordered))


def _place(where: KeyPath, order: Mapping[KeyPath, int]) -> int:
    return next((order[where[:size]] for size in range(len(where), 0, -1) if where[:size] in order), len(order))


def read(path: Path, what: str = "a site file") -> Source:
    """The file at `path`, of which is said `what` it should be.

    Raises: ConfigError with one sentence when it cannot be read, is not UTF-8 or is not TOML.
    """
    data = _bytes(path, what)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _unreadable(f"{path}, line {line}", "is not UTF-8 text; save it as UTF-8 in the editor") from None
    return Source(name=str(path), table=_parse(text, path, what), text=text, digest=sha256(data).hexdigest())


def _bytes(path: Path, what: str) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise _unreadable(str(path), f"does not exist; give the path of {what}") from None
    except IsADirectoryError:
        raise _unreadable(str(path), f"is a directory; give the path of {what}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _unreadable(str(path), f"cannot be read ({reason}); check the path and its permissions") from None
    if len(data) > LARGEST_BYTES:
        raise _unreadable(str(path), f"is larger than {LARGEST_BYTES // 1000} kB; this is not {what}")
    return data


def _parse(text: str, path: Path, what: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise _unreadable(str(path), f"is nested too deeply; {what} has tables in tables, no more") from None
    except ValueError as error:
        raise ConfigError((_unparsed(str(error), text, path),)) from None


def _unparsed(told: str, text: str, path: Path) -> str:
    at = LINE.search(told)
    lines = text.rstrip().split("\n")
    number = int(at[1]) if at else len(lines)
    plain = in_plain_words(told, lines[number - 1]) if number <= len(lines) else None
    if plain is not None:
        return f"{path}, line {number}: {plain}."
    found = PLACE.search(told)
    place = f"{path}, {found[1]}" if found else str(path)
    what = PLACE.sub("", told).rstrip(".") or "it cannot be parsed"
    return f"{place}: this is not TOML ({what[0].lower()}{what[1:]}); correct the text there."


def _unreadable(place: str, what: str) -> ConfigError:
    return ConfigError((f"{place} {what}.",))


def line_numbers(text: str) -> dict[KeyPath, int]:
    """The line of every table and key, as far as one can tell without a full parser; a hint for people only."""
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    count = Counter[KeyPath]()
    for number, line in _statements(text):
        header = HEADER.match(line)
        if header:
            table = _parts(header[2])
            lines.setdefault(table, number)
            if header[1]:
                table, count[table] = (*table, count[table]), count[table] + 1
                lines[table] = number
            continue
        assignment = ASSIGNMENT.match(line)
        if assignment:
            key = _parts(assignment[1])
            for size in range(1, len(key) + 1):
                lines.setdefault(table + key[:size], number)
    return lines


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Lines on which a header or a key may begin: not those inside a longer array or string."""
    open_brackets, fence = 0, ""
    for number, line in enumerate(text.splitlines(), start=1):
        if fence:
            if fence in line:
                fence = ""
            continue
        if open_brackets == 0:
            yield number, line
        fence = next((mark for mark in ('"""', "'''") if line.count(mark) == 1), "")
        plain = QUOTED.sub("", line).split("#")[0]
        if open_brackets or not HEADER.match(line):
            opened, closed = sum(map(plain.count, "[{")), sum(map(plain.count, "]}"))
            open_brackets = max(0, open_brackets + opened - closed)


def _parts(key: str) -> KeyPath:
    return tuple(part.strip("\"'") for part in re.findall(BARE, key))
