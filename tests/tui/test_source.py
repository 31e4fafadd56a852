"""A recording of the daemon shows the same again, without one; a slow line gets less and misses nothing bad."""

import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from hems.api.messages import event_line, tick_line
from hems.model.errors import HemsError
from hems.tui.app import HemsApp
from hems.tui.source import Live, Recording
from tests.desk import HandMadeDesk, serving, until
from tests.pictures import normal_day, power_cut
from tests.tui.screens import lines_of, text_of
from tests.tui.test_lists import happened


async def test_what_was_recorded_is_shown_again_and_says_that_it_is_no_building(run_dir: Path) -> None:
    # given a screen that records a power cut
    file = run_dir / "night.hems"
    app = HemsApp(Live(run_dir / "view.sock", record=file))
    async with serving(run_dir, HandMadeDesk(normal_day())) as server, app.run_test(size=(80, 24)):
        await until(lambda: app.view.picture == normal_day())
        server.publish_event(happened()[1])
        server.publish(replace(power_cut(), mono_s=normal_day().mono_s + 0.1))
        await until(lambda: "ESSENTIAL POWER LASTS" in text_of(app))

    # when it is played without any daemon
    again = HemsApp(Recording(file))
    async with again.run_test(size=(80, 24)) as pilot:
        # then the power cut opens its screen, the log tells of it, and nothing can be changed
        await until(lambda: "ESSENTIAL POWER LASTS" in text_of(again))
        assert lines_of(again)[-2].startswith("--- RECORDING night.hems: nothing here is live ---")
        await pilot.press("8")
        await until(lambda: "POWER CUT: the switch" in text_of(again))
        await pilot.press("3")
        await pilot.pause()
        assert lines_of(again)[-3] == " / find"


def test_half_a_recording_is_played_as_far_as_it_goes(tmp_path: Path) -> None:
    file = tmp_path / "cut"
    whole = gzip.compress(tick_line(normal_day())) + gzip.compress(event_line(happened()[0]) * 500)
    file.write_bytes(whole[:-20])

    assert Recording(file).note == "RECORDING cut: nothing here is live"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "does not exist"),
        (b"a shopping list", "is no recording"),
        (gzip.compress(b"", mtime=0), "has no picture in it"),
    ],
)
def test_what_is_no_recording_is_refused_in_a_sentence(tmp_path: Path, content: bytes | None, told: str) -> None:
    file = tmp_path / "file"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(HemsError, match=told):
        Recording(file)


async def test_a_slow_line_is_drawn_seldom_but_a_power_cut_at_once(run_dir: Path) -> None:
    app = HemsApp(run_dir / "view.sock", slow=True)
    desk = HandMadeDesk(normal_day())
    async with serving(run_dir, desk) as server, app.run_test(size=(80, 24)) as pilot:
        await until(lambda: app.view.picture == normal_day())
        # given a small change, when it comes, then the screen leaves it for later
        server.publish(replace(normal_day(), load_w=99_000.0))
        await pilot.pause(0.3)
        assert "99.0" not in text_of(app)
        # and a power cut is there at once
        server.publish(power_cut())
        await until(lambda: "ESSENTIAL POWER LASTS" in text_of(app))
