"""Six tasks of a caretaker who has no manual, on 80 by 24: how many keys each takes, and that the words are there.

What is typed as a reason and as a PIN is not counted.
"""

from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.desk import until
from tests.pictures import normal_day, power_cut
from tests.tui.screens import app_of, see, text_of, watching
from tests.tui.states import by_hand, troubled
from tests.tui.test_circuits import Desk


def words(pilot: Pilot[None]) -> str:
    """What stands there, in one line."""
    return " ".join(text_of(app_of(pilot)).split())


@pytest.mark.parametrize(
    ("question", "keys", "answer"),
    [
        ("is the building on the grid?", (), "POWER CUT since 13:07"),
        ("until when is essential power?", (), "ESSENTIAL POWER LASTS UNTIL ABOUT SAT 04:30"),
        ("what goes off next, and when?", (), "NEXT: at about 17:50"),
        ("until when, from another screen?", ("2",), "ESSENTIAL POWER LASTS UNTIL ABOUT SAT 04:30"),
        ("what does this alarm ask of me?", ("5",), "What to do 1. Switch it off by hand at its breaker"),
    ],
)
async def test_what_a_caretaker_wants_to_know(run_dir: Path, question: str, keys: tuple[str, ...], answer: str) -> None:
    async with watching(run_dir, normal_day(), door="operate") as (pilot, server):
        await see(pilot, server, troubled() if "5" in keys else power_cut())
        await pilot.press(*keys)
        await until(lambda: answer in words(pilot))

    assert len(keys) <= 2, question


async def test_the_laundry_is_kept_on_for_an_hour_in_five_keys_and_undone_in_one(run_dir: Path) -> None:
    desk, pressed = Desk(power_cut()), 0
    async with watching(run_dir, power_cut(), door="operate", desk=desk) as (pilot, server):
        # each step is taken because the screen says so
        for said, key in (
            ("O circuits", "o"),
            ("ENTER change", "enter"),
            ("LEFT/RIGHT offers some", "right"),
            ("ENTER go on", "enter"),
            ("Press Y to do it", "y"),
        ):
            await until(lambda said=said: said in words(pilot))
            if key == "enter" and said == "ENTER go on":
                await until(lambda: "Essential power would last until" in words(pilot))
            await pilot.press(key)
            pressed += 1
        await until(lambda: desk.overrides() != [])
        assert (desk.overrides()[0]["circuit"], desk.overrides()[0]["duration_s"]) == ("laundry", 3600.0)
        assert pressed <= 12

        # and the line itself says until when, and the keys below how to undo it
        await see(pilot, server, by_hand(power_cut(), "laundry"))
        await until(lambda: "BY HAND until 15:31 (Ana)" in words(pilot))
        assert "B back to automatic" in words(pilot)
        await pilot.press("b")
        await until(lambda: "Laundry: back to automatic." in words(pilot))

    assert desk.overrides()[-1]["want"] == "auto"
