"""A picture held still, and the colours."""

from pathlib import Path

import pytest
from textual.color import Color

from hems.tui.app import HemsApp
from hems.tui.themes import COLOURS
from hems.tui.view import View
from tests.desk import until
from tests.pictures import grid_returning, normal_day, power_cut
from tests.tui.screens import app_of, lines_of, text_of, watching
from tests.tui.states import HEATING


async def test_a_frozen_picture_stays_until_it_is_let_go(run_dir: Path) -> None:
    async with watching(run_dir, power_cut()) as (pilot, server):
        app = app_of(pilot)
        await pilot.press("f")
        await pilot.pause()
        assert lines_of(app)[0].startswith("*FROZEN at 14:32:05   F goes on   then: POWER CUT")

        server.publish(grid_returning())
        await until(lambda: app._waiting is not None)
        assert "THE GRID IS BACK" not in text_of(app)

        await pilot.press("f")
        await until(lambda: "THE GRID IS BACK" in text_of(app))
        assert lines_of(app)[0].startswith("!POWER CUT since 13:07")


@pytest.mark.parametrize(
    "news",
    [
        View(picture=power_cut()),
        View(picture=normal_day(alarms=(HEATING,))),
        View(picture=normal_day(), lost_for_s=4.0),
    ],
    ids=["power cut", "urgent alarm", "no contact"],
)
async def test_what_nobody_may_miss_lets_the_picture_go(run_dir: Path, news: View) -> None:
    async with watching(run_dir, normal_day(), ticks=False) as (pilot, _):
        app = app_of(pilot)
        await pilot.press("f")
        assert app.view.frozen

        await app._take(news)
        assert app.view == news


@pytest.mark.parametrize("name", [name for name in COLOURS if name != "ansi"])
async def test_every_theme_can_be_read(run_dir: Path, name: str) -> None:
    class Coloured(HemsApp):
        def __init__(self, socket: Path) -> None:
            super().__init__(socket, colours=name)

    async with watching(run_dir, power_cut(), kind=Coloured) as (pilot, _):
        assert "ESSENTIAL POWER LASTS UNTIL" in text_of(app_of(pilot))
        strips = app_of(pilot).screen._compositor.render_strips(app_of(pilot).size)
        grounds = {segment.style.bgcolor.name for segment in strips[5] if segment.style and segment.style.bgcolor}
    colours = {key: Color.parse(value) for key, value in COLOURS[name].items()}

    assert grounds == {COLOURS[name]["hems-ground"]}
    for key in ("plain", "strong", "med", "low"):
        assert contrast(colours[f"hems-{key}"], colours["hems-ground"]) > 4.5
    assert contrast(colours["hems-high-text"], colours["hems-high"]) > 4.0


async def test_on_a_linux_console_only_its_own_eight_colours_are_used(run_dir: Path) -> None:
    class Console(HemsApp):
        def __init__(self, socket: Path) -> None:
            super().__init__(socket, colours="ansi")

    async with watching(run_dir, power_cut(), kind=Console) as (pilot, _):
        strips = app_of(pilot).screen._compositor.render_strips(app_of(pilot).size)
        styles = [segment.style for strip in strips for segment in strip if segment.style is not None]

    numbers = {colour.number for style in styles for colour in (style.color, style.bgcolor) if colour is not None}
    assert numbers <= {None, *range(8)}
    assert not any(colour.triplet for style in styles for colour in (style.color, style.bgcolor) if colour)


def contrast(one: Color, other: Color) -> float:
    """After WCAG: 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: Color) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.03928 else float(((part + 0.055) / 1.055) ** 2.4)

    red, green, blue = (linear(part / 255) for part in colour.rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
