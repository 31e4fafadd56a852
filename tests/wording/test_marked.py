"""What a caretaker is told by a command, or when the daemon refuses, is a message: no bare text goes out in English."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

HEMS = Path(__file__).parents[2] / "hems"
DAEMON = [*sorted((HEMS / "runtime").glob("*.py")), HEMS / "api" / "server.py"]
FOR_PROGRAMS = {"pricing.py", "toolbox.py", "archive.py", "search.py"}
"""Their refusals of arguments are read by engineers and by whoever writes a client; so are those of `ANYWHERE`."""
ANYWHERE = "There is no request "
OPERATORS = (
    "asking",
    "audit",
    "drill",
    "forget",
    "history",
    "lists",
    "orders",
    "override",
    "paper",
    "person",
    "report",
    "times",
)
COMMANDS = [HEMS / "commands" / f"{name}.py" for name in OPERATORS]


def bare(path: Path, *calls: str) -> Iterator[str]:
    """Texts that these calls are given as they stand, each with its place."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in calls:
            for told in node.args:
                words = "".join(str(one.value) for one in parts(told))
                if re.search(r"[A-Za-z]{2}", words) and not words.startswith(ANYWHERE):
                    yield f"{path.name}:{node.lineno}: {words}"


def parts(told: ast.expr) -> list[ast.Constant]:
    """What is fixed in a text."""
    pieces = told.values if isinstance(told, ast.JoinedStr) else [told]
    return [one for one in pieces if isinstance(one, ast.Constant) and isinstance(one.value, str)]


@pytest.mark.parametrize("path", [one for one in DAEMON if one.name not in FOR_PROGRAMS], ids=lambda one: one.name)
def test_no_refusal_is_in_one_language_only(path: Path) -> None:
    assert list(bare(path, "RequestError", "PinNeeded", "WrongPin")) == []


@pytest.mark.parametrize("path", COMMANDS, ids=lambda one: one.name)
def test_no_command_of_an_operator_speaks_one_language_only(path: Path) -> None:
    assert list(bare(path, "print", "HemsError", "secret", "input")) == []
