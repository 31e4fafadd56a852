"""The safety case as a page, written from tags: `docs/safety-case.md` holds no word that could be out of date.

Tags are "UCA 12" in the docstring of the rule, `test_uca12_..` in the name of a test, and `proves = ["UCA-12"]` in a
scenario; I1 to I6 likewise.  What came of a scenario last stands in `docs/scenarios.md`.
"""

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Unsafe:
    """One way in which a controller like this does harm, and what forbids it."""

    number: int
    action: str
    hazards: tuple[int, ...]
    constraint: str
    unplayed: str = ""
    """Why no scenario plays it, where none does."""


LOSSES = (
    "somebody is hurt: a line is fed that was thought dead",
    "something vital is without power",
    "equipment or a battery is damaged, or burns",
    "a car cannot be driven when it is needed",
    "power is lost, or shared unfairly, without need",
    "nobody trusts the thing any more",
)
HAZARDS: Mapping[int, tuple[str, str]] = {
    1: ("a source feeds a line that is not known to be separate", "L1"),
    2: ("the island is overloaded and collapses", "L2, L5"),
    3: ("a critical circuit is off although there is energy", "L2"),
    4: ("stored energy falls below what is kept", "L2, L4"),
    5: ("two live systems are joined at the wrong time or out of phase", "L1, L3"),
    6: ("hems acts on something that is not true", "L2, L5, L6"),
}
UNSAFE = (
    Unsafe(1, "deciding on old readings", (6,), "too old counts as unknown: it may shed, it gives power to nothing"),
    Unsafe(
        2,
        "trusting a meter whose sign or scale is wrong",
        (2, 4),
        "signs are proven before a device is armed; while powers do not add up, no car gives more",
        "a scenario begins with proven devices; proving refuses a wrong sign (`tests/commission`)",
    ),
    Unsafe(
        3, "taking a command for its effect", (2,), "believed when read back or measured; else the next circuit goes"
    ),
    Unsafe(4, "waking up in an outage and switching on", (2,), "after a start nothing is given power before its time"),
    Unsafe(5, "waiting by a clock that jumps", (2,), "durations are counted by boot time only"),
    Unsafe(
        6,
        "fighting a second master",
        (6,),
        "it is told; switching on is repeated three times at most, a power is left for an hour",
    ),
    Unsafe(7, "keeping an override for ever", (2, 3), "each ends by itself, and protection goes first"),
    Unsafe(
        8,
        "switching to and fro",
        (3,),
        "pauses, hysteresis, a budget of operations, and a person after three tries",
        "wear needs weeks and noise: a property over random histories proves it",
    ),
    Unsafe(9, "reading a failed meter's zero as a fact", (6,), "zeros and sentinels need somebody who agrees"),
    Unsafe(
        10, "making voltage onto a line that is not separate", (1,), "both contacts just read open, nothing against it"
    ),
    Unsafe(11, "switching everything on at once", (2,), "one circuit at a time, into room that is there"),
    Unsafe(12, "emptying a car below what its driver keeps", (4,), "never below the floor, never on an unknown charge"),
    Unsafe(
        13,
        "letting a generator meet the grid",
        (5,),
        "asked to run only where the two cannot meet; no permit while it runs",
        "the emulated buildings have no generator; its stories run on equations",
    ),
    Unsafe(14, "starting a dark building with its circuits on", (2,), "what is not seen off counts as cold load"),
    Unsafe(
        15, "taking a shifted frequency for an outage", (3,), "on an open tie frequency tells of the sun, nothing else"
    ),
    Unsafe(16, "reconnecting while cars give", (5,), "cars rest first; a permit that led to nothing is withdrawn"),
    Unsafe(
        17,
        "taking the island for the grid",
        (5,),
        "what follows the building's own voltage with the tie open is not believed",
        "`hems check` refuses a site that claims one meter for both sides",
    ),
    Unsafe(
        18,
        "taking silence for an outage, or for its end",
        (2, 6),
        "silence is unknown: nothing begins and nothing ends",
    ),
    Unsafe(
        19,
        "switching the wrong thing",
        (3,),
        "a switch whose circuit goes on drawing is left alone; life safety has none",
    ),
    Unsafe(
        20, "obeying a stranger, or an echo", (1, 3), "retained and unknown requests are refused, and all have limits"
    ),
)
INVARIANTS: Mapping[int, str] = {
    1: "hems never closes the tie: it permits",
    2: "the former is asked for voltage on a tie proven open only",
    3: "no permit before the whole wait, no circuit on the strength of a grid that has not stood",
    4: "doubt can be entered from everywhere, and is left by looking around afresh only",
    5: "each mode allows what it was made for: off always, on and giving in some",
    6: "nothing is given power in the first moments of a process",
}
NO_SCENARIO = {
    1: "no scenario could show what has no command",
    4: "an exhaustive walk of all modes shows it",
    5: "checked at each command of each scenario",
}
"""Invariants that no scenario stands for, and why."""

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
        held = all(cell.startswith("held") for cell in cells)
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
