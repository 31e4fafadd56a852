"""Every screen in every state, line by line: `snapshots/` is what an operator sees.

They are written without a terminal; that the program shows the same is tested with a few of them.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from textual.geometry import Size

from hems.app import installed_drivers
from hems.config.load import load
from hems.config.site_file import SiteFile
from hems.model.errors import HemsError
from hems.model.trend import Trend
from hems.tui.format import Row, fitted, text_of
from hems.tui.plain import lines
from hems.tui.screens.alarms import AlarmsScreen
from hems.tui.screens.base import BuildingScreen
from hems.tui.screens.cars import CarsScreen
from hems.tui.screens.circuits import CircuitsScreen
from hems.tui.screens.devices import DevicesScreen
from hems.tui.screens.help import HelpScreen
from hems.tui.screens.history import STEPS, HistoryScreen
from hems.tui.screens.log import LogScreen
from hems.tui.screens.orders import OrdersScreen
from hems.tui.screens.outage import OutageScreen
from hems.tui.screens.overview import OverviewScreen
from hems.tui.screens.settings import SettingsScreen
from hems.tui.view import View
from hems.wording.language import use
from hil.places import place
from tests.pictures import AFTERNOON, power_cut
from tests.tui import screens
from tests.tui.screens import app_of, assert_looks_like, see, watching
from tests.tui.states import PICTURES, STATES
from tests.tui.test_history import curve
from tests.tui.test_lists import happened

SIZES = {"80x24": Size(80, 24), "120x40": Size(120, 40)}


async def nobody(do: str, **args: Any) -> Mapping[str, Any]:
    """No daemon is there to be asked."""
    raise HemsError(do)


def log() -> LogScreen:
    """The log with a night's events in it."""
    screen = LogScreen(nobody)
    screen.take(happened(), {})
    return screen


class Recorded(HistoryScreen):
    """A day of records for whatever this building has; the table, for a plot needs a terminal."""

    def body(self, view: View, size: Size) -> Sequence[Row]:
        group = self._group()
        if group is not None:
            curves = tuple(curve(one, STEPS, 9.0 * number) for number, one in enumerate(group.names))
            self.take(Trend(until=AFTERNOON, span_s=86400.0, step_s=86400.0 / STEPS, one_in=1, curves=curves))
        return super().body(view, size)


@cache
def site_file() -> SiteFile:
    return load(place("apartments").site, installed_drivers())


def settings() -> SettingsScreen:
    """The demonstration's building, of which nothing is proven yet."""
    file = site_file()
    screen = SettingsScreen(nobody, "Ana", may=True)
    screen.take(file.site, file.wiring, file.digest, {"steps": (), "missing": {"relays": ("circuits/gym/closed",)}})
    return screen


SCREENS: Mapping[str, Callable[[], BuildingScreen]] = {
    "1 overview": OverviewScreen,
    "2 outage": lambda: OutageScreen(nobody, ""),
    "3 circuits": lambda: CircuitsScreen(nobody, ""),
    "4 cars": lambda: CarsScreen(nobody, ""),
    "5 alarms": lambda: AlarmsScreen(nobody, ""),
    "6 history": lambda: Recorded(nobody),
    "7 devices": lambda: DevicesScreen(nobody),
    "8 log": log,
    "9 orders": lambda: OrdersScreen(nobody, ""),
    "0 settings": settings,
}


ASK = {"6 history", "8 log", "0 settings"}
"""They ask for what they show."""


def written(screen: BuildingScreen, view: View, size: Size) -> str:
    """The screen as text."""
    return "".join(f"{text_of(fitted(line, size.width)).rstrip()}\n" for line in screen.rows(view, size))


def everything(view: View, size: Size) -> str:
    """All screens, one below the other."""
    told = [f"=== {name} ===\n{written(made(), view, size)}" for name, made in SCREENS.items()]
    return "\n".join(told)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", STATES)
def test_every_screen_in_every_state(state: str, size: str) -> None:
    told = everything(STATES[state], SIZES[size])

    # it fits its place, in plain ASCII; only what is chosen, cut or scrolled is left out on purpose
    assert told.isascii()
    assert [len(part.splitlines()) for part in told.split("\n=== ")] == [SIZES[size].height + 1] * len(SCREENS)
    assert_looks_like(f"{state}-{size}", told)


@pytest.mark.parametrize("state", ["troubled", "contact_lost", "normal_day"])
def test_every_screen_in_german(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LANGUAGE", raising=False)
    use("de")
    try:
        assert_looks_like(f"{state}-de-80x24", everything(STATES[state], SIZES["80x24"]))
    finally:
        use("")


def test_the_help_of_every_screen_fits() -> None:
    told = []
    for name, made in SCREENS.items():
        text = written(HelpScreen(made().ABOUT), View(picture=power_cut()), SIZES["80x24"])
        assert "Esc back" in text, name
        told.append(f"=== {name} ===\n{text}")
    assert_looks_like("help-80x24", "\n".join(told))


@pytest.mark.parametrize("size", SIZES)
async def test_the_program_shows_the_same(run_dir: Path, size: str) -> None:
    width, height = SIZES[size]
    async with watching(run_dir, power_cut(), size=(width, height), door="operate") as (pilot, server):
        for name in [name for name in SCREENS if name not in ASK]:
            await pilot.press(name[0])
            await see(pilot, server, power_cut())  # a busy machine may have been silent for too long
            assert screens.text_of(app_of(pilot)) == written(SCREENS[name](), STATES["power_cut"], SIZES[size])


@pytest.mark.parametrize("name", ["normal_day", "power_cut", "starting", "fault"])
def test_the_same_in_plain_lines(name: str) -> None:
    assert_looks_like(f"{name}-plain", "\n".join(lines(PICTURES[name])) + "\n")
