"""The operator's screen with one key more: G fails the grid, and brings it back."""

import asyncio
from pathlib import Path
from typing import ClassVar

from hems.commands.tui import KeptFiles
from hems.tui.app import HemsApp
from hems.tui.source import Live
from hil.emulate.remote import BenchError, Remote


class DemoApp(HemsApp):
    """The ordinary screen; the extra key talks to the building, not to hems."""

    BINDINGS: ClassVar = [("g,G", "toggle_grid", "Grid off/on")]

    def __init__(self, operate_socket: Path, plant_socket: Path) -> None:
        left = KeptFiles(operate_socket.parent, operate_socket.parent)
        super().__init__(Live(operate_socket, kept=left), who="demo", extra_hint="G grid off/on")
        self._plant_socket = plant_socket

    async def action_toggle_grid(self) -> None:
        """Fail the grid if it is there, else bring it back."""
        try:
            async with asyncio.timeout(2.0), Remote(self._plant_socket) as bench:
                present = (await bench.status(since=1_000_000))["grid_pu"] > 0.0
                await bench.do("fail_grid" if present else "return_grid")
        except (OSError, TimeoutError, BenchError) as error:
            self.notify(f"The building does not answer: {error}", severity="warning")
