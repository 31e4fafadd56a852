"""Two steps to keep a circuit on or off for a while: what it would do, then Y."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar

from textual import events
from textual.geometry import Size

from hems.model.consequence import Consequence
from hems.model.errors import HemsError
from hems.model.event import Event
from hems.model.picture import CircuitPicture
from hems.model.request import Want
from hems.tui.asking import Ask, read
from hems.tui.format import BLANK, Row
from hems.tui.screens.base import BuildingScreen
from hems.tui.text.override import DURATIONS_S, Field, Form, override_rows, reasons
from hems.tui.view import View
from hems.tui.working import asking

FIELDS = tuple(Field)
TEXTS = (Field.REASON, Field.WHO)
LONGEST = 100


class OverrideScreen(BuildingScreen):
    """Ends with Y or with anything else; the daemon decides and counts."""

    ABOUT: ClassVar[Sequence[str]] = (
        "KEEP A CIRCUIT ON OR OFF for a while, in two steps.",
        "",
        "First say whether on or off, for how long and why. HEMS tells what that",
        "would do. ENTER goes on to the question, and only Y does it.",
        "",
        "It always ends by itself. B on the Circuits screen ends it at once.",
        "HEMS still protects the building: see what the form says.",
    )

    def __init__(self, circuit: CircuitPicture, ask: Ask, who: str, hint: str = "") -> None:
        super().__init__(hint)
        self._circuit = circuit
        self._ask = ask
        self._confirm = ""
        self._offered: tuple[str, ...] = reasons(())
        likely_on = not circuit.wanted or circuit.next_off
        if circuit.override_on is not None:  # what somebody keeps so is to stay so for longer; B ends it
            likely_on = circuit.override_on
        self._form = Form(want=Want.ON if likely_on else Want.OFF, who=who)

    def body(self, view: View, size: Size) -> Sequence[Row]:
        """The form."""
        if view.picture is None:
            return ()
        return (BLANK, *override_rows(view.picture, self._circuit, self._form, size.width))

    def on_mount(self) -> None:
        """Ask at once what it would do."""
        super().on_mount()
        self._consider()
        self._remember()

    def on_key(self, event: events.Key) -> None:
        """Letters are letters here; Esc and Ctrl-Q go their usual way."""
        if event.key in ("ctrl+q", "ctrl+c", "f1", "escape"):
            return
        event.stop()
        event.prevent_default()
        if self._form.waits:
            return  # a Y that comes before the question is not heard, and is no letter of the reason
        if self._form.asks:
            self._answer(event.key.lower() == "y")
        elif event.key == "enter":
            self._go_on()
        else:
            self._fill(event)

    def _fill(self, event: events.Key) -> None:
        at, key = self._form.at, event.key
        if key in ("tab", "down", "shift+tab", "up"):
            step = 1 if key in ("tab", "down") else -1
            self._set(at=FIELDS[(FIELDS.index(at) + step) % len(FIELDS)])
        elif at is Field.REASON and key in ("left", "right"):
            self._offer(-1 if key == "left" else 1)
        elif at in TEXTS:
            self._write_text(at, event)
        elif key in ("left", "right", "space"):
            self._choose(at, -1 if key == "left" else 1)

    def _write_text(self, at: Field, event: events.Key) -> None:
        text = getattr(self._form, at)
        if event.key == "backspace":
            text = text[:-1]
        elif event.is_printable and event.character:
            text = (text + event.character)[:LONGEST]
        self._set(**{at: text})

    def _offer(self, step: int) -> None:
        """The next reason of those on offer in place of what is written."""
        offered, now = self._offered, self._form.reason
        at = offered.index(now) + step if now in offered else (0 if step > 0 else -1)
        self._set(reason=offered[at % len(offered)])

    def _choose(self, at: Field, step: int) -> None:
        if at is Field.WANT:
            self._set(want=Want.OFF if self._form.want is Want.ON else Want.ON)
        else:
            place = DURATIONS_S.index(self._form.duration_s) + step
            self._set(duration_s=DURATIONS_S[place % len(DURATIONS_S)])
        self._consider()

    def _go_on(self) -> None:
        self._set(waits=True)
        self._consider(asks=True)  # afresh: the word is good for a minute, and the building moves

    def _answer(self, yes: bool) -> None:
        if yes:
            self._do()
        else:
            self._set(asks=False)

    @asking(exclusive=True)
    async def _consider(self, asks: bool = False) -> None:
        """What the daemon says to the form as it is."""
        form = self._form
        needs_reason = {"reason": form.reason} if asks else {}
        try:
            told = await self._ask("consider", **self._asked(), **needs_reason)
            self._confirm, consequence = read(str, told, "confirm"), read(Consequence, told, "consequence")
        except HemsError as error:
            self._set(consequence=None, refused=str(error), asks=False, waits=False)
            return
        self._set(consequence=consequence, refused="", asks=asks, waits=False)

    @asking(group="reasons")
    async def _remember(self) -> None:
        """Learn what reasons people gave lately."""
        with suppress(HemsError):
            self._offered = reasons(read(tuple[Event, ...], await self._ask("events"), "events"))

    @asking(exclusive=True)
    async def _do(self) -> None:
        try:
            await self._ask(
                "override", **self._asked(), reason=self._form.reason, who=self._form.who, confirm=self._confirm
            )
        except HemsError as error:
            self._set(refused=str(error), asks=False)
            return
        self.dismiss()

    def _asked(self) -> dict[str, Any]:
        return {
            "circuit": self._circuit.id,
            "want": self._form.want,
            "duration_s": self._form.duration_s,
        }

    def _set(self, **changes: Any) -> None:  # noqa: ANN401  (fields of the form)
        self._form = replace(self._form, **changes)
        self.show(self._shown)
