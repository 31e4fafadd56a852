"""Keys that arrive all at once, as a slow line delivers them, do what they would have done one by one."""

from pathlib import Path

from textual import events
from textual._xterm_parser import XTermParser
from textual.app import App

from tests.desk import until
from tests.pictures import power_cut
from tests.tui.screens import app_of, text_of, watching
from tests.tui.test_circuits import Desk


def at_once(app: App[None], *keys: str) -> None:
    """All keys in one go."""
    for key in keys:
        app.post_message(events.Key(key, key if len(key) == 1 else None))


async def test_what_is_typed_ahead_reaches_the_screen_that_it_was_meant_for(run_dir: Path) -> None:
    desk = Desk(power_cut())
    async with watching(run_dir, power_cut(), door="operate", desk=desk) as (pilot, _):
        at_once(app_of(pilot), "3", "slash", *"gym", "enter", "enter", *"a guest")
        await until(lambda: "KEEP ON  Gym" in text_of(app_of(pilot)))
        await until(lambda: "[ a guest_ " in text_of(app_of(pilot)))

        # and the letters of the reason were no orders
        assert [name for name, *_ in desk.asked if name == "override"] == []


async def test_in_a_power_cut_the_first_circuit_that_is_off_is_three_keys_from_its_form(run_dir: Path) -> None:
    desk = Desk(power_cut())
    async with watching(run_dir, power_cut(), door="operate", desk=desk) as (pilot, _):
        app = app_of(pilot)
        at_once(app, "3", "enter", "right")
        await until(lambda: "would last until" in text_of(app))
        await until(lambda: "[ tenants asked for it" in text_of(app))
        assert "KEEP ON  Laundry" in text_of(app)
        at_once(app, "enter")
        await until(lambda: "Press Y to do it" in text_of(app))
        at_once(app, "y")
        await until(lambda: desk.overrides() != [])

    assert desk.overrides()[0]["reason"] == "tenants asked for it"


async def test_esc_and_a_digit_that_come_together_are_two_keys(run_dir: Path) -> None:
    async with watching(run_dir, power_cut()) as (pilot, _):
        app = app_of(pilot)
        await pilot.press("2", "t")
        await until(lambda: "TO ALL TENANTS" in text_of(app))
        # what a terminal sends in one piece
        parser = XTermParser()
        typed = [*parser.feed("\x1b1")]
        await until(lambda: typed.extend(parser.tick()) or typed)
        for event in typed:
            app.post_message(event)
        await until(lambda: "METER / ISLAND SWITCH" in text_of(app))
