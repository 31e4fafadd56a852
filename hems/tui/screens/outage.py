"""Key 2, and by itself when the grid fails: until when, what goes next, what to do."""

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Size

from hems.model.errors import HemsError
from hems.model.request import Task
from hems.tui.asking import Ask
from hems.tui.format import Row
from hems.tui.screens.base import BuildingScreen
from hems.tui.screens.page import PageScreen
from hems.tui.screens.weigh import WeighScreen
from hems.tui.text.outage import outage
from hems.tui.text.tenants import tenant_lines
from hems.tui.view import View
from hems.tui.widgets.footer import Key
from hems.tui.working import asking
from hems.wording.language import say


class OutageScreen(BuildingScreen):
    """How a power cut goes on."""

    ABOUT: ClassVar[Sequence[str]] = (
        "OUTAGE opens by itself when the power fails.",
        "",
        "The first line tells until when the most important circuits have power.",
        "It is an estimate: plan with the earliest time.",
        "",
        "HEMS switches groups of circuits off to make the energy last, the least",
        "important first, and on again when the grid is back and steady.",
        "Life safety (lifts, emergency lighting, fire panel) is never switched off.",
        "Cars give only what their drivers do not keep for themselves.",
        "",
        "  T  a text for tenants, to copy or to read out     O  single circuits",
        "  H  hold everything as it is for 15 minutes: nothing is switched off to",
        "     save energy; HEMS still protects the inverter and the last reserve",
        "",
        "You need do nothing. If an alarm is shown, it says what to look at.",
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t,T", "tenants", show=False),
        Binding("o,O", "app.show('circuits')", show=False),
        Binding("h,H", "hold", show=False),
    ]
    TELLS_WHAT_TO_DO = True
    LOOKS: ClassVar[tuple[Key, ...]] = (
        ("T tell tenants", "screen.tenants"),
        ("O circuits", "app.show('circuits')"),
        ("P paper checklist", "app.paper"),
        ("9 orders", "app.show('orders')"),
    )
    ACTS: ClassVar[tuple[Key, ...]] = (("H hold everything 15 min", "screen.hold"),)

    def __init__(self, ask: Ask, who: str, hint: str = "") -> None:
        super().__init__(hint)
        self._ask = ask
        self._who = who

    def _usable(self) -> tuple[Key, ...]:
        """On the grid there is nothing to hold."""
        picture, keys = self._shown.picture, super()._usable()
        on_island = picture is not None and picture.mode.on_island
        return keys if on_island else tuple(key for key in keys if key not in self.ACTS)

    def action_tenants(self) -> None:
        """A text to copy, in every language there is."""
        if self._shown.picture is not None:
            page = PageScreen(say("TELL TENANTS"), tenant_lines(self._shown.picture), self._hint)
            self.app.push_screen(page)
            page.show(self._shown)

    def action_hold(self) -> None:
        """Nothing goes off to save energy for a while, after a question; or no longer."""
        picture = self._shown.picture
        if picture is None or not self._shown.may_operate:
            return
        if any(order.task is Task.HOLD for order in picture.orders):
            self._order(begin=False)
        else:
            question = say("Hold everything as it is for 15 min? Nothing is saved then.")
            self.app.push_screen(WeighScreen(question, self._ask, picture, self._asked(begin=True)), self._held)

    def _held(self, word: str | None) -> None:
        if word:
            self._order(begin=True, confirm=word)

    def _asked(self, *, begin: bool) -> dict[str, Any]:
        return {"task": Task.HOLD, "begin": begin, "who": self._who, "reason": say("from the screen")}

    @asking(exclusive=True)
    async def _order(self, *, begin: bool, **confirm: str) -> None:
        try:
            await self._ask("order", **self._asked(begin=begin), **confirm)
        except HemsError as error:
            self.notify(str(error), severity="warning")

    def body(self, view: View, size: Size) -> Sequence[Row]:
        """The groups of circuits and what happens to them."""
        return () if view.picture is None else outage(view.picture, size.width, size.height, live=not view.old)
