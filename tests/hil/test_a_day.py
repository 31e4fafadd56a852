"""`docs/a-day.md`: every line leads to a rule, a test and a screen that are there."""

import ast
import re
from pathlib import Path

import pytest

from hil import stage

PAGE = Path(__file__).parents[2] / "docs" / "a-day.md"
LINK = re.compile(r"\[([^\]]+)\]\(([^)#]+)(?:#[^)]*)?\)")
LINES = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if re.match(r"\| \d\d:\d\d", line)
]


def link(cell: str) -> tuple[str, Path]:
    found = LINK.fullmatch(cell)
    assert found is not None, f"{cell!r} is no link"
    return found[1], (PAGE.parent / found[2]).resolve()


def names_in(path: Path) -> set[str]:
    """Functions, classes and constants of a module, and methods."""
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found


def test_the_day_has_a_power_cut_and_its_lines_stand_in_order() -> None:
    times = [line[0] for line in LINES]
    assert len(LINES) >= 20
    assert times == sorted(times)
    assert any("grid fails" in line[1] for line in LINES)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[0])
def test_each_line_leads_to_a_rule_a_test_and_a_screen(line: list[str]) -> None:
    _, _, rule, test, screen = line
    named, path = link(rule)
    assert path.is_file()
    _, _, name = named.partition(".")
    assert name in ("py", "") or name in names_in(path), f"{path} has no {name}"
    named, path = link(test)
    assert named in names_in(path), f"{path} has no {named}"
    _, path = link(screen)
    assert path.is_relative_to(PAGE.parent / "operator")
    assert path.is_file()


def test_each_line_of_what_happens_minute_by_minute_names_stories_that_are_played() -> None:
    known = {one.id for one in stage.scenarios()}
    text = PAGE.with_name("minute-by-minute.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")
    ]
    lines = [row for row in rows if row[-1] != "Scenario"]
    assert len(lines) >= 20
    assert [row[0] for row in lines if not set(row[-1].split(", ")) <= known] == []
