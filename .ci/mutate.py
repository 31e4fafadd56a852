#!/usr/bin/env python3
"""Mutation testing of `hems/control`: does a test fail when a decision is changed?

    .venv/bin/pip install cosmic-ray coverage            # tools of this script only, in no lock
    nice -n 19 .venv/bin/python .ci/mutate.py --budget 3600 shedding restoring cars.waking
    nice -n 19 .venv/bin/python .ci/mutate.py --sample 300 --out found.jsonl     # drawn from all modules
    nice -n 19 .venv/bin/python .ci/mutate.py --again found.jsonl                # what survived, with new tests

The mutations are those of cosmic-ray, its operators below.  Its runner starts Python and pytest anew for each mutant,
and asks the whole suite; here a forked child runs the tests that execute the changed line, those of the module's own
file first.  What has no test within `--patience` seconds counts as a survivor, so the score is a lower bound.  They are
tried in an order drawn by lot, each module in proportion to its mutants, so that what was tried when the budget is
used up is a sample like any other.
"""

import argparse
import ast
import hashlib
import importlib.abc
import importlib.machinery
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import sqrt
from pathlib import Path
from random import Random
from typing import Any

HERE = Path(__file__).parents[1]
CONTROL = HERE / "hems/control"
SUITES = ("tests/control",)
ALSO = {"mode": ("tests/test_docs.py::test_the_drawings_show_the_rules_the_truth_table_and_the_layers_as_they_are",)}
"""Tests elsewhere that judge a module: the charts in the documents are drawn from the rules."""
OPERATORS = (
    *(f"ReplaceComparisonOperator_{pair}" for pair in ("Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is")),
    *(f"ReplaceComparisonOperator_{pair}" for pair in ("Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt")),
    *(f"ReplaceComparisonOperator_{pair}" for pair in ("Lt_GtE", "LtE_Gt", "Gt_LtE", "GtE_Lt")),
    *(f"ReplaceBinaryOperator_{pair}" for pair in ("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "Pow_Mul")),
    *(f"ReplaceBinaryOperator_{pair}" for pair in ("BitOr_BitAnd", "BitAnd_BitOr")),
    *(f"ReplaceUnaryOperator_{pair}" for pair in ("USub_UAdd", "Delete_Not")),
    *("ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd", "AddNot"),
    *("NumberReplacer", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ZeroIterationForLoop"),
)


@dataclass(frozen=True)
class Mutant:
    """One change of one module."""

    module: str
    operator: str
    occurrence: int
    line: int
    was: str
    now: str


def mutants(module: str) -> Iterator[tuple[Mutant, str]]:
    """Every change of a module that changes what it does, with the changed text."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    text = _path(module).read_text(encoding="utf-8")
    meaning, seen = _meaning(text), set()
    for name in OPERATORS:
        occurrence = 0
        while (changed := mutate_code(text, get_operator(f"core/{name}")(), occurrence)) is not None:
            pairs = zip(text.splitlines(), changed.splitlines(), strict=False)
            line, (was, now) = next((n, pair) for n, pair in enumerate(pairs, 1) if pair[0] != pair[1])
            other = _meaning(changed)
            if other not in (meaning, None) and other not in seen:
                seen.add(other)
                yield Mutant(module, name, occurrence, line, was.strip(), now.strip()), changed
            occurrence += 1


def _path(module: str) -> Path:
    return CONTROL / f"{module.replace('.', '/')}.py"


def _name(path: Path) -> str:
    return ".".join(path.relative_to(CONTROL).with_suffix("").parts)


def _meaning(text: str) -> str | None:
    """What a text does: without types and docstrings; None if it is no Python."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call):
                    decorator.keywords = []  # frozen, slots: a style that linters keep, and no decision
        elif isinstance(node, ast.FunctionDef):
            node.returns = None
            for arg in (*node.args.args, *node.args.kwonlyargs):
                arg.annotation = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant("type")
    aliases = [one for one in tree.body if isinstance(one, ast.Assign) and isinstance(one.value, ast.Subscript)]
    tree.body = [one for one in tree.body if one not in aliases]  # names of types, such as `Told = list[..]`
    return ast.dump(tree)


class _Changed(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Loads one module from a changed text."""

    def __init__(self, module: str, text: str) -> None:
        super().__init__(f"hems.control.{module}", str(_path(module)))
        self.text = text

    def find_spec(self, fullname: str, *_: Any) -> Any:  # noqa: ANN401
        """This module only."""
        return importlib.machinery.ModuleSpec(fullname, self, origin=self.path) if fullname == self.name else None

    def get_code(self, fullname: str) -> Any:  # noqa: ANN401
        """Never from a cache."""
        return compile(self.text, self.path, "exec")


def _quiet() -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)


def _hypothesis() -> None:
    from hypothesis import Phase, settings

    os.environ["CI"] = "true"  # keeps tests/conftest.py from choosing a profile
    phases = (Phase.explicit, Phase.generate)
    settings.register_profile("mutants", deadline=None, derandomize=True, database=None, phases=phases)
    settings.load_profile("mutants")


def survives(mutant: Mutant, text: str, tests: list[str], limit_s: float) -> bool:
    """Whether all tests pass all the same; those of the module's own file are asked before others are even read."""
    own = [test for test in tests if test.startswith(_own(mutant.module))]
    rest = [test for test in tests if test not in own]
    return all(_pass(mutant, text, some, limit_s) for some in (own, rest) if some)


def _own(module: str) -> str:
    *packages, name = module.split(".")
    return "/".join(("tests/control", *packages, f"test_{name}.py"))


def _pass(mutant: Mutant, text: str, tests: list[str], limit_s: float) -> bool:
    import hypothesis.strategies  # noqa: F401  read once, before the fork; nothing of ours that decides is
    import pytest

    child = os.fork()
    if child == 0:
        _quiet()
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit_s), int(limit_s) + 1))
        sys.meta_path.insert(0, _Changed(mutant.module, text))
        _hypothesis()
        os._exit(int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--timeout=600", *tests])))
    return os.waitpid(child, 0)[1] == 0


class _Mapper:
    """Which test executes which line of which module, and how long it takes."""

    def __init__(self) -> None:
        import coverage

        self.coverage = coverage.Coverage(include=[str(CONTROL / "*"), str(CONTROL / "*/*")], data_file=None)
        self.took_s: dict[str, float] = {}
        """Of the processor: on a busy machine nothing else says how long a test is."""

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A test begins."""
        self.took_s[nodeid] = -time.process_time()
        self.coverage.switch_context(nodeid)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """A test is over."""
        self.took_s[nodeid] += time.process_time()


def mapped(path: Path) -> dict[str, Any]:
    """The map of tests, made once for the tests and modules as they are."""
    files = sorted([*CONTROL.rglob("*.py"), *(one for suite in SUITES for one in (HERE / suite).rglob("*.py"))])
    stamp = hashlib.sha256(b"".join(one.read_bytes() for one in files)).hexdigest()
    if path.exists() and (kept := json.loads(path.read_text()))["stamp"] == stamp:
        return dict(kept)
    print("reading which test executes which line ...", flush=True)
    ear, mouth = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ear)
        _quiet()
        import pytest

        _hypothesis()
        mapper = _Mapper()
        mapper.coverage.start()
        code = pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--timeout=900", *SUITES], [mapper])
        mapper.coverage.stop()
        data = mapper.coverage.get_data()
        lines = {_name(Path(one)): data.contexts_by_lineno(one) for one in data.measured_files()}
        with os.fdopen(mouth, "w") as out:
            json.dump({"stamp": stamp, "lines": lines, "took_s": mapper.took_s, "code": int(code)}, out)
        os._exit(0)
    os.close(mouth)
    with os.fdopen(ear) as told:
        found = json.load(told)
    os.waitpid(child, 0)
    if found["code"]:
        raise SystemExit("The tests do not pass as they are; mend them first.")
    path.write_text(json.dumps(found))
    return dict(found)


def chosen(mutant: Mutant, known: dict[str, Any], patience_s: float) -> list[str]:
    """The tests to ask: the module's own first, short ones first, for so many seconds in all."""
    by_line = known["lines"].get(mutant.module, {})
    here = set(by_line.get(str(mutant.line), ())) - {""}
    here = here or {test for tests in by_line.values() for test in tests} - {""}
    own, took_s = _own(mutant.module), known["took_s"]
    ranked = sorted(
        (test for test in here if test in took_s), key=lambda test: (not test.startswith(own), took_s[test])
    )
    picked, total_s = list(ALSO.get(mutant.module, ())), 0.0
    for test in ranked:
        total_s += took_s[test]
        if total_s > patience_s and picked:
            break
        picked.append(test)
    return picked


def drawn(modules: list[str], count: int | None, rng: Random) -> list[tuple[Mutant, str]]:
    """So many changes of all modules, each module in proportion to how many it has; in an order drawn by lot."""
    every = [(rng.random(), one) for module in modules for one in mutants(module)]
    print(f"{len(every)} changes are possible in {len(modules)} modules", flush=True)
    strata = sorted(every, key=lambda pair: (pair[1][0].module, pair[0]))
    step = len(strata) / min(count or len(strata), len(strata))
    start = rng.random() * step
    picked = [strata[int(start + index * step)] for index in range(round(len(strata) / step))]
    return [one for _, one in sorted(picked, key=lambda pair: pair[0])]


def survivors(path: Path) -> list[tuple[Mutant, str]]:
    """What survived an earlier run, as far as the text is still the same."""
    told = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    left = [one for one in told if one["alive"]]
    wanted = {(one["module"], one["operator"], one["was"], one["now"]) for one in left}
    every = [one for module in sorted({one["module"] for one in left}) for one in mutants(module)]
    return [(one, text) for one, text in every if (one.module, one.operator, one.was, one.now) in wanted]


def interval(killed: int, done: int) -> tuple[float, float]:
    """Between what the true part lies nineteen times in twenty (Wilson), in percent."""
    part, z2 = killed / done, 1.96**2
    middle, half = part + z2 / (2 * done), 1.96 * sqrt(part * (1 - part) / done + z2 / (4 * done**2))
    return 100.0 * (middle - half) / (1 + z2 / done), 100.0 * (middle + half) / (1 + z2 / done)


def main() -> int:
    """Mutate, test, tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("modules", nargs="*", help="such as mode or cars.waking; default: all of hems/control")
    parser.add_argument("--budget", type=float, default=3600.0, metavar="SECONDS", help="for all of it; default 3600")
    parser.add_argument("--patience", type=float, default=20.0, metavar="SECONDS", help="for one mutant; default 20")
    parser.add_argument("--sample", type=int, metavar="N", help="so many of all modules together, drawn by the seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--again", type=Path, metavar="FILE", help="only what survived in an earlier --out")
    parser.add_argument("--map", type=Path, default=HERE / ".mutation-map.json", help="where the map of tests is kept")
    parser.add_argument("--out", type=Path, help="append each result to this file, a line of JSON each")
    args = parser.parse_args()
    os.chdir(HERE)
    sys.path.insert(0, str(HERE))
    known, until_s = mapped(args.map), time.monotonic() + args.budget
    modules = args.modules or [_name(one) for one in sorted(CONTROL.rglob("*.py")) if one.stem != "__init__"]
    tried = survivors(args.again) if args.again else drawn(modules, args.sample, Random(args.seed))
    found: dict[str, list[bool]] = {}
    for mutant, text in tried:
        if time.monotonic() > until_s:
            break
        tests = chosen(mutant, known, args.patience)
        alive = survives(mutant, text, tests, 30.0 + 5.0 * args.patience) if tests else True
        found.setdefault(mutant.module, []).append(not alive)
        if args.out:
            with args.out.open("a") as out:
                out.write(json.dumps({**asdict(mutant), "alive": alive, "tests": len(tests)}) + "\n")
        if alive:
            print(f"{mutant.module} {mutant.line}: {mutant.was}\n      -> {mutant.now}", flush=True)
    for module, killed in [*sorted(found.items()), ("all", [one for some in found.values() for one in some])]:
        low, high = interval(sum(killed), len(killed))
        score = f"{100.0 * sum(killed) / len(killed):5.1f} %  ({low:.0f} to {high:.0f})"
        print(f"{module:20} {score}  {sum(killed)} of {len(killed)} noticed")
    print(f"{len(tried) - sum(map(len, found.values()))} not tried")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
