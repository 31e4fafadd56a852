"""The chain that makes an audit tamper-evident: each entry's hash covers the entry and the hash before it."""

import hashlib
import json
from collections.abc import Sequence

FIRST = ""
"""What stands before the first entry."""
FIELDS = (
    "id",
    "boot_id",
    "mono_s",
    "utc_s",
    "who",
    "role",
    "known_by",
    "origin",
    "action",
    "subject",
    "detail",
    "reason",
    "result",
)
"""What the hash covers, in this order."""


def link(before: str, row: Sequence[object]) -> str:
    """The hash of one entry, given as its `FIELDS`, after the one with the hash `before`."""
    return hashlib.sha256(json.dumps([before, *row], separators=(",", ":")).encode()).hexdigest()
