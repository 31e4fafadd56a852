"""In German no command answers in English: each is run against a desk that answers, and its output is read."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hems.cli import main
from hems.model.cause import Why
from hems.model.codec import to_plain
from hems.model.consequence import Consequence
from hems.model.event import EventKind
from hems.model.people import PersonRole
from hems.model.request import Want
from hems.wording.language import use
from tests.desk import HandMadeDesk, serving
from tests.report.given import event, seen
from tests.tui.states import troubled
from tests.tui.test_orders import weighed
from tests.wording.test_german import REHEARSAL, english

CONTACTS = {"axis": "tie", "name": "auxiliary contacts", "says": "open", "age_s": 1.0}
STREET = {"axis": "grid", "name": "straße", "says": "out of window", "age_s": 1.0}
WHY = {
    "mode": "islanded",
    "mode_because": {"why": "tie_opened", "facts": {}},
    "mode_for_s": 60.0,
    "grid": "dead",
    "tie": "open",
    "bus": "live",
    "witnesses": [CONTACTS, STREET, {**STREET, "says": "bad", "age_s": None}],
}
PEOPLE = [{"name": "Ana", "role": "operator"}, {"name": "Kim", "role": "engineer"}, {"name": "bay/b", "role": "driver"}]
LOG = [
    to_plain(event(0.0, EventKind.MODE, "mode", Why.TIE_OPENED)),
    to_plain(seen(1.0, "tie", "open", "closed", "auxiliary contacts: open; grid flag: on the grid")),
]
TOLD = Consequence(
    circuit="laundry",
    name="Laundry",
    want=Want.ON,
    duration_s=3600.0,
    longest_s=28800.0,
    draws_w=900.0,
    on_island=True,
    room_w=2000.0,
    waits=True,
    essential_now_h=14.0,
    essential_then_h=13.0,
    floor_pct=5.0,
)
COMMANDS = (
    "status",
    "why",
    "circuits",
    "circuits nobody",
    "cars",
    "cars nobody",
    "cars --bay b --leaving",
    "cars --bay b --never",
    "cars --never",
    "cars --bay b",
    "alarms",
    "alarms nobody",
    "alarms --seen mode",
    "alarms --aside mode --reason quiet",
    "alarms --back mode",
    "alarms --seen mode --back mode",
    "log",
    "override laundry on --reason washing --consider",
    "override laundry on --reason washing",
    "override laundry auto",
    "override laundry on --for soon",
    "acknowledge",
    "drill rehearse",
    "drill begin",
    "drill end",
    *(
        f"{order} {verb}"
        for order in ("maintenance", "island", "evacuate", "storm", "hold")
        for verb in ("begin", "end")
    ),
    "estimate begin --for 2h",
    "storm begin --for 2h --consider",
    "grid present --consider",
    "estimate end",
    "fire over",
    "grid lost",
    "grid present",
    "grid auto",
    "person list",
    "person remove Ana",
    "person add",
    "forget b",
    "forget b --yes",
)


class Desk(HandMadeDesk):
    """Of a German building; knows an answer to everything."""

    language = "de"

    async def request(self, name: str, args: Mapping[str, Any], *, role: PersonRole, peer: str) -> Mapping[str, Any]:
        if name == "consider":
            return weighed(args) if "task" in args else {"consequence": to_plain(TOLD), "confirm": "laundry-1"}
        answer = {"circuit": "laundry", "duration_s": 3600.0, "people": PEOPLE, "rehearsal": REHEARSAL, "events": LOG}
        return WHY if name == "why" else answer


@pytest.fixture(autouse=True)
def _nobodys_language(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    use("")
    yield
    use("")


async def test_every_command_answers_in_the_buildings_language(
    run_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with serving(run_dir, Desk(replace(troubled(), language="de"))):
        found = {}
        await asyncio.to_thread(main, ["hold", "end", "--run-dir", str(run_dir)])
        for words in COMMANDS:
            await asyncio.to_thread(main, [*words.split(), "--run-dir", str(run_dir)])
            told = capsys.readouterr()
            assert told.out or told.err, words
            if left := english(told.out + told.err):
                found[words] = left
    assert found == {}
