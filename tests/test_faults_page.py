"""Whatever the page of faults says was tried is tried."""

import re
from pathlib import Path

from tests.booted.test_booted import STRANGER, TRIED


def test_every_test_and_every_line_of_the_suite_that_the_page_of_faults_names_exists(checkout: Path) -> None:
    page = (checkout / "docs" / "faults.md").read_text(encoding="utf-8")
    table = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| fault |")]
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (checkout / "tests").rglob("test_*.py"))
    named = {name for line in table for name in re.findall(r"`(test_\w+)`", line)}
    lines = {name for line in table for name in re.findall(r'"([^"]+)"', line)}
    assert [name for name in sorted(named) if f"def {name}(" not in tests] == []
    assert sorted(lines - {*TRIED, *STRANGER}) == []
    assert [line for line in table if not re.search(r"`test_|\"", line.split("|")[-2])] == []
