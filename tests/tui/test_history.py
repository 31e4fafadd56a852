"""How things went: a plot and a table, the table alone where no plot can be drawn, and a file for a spreadsheet."""

import argparse
import asyncio
from collections.abc import Mapping
from dataclasses import replace
from math import cos, pi
from pathlib import Path
from typing import Any

import pytest

from hems.commands.history import COMMAND
from hems.model.codec import to_plain
from hems.model.errors import HemsError
from hems.model.people import PersonRole
from hems.model.tariff import Tariff
from hems.model.trend import Curve, Trend
from hems.report.streams import steps
from hems.tui.screens import history
from hems.tui.text.history import Group, drawing, groups, letters_of, table
from hems.wording.language import use
from tests.desk import HandMadeDesk, serving, until
from tests.given import flats
from tests.pictures import AFTERNOON, home, normal_day, power_cut
from tests.tui.screens import app_of, assert_looks_like, lines_of, text_of, watching


def curve(series: str, steps: int, shift: float) -> Curve:
    """A day with its highest value after noon, and an hour in the morning of which nothing is known."""
    swing = [1.0 - cos(2 * pi * (number - shift) / steps) for number in range(steps)]
    scale = 40.0 if series.endswith("_pct") else 9000.0 * (1.0 + shift / 40.0)
    points = [None if 50 <= number < 55 else scale * one for number, one in enumerate(swing)]
    if series == "grid_w":
        points = [None if one is None else 2000.0 - 0.4 * one for one in points]
    known = [one for one in points if one is not None]
    mean = sum(known) / len(known)
    return Curve(series=series, mean=mean, low=min(known), high=max(known), last=points[-1], points=tuple(points))


class Archivist(HandMadeDesk):
    """Tells a day that it has made up."""

    one_in = 1

    async def request(self, name: str, args: Mapping[str, Any], *, role: PersonRole, peer: str) -> Mapping[str, Any]:
        self.asked.append((name, args, role, peer))
        if name == "status":
            return to_plain(self.shown)  # type: ignore[return-value]
        if name == "export":
            return {"path": "/var/lib/hems/export/history-20261120-143205.csv"}
        steps, span_s = args["steps"], args["span_s"]
        curves = tuple(curve(one, steps, 9.0 * number) for number, one in enumerate(args["series"]))
        trend = Trend(until=AFTERNOON, span_s=span_s, step_s=span_s / steps, one_in=self.one_in, curves=curves)
        return {"trend": to_plain(trend)}


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_history_as_it_looks(run_dir: Path, size: tuple[int, int]) -> None:
    desk = Archivist(power_cut())
    async with watching(run_dir, power_cut(), size=size, door="operate", desk=desk) as (pilot, _):
        await pilot.press("6")
        await until(lambda: "Used by the building" in text_of(app_of(pilot)))
        await pilot.pause()
        told = text_of(app_of(pilot))
        assert_looks_like(f"power_cut-history-{size[0]}x{size[1]}", told)

    # a serial console has no boxes for the plot either
    assert told.isascii()


def test_in_german_the_sun_is_no_sunday_and_no_name_is_cut() -> None:
    use("de")
    power = groups(normal_day())[0]
    use("")
    assert power.names["pv_w"] == "Sonnenstrom"
    assert max(map(len, power.names.values())) <= power.columns


def test_the_times_below_the_plot_are_even_and_end_now() -> None:
    # given the day before 14:32
    told = Trend(until=AFTERNOON, span_s=86400.0, step_s=720.0, one_in=1, curves=(curve("load_w", 120, 0.0),))

    # when it is drawn, then a quarter of it lies between two times
    times = drawing(groups(normal_day())[0], told).times
    assert list(times.values()) == ["14:32", "20:32", "02:32", "08:32", "14:32"]
    assert list(times)[-1] == 119


async def test_without_the_plot_the_table_says_it_all_in_plain_ascii(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "plot", lambda id: None)
    async with watching(run_dir, normal_day(), desk=Archivist(normal_day())) as (pilot, _):
        await pilot.press("6", "right")
        await until(lambda: "HOW IT WENT" in text_of(app_of(pilot)))
        await pilot.pause()
        told = text_of(app_of(pilot))
        assert_looks_like("normal_day-history-table", told)

    assert told.isascii()


async def test_keys_choose_the_values_and_the_time(run_dir: Path) -> None:
    desk = Archivist(normal_day())
    desk.one_in = 53
    async with watching(run_dir, normal_day(), desk=desk) as (pilot, _):
        app = app_of(pilot)
        await pilot.press("6", "right_square_bracket", "plus", "plus")
        await until(lambda: "Stored energy, the last 1 year" in text_of(app))
        await until(lambda: "Of 53 minutes one was read" in text_of(app))
        assert desk.asked[-1][1]["series"][0] == "battery_soc_pct"
        await pilot.press("left", "left", "minus")
        await until(lambda: "Flexible circuits, the last 7 days" in text_of(app))
        assert lines_of(app)[-3] == " LEFT/RIGHT other values  + longer  - shorter"


async def test_what_is_shown_becomes_a_file_and_the_screen_tells_where(run_dir: Path) -> None:
    desk = Archivist(normal_day())
    async with watching(run_dir, normal_day(), door="operate", desk=desk) as (pilot, _):
        await pilot.press("6", "x")
        await until(lambda: "Written on the gateway: /var/lib/hems/export/history-" in text_of(app_of(pilot)))

    assert ("export", {"series": [*groups(normal_day())[0].names], "span_s": 86400.0}) in [
        one[:2] for one in desk.asked
    ]


def test_every_line_of_a_plot_has_a_letter_of_its_own() -> None:
    for picture in (normal_day(), home()):
        for group in groups(picture):
            letters = letters_of(group)
            assert len(set(letters.values())) == len(letters) == len(group.names)


async def test_the_same_is_told_in_plain_lines(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    COMMAND.add_arguments(parser)
    told = []
    async with serving(run_dir, Archivist(power_cut())):
        for words in ([], ["bay 2", "--for", "6h"], ["--file"]):
            args = parser.parse_args([*words, "--run-dir", str(run_dir)])
            assert await asyncio.to_thread(COMMAND.run, args) == 0
            told.append(capsys.readouterr().out)
        with pytest.raises(HemsError, match="Nothing is recorded that is called sauna"):
            await asyncio.to_thread(COMMAND.run, parser.parse_args(["sauna", "--run-dir", str(run_dir)]))

    assert told[0].startswith("Used by the building: lowest 0.0 kW, mean ")
    assert told[1].startswith("Bay 2: lowest 0%")
    assert told[2].startswith("Written on the gateway: /var/lib/hems/export/")


def test_each_day_shows_what_it_cost_and_saved_where_energy_has_a_price() -> None:
    # given a building with a tariff in euros, and one without
    titles = {"": [one.title for one in groups(normal_day())]}
    told = next(one for one in groups(replace(normal_day(), currency="EUR")) if "EUR" in one.title)
    # then money, the peak and the own use of the sun are there, and only there
    assert list(told.names) == ["today/paid", "today/peak_w", "today/own_sun_pct"]
    assert not any("money" in one for one in titles[""])
    # and money is shown to the cent, not in kilowatts
    paid = Curve(series="today/paid", low=0.0, mean=6.25, high=12.5, last=12.5, points=(0.0, 12.5))
    trend = Trend(curves=(paid,), until=None, span_s=120.0, step_s=60.0, one_in=1)
    assert "12.50" in str(table(Group("money", {"today/paid": "Paid"}), trend, "", 100))


def test_where_savings_come_from_is_told_in_the_words_of_the_month_and_none_of_them_is_cut() -> None:
    # given a building with a tariff, a battery and bays
    told = next(one for one in groups(replace(normal_day(), currency="EUR")) if "today/saved" in one.names)
    site = flats()
    assert [*told.names.values()] == [one.name for one in steps(site, Tariff(buy=0.3), [])]
    # when the day so far is shown on a narrow screen
    curves = tuple(Curve(series=one, low=0.0, mean=1.0, high=2.0, last=2.0, points=(0.0, 2.0)) for one in told.names)
    lines = table(told, Trend(curves=curves, until=None, span_s=120.0, step_s=60.0, one_in=1), "", 80)
    # then names stand in whole and figures below their headings
    shown = ["".join(part.text for part in line) for line in lines]
    for name, line in zip(told.names.values(), shown[1:], strict=False):
        assert name in line
        assert line.index("2.00") + len("2.00") == shown[0].index("HIGHEST") + len("HIGHEST")
