"""A screen with a list: a line is chosen by arrows or mouse, and `/` finds."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size

from hems.model.picture import Picture
from hems.tui.asking import Ask
from hems.tui.format import BLANK, Part, Row, Tone, row
from hems.tui.screens.base import BuildingScreen
from hems.tui.text.listing import Laid, Listing, laid_out
from hems.tui.view import View
from hems.tui.widgets.footer import Key
from hems.tui.widgets.rows import Rows
from hems.wording.language import say

PAGE = 10


class ListScreen(BuildingScreen):
    """A subclass writes `listing`; `chosen` is the key of the line with the mark."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", f"move(-{PAGE})", show=False),
        Binding("pagedown", f"move({PAGE})", show=False),
        Binding("home", "move(-100000)", show=False),
        Binding("end", "move(100000)", show=False),
        Binding("slash", "find", show=False),
    ]

    def __init__(self, hint: str = "") -> None:
        super().__init__(hint)
        self.chosen = ""
        self._find = ""
        self._finding = False
        self._told = ""
        self._keys: list[str] = []
        self._laid = Laid((), {})

    def listing(self, picture: Picture, find: str, width: int) -> Listing:
        """What to list of `picture`."""
        raise NotImplementedError

    def first(self, picture: Picture, keys: Sequence[str]) -> str:
        """What is chosen while nobody has chosen anything."""
        del picture
        return keys[0]

    def body(self, view: View, size: Size) -> tuple[Row, ...]:
        """The list and what there is to say about its chosen line."""
        if view.picture is None:
            return ()
        listing = self.listing(view.picture, self._find, size.width)
        keys = [item.key for item in listing.items]
        if keys and self.chosen not in keys:
            self.chosen = self._nearest(keys) if self.chosen else self.first(view.picture, keys)
            listing = self.listing(view.picture, self._find, size.width)
        self._keys = keys
        note = self._note()
        self._laid = laid_out(listing, self.chosen, size.width, size.height - (1 if note else 0))
        rows = self._laid.rows
        return (*rows, *(BLANK,) * (size.height - 1 - len(rows)), note) if note else rows

    def _usable(self) -> tuple[Key, ...]:
        """With nothing in the list there is nothing to do with it."""
        keys = super()._usable()
        return keys if self._keys else tuple(key for key in keys if key not in self.ACTS)

    def arrive(self) -> None:
        """Somebody comes from another screen: the whole list, and nothing said of what was done before."""
        self._finding, self._find, self._told = False, "", ""

    def tell(self, text: str) -> None:
        """Say what came of a key, until the next one."""
        self._told = text
        self.show(self._shown)

    def action_move(self, by: int) -> None:
        """Choose a line further down or up."""
        if not self._keys:
            return
        at = self._keys.index(self.chosen) if self.chosen in self._keys else 0
        self.chosen = self._keys[max(0, min(len(self._keys) - 1, at + by))]
        self.tell("")

    def action_find(self) -> None:
        """Begin to type what to find."""
        self._finding, self._find = True, ""
        self.tell("")

    def leave_find(self) -> bool:
        """Show everything again; False when everything is shown."""
        found = self._finding or bool(self._find)
        self._finding, self._find = False, ""
        self.tell("")
        return found

    def on_key(self, event: events.Key) -> None:
        """While finding, letters are letters."""
        if not self._finding or event.key in ("up", "down", "ctrl+q", "ctrl+c"):
            return
        if event.key == "escape":
            self.leave_find()
        elif event.key == "enter":
            self._finding = False
        elif event.key == "backspace":
            self._find = self._find[:-1]
        elif event.is_printable and event.character:
            self._find += event.character
        event.stop()
        event.prevent_default()
        self.tell("")

    def on_click(self, event: events.Click) -> None:
        """Choose the line that is clicked."""
        place = self.query_one("#body", Rows).region
        if place.contains(event.screen_x, event.screen_y):
            self.chosen = self._laid.places.get(event.screen_y - place.y, self.chosen)
            self.tell("")

    def _nearest(self, keys: list[str]) -> str:
        """What is chosen when the line that was is gone: the one in its place."""
        at = self._keys.index(self.chosen) if self.chosen in self._keys else 0
        return keys[min(at, len(keys) - 1)]

    def _note(self) -> Row:
        if self._finding:
            return row(Part(say(" FIND: {find}_", find=self._find), Tone.STRONG), say("     ENTER keep   ESC show all"))
        if self._told:
            return row(Part(f" {self._told}", Tone.STRONG))
        return (
            row(say(' Only what has "{find}" in it is shown.   ESC show all', find=self._find)) if self._find else BLANK
        )


class ActingScreen(ListScreen):
    """A list on whose lines somebody acts: it asks the daemon, in the name of who sits there."""

    def __init__(self, ask: Ask, who: str, hint: str = "") -> None:
        super().__init__(hint)
        self._ask = ask
        self._who = who
