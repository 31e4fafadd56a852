"""Lines for the journal: the mark at their head tells systemd how grave they are; on a terminal there is none."""

import logging
import os
import sys

MARKS = {
    logging.CRITICAL: "<2>",
    logging.ERROR: "<3>",
    logging.WARNING: "<4>",
    logging.INFO: "<6>",
    logging.DEBUG: "<7>",
}


class _Marked(logging.Formatter):
    """One line for each record; a traceback keeps its mark on every line."""

    def format(self, record: logging.LogRecord) -> str:
        """With the mark of its level."""
        mark = MARKS.get(record.levelno, "<6>")
        return "\n".join(mark + line for line in super().format(record).splitlines())


def to_journal() -> bool:
    """Whether what is written goes to systemd's journal: it says to which file that is."""
    try:
        ours = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{ours.st_dev}:{ours.st_ino}"


def begin(level: str = "info") -> None:
    """Write the log of this process to its standard error."""
    handler = logging.StreamHandler(sys.stderr)
    form = "%(name)s: %(message)s" if to_journal() else "%(levelname)s %(name)s: %(message)s"
    handler.setFormatter(_Marked(form) if to_journal() else logging.Formatter(form))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
