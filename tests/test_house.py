"""The rules of the house that no linter knows."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PACKAGES = ("hems", "drivers", "hil")
LONGEST_MODULE = 400
LONGEST_FUNCTION = 60
BINARY = {".png", ".gz", ".db", ".mo"}

# Hosts of package registries and directories of one person's machine: a file that names one does not stand on its own.
FOREIGN = re.compile(r"\bpypi\.org|pythonhosted|piwheels|artifactory|/work/|/home/\w|/root/|/Users/\w|/opt/wheels")


def modules(checkout: Path) -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((checkout / package).rglob("*.py"))


def tracked(checkout: Path) -> list[Path]:
    """Files that are under version control, or would be."""
    if not (checkout / ".git").exists() or not shutil.which("git"):
        pytest.skip("needs git and a git checkout")
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=True,
    )
    return [checkout / name for name in listed.stdout.split("\0") if name and (checkout / name).is_file()]


def project(checkout: Path) -> dict[str, Any]:
    declared: dict[str, Any] = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return declared


def test_every_module_says_what_it_is_for_and_stays_readable(checkout: Path) -> None:
    offences = []
    for path in modules(checkout):
        text = path.read_text(encoding="utf-8")
        if not ast.get_docstring(ast.parse(text)):
            offences.append(f"{path}: no docstring")
        if text.count("\n") > LONGEST_MODULE:
            offences.append(f"{path}: {text.count(chr(10))} lines")
    assert offences == []


def test_no_function_outgrows_a_screen(checkout: Path) -> None:
    offences = [
        f"{path}:{node.lineno} {node.name}: {node.end_lineno - node.lineno + 1} lines"
        for path in modules(checkout)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= LONGEST_FUNCTION
    ]
    assert offences == []


def test_every_number_at_the_head_of_a_rule_says_why_it_is_so(checkout: Path) -> None:
    # given the modules that decide; several numbers in a row may share one sentence
    silent = [
        f"{path}:{one.lineno} {ast.unparse(one)}"
        for path in sorted((checkout / "hems/control").rglob("*.py"))
        for one, after in pairs_of_statements(ast.parse(path.read_text(encoding="utf-8")).body)
        if is_number(one) and not is_number(after) and not isinstance(after, ast.Expr)
    ]
    assert silent == []


def pairs_of_statements(body: list[ast.stmt]) -> Iterator[tuple[ast.stmt, ast.stmt]]:
    return zip(body, [*body[1:], ast.Pass()], strict=True)


def is_number(statement: ast.stmt) -> bool:
    """`NAME = 3.0`, also several at once."""
    value = statement.value if isinstance(statement, ast.Assign) else None
    values = value.elts if isinstance(value, ast.Tuple) else [value]
    return all(isinstance(one, ast.Constant) and isinstance(one.value, int | float) for one in values)


def test_every_directory_of_python_is_a_package(checkout: Path) -> None:
    bare = {path.parent for path in modules(checkout) if not (path.parent / "__init__.py").exists()}
    assert bare == set()


def test_the_core_asks_nobody_the_time_however_it_spells_the_question(checkout: Path) -> None:
    # given all code that must take its time from a Clock; ruff knows the usual names, not the rare ones
    clock = re.compile(
        r"\b(clock_gettime|perf_counter|process_time|fromtimestamp\(time|localtime|gmtime|SystemRandom)\b"
    )
    excused = checkout / "hems/runtime/clock.py"
    found = [
        f"{path}: {match.group()}"
        for path in modules(checkout)
        if path != excused and not path.is_relative_to(checkout / "hil")
        for match in clock.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_files_stand_on_their_own(checkout: Path) -> None:
    found = [
        f"{path}:{number}: {line.strip()}"
        for path in tracked(checkout)
        if path.suffix not in BINARY and path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if FOREIGN.search(line)
    ]
    assert found == []


def test_the_readme_opens_with_the_two_commands(checkout: Path) -> None:
    first_screen = "\n".join((checkout / "README.md").read_text(encoding="utf-8").splitlines()[:40])
    assert "./install.sh --demo" in first_screen
    assert "./install.sh --test" in first_screen


def test_every_link_between_documents_leads_somewhere(checkout: Path) -> None:
    dead = [
        f"{path.relative_to(checkout)}: {target}"
        for path in tracked(checkout)
        if path.suffix == ".md"
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8"))
        if "://" not in target and not (path.parent / target).exists()
    ]
    assert dead == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock"])
def test_every_locked_package_has_its_hashes_and_no_address(checkout: Path, name: str) -> None:
    text = (checkout / name).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    assert "://" not in text
    assert all(re.match(r"[a-z0-9.-]+==\S+", entry) for entry in entries)
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_test_lock_holds_the_lock_of_the_product_unchanged(checkout: Path) -> None:
    product, test = (
        set(re.findall(r"^\S+==\S+", (checkout / name).read_text(encoding="utf-8"), re.MULTILINE))
        for name in ("requirements.lock", "requirements-test.lock")
    )
    assert product <= test


def test_ci_runs_what_a_newcomer_runs(checkout: Path) -> None:
    assert "./install.sh --test" in (checkout / ".ci/run").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names in a wheel that is built from what is under version control."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    for path in tracked(checkout):
        copy = source / path.relative_to(checkout)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "-w", built, source], check=True)
    (found,) = built.glob("*.whl")
    return set(zipfile.ZipFile(found).namelist())


def test_the_wheel_holds_every_module_and_data_file(checkout: Path, wheel: set[str]) -> None:
    ours = {path.relative_to(checkout).as_posix() for path in tracked(checkout)}
    expected = {name for name in ours if name.split("/")[0] in PACKAGES and not name.endswith(".md")}
    assert expected - wheel == set()
    assert any(name.startswith("drivers/profiles/") for name in wheel)


def test_the_wheel_holds_nothing_else(checkout: Path, wheel: set[str]) -> None:
    about = f"hems-{project(checkout)['version']}.dist-info"
    assert {name.split("/")[0] for name in wheel} == {*PACKAGES, about}


def test_what_an_entry_point_names_is_in_the_wheel(checkout: Path, wheel: set[str]) -> None:
    declared = project(checkout)
    targets = [target for group in declared["entry-points"].values() for target in group.values()]
    for target in [*targets, *declared["scripts"].values()]:
        module = target.split(":")[0].replace(".", "/")
        assert {f"{module}.py", f"{module}/__init__.py"} & wheel, target
