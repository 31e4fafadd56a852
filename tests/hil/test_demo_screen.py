"""The screen of the demonstration: one key more, which fails the grid and brings it back."""

from pathlib import Path

import pytest

from hems.store.last import LastPicture
from hil.demo_screen import DemoApp
from tests.desk import until
from tests.hil.bench import bench
from tests.pictures import power_cut
from tests.tui.screens import text_of


@pytest.mark.wire
async def test_the_key_g_fails_the_grid_and_brings_it_back_with_shift_or_without(run_dir: Path) -> None:
    async with bench(run_dir) as built:
        app = DemoApp(run_dir / "operate.sock", run_dir / "plant.sock")
        async with app.run_test(size=(80, 24)) as pilot:
            # when G is typed as the screen shows it, then the grid is gone
            await pilot.press("G")
            await until(lambda: built.plant.grid.present_pu == 0.0)
            # and as hurried people type it, it is back
            await pilot.press("g")
            await until(lambda: built.plant.grid.present_pu == 1.0)


async def test_once_the_daemon_is_gone_p_shows_the_card_that_it_left(run_dir: Path) -> None:
    # given a demonstration whose daemon has ended
    kept = LastPicture(run_dir, run_dir, lambda write: write())
    kept.keep(power_cut())
    kept.keep_card("1. Hand switch of the laundry")
    app = DemoApp(run_dir / "operate.sock", run_dir / "plant.sock")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: app.view.old)
        # when the paper is asked for, then it is what the daemon had left
        await pilot.press("p")
        await until(lambda: "1. Hand switch of the laundry" in text_of(app))
