"""A small box to type one thing in: a PIN, which is never shown, or a few words."""

from typing import ClassVar

from textual import events
from textual.binding import BindingType

from hems.tui.format import BLANK, Part, Row, Tone, row
from hems.tui.screens.ask import BoxScreen
from hems.tui.text.listing import paragraphs
from hems.wording.language import say

LONGEST = 64
MARGIN = 4
"""Columns that the brackets of the field stand in beside those of the text."""


class FieldScreen(BoxScreen[str | None]):
    """Ends with what was typed; None when the person does not want to."""

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, why: str, *, secret: bool = False, typed: str = "") -> None:
        super().__init__()
        self._why = why
        self._secret = secret
        self._typed = typed

    def on_mount(self) -> None:
        """Ask."""
        self._write()

    def on_key(self, event: events.Key) -> None:
        """Letters and digits are what is typed."""
        event.stop()
        event.prevent_default()
        if event.key in ("escape", "ctrl+q", "ctrl+c"):
            self.dismiss(None)
        elif event.key == "enter":
            self.dismiss(self._typed)
        elif event.key == "backspace":
            self._typed = self._typed[:-1]
        elif event.is_printable and event.character:
            self._typed = (self._typed + event.character)[:LONGEST]
        self._write()

    def _write(self) -> None:
        typed = "*" * len(self._typed) if self._secret else self._typed
        width = self.columns - MARGIN
        shown = f"{typed}_"[-width:]
        told: tuple[Row, ...] = paragraphs([self._why], self.columns + MARGIN)
        field = row("  ", Part(f"[ {shown:<{width}} ]", Tone.STRONG))
        self.fill((*told, BLANK, field, row(say("  ENTER go on   ESC stop"))))
