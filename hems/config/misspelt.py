"""What a parser of TOML stumbles over, in the words of somebody who does not know TOML."""

import re
from collections.abc import Iterator

from hems.config.problem import Path, dotted

TABLE_TWICE = re.compile(r"[Cc]annot declare \((.*?),?\) twice")
NAMES = re.compile(r"'([^']*)'")
KEY_TWICE = re.compile(r"[Cc]annot overwrite a value")
VALUE = re.compile(r"^\s*[^=#\"']+=\s*(.*)$")
COMMA = re.compile(r"[+-]?\d+,\d")
WORD = re.compile(r"[A-Za-z][^\s,\]}#]*")
NUMBER = re.compile(r"(?:inf|nan)\b")


def in_plain_words(told: str, line: str) -> str | None:
    """One clause that says what is wrong in `line`, of which the parser has `told`; None where only it can say."""
    return next(_explained(told, line), None)


def _explained(told: str, line: str) -> Iterator[str]:
    if table := TABLE_TWICE.search(told):
        header: Path = tuple(NAMES.findall(table[1]))
        yield f"[{dotted(header)}] stands in this file a second time; give it a name of its own, or make one of both"
    elif KEY_TWICE.search(told) and line.lstrip().startswith("["):
        yield f"{line.strip()} is in this file already as something else; write both with as many brackets"
    elif KEY_TWICE.search(told):
        key = line.split("=")[0].strip()
        yield f"{key} is given a second time in this table; remove one of the two"
    elif assigned := VALUE.match(line):
        yield from _value(assigned[1])


def _value(text: str) -> Iterator[str]:
    if COMMA.match(text):
        number = text.split("#")[0].strip()
        yield f"{number} has a comma; write a number with a point, as in {number.replace(',', '.', 1)}"
    elif text.startswith(("True", "False")):
        yield "true and false are written in small letters"
    elif (word := WORD.match(text)) and not NUMBER.match(text) and word[0] not in ("true", "false"):
        yield f'{word[0]} is text without quotes; write it in quotes, as in "text"'
