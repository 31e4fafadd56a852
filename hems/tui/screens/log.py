"""Key 8: what has happened."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from hems.model.errors import HemsError
from hems.model.event import Event
from hems.model.picture import Picture
from hems.tui.asking import Ask, read
from hems.tui.screens.listing import ListScreen
from hems.tui.text.listing import Listing
from hems.tui.text.log_list import Entry, entries, log_list, matching, other_day
from hems.tui.text.notes import names_in
from hems.tui.view import View
from hems.tui.widgets.footer import Key
from hems.tui.working import asking


class LogScreen(ListScreen):
    """Everything since HEMS started, as far as it still remembers; stays at the newest line until one is chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,left_square_bracket", "day(-1)", show=False),
        Binding("right,right_square_bracket", "day(1)", show=False),
    ]
    LOOKS: ClassVar[tuple[Key, ...]] = (
        ("/ find", "screen.find"),
        ("LEFT day before", "screen.day(-1)"),
        ("RIGHT next day", "screen.day(1)"),
        ("END newest", "screen.move(100000)"),
    )
    ABOUT: ClassVar[Sequence[str]] = (
        "LOG tells what has happened since HEMS started, the newest below.",
        "",
        "  ON, OFF  HEMS switched a circuit      SET    another command",
        "  MODE     how the building stands      SEEN   what HEMS saw of the grid",
        "  ALARM    something became abnormal    CLEAR  and is over",
        "  ASKED    a person asked for it        DONE   what came of a command",
        "",
        "Arrows choose a line; the whole sentence stands below. / finds a word, a",
        "circuit or a tag such as ALARM. LEFT and RIGHT go to another day.",
    )

    def __init__(self, ask: Ask, hint: str = "") -> None:
        super().__init__(hint)
        self._ask = ask
        self._entries: list[Entry] = []
        self._at_end = True
        self._news = -1

    def listing(self, picture: Picture, find: str, width: int) -> Listing:
        """What has happened."""
        shown = matching(self._entries, find)
        if self._at_end and shown:
            self.chosen = shown[-1].key
        return log_list(shown, self.chosen, width)

    def show(self, view: View) -> None:
        """Fetch what is new, while somebody looks."""
        super().show(view)
        if self.is_mounted and self.is_current and view.picture is not None and view.news != self._news:
            self._news = view.news
            self._fetch()

    def action_move(self, by: int) -> None:
        """Choose a line; at the last one stay with the newest."""
        self._at_end = False
        super().action_move(by)
        self._at_end = not self._keys or self.chosen == self._keys[-1]

    def action_day(self, step: int) -> None:
        """Go to another day."""
        self.chosen = other_day(matching(self._entries, self._find), self.chosen, step)
        self._at_end = False
        self.tell("")

    def take(self, events: Sequence[Event], names: Mapping[str, str]) -> None:
        """Show these from now on."""
        self._entries = entries(events, names)
        self.tell("")

    @asking(exclusive=True)
    async def _fetch(self) -> None:
        picture = self._shown.picture
        try:
            events = read(tuple[Event, ...], await self._ask("events"), "events")
        except HemsError as error:
            self.tell(str(error))
            return
        names = {} if picture is None else names_in(picture)
        self.take(events, names)
