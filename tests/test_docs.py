"""What the documents say of the code is true of the code.

What repeats the code is written from it: the drawings of `docs/architecture.md`, and all of `docs/devices.md`,
`docs/numbers.md`, `docs/safety-case.md` and `docs/schema`.  After a change of the rules, the truth table, the layers, a
profile, what may stand in one, a number that decides, or a tag of the safety case, run
`.venv/bin/python tests/test_docs.py`.
"""

import ast
import inspect
import json
import re
import shlex
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache, partial
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import fastjsonschema
import pytest

from hems.cli import main
from hems.commands.catalogue import markdown
from hems.commands.drivers import known_products, profile_schema
from hems.config.schema import json_schema
from hems.config.tables.outward import outward_schema
from hems.control.arbitrate import Proposal, Rank, arbitrate
from hems.control.mode import DARK, ON_GRID, RULES, Rule
from hems.control.params import Params
from hems.control.regime import Regime, regime
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import ISLAND_MODES, Bus, Grid, Mode, TiePosition
from hems.model.units import SourceId
from hil import complaints, stage
from tests import safety
from tests.tui import test_manual as manual

# Drawn from the code -------------------------------------------------------------------------------------------------

NUMBERS = """# Numbers that decide

What hems decides by, and what a site file may change in `[params.GROUP]`, each from where to where. `_s` is
seconds, `_h` hours, `_w` watts, `_pct` percent, `_pu` a multiple of the rating. They are best left alone: each has
its reason, and what these documents prove was proven with them. `hems check` refuses what is outside, and what is
laxer than the [grid code](installer.md) asks for, which also has values of its own for `[params.grid]`. Sections in
brackets are those of the reference that hems was written from. This page is written from the code
(`tests/test_docs.py`)."""

GROUPS: Mapping[str, frozenset[Mode]] = {"on_grid": ON_GRID, "on_island": ISLAND_MODES, "dark": DARK}


def mode_charts() -> str:
    """Every rule of the state machine as an arrow: between the groups of modes, then inside each group."""
    outer: dict[tuple[str, str], list[str]] = {}
    inner: dict[tuple[str, str], list[str]] = {}
    for rule in RULES:
        for source in sorted(rule.sources, key=list(Mode).index):
            if group_of(source) == group_of(rule.target):
                inner.setdefault((source, rule.target), []).append(_label(rule))
                continue
            ends, label = (group_of(source), group_of(rule.target)), _label(rule, landing=rule.target)
            if label not in outer.setdefault(ends, []):
                outer[ends].append(label)
    names = [f'    {group}(["{_words(group)}"])' for group in dict.fromkeys(group_of(mode) for mode in Mode)]
    boxes = [
        line
        for group, modes in GROUPS.items()
        for line in (
            f'    subgraph {group}["{_words(group)}"]',
            *(f"        {mode}([{_words(mode)}])" for mode in Mode if mode in modes),
            "    end",
        )
    ]
    return "\n".join([*_chart("TB", names, outer), "", *_chart("LR", boxes, inner)])


def group_of(mode: Mode) -> str:
    """The group a mode belongs to; a mode that stands alone is its own."""
    return next((group for group, modes in GROUPS.items() if mode in modes), mode.value)


def _chart(direction: str, nodes: Iterable[str], arrows: Mapping[tuple[str, str], Iterable[str]]) -> list[str]:
    drawn = [f'    {source} -->|"{"<br>".join(labels)}"| {target}' for (source, target), labels in arrows.items()]
    return ["```mermaid", f"flowchart {direction}", *nodes, *drawn, "```"]


def _label(rule: Rule, landing: Mode | None = None) -> str:
    """The cause, how long the condition must hold, and where in its group the arrow ends."""
    held_s = rule.held_for_s(Params())
    text = f"{_words(rule.why)}, {held_s:g} s" if held_s else _words(rule.why)
    return f"{text} → {_words(landing)}" if landing is not None and group_of(landing) != landing.value else text


def _words(name: str) -> str:
    return name.replace("_", " ")


def truth_table() -> str:
    """`regime` of all 75 combinations; rows that do not differ are one."""
    rows: dict[tuple[Regime, ...], list[tuple[TiePosition, Bus]]] = {}
    for tie in TiePosition:
        for bus in Bus:
            rows.setdefault(tuple(regime(tie, grid, bus) for grid in Grid), []).append((tie, bus))
    lines = [f"| tie | bus | {' | '.join(f'grid {grid}' for grid in Grid)} |", "|---|---|" + "---|" * len(Grid)]
    for meanings, places in rows.items():
        ties = " or ".join(dict.fromkeys(tie.value for tie, _ in places))
        buses = dict.fromkeys(bus.value for _, bus in places)
        bus_text = "any" if len(buses) == len(Bus) else " or ".join(buses)
        assert len(places) == len(buses) * len({tie for tie, _ in places}), "a row that is no rectangle cannot be drawn"
        lines.append(f"| {ties} | {bus_text} | {' | '.join(_words(meaning) for meaning in meanings)} |")
    return "\n".join(lines)


def layers(checkout: Path) -> str:
    """The layers that import-linter keeps, top first."""
    config = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))
    contract = next(one for one in config["tool"]["importlinter"]["contracts"] if one["type"] == "layers")
    shown = []
    for number, line in enumerate(contract["layers"]):
        there = [name for name in re.findall(r"\w+", line) if find_spec(f"hems.{name}") is not None]
        if there:
            shown.append(f"{'' if number == 0 else '  > '}{' | '.join(there)}")
    return "\n".join(["```", *shown, "```"])


def drawn(checkout: Path) -> dict[str, str]:
    return {"modes": mode_charts(), "truth": truth_table(), "layers": layers(checkout)}


def redrawn(text: str, blocks: Mapping[str, str]) -> str:
    """`text` with each block between its two markers as the code has it now."""
    for name, block in blocks.items():
        between = re.compile(rf"(<!-- from the code: {name} -->\n).*?(<!-- end: {name} -->)", re.DOTALL)
        assert len(between.findall(text)) == 1, f"one block {name} between markers"
        text = between.sub(lambda match, block=block: f"{match[1]}{block}\n{match[2]}", text)  # type: ignore[misc]
    return text


def test_the_drawings_show_the_rules_the_truth_table_and_the_layers_as_they_are(checkout: Path) -> None:
    text = (checkout / "docs/architecture.md").read_text(encoding="utf-8")
    assert redrawn(text, drawn(checkout)) == text, "run: .venv/bin/python tests/test_docs.py"


def test_the_page_of_devices_says_what_the_profiles_say(checkout: Path) -> None:
    text = (checkout / "docs/devices.md").read_text(encoding="utf-8")
    assert text == markdown(known_products()), "run: .venv/bin/python tests/test_docs.py"


def test_the_safety_case_says_what_code_tests_and_scenarios_say(checkout: Path) -> None:
    text = (checkout / "docs/safety-case.md").read_text(encoding="utf-8")
    assert text == safety.page(checkout), "run: .venv/bin/python tests/test_docs.py"


def test_no_unsafe_action_is_without_a_rule_a_test_and_a_scenario_or_its_excuse(checkout: Path) -> None:
    assert safety.orphans(checkout) == []


def numbers() -> str:
    """The page of `[params.GROUP]`: each number with what it is by default, from where to where, and what for."""
    lines = [NUMBERS]
    for group in fields(Params()):
        preset = getattr(Params(), group.name)
        meant = _meanings(type(preset))
        lines += [f"\n## `[params.{group.name}]`\n", f"{(type(preset).__doc__ or '').strip()}\n"]
        lines += ["| number | by default | from | to | what it is |", "|---|---|---|---|---|"]
        for one in fields(preset):
            low, high = one.metadata["within"]
            values = " | ".join(f"{value:g}" for value in (getattr(preset, one.name), low, high))
            lines.append(f"| `{one.name}` | {values} | {meant.get(one.name, '')} |")
    return "\n".join(lines) + "\n"


def _meanings(group: type) -> dict[str, str]:
    """What the sentence below each field says."""
    (body,) = ast.parse(inspect.getsource(group)).body
    assert isinstance(body, ast.ClassDef)
    found = {}
    for one, below in pairwise(body.body):
        if isinstance(one, ast.AnnAssign) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            found[ast.unparse(one.target)] = " ".join(str(below.value.value).split())
    return found


def test_the_page_of_numbers_says_what_the_code_decides_by(checkout: Path) -> None:
    assert (checkout / "docs/numbers.md").read_text(encoding="utf-8") == numbers(), (
        "run: .venv/bin/python tests/test_docs.py"
    )


@cache
def schemas() -> Mapping[str, str]:
    """The files of `docs/schema`."""
    told = {name: profile_schema(name) for name in ("modbus", "mqtt", "sunspec")}
    told |= {"site": json_schema(), "northbound": outward_schema()}
    return {f"{name}.json": _compact(schema) for name, schema in told.items()}


def _compact(schema: Mapping[str, object]) -> str:
    """One line for each section and each definition, so that a change shows as what it is."""
    lines = []
    for key, part in schema.items():
        if isinstance(part, dict):
            inner = ",\n".join(
                f"  {json.dumps(name)}: {json.dumps(one, ensure_ascii=False)}" for name, one in part.items()
            )
            lines.append(f"{json.dumps(key)}: {{\n{inner}\n}}")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(part, ensure_ascii=False)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def test_the_schemas_for_editors_are_those_of_the_code(checkout: Path) -> None:
    found = {path.name: path.read_text(encoding="utf-8") for path in (checkout / "docs/schema").iterdir()}
    assert found == schemas(), "run: .venv/bin/python tests/test_docs.py"


@cache
def judge_of(kind: str) -> Callable[[object], object]:
    """What tells whether a file of this kind fits its schema."""
    judge: Callable[[object], object] = fastjsonschema.compile(json.loads(schemas()[f"{kind}.json"]))
    return judge


@pytest.mark.parametrize(
    ("folder", "names"), [("drivers/profiles", "*.toml"), ("examples", "*.toml"), ("examples/studies", "*.toml")]
)
def test_editors_find_no_mistake_in_what_is_shipped(checkout: Path, folder: str, names: str) -> None:
    for path in (checkout / folder).glob(names):
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
        judge_of(data.get("engine", "site"))(data)
        first = text.partition("\n")[0]
        named = (path.parent / first.removeprefix("#:schema ")).resolve()
        assert (first[:9], named) == ("#:schema ", checkout / f"docs/schema/{data.get('engine', 'site')}.json"), path


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("[read]\n", "[raed]\n"),
        ("at = 0x34,", "ta = 0x34,"),
        ('class   = "meter"', 'class   = "metre"'),
        ("every_ms = 1000", "every_ms = true"),
        ('serial  = { baud = 9600, parity = "N"', 'serial  = { baud = 9600, parity = "X"'),
    ],
)
def test_editors_find_the_mistakes_of_a_profile(checkout: Path, right: str, wrong: str) -> None:
    text = (checkout / "drivers/profiles/eastron-sdm630.toml").read_text(encoding="utf-8")
    assert right in text
    with pytest.raises(fastjsonschema.JsonSchemaValueException):
        judge_of("modbus")(tomllib.loads(text.replace(right, wrong)))


def test_every_mode_is_drawn_and_every_rule_is_an_arrow() -> None:
    outer, inner = mode_charts().split("\n\n")
    for mode in Mode:
        assert f"{mode}([" in inner or f"    {mode}([" in outer
    for rule in RULES:
        for source in rule.sources:
            inside = group_of(source) == group_of(rule.target)
            ends = (source, rule.target) if inside else (group_of(source), group_of(rule.target))
            arrow = next(line for line in (inner if inside else outer).splitlines() if re.match(_arrow(*ends), line))
            assert _label(rule, landing=None if inside else rule.target) in arrow


def _arrow(source: str, target: str) -> str:
    return rf' +{source} -->\|"[^"]*"\| {target}$'


def test_the_car_at_its_floor_gives_nothing_as_the_page_says() -> None:
    # given the proposals of the worked example
    role = wiring.bay_power(SourceId("bay_1"))
    floor = Cause(Why.CAR_AT_FLOOR)
    proposals = [
        Proposal(role=role, rank=Rank.INTERLOCK, cause=Cause(Why.NO_CHARGE_ON_ISLAND), low=0.0),
        Proposal(role=role, rank=Rank.LIMIT, cause=floor, low=-10_000.0, high=0.0),
        Proposal(role=role, rank=Rank.ISLAND, cause=Cause(Why.SUPPORT_ISLAND), prefer=4_000.0),
    ]

    # when they are arbitrated
    ruling = arbitrate(proposals)[role]

    # then the floor decides
    assert (ruling.value, ruling.cause) == (0.0, floor)


# Links, paths, names -------------------------------------------------------------------------------------------------


def documents(checkout: Path) -> list[Path]:
    return [*sorted(checkout.glob("*.md")), *sorted((checkout / "docs").rglob("*.md"))]


def heading_slugs(text: str) -> set[str]:
    """Anchors as the usual renderers make them: small letters, no punctuation, hyphens for blanks."""
    outside_fences = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ +(.+?) *$", outside_fences, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_leads_to_a_file_and_to_a_heading_in_it(checkout: Path) -> None:
    dead = []
    for document in documents(checkout):
        for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
            name, _, anchor = target.partition("#")
            if "://" in target:
                continue
            place = document.parent / name if name else document
            if not place.exists():
                dead.append(f"{document.name}: {target}: no such file")
            elif anchor and anchor not in heading_slugs(place.read_text(encoding="utf-8")):
                dead.append(f"{document.name}: {target}: no such heading")
    assert dead == []


def code_spans(text: str) -> Iterable[str]:
    """What stands between backticks in running text."""
    outside_fences = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"`([^`\n]+)`", outside_fences)


PATH = re.compile(r"(?:hems|drivers|hil|tests|docs|examples|\.ci)/[\w./*-]*|[\w-]+\.(?:md|sh|lock|in)|pyproject\.toml")
MODULE = re.compile(r"(?:hems|drivers|hil)(?:\.[a-z_]+)+")


@pytest.mark.parametrize("document", ["README.md", "docs/architecture.md", "docs/decisions/*.md", "CONTRIBUTING.md"])
def test_every_path_and_module_that_is_named_exists(checkout: Path, document: str) -> None:
    missing = [
        f"{path.name}: {span}"
        for path in checkout.glob(document)
        for span in code_spans(path.read_text(encoding="utf-8"))
        if (PATH.fullmatch(span) and not list(checkout.glob(span.rstrip("/"))))
        or (MODULE.fullmatch(span) and not span.startswith("hems.drivers") and not _imports(span))
    ]
    assert missing == []


def _imports(name: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    module, _, last = name.rpartition(".")
    try:
        if find_spec(name) is not None:
            return True
    except ModuleNotFoundError:
        pass
    found = find_spec(module)
    return found is not None and hasattr(__import__(module, fromlist=[last]), last)


def test_every_waiting_time_that_is_named_is_a_parameter(checkout: Path) -> None:
    groups = {group.name: {one.name for one in fields(getattr(Params(), group.name))} for group in fields(Params)}
    assert all(is_dataclass(getattr(Params(), name)) for name in groups)
    wrong = [
        f"{document.name}: {span}"
        for document in documents(checkout)
        for span in code_spans(document.read_text(encoding="utf-8"))
        if (named := re.fullmatch(r"(\w+)\.(\w+)", span)) and named[1] in groups and named[2] not in groups[named[1]]
    ]
    assert wrong == []


# Commands ------------------------------------------------------------------------------------------------------------


def commands_in(text: str) -> Iterable[list[str]]:
    """Every line of a code block, and every code span, that runs `hems`."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    indented = re.findall(r"^    (\S.*)$", text, re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()] + indented + list(code_spans(text))
    for line in lines:
        words = re.match(r"(?:\.venv/bin/)?hems +(\w.*)", line.strip())
        if words:
            yield shlex.split(words[1], comments=True)


def helped(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit):
        main([*words, "--help"])
    return capsys.readouterr().out


def test_every_command_and_option_that_is_named_exists(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = cache(partial(helped, capsys))  # many pages name the same command
    known = set(re.findall(r"^    (\w+)", told(), re.MULTILINE))
    named = [(path, words) for path in documents(checkout) for words in commands_in(path.read_text(encoding="utf-8"))]
    assert len(named) > 10
    wrong = []
    for path, (command, *rest) in named:
        if command not in known:
            wrong.append(f"{path.name}: hems {command}")
            continue
        help_of = told(command)
        if "VERB" in help_of and rest and not rest[0].startswith("--"):
            help_of = told(command, rest[0])
        options = set(re.findall(r"(?<!\w)--[\w-]+", help_of))
        wrong += [f"{path.name}: hems {command} {one}" for one in rest if one.startswith("--") and one not in options]
    assert wrong == []


def test_the_decisions_that_are_counted_on_are_all_there_and_say_what_when_and_why(checkout: Path) -> None:
    notes = sorted((checkout / "docs/decisions").glob("*.md"))
    assert [int(note.name[:4]) for note in notes] == list(range(1, len(notes) + 1))
    for note in notes:
        headings = re.findall(r"^## (.+)$", note.read_text(encoding="utf-8"), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequence"], note.name


def test_the_outage_logic_is_two_clicks_from_the_readme(checkout: Path) -> None:
    first = re.findall(r"\]\(([^)#\s]+)", (checkout / "README.md").read_text(encoding="utf-8"))
    assert "hems/control/tick.py" in first
    assert "hems/control/mode.py" in first


if __name__ == "__main__":
    here = Path(__file__).parents[1]
    page = here / "docs/architecture.md"
    page.write_text(redrawn(page.read_text(encoding="utf-8"), drawn(here)), encoding="utf-8")
    (here / "docs/devices.md").write_text(markdown(known_products()), encoding="utf-8")
    (here / "docs/numbers.md").write_text(numbers(), encoding="utf-8")
    (here / "docs/safety-case.md").write_text(safety.page(here), encoding="utf-8")
    (here / "docs/complaints.md").write_text(complaints.page(stage.scenarios()), encoding="utf-8")
    manual.write()
    for file, text in schemas().items():
        (here / "docs/schema" / file).write_text(text, encoding="utf-8")
