"""Key 5: what is abnormal, what it means and what to do."""

from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from hems.model.errors import HemsError
from hems.model.picture import Picture
from hems.tui.asking import Ask
from hems.tui.screens.listing import ListScreen
from hems.tui.text.alarm_list import alarm_list
from hems.tui.text.listing import Listing
from hems.tui.widgets.footer import Key
from hems.wording.language import say


class AlarmsScreen(ListScreen):
    """What needs a person."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space,enter", "seen", show=False)]
    LOOKS: ClassVar[tuple[Key, ...]] = (("/ find", "screen.find"),)
    ACTS: ClassVar[tuple[Key, ...]] = (("SPACE I have seen it", "screen.seen"),)
    ABOUT: ClassVar[Sequence[str]] = (
        "ALARMS lists what is abnormal and asks somebody to act.",
        "",
        "  ! HIGH  act within ten minutes      * MED  today      - LOW  this week",
        "",
        "Arrows choose an alarm; below stands what it means, what to do, and what",
        "happens if you wait. Read before you go down to the panel.",
        "",
        "  SPACE  I have seen it: the others then know that somebody looks into it",
        "",
        "An alarm leaves by itself when its cause is gone AND somebody has seen it.",
        "GONE, not seen: the cause is gone already; SPACE takes the line away.",
    )

    def __init__(self, ask: Ask, who: str, hint: str = "") -> None:
        super().__init__(hint)
        self._ask = ask
        self._who = who

    def listing(self, picture: Picture, find: str, width: int) -> Listing:
        """The alarms."""
        return alarm_list(picture, self.chosen, find, width)

    def arrive(self) -> None:
        """Whoever comes here sees the most urgent alarm first."""
        super().arrive()
        self.chosen = ""

    def action_seen(self) -> None:
        """Say that somebody has seen the chosen alarm."""
        if self._shown.may_operate and self.chosen:
            self._see(self.chosen)

    @work(exclusive=True)
    async def _see(self, key: str) -> None:
        try:
            await self._ask("seen", key=key, who=self._who)
        except HemsError as error:
            self.tell(str(error))
        else:
            self.tell(say("Noted: seen. It leaves when its cause is gone."))
