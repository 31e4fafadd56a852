#!/usr/bin/env python3
"""Takes one safety rule after the other out of the code, and plays the scenarios of which at least one must then fail.

    nice -n 19 .venv/bin/python .ci/removals.py                      # all of `.ci/removals.toml`
    nice -n 19 .venv/bin/python .ci/removals.py fire drivers-floor --table docs/removals.md

Nothing is written to the checkout: a process of its own loads the cut modules in place of the whole ones and plays the
scenarios on the building's equations.  The exit code is 1 if a rule is not missed by any scenario.
"""

import argparse
import ast
import importlib.abc
import importlib.machinery
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parents[1]
LIST = Path(__file__).with_suffix(".toml")
HEAD = """# What each safety rule is needed for

Each line is a rule that was taken out of the code, the scenario that failed without it, and the expectation that did
not hold. This page was written by `.ci/removals.py --table docs/removals.md`, which takes the rules out of memory only;
how is in [`.ci/removals.toml`](../.ci/removals.toml). A rule that no scenario misses makes it fail. Single decisions
are tried by [mutation](mutation.md).

| without this rule | fails | what did not hold |
|---|---|---|
"""


@dataclass(frozen=True)
class Cut:
    """A piece of a module and what stands in its place."""

    module: str
    was: str
    now: str

    @property
    def path(self) -> Path:
        """The module's file."""
        return HERE / (self.module.replace(".", "/") + ".py")

    def made_in(self, text: str) -> str:
        """The module without it.  Raises: ValueError when it does not stand there once."""
        if text.count(self.was) != 1:
            raise ValueError(f"{self.path}: stands there {text.count(self.was)} times, not once: {self.was!r}")
        return text.replace(self.was, self.now)


@dataclass(frozen=True)
class Rule:
    """A safety rule, the cuts that take it out, and the scenarios that should miss it."""

    id: str
    text: str
    scenarios: tuple[str, ...]
    cuts: tuple[Cut, ...]

    def texts(self) -> Mapping[str, str]:
        """Each module that it concerns, as it is without it.  Raises: ValueError."""
        texts: dict[str, str] = {}
        for cut in self.cuts:
            texts[cut.module] = cut.made_in(texts.get(cut.module) or cut.path.read_text(encoding="utf-8"))
        for module, text in texts.items():
            ast.parse(text, module)
        return texts


@dataclass(frozen=True)
class Missed:
    """What came of a rule's removal."""

    rule: Rule
    scenario: str = ""
    told: str = ""
    """The expectation that did not hold; empty when all held."""


def rules(path: Path = LIST) -> list[Rule]:
    """All of the list."""
    return [
        Rule(
            one["id"],
            one["text"],
            tuple(one["scenarios"]),
            tuple(Cut(cut["module"], cut["was"], cut["is"]) for cut in one["cuts"]),
        )
        for one in tomllib.loads(path.read_text(encoding="utf-8"))["rule"]
    ]


class Without(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Loads some modules from other texts."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def find_spec(self, fullname: str, *_: Any) -> Any:  # noqa: ANN401 as importlib has it
        """These modules only."""
        return importlib.machinery.ModuleSpec(fullname, self) if fullname in self._texts else None

    def get_source(self, fullname: str) -> str:
        """The other text."""
        return self._texts[fullname]


def played(rule: Rule) -> Missed:
    """The first scenario that fails without the rule, played in a process of its own."""
    asked = (sys.executable, __file__, "--alone", rule.id)
    said = subprocess.run(asked, cwd=HERE, stdout=subprocess.PIPE, check=True, text=True)
    scenario, told = (*said.stdout.splitlines()[-2:], "", "")[:2]
    return Missed(rule, scenario, told)


def alone(rule: Rule) -> int:
    """Take the rule out of this very process, and tell which scenario fails, and how: two lines, or none."""
    sys.meta_path.insert(0, Without(rule.texts()))
    for line in _failing(rule):
        print(line)
    return 0


def _failing(rule: Rule) -> Iterator[str]:
    from hil import stage

    for name in rule.scenarios:
        for scenario in (one for one in stage.scenarios(name) if one.id == name):
            try:
                wrong = [one for one in stage.fast(scenario).verdicts if not one.held]
            except Exception as error:  # noqa: BLE001  a controller that falls over without the rule has missed it, too
                yield from (name, f"{type(error).__name__}: {error}".replace("\n", " "))
                return
            if wrong:
                yield from (name, f"{wrong[0].text} ({wrong[0].detail})")
                return


def table(missed: Sequence[Missed], page: str = "") -> str:
    """As a page; of rules that were not asked about now, the rows of `page` stay."""
    rows = {text: line for line in page.splitlines() if (text := line.strip("| ").partition(" | ")[0])}
    rows |= {one.rule.text: f"| {one.rule.text} | {one.scenario or '**none**'} | {one.told} |" for one in missed}
    return HEAD + "\n".join(rows[rule.text] for rule in rules() if rule.text in rows) + "\n"


def main() -> int:
    """Remove, play, tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("ids", nargs="*", help="default: all")
    parser.add_argument("--table", type=Path, metavar="FILE", help="write the results as a page")
    parser.add_argument("--alone", metavar="RULE", help="only this one, and in this process")
    args = parser.parse_args()
    os.chdir(HERE)
    sys.path.insert(0, str(HERE))
    known = rules()
    if args.alone:
        return alone(next(one for one in known if one.id == args.alone))
    if unknown := set(args.ids) - {one.id for one in known}:
        raise SystemExit(f"No rule is called {', '.join(sorted(unknown))}; there are {', '.join(o.id for o in known)}.")
    missed = []
    for rule in known:
        if args.ids and rule.id not in args.ids:
            continue
        missed.append(one := played(rule))
        print(f"{'missed' if one.told else 'NOBODY'} {rule.id:26} {one.scenario:6} {one.told}", flush=True)
    if args.table:
        page = args.table.read_text(encoding="utf-8") if args.table.exists() else ""
        args.table.write_text(table(missed, page), encoding="utf-8")
    return 0 if all(one.told for one in missed) else 1


if __name__ == "__main__":
    raise SystemExit(main())
