"""The audit: nothing in it is changed without that being found."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from hems.model.audit import Entry
from hems.store.audit_check import entries, verified
from hems.store.chain import FIELDS, FIRST, link
from tests.store.given import at, rows, started, switch
from tests.store.test_journal import no_file_grows_beyond

ACTS = ("override on", "override auto", "arm", "evacuation begins", "stop")


def act(action: str) -> Entry:
    return Entry(who="Ana", role="operator", known_by="pin", action=action, subject="laundry", reason="a newborn")


def filled(directory: Path) -> None:
    """A day's acts, in two runs."""
    for run in (ACTS[:3], ACTS[3:]):
        store = started(directory)
        for number, action in enumerate(run):
            store.audit.add(act(action), at(10.0 + number))
        store.stop()


def tampered(directory: Path, *statements: str) -> None:
    """What somebody does who may write the file: the file's own guard first."""
    with closing(sqlite3.connect(directory / "state.db")) as connection:
        for name in ("update", "delete"):
            connection.execute(f"DROP TRIGGER audit_no_{name}")
        for statement in statements:
            connection.execute(statement)
        for name in ("update", "delete"):
            connection.execute(
                f"CREATE TRIGGER audit_no_{name} BEFORE {name} ON audit BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
        connection.commit()


def forged_from(directory: Path, number: int, **changes: object) -> None:
    """A whole chain written anew from one entry on, by somebody who has read this file."""
    found = rows(directory, "state.db", f"SELECT {', '.join(FIELDS)}, prev, hash FROM audit ORDER BY id")
    before = FIRST if number == 1 else found[number - 2][-1]
    statements = []
    for row in found[number - 1 :]:
        fields = dict(zip(FIELDS, row, strict=False))
        fields |= changes if fields["id"] == number else {}
        hash_ = link(str(before), list(fields.values()))
        statements.append(
            f"UPDATE audit SET who = '{fields['who']}', prev = '{before}', hash = '{hash_}' WHERE id = {fields['id']}"
        )
        before = hash_
    tampered(directory, *statements)


def test_what_was_written_is_read_back_in_order_and_found_whole(tmp_path: Path):
    filled(tmp_path)
    assert [kept.entry for kept in entries(tmp_path)] == [act(action) for action in ACTS]
    finding = verified(tmp_path)
    assert (finding.entries, finding.problems) == (5, ())
    assert finding.head.startswith("5:")


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE audit SET who = 'Bob' WHERE id = 3", "Entry 3 is not as it was written."),
        ("UPDATE audit SET reason = '' WHERE id = 5", "Entry 5 is not as it was written."),
        ("UPDATE audit SET mono_s = 99.0 WHERE id = 1", "Entry 1 is not as it was written."),
        ("DELETE FROM audit WHERE id = 2", "Entry 3 stands where entry 2 belongs"),
        ("DELETE FROM audit WHERE id = 1", "Entry 2 stands where entry 1 belongs"),
        ("DELETE FROM audit WHERE id >= 4", "5 entries were written and 3 are there"),
        ("DELETE FROM audit", "5 entries were written and 0 are there"),
        (
            "INSERT INTO audit SELECT 6, boot_id, mono_s, utc_s, who, role, known_by, origin, action, subject, detail, "
            "reason, result, prev, hash FROM audit WHERE id = 2",
            "Entry 6 does not follow the one before it",
        ),
    ],
)
def test_what_is_changed_taken_out_cut_off_or_put_in_is_found(tmp_path: Path, statement: str, says: str):
    filled(tmp_path)
    tampered(tmp_path, statement)
    assert any(problem.startswith(says) for problem in verified(tmp_path).problems), verified(tmp_path).problems


def test_two_entries_in_each_others_place_are_found(tmp_path: Path):
    filled(tmp_path)
    tampered(
        tmp_path,
        "UPDATE audit SET id = 99 WHERE id = 2",
        "UPDATE audit SET id = 2 WHERE id = 3",
        "UPDATE audit SET id = 3 WHERE id = 99",
    )
    assert verified(tmp_path).problems


def test_a_chain_that_was_forged_from_one_entry_on_differs_from_the_nightly_copy_and_from_the_note(tmp_path: Path):
    # given an audit whose head somebody has written down, and the copy of the night
    filled(tmp_path)
    noted = verified(tmp_path).head
    store = started(tmp_path)
    store.keep_copy(at(20.0))
    store.stop()
    # when everything from the second entry on is made to fit a lie
    forged_from(tmp_path, 2, who="Bob")
    # then the chain alone would hold, and the copy and the note do not
    told = verified(tmp_path, noted).problems
    assert any("copy of the night" in problem for problem in told)
    assert "Entry 5 is not the one that was noted." in told
    (tmp_path / "state.nightly.db").unlink()
    assert verified(tmp_path).problems == ()
    assert verified(tmp_path, noted).problems == ("Entry 5 is not the one that was noted.",)


def test_the_file_itself_refuses_to_change_an_entry(tmp_path: Path):
    filled(tmp_path)
    with closing(sqlite3.connect(tmp_path / "state.db")) as connection:
        for statement in ("UPDATE audit SET who = 'Bob'", "DELETE FROM audit"):
            with pytest.raises(sqlite3.IntegrityError, match="only added to"):
                connection.execute(statement)


def test_a_guard_that_was_taken_away_is_missed(tmp_path: Path):
    filled(tmp_path)
    with closing(sqlite3.connect(tmp_path / "state.db")) as connection:
        connection.execute("DROP TRIGGER audit_no_delete")
        connection.commit()
    assert verified(tmp_path).problems == ("The file's own guard against changing entries was taken away.",)


def test_entries_wait_for_room_on_the_disk_and_keep_their_order(tmp_path: Path):
    store = started(tmp_path)
    store.audit.add(act("before"), at(1))
    store.drain()
    with no_file_grows_beyond(8192):
        store.audit.add(act("while"), at(2))
        store.audit.add(act("still"), at(3))
        store.drain()
    store.record_samples(at(20), {})
    store.stop()
    assert [kept.entry.action for kept in entries(tmp_path)] == ["before", "while", "still"]
    assert verified(tmp_path).problems == ()


def test_half_a_character_in_a_request_is_kept_as_a_question_mark_and_costs_nobody_the_journal(tmp_path: Path):
    # given a client that sends half of a surrogate pair, which JSON allows
    store = started(tmp_path)
    store.audit.add(replace(act("override on"), detail='{"circuit": "a\ud800"}', result="There is no a\ud800."), at(1))

    # when something has to be recorded after it
    store.audit.add(act("arm"), at(2))
    store.journal.note([switch("fridge", False)], at(2))
    store.stop()

    # then all of it is there, and the chain is whole
    first, second = entries(tmp_path)
    assert (first.entry.detail, first.entry.result) == ('{"circuit": "a?"}', "There is no a?.")
    assert second.entry == act("arm")
    assert verified(tmp_path).problems == ()
    assert len(rows(tmp_path, "state.db", "SELECT id FROM intents")) == 1


def test_a_job_that_fails_is_told_and_the_next_is_done(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    # given a fault in something that is written beside
    store = started(tmp_path)
    store.beside(lambda: [].remove(1))

    # when the journal has something to write
    store.journal.note([switch("fridge", False)], at(1))
    store.drain()

    # then that is written, the fault is in the log, and the store is well
    assert len(rows(tmp_path, "state.db", "SELECT id FROM intents")) == 1
    assert "Something could not be written." in caplog.text
    assert store.health.state.ok
    store.stop()
