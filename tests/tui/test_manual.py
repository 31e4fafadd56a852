"""The screens printed in the operator's manual are the real ones."""

import os
import re
from pathlib import Path

import pytest

from tests.kept import REWRITE
from tests.tui.screens import SNAPSHOTS

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [DOCS / "operator.md", *sorted((DOCS / "operator").glob("*.md"))]
PRINTED = re.compile(r"<!-- screen: (\S+) -->\n(?:\n```text\n.*?```\n)?", re.DOTALL)


def with_screens(text: str) -> str:
    """The manual with each screen below its mark."""
    return PRINTED.sub(lambda found: f"{found[0].splitlines()[0]}\n\n```text\n{_screen(found[1])}```\n", text)


def _screen(name: str) -> str:
    """A snapshot, or one screen of a snapshot of all of them: `power_cut-80x24/outage`."""
    file, _, part = name.partition("/")
    text = (SNAPSHOTS / f"{file}.txt").read_text(encoding="utf-8")
    if not part:
        return text
    return next(one.partition("\n")[2] for one in f"\n{text}".split("\n=== ") if one[2:].startswith(f"{part} ==="))


def write() -> None:
    """Print the present screens into every page."""
    for page in PAGES:
        page.write_text(with_screens(page.read_text(encoding="utf-8")), encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_manual_shows_the_screens_as_they_are(page: Path) -> None:
    if os.environ.get(REWRITE):
        write()
    text = page.read_text(encoding="utf-8")

    assert text == with_screens(text), "python tests/test_docs.py writes them anew"


def test_every_page_of_the_manual_is_short_and_every_screen_has_one() -> None:
    told = {page.stem: page.read_text(encoding="utf-8") for page in PAGES}

    assert {name: len(text.splitlines()) for name, text in told.items() if len(text.splitlines()) > 250} == {}
    assert sum(len(PRINTED.findall(text)) for text in told.values()) >= 10
    for page in PAGES[1:]:
        assert f"operator/{page.name}" in told["operator"], page
