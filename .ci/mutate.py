#!/usr/bin/env python3
"""Mutation testing of `hems/control`: does a test fail when a decision is changed?

    .venv/bin/pip install cosmic-ray coverage            # tools of this script only, in no lock
    nice -n 19 .venv/bin/python .ci/mutate.py --budget 3600 shedding restoring cars.waking
    nice -n 19 .venv/bin/python .ci/mutate.py --sample 300 --out found.jsonl     # drawn from all modules
    nice -n 19 .venv/bin/python .ci/mutate.py --again found.jsonl                # what survived, with new tests

The mutations are those of cosmic-ray, its operators as in `mutants.py`.  Its runner starts Python and pytest anew
each time, and asks the whole suite; here all tests are collected once, and a fork of that process puts the changed
code into the function and runs the tests that execute the changed line: short ones of the module's own files first,
then other short ones and played stories, first those that come where few others come.  What is changed outside of
functions (a constant, a rule's row) is read anew by a fresh process.  What has no test within `--patience` seconds
counts as a survivor, and of a property only a few examples are tried, so the score is a lower bound.  Mutants are tried
in an order drawn by lot, so that what was tried when the budget is used up is a sample like any other.
"""

import argparse
import hashlib
import json
import os
import re
import resource
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from difflib import SequenceMatcher
from functools import cache
from itertools import islice
from math import sqrt
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import pytest
from mutants import CONTROL, HERE, Changed, Mutant, mutant, name_of, places, put

STORIES = "tests/hil/test_scenarios.py::test_in_fast_forward_everything_goes_as_expected_and_as_it_is_kept"
SUITES = ("tests/control", STORIES)
STORY_COUNTS = 10.0
"""A story compares every decision of a building with the kept one: it is asked before tests a tenth as long."""
OWN_COUNTS = 10.0
"""So are tests of the module's own file, yet no long one before all short ones of others."""
NEAR = 4
"""Lines below a changed one: who comes there is likely to have met the case in question."""
DOCS = "tests/test_docs.py::test_the_"
ALSO = {
    **dict.fromkeys(
        ("conditions", "mode", "regime"),
        (f"{DOCS}drawings_show_the_rules_the_truth_table_and_the_layers_as_they_are",),
    ),
    **dict.fromkeys(
        (f"tuning.{one}" for one in ("acting", "crossing", "island", "seeing", "sources")),
        (f"{DOCS}page_of_numbers_says_what_the_code_decides_by",),
    ),
}
"""Tests elsewhere that judge a module: what the documents repeat of the code."""
NUMBERS = "tests/control/test_numbers.py::test_numbers_that_decide_are_those_on_record"
"""Judges every module."""
EXAMPLES = 4
"""Of each property no more than these, so that a short test is asked early."""
ENOUGH_S, LONG_S = 0.6, 2.0
"""Of the processor: so long a test is watched, and what goes on for longer is taken to last so long."""
STORY_S, LONG_STORY_S = 12.0, 6.0
"""The same for a story: watched it takes twice as long."""
STORIES_S = 1800.0
"""For all of them, watched."""
PLAIN = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--timeout=600")


def _quiet() -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)


def _patiently(limit_s: float) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (int(limit_s), int(limit_s) + 1))


def _told(child: int, ear: int, mouth: int) -> Any:  # noqa: ANN401
    """What a child writes before it ends; None if it ends without a word."""
    os.close(mouth)
    with os.fdopen(ear) as said:
        text = said.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else None


class Cold:
    """Asks tests of a mutant in a process that has not read the module yet."""

    def survives(self, mutant: Mutant, text: str, tests: list[str], limit_s: float) -> bool:
        """Whether all tests pass all the same; numbers on record and the module's own before others are even read."""
        first = [test for test in tests if test == NUMBERS]
        own = [test for test in tests if test.startswith(_own(mutant.module))]
        rest = [test for test in tests if test not in (*first, *own)]
        changed = Changed(mutant.module, text)
        return all(self.passes(some, limit_s, changed) for some in (first, own, rest) if some)

    def passes(self, tests: list[str], limit_s: float, *changed: Changed) -> bool:
        """Whether tests pass, with a changed module or with all as it is."""
        import hypothesis.strategies  # noqa: F401  read once, before the fork; nothing of ours that decides is

        child = os.fork()
        if child == 0:
            _quiet()
            _patiently(limit_s)
            sys.meta_path[:0] = changed
            os._exit(int(pytest.main([*PLAIN, "-x", *tests], [Examples()])))
        return os.waitpid(child, 0)[1] == 0


class Examples:
    """Of each property the same few examples."""

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Once the tests are known."""
        from hypothesis import Phase, settings

        for item in items:
            own = getattr(getattr(item, "obj", None), "_hypothesis_internal_use_settings", None)
            if own is not None:
                few = {"max_examples": min(own.max_examples, EXAMPLES), "derandomize": True, "database": None}
                phases = (Phase.explicit, Phase.generate)
                item.obj._hypothesis_internal_use_settings = settings(own, deadline=None, phases=phases, **few)


class Warm:
    """All tests, collected once; asked by forks."""

    failed: ClassVar[list[str]] = []
    enough_s = 0.0
    """After so long a test is ended, while it is only watched; 0 for never."""

    def __init__(self) -> None:
        self.ear, theirs = os.pipe()
        mine, self.mouth = os.pipe()
        if os.fork() == 0:
            os.close(self.ear), os.close(self.mouth)
            self.ear, self.mouth = mine, theirs
            _quiet()

            asked = [*PLAIN, *SUITES, *(one for some in ALSO.values() for one in some)]
            os._exit(int(pytest.main(asked, [Examples(), self])))
        os.close(mine), os.close(theirs)
        self.said = os.fdopen(self.ear)

    def ask(self, **question: Any) -> Any:  # noqa: ANN401
        """An answer; None for none."""
        os.write(self.mouth, (json.dumps(question) + "\n").encode())
        return json.loads(self.said.readline())

    def survives(self, mutant: Mutant, text: str, tests: list[str], limit_s: float) -> bool | None:
        """Whether all tests pass all the same; None where no function is changed."""
        answer = self.ask(module=mutant.module, line=mutant.line, text=text, tests=tests, limit_s=limit_s)
        return None if answer == "outside" else answer == "passed"

    def traced(self, tests: list[str], depth_s: float) -> Any:  # noqa: ANN401
        """Which of these tests executes which line of which module, and how long it takes."""
        return self.ask(trace=tests, depth_s=depth_s)

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self) -> Iterator[None]:
        """The test itself, without what prepares it and judges it."""
        signal.setitimer(signal.ITIMER_PROF, self.enough_s)
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0.0)

    def pytest_runtest_logreport(self, report: Any) -> None:  # noqa: ANN401
        """One part of it has been judged."""
        if report.failed:
            self.failed.append(report.nodeid)

    def pytest_runtestloop(self, session: Any) -> bool:  # noqa: ANN401
        """In the process of the tests: a fork for each question."""
        items = {item.nodeid: item for item in session.items}
        with os.fdopen(self.ear) as asked:
            for line in asked:
                question = json.loads(line)
                ear, mouth = os.pipe()
                child = os.fork()
                if child == 0:
                    answer = _answer(session, items, question)
                    with os.fdopen(mouth, "w") as out:
                        json.dump(answer, out)
                    os._exit(0)
                os.write(self.mouth, (json.dumps(_told(child, ear, mouth)) + "\n").encode())
        return True


def _answer(session: Any, items: dict[str, Any], question: dict[str, Any]) -> Any:  # noqa: ANN401
    if "collected" in question:
        files = sorted({name.partition("::")[0] for name in items})
        return {one: [name for name in items if name.startswith(f"{one}::")] for one in files}
    return _trace(items, question) if "trace" in question else _try(session, items, question)


def _run(items: list[Any]) -> Iterator[Any]:
    for item, following in zip(items, [*items[1:], None], strict=True):
        yield item
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def _try(session: Any, items: dict[str, Any], question: dict[str, Any]) -> str:  # noqa: ANN401
    if not put(question["module"], question["line"], question["text"]):
        return "outside"
    _patiently(question["limit_s"])
    for _ in _run([items[one] for one in question["tests"] if one in items]):
        if session.testsfailed:
            return "noticed"
    return "noticed" if session.testsfailed else "passed"


class TooLongError(BaseException):
    """A test has run for as long as is needed to know what it is about."""


def _trace(items: dict[str, Any], question: dict[str, Any]) -> dict[str, Any]:
    import coverage

    def enough(*_: object) -> None:
        took_s[last] = LONG_STORY_S if last.startswith(STORIES) else LONG_S
        raise TooLongError

    signal.signal(signal.SIGPROF, enough)
    Warm.enough_s = STORY_S if question["trace"][0].startswith(STORIES) else ENOUGH_S
    ear = coverage.Coverage(include=[str(CONTROL / "*"), str(CONTROL / "*/*")], data_file=None)
    took_s: dict[str, float] = {}
    ear.start()
    ear._collector.data_lock = None  # one thread; a test that is ended inside would keep it for ever
    last, since_s = "", 0.0
    begun_s = time.process_time()
    for item in _run([items[one] for one in question["trace"]]):
        now_s = time.process_time()  # of the processor: on a busy machine nothing else says how long it is
        if now_s - begun_s > question["depth_s"]:
            break
        if last:
            took_s.setdefault(last, now_s - since_s)
        last, since_s = item.nodeid, now_s
        ear.switch_context(last)
    took_s.setdefault(last, time.process_time() - since_s)
    ear.stop()
    data = ear.get_data()
    number = {test: index for index, test in enumerate(took_s)}
    lines = {
        name_of(Path(one)): {
            line: [number[test] for test in tests if test] for line, tests in data.contexts_by_lineno(one).items()
        }
        for one in data.measured_files()
    }
    failed = [test for test in Warm.failed if took_s.get(test) not in (LONG_S, LONG_STORY_S)]
    return {"lines": lines, "took_s": took_s, "failed": failed}


class Map:
    """Which tests execute a line; kept in a file of lines of JSON, asked anew of tests that were rewritten."""

    def __init__(self, path: Path, warm: Warm, depth_s: float) -> None:
        told = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        kept = {one["file"]: one for one in told if "file" in one}
        was = {one["stamp"]: one["text"] for one in told if "text" in one}
        self.texts = {name_of(one): one.read_text(encoding="utf-8") for one in sorted(CONTROL.rglob("*.py"))}
        stamps = {module: _stamp(text) for module, text in self.texts.items()}
        self.took_s: dict[str, float] = {}
        self.lines: dict[str, dict[int, set[str]]] = {}
        with path.open("a") as out:
            for module, stamp in stamps.items():
                if stamp not in was:
                    out.write(json.dumps({"stamp": stamp, "text": self.texts[module]}) + "\n")
            was |= {stamp: self.texts[module] for module, stamp in stamps.items()}
            for name, tests in warm.ask(collected=True).items():
                entry, stamp = kept.get(name), _stamp((HERE / name).read_text(encoding="utf-8"))
                if depth_s <= 0.0:
                    entry = entry or {"took_s": {}, "lines": {}}
                elif entry is None or entry["stamp"] != stamp:
                    print(f"reading which lines {name} executes ...", flush=True)
                    deep_s = STORIES_S if tests[0].startswith(STORIES) else depth_s
                    found = warm.traced(tests, deep_s) or warm.traced(tests, deep_s)  # ended in a bad moment: again
                    if found is None or found["failed"]:
                        raise SystemExit(f"{name} does not pass as it is; mend it first: {found}")
                    entry = {"file": name, "stamp": stamp, "of": {one: stamps[one] for one in found["lines"]}, **found}
                    out.write(json.dumps(entry) + "\n")
                    out.flush()
                self._add(entry, was)

    def _add(self, entry: dict[str, Any], was: dict[str, str]) -> None:
        self.took_s |= entry["took_s"]
        tests = list(entry["took_s"])
        for module, by_line in entry["lines"].items():
            here = self.lines.setdefault(module, {})
            moved = _moved(was[entry["of"][module]], self.texts.get(module, ""))
            for line, those in by_line.items():
                if int(line) in moved:
                    here.setdefault(moved[int(line)], set()).update(tests[one] for one in those)

    def tests(self, mutant: Mutant, patience_s: float) -> list[str]:
        """Whom to ask: short ones first, the module's own before others, for so many seconds in all."""
        by_line = self.lines.get(mutant.module, {})
        here = (
            set(by_line.get(mutant.line) or ())
            or self._users(mutant)
            or {one for tests in by_line.values() for one in tests}
        )
        own = _own(mutant.module)
        here |= {one for one, took in self.took_s.items() if took == LONG_S and one.startswith(own)}  # seen in part
        near = [by_line.get(mutant.line + off, set()) for off in range(-1, NEAR)]

        def late(test: str) -> float:
            """Its cost, less for its own, for a story, and for one that does what few others do around here."""
            alike = min((len(some) for some in near if test in some), default=len(here))
            counts = STORY_COUNTS if test.startswith(STORIES) else OWN_COUNTS if test.startswith(own) else 1.0
            return self.took_s[test] * alike / counts

        ranked = sorted(here, key=late)
        picked, total_s = [*ALSO.get(mutant.module, ()), NUMBERS], 0.0
        for test in ranked:
            if total_s + self.took_s[test] <= patience_s:
                total_s += self.took_s[test]
                picked.append(test)
        return picked

    def _users(self, mutant: Mutant) -> set[str]:
        """Tests that execute a line in which a name is used that this line, outside of functions, gives a value."""
        name = re.match(r"(\w+)[\w, ]*(:.*)?=|def (\w+)", mutant.was)
        word = name and re.compile(rf"\b{name[1] or name[3]}\b")
        found: set[str] = set()
        for module, text in self.texts.items():
            for number, line in enumerate(text.splitlines() if word else (), 1):
                if word and word.search(line):
                    found |= self.lines.get(module, {}).get(number, set())
        return found


def _stamp(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _moved(was: str, now: str) -> dict[int, int]:
    """Where each line of a text stands now."""
    if was == now:
        return {line: line for line in range(1, was.count("\n") + 2)}
    matcher = SequenceMatcher(None, was.splitlines(), now.splitlines(), autojunk=False)
    return {a + n + 1: b + n + 1 for a, b, size in matcher.get_matching_blocks() for n in range(size)}


def _own(module: str) -> tuple[str, str]:
    *packages, name = module.split(".")
    stem = "/".join(("tests/control", *packages, f"test_{name}"))
    return f"{stem}.py", f"{stem}_edges.py"


def drawn(modules: list[str], rng: Random) -> Iterator[tuple[Mutant, str]]:
    """Changes of all modules in an order drawn by lot, each as likely as any other."""
    every = [place for module in modules for place in places(module)]
    print(f"{len(every)} changes are possible in {len(modules)} modules", flush=True)
    return filter(None, map(mutant, rng.sample(every, len(every))))


def survivors(path: Path) -> Iterator[tuple[Mutant, str]]:
    """What survived an earlier run, as far as the text is still the same."""
    told = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    wanted = {(one["module"], one["operator"], one["was"], one["now"]) for one in told if one["alive"]}
    for module, operator in sorted({one[:2] for one in wanted}):
        for found in filter(None, map(mutant, (one for one in places(module) if one[1] == operator))):
            if (module, operator, found[0].was, found[0].now) in wanted:
                yield found


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
    parser.add_argument(
        "--depth", type=float, default=60.0, metavar="SECONDS", help="for one file of tests; 0: only those known"
    )
    parser.add_argument("--sample", type=int, metavar="N", help="so many, drawn by the seed; default all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--part", default="1/1", metavar="K/N", help="each N-th of the draw from the K-th, to share it out"
    )
    parser.add_argument("--again", type=Path, metavar="FILE", help="only what survived in an earlier --out")
    parser.add_argument("--map", type=Path, default=HERE / ".mutation-map.jsonl", help="where the map of tests is kept")
    parser.add_argument("--out", type=Path, help="append each result to this file, a line of JSON each")
    args = parser.parse_args()
    os.chdir(HERE)
    sys.path.insert(0, str(HERE))
    os.environ["CI"] = "true"  # keeps tests/conftest.py from choosing a profile
    cold, warm = Cold(), Warm()
    if not cold.passes([NUMBERS, *(one for some in ALSO.values() for one in some)], 300.0):
        raise SystemExit("what is asked of every change does not pass as it is: try tests/control/test_numbers.py")
    known, until_s = Map(args.map, warm, args.depth), time.monotonic() + args.budget
    modules = args.modules or [name_of(one) for one in sorted(CONTROL.rglob("*.py")) if one.stem != "__init__"]
    tried = survivors(args.again) if args.again else islice(drawn(modules, Random(args.seed)), args.sample)
    part, parts = map(int, args.part.split("/"))
    found: dict[str, list[bool]] = {}
    for one, text in islice(tried, part - 1, None, parts):
        if time.monotonic() > until_s:
            break
        tests = known.tests(one, args.patience)
        limit_s = 5.0 + 2.0 * args.patience
        alive = warm.survives(one, text, tests, limit_s) if tests else True
        alive = cold.survives(one, text, tests, limit_s) if alive is None else alive
        found.setdefault(one.module, []).append(not alive)
        if args.out:
            with args.out.open("a") as out:
                out.write(json.dumps({**asdict(one), "alive": alive, "tests": len(tests)}) + "\n")
        if alive:
            print(f"{one.module} {one.line}: {one.was}\n      -> {one.now}", flush=True)
    for module, killed in [*sorted(found.items()), ("all", [one for some in found.values() for one in some])]:
        low, high = interval(sum(killed), len(killed))
        score = f"{100.0 * sum(killed) / len(killed):5.1f} %  ({low:.0f} to {high:.0f})"
        print(f"{module:20} {score}  {sum(killed)} of {len(killed)} noticed")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
