"""The page that shows hems driving pandapower: its code is run, where pandapower is installed."""

from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "embed.md"


@pytest.mark.soak
def test_the_code_on_the_page_runs_and_does_what_the_page_says():
    pytest.importorskip("pandapower")
    code = PAGE.read_text(encoding="utf-8").split("<!-- run by")[1].split("```python\n")[1].split("```")[0]
    names: dict[str, Any] = {}
    exec(compile(code, str(PAGE), "exec"), names)
    found = [(round(at, 2), subject.split("/")[1]) for at, subject, _ in names["log"]]
    assert found == [
        (8.0, "boiler"),
        (9.0, "laundry"),
        (12.25, "heating"),
        (13.75, "heating"),
        (14.03, "laundry"),
        (14.04, "boiler"),
    ]
    assert all(names["told"].circuits.values())
    assert 0.99 < min(names["voltages"]) <= max(names["voltages"]) <= 1.0
    assert names["soc_pct"] == pytest.approx(32.6, abs=0.5)
