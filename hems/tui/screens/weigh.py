"""The second step of an order: what it would do, as HEMS reckons it, and Y or not."""

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

from textual import events

from hems.model.consequence import OrderConsequence
from hems.model.errors import HemsError
from hems.model.picture import Picture
from hems.tui.asking import Ask, read
from hems.tui.format import BLANK, Part, Row, Tone, row
from hems.tui.screens.ask import WIDTH, BoxScreen
from hems.tui.when import until
from hems.tui.working import asking
from hems.wording.foretold import lasts, order_effects
from hems.wording.language import say


class WeighScreen(BoxScreen[str]):
    """Ends with the word to confirm the order with; None for anything but Y, and before the answer has been read."""

    def __init__(self, question: str, ask: Ask, picture: Picture, order: dict[str, Any]) -> None:
        super().__init__()
        self._question = question
        self._ask = ask
        self._picture = picture
        self._order = order
        self._word = ""
        self._waits = True

    def on_mount(self) -> None:
        """Ask at once what it would do."""
        self._say([say("HEMS looks ahead ...")], say("any key: stop"))
        self._consider()

    @asking(exclusive=True)
    async def _consider(self) -> None:
        try:
            told = await self._ask("consider", **self._order)
            self._word, weighed = read(str, told, "confirm"), read(OrderConsequence, told, "consequence")
        except HemsError as error:
            self._waits = False
            self._say([str(error)], say("any key: back"))
            return
        self._waits = False
        self._say(order_effects(weighed, self._until), say("Y yes      any other key: no"))

    def _until(self, hours_left: float) -> str:
        moment = until(self._picture, hours_left)
        return lasts(hours_left) if moment is None else say("until {clock_time}", clock_time=f"~{moment}")

    def _say(self, told: Sequence[str], keys: str) -> None:
        question = [row("  ", Part(line, Tone.STRONG)) for line in wrap(self._question, WIDTH)]
        lines: list[Row] = [row(f"  {line}") for text in told for line in wrap(text, WIDTH)]
        self.fill([*question, BLANK, *lines, BLANK, row(f"  {keys}")])

    def on_key(self, event: events.Key) -> None:
        """Y does what was read; everything else does not.  A Y that comes before the answer is not heard."""
        event.stop()
        yes = event.key.lower() == "y"
        if not (yes and self._waits):
            self.dismiss(self._word if yes and self._word else None)
