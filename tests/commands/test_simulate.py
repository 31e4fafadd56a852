"""`hems simulate`: a story or tables in, numbers, tables and a page out."""

import argparse
import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from hems.commands.simulate import COMMAND
from hems.model.errors import ConfigError
from hems.model.site import Tier
from hems.model.units import CircuitId
from hems.sim.survive import curve
from hems.sim.tally import CircuitTally, Tally, jain
from tests.given import circuit, flats

ROOT = Path(__file__).parents[2]
SITE = ROOT / "examples" / "apartments.toml"
LOADS = "time_s,lift,kitchen,freezers,hot_water\n0,500,3000,300,4000\n7200,500,2000,300,4000\n"
GRID = "time_s,on\n0,1\n600,0\n5400,1\n10800,1\n"
EVS = "time_s,bay,does,soc_pct,capacity_kwh\n60,bay_1,arrives,70,60\n4000,bay_1,leaves,,\n"


def run(*words: object) -> int:
    parser = argparse.ArgumentParser()
    COMMAND.add_arguments(parser)
    return COMMAND.run(parser.parse_args([str(word) for word in words]))


def table(where: Path, name: str, text: str) -> Path:
    path = where / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hours of tables with a power cut of eighty minutes in them."""
    where = tmp_path_factory.mktemp("simulated")
    tables = [
        word
        for name, text in (("loads", LOADS), ("grid", GRID), ("evs", EVS))
        for word in (f"--{name}", table(where, f"{name}.csv", text))
    ]
    assert run(SITE, *tables, "--starts", 1, "--lasts", 1.5, "--out", where / "out") == 0
    return where / "out"


def test_what_was_served_and_what_not_is_what_the_tables_say(made: Path):
    found = json.loads((made / "results.json").read_text(encoding="utf-8"))
    assert found["hours"] == 3.0
    # the lift is never without power, hot water is for the whole power cut and until the grid is trusted again
    assert found["tiers"]["life safety"]["served_kwh"] == pytest.approx(1.5, rel=0.01)
    assert found["tiers"]["life safety"]["unserved_kwh"] == 0.0
    assert found["tiers"]["flexible"]["unserved_kwh"] == pytest.approx(4.0 * 80.0 / 60.0, rel=0.1)
    # what it makes up for afterwards is served on top of what was wanted
    assert 12.0 <= sum(found["tiers"]["flexible"][key] for key in ("served_kwh", "unserved_kwh")) < 14.0
    assert found["relay_operations"]["hot_water"] == 2
    assert found["inverter_trips"] == 0
    assert found["cars_below_what_drivers_keep"] == []
    assert "bay_1" in found["cars_lowest_pct"]


def test_the_money_of_a_building_is_told_beside_the_same_one_without_hems(made: Path):
    found = json.loads((made / "results.json").read_text(encoding="utf-8"))["worth"]
    assert found["currency"] == "EUR"
    assert found["saved"] == pytest.approx(sum(one["total"] for one in found["streams"].values()), abs=0.03)
    assert found["baseline"]["bought_kwh"] > 0.0
    (cut,) = found["outages"]
    assert cut["lasts_h"] == pytest.approx(80.0 / 60.0, abs=0.05)
    assert cut["priority_served"] == cut["priority_served_full_battery"] == 1.0
    months = list(csv.DictReader((made / "months.csv").read_text(encoding="utf-8").splitlines()))
    assert [one["month"] for one in months] == ["2026-10"]
    assert "What it was worth" in (made / "report.html").read_text(encoding="utf-8")


def test_days_at_once_with_power_cuts_by_lot(tmp_path: Path):
    assert run(SITE, "--days", 1, "--outages", 1, "--out", tmp_path) == 0
    found = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert found["hours"] == 24.0
    assert len(found["worth"]["outages"]) == 1


def test_a_dynamic_tariff_hears_its_prices_from_a_table_and_tells_no_money_without(tmp_path: Path):
    text = SITE.read_text(encoding="utf-8")
    begin, end = text.index("[tariff]"), text.index("# Devices ---")
    site = table(tmp_path, "site.toml", text[:begin] + "[tariff]\ndynamic = true\n\n" + text[end:])
    prices = table(tmp_path, "prices.csv", "time_s,buy,co2_g\n0,0.25,300\n3600,0.5,100\n")
    for more, saved in ((("--prices", prices), True), ((), False)):
        assert run(site, "--hours", 0.5, *more, "--out", tmp_path / "out") == 0
        found = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))["worth"]
        assert (found["saved"] is not None) is saved
        if saved:
            assert found["baseline"]["energy"] == pytest.approx(0.25 * found["baseline"]["bought_kwh"], abs=0.02)
            assert found["hems"]["co2_kg"] == pytest.approx(0.3 * found["hems"]["bought_kwh"], abs=0.02)


def test_days_and_hours_at_once_are_refused():
    with pytest.raises(ConfigError, match="Give --days without --hours"):
        run(SITE, "--days", 2, "--hours", 3)


def test_hours_that_are_no_number_are_refused():
    with pytest.raises(ConfigError, match="--hours above 0"):
        run(SITE, "--hours", "nan")


def test_the_survival_curve_begins_at_all_and_never_rises(made: Path):
    found = json.loads((made / "results.json").read_text(encoding="utf-8"))["survival"]
    shares = [one["critical"] for one in found]
    assert (found[0]["hours"], shares[0], found[-1]["hours"]) == (0.0, 1.0, 1.5)
    assert shares == sorted(shares, reverse=True)
    assert curve([1.0, 3.0], 4.0, steps=4) == [(0.0, 1.0), (1.0, 1.0), (2.0, 0.5), (3.0, 0.5), (4.0, 0.0)]


def test_tables_for_a_spreadsheet_hold_the_course_the_circuits_and_the_decisions_with_their_causes(made: Path):
    course, circuits, decisions = (
        list(csv.DictReader((made / f"{name}.csv").read_text(encoding="utf-8").splitlines()))
        for name in ("course", "circuits", "decisions")
    )
    assert float(course[-1]["time_s"]) <= 3 * 3600.0
    assert any("hot_water" in one["off"] for one in course)
    assert len(circuits) == 14
    off = next(one for one in decisions if one["subject"] == "circuits/hot_water/closed")
    assert "Hot water" in off["words"]
    assert "it can wait" in off["words"]


def test_the_page_needs_nothing_but_itself(made: Path):
    page = (made / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 4
    assert "http" not in page
    assert "<script" not in page
    assert "Hot water" in page


@pytest.mark.parametrize(
    ("option", "text", "says"),
    [
        ("loads", "time_s,sauna\n0,1\n", "no circuit of the site"),
        ("loads", "time_s,lift\n0,much\n", ":2: lift is 'much': write a number"),
        ("loads", "time_s,lift\n60,1\n0,1\n", "sort the rows by time"),
        ("loads", "hour,lift\n0,1\n", "must begin with time_s"),
        ("loads", "time_s,lift\n", "has no rows"),
        ("grid", "time_s,on\n0,yes\n", "write 1 while there is a grid"),
        ("loads", "time_s,gym\n0,100\n900,-5\n", ":3: gym is -5: a circuit draws no less than nothing"),
        ("pv", "time_s,roof\n0,-1\n", ":2: roof is -1: the sun gives no less than nothing"),
        ("evs", "time_s,bay,does,soc_pct,capacity_kwh\n0,bay_9,leaves,,\n", "bay is 'bay_9': use one of bay_1"),
        ("evs", "time_s,bay,does,soc_pct,capacity_kwh\n0,bay_1,arrives,700,60\n", "percent from 0 to 100"),
        ("pv", "time_s,lift\n0,1\n", "no PV plant of the site"),
    ],
)
def test_a_mistake_in_a_table_is_one_sentence_with_its_place_and_remedy(
    tmp_path: Path, option: str, text: str, says: str
):
    path = table(tmp_path, "table.csv", text)
    with pytest.raises(ConfigError) as error:
        run(SITE, f"--{option}", path, "--out", tmp_path / "out")
    assert len(error.value.problems) == 1
    assert error.value.problems[0].startswith(str(path))
    assert says in error.value.problems[0]
    assert not (tmp_path / "out").exists()


def test_a_story_and_tables_at_once_are_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match="Give a scenario alone"):
        run(SITE, "--scenario", "x.toml", "--grid", table(tmp_path, "grid.csv", GRID))


def test_fairness_counts_what_is_missing_by_the_share_of_each():
    # given two flats that got three fifths of what they wanted, and one of twice their share that got four
    homes = tuple(
        circuit(name, Tier.NON_ESSENTIAL, 900.0, share=share) for name, share in (("a", 1.0), ("b", 1.0), ("c", 2.0))
    )
    got = {CircuitId("a"): 600.0, CircuitId("b"): 600.0, CircuitId("c"): 800.0}
    books = {name: CircuitTally(wanted_wh=1_000.0, served_wh=wh) for name, wh in got.items()}
    # then each has what it is entitled to; were they equals, one would have had more
    assert Tally(flats(circuits=homes), circuits=books).fairness(Tier.NON_ESSENTIAL) == pytest.approx(1.0)
    equals = flats(circuits=tuple(replace(one, share=1.0) for one in homes))
    assert (Tally(equals, circuits=books).fairness(Tier.NON_ESSENTIAL) or 0.0) < 0.99


def test_fairness_is_one_among_equals_and_a_half_where_one_of_two_gets_all():
    assert jain([0.5, 0.5]) == 1.0
    assert jain([1.0, 0.0]) == 0.5
    assert jain([0.0, 0.0]) == 1.0
