"""What the screens say, without a screen."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hems.api.client import Lost
from hems.model.cause import Cause, Why
from hems.model.mode import Grid, Mode
from hems.model.picture import AlarmPicture, ConnectionPicture, OrderPicture, Picture
from hems.model.request import Task
from hems.model.site import Tier
from hems.model.units import DeviceId
from hems.tui.format import Row, Tone, text_of
from hems.tui.link import SILENCE_S, Link
from hems.tui.plain import lines
from hems.tui.text.banner import banner
from hems.tui.text.circuits import group_row
from hems.tui.text.device_list import about, device_list
from hems.tui.text.headline import second_thought
from hems.tui.text.notes import plan_note
from hems.tui.text.outage import outage
from hems.tui.text.overview import overview
from hems.tui.view import View
from hems.wording.language import use
from tests.pictures import AFTERNOON, circuits, grid_returning, home, normal_day, power_cut, tiers, unknown

BODY = 20


def said(rows: tuple[Row, ...]) -> str:
    return "\n".join(text_of(line) for line in rows)


def banner_of(picture: Picture, width: int = 80) -> str:
    return text_of(banner(View(picture=picture), width))


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("utc", [AFTERNOON, None])
def test_the_banner_always_says_the_state_the_alarms_and_the_clock(mode: Mode, utc: str | None) -> None:
    told = banner_of(power_cut(mode=mode, utc=utc))

    assert len(told) == 80
    assert re.match(r"[ !*-][A-Z]", told)
    assert "1 alarm" in told
    assert ("14:32" if utc else "clock not checked") in told


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode.on_island])
def test_on_an_island_the_banner_says_until_when_or_what_comes_next(mode: Mode) -> None:
    assert re.search(r"until ~SAT 04:30|grid is back|switching over", banner_of(power_cut(mode=mode)))


def test_an_island_that_somebody_wanted_is_called_that_and_no_power_cut() -> None:
    # given an island on purpose, with the grid in sight
    order = OrderPicture(task=Task.ISLAND, who="Ana", reason="test", begins_in_s=0.0, left_s=900.0)
    wanted = power_cut(mode=Mode.GRID_RETURN_QUALIFYING, on_purpose=True, grid=Grid.GOOD, orders=(order,))
    # then the banner says so, and not that the grid is back
    assert banner_of(wanted).startswith("*OFF THE GRID ON PURPOSE")
    assert "POWER CUT" not in banner_of(wanted)
    assert "grid is back" not in banner_of(wanted)
    # and one that is announced for another day holds nothing up
    announced = replace(wanted, orders=(replace(order, begins_in_s=9000.0),))
    assert second_thought(announced) == "goes back to the grid once that has stayed good"
    assert second_thought(wanted) != second_thought(announced)
    # until the grid goes in earnest
    assert "POWER CUT" in banner_of(replace(wanted, on_purpose=False, grid=Grid.DEAD))


def test_an_outage_that_began_on_another_day_says_which() -> None:
    assert "since Thu 10:32 (28 h)" in banner_of(power_cut(outage_for_s=100_800.0))


def test_without_a_checked_clock_there_are_durations_and_no_times_of_day() -> None:
    told = said(outage(power_cut(utc=None), 80, BODY)) + banner_of(power_cut(utc=None))

    assert "for 1 h 25 min" in told
    assert not re.search(r"\d\d:\d\d", told)


def test_unknown_is_shown_as_such_and_never_as_zero() -> None:
    told = said(overview(unknown(), 80, BODY)) + said(outage(unknown(), 80, BODY)) + "\n".join(lines(unknown()))

    assert "??" in told
    assert not re.search(r"(?<![\d.])0(\.0)? ?(kW|%|V|h)", told)


def test_energy_without_end_is_not_called_a_time() -> None:
    endless = power_cut(essential_hours=(float("inf"),) * 3)

    assert "MORE THAN A WEEK" in said(outage(endless, 80, BODY))
    assert "essential for ~more than a week" in banner_of(endless)


def test_the_outage_screen_says_what_goes_next_and_when() -> None:
    told = " ".join(said(outage(power_cut(), 80, BODY)).split())

    assert "NEXT: at about 17:50, when stored energy reaches 20%, HEMS switches off Heat pump, Ventilation." in told


def test_fuel_is_told_beside_what_is_stored_and_whether_the_hours_know_of_it() -> None:
    # given a generator with fuel for 96 kWh, and hours of the closed form or of the look ahead, which leaves it out
    fuelled = replace(power_cut(), fuel_wh=96_000.0, ahead_age_s=None)
    assert "fuel" not in said(outage(power_cut(), 80, 40))
    assert "and fuel 96 kWh in the generator's tank\n" in said(outage(fuelled, 80, 40))
    assert "tank (not in the hours told here)" in said(outage(replace(fuelled, ahead_age_s=20.0), 80, 40))
    assert "Fuel in the generator's tank: 96 kWh." in "\n".join(lines(fuelled))


def test_where_energy_has_a_price_no_percentage_is_promised() -> None:
    cut = power_cut()
    priced = replace(cut, tiers=tuple(replace(one, by_price=one.tier >= Tier.ESSENTIAL) for one in cut.tiers))
    told = " ".join(said(outage(priced, 80, BODY)).split())

    assert "when energy is worth more later, HEMS switches off Heat pump, Ventilation." in told
    assert "while there is energy for it" in told
    assert "until stored energy is 5%" in told


def test_without_contact_the_outage_screen_promises_nothing() -> None:
    assert "HEMS switches by itself" in said(outage(power_cut(), 80, BODY))
    assert "HEMS switches by itself" not in said(outage(power_cut(), 80, BODY, live=False))


def test_a_blackout_says_that_there_is_no_power() -> None:
    dark = power_cut(mode=Mode.BLACKOUT, mode_because=Cause(Why.BUS_DEAD))

    assert "NO POWER" in said(outage(dark, 80, BODY))
    assert banner_of(dark).startswith("!NO POWER IN THE BUILDING since 13:07")


def test_hems_that_only_watches_says_so_on_every_screen() -> None:
    picture = power_cut(armed=False)

    for told in (said(outage(picture, 80, BODY)), said(overview(picture, 80, BODY)), "\n".join(lines(picture))):
        assert "HEMS ONLY WATCHES" in told


def test_more_alarms_than_fit_are_counted_and_the_first_ones_shown() -> None:
    deaf = Cause(Why.SHED_NOT_OBEYED)
    alarm = AlarmPicture(key="x", priority="HIGH", since_s=60.0, cause=deaf, subject="circuits/gym/closed")
    crowded = power_cut(alarms=(alarm,) * 9)

    told = said(outage(crowded, 80, BODY))

    assert "HIGH since 14:31  Gym does not obey" in told
    assert re.search(r"and \d more alarms", told)
    assert "HEMS switches by itself" not in told


def test_a_circuit_that_does_not_answer_is_neither_on_nor_off() -> None:
    rows = tuple(replace(row, closed=None) if row.id == "freezers" else row for row in circuits())
    picture = power_cut(circuits=rows, tiers=tiers(rows))

    told = said(outage(picture, 140, 36))

    assert re.search(r"Essential +3 circuits +[\d.]+ kW +\?\? +1 of 3 do not answer", told)
    assert re.search(r"Freezers +0.8 kW +\?\? +no answer, wanted ON", told)


def test_a_building_without_battery_or_sun_has_no_box_for_them() -> None:
    told = said(overview(home(pv_rated_w=0.0), 80, BODY))

    assert "CARS" in told
    assert "BATTERY" not in told
    assert "| SUN" not in told


def test_exporting_and_charging_turn_the_arrows() -> None:
    told = said(overview(normal_day(grid_w=-4100.0, battery_w=-2000.0), 80, BODY))

    assert "<=4.1" in told
    assert "taking 2.0 kW" in told


@pytest.mark.parametrize("picture", [normal_day(), power_cut(), grid_returning(), unknown(), home()])
@pytest.mark.parametrize(("width", "height"), [(80, 20), (120, 26), (140, 36), (80, 36)])
def test_every_screen_fits_its_place_in_plain_ascii(picture: Picture, width: int, height: int) -> None:
    for body in (overview, outage):
        rows = body(picture, width, height)
        assert sum(bool(text_of(line).strip()) for line in rows) <= height
        assert all(len(text_of(line).rstrip()) <= width for line in rows)
        assert said(rows).isascii()
    assert all(len(line) <= 80 and line.isascii() for line in lines(picture))


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("changes", [{"next_off": True}, {"until_soc_pct": 20.0}, {"by_price": True}])
def test_what_a_group_does_is_told_to_its_last_letter(language: str, changes: dict[str, Any]) -> None:
    # given a large group of which a part is on, until some time tomorrow
    many = {"circuits": 14, "on": 12, "off_since_s": 600.0, "hours_left": 14.0, "until_soc_pct": None}
    groups = tuple(replace(group, **{**many, **changes}) for group in power_cut().tiers)

    # when it is told in a window of 80 columns, no row is longer than that
    use(language)
    told = [text_of(group_row(power_cut(tiers=groups), group)) for group in groups]
    use("")
    assert max(map(len, told)) <= 80


def test_a_list_beside_the_overview_that_does_not_fit_says_how_much_is_missing() -> None:
    # given more devices than the window has lines for
    device = power_cut().devices[0]
    many = tuple(replace(device, id=DeviceId(f"meter_{number}"), lost_for_s=None) for number in range(30))

    # when it is told, then all of them are accounted for
    told = said(overview(power_cut(devices=many), 120, 36))
    shown, more = told.count("meter_"), re.search(r"\.\.\. and (\d+) more", told)
    assert more is not None
    assert shown + int(more[1]) == 30


def test_no_picture_is_too_odd_to_be_written() -> None:
    floats = st.floats(-1e7, 1e7)
    texts = st.text(max_size=12)
    st.register_type_strategy(float, floats)
    st.register_type_strategy(str, texts)

    @given(st.from_type(Picture), st.sampled_from([AFTERNOON, None]), st.sampled_from([80, 140]))
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    def is_written(odd: Picture, utc: str | None, width: int) -> None:
        picture = replace(odd, utc=utc)
        assert len(banner_of(picture, width)) == width
        assert overview(picture, width, BODY)
        assert outage(picture, width, BODY)
        assert lines(picture)

    is_written()


def test_silence_makes_the_view_old_after_three_seconds_and_a_tick_makes_it_new() -> None:
    link = Link(0.0)
    assert not link.hear(normal_day(), 10.0).old

    assert not link.look(10.0 + SILENCE_S - 0.1).old
    assert link.look(14.9).lost_for_s == 4.0
    assert link.look(14.9).picture == normal_day()
    assert not link.hear(power_cut(), 15.0).old


def test_lost_contact_makes_the_view_old_at_once_with_its_reason() -> None:
    link = Link(0.0)
    link.hear(normal_day(), 10.0)

    view = link.hear(Lost(10.0, "HEMS has closed the connection."), 10.5)

    assert (view.old, view.lost_for_s, view.reason) == (True, 0.0, "HEMS has closed the connection.")


def test_old_data_are_called_old_in_the_banner_with_their_time() -> None:
    told = text_of(banner(View(picture=power_cut(), lost_for_s=4.0), 80))

    assert told.startswith("!NO CONTACT WITH HEMS since 14:32:05   all below is OLD   last seen: POWER CUT")
    assert banner(View(picture=power_cut(), lost_for_s=4.0), 80)[0].tone is Tone.HIGH


def test_plain_lines_need_no_terminal_library(checkout: Path) -> None:
    program = "import sys, hems.tui.plain; sys.exit('textual' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], cwd=checkout, check=False).returncode == 0


def test_a_screen_loads_nothing_of_the_daemon_of_which_it_is_only_a_client() -> None:
    # given three people at screens, on a machine of one gigabyte
    heavy = ["hems.app", "hems.control", "hems.config", "pydantic", "apscheduler", "argon2", "sqlite3"]
    program = (
        "import sys, hems.tui.app, hems.cli\n"
        "try: hems.cli.main(['tui', '--help'])\n"
        f"finally: sys.exit(any(one in sys.modules for one in {heavy}))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, capture_output=True).returncode == 0


def test_hours_say_whether_they_were_looked_ahead_or_merely_divided() -> None:
    divided = " ".join(said(outage(power_cut(), 80, BODY)).split())
    ahead = " ".join(said(outage(power_cut(ahead_age_s=42.0, next_off_h=2.0), 80, BODY)).split())

    assert "if use and sun stay as they are" in divided
    assert "by usual use and sun; looked ahead 42 s ago" in ahead
    assert re.search(r"NEXT: at about \d\d:\d\d, HEMS switches off Heat pump, Ventilation\.", ahead)


@pytest.mark.parametrize(
    ("by_plan", "age_s", "says"),
    [
        (True, 420.0, "Batteries follow a plan made 7 min ago."),
        (False, 10_800.0, "Batteries go by fixed rules: the last plan is 3 h old."),
        (False, None, "Batteries go by fixed rules: there is no plan yet."),
        (None, None, ""),
    ],
)
def test_where_a_tariff_counts_the_screen_says_by_what_batteries_act_and_how_old_that_is(by_plan, age_s, says) -> None:
    allowed = ConnectionPicture(
        import_w=40_000.0,
        import_by=normal_day().mode_because,
        export_w=None,
        reserve_pct=50.0,
        by_plan=by_plan,
        plan_age_s=age_s,
    )
    picture = replace(normal_day(), connection=allowed, alarms=())
    assert plan_note(picture) == says
    shown = [text_of(line) for line in overview(picture, 80, 24)]
    assert any(says in line for line in shown)
    assert any("plan" in line for line in shown) is bool(says)


def test_a_meter_is_not_said_to_be_commanded_although_it_is_armed():
    picture = normal_day()
    meter = replace(picture.devices[0], reads_only=True)
    picture = replace(picture, devices=(meter, *picture.devices[1:]))
    assert "It takes no commands: HEMS only reads it." in list(about(picture, meter))
    rows = {item.key: text_of(item.line) for item in device_list(picture, meter.id, "", 80).items}
    assert "takes none" in rows[meter.id]
    assert all("armed" in row for device, row in rows.items() if device != meter.id)


def test_in_the_smallest_window_too_the_outage_screen_says_why_circuits_are_off() -> None:
    # given a power cut as a house of fourteen circuits has it, in a window of 80 x 24
    picture = power_cut()
    off = [replace(one, because=Cause(Why.ISLAND_CAPACITY)) if not one.wanted else one for one in picture.circuits]
    shown = replace(picture, circuits=tuple(off), alarms=())
    told = [text_of(line) for line in outage(shown, 80, 19)]
    assert len(told) <= 19
    assert " WHY OFF" in told
    # and in a dark building there is but one reason, which stands above
    dark = [text_of(line) for line in outage(replace(shown, mode=Mode.BLACKOUT), 80, 40)]
    assert " WHY OFF" not in dark


def test_plain_lines_fit_the_window_of_a_telephone_word_by_word() -> None:
    told = lines(power_cut(), 45)
    assert max(len(line) for line in told) <= 45
    assert any(line.startswith("Life safety 3 circuits") for line in told)
    # and in the usual width groups stay a table
    assert any(line.startswith("Life safety           3 circuits") for line in lines(power_cut()))


@pytest.mark.parametrize(
    ("why", "told"),
    [
        (Why.ESTIMATES_VALID, "GRID OK"),
        (Why.ISLAND_CALLED_OFF, "GRID OK"),
        (Why.ISLAND_NOT_REACHED, "GRID OK"),
        (Why.TIE_CLOSED, "GRID IS BACK"),
        (Why.BUS_LIVE, "GRID IS BACK"),
    ],
)
def test_the_grid_is_said_to_be_back_only_where_it_was_away(why: Why, told: str) -> None:
    picture = normal_day(mode=Mode.RECONNECTED_RESTORING, mode_because=Cause(why), armed=True)
    assert told in banner_of(picture)
    assert ("GRID IS BACK" in said(outage(picture, 80, BODY))) is (told == "GRID IS BACK")


def kept_for(left_s: float) -> Picture:
    """A power cut in which Ana keeps the laundry on for so long yet."""
    picture = power_cut()
    kept = {"override_who": "Ana", "override_on": True, "override_left_s": left_s}
    rows = [replace(one, **kept) if one.name == "Laundry" else one for one in picture.circuits]
    return replace(picture, circuits=tuple(rows))


def test_whoever_keeps_a_circuit_is_told_before_that_ends() -> None:
    # given an override with nine minutes to go, and one with an hour
    soon, later = kept_for(540.0), kept_for(3600.0)
    words = "Laundry goes back to automatic at 14:41 (Ana); 3, then E, extends it."
    # then it is told on both first screens and line by line
    assert words in said(overview(soon, 80, BODY))
    assert words in said(outage(soon, 80, BODY))
    assert words in " ".join(" ".join(lines(soon)).split())
    assert not any("goes back to automatic" in told for told in lines(later))


def test_plain_lines_tell_what_has_been_ordered() -> None:
    held = OrderPicture(task=Task.HOLD, who="Ana", reason="", begins_in_s=0.0, left_s=720.0)
    assert "Hold everything, 12 min more (Ana)." in " ".join(lines(power_cut(orders=(held,))))


def test_shortly_before_something_goes_off_tenants_are_to_be_told() -> None:
    soon = said(outage(power_cut(next_off_h=0.2, armed=True), 80, 40))
    assert "Tell tenants now: T." in " ".join(soon.split())
    assert "Tell tenants now" not in said(outage(power_cut(next_off_h=2.0, armed=True), 80, 40))
