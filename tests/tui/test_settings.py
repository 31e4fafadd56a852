"""The installer's screen in front of the real desk: stages, proofs step by step, what each circuit costs."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from hems.api.server import Server
from hems.commission.stages import TITLES
from hems.model.people import PersonRole
from hems.model.wiring import GRID_POWER
from hems.tui.app import HemsApp
from tests.desk import HandMadeDesk, serving, until
from tests.pictures import normal_day
from tests.runtime.parts import House, house
from tests.tui.screens import app_of, text_of, watching
from tests.tui.test_typing import at_once


async def steps(made: House) -> list[tuple[str, str]]:
    """Every step and how it stands."""
    told = await made.desk.request("proofs", {}, role=PersonRole.VIEWER, peer="")
    return [(one["step"], one["state"]) for one in told["steps"]]


class Meter(HandMadeDesk):
    """The real desk, with a meter that says what the grid gives."""

    def __init__(self, made: House) -> None:
        super().__init__(made.desk.picture())
        self.made = made

    async def request(self, name: str, args: Mapping[str, Any], *, role: PersonRole, peer: str) -> Mapping[str, Any]:
        if name == "read":
            row = {"name": "power_w", "state": "good", "value": 4100.0, "serves": [GRID_POWER]}
            return {"devices": [{"device": "meters", "points": [row]}]}
        return await self.made.desk.request(name, args, role=role, peer=peer)


@asynccontextmanager
async def installing(run_dir: Path) -> AsyncIterator[tuple[Pilot[None], HemsApp, House]]:
    """The installer in front of the stages."""
    async with house(run_dir) as made:
        made.deliver()
        await made.cycle()
        async with serving(run_dir, Meter(made)) as server, shown(run_dir) as (pilot, app):
            ticks = asyncio.create_task(_ticking(server, made))
            yield pilot, app, made
            ticks.cancel()


async def _ticking(server: Server, made: House) -> None:
    """A picture each second: a busy machine is slow, and what is shown must not grow old."""
    while (picture := made.desk.picture()) is not None:
        server.publish(picture)
        await asyncio.sleep(1.0)


@asynccontextmanager
async def shown(run_dir: Path) -> AsyncIterator[tuple[Pilot[None], HemsApp]]:
    """The screen, by the installer's door."""
    app = HemsApp(run_dir / "admin.sock", who="Ana")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: app.view.picture is not None)
        await pilot.press("0")
        await until(lambda: "Site and clock" in text_of(app))
        yield pilot, app


async def test_the_stages_say_how_far_each_has_come_and_each_opens(run_dir: Path) -> None:
    async with installing(run_dir) as (_, app, _):
        told = text_of(app)
        assert all(title in told for title in TITLES.values())
        assert "0 of" in told
        # every stage opens something, and Esc leads back to the stages
        for number in range(len(TITLES)):
            at_once(app, "home", *("down",) * number, "enter")
            await until(lambda: "ENTER open" not in text_of(app))
            at_once(app, "escape", "0")
            await until(lambda: "ENTER open" in text_of(app))


async def test_a_reading_is_proven_with_one_letter_and_signed_with_a_name(run_dir: Path) -> None:
    async with installing(run_dir) as (pilot, app, made):
        await pilot.press("down", "down", "enter")
        await until(lambda: "ENTER prove this one" in text_of(app))
        await pilot.press("enter")
        await until(lambda: "HEMS reads +4100 W taken from the grid" in " ".join(text_of(app).split()))
        await pilot.press("y")
        await until(lambda: "PROVEN." in text_of(app))
        await pilot.press("escape")
        await until(lambda: "proven    Ana" in text_of(app))

        proven = [step for step in await steps(made) if step[1] == "proven"]
        assert len(proven) == 1
        # and the stages count it
        await pilot.press("escape")
        await until(lambda: "1 of" in text_of(app))


async def test_esc_stops_a_walk_and_switches_nothing(run_dir: Path) -> None:
    async with installing(run_dir) as (pilot, app, made):
        await pilot.press(*("down",) * 4, "enter")
        await until(lambda: "ENTER prove this one" in text_of(app))
        await pilot.press("a")
        await until(lambda: "ESC stop" in text_of(app))
        await pilot.press("escape")
        await until(lambda: "Stopped. What is proven is kept." in text_of(app))
        assert made.loop.state.overrides == ()
        assert [step for step in await steps(made) if step[1] != "open"] == []


async def test_what_each_circuit_costs_in_a_power_cut_is_told_in_hours(run_dir: Path) -> None:
    async with installing(run_dir) as (pilot, app, _):
        await pilot.press("down", "down", "down", "enter")
        await until(lambda: "ESSENTIAL POWER LASTS" in text_of(app))
        await until(lambda: "with it" in text_of(app))
        await pilot.press("end")
        await until(lambda: "To move it: write tier" in text_of(app))


async def test_looking_for_devices_asks_first(run_dir: Path) -> None:
    async with installing(run_dir) as (pilot, app, _):
        await pilot.press("down", "enter")
        await until(lambda: "Where:" in text_of(app))
        await pilot.press(*"10.0.0.9", "enter")
        await until(lambda: "Look at tcp 10.0.0.9 now? It reads only." in text_of(app))
        await pilot.press("n")
        await until(lambda: "Look at" not in text_of(app))
        assert "Looking at" not in text_of(app)


async def test_who_did_not_come_in_by_the_installers_door_is_told_so(run_dir: Path) -> None:
    async with watching(run_dir, normal_day(), door="operate") as (pilot, _):
        await pilot.press("0", "enter")
        await pilot.pause()
        assert "Settings are the installer's" in text_of(app_of(pilot))
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert "Settings are the installer's" in text_of(app_of(pilot))


async def test_the_installer_has_everything_by_name(run_dir: Path) -> None:
    async with watching(run_dir, normal_day(), door="admin") as (pilot, _):
        app = app_of(pilot)
        await pilot.press("ctrl+p")
        await until(lambda: "Search" in text_of(app) or "Go to the screen" in text_of(app))
        await pilot.press(*"cars", "enter")
        await until(lambda: "SHALL HAVE" in text_of(app))
