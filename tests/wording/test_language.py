"""The reader's language: every message is translated, with the same facts, and the screens hold it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hems.app import installed_drivers
from hems.cli import main
from hems.config.load import load
from hems.model.cause import Cause, Why
from hems.tui.format import text_of
from hems.tui.plain import lines
from hems.tui.text.banner import banner
from hems.tui.text.outage import outage
from hems.tui.text.overview import overview
from hems.tui.view import View
from hems.wording import sentence
from hems.wording.language import catalogue, use
from tests.pictures import grid_returning, home, normal_day, power_cut, unknown
from tests.wording.catalogue import LOCALE, compiled, messages, placeholders, read

CATALOGUES = sorted(LOCALE.glob("*/LC_MESSAGES/hems.po"))


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "de")
    catalogue.cache_clear()


@pytest.fixture(autouse=True)
def _as_before() -> object:
    yield
    catalogue.cache_clear()


@pytest.mark.parametrize("po", CATALOGUES, ids=lambda po: po.parts[-3])
def test_every_message_is_translated_and_none_is_left_over(po: Path) -> None:
    told = read(po)

    assert [message for message in messages() if not told.get(message)] == [], "python tests/wording/catalogue.py"
    assert set(told) == set(messages()), "python tests/wording/catalogue.py"


@pytest.mark.parametrize("po", CATALOGUES, ids=lambda po: po.parts[-3])
def test_a_translation_has_the_same_facts_as_its_message(po: Path) -> None:
    assert {key for key, value in read(po).items() if placeholders(key) != placeholders(value)} == set()


@pytest.mark.parametrize("po", CATALOGUES, ids=lambda po: po.parts[-3])
def test_what_the_program_reads_is_what_people_translate(po: Path) -> None:
    up_to_date = po.with_suffix(".mo").read_bytes() == compiled(read(po))  # to tell how they differ takes minutes
    assert up_to_date, "python tests/wording/catalogue.py"


@pytest.mark.usefixtures("german")
def test_a_german_reader_reads_german() -> None:
    assert sentence(Cause(Why.TIE_OPENED)).startswith("STROMAUSFALL: der Schalter zum Netz ist offen.")
    assert text_of(banner(View(picture=power_cut()), 80)).startswith("!STROMAUSFALL seit 13:07 (1 h 25 min)")
    told = "\n".join(text_of(line) for line in outage(power_cut(), 80, 20))
    assert "WICHTIGER STROM REICHT BIS ETWA   SA 04:30" in told
    assert "Unverzichtbar         3 Kreise" in told


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize("picture", [normal_day(), power_cut(), grid_returning(), unknown(), home()])
@pytest.mark.parametrize(("width", "height"), [(80, 20), (120, 36)])
def test_german_screens_fit_their_place(picture: object, width: int, height: int) -> None:
    for body in (overview, outage):
        rows = body(picture, width, height)  # type: ignore[arg-type]
        assert sum(bool(text_of(line).strip()) for line in rows) <= height
        assert [text_of(line) for line in rows if len(text_of(line).rstrip()) > width] == []
    assert all(len(line) <= 80 for line in lines(picture))  # type: ignore[arg-type]


@pytest.mark.usefixtures("german")
def test_no_column_of_a_wide_window_has_an_english_name() -> None:
    shown = "\n".join(text_of(line) for body in (overview, outage) for line in body(power_cut(), 200, 50))
    assert "STROMKREIS" in shown
    assert re.findall(r"\b(CIRCUIT|NOW|STATE|BAY|CHARGE|KEEPS|DOES|DEVICE|LINK)\b", shown) == []


def test_a_language_that_nobody_has_translated_is_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "tlh")
    catalogue.cache_clear()
    assert sentence(Cause(Why.GRID_GOOD)) == "The grid is good again."


def test_a_command_speaks_the_language_it_is_told_to(checkout: Path) -> None:
    program = (
        "import sys; from hems.cli import main; from hems.wording.language import translated; "
        "code = main(['--lang', 'de', 'config', 'schema']); sys.stderr.write(translated('blackout'))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=checkout, check=True, capture_output=True, text=True)
    assert done.stderr == "dunkel"


def test_the_building_has_a_language_of_its_own_unless_the_reader_asks_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    monkeypatch.delenv("LANGUAGE", raising=False)
    try:
        use("de")
        assert text_of(banner(View(picture=power_cut()), 80)).startswith("!STROMAUSFALL")
        monkeypatch.setenv("LANGUAGE", "en")
        use("de")
        assert text_of(banner(View(picture=power_cut()), 80)).startswith("!POWER CUT")
    finally:
        use("")


def test_the_site_file_says_which(tmp_path: Path, checkout: Path) -> None:
    site = tmp_path / "site.toml"
    text = (checkout / "examples" / "home.toml").read_text(encoding="utf-8")
    site.write_text(text.replace("[settings]", '[settings]\nlanguage = "de"'), encoding="utf-8")

    assert load(site, installed_drivers()).site.language == "de"


@pytest.mark.parametrize(
    "words", ["--lang de replay --site {site}", "replay --lang de --site {site}", "replay --site {site} --lang=de"]
)
def test_the_language_may_be_asked_for_before_and_behind_a_command(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGUAGE", "en")  # given back afterwards
    main(words.format(site=tmp_path / "none.toml").split())
    assert os.environ["LANGUAGE"] == "de"
