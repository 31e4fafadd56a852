"""`?`: the screen below in plain words.  Esc goes back."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Size

from hems.tui.format import BLANK, Row, row
from hems.tui.screens.base import BuildingScreen
from hems.tui.view import View
from hems.wording.language import say

EVERYWHERE = (
    "EVERYWHERE",
    "  1 to 8 screens   ? this help   Esc back   Ctrl-Q leave this screen",
    "  F freeze the picture to read it; it goes on after a minute, or by F",
    "  ?? means: not known now. It never means zero.",
    "  Leaving or losing this screen changes nothing: HEMS runs without it.",
)


class HelpScreen(BuildingScreen):
    """What a screen shows and which keys work."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark", "app.back", show=False)]

    def __init__(self, about: Sequence[str], hint: str = "") -> None:
        super().__init__(hint)
        self._about = about

    def body(self, view: View, size: Size) -> Sequence[Row]:
        """The words, whatever the building does."""
        del view, size
        about, everywhere = say("\n".join(self._about)), say("\n".join(EVERYWHERE))
        told = ("", *about.split("\n"), "", *everywhere.split("\n"), "", say("Esc back"))
        return tuple(row(f"   {line}") if line else BLANK for line in told)

    def _body(self, size: Size) -> Sequence[Row]:
        return self.body(self._shown, size)  # help does not grow old
