"""The last line: the keys that work here, and nothing that does not."""

from collections.abc import Sequence

from textual import events

from hems.tui.format import row
from hems.tui.widgets.rows import Rows

Key = tuple[str, str]
"""What is written and the action behind it, such as `("1 Overview", "show('overview')")`."""
GAP = "   "


class Footer(Rows):
    """Keys in one line; each can be clicked too."""

    def __init__(self, keys: Sequence[Key], hint: str = "") -> None:
        super().__init__()
        self._keys = keys
        self._hint = hint

    def on_mount(self) -> None:
        """The keys of a screen never change."""
        words = GAP.join(word for word, _ in self._keys)
        self.show((row(f" {words}{GAP}{self._hint}"),))

    async def on_click(self, event: events.Click) -> None:
        """Do what the clicked key does."""
        start = 1
        for word, action in self._keys:
            if start <= event.x < start + len(word):
                await self.app.run_action(action)
            start += len(word) + len(GAP)
