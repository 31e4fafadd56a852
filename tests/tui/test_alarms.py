"""The alarms: what each means and what to do, in one key from anywhere."""

from dataclasses import replace
from pathlib import Path

from tests.desk import HandMadeDesk, until
from tests.pictures import power_cut
from tests.tui.screens import app_of, lines_of, see, text_of, watching
from tests.tui.states import HEATING, METER, troubled


async def test_what_the_alarm_asks_of_me_is_one_key_away(run_dir: Path) -> None:
    async with watching(run_dir, troubled()) as (pilot, _):
        await pilot.press("5")
        await pilot.pause()
        told = " ".join(text_of(app_of(pilot)).split())

    assert "Heat pump does not obey" in told
    assert "What to do 1. Switch it off by hand at its breaker" in told
    assert "If you wait In a power cut the inverter may be overloaded" in told


async def test_whoever_comes_to_the_alarms_sees_the_most_urgent_one_first(run_dir: Path) -> None:
    # given somebody who looked at a small alarm and went elsewhere
    async with watching(run_dir, power_cut()) as (pilot, server):
        await pilot.press("5", "1")
        # when an urgent one comes, and somebody looks again
        await see(pilot, server, troubled())
        await pilot.press("5")
        await pilot.pause()
        # then it is the chosen one
        assert any(line.startswith(">!HIGH") for line in lines_of(app_of(pilot)))


async def test_space_says_that_somebody_has_seen_it(run_dir: Path) -> None:
    desk = HandMadeDesk(troubled())
    async with watching(run_dir, troubled(), door="operate", desk=desk) as (pilot, server):
        await pilot.press("5", "space")
        await until(lambda: desk.asked)
        assert desk.asked[0][:2] == ("seen", {"key": HEATING.key, "who": ""})

        await see(pilot, server, replace(troubled(), alarms=(replace(HEATING, seen_by="Bo", seen_for_s=1.0), METER)))
        assert "SEEN by Bo 14:32" in text_of(app_of(pilot))


async def test_a_viewer_cannot_say_so(run_dir: Path) -> None:
    async with watching(run_dir, troubled()) as (pilot, _):
        await pilot.press("5", "space")
        await pilot.pause(0.3)  # long enough for the daemon to refuse, if it were asked
        assert "needs the role" not in text_of(app_of(pilot))
        assert lines_of(app_of(pilot))[-3] == " C whom to call  / find"
