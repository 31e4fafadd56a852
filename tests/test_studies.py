"""The site studies that are shipped come to what their page says, and so does the simulated year."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands.test_simulate import run

STUDIES = Path(__file__).parents[1] / "examples" / "studies"


def worth(where: Path, site: str, *words: object) -> dict[str, Any]:
    """What a study came to."""
    assert run(STUDIES / f"{site}.toml", *words, "--out", where) == 0
    found: dict[str, Any] = json.loads((where / "results.json").read_text(encoding="utf-8"))["worth"]
    return found


def test_five_cars_take_what_the_sun_gives_beyond_the_building(tmp_path: Path):
    # given two days of June in which five cars come with a little room in their batteries
    found = worth(
        tmp_path, "solar-surplus", "--days", 2, "--begins", "06-01", "--evs", STUDIES / "solar-cars.csv"
    )  # fmt: skip
    # then each stores what the study has: 5 to 8 kWh a day
    assert 5.0 <= found["cars_from_surplus_kwh"]["hems"] / 10.0 <= 8.0
    assert found["cars_ready"] == found["cars_left"] == 10


@pytest.mark.soak
def test_two_cars_give_ten_kilowatt_hours_each_in_a_power_cut_of_four_hours(tmp_path: Path):
    tables = ("--evs", STUDIES / "outage-cars.csv", "--grid", STUDIES / "outage-grid.csv")
    found = worth(tmp_path, "communal-kitchen", "--days", 5, *tables)
    assert all(found["hems"]["given_kwh"][bay] == pytest.approx(11.0, abs=2.0) for bay in ("bay_1", "bay_2"))
    (cut,) = found["outages"]
    assert cut["priority_served"] == 1.0
    assert cut["essential_served"] > cut["essential_served_full_battery"]


@pytest.mark.soak
def test_cars_are_moved_out_of_the_evening_and_give_in_peak_events(tmp_path: Path):
    evening = worth(tmp_path / "a", "evening-peak", "--days", 14, "--begins", "01-12", "--drives", 7)
    assert evening["moved_kwh"] / 20 / 14 > 2.0
    assert evening["cars_ready"] == evening["cars_left"]
    events = worth(tmp_path / "b", "peak-events", "--days", 14, "--begins", "01-12", "--drives", 7)
    assert sum(events["hems"]["given_kwh"].values()) > 0.0
    assert events["hems"]["peak_kw"] < 52.5 < events["baseline"]["peak_kw"]


@pytest.mark.soak
def test_a_year_with_thirty_power_cuts_saves_money_and_serves_each_as_well_as_a_full_battery(tmp_path: Path):
    # given drivers who tell nothing
    found = worth(tmp_path, "communal-kitchen", "--days", 365, "--outages", 30, "--drives", 12)
    assert len(found["outages"]) == 30
    assert found["outages_served_as_well"] == 30
    assert all(cut["essential_served"] >= cut["essential_served_full_battery"] - 0.005 for cut in found["outages"])
    assert found["saved"] > 0.0
    assert found["reserve_kept"]
    assert found["cars_ready"] >= 0.99 * found["cars_left"]
