"""Rows of toned text, each sent to the terminal only when it has changed: a slow line pays for what moves."""

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from hems.tui.format import BLANK, Row, Tone, fitted


class Rows(Widget):
    """A block of rows; what does not fit the place is not shown."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"rows--{tone}" for tone in Tone}
    ALLOW_SELECT = False

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: tuple[Row, ...] = ()

    def show(self, rows: Sequence[Row]) -> None:
        """Take new rows and repaint those that differ."""
        old, self._rows = self._rows, tuple(rows)
        for y in range(max(len(old), len(self._rows))):
            if _at(old, y) != _at(self._rows, y):
                self.refresh(Region(0, y, self.size.width, 1))

    def let_go(self) -> None:
        """Forget what was drawn; the toolkit would keep each line in several lengths for as long as it runs."""
        self._styles_cache.clear()

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        parts = fitted(_at(self._rows, y), self.size.width)
        segments = [Segment(part.text, self.get_component_rich_style(f"rows--{part.tone}")) for part in parts]
        return Strip(segments, self.size.width)


def _at(rows: Sequence[Row], y: int) -> Row:
    return rows[y] if y < len(rows) else BLANK
