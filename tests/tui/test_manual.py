"""The screens printed in the operator's manual are the real ones."""

import os
import re
from pathlib import Path

from tests.tui.screens import REWRITE, SNAPSHOTS

MANUAL = Path(__file__).parents[2] / "docs" / "operator.md"
PRINTED = re.compile(r"<!-- screen: (\S+) -->\n(?:\n```text\n.*?```\n)?", re.DOTALL)


def with_screens(text: str) -> str:
    """The manual with each screen below its mark."""
    return PRINTED.sub(lambda found: f"{found[0].splitlines()[0]}\n\n```text\n{_screen(found[1])}```\n", text)


def _screen(name: str) -> str:
    return (SNAPSHOTS / f"{name}.txt").read_text(encoding="utf-8")


def test_the_manual_shows_the_screens_as_they_are() -> None:
    text = MANUAL.read_text(encoding="utf-8")
    expected = with_screens(text)
    if os.environ.get(REWRITE):
        MANUAL.write_text(expected, encoding="utf-8")
        text = expected

    assert len(PRINTED.findall(text)) >= 6
    assert text == expected, f"run this test with {REWRITE}=1"
