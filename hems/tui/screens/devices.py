"""Key 7: the devices."""

from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar

from textual.binding import Binding, BindingType

from hems.model.errors import HemsError
from hems.model.picture import Picture
from hems.model.point import PointRow
from hems.tui.asking import Ask, read
from hems.tui.screens.ask import YesScreen
from hems.tui.screens.listing import ListScreen
from hems.tui.screens.page import PageScreen
from hems.tui.text.device_list import device_list, reading_lines
from hems.tui.text.listing import Listing
from hems.tui.widgets.footer import Key
from hems.tui.working import asking
from hems.wording.language import say


class DevicesScreen(ListScreen):
    """What answers and what does not."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t,T,enter", "test", show=False),
        Binding("d,D", "disarm", show=False),
    ]
    LOOKS: ClassVar[tuple[Key, ...]] = (("T test: ask it now", "screen.test"), ("/ find", "screen.find"))
    ACTS: ClassVar[tuple[Key, ...]] = (("D take out of service", "screen.disarm"),)
    ABOUT: ClassVar[Sequence[str]] = (
        "DEVICES lists every meter, inverter, charger and relay that HEMS talks to,",
        "the silent ones first.",
        "",
        "  STATE       OK, SLOW (answers badly), LOST for how long, or NOT TRUSTED",
        "              (another product than was installed: it is left alone)",
        "  BAD/HOUR    share of requests without a good answer in the last hour",
        "  COMMANDS    armed: HEMS may command it; only watched: it never does",
        "  OWN ALARMS  what the device itself calls abnormal",
        "",
        "HEMS goes on without a device that is silent. Below the list stands",
        "what to do about the chosen one.",
        "",
        "  T  test: HEMS asks it now, by reading only, and tells how fast it answers",
        "  D  the installer takes it out of service: HEMS reads it and sends it",
        "     nothing, until somebody arms it again",
    )

    def __init__(self, ask: Ask, may_engineer: bool = False, hint: str = "") -> None:
        super().__init__(hint)
        self._ask = ask
        self._may_engineer = may_engineer

    def _usable(self) -> tuple[Key, ...]:
        """Only the installer takes a device out of service, and only one that is in it."""
        keys = super()._usable()
        return keys if self._armed() else tuple(key for key in keys if key not in self.ACTS)

    def _armed(self) -> bool:
        devices = () if self._shown.picture is None else self._shown.picture.devices
        return self._may_engineer and any(one.armed and not one.reads_only and one.id == self.chosen for one in devices)

    @asking(exclusive=True)
    async def action_test(self) -> None:
        """Put a question to the chosen device, and show what it says."""
        if not self.chosen or self._shown.old:
            return
        device = self.chosen
        self.tell(say("{device} is being asked ...", device=device))
        heard = await self._heard(device)
        try:
            rows = read(tuple[PointRow, ...], await self._ask("read", device=device), "points")
        except HemsError as error:
            self.tell(str(error))
            return
        self.tell("")
        lines = [*wrap(heard, self.size.width - 4), "", *reading_lines(rows)]
        page = PageScreen(say("WHAT {device} SAYS", device=device), lines, self._hint, wrapped=False)
        self.app.push_screen(page)
        page.show(self._shown)

    async def _heard(self, device: str) -> str:
        try:
            return read(str, await self._ask("ask", device=device), "said")
        except HemsError as error:
            return str(error)

    def action_disarm(self) -> None:
        """Ask first."""
        if self._armed():
            question = say("Take {device} out of service? HEMS sends it nothing then.", device=self.chosen)
            self.app.push_screen(YesScreen(question), self._agreed)

    def _agreed(self, yes: bool | None) -> None:
        if yes:
            self._disarm()

    @asking(exclusive=True, group="disarm")
    async def _disarm(self) -> None:
        try:
            goes_on = read(tuple[str, ...], await self._ask("disarm", devices=[self.chosen]), "goes_on")
        except HemsError as error:
            self.tell(str(error))
        else:
            self._disarmed(self.chosen, goes_on)

    def _disarmed(self, device: str, goes_on: Sequence[str]) -> None:
        """What it goes on with is more than fits below a list, and must not be cut off."""
        now = say("{device} is only watched now. It has to be armed again: hems arm.", device=device)
        if not goes_on:
            self.tell(now)
            return
        page = PageScreen(say("{device} IS OUT OF SERVICE", device=device), [*goes_on, "", now], self._hint)
        self.app.push_screen(page)
        page.show(self._shown)

    def listing(self, picture: Picture, find: str, width: int) -> Listing:
        """The devices."""
        return device_list(picture, self.chosen, find, width)
