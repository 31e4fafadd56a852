"""The report of an outage says what was lost, on which evidence, what was shed and why, and what came back when."""

from datetime import UTC

import pytest

from hems.config.load import load
from hems.model.cause import Why
from hems.model.event import EventKind
from hems.model.mode import Mode
from hems.report import Expectation, outage_report
from tests.config.given import EXAMPLES, factories
from tests.report.given import evening, event, mode, switched


@pytest.fixture(scope="module")
def site():
    return load(EXAMPLES / "apartments.toml", factories()).site


def lines(events, site, **more):
    return outage_report(events, site, zone=UTC, **more).splitlines()


def test_it_fits_one_page_of_eighty_columns(site):
    # given an outage with expectations and shortened times
    expectations = [Expectation("every shed acknowledged within 1 s of the contacts", True, "slowest 0.31 s")] * 8
    shortened = {f"restore.value_{number}_s": (1.0, 30.0) for number in range(14)}

    # when it is reported
    page = lines(evening(), site, expectations=expectations, shortened=shortened, setting="simulated building")

    # then it is a page, in plain ASCII
    assert len(page) <= 66
    assert all(len(line) <= 80 and line.isascii() and line == line.rstrip() for line in page)


def test_it_begins_with_when_how_long_and_what_never_went_off(site):
    page = lines(evening(), site)
    assert page[2] == "Power cut on Fri 20 Nov 2026 at 13:07:02, lasted 1 h 24 min."
    assert "14 circuits: 11 stayed on throughout, 3 were switched off for a while." in page
    assert "Life safety and critical circuits: never switched off." in page
    assert "Asked to help: Bay 1 up to 5.2 kW." in page


def test_evidence_names_its_witnesses_at_the_beginning_and_at_the_return(site):
    page = lines(evening(), site)
    assert "    0.1 s  The grid switch is open (auxiliary contacts: open)." in page
    assert "    0.5 s  The grid side is dead (street: dead)." in page
    assert "  1:23:20  The grid side is not yet good for long enough (street: in window)." in page


def test_circuits_stand_under_the_reason_that_sent_them_off_with_the_time_of_their_return(site):
    # given the page
    page = lines(evening(), site)

    # when the reason is looked up
    at = page.index("Own power would be at 128% of its limit; back when there is room or the grid")

    # then its circuits follow, with tier, return and time off
    rows = [line.split() for line in page[at + 2 : at + 4]]
    assert rows == [
        ["0.0", "s", "Heat", "pump", "Comfort", "5:20", "5", "min", "20", "s"],
        ["0.0", "s", "Laundry", "Non-essential", "1:25:50", "1", "h", "25", "min"],
    ]


def test_what_is_still_off_is_said_to_be(site):
    events = [one for one in evening() if one.subject != "circuits/laundry/closed" or one.at.mono_s < 2000]
    (row,) = [line for line in lines(events, site) if "Laundry" in line]
    assert row.endswith("still off")


def test_a_repeated_command_is_not_a_second_spell(site):
    page = lines([*evening(), switched(2.0, "laundry", False, Why.ISLAND_CAPACITY)], site)
    assert len([line for line in page if "Laundry" in line]) == 1


def test_a_lost_vital_circuit_is_written_large(site):
    page = lines([*evening(), switched(70.0, "sump_pump", False, Why.OVERLOAD, dose=0.98)], site)
    assert "Life safety and critical circuits: SWITCHED OFF: Sump pump." in page


def test_an_outage_that_lasts_has_no_end_yet_and_a_fault_does_not_end_it(site):
    events = [one for one in evening() if one.at.mono_s < 2000]
    events.append(mode(900.0, Mode.FAULT_SAFE, Why.CONTRADICTION))
    assert "still lasting" in lines(events, site)[2]


def test_without_an_outage_there_is_one_sentence(site):
    assert lines(evening()[:1], site)[2:] == ["There was no power cut."]


def test_expectations_and_shortened_times_are_listed(site):
    page = lines(
        evening(),
        site,
        expectations=[
            Expectation("no inverter trip", True),
            Expectation("grid return qualified", False, "4.0 of 5.0 s"),
        ],
        shortened={"grid.qualify_s": (5.0, 60.0), "restore.pause_factor": (0.02, 1.0)},
    )
    assert "EXPECTATIONS: 1 OF 2 HELD" in page
    assert "  held    no inverter trip" in page
    assert "  MISSED  grid return qualified (4.0 of 5.0 s)" in page
    assert "grid.qualify_s 5 s (not 1 min)          restore.pause_factor 0.02 (not 1)" in page


def test_alarms_have_a_section_of_their_own(site):
    alarm = event(40.0, EventKind.ALARM_RAISED, "device/bay_3", Why.DEVICE_SILENT, device="bay_3", detail="timed out")
    page = lines([*evening(), alarm], site)
    assert page[page.index("ALARMS") + 1].startswith("   39.9 s  Device bay_3 does not answer (timed out).")
