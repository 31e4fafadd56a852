"""The safety case as a page, written from tags: `docs/safety-case.md` holds no word that could be out of date.

Tags are "UCA 12" in the docstring of the rule, `test_uca12_..` in the name of a test, and `proves = ["UCA-12"]` in a
scenario; I1 to I6 likewise.  What came of a scenario last stands in `docs/scenarios.md`.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from hil.hazards import HAZARDS, INVARIANTS, LOSSES, NO_SCENARIO, UNSAFE

Tags = dict[str, list[str]]
"""Tag, such as `UCA-3`, to what bears it."""


def _add(found: Tags, tag: str, what: str) -> None:
    if what not in found.setdefault(tag, []):
        found[tag].append(what)


def rules(checkout: Path) -> Tags:
    """What in the code says in its docstring that it stands against an unsafe action, or keeps an invariant."""
    found: Tags = {}
    for path in sorted(one for part in ("hems", "drivers") for one in (checkout / part).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if not re.search(r"\bUCA \d|\bI\d\b", text):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                where = f"[{path.stem}.{node.name}](../{path.relative_to(checkout)})"
                for tag in tags_in(ast.get_docstring(node) or ""):
                    _add(found, tag, where)
    return found


def tags_in(text: str) -> Iterator[str]:
    """`UCA 3, 19` is two tags, `I3` one."""
    for numbers in re.findall(r"\bUCA (\d+(?:, \d+)*)", text):
        yield from (f"UCA-{number}" for number in numbers.split(", "))
    yield from (f"I{number}" for number in re.findall(r"\bI(\d)\b", text))


def tests(checkout: Path) -> Tags:
    """The tests that bear a tag in their name."""
    found: Tags = {}
    for path in sorted((checkout / "tests").rglob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            named = re.match(r"test_(uca|i)(\d+)_(.*)", getattr(node, "name", ""))
            if named:
                tag = f"UCA-{named[2]}" if named[1] == "uca" else f"I{named[2]}"
                _add(found, tag, f"[{named[3].replace('_', ' ')}](../{path.relative_to(checkout)})")
    return found


def scenarios(checkout: Path) -> Tags:
    """The scenarios that bear a tag, each with what came of it last."""
    found, told = Tags(), results((checkout / "docs/scenarios.md").read_text(encoding="utf-8"))
    for path in sorted((checkout / "hil/scenarios").glob("*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        for tag in table.get("proves", ()):
            came = told.get(table["id"], "not played yet")
            _add(found, tag, f"[{table['id']}](../{path.relative_to(checkout)}): {came}")
    return found


def results(page: str) -> dict[str, str]:
    """What came of each scenario, from the page that a run has written."""
    found: dict[str, str] = {}
    last = ""
    for row in re.findall(r"^\| (.*) \|$", page, re.MULTILINE):
        name, _, _, *cells = (cell.strip() for cell in row.split(" | "))
        last = name or last
        held = any(cells) and all(cell.startswith("held") for cell in cells if cell)  # a way not gone says nothing
        found[last] = "held" if held and found.get(last, "held") == "held" else "NOT HELD"
    return found


def orphans(checkout: Path) -> list[str]:
    """What stands alone: an unsafe action without rule, test or scenario; a tag of something unknown."""
    code, proven, played = rules(checkout), tests(checkout), scenarios(checkout)
    wanted = {f"UCA-{one.number}": one.unplayed for one in UNSAFE}
    wanted |= {f"I{number}": NO_SCENARIO.get(number, "") for number in INVARIANTS}
    alone = [f"{tag}: no rule in the code says it in its docstring" for tag in wanted if tag not in code]
    alone += [f"{tag}: no test is named after it" for tag in wanted if tag not in proven]
    alone += [
        f"{tag}: no scenario proves it, and no reason is given"
        for tag, why in wanted.items()
        if tag not in played and not why
    ]
    known = wanted.keys() | {f"H{number}" for number in HAZARDS}
    for found in (code, proven, played):
        strangers = [tag for tag in found if re.fullmatch(r"UCA-.*|[HI]\d+", tag) and tag not in known]
        alone += [f"{tag}: nobody knows what that is; {found[tag][0]}" for tag in strangers]
    return alone


def page(checkout: Path) -> str:
    """`docs/safety-case.md`."""
    code, proven, played = rules(checkout), tests(checkout), scenarios(checkout)

    def row(tag: str, what: tuple[str, ...], unplayed: str) -> str:
        seen = "<br>".join(played.get(tag, [])) or f"none: {unplayed}"
        cells = (tag, *what, "<br>".join(code.get(tag, [])), "<br>".join(proven.get(tag, [])), seen)
        return f"| {' | '.join(cells)} |"

    losses = [f"- **L{number}** {text}" for number, text in enumerate(LOSSES, 1)]
    hazards = [
        f"- **H{number}** {text} ({leads}){''.join(f'; {one}' for one in played.get(f'H{number}', []))}"
        for number, (text, leads) in HAZARDS.items()
    ]
    actions = [
        row(
            f"UCA-{one.number}",
            (one.action, ", ".join(f"H{hazard}" for hazard in one.hazards), one.constraint),
            one.unplayed,
        )
        for one in UNSAFE
    ]
    invariants = [row(f"I{number}", (text,), NO_SCENARIO.get(number, "")) for number, text in INVARIANTS.items()]
    parts = ((HEAD, *losses, ""), hazards, (ACTIONS, *actions), (KEPT, *invariants), ("",))
    return "\n".join(line for part in parts for line in part)


HEAD = """# Safety case

What a controller like this could do to people and buildings, what in hems forbids it, and what proves that it does.
hems supervises: protection, anti-islanding and synchronising are certified hardware, without which none of this would
be enough.

This page was written by `tests/test_docs.py` from tags in code, tests and scenarios; do not change it by hand. An
action without a rule, a rule without a test, and an action that no scenario plays and nobody has excused, fail the
tests. Tests are run with each change; results of scenarios, on equations and with the unmodified daemon over sockets,
are those of [scenarios](scenarios.md).

## What must not happen
"""
ACTIONS = """
## Unsafe control actions

| | action | leads to | what forbids it | rule | test | scenario: last result |
|---|---|---|---|---|---|---|"""
KEPT = """
## Invariants

Checked at every command before it is sent ([monitor](../hems/control/monitor.py)), and on random histories
([test_invariants](../tests/control/test_invariants.py)).

| | invariant | rule | test | scenario: last result |
|---|---|---|---|---|"""
