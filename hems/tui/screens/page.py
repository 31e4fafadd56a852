"""A page of text that can be scrolled; Esc goes back."""

from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Size

from hems.tui.format import BLANK, Part, Row, Tone, row
from hems.tui.screens.base import BuildingScreen
from hems.tui.view import View
from hems.wording.language import say

PAGE = 10


class PageScreen(BuildingScreen):
    """Lines under a title, as they are or wrapped."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_rows(-1)", show=False),
        Binding("down", "scroll_rows(1)", show=False),
        Binding("pageup", f"scroll_rows(-{PAGE})", show=False),
        Binding("pagedown,space", f"scroll_rows({PAGE})", show=False),
    ]
    ABOUT: ClassVar[Sequence[str]] = ("Arrows and PAGE DOWN show more. ESC goes back.",)

    def __init__(self, title: str, lines: Sequence[str], hint: str = "", *, wrapped: bool = True) -> None:
        super().__init__(hint)
        self._title = title
        self._lines = tuple(lines)
        self._wrapped = wrapped
        self._first = 0

    def body(self, view: View, size: Size) -> Sequence[Row]:
        """As much as fits."""
        return self._page(size, wrapped=self._wrapped)

    def brief(self, view: View, size: Size) -> Sequence[Row]:
        """Words fit any window."""
        return self._page(size, wrapped=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """It is seen in any window, so its keys work there."""
        return True

    def _page(self, size: Size, *, wrapped: bool) -> Sequence[Row]:
        told = [part for line in self._lines for part in _parts(line, size.width - 4, wrapped=wrapped)]
        room = size.height - 3
        self._first = max(0, min(self._first, len(told) - room))
        shown = told[self._first : self._first + room]
        more = say("   PAGE DOWN more") if self._first + room < len(told) else ""
        head = row(" ", Part(self._title, Tone.STRONG), say("   ESC back{more}", more=more))
        return (head, BLANK, *(row(f"  {line}") for line in shown))

    def put(self, lines: Sequence[str], *, end: bool = False) -> None:
        """Other lines; `end` shows the last of them."""
        self._lines = tuple(lines)
        self._first = 10**6 if end else self._first
        self.show(self._shown)

    def action_scroll_rows(self, by: int) -> None:
        """Further down or up."""
        self._first = max(0, self._first + by)
        self.show(self._shown)


def _parts(line: str, width: int, *, wrapped: bool) -> list[str]:
    if not wrapped or len(line) <= width:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return wrap(line, width, subsequent_indent=indent) or [""]
