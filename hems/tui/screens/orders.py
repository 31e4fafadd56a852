"""Key 9: what a person orders of the whole building, or says of it."""

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from hems.model.errors import HemsError
from hems.model.picture import Picture
from hems.model.request import Task
from hems.tui.screens.ask import YesScreen
from hems.tui.screens.field import FieldScreen
from hems.tui.screens.listing import ActingScreen
from hems.tui.screens.weigh import WeighScreen
from hems.tui.text.listing import Listing
from hems.tui.text.order_list import Offer, in_force, offered, order_list
from hems.tui.when import seconds_told
from hems.tui.widgets.footer import Key
from hems.tui.working import asking
from hems.wording.language import N_, say, translated


class OrdersScreen(ActingScreen):
    """What is in force, and two steps to begin or end it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "change", show=False),
        Binding("escape", "app.show('overview')", show=False),
    ]
    ACTS: ClassVar[tuple[Key, ...]] = (("ENTER begin or end", "screen.change"),)
    LOOKS: ClassVar[tuple[Key, ...]] = (("ESC back", "app.show('overview')"),)
    ABOUT: ClassVar[Sequence[str]] = (
        "ORDERS are for the whole building: what you know and HEMS does not, and",
        "what shall be different for a while.",
        "",
        "Arrows choose a line; below stands what it does. ENTER begins it, or ends",
        "it if it stands. HEMS asks for how long and why, and only Y does it.",
        "",
        "Nothing of this closes the grid switch, and nothing overrules what",
        "protects people, the inverter or the last reserve.",
        "Keys that change something are there only for operators.",
    )

    def listing(self, picture: Picture, find: str, width: int) -> Listing:
        """The orders there are."""
        del find
        return order_list(picture, self.chosen, width)

    def begin(self, task: Task) -> None:
        """Somebody comes from another screen with this in mind."""
        self.chosen = str(task)
        self.show(self._shown)
        self.action_change()

    @asking(exclusive=True, group="order")
    async def action_change(self) -> None:
        """Begin the chosen one, or end it."""
        picture = self._shown.picture
        offers = [] if picture is None or not self._shown.may_operate else offered(picture)
        offer = next((one for one in offers if one.key == self.chosen), None)
        if picture is None or offer is None:
            return
        if in_force(picture, offer.task) is not None and not offer.announces:
            if await self._yes(offer.ends):
                await self._do(offer, begin=False)
            return
        given = await self._details(picture, offer)
        if given is None:
            return
        if offer.task is None:
            if await self._yes(offer.question):
                await self._do(offer, begin=True)
            return
        order = {"task": offer.task, "begin": True, "who": self._who, **given}
        word = await self.app.push_screen_wait(WeighScreen(translated(offer.question), self._ask, picture, order))
        if word:
            await self._do(offer, begin=True, **given, confirm=word)

    async def _details(self, picture: Picture, offer: Offer) -> dict[str, Any] | None:
        """For how long, where it has an end, and why; None when the person does not want to."""
        given: dict[str, Any] = {}
        asked = {"start_in_s": (N_("From when? Such as 16:00 or 2h."), "")} if offer.announces else {}
        if offer.span:
            asked["duration_s"] = (N_("For how long? Such as 30m or 2h."), offer.span)
        for key, (question, proposed) in asked.items():
            seconds = await self._time(picture, translated(question), proposed, given.get("start_in_s", 0.0))
            if seconds is None:
                return None
            given[key] = seconds
        if offer.task is None:
            return given
        reason = await self.app.push_screen_wait(FieldScreen(say("Why? Others will want to know.")))
        return None if reason is None else {**given, "reason": reason}

    async def _time(self, picture: Picture, question: str, proposed: str, from_in_s: float) -> float | None:
        """Seconds that somebody types, as a time of day or a duration; None when nothing comes of it."""
        typed = await self.app.push_screen_wait(FieldScreen(question, typed=proposed))
        seconds = seconds_told(picture, typed, from_in_s=from_in_s) if typed else None
        if typed and seconds is None:
            self.tell(say("{typed} is no time; write for example 07:30 or 2h.", typed=typed))
        return seconds

    async def _yes(self, question: str) -> bool:
        return await self.app.push_screen_wait(YesScreen(translated(question))) is True

    async def _do(self, offer: Offer, *, begin: bool, **given: Any) -> None:  # noqa: ANN401  (any JSON)
        asked = {"task": offer.task, "begin": begin, "who": self._who, **given}
        try:
            if offer.task is None:
                await self._ask("acknowledge", who=self._who)
                self.tell(say("Noted. HEMS starts over once its measurements agree."))
                return
            await self._ask("order", **asked)
        except HemsError as error:
            self.tell(str(error))
        else:
            self.tell(say("Done: {title}.", title=translated(offer.title)) if begin else say("It is over."))
