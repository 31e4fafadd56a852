"""In German nothing is left in English: every screen, its help, every report and every sheet is rendered, and read."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from textual.geometry import Size

from hems.app import installed_drivers
from hems.commission.stages import Stage, steps_of
from hems.config.load import load
from hems.model.cause import Why
from hems.model.consequence import Weight
from hems.model.event import EventKind
from hems.model.instant import Instant
from hems.model.site import Tier
from hems.model.units import CircuitId
from hems.report.after import after_outage
from hems.report.cars import statement
from hems.report.drills import Drill, drill_sheet
from hems.report.monthly import monthly
from hems.report.panel_card import panel_card, products_of
from hems.report.past import chosen, curves_of, month, on_the_wall, outages
from hems.report.rehearsal import rehearsal_lines
from hems.report.sheet import Sheet, as_html
from hems.report.sign_off import sign_off
from hems.report.wiring_sheet import wiring_sheet
from hems.tui.format import text_of
from hems.tui.screens.help import HelpScreen
from hems.tui.text.calls import call_lines
from hems.tui.text.settings import car_lines, found_lines, group_list, site_lines, step_list
from hems.tui.text.tenants import tenant_lines
from hems.tui.view import View
from hems.wording.language import use
from tests.given import flats
from tests.pictures import normal_day
from tests.report.given import event
from tests.report.test_after import recorded
from tests.report.test_cars import LEDGERS
from tests.report.test_cars import SITE as LENDING
from tests.report.test_panel_card import EXAMPLES
from tests.tui.states import STATES, troubled
from tests.tui.test_screens import SCREENS, everything, site_file, written

SIZE = Size(120, 40)
ENGLISH = re.compile(
    r"(?<!/)\b(the|and|of|is|are|not|with|when|for|from|it|its|to|by|has|have|that|this|what|been|were)\b", re.I
)
"""Small words without which no English sentence goes, and that are no German ones."""
SAID = {
    "HEMS does not run here: nothing answers at /run/hems/view.sock.",
    "fire brigade asks for it",
    "no answer in 0.5 s",
    "battery is warm",
    "Backup box 3 x 80 A of the hybrid inverter, certificate as on its label",
    "Listed 200 A transfer switch, make and certificate as on its label",
}
"""What people and devices say is in their own words."""


NOW = Instant(0.0, datetime(2026, 11, 3, 8, 0, tzinfo=UTC))
REHEARSAL = {"off": [], "at": "2026-11-20T14:32:05+00:00", "mode": "islanded", "before_pu": 1.2, "after_pu": 0.8}
DRILLS = (
    Drill(number=1, at=NOW, who="", found=REHEARSAL),
    Drill(number=2, at=Instant(0.0), who="ann", found=None),
    Drill(number=3, at=NOW, who="ann", found=None, ends=event(9.0, EventKind.REQUEST, "drill", Why.DRILL_ABORTED)),
    Drill(number=4, at=NOW, who="ann", found=None, ends=event(9.0, EventKind.REQUEST, "drill", Why.ORDER_ENDED)),
)


@pytest.fixture(autouse=True)
def _german(monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.delenv("LANGUAGE", raising=False)
    use("de")
    yield
    use("")


def english(text: str) -> list[str]:
    """The lines that somebody has forgotten to translate."""
    for words in SAID:
        text = text.replace(words, "")
    return [line for line in text.splitlines() if ENGLISH.search(line)]


def read(paper: Sheet) -> str:
    """All its words."""
    return re.sub(r"<(style|svg).*?</\1>|<[^>]*>", "\n", as_html(paper), flags=re.S)


def on_the_door(name: str) -> Sheet:
    """The card for the panel door."""
    drivers = installed_drivers()
    file = load(EXAMPLES / f"{name}.toml", drivers)
    return panel_card(file, products_of(file, drivers))


def for_the_electrician(name: str) -> Sheet:
    """The wiring, without what a maker's own menus say in English."""
    drivers = installed_drivers()
    file = load(EXAMPLES / f"{name}.toml", drivers)
    return wiring_sheet(file, {key: replace(one, page={}) for key, one in products_of(file, drivers).items()})


@pytest.mark.parametrize("state", STATES)
def test_no_screen_has_english_in_it(state: str) -> None:
    assert english(everything(STATES[state], SIZE)) == []


def test_no_help_has_english_in_it() -> None:
    for name, made in SCREENS.items():
        assert english(written(HelpScreen(made().ABOUT), View(picture=normal_day()), SIZE)) == [], name


def test_the_installers_pages_have_no_english_in_them() -> None:
    file, picture = site_file(), normal_day()
    proofs = {"steps": [{"step": "circuits/gym/closed", "state": "changed", "proof": None}]}
    pages = [
        *site_lines(file.site, file.wiring, file.digest, picture),
        *car_lines(file.site, picture),
        *found_lines((), ""),
    ]
    for stage in (Stage.READINGS, Stage.RELAYS):
        for step in steps_of(stage, file.site, file.wiring):
            listed = step_list(steps_of(stage, file.site, file.wiring), proofs, step.id, SIZE.width)
            pages += [text_of(row) for row in (*listed.details, *(item.line for item in listed.items))]
    for tier in Tier:
        heavy = Weight(
            circuit=CircuitId("gym"), name="Gym", tier=tier, draws_w=900.0, served_h=9.0, left_h=10.0, cost_h=1.0
        )
        pages += [text_of(row) for row in group_list((heavy,), "gym", SIZE.width, "").details]
    assert english("\n".join(pages)) == []


def test_no_report_and_no_sheet_has_english_in_it(tmp_path: Path) -> None:
    raised = event(960.0, EventKind.ALARM_RAISED, "device/plug", Why.DEVICE_SILENT, device="plug", detail="")
    directory, site = recorded(tmp_path, raised), flats()
    events, curves = on_the_wall(directory), curves_of(directory)
    begins = datetime(2026, 11, 1, tzinfo=UTC)
    proofs = {"steps": [], "missing": {"plug": ["circuits/gym/closed"]}, "unproven": {"plug": "Test"}}
    papers = [
        after_outage(site, chosen(outages(events), 0), curves, UTC),
        monthly(site, begins, month(events, begins), outages(events), curves),
        statement(LENDING, LEDGERS, "2026-11"),
        sign_off(site, proofs, "0123"),
        *(on_the_door(name) for name in ("apartments", "home")),
        *(for_the_electrician(name) for name in ("apartments", "home")),
        *(drill_sheet(site, one, curves, UTC) for one in DRILLS),
    ]
    assert [line for paper in papers for line in english(read(paper))] == []


def test_what_tenants_and_helpers_are_told_is_german() -> None:
    told = [*call_lines(troubled().contacts), *rehearsal_lines(REHEARSAL, {})]
    assert english("\n".join(told)) == []
    assert any("MIETER" in line.upper() for line in tenant_lines(troubled()))
