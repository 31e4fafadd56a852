"""A question in a small box: Y, or anything else for no."""

from textwrap import wrap
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen

from hems.tui.format import BLANK, Part, Tone, row
from hems.tui.widgets.rows import Rows
from hems.wording.language import N_, say

WIDTH = 48


class YesScreen(ModalScreen[bool]):
    """Ends with True for Y."""

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, question: str, keys: str = N_("Y yes      any other key: no")) -> None:
        super().__init__()
        self._question = question
        self._keys = keys

    def compose(self) -> ComposeResult:
        """A small box in the middle."""
        yield Rows(id="question")

    def on_mount(self) -> None:
        """Ask."""
        lines = [row("  ", Part(line, Tone.STRONG)) for line in wrap(self._question, WIDTH)]
        above = () if len(lines) > 1 else (BLANK,)
        self.query_one(Rows).show((*above, *lines, BLANK, row(f"  {say(self._keys)}")))

    def on_key(self, event: events.Key) -> None:
        """Y does it, everything else does not."""
        event.stop()
        self.dismiss(event.key.lower() == "y")


class LeaveScreen(YesScreen):
    """Before leaving; it also says that leaving is harmless."""

    def __init__(self) -> None:
        super().__init__(say("Leave this screen? The building keeps running."), N_("Y leave      any other key: stay"))
