"""Key 5: what is abnormal, what it means and what to do."""

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from hems.model.errors import HemsError
from hems.model.picture import Picture
from hems.tui.screens.field import FieldScreen
from hems.tui.screens.listing import ActingScreen
from hems.tui.text.alarm_list import FOLDED, alarm_list
from hems.tui.text.listing import Listing
from hems.tui.when import seconds_told
from hems.tui.widgets.footer import Key
from hems.tui.working import asking
from hems.wording.language import say


class AlarmsScreen(ActingScreen):
    """What needs a person."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,enter", "seen", show=False),
        Binding("s,S", "aside", show=False),
    ]
    LOOKS: ClassVar[tuple[Key, ...]] = (("C whom to call", "app.calls"), ("/ find", "screen.find"))
    ACTS: ClassVar[tuple[Key, ...]] = (
        ("SPACE I have seen it", "screen.seen"),
        ("S set aside", "screen.aside"),
    )
    ABOUT: ClassVar[Sequence[str]] = (
        "ALARMS lists what is abnormal and asks somebody to act.",
        "",
        "  ! HIGH  act within ten minutes      * MED  today      - LOW  this week",
        "",
        "Arrows choose an alarm; below stands what it means, what to do, and what",
        "happens if you wait. Read before you go down to the panel.",
        "",
        "  SPACE  I have seen it: the others then know that somebody looks into it",
        "  S      set it aside for some hours, with a reason; it comes back by itself",
        "",
        "An alarm leaves by itself when its cause is gone AND somebody has seen it.",
        "GONE, not seen: the cause is gone already; SPACE takes the line away.",
    )

    def listing(self, picture: Picture, find: str, width: int) -> Listing:
        """The alarms."""
        return alarm_list(picture, self.chosen, find, width)

    def arrive(self) -> None:
        """Whoever comes here sees the most urgent alarm first."""
        super().arrive()
        self.chosen = ""

    def action_seen(self) -> None:
        """Say that somebody has seen the chosen alarm."""
        if self._shown.may_operate and self.chosen and self.chosen != FOLDED:
            self._see(self.chosen)

    @asking(exclusive=True, group="aside")
    async def action_aside(self) -> None:
        """Put it aside for some hours, or take it back."""
        picture = self._shown.picture
        alarms = () if picture is None else (*picture.alarms, *picture.alarms_aside)
        alarm = next((one for one in alarms if one.key == self.chosen), None)
        if picture is None or alarm is None or not self._shown.may_operate:
            return
        if not alarm.may_set_aside:
            self.tell(say("This one cannot be set aside: it is about lives, or about HEMS itself."))
            return
        if alarm.aside_left_s is not None:
            await self._put(say("It stands among the others again."), "unaside", key=alarm.key)
            return
        typed = await self.app.push_screen_wait(FieldScreen(say("Set aside for how long? At most 8h."), typed="2h"))
        seconds = seconds_told(picture, typed) if typed else None
        reason = (
            await self.app.push_screen_wait(FieldScreen(say("Why? Others will want to know."))) if seconds else None
        )
        if seconds and reason:
            await self._put(say("Set aside."), "aside", key=alarm.key, duration_s=seconds, reason=reason)

    async def _put(self, done: str, do: str, **args: Any) -> None:  # noqa: ANN401  (any JSON)
        try:
            await self._ask(do, who=self._who, **args)
        except HemsError as error:
            self.tell(str(error))
        else:
            self.tell(done)

    @asking(exclusive=True)
    async def _see(self, key: str) -> None:
        try:
            await self._ask("seen", key=key, who=self._who)
        except HemsError as error:
            self.tell(str(error))
        else:
            self.tell(say("Noted: seen. It leaves when its cause is gone."))
