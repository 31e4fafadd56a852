"""What the screen does: opens by itself, grows old, comes back, asks before it leaves."""

from pathlib import Path
from typing import ClassVar

import pytest
from textual.binding import Binding, BindingType

from hems.tui.app import HemsApp, terminal_fits
from tests.desk import HandMadeDesk, serving, until
from tests.pictures import grid_returning, normal_day, power_cut
from tests.tui.screens import app_of, lines_of, see, text_of, watching


async def test_a_power_cut_opens_the_outage_screen_and_its_end_closes_nothing(run_dir: Path) -> None:
    async with watching(run_dir, normal_day()) as (pilot, server):
        assert "IF THE POWER FAILED NOW" in text_of(app_of(pilot))

        await see(pilot, server, power_cut())
        assert "ESSENTIAL POWER LASTS UNTIL ABOUT   SAT 04:30" in text_of(app_of(pilot))

        await see(pilot, server, normal_day())
        assert "NO POWER CUT: the building is on the grid" in text_of(app_of(pilot))


async def test_somebody_who_leaves_the_outage_screen_is_not_dragged_back(run_dir: Path) -> None:
    async with watching(run_dir, power_cut()) as (pilot, server):
        await pilot.press("1")
        await see(pilot, server, grid_returning())

        assert "METER / ISLAND SWITCH" in text_of(app_of(pilot))


@pytest.mark.parametrize("open_key", ["question_mark", "ctrl+q"])
async def test_a_power_cut_shows_through_whatever_is_open(run_dir: Path, open_key: str) -> None:
    async with watching(run_dir, normal_day()) as (pilot, server):
        await pilot.press(open_key)
        await pilot.pause()
        await see(pilot, server, power_cut())

        assert "ESSENTIAL POWER LASTS UNTIL" in text_of(app_of(pilot))
        await pilot.press("1")
        await pilot.pause()
        assert "METER / ISLAND SWITCH" in text_of(app_of(pilot))


async def test_the_questions_of_a_caretaker_take_at_most_two_keys(run_dir: Path) -> None:
    # given the screen as it is left, and a power cut
    async with watching(run_dir, normal_day()) as (pilot, server):
        await see(pilot, server, power_cut())

        # is the building on the grid? until when is essential power? what goes off next, when?  No key at all
        told = " ".join(text_of(app_of(pilot)).split())
        assert "POWER CUT since 13:07" in told
        assert "ESSENTIAL POWER LASTS UNTIL ABOUT SAT 04:30" in told
        assert "NEXT: at about 17:50" in told
        assert "HEMS switches off Heat pump, Ventilation." in told

        # and from anywhere else, one key
        for elsewhere in ("1", "question_mark"):
            await pilot.press(elsewhere)
            await pilot.press("2")
            await pilot.pause()
            assert "NEXT: at about 17:50" in text_of(app_of(pilot))


async def test_when_the_daemon_goes_its_numbers_are_shown_as_old_and_when_it_returns_as_live(run_dir: Path) -> None:
    app = HemsApp(run_dir / "view.sock")
    async with app.run_test(size=(80, 24)) as pilot:
        async with serving(run_dir, HandMadeDesk(power_cut())):
            await until(lambda: app.view.picture is not None)
        await until(lambda: app.view.old)
        await pilot.pause()

        told = lines_of(app)
        assert told[0].startswith("!NO CONTACT WITH HEMS since 14:32:05   all below is OLD   last seen: POWER CUT")
        assert told[2].startswith(" OLD as of 14:32:05")
        assert "HEMS switches by itself" not in text_of(app)

        async with serving(run_dir, HandMadeDesk(grid_returning())):
            await until(lambda: not app.view.old)
            await pilot.pause()
            assert lines_of(app)[0].startswith("!POWER CUT since 13:07   grid is back, waits 43 s more")


async def test_without_a_daemon_the_screen_says_what_to_do(run_dir: Path) -> None:
    app = HemsApp(run_dir / "view.sock")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: app.view.old)
        await pilot.pause()
        told = " ".join(text_of(app).split())

        assert "NO CONTACT WITH HEMS" in told
        assert "HEMS does not run here: nothing answers at" in told
        assert "Circuits stay as they are." in told
        assert "P the card: hand switches" in told

        # and shows the building as soon as there is one
        async with serving(run_dir, HandMadeDesk(normal_day())):
            await until(lambda: app.view.picture is not None)
            await pilot.pause()
            assert "GRID OK" in text_of(app)


async def test_leaving_asks_first_and_only_y_leaves(run_dir: Path) -> None:
    async with watching(run_dir, normal_day()) as (pilot, _):
        app = app_of(pilot)
        for key in ("n", "escape", "enter", "ctrl+q"):
            await pilot.press("ctrl+q")
            await pilot.pause()
            assert "Leave this screen? The building keeps running." in text_of(app)
            await pilot.press(key)
            await pilot.pause()
            assert "Leave this screen?" not in text_of(app)
            assert app.is_running

        await pilot.press("ctrl+q", "Y")
        await until(lambda: not app.is_running)


async def test_escape_goes_back_from_help_and_never_out(run_dir: Path) -> None:
    async with watching(run_dir, normal_day()) as (pilot, _):
        app = app_of(pilot)
        await pilot.press("question_mark")
        await pilot.pause()
        assert "OVERVIEW shows where power comes from" in text_of(app)
        for _ in range(3):
            await pilot.press("escape")
        await pilot.pause()
        assert "IF THE POWER FAILED NOW" in text_of(app)


async def test_on_a_telephone_the_most_urgent_stands_first(run_dir: Path) -> None:
    async with watching(run_dir, power_cut(), size=(50, 28)) as (pilot, _):
        lines = lines_of(app_of(pilot))
        told = " ".join(" ".join(lines).split())
        # what is, what needs somebody, until when, what next, what when the grid is back
        assert lines[0].startswith("!POWER CUT since 13:07")
        assert lines[2].startswith("-LOW since")
        for words in ("ESSENTIAL POWER LASTS UNTIL ABOUT SAT 04:30", "NEXT: at about", "WHEN THE GRID RETURNS: wait"):
            assert words in told
        # and why that is all
        assert "Window too small: 50x28. HEMS needs 80x24. To leave: Ctrl-Q, then Y." in told
        assert "hems status, hems circuits, hems alarms." in told


async def test_a_telephone_shows_lost_contact_first(run_dir: Path) -> None:
    app = HemsApp(run_dir / "view.sock")
    async with app.run_test(size=(50, 28)) as pilot:
        async with serving(run_dir, HandMadeDesk(power_cut())):
            await until(lambda: app.view.picture is not None)
        await until(lambda: app.view.old)
        await pilot.pause()
        assert lines_of(app)[0].startswith("!NO CONTACT WITH HEMS since 14:32:05")
        assert "OLD as of 14:32:05" in text_of(app)
        assert "NEXT:" not in text_of(app)


async def test_keys_that_act_on_what_nobody_sees_rest_in_a_small_window(run_dir: Path) -> None:
    desk = HandMadeDesk(power_cut())
    async with watching(run_dir, power_cut(), door="operate", desk=desk, size=(50, 28)) as (pilot, _):
        # given the circuits and the power cut behind a window too small for them
        before = list(desk.asked)
        await pilot.press("3", "b", "enter", "2", "h", "y", "4", "l", "y")
        await pilot.pause()
        assert [name for name, *_ in desk.asked[len(before) :]] == []
        # then a screen that can be seen has them again
        await pilot.press("2")
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        await pilot.press("h")
        await until(lambda: "Hold everything as it is" in text_of(app_of(pilot)))


async def test_whom_to_call_and_the_card_are_read_on_a_telephone(run_dir: Path) -> None:
    async with watching(run_dir, power_cut(), size=(50, 28)) as (pilot, _):
        app = app_of(pilot)
        await pilot.press("c")
        await pilot.pause()
        assert "WHOM TO CALL" in text_of(app)
        assert "NEXT:" not in text_of(app)
        await pilot.press("escape")
        await pilot.pause()
        assert "NEXT:" in text_of(app)


async def test_a_question_fits_a_window_narrower_than_its_box(run_dir: Path) -> None:
    async with watching(run_dir, normal_day(), size=(40, 20)) as (pilot, _):
        await pilot.press("ctrl+q")
        await pilot.pause()
        told = " ".join(text_of(app_of(pilot)).replace("|", " ").split())
        assert "Leave this screen? The building keeps running." in told


async def test_a_window_that_is_too_small_says_so_and_recovers(run_dir: Path) -> None:
    async with watching(run_dir, normal_day(), size=(70, 20)) as (pilot, _):
        app = app_of(pilot)
        assert " Window too small: 70x20. HEMS needs 80x24. To leave: Ctrl-Q, then Y." in lines_of(app)
        assert "1 Overview" not in text_of(app)

        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "1 Overview" in text_of(app)
        assert "Window too small" not in text_of(app)


async def test_every_key_in_the_last_line_can_be_clicked(run_dir: Path) -> None:
    async with watching(run_dir, normal_day()) as (pilot, _):
        last = lines_of(app_of(pilot))[-1]
        await pilot.click(offset=(last.index("2 Outage") + 2, 23))
        await pilot.pause()

        assert "NO POWER CUT" in text_of(app_of(pilot))


async def test_a_subclass_may_have_keys_of_its_own(run_dir: Path) -> None:
    class Demonstration(HemsApp):
        BINDINGS: ClassVar[list[BindingType]] = [Binding("g,G", "grid", show=False)]
        pressed = 0

        def __init__(self, socket: Path) -> None:
            super().__init__(socket, extra_hint="G grid fails / returns")

        def action_grid(self) -> None:
            self.pressed += 1

    async with watching(run_dir, normal_day(), kind=Demonstration) as (pilot, server):
        app = app_of(pilot)
        assert isinstance(app, Demonstration)
        assert lines_of(app)[-2].startswith("--- G grid fails / returns ---")
        await pilot.press("g", "2", "G")
        await see(pilot, server, power_cut())
        assert app.pressed == 2
        assert "G grid fails / returns" in lines_of(app)[-2]


async def test_without_colour_every_meaning_is_still_there(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with watching(run_dir, power_cut()) as (pilot, _):
        app = app_of(pilot)
        strips = app.screen._compositor.render_strips(app.size)
        colours = {
            colour.triplet
            for strip in strips
            for segment in strip
            if segment.style is not None
            for colour in (segment.style.color, segment.style.bgcolor)
            if colour is not None and colour.triplet
        }

    assert strips[0].text.startswith("!POWER CUT")
    assert all(colour.red == colour.green == colour.blue for colour in colours)


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_without_a_cursor_gets_plain_lines_instead(monkeypatch: pytest.MonkeyPatch, term: str) -> None:
    monkeypatch.setenv("TERM", term)

    assert not terminal_fits()
