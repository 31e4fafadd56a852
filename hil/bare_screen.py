"""The program that the operator's screen is compared with: Textual, one table, and nothing else."""

import asyncio
import sys
import time
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widgets import DataTable

from hems.api.client import follow
from hems.api.messages import read_from_server
from hems.model.picture import Picture

COLUMNS = ("CIRCUIT", "GROUP", "NOW", "IS", "WHY")
FRAME_S = 0.02


class Bare(App[None]):
    """The list of circuits and nothing else, as a tutorial would write it."""

    def __init__(self, socket: Path) -> None:
        super().__init__()
        self._socket = socket
        self.picture: Picture | None = None

    def compose(self) -> ComposeResult:
        """One table."""
        yield DataTable()

    def on_mount(self) -> None:
        """Follow the daemon."""
        self.query_one(DataTable).add_columns(*COLUMNS)
        self.run_worker(self._watch())

    async def _watch(self) -> None:
        async for message in follow(self._socket):
            if isinstance(message, Picture):
                self.draw(message)

    def draw(self, picture: Picture) -> None:
        """All rows anew, where they have changed."""
        table = self.query_one(DataTable)
        for number, one in enumerate(picture.circuits):
            cells = (one.name, one.tier.name, f"{one.power_w}", str(one.closed), "automatic")
            if self.picture is None:
                table.add_row(*cells)
            else:
                for column, cell in enumerate(cells):
                    if table.get_cell_at((number, column)) != cell:  # type: ignore[arg-type]
                        table.update_cell_at((number, column), cell)  # type: ignore[arg-type]
        self.picture = picture


async def shown(socket: Path, ticks: Path) -> None:
    """Start, say when the first live picture is drawn, then what it takes to draw many."""
    app = Bare(socket)
    async with app.run_test(size=(80, 24)) as pilot:
        while app.picture is None:  # noqa: ASYNC110  (a screen sets no event)
            await asyncio.sleep(0.001)
        await pilot.pause()
        print("drawn", flush=True)
        some = [read_from_server(line) for line in ticks.read_bytes().splitlines()]  # noqa: ASYNC240
        used_s = time.process_time()
        for one in some:
            assert isinstance(one, Picture)
            app.draw(one)
            await asyncio.sleep(FRAME_S)
        print((time.process_time() - used_s) / len(some), flush=True)


if __name__ == "__main__":
    asyncio.run(shown(Path(sys.argv[1]), Path(sys.argv[2])))
