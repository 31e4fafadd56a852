"""What is told after a power cut and of a month, from what a daemon has recorded."""

import argparse
import json
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hems.cli import main
from hems.commands.report import COMMAND
from hems.model.cause import Why
from hems.model.errors import HemsError
from hems.model.event import Event, EventKind
from hems.model.instant import Instant
from hems.model.mode import Mode
from hems.model.site import Site
from hems.report.after import after_outage, unserved_wh
from hems.report.course import course_of
from hems.report.figure import Line, svg
from hems.report.monthly import monthly
from hems.report.past import chosen, curves_of, month, on_the_wall, outages
from hems.report.sheet import as_html, as_text
from hems.store.store import Store
from tests.given import flats
from tests.report.given import BEGAN, T0, evening, event, mode


@pytest.fixture
def site() -> Site:
    return flats()


UP_S = 100_000.0
"""For how long the machine was up when the grid failed."""
SITE = Path(__file__).parents[2] / "examples" / "apartments.toml"


def recorded(directory: Path, *more: Event) -> Path:
    """An evening's outage, with a day of a laundry that draws 2 kW before it and an emptying battery in it."""
    store = Store(directory, boot_id="boot")
    store.start(at(-86_400.0))
    for minute in range(-24 * 60, 90):
        values = {"circuits/laundry/power_w": 2000.0, "load_w": 6000.0, "cars_w": -3300.0}
        values |= {"battery_soc_pct": 90.0 - max(0, minute) / 3.0}
        store.record_samples(at(60.0 * minute), values)
    events = [replace(one, at=Instant(one.at.mono_s - T0 + UP_S, one.at.utc)) for one in (*evening(), *more)]
    store.record_events(sorted(events, key=lambda one: one.at.mono_s))
    assert store.stop(timeout_s=120.0)  # a busy machine takes a while to make the file
    return directory


def at(after_s: float) -> Instant:
    return Instant(UP_S + after_s, BEGAN + timedelta(seconds=after_s))


def text_of(site: Site, directory: Path) -> str:
    events = on_the_wall(directory)
    return as_text(after_outage(site, chosen(outages(events), 0), curves_of(directory), UTC))


def section(text: str, heading: str) -> str:
    return text.split(f"\n{heading}\n")[1].split("\n\n")[0]


def later(one: Event, seconds: float) -> Event:
    utc = one.at.utc
    assert utc is not None
    return replace(one, at=Instant(one.at.mono_s + seconds, utc + timedelta(seconds=seconds)))


def test_every_outage_is_found_with_its_number_begin_and_end(tmp_path: Path):
    again = [later(one, 9000.0) for one in evening()]
    cuts = outages(on_the_wall(recorded(tmp_path, *again[1:])))
    lasted = [(cut.number, round(cut.end.since_s(cut.start.mono_s))) for cut in cuts if cut.end]
    assert lasted == [(1, 5080), (2, 5080)]


def test_what_was_not_served_is_what_a_circuit_usually_draws_for_as_long_as_it_was_off(site: Site, tmp_path: Path):
    events = on_the_wall(recorded(tmp_path))
    [cut] = outages(events)
    course = course_of(cut.events)
    assert course is not None
    assert cut.end is not None
    found = unserved_wh(site, course, curves_of(tmp_path), cut.end.mono_s)
    # the laundry was off from 0.1 s to 5150 s at 2 kW; of the hot water nothing was recorded: its typical power counts
    assert found["laundry"] == pytest.approx(2000.0 * 5149.9 / 3600.0, rel=0.01)
    typical_w = next(one.typical_w for one in site.circuits if one.id == "hot_water")
    assert found["hot_water"] == pytest.approx(typical_w * 5159.9 / 3600.0, rel=0.01)


def test_the_report_says_what_happened_with_evidence_causes_curves_and_who_did_what(site: Site, tmp_path: Path):
    text = text_of(
        site,
        recorded(
            tmp_path,
            event(900.0, EventKind.REQUEST, "circuits/laundry", Why.OVERRIDE, who="Ana", want="on", reason="a newborn"),
            event(950.0, EventKind.OUTCOME, "circuits/gym/closed", Why.WRITE_FAILED, detail="no answer"),
            event(960.0, EventKind.ALARM_RAISED, "device/plug", Why.DEVICE_SILENT, device="plug", detail="no answer"),
        ),
    )
    assert "it lasted 1 h " in text
    assert "auxiliary contacts: open" in section(text, "Timeline, with the evidence")
    assert "Laundry" in section(text, "What was switched off, and why")
    assert "90%" in section(text, "Stored energy and power")
    assert "-3.3 kW" in section(text, "Stored energy and power")  # of cars that charge
    assert "Ana" in section(text, "What people asked for")
    assert "Gym" in section(text, "Commands that failed")
    assert "lug does not answer" in section(text, "Alarms")
    better = " ".join(section(text, "What to improve").split())
    assert "These devices fell silent: plug." in better
    assert "Commands failed, see below." in better


def test_circuits_of_one_group_are_compared(site: Site, tmp_path: Path):
    fair = section(text_of(site, recorded(tmp_path)), "Fairness within each group")
    assert re.search(r"Non-essential\s+\S+, 0 s\s+Laundry, 1 h 25 min", fair), fair


def test_an_outage_in_which_nothing_went_wrong_asks_for_nothing(site: Site, tmp_path: Path):
    assert "Nothing: all went as it should." in section(text_of(site, recorded(tmp_path)), "What to improve")


def test_the_html_is_whole_and_needs_nothing_from_outside(site: Site, tmp_path: Path):
    events = on_the_wall(recorded(tmp_path))
    page = as_html(after_outage(site, chosen(outages(events), 1), curves_of(tmp_path), UTC))
    assert page.count("<svg") == 2
    assert "http" not in page
    for picture in re.findall(r"<svg.*?</svg>", page):
        ElementTree.fromstring(picture)


@pytest.mark.parametrize("names", [("with HEMS", "without"), ("charged by the cars of the building",) * 5])
def test_no_entry_of_a_legend_stands_on_another_or_on_the_plot(names: tuple[str, ...]):
    # given letters of seven units each, wider than any that are drawn at this size
    picture = ElementTree.fromstring(svg([Line(name, [0.0, 5.0]) for name in names], unit="kWh an hour", times="ab"))
    texts = [one for one in picture.iter("text") if one.text in (*names, "kWh an hour")]
    boxes = [(float(one.get("x", 0)), float(one.get("y", 0)), 7.0 * len(one.text or "")) for one in texts]
    # then none reaches into another of its row, the next one's stroke, out of the picture or below the highest curve
    for one, (x, y, wide) in enumerate(boxes):
        assert x + wide <= 900.0
        assert y <= 22.0 - 4.0
        assert all(x + wide + 35.0 <= later for later, at, _ in boxes[one + 1 :] if at == y)
    assert len({(x, y) for x, y, _ in boxes}) == len(names) + 1
    # and the first row is inside the picture
    assert min(y for _, y, _ in boxes) >= float(picture.get("viewBox", "").split()[1]) + 11.0


def test_a_gap_in_what_is_known_stays_a_gap():
    assert svg([Line("Stored", [1.0, 2.0, None, 3.0, 4.0])], unit="%", times=["a", "b"]).count("<polyline") == 2
    assert svg([Line("Stored", [None, None])], unit="%", times=["a", "b"]) == ""


def test_a_month_counts_power_cuts_alarms_and_energy(site: Site, tmp_path: Path):
    begins = datetime(2026, 11, 1, tzinfo=UTC)
    raised = event(960.0, EventKind.ALARM_RAISED, "device/plug", Why.DEVICE_SILENT, device="plug", detail="no answer")
    directory = recorded(tmp_path, raised)
    events = month(on_the_wall(directory), begins)
    text = as_text(monthly(site, begins, events, outages(events), curves_of(directory)))
    assert "Power cuts: 1. Alarms: 1." in text
    assert "hems report outage 1" in section(text, "Power cuts")
    assert "144 kWh" in section(text, "Energy") or "kWh" in section(text, "Energy")
    assert monthly(site, begins, [], [], curves_of(directory)).sections[0].words == (
        "Nothing: no power cut, and nothing asked for somebody.",
    )


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    parser = argparse.ArgumentParser()
    COMMAND.add_arguments(parser)
    assert COMMAND.run(parser.parse_args(words)) == 0
    return capsys.readouterr().out


def test_the_command_lists_tells_and_refuses_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    recorded(tmp_path)
    there = ["--site", str(SITE), "--state-dir", str(tmp_path)]
    assert told(capsys, "outages", *there).startswith("1: began 2026-11-20 ")
    assert json.loads(told(capsys, "outages", "--json", *there))[0]["number"] == 1
    told(capsys, "outage", "1", *there, "--html", str(tmp_path / "report.html"))
    assert (tmp_path / "report.html").read_text().startswith("<!DOCTYPE html>")
    assert "in November 2026" in told(capsys, "month", "2026-11", *there)
    assert "in November 2026" in told(capsys, "month", *there)
    for words, says in (
        (["outage", "7"], "There is no power cut 7; 1 were recorded."),
        (["outage", "x"], "x is not the number of a power cut"),
        (["month", "november"], "november is not a month; write for example 2026-11."),
    ):
        with pytest.raises(HemsError, match=says):
            told(capsys, *words, *there)


def test_a_month_of_a_building_that_has_recorded_nothing_is_no_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    store = Store(tmp_path, boot_id="boot")
    store.start(at(0.0))
    assert store.stop(timeout_s=120.0)
    said = told(capsys, "month", "--site", str(SITE), "--state-dir", str(tmp_path))
    assert said == "Nothing has been recorded yet.\n"


def test_an_outage_that_still_lasts_is_told_so_far(site: Site, tmp_path: Path):
    store = Store(tmp_path, boot_id="boot")
    store.start(at(0.0))
    store.record_events(
        [mode(0.0, Mode.ISLANDED_STABILIZING, Why.TIE_OPENED), mode(10.0, Mode.ISLANDED, Why.ISLAND_STABLE)]
    )
    store.stop()
    assert "still lasting" in text_of(site, tmp_path)


def test_a_power_cut_without_a_clock_is_not_passed_over_in_silence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # given a gateway without a clock of its own, in a network that leads nowhere
    store = Store(tmp_path, boot_id="boot")
    store.start(Instant(UP_S, None))
    store.record_events([replace(one, at=Instant(one.at.mono_s - T0 + UP_S, None)) for one in evening()])
    assert store.stop(timeout_s=120.0)
    # when somebody asks for reports, then that there was one is said, and where it stands
    assert main(["report", "outages", "--site", str(SITE), "--state-dir", str(tmp_path)]) == 0
    assert "There was a power cut while nobody knew the time of day" in capsys.readouterr().err
    # and nothing of the kind where every cut has its time
    (known := tmp_path / "known").mkdir()
    recorded(known)
    assert main(["report", "outages", "--site", str(SITE), "--state-dir", str(known)]) == 0
    assert capsys.readouterr().err == ""
