"""The card for the panel door, from the shipped sites."""

from pathlib import Path

import pytest

from hems.app import installed_drivers
from hems.cli import main
from hems.config.load import load
from hems.report.panel_card import panel_card, products_of
from hems.report.sheet import Sheet, as_html, as_text

EXAMPLES = Path(__file__).parents[2] / "examples"


def card(name: str) -> str:
    return as_text(sheet(name))


def sheet(name: str) -> Sheet:
    drivers = installed_drivers()
    file = load(EXAMPLES / f"{name}.toml", drivers)
    return panel_card(file, products_of(file, drivers))


def test_hand_switches_stand_in_the_order_in_which_hems_itself_would_go():
    rows = [line for line in card("apartments").splitlines() if line[:1].isdigit()]
    assert [line[5:22].strip() for line in rows[:3]] == ["Hot water", "Gym", "Laundry"]
    assert rows[-1][5:22].strip() == "Medical sockets"
    assert "50%" in rows[1]
    assert "at once" in rows[0]


def test_what_nobody_switches_is_not_in_the_list_and_says_why():
    text = card("apartments")
    switched, _, never = text.partition("Never switched off")
    for name in ("Lift", "Emergency lighting", "Fire panel", "Network room"):
        assert f" {name} " not in switched
        assert name in never
    assert "Do not open the panel." in text


def test_where_one_car_powers_all_it_is_written_large():
    assert "DO NOT UNPLUG THE CAR AT" in card("home")


@pytest.mark.parametrize("name", ["apartments", "home"])
def test_it_is_printed_as_text_or_written_for_a_browser(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    words = ["checklist", "--site", str(EXAMPLES / f"{name}.toml")]
    assert main(words) == 0
    assert capsys.readouterr().out.startswith("Power cut: ")
    assert main([*words, "--html", str(tmp_path / "card.html")]) == 0
    assert "http" not in (tmp_path / "card.html").read_text()
    assert as_html(sheet(name)).startswith("<!DOCTYPE html>")
