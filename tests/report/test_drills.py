"""A drill leaves a dated report: rehearsed or in earnest it is kept, listed, and read as text or in a browser."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hems.control.drill import rehearse
from hems.control.measure import Measure
from hems.model.codec import to_plain
from hems.model.errors import HemsError
from hems.model.event import Event, EventKind
from hems.model.instant import Instant
from hems.model.request import Order, Task
from hems.model.units import DAY_S
from hems.report.drills import drills
from hems.report.past import on_the_wall, outages
from hems.report.rehearsal import rehearsal_lines
from hems.store.store import Store
from tests.control.panel import on_the_grid, readings
from tests.control.test_drill import practisable
from tests.given import building, order
from tests.report.test_after import told

SITE = Path(__file__).parents[2] / "examples" / "apartments.toml"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def kept(directory: Path, *events: Event) -> list[str]:
    """These events as a daemon records them, and where the command finds them."""
    store = Store(directory, boot_id="boot")
    store.start(Instant(0.0, NOW))
    store.record_events(list(events))
    store.stop()
    return ["--site", str(SITE), "--state-dir", str(directory)]


def on_date(event: Event) -> Event:
    return replace(event, at=Instant(event.at.mono_s, datetime.fromtimestamp(NOW.timestamp() + event.at.mono_s, UTC)))


def rehearsed() -> list[Event]:
    """A rehearsal as the desk asks for it to be remembered, and what the tick tells of it."""
    made = on_the_grid()
    made.load = 1.1
    made.advance(5.0)
    seen = Measure(made.site).snapshot(readings(made.values, made.now_s))
    found = rehearse(made.site, made.state, seen, made.params, Instant(made.now_s, NOW))
    asked = Order(
        task=Task.DRILL, begin=True, who="Ana", role="operator", rehearsed=True, found=json.dumps(to_plain(found))
    )
    made.ask(asked).advance(1.0)
    return [on_date(event) for _, step in made.steps for event in step.events if event.kind is EventKind.REQUEST]


def in_earnest() -> list[Event]:
    """A drill that leaves the grid for two minutes and comes back."""
    made = building(site=practisable(), load=0.6, battery_soc_pct=80.0)
    made.ask(order(Task.DRILL, duration_s=120.0)).advance(230.0)
    return [on_date(event) for event in made.events]


def test_a_rehearsal_is_kept_with_its_date_its_person_and_what_would_go_off(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = kept(tmp_path, *rehearsed())
    assert told(capsys, "drills", *there).startswith("1: 2026-03-01 12:")
    assert "Ana: rehearsed, nothing switched" in told(capsys, "drills", *there)
    text = " ".join(told(capsys, "drill", *there).split())
    assert "Drill 1 of Maple Court 12" in text
    assert "Hot water: " in text
    assert "Nothing was switched." in text
    told(capsys, "drill", "1", *there, "--html", str(tmp_path / "drill.html"))
    assert (tmp_path / "drill.html").read_text().startswith("<!DOCTYPE html>")


def test_a_drill_in_earnest_is_reported_as_the_power_cut_that_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = kept(tmp_path, *in_earnest())
    assert "in earnest, carried through" in told(capsys, "drills", *there)
    text = told(capsys, "drill", *there)
    assert "What was switched off, and why" in text
    assert "Timeline, with the evidence" in text
    assert json.loads(told(capsys, "drills", "--json", *there))[0]["number"] == 1


def test_they_are_counted_in_their_order_and_one_that_is_not_there_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = rehearsed()
    later = [replace(one, at=Instant(one.at.mono_s + DAY_S, one.at.utc)) for one in first]
    there = kept(tmp_path, *first, *later)
    events = on_the_wall(tmp_path)
    assert [one.number for one in drills(events, outages(events))] == [1, 2]
    with pytest.raises(HemsError, match="There is no drill 3; 2 were recorded"):
        told(capsys, "drill", "3", *there)


def test_without_any_drill_somebody_is_told_how_to_have_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "hems drill rehearse" in told(capsys, "drills", *kept(tmp_path))


@pytest.mark.parametrize(
    ("at", "expected"), [("2026-03-01T12:00:05.699394+00:00", r"Sun 1 Mar \d\d:\d\d"), ("", "date")]
)
def test_a_rehearsal_tells_its_time_as_a_clock_does(at: str, expected: str):
    found = {"off": [], "at": at, "mode": "islanded", "before_pu": 1.2, "after_pu": 0.8}
    assert re.match(rf"If the power failed now \({expected}", rehearsal_lines(found, {})[0])
