"""The question before leaving, which also says that leaving is harmless."""

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen

from hems.tui.format import BLANK, Part, Tone, row
from hems.tui.widgets.rows import Rows


class LeaveScreen(ModalScreen[bool]):
    """Ends with True for leaving."""

    BINDINGS: ClassVar[list[BindingType]] = []

    def compose(self) -> ComposeResult:
        """A small box in the middle."""
        yield Rows(id="question")

    def on_mount(self) -> None:
        """Ask."""
        self.query_one(Rows).show(
            (
                BLANK,
                row("  ", Part("Leave this screen? The building keeps running.", Tone.STRONG)),
                BLANK,
                row("  Y leave      any other key: stay"),
            )
        )

    def on_key(self, event: events.Key) -> None:
        """Y leaves, everything else stays."""
        event.stop()
        self.dismiss(event.key.lower() == "y")
