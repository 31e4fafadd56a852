"""Key 1: the building on one page."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Size

from hems.model.request import Task
from hems.tui.format import Row
from hems.tui.screens.base import BuildingScreen
from hems.tui.screens.orders import OrdersScreen
from hems.tui.text.overview import overview
from hems.tui.view import View
from hems.tui.widgets.footer import Key


class OverviewScreen(BuildingScreen):
    """What flows where, and how long the building would last without the grid."""

    TELLS_WHAT_TO_DO = True
    LOOKS: ClassVar[tuple[Key, ...]] = (
        ("9 orders", "app.show('orders')"),
        ("P paper checklist", "app.paper"),
        ("C whom to call", "app.calls"),
    )
    ACTS: ClassVar[tuple[Key, ...]] = (("W storm watch", "screen.storm"),)
    BINDINGS: ClassVar[list[BindingType]] = [Binding("w,W", "storm", show=False)]

    ABOUT: ClassVar[Sequence[str]] = (
        "OVERVIEW shows where power comes from and where it goes.",
        "",
        "An arrow ==4.1==> carries 4.1 kW in its direction. ==/  /== carries nothing:",
        "the line is interrupted. ^ feeds the building, v takes from it.",
        "",
        "IF THE POWER FAILED NOW tells how long stored energy would reach.",
        "Essential circuits are those of the groups life safety, critical and",
        "essential; the groups below them are switched off first.",
        "",
        "  W  a power cut is likely: charge the batteries and keep them full",
    )

    async def action_storm(self) -> None:
        """The same as among the orders, where what comes of it stands too."""
        if self._shown.may_operate and not self._shown.old:
            await self.app.run_action("app.show('orders')")
            if isinstance(self.app.screen, OrdersScreen):
                self.app.screen.begin(Task.STORM)

    def body(self, view: View, size: Size) -> Sequence[Row]:
        """The flow picture and what needs a person."""
        return () if view.picture is None else overview(view.picture, size.width, size.height)
