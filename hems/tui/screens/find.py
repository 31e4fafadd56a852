"""Looking for devices at one address: only on an explicit yes, and reading only."""

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar

from textual import events
from textual.geometry import Size

from hems.model.codec import from_plain
from hems.model.errors import HemsError
from hems.ports.device import Found
from hems.tui.asking import Ask
from hems.tui.format import BLANK, Part, Row, Tone, row
from hems.tui.screens.page import PageScreen
from hems.tui.text.settings import found_lines
from hems.tui.view import View
from hems.tui.working import asking
from hems.wording.language import N_, say

AGAIN_S = 0.5
KINDS = ("tcp", "rtu", "mqtt")
UNITS = list(range(1, 11))
"""Modbus addresses that are tried."""
HINT = N_("an address: tcp 10.0.20.11, rtu /dev/serial/by-id/..., mqtt 127.0.0.1:1883")


class FindScreen(PageScreen):
    """A line to type in, a question, and what answers."""

    ABOUT: ClassVar[Sequence[str]] = (
        "FIND DEVICES asks one address what is there. It only reads.",
        "",
        "  tcp HOST or HOST:PORT     Modbus devices on the network, addresses 1 to 10",
        "  rtu PORT                  the same on a serial line",
        "  mqtt BROKER:PORT          what a broker hears for 15 s",
        "",
        "What was found can be copied into the site file.",
    )

    def __init__(self, ask: Ask, who: str, hint: str = "") -> None:
        super().__init__(say("FIND DEVICES"), (), hint)
        self._ask = ask
        self._who = who
        self._typed = "tcp "
        self._asks = False
        self._looking = False

    def body(self, view: View, size: Size) -> Sequence[Row]:
        """The line, and below it what was found."""
        if self._asks:
            question = say(
                " Look at {place} now? It reads only.   Y yes   any other key: no", place=self._typed.strip()
            )
            told = row(Part(question, Tone.STRONG))
        elif self._looking:
            told = row(Part(say(" Looking at {place} ...   ESC stop", place=self._typed.strip()), Tone.STRONG))
        else:
            told = row(say(" Where: "), Part(f"[ {self._typed + '_':<50} ]", Tone.STRONG), say("  ENTER look"))
        rest = super().body(view, Size(size.width, size.height - 2))
        return (told, row(f"   {say(HINT)}"[: size.width]), *(rest if self._lines else (BLANK,)))

    def on_key(self, event: events.Key) -> None:
        """Letters are letters here."""
        if event.key in ("escape", "f1", "ctrl+q", "ctrl+c", "up", "down", "pageup", "pagedown"):
            return
        event.stop()
        event.prevent_default()
        if self._asks:
            self._asks = False
            if event.key.lower() == "y":
                self._look()
        elif event.key == "enter" and not self._looking:
            self._asks = len(self._typed.split()) == 2 and self._typed.split()[0] in KINDS
        elif event.key == "backspace":
            self._typed = self._typed[:-1]
        elif event.is_printable and event.character and not self._looking:
            self._typed = (self._typed + event.character)[:60]
        self.show(self._shown)

    @asking(exclusive=True)
    async def _look(self) -> None:
        self._looking = True
        said: list[str] = []
        try:
            number = (await self._ask("probe", **sought(self._typed), who=self._who))["search"]
            while not (told := await self._ask("probed", search=number, after=len(said)))["done"]:
                said += told["said"]
                self.put(said, end=True)
                await asyncio.sleep(AGAIN_S)
            found = [from_plain(Found, one) for one in told["found"]]
            self.put([*said, *told["said"], "", *found_lines(found, told["trouble"])], end=True)
        except HemsError as error:
            self.put([*said, str(error)], end=True)
        finally:
            self._looking = False
            self.show(self._shown)


def sought(typed: str) -> dict[str, Any]:
    """What the words ask for: `tcp 10.0.20.11:502`."""
    kind, place = typed.split()
    if kind == "mqtt" and "://" not in place:
        return {"kind": kind, "place": f"mqtt://{place}"}
    host, colon, port = place.rpartition(":")
    if kind == "tcp" and colon and port.isdigit():
        return {"kind": kind, "place": host, "port": int(port), "units": UNITS}
    return {"kind": kind, "place": place, "units": UNITS}
