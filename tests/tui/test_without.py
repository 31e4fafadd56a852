"""Without the daemon: its last picture, clearly old, what to do, the card for the panel door, and whom to call."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hems.commands.tui import KeptFiles
from hems.model.codec import to_plain
from hems.model.people import PersonRole
from hems.store.last import LastPicture
from hems.tui.app import HemsApp
from hems.tui.source import Live
from tests.desk import HandMadeDesk, serving, until
from tests.pictures import normal_day, power_cut
from tests.tui.screens import app_of, lines_of, text_of, watching
from tests.tui.states import troubled
from tests.tui.test_typing import at_once

CARD = "Power cut: Maple Court 12\n1  Hot water  at once\n"


def left(run_dir: Path) -> Live:
    """A run directory in which a daemon has been."""
    kept = LastPicture(run_dir, run_dir, lambda write: write())
    kept.keep(power_cut())
    kept.keep_card(CARD)
    return Live(run_dir / "view.sock", kept=KeptFiles(run_dir, run_dir))


async def test_the_last_picture_is_shown_old_with_what_to_do_until_hems_is_back(run_dir: Path) -> None:
    app = HemsApp(left(run_dir))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: app.view.old and app.view.picture is not None)
        await pilot.pause()
        assert lines_of(app)[0].startswith("!NO CONTACT WITH HEMS since")
        assert "P the card: hand switches" in text_of(app)

        # the card that was left says which hand switches come first
        await pilot.press("p")
        await until(lambda: "1  Hot water  at once" in text_of(app))
        # and when HEMS is there again, all is live
        async with serving(run_dir, HandMadeDesk(normal_day())):
            await until(lambda: not app.view.old)
            await pilot.press("escape", "1")
            await until(lambda: lines_of(app)[0].startswith(" GRID OK"))


async def test_the_card_comes_from_hems_while_it_runs_and_stays_in_mind(run_dir: Path) -> None:
    class Desk(HandMadeDesk):
        async def request(
            self, name: str, args: Mapping[str, Any], *, role: PersonRole, peer: str
        ) -> Mapping[str, Any]:
            return {"lines": ["Power cut: as of today"]}

    async with watching(run_dir, power_cut(), desk=Desk(power_cut())) as (pilot, _):
        await pilot.press("2", "p")
        await until(lambda: "Power cut: as of today" in text_of(app_of(pilot)))


async def test_without_a_card_the_screen_says_where_it_hangs(run_dir: Path) -> None:
    async with watching(run_dir, power_cut()) as (pilot, _):
        await pilot.press("p")
        await until(lambda: "It hangs on the panel door" in text_of(app_of(pilot)))


async def test_whom_to_call_is_one_key_away(run_dir: Path) -> None:
    async with watching(run_dir, troubled()) as (pilot, _):
        at_once(app_of(pilot), "5", "c")
        await until(lambda: "+44 20 7946 0123" in text_of(app_of(pilot)))
        at_once(app_of(pilot), "escape")
        await until(lambda: "What to do" in text_of(app_of(pilot)))


def test_a_picture_that_was_kept_is_read_with_its_age(run_dir: Path) -> None:
    (run_dir / "picture.json").write_text(json.dumps(to_plain(power_cut())))
    kept = KeptFiles(run_dir, run_dir).last()

    assert kept is not None
    assert kept[0] == power_cut()
    assert 0.0 <= kept[1] < 60.0
    assert KeptFiles(run_dir / "nowhere", run_dir / "nowhere").last() is None
