"""Proving step by step: HEMS says what it does, asks one question at a time, and waits for one letter."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import events

from hems.commission.engine import Engine, Stopped
from hems.commission.house import Ask, Daemon
from hems.commission.steps import Step
from hems.model.errors import HemsError
from hems.model.site import Site
from hems.model.wiring import Wiring
from hems.tui.screens.page import PageScreen
from hems.tui.working import asking
from hems.wording.language import say


class WalkScreen(PageScreen):
    """The person of `hems.commission.engine`, on a screen."""

    ABOUT: ClassVar[Sequence[str]] = (
        "PROVING: HEMS asks one question at a time; answer with the letter that it names.",
        "",
        "  Y yes   N no   S skip this step   ESC stop; what is proven is kept",
        "",
        "Nothing is switched before you have said yes to it, and what was switched",
        "off is switched on again, also when you stop in between.",
    )

    def __init__(self, setup: tuple[Site, Wiring], todo: Sequence[Step], ask: Ask, who: str, hint: str = "") -> None:
        super().__init__(say("PROVING"), (), hint)
        self._setup = setup
        self._todo = todo
        self._asks = ask
        self._who = who
        self._said: list[str] = []
        self._answers: Mapping[str, str] = {}
        self._answer: asyncio.Future[str] | None = None
        self._walking = False

    def on_mount(self) -> None:
        """Begin."""
        super().on_mount()
        self._walk()

    def tell(self, text: str) -> None:
        """What HEMS does and has found."""
        self._said += text.strip("\n").splitlines()
        self.put(self._said, end=True)

    async def ask(self, question: str, answers: Mapping[str, str]) -> str:
        """One letter.  Raises: Stopped."""
        self._answers = answers
        self._answer = asyncio.get_running_loop().create_future()
        self.tell(f"  {question}")
        self.tell("  > " + "   ".join(f"{key.upper()} {words}" for key, words in answers.items()) + say("   ESC stop"))
        try:
            return await self._answer
        finally:
            self._answer = None

    def on_key(self, event: events.Key) -> None:
        """Letters answer; Esc stops, and closes when it is over."""
        if event.key == "escape" and self._walking:
            event.stop()
            event.prevent_default()
            if self._answer is not None and not self._answer.done():
                self._answer.set_exception(Stopped())
        elif event.key.lower() in self._answers and self._answer is not None and not self._answer.done():
            event.stop()
            event.prevent_default()
            self._answer.set_result(event.key.lower())

    @asking(exclusive=True)
    async def _walk(self) -> None:
        site, wires = self._setup
        house = Daemon(self._asks, self._who)
        self._walking = True
        try:
            await Engine(site, wires, house, self).walk(self._todo)
            self.tell(say("Done. ESC goes back."))
        except Stopped:
            self.tell(say("Stopped. What is proven is kept. ESC goes back."))
        except HemsError as error:
            self.tell(say("{error} ESC goes back.", error=error))
        finally:
            self._walking = False
            await self._leave(house)

    async def _leave(self, house: Daemon) -> None:
        try:
            await house.end()
        except HemsError as error:
            self.tell(str(error))
