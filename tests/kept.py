"""Texts that are kept beside the tests and compared with what comes out now."""

import os
from difflib import unified_diff
from pathlib import Path

REWRITE = "HEMS_REWRITE_SNAPSHOTS"
"""Set this to write the present texts over the kept ones; look at the difference before committing it."""


def assert_as_kept(path: Path, text: str, what: str) -> None:
    """Compare with the text at `path`; `what` is it that has changed."""
    if os.environ.get(REWRITE):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    if text != kept:
        lines = unified_diff(
            kept.splitlines(), text.splitlines(), f"{path.name} as kept", "as it came now", lineterm=""
        )
        raise AssertionError("\n".join([f"{what}; look at it, then run with {REWRITE}=1", *lines]))
