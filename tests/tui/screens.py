"""The real program on a terminal in memory, fed by the real server; what it shows is compared as text."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from hems.api.server import Server
from hems.model.picture import Picture
from hems.tui.app import HemsApp
from tests.desk import HandMadeDesk, serving, until
from tests.kept import assert_as_kept

SNAPSHOTS = Path(__file__).parent / "snapshots"

Shown = Callable[[], list[str]]


def lines_of(app: HemsApp) -> list[str]:
    """The screen as somebody sees it, without colours."""
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips(app.size)]


def text_of(app: HemsApp) -> str:
    return "\n".join(lines_of(app)) + "\n"


@asynccontextmanager
async def watching(
    run_dir: Path,
    picture: Picture | None,
    *,
    size: tuple[int, int] = (80, 24),
    kind: type[HemsApp] = HemsApp,
    door: str = "view",
    desk: HandMadeDesk | None = None,
    ticks: bool = True,
) -> AsyncIterator[tuple[Pilot[None], Server]]:
    """The screen in front of a server that shows `picture`, once it is to be seen; with `ticks` it goes on to."""
    async with serving(run_dir, desk or HandMadeDesk(picture)) as server:
        app = kind(run_dir / f"{door}.sock")
        async with app.run_test(size=size) as pilot:
            await until(lambda: app.view.picture == picture)
            await pilot.pause()
            going_on = [asyncio.create_task(server.go_on())] if ticks else []
            try:
                yield pilot, server
            finally:
                for task in going_on:
                    task.cancel()


async def see(pilot: Pilot[None], server: Server, picture: Picture) -> None:
    """Publish a picture and wait until it is on the screen."""
    server.publish(picture)
    await until(lambda: app_of(pilot).view.picture == picture)
    await pilot.pause()


def app_of(pilot: Pilot[None]) -> HemsApp:
    assert isinstance(pilot.app, HemsApp)
    return pilot.app


def assert_looks_like(name: str, text: str) -> None:
    """Compare with `snapshots/NAME.txt`."""
    assert_as_kept(SNAPSHOTS / f"{name}.txt", text, "the screen has changed")
