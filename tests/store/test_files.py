"""Files that are old, new, damaged, or written while somebody pulls the plug."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from hems.model.units import CircuitId, DeviceId
from hems.model.wiring import circuit_closed
from hems.store import audit_check, migrations, reader
from hems.store.kind import HISTORY, STATE
from tests.kept import assert_as_kept
from tests.store.given import at, event, rows, started, switch

FIXTURES = Path(__file__).parent / "fixtures"
SCHEMAS = Path(migrations.__file__).with_name("schema")


def from_dump(directory, name):
    with closing(sqlite3.connect(directory / f"{name}.db")) as connection:
        connection.executescript((FIXTURES / f"{name}-v1.sql").read_text())


async def test_files_of_schema_1_are_read_and_written_on(tmp_path):
    # given what the first release left
    from_dump(tmp_path, "state")
    from_dump(tmp_path, "history")

    # when this release starts on it
    store = started(tmp_path)
    await store.journal.commit([switch("gym", True)], at(5000))
    store.record_events([event(5000, "grid_connected")])
    saved, last, armed = store.load_state(), store.journal.last_positions(), store.arming.armed()
    assert store.drain(60.0)  # what migrates the history is a process of its own, and a busy machine lets it wait
    store.stop()

    # then everything is there and nothing was set aside
    assert saved is not None
    assert saved.blob == '{"mode": "islanded"}'
    assert last[circuit_closed(CircuitId("fridge"))].value is False
    assert armed == {DeviceId("relays"): "5eed"}
    [kept] = audit_check.entries(tmp_path)
    assert (kept.entry.who, kept.entry.action, kept.entry.subject) == ("anna", "arm", "relays")
    assert audit_check.verified(tmp_path).problems == ()
    assert [entry.subject for entry in reader.events(tmp_path)] == ["islanded", "grid_connected"]
    assert reader.series(tmp_path, "grid/hz")[0].mean == 50.0
    assert store.health.state.set_aside == store.health.history.set_aside == ""


def test_an_ordinary_start_does_not_load_the_migration_library(tmp_path):
    started(tmp_path).stop()
    script = (
        "import sys, pathlib; from tests.store.given import started, at\n"
        "store = started(pathlib.Path(sys.argv[1])); store.record_samples(at(1), {'a': 1.0}); store.drain()\n"
        "assert store.health.history.ok and store.health.state.ok\n"
        "sys.exit('sqlite_utils' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=Path.cwd(), check=False).returncode == 0


def test_applied_migrations_are_recorded(tmp_path):
    started(tmp_path).stop()
    assert rows(tmp_path, "state.db", "SELECT name FROM _sqlite_migrations") == [
        ("1 journal, saved state, arming, audit",),
        ("2 audit with a chain, people",),
    ]


def schema(path):
    """What makes a new file like this one, in one transaction."""
    [(version,)] = rows(path.parent, path.name, "PRAGMA user_version")
    made = rows(path.parent, path.name, "SELECT sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY rowid")
    steps = rows(path.parent, path.name, "SELECT migration_set, name FROM _sqlite_migrations ORDER BY id")
    applied = [
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
        f"VALUES ('{whose}', '{name}', strftime('%Y-%m-%d %H:%M:%f+00:00', 'now'))"
        for whose, name in steps
    ]
    statements = [*(" ".join(sql.split()) for (sql,) in made), *applied, f"PRAGMA user_version = {version}"]
    return "".join(f"{one};\n" for one in ["BEGIN", *statements, "COMMIT"])


@pytest.mark.parametrize("kind", [STATE, HISTORY], ids=lambda kind: kind.name)
def test_a_new_file_is_as_one_that_every_migration_has_led_to(tmp_path, kind):
    # given an empty file that goes through every step
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    migrations.migrate(old / kind.name, getattr(migrations, kind.steps))
    # then what a new file begins with is what came of it
    assert_as_kept(SCHEMAS / f"{kind.steps}.sql", schema(old / kind.name), "the schema of a new file has changed")
    new.mkdir()
    started(new).stop()
    assert schema(new / kind.name) == schema(old / kind.name)


@pytest.mark.parametrize("name", ["state.db", "history.db"])
def test_a_file_that_is_no_database_is_set_aside_and_an_empty_one_begun(tmp_path, name):
    # given rubbish in place of the file
    (tmp_path / name).write_bytes(b"not a database, and long enough to be looked at" * 100)

    # when the daemon starts
    store = started(tmp_path)
    store.record_events([event(1)])
    store.journal.note([switch("fridge", False)], at(1))
    store.drain()
    health = store.health
    store.stop()

    # then it works, says so, and the rubbish is still there for whoever wants it
    assert health.state.ok
    assert health.history.ok
    assert name in (health.state.set_aside + health.history.set_aside)
    assert (tmp_path / f"{name}.set-aside-1").read_bytes().startswith(b"not a database")


def test_a_page_torn_in_the_middle_is_found_at_the_next_start(tmp_path):
    # given a history with some pages
    store = started(tmp_path)
    for second in range(200):
        store.record_events([event(second, text="x" * 200)])
    store.stop()

    # when one page is overwritten with noise
    with (tmp_path / "history.db").open("r+b") as file:
        file.seek(4096 * 9)
        file.write(b"\xa5" * 4096)

    # then the next start goes on in a new file
    store = started(tmp_path)
    store.record_events([event(1000)])
    store.stop()
    assert store.health.history.set_aside
    assert reader.events(tmp_path) == [event(1000)]


def test_a_card_that_rots_again_and_again_does_not_fill_itself_with_what_was_set_aside(tmp_path):
    for number in range(1, 6):
        (tmp_path / "history.db").write_bytes(b"noise %d" % number * 1000)
        started(tmp_path).stop()
    # then the first ones, which hold most, are kept, and the newest
    kept = {path.name: path.read_bytes()[:7] for path in tmp_path.glob("history.db.set-aside-*")}
    assert kept == {f"history.db.set-aside-{n}": b"noise %d" % noise for n, noise in ((1, 1), (2, 2), (3, 5))}


def test_damage_met_while_running_is_repaired_by_a_new_file(tmp_path):
    # given a running daemon whose file is destroyed under it
    store = started(tmp_path)
    store.record_events([event(1)])
    store.drain()
    store._history_file.close()
    (tmp_path / "history.db").write_bytes(b"\xa5" * 20_000)

    # when it goes on recording
    store.record_events([event(2)])
    store.record_samples(at(20), {"grid/hz": 50.0})
    store.drain()

    # then it has moved to a new file
    assert store.health.history.ok
    assert store.health.history.set_aside
    store.stop()
    assert reader.events(tmp_path) == [event(2)]


def test_a_file_of_a_newer_release_is_kept_and_not_touched(tmp_path):
    with closing(sqlite3.connect(tmp_path / "state.db")) as connection:
        connection.execute("PRAGMA user_version = 99")
        connection.execute("CREATE TABLE later (a)")
    store = started(tmp_path)
    store.stop()
    assert "newer" in store.health.state.set_aside
    assert rows(tmp_path, "state.db.set-aside-1", "PRAGMA user_version") == [(99,)]


CHILD = """
import asyncio, itertools, pathlib, sys
from hems.store.store import StoreLimits
from tests.store.given import at, event, started, switch

async def live():
    store = started(pathlib.Path(sys.argv[1]), limits=StoreLimits(flush_s=2.0))
    for second in itertools.count(int(sys.argv[2])):
        store._writer.drain(5.0)  # a second of this clock is over in milliseconds, of which its thread may get none
        store.record_samples(at(second), {f"series/{number}": float(second) for number in range(30)})
        store.ring.trigger(second)
        store.ring.add(second, '{"t": 1}')
        store.save_state(f'{{"t": {second}}}', at(second), at_once=True)
        store.record_events([event(second)])
        await store.journal.commit([switch("fridge", second % 2 == 0)], at(second))
        print(second, flush=True)

asyncio.run(live())
"""


def test_killing_the_daemon_at_any_time_never_damages_a_file_and_loses_no_committed_entry(tmp_path):
    last = 0
    for seconds_to_live in (5, 40, 150, 333):
        # given a daemon that is killed after so many ticks
        command = [sys.executable, "-c", CHILD, str(tmp_path), str(last)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()) as child:
            assert child.stdout is not None
            for _ in range(seconds_to_live):
                last = int(child.stdout.readline())
            child.send_signal(signal.SIGKILL)

        # then both files are whole, and every entry that was reported as committed is there
        for name in ("state.db", "history.db"):
            assert rows(tmp_path, name, "PRAGMA integrity_check") == [("ok",)]
        assert rows(tmp_path, "state.db", "SELECT max(mono_s) FROM intents")[0][0] >= last

    # and once hems runs again no more than the flush window of samples is missing, plus what the writer was at
    store = started(tmp_path)
    assert store.health.state.set_aside == ""
    store.record_samples(at(last + 300), {"series/1": 0.0})
    store.stop()
    newest = reader.series(tmp_path, "series/1")[-2]
    assert newest.high is not None
    assert newest.high >= last - 2 * 2 - 1
