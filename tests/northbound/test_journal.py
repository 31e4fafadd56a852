"""Events in systemd's journal, on a socket of the same kind."""

import asyncio
import json
import socket
from pathlib import Path

import pytest

from hems.model.cause import Cause, Why
from hems.model.event import Event, EventKind
from hems.model.instant import Instant
from hems.northbound.journal import Names, fields_of, serve, writer
from tests.desk import HandMadeDesk, serving, until
from tests.pictures import power_cut

SHED = Event(
    Instant(12.5), EventKind.COMMAND, "circuits/laundry/closed", Cause(Why.ENERGY_BAND, {"value": False, "who": "Ana"})
)


def read(told: bytes) -> dict[str, str]:
    return dict(line.split("=", 1) for line in told.decode().splitlines())


@pytest.mark.wire
async def test_an_event_is_an_entry_with_fields_to_search_by(run_dir: Path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(str(run_dir / "journal"))
        journal.setblocking(False)
        async with serving(run_dir, HandMadeDesk(power_cut())) as server:
            writing = asyncio.create_task(serve(run_dir, run_dir / "journal"))
            await until(lambda: server._subscribers())
            server.publish_event(SHED)
            async with asyncio.timeout(5.0):
                told = read(await asyncio.get_running_loop().sock_recv(journal, 4096))
            writing.cancel()
    assert told["MESSAGE"].startswith("Switched OFF Laundry")
    assert (told["HEMS_KIND"], told["HEMS_SUBJECT"]) == ("command", "circuits/laundry/closed")
    assert (told["HEMS_CAUSE"], told["HEMS_WHO"], told["PRIORITY"]) == ("energy_band", "Ana", "6")
    assert told["HEMS_SITE"] == "Maple Court 12"


def test_an_alarm_is_as_grave_in_the_journal_as_on_the_screen():
    names = Names()
    names.learn(power_cut())
    [alarm, *_] = power_cut().alarms or (None,)
    key = "own:disk" if alarm is None else alarm.key
    names.priorities[key] = "HIGH"
    raised = Event(Instant(0.0), EventKind.ALARM_RAISED, key, Cause(Why.OWN_FAULT))
    assert fields_of(raised, names)["PRIORITY"] == "2"


def test_nobody_writes_a_field_of_his_own_into_the_journal(run_dir: Path):
    # given a person whose reason has a line break in it
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(str(run_dir / "journal"))
        forged = Event(Instant(0.0), EventKind.REQUEST, "x", Cause(Why.OVERRIDE, {"reason": "leaks\nPRIORITY=0"}))
        # when it is written
        writer(run_dir / "journal")(fields_of(forged, Names()))
        # then it is still one field
        told = read(journal.recv(4096))
    assert told["HEMS_REASON"] == "leaks PRIORITY=0"
    assert told["PRIORITY"] == "5"


def test_without_a_journal_each_event_is_a_line_of_json(run_dir: Path, capsys: pytest.CaptureFixture[str]):
    writer(run_dir / "none")(fields_of(SHED, Names()))
    assert json.loads(capsys.readouterr().out)["HEMS_SUBJECT"] == "circuits/laundry/closed"
