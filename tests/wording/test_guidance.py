"""Every alarm says what it means, what to do and what happens otherwise."""

import ast
from pathlib import Path

import pytest

from hems.control import alarms, black_start
from hems.model.cause import Cause, Why
from hems.wording.guidance import GUIDANCE, guidance


def causes_in(module: object) -> set[Why]:
    """Every `Why.X` that a module's text names inside a `Cause(...)`."""
    tree = ast.parse(Path(str(module.__file__)).read_text())  # type: ignore[attr-defined]
    made = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node.func) == "Cause"]
    return {Why[why.attr] for call in made for why in ast.walk(call) if isinstance(why, ast.Attribute) and _is_why(why)}


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _is_why(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "Why"


OBSTACLES = {Why.BLACK_START_WAITS, Why.BLACK_START_GIVEN_UP, Why.COLD_LOAD}


def test_every_alarm_has_its_own_guidance() -> None:
    raised = causes_in(alarms) | (causes_in(black_start) & OBSTACLES)

    assert len(raised) > 15
    assert raised - set(GUIDANCE) == set()


@pytest.mark.parametrize("why", GUIDANCE)
def test_guidance_is_complete_ascii_and_in_whole_sentences(why: Why) -> None:
    help_ = guidance(Cause(why))

    for text in (help_.means, *help_.do, help_.wait):
        assert text.isascii()
        assert text.endswith((".", "?"))
        assert "the system" not in text
        assert len(text) < 140
    assert 1 <= len(help_.do) <= 3


def test_what_stops_hems_for_any_other_reason_gets_the_careful_answer() -> None:
    assert guidance(Cause(Why.STARTED)) == guidance(Cause(Why.TIE_INVALID))
