"""Whether anybody has touched the audit: looked at beside a running daemon, and never written to.

What it can show: an entry changed, taken out, put in or moved breaks the chain; entries missing at the end are missed
by the file's own count; a chain written anew from some point on is not the one in the copy of the night before, nor the
one whose last hash somebody wrote down.  Whoever may write every file of the machine can forge all of these: for that
the system's journal has a copy of each entry, and a hash on paper is out of reach.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hems.model.audit import Entry
from hems.model.errors import StoreError
from hems.model.instant import Instant
from hems.store.chain import FIELDS, FIRST, link
from hems.store.kind import STATE
from hems.store.reader import opened
from hems.store.stamp import instant
from hems.wording.language import N_, say

_ROWS = f"SELECT {', '.join(FIELDS)}, prev, hash FROM audit ORDER BY id"
_HIGHEST = "SELECT seq FROM sqlite_sequence WHERE name = 'audit'"
_TRIGGERS = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"
_GUARDS = 2
MOST = 20
"""Problems that are told; after so many one knows."""

_Row = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One entry as it stands in the file."""

    number: int
    at: Instant
    entry: Entry
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What came of looking at the whole audit."""

    entries: int
    head: str
    """Number and hash of the last entry, to be written down: `128:5f0c..`."""
    problems: Sequence[str] = field(default=())
    """What is wrong, one sentence each; empty when nothing is."""


def entries(directory: Path) -> list[Kept]:
    """The audit, oldest first.  Raises: StoreError."""
    return [_kept(row) for row in _rows(directory / STATE.name)]


def verified(directory: Path, known: str = "") -> Finding:
    """Look at every entry; `known` is a head that somebody wrote down earlier.  Raises: StoreError."""
    path = directory / STATE.name
    rows = _rows(path)
    problems = [*_broken(rows), *_guards(path, len(rows)), *_unlike_copy(path, rows), *_unlike_note(rows, known)]
    head = f"{rows[-1][0]}:{rows[-1][-1]}" if rows else "0:"
    return Finding(entries=len(rows), head=head, problems=tuple(problems[:MOST]))


def _rows(path: Path) -> list[_Row]:
    with opened(path.parent, path.name) as connection:
        return connection.execute(_ROWS).fetchall()


def _kept(row: _Row) -> Kept:
    number, _, mono_s, epoch_s, *words = row[: len(FIELDS)]
    assert isinstance(number, int)
    assert isinstance(mono_s, float)
    assert epoch_s is None or isinstance(epoch_s, float)
    who, role, known_by, origin, action, subject, detail, reason, result = (str(word) for word in words)
    entry = Entry(
        who=who,
        role=role,
        known_by=known_by,
        origin=origin,
        action=action,
        subject=subject,
        detail=detail,
        reason=reason,
        result=result,
    )
    return Kept(number=number, at=instant(mono_s, epoch_s), entry=entry, hash=str(row[-1]))


def _broken(rows: Sequence[_Row]) -> Iterator[str]:
    before, expected = FIRST, 1
    for *row, prev, hash_ in rows:
        number = row[0]
        if number != expected:
            told = N_("Entry {number} stands where entry {expected} belongs: something was taken out or moved.")
            yield say(told, number=number, expected=expected)
        if prev != before:
            told = N_("Entry {number} does not follow the one before it: something was taken out, put in or moved.")
            yield say(told, number=number)
        if link(str(prev), row) != hash_:
            yield say("Entry {number} is not as it was written.", number=number)
        assert isinstance(number, int)
        before, expected = str(hash_), number + 1


def _guards(path: Path, count: int) -> Iterator[str]:
    with opened(path.parent, path.name) as connection:
        row = connection.execute(_HIGHEST).fetchone()
        guards = connection.execute(_TRIGGERS).fetchone()[0]
    highest = row[0] if row is not None else 0
    if highest > count:
        told = N_("{highest} entries were written and {count} are there: the others were taken out.")
        yield say(told, highest=highest, count=count)
    if guards != _GUARDS:
        yield say("The file's own guard against changing entries was taken away.")


def _unlike_copy(path: Path, rows: Sequence[_Row]) -> Iterator[str]:
    """The copy of the night before must be the beginning of what is there now."""
    copy = path.with_suffix(".nightly.db")
    if not copy.exists():
        return
    try:
        old = _rows(copy)
    except StoreError:
        return  # from before there was a chain
    for mine, then in zip(rows, old, strict=False):
        if mine != then:
            told = N_("Entry {number} is not as it was in the copy of the night ({name}).")
            yield say(told, number=then[0], name=copy.name)
            return
    if len(rows) < len(old):
        told = N_("The copy of the night ({name}) has {old} entries and this file {count}.")
        yield say(told, name=copy.name, old=len(old), count=len(rows))


def _unlike_note(rows: Sequence[_Row], known: str) -> Iterator[str]:
    if not known:
        return
    number, _, hash_ = known.partition(":")
    found = next((str(row[-1]) for row in rows if str(row[0]) == number), None)
    if found is None:
        yield say("Entry {number}, which was noted, is not there.", number=number)
    elif found != hash_:
        yield say("Entry {number} is not the one that was noted.", number=number)
