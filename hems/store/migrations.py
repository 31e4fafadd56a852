"""The schema of both files, as numbered steps that are never edited once released.

Imported only when a step is pending: sqlite-utils costs a tenth of a second and several megabytes.  Applied steps are
recorded in the file (`_sqlite_migrations`), and `PRAGMA user_version` holds the number of the last, which is all that
an ordinary start looks at.  A new file begins with the newest schema (`schema`) and all steps recorded.

To change the schema: add a step here, raise the version in `database`, add a dump of the old schema to the tests, and
have them write the new one: HEMS_REWRITE_SNAPSHOTS=1 pytest tests/store/test_files.py
"""

import sys
from itertools import groupby
from pathlib import Path

from sqlite_utils import Database
from sqlite_utils.db import Table
from sqlite_utils.migrations import Migrations

from hems.store.chain import FIRST, link
from hems.store.hours import HOUR
from hems.store.packed import packed

state = Migrations("hems.state")
history = Migrations("hems.history")


@state(name="1 journal, saved state, arming, audit")
def _state_1(db: Database) -> None:
    at = {"boot_id": str, "mono_s": float, "utc_s": float}
    _table(db, "intents").create(
        {"id": int, **at, "role": str, "value": str, "energises": int, "lease_s": float, "why": str, "facts": str},
        pk="id",
    )
    _table(db, "saved").create({"id": int, **at, "blob": str}, pk="id")
    _table(db, "arming").create({"device": str, **at, "hash": str, "who": str}, pk="device")
    _table(db, "audit").create({"id": int, **at, "who": str, "action": str, "subject": str, "detail": str}, pk="id")
    db.execute("PRAGMA user_version = 1")


@state(name="2 audit with a chain, people")
def _state_2(db: Database) -> None:
    old = list(db.execute("SELECT id, boot_id, mono_s, utc_s, who, action, subject, detail FROM audit ORDER BY id"))
    db.execute("DROP TABLE audit")
    # AUTOINCREMENT remembers the highest number, so that a missing end shows
    db.execute(
        "CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, boot_id TEXT, mono_s FLOAT, utc_s FLOAT, who TEXT, "
        "role TEXT, known_by TEXT, origin TEXT, action TEXT, subject TEXT, detail TEXT, reason TEXT, result TEXT, "
        "prev TEXT, hash TEXT)"
    )
    before = FIRST
    for number, (_, boot_id, mono_s, utc_s, who, action, subject, detail) in enumerate(old, start=1):
        row = (number, boot_id, mono_s, utc_s, who, "", "", "", action, subject, detail, "", "")
        hash_ = link(before, row)
        db.execute(f"INSERT INTO audit VALUES ({', '.join('?' * 15)})", (*row, before, hash_))
        before = hash_
    for act in ("UPDATE", "DELETE"):
        db.execute(
            f"CREATE TRIGGER audit_no_{act.lower()} BEFORE {act} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END"
        )
    _table(db, "people").create({"name": str, "role": str, "hash": str, "set_by": str, "utc_s": float}, pk="name")
    db.execute("PRAGMA user_version = 2")


@history(name="1 samples, events, frames")
def _history_1(db: Database) -> None:
    _table(db, "boots").create({"id": int, "boot_id": str, "utc_offset_s": float}, pk="id")
    _table(db, "boots").create_index(["boot_id"], unique=True)
    _table(db, "series").create({"id": int, "name": str}, pk="id")
    _table(db, "series").create_index(["name"], unique=True)
    # no index on the three that grow: append order is what keeps bytes written near bytes stored
    _table(db, "samples").create(
        {"id": int, "boot": int, "minute": int, "series": int, "n": int, "mean": float, "low": float, "high": float},
        pk="id",
    )
    _table(db, "events").create(
        {
            "id": int,
            "boot": int,
            "mono_s": float,
            "utc_s": float,
            "kind": str,
            "subject": str,
            "why": str,
            "facts": str,
        },
        pk="id",
    )
    _table(db, "frames").create(
        {"id": int, "boot": int, "first_s": float, "last_s": float, "n": int, "packed": bytes}, pk="id"
    )
    db.execute("PRAGMA user_version = 1")


@history(name="2 quarters of an hour, days, how long a boot lasted")
def _history_2(db: Database) -> None:
    for name in ("quarters", "days"):
        columns = {"boot": int, "minute": int, "series": int, "n": int, "mean": float, "low": float, "high": float}
        _table(db, name).create({"id": int, **columns}, pk="id")
    _table(db, "boots").add_column("last_s", float)
    db.execute("PRAGMA user_version = 2")


@history(name="3 minutes in packs, an hour of a series each")
def _history_3(db: Database) -> None:
    _table(db, "packs").create({"id": int, "boot": int, "minute": int, "series": int, "cells": bytes}, pk="id")
    db.execute("CREATE INDEX packs_mixed ON packs (id) WHERE series IS NULL")
    rows = db.execute(
        "SELECT boot, minute, series, n, mean, low, high FROM samples ORDER BY boot, minute / ?, series, minute",
        (HOUR,),
    )
    for (boot, _, series), part in groupby(rows, key=lambda row: (row[0], row[1] // HOUR, row[2])):
        minutes = [row[1:] for row in part]
        pack = (boot, minutes[0][0], series, packed(minutes))
        db.execute("INSERT INTO packs (boot, minute, series, cells) VALUES (?, ?, ?, ?)", pack)
    db.execute("DROP TABLE samples")
    db.execute("PRAGMA user_version = 3")


def migrate(path: Path, steps: Migrations) -> None:
    """Bring the file at `path` to the newest schema, each step in its own transaction.  Raises: sqlite3.Error."""
    db = Database(path, execute_plugins=False)
    try:
        steps.apply(db)
    finally:
        db.close()


def _table(db: Database, name: str) -> Table:
    return db.table(name)


if __name__ == "__main__":
    migrate(Path(sys.argv[1]), {"state": state, "history": history}[sys.argv[2]])
