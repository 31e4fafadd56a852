"""A question in a small box: Y, or anything else for no."""

from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen

from hems.tui.format import BLANK, Part, Row, Tone, row
from hems.tui.widgets.rows import Rows
from hems.wording.language import N_, say

WIDTH = 54
"""Columns of the box where the window has them."""
MARGIN = 6
"""Of these the frame and what stands left and right of the text."""
FRAME = 2
LEAST_ROWS = 5
Answer = TypeVar("Answer")


class BoxScreen(ModalScreen[Answer]):
    """A small box in the middle, as high as what it says."""

    BINDINGS: ClassVar[list[BindingType]] = []

    def compose(self) -> ComposeResult:
        """Nothing but rows."""
        yield Rows(id="question")

    @property
    def columns(self) -> int:
        """Of the text; fewer in a window that is narrower than the box."""
        return min(WIDTH, self.app.size.width) - MARGIN

    def fill(self, told: Sequence[Row]) -> None:
        """Say that."""
        box = self.query_one(Rows)
        box.styles.height = max(LEAST_ROWS, len(told)) + FRAME
        box.show(told)


class YesScreen(BoxScreen[bool]):
    """Ends with True for Y."""

    def __init__(self, question: str, keys: str = N_("Y yes      any other key: no")) -> None:
        super().__init__()
        self._question = question
        self._keys = keys

    def on_mount(self) -> None:
        """Ask."""
        lines = [row("  ", Part(line, Tone.STRONG)) for line in wrap(self._question, self.columns)]
        above = () if len(lines) > 1 else (BLANK,)
        self.fill((*above, *lines, BLANK, row(f"  {say(self._keys)}")))

    def on_key(self, event: events.Key) -> None:
        """Y does it, everything else does not."""
        event.stop()
        self.dismiss(event.key.lower() == "y")


class LeaveScreen(YesScreen):
    """Before leaving; it also says that leaving is harmless."""

    def __init__(self) -> None:
        super().__init__(say("Leave this screen? The building keeps running."), N_("Y leave      any other key: stay"))
