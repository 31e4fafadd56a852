"""The list of safety rules that can be taken out: each stands in the code as it says, and a scenario misses it."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from hil import stage

HERE = Path(__file__).parents[2]
LEAST = 10
"""As many rules at least must be shown to be missed."""


def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("removals", HERE / ".ci" / "removals.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["removals"] = module  # where its dataclasses look for themselves
    spec.loader.exec_module(module)
    return module


REMOVALS = tool()
RULES = REMOVALS.rules()


def test_every_rule_stands_in_the_code_as_the_list_says() -> None:
    wrong = []
    for rule in RULES:
        try:
            rule.texts()
        except (ValueError, SyntaxError) as error:
            wrong.append(f"{rule.id}: {error}")
    assert wrong == [], "a safety rule was rewritten: write its new text into .ci/removals.toml, and try it"


def test_every_scenario_of_the_list_exists() -> None:
    assert {name for rule in RULES for name in rule.scenarios} <= {one.id for one in stage.scenarios()}


def test_the_page_names_every_rule_and_none_that_nobody_misses() -> None:
    page = (HERE / "docs" / "removals.md").read_text()
    assert len(RULES) >= LEAST
    assert [rule.id for rule in RULES if f"| {rule.text} |" not in page] == []
    assert "**none**" not in page


def test_without_the_rule_about_fire_the_story_of_a_fire_fails() -> None:
    missed = REMOVALS.played(next(rule for rule in RULES if rule.id == "fire"))
    assert missed.scenario == "I-a"
    assert missed.told


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_without_any_of_the_rules_some_scenario_fails(rule: object) -> None:
    assert REMOVALS.played(rule).told
