"""The last line: the keys that work here, and nothing that does not."""

from collections.abc import Sequence

from textual import events

from hems.tui.format import row
from hems.tui.widgets.rows import Rows
from hems.wording.language import say

Key = tuple[str, str]
"""What is written and the action behind it, such as `("1 Overview", "show('overview')")`."""
GAP = "  "


class Footer(Rows):
    """Keys in one line; each can be clicked too."""

    def __init__(self, keys: Sequence[Key], id: str | None = None) -> None:
        super().__init__(id=id)
        self._keys = keys
        self._gap = GAP

    def on_mount(self) -> None:
        """Write them."""
        self.offer(self._keys)

    def on_resize(self) -> None:
        """Closer together where there is little room."""
        self.offer(self._keys)

    def offer(self, keys: Sequence[Key]) -> None:
        """Show these keys from now on."""
        self._keys = keys
        words = [say(word) for word, _ in keys]
        self._gap = GAP if len(GAP.join(words)) + 2 <= self.app.size.width else " "
        self.show((row(f" {self._gap.join(words)}"),))

    async def on_click(self, event: events.Click) -> None:
        """Do what the clicked key does."""
        start = 1
        for told, action in self._keys:
            word = say(told)
            if start <= event.x < start + len(word):
                await self.app.run_action(action)
            start += len(word) + len(self._gap)
