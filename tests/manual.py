"""The commands of the installer's manual, as a person would copy them."""

import re
from collections.abc import Iterator
from pathlib import Path

MANUAL = Path(__file__).parents[1] / "docs" / "installer.md"
COMMAND = re.compile(r"^ {4,}(?:sudo )?((?:hems|\./install\.sh|systemctl|apt-get|usermod|install)(?: .*)?)$")
GIVEN = {"YOU": "root", "utility_meter": "main_meter", "hybrid": "car", "bay_1": "garage"}
"""What a reader puts in place of what stands there."""


def commands(manual: Path = MANUAL) -> Iterator[str]:
    """Each indented line that is one, without its comment."""
    for line in manual.read_text(encoding="utf-8").splitlines():
        found = COMMAND.match(line)
        if found:
            yield re.sub(r"\s{2,}#.*$", "", found[1]).strip()


def filled_in(command: str) -> str:
    """As a reader would type it on the machine that the suite has."""
    for word, value in GIVEN.items():
        command = command.replace(word, value)
    return command
