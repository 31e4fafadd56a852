"""The statement of a month, car by car."""

import csv
from dataclasses import replace
from io import StringIO

from hems.control.cars.ledger import warranty_used
from hems.control.cars.memory import Ledger, Month
from hems.model.units import SourceId
from hems.report.cars import as_csv, known_months, lines, statement
from hems.report.sheet import as_html, as_text
from tests.given import flats

BAY_1, BAY_2 = SourceId("bay_1"), SourceId("bay_2")
LEDGERS = {
    BAY_1: Ledger(
        months={
            "2026-10": Month(taken_wh=50_000.0),
            "2026-11": Month(taken_wh=120_000.0, outage_wh=9_000.0, grid_wh=3_000.0, giving_s=7200.0),
        },
        before=Month(outage_wh=88_000.0, giving_s=72_000.0),
    ),
    BAY_2: Ledger(months={"2026-11": Month(taken_wh=80_000.0, grid_wh=6_000.0, giving_s=3600.0)}),
}
SITE = flats()
SITE = replace(
    SITE,
    bays=tuple(
        replace(one, wear_per_kwh=0.03, credit_per_kwh=0.25, warranty_wh=200_000.0, warranty_s=40.0 * 3600.0)
        for one in SITE.bays
    ),
)


def test_each_car_has_its_line_with_what_it_gave_in_outages_and_on_the_grid_its_wear_and_its_credit():
    first, second, *rest = lines(SITE, LEDGERS, "2026-11")
    assert (first.taken, first.outages, first.grid, first.giving_h) == (120.0, 9.0, 3.0, 2.0)
    assert (round(first.wear, 2), round(first.credit, 2)) == (0.36, 3.0)
    assert (round(first.wear_share, 3), round(second.wear_share, 3)) == (0.667, 0.333)
    assert [one.given for one in rest] == [0.0, 0.0]


def test_a_month_without_any_flow_has_lines_of_nothing():
    assert all(one.taken == one.given == one.wear_share == 0.0 for one in lines(SITE, {}, "2026-11"))


def test_a_spreadsheet_reads_the_csv():
    rows = list(csv.DictReader(StringIO(as_csv(SITE, LEDGERS, known_months(LEDGERS)))))
    assert [row["month"] for row in rows] == ["2026-10"] * 4 + ["2026-11"] * 4
    first = next(row for row in rows if row["bay"] == "bay_1" and row["month"] == "2026-11")
    assert (first["taken_kwh"], first["given_in_outages_kwh"], first["credit"]) == ("120.000", "9.000", "3.00")
    assert first["currency"] == "EUR"


def test_people_read_it_as_text_and_in_a_browser():
    text = as_text(statement(SITE, LEDGERS, "2026-11"))
    assert "200.0 kWh taken, 18.0 kWh given. Credit 4.50 EUR." in text
    assert "9.0 kWh" in text
    html = as_html(statement(SITE, LEDGERS, "2026-11"))
    assert "http" not in html
    assert "3.00 EUR" in html


def test_the_warranty_counts_all_that_was_ever_given_by_energy_or_by_hours_whichever_is_more():
    bay = SITE.bays[0]
    # 100 of 200 kWh, and 22 of 40 hours
    assert warranty_used(bay, LEDGERS[BAY_1]) == 22.0 / 40.0
    assert warranty_used(replace(bay, warranty_wh=None, warranty_s=None), LEDGERS[BAY_1]) is None
