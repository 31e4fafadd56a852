"""The second step of what people order or say: what would come of it, as HEMS reckons it, and Y or not."""

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

from textual import events

from hems.model.consequence import CarConsequence, OrderConsequence
from hems.model.errors import HemsError
from hems.model.picture import Picture
from hems.tui.asking import Ask, read
from hems.tui.format import BLANK, Part, Row, Tone, row
from hems.tui.screens.ask import BoxScreen
from hems.tui.when import leaves, until
from hems.tui.working import asking
from hems.wording.foretold import lasts, order_effects
from hems.wording.language import say
from hems.wording.ready import car_effects

AGREED = "yes"
"""What a Y ends with where no word is needed."""


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
            word, sentences = self._read(told)
        except HemsError as error:
            self._waits = False
            self._say([str(error)], say("any key: back"))
            return
        self._waits, self._word = False, word
        self._say(sentences, say("Y yes      any other key: no"))

    def _read(self, told: Mapping[str, Any]) -> tuple[str, Sequence[str]]:
        """The word, and what would come of it.  Raises: RequestError for what is not understood."""
        weighed = read(OrderConsequence, told, "consequence")
        return read(str, told, "confirm"), order_effects(weighed, self._until)

    def _until(self, hours_left: float) -> str:
        moment = until(self._picture, hours_left)
        return lasts(hours_left) if moment is None else say("until {clock_time}", clock_time=f"~{moment}")

    def _say(self, told: Sequence[str], keys: str) -> None:
        question = [row("  ", Part(line, Tone.STRONG)) for line in wrap(self._question, self.columns)]
        lines: list[Row] = [row(f"  {line}") for text in told for line in wrap(text, self.columns)]
        self.fill([*question, BLANK, *lines, BLANK, row(f"  {keys}")])

    def on_key(self, event: events.Key) -> None:
        """Y does what was read; everything else does not.  A Y that comes before the answer is not heard."""
        event.stop()
        yes = event.key.lower() == "y"
        if not (yes and self._waits):
            self.dismiss(self._word if yes and self._word else None)


class WeighCarScreen(WeighScreen):
    """The same for what somebody says of a car."""

    def _read(self, told: Mapping[str, Any]) -> tuple[str, Sequence[str]]:
        weighed = read(CarConsequence, told, "consequence")
        return AGREED, car_effects(weighed, lambda in_s: leaves(self._picture, in_s))
