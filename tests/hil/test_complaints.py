"""The page of complaints is written from the tags of the scenarios, and leaves none out."""

from pathlib import Path

from hil import stage
from hil.complaints import COMPLAINTS, page

ALL = stage.scenarios()


def test_each_complaint_is_shown_by_a_scenario() -> None:
    tagged = {tag for one in ALL for tag in one.proves}
    assert [n for n in COMPLAINTS if f"complaint-{n}" not in tagged] == []
    assert {tag for tag in tagged if tag.startswith("complaint-")} <= {f"complaint-{n}" for n in COMPLAINTS}


def test_the_page_says_what_the_scenarios_say(checkout: Path) -> None:
    told = (checkout / "docs" / "complaints.md").read_text(encoding="utf-8")
    assert told == page(ALL), "run: .venv/bin/python tests/test_docs.py"
