"""Key 2, and by itself when the grid fails: until when, what goes next, what to do."""

from collections.abc import Sequence
from typing import ClassVar

from textual.geometry import Size

from hems.tui.format import Row
from hems.tui.screens.base import BuildingScreen
from hems.tui.text.outage import outage
from hems.tui.view import View


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
        "You need do nothing. If an alarm is shown, it says what to look at.",
    )

    def body(self, view: View, size: Size) -> Sequence[Row]:
        """The groups of circuits and what happens to them."""
        return () if view.picture is None else outage(view.picture, size.width, size.height, live=not view.old)
