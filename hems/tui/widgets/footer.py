"""The last line: the keys that work here, and nothing that does not."""

from collections.abc import Sequence

from textual import events

from hems.tui.format import Row, row
from hems.tui.widgets.rows import Rows
from hems.wording.language import say

Key = tuple[str, str]
"""What is written and the action behind it, such as `("1 Overview", "show('overview')")`."""
GAP = "  "


def keys_row(keys: Sequence[Key], width: int) -> Row:
    """The line as it stands on a terminal of that width."""
    return row(f" {_gap(keys, width).join(say(word) for word, _ in keys)}")


def _gap(keys: Sequence[Key], width: int) -> str:
    """Closer together where there is little room."""
    return GAP if len(GAP.join(say(word) for word, _ in keys)) + 2 <= width else " "


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
        self._gap = _gap(keys, self.app.size.width)
        self.show((keys_row(keys, self.app.size.width),))

    async def on_click(self, event: events.Click) -> None:
        """Do what the clicked key does."""
        start = 1
        for told, action in self._keys:
            word = say(told)
            if start <= event.x < start + len(word):
                await self.app.run_action(action)
            start += len(word) + len(self._gap)
