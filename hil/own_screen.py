"""The operator's screen, timed by itself; `bench_screen` compares it with `bare_screen`."""

import asyncio
import sys
import time
from dataclasses import replace
from pathlib import Path

from hems.api.messages import read_from_server
from hems.model.picture import Picture
from hems.tui.app import HemsApp

FRAME_S = 0.02


async def shown(socket: Path, ticks: Path) -> None:
    """Start, say when the first live picture is drawn, then what it takes to draw many on the list of circuits."""
    app = HemsApp(socket)
    async with app.run_test(size=(80, 24)) as pilot:
        while app.view.picture is None:  # noqa: ASYNC110  (a screen sets no event)
            await asyncio.sleep(0.001)
        await pilot.pause()
        print("drawn", flush=True)
        await app.action_show("circuits")
        await pilot.pause()
        some = [read_from_server(line) for line in ticks.read_bytes().splitlines()]  # noqa: ASYNC240
        used_s = time.process_time()
        for one in some:
            assert isinstance(one, Picture)
            app.show(replace(app.view, picture=one))
            await asyncio.sleep(FRAME_S)
        print((time.process_time() - used_s) / len(some), flush=True)


if __name__ == "__main__":
    asyncio.run(shown(Path(sys.argv[1]), Path(sys.argv[2])))
