"""The wiring sheet: what an electrician ticks off is what the site file says, and the HTML stands on its own."""

from html.parser import HTMLParser
from pathlib import Path

import pytest

from hems.app import installed_drivers
from hems.cli import main
from hems.config.load import load
from hems.report.sheet import as_html, as_text
from hems.report.wiring_sheet import wiring_sheet

EXAMPLES = Path(__file__).parents[2] / "examples"


def sheet_of(file: Path):
    drivers = installed_drivers()
    products = {product.id: product for name in ("modbus", "sunspec", "mqtt") for product in drivers[name].products()}
    return wiring_sheet(load(file, drivers), products)


def rows_of(file: Path, heading: str) -> dict[str, dict[str, str]]:
    section = next(one for one in sheet_of(file).sections if one.heading.startswith(heading))
    return {row[0]: dict(zip(section.columns, row, strict=True)) for row in section.rows}


def test_each_circuit_has_its_relay_and_what_may_be_done_with_it():
    circuits = rows_of(EXAMPLES / "apartments.toml", "Circuits")
    assert circuits["Communal kitchen"]["Relay"] == "relays/coil_3"
    assert circuits["Communal kitchen"]["Phases"] == "L1 L2 L3"
    assert circuits["Laundry"]["Own meter"] == "laundry_plug/power_w"
    assert circuits["Lift"]["HEMS"] == "never: life safety, locked"
    assert circuits["Network room"]["HEMS"] == "never: protected"
    # a hand switch and a proof are asked for where something is switched, and nowhere else
    assert {name for name, row in circuits.items() if row["H-O-A"] == "[ ]"} == {
        name for name, row in circuits.items() if row["Relay"] != "-"
    }


def test_what_falls_out_by_itself_is_listed(tmp_path: Path):
    file = tmp_path / "site.toml"
    text = (EXAMPLES / "apartments.toml").read_text(encoding="utf-8")
    file.write_text(text.replace("[circuits.gym]", "[circuits.gym]\nlayer_0 = true"), encoding="utf-8")
    assert list(rows_of(file, "Layer 0")) == ["Gym"]
    assert rows_of(file, "Circuits")["Gym"]["HEMS"] == "switches it; layer 0"
    assert list(rows_of(EXAMPLES / "garage.toml", "Layer 0")) == [f"Bay {number}" for number in range(1, 6)]


def test_the_certified_disconnect_device_is_named_or_missed_in_capitals(tmp_path: Path):
    file = tmp_path / "site.toml"
    text = (EXAMPLES / "apartments.toml").read_text(encoding="utf-8")
    assert "(MID): Backup box 3 x 80 A" in as_text(sheet_of(EXAMPLES / "apartments.toml"))
    file.write_text("".join(line for line in text.splitlines(True) if not line.startswith("listing")), encoding="utf-8")
    assert "NO CERTIFIED DISCONNECT DEVICE (MID) IS DECLARED" in as_text(sheet_of(file))


def test_what_must_be_set_on_a_device_comes_from_its_profile():
    text = as_text(sheet_of(EXAMPLES / "apartments.toml"))
    assert "To set on laundry_plug, gym_plug, hot_water_plug: Shelly" in text
    assert "[ ] Set the power-on state to restore last" in text
    assert rows_of(EXAMPLES / "apartments.toml", "Devices")["relays"]["Without HEMS"]


class Seen(HTMLParser):
    """Which tags are open at the end, and everything that points outside."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta",):
            self.open.append(tag)
        self.outside += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", ["apartments", "home"])
def test_the_html_is_whole_and_needs_nothing_from_outside(name: str):
    seen = Seen()
    html = as_html(sheet_of(EXAMPLES / f"{name}.toml"))
    seen.feed(html)
    assert (seen.open, seen.outside) == ([], [])
    assert "http" not in html


def test_names_cannot_put_anything_into_the_page(tmp_path: Path):
    file = tmp_path / "site.toml"
    text = (EXAMPLES / "apartments.toml").read_text(encoding="utf-8")
    file.write_text(text.replace('name = "Gym"', 'name = "<script>alert(1)</script>"'), encoding="utf-8")
    assert "<script>" not in as_html(sheet_of(file))


def test_the_command_prints_or_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    words = ["checklist", "--wiring", "--site", str(EXAMPLES / "home.toml")]
    assert main(words) == 0
    assert capsys.readouterr().out.startswith("Wiring of ")
    assert main([*words, "--html", str(tmp_path / "sheet.html")]) == 0
    assert (tmp_path / "sheet.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    capsys.readouterr()
    assert main([*words, "--html", str(tmp_path / "no" / "sheet.html")]) == 1
    assert capsys.readouterr().err.endswith("Name another file.\n")
