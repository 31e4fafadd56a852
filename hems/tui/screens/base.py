"""What all screens share: banner, body, keys, and what to say when there is nothing live or no room."""

from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.geometry import Size
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from hems.tui.asking import NOT_UNDERSTOOD
from hems.tui.format import BLANK, Row, Tone, fitted, row, squeezed
from hems.tui.text.banner import banner
from hems.tui.text.narrow import narrow
from hems.tui.text.notes import no_picture, old_rows
from hems.tui.view import View
from hems.tui.widgets.footer import Footer, Key, keys_row
from hems.tui.widgets.rows import Rows
from hems.wording.language import say, translated

NEEDED = Size(80, 24)
LEAST_COLUMNS = 20
"""Of a window that anything is written for."""
FRAME = 4
"""Lines that are not body: banner, two rules, keys."""

KEYS: tuple[Key, ...] = (
    ("1 Overview", "app.show('overview')"),
    ("2 Outage", "app.show('outage')"),
    ("3 Circuits", "app.show('circuits')"),
    ("4 Cars", "app.show('cars')"),
    ("5 Alarms", "app.show('alarms')"),
    ("6 History", "app.show('history')"),
    ("7 Devices", "app.show('devices')"),
    ("8 Log", "app.show('log')"),
    ("?Help", "app.help"),
)


LOST: tuple[Key, ...] = (("P the card: hand switches, what stays on", "app.paper"), ("C whom to call", "app.calls"))
"""What helps when there is nobody to ask."""


MORE: tuple[Key, ...] = (("9 Orders", "app.show('orders')"), ("0 Settings", "app.show('settings')"))
"""Stand with the others where there is room."""
WIDE = 120


def main_keys(width: int) -> tuple[Key, ...]:
    """The keys of all screens, as many as fit; the others work as well."""
    return (*KEYS[:-1], *MORE, KEYS[-1]) if width >= WIDE else KEYS


class BuildingScreen(Screen[None]):
    """A screen that shows the building; a subclass writes `body`."""

    BINDINGS: ClassVar[list[BindingType]] = []
    ABOUT: ClassVar[Sequence[str]] = ()
    """What this screen is for, in plain words."""
    LOOKS: ClassVar[tuple[Key, ...]] = ()
    """Keys of this screen for everybody."""
    ACTS: ClassVar[tuple[Key, ...]] = ()
    """Keys of this screen for those who may change something; the others do not see them."""
    TELLS_WHAT_TO_DO: ClassVar[bool] = False
    """Whether it says what to do when HEMS is gone, as the first screens somebody sees."""

    def __init__(self, hint: str = "") -> None:
        super().__init__()
        self._hint = hint
        self._shown = View()

    def body(self, view: View, size: Size) -> Sequence[Row]:
        """The rows between the two rules; `view.picture` is there."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Twenty-four lines: banner, rule, body, keys of this screen if it has any, rule, keys of all screens."""
        yield Rows(id="banner")
        yield Rows(id="top-rule")
        yield from self.middle()
        if self.LOOKS or self.ACTS:
            yield Footer((), id="actions")
        yield Rows(id="bottom-rule")
        yield Footer(main_keys(self.app.size.width), id="keys")
        yield Rows(id="too-small")

    def middle(self) -> ComposeResult:
        """What stands between the two rules; a subclass may put more above the body."""
        yield Rows(id="body")

    def taken(self, size: Size) -> int:
        """Rows of what stands above the body, when `size` is all there is between the two rules."""
        del size
        return 0

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Whatever was answered, the screen stays and says that it has not understood it."""
        if event.state is WorkerState.ERROR:
            self.notify(translated(NOT_UNDERSTOOD), severity="warning")

    def show(self, view: View) -> None:
        """Write everything again from `view`; only what differs reaches the terminal."""
        self._shown = view
        if self.is_mounted:
            self._write(self.app.size)

    def on_mount(self) -> None:
        """First writing."""
        self._write(self.app.size)

    def on_screen_suspend(self) -> None:
        """Nobody sees it: what was drawn is not kept."""
        for rows in self.query(Rows):
            rows.let_go()

    def on_resize(self) -> None:
        """Write for the new size."""
        self._write(self.app.size)

    def rows(self, view: View, size: Size) -> tuple[Row, ...]:
        """Every line of the screen as it would stand on a terminal of that size, for whoever has none."""
        self._shown = view
        rule, has_keys = row("-" * size.width), bool(self.LOOKS or self.ACTS)
        height = size.height - FRAME - has_keys
        body = tuple(self._body(Size(size.width, height)))
        offers = (keys_row(self._usable(), size.width),) if has_keys else ()
        blank = (BLANK,) * (height - len(body))
        rest = (row(_with_hint(self._hint, size.width)), keys_row(main_keys(size.width), size.width))
        return (banner(view, size.width), rule, *body, *blank, *offers, *rest)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """What nobody can see nobody does: in a window too small the keys of this screen rest."""
        return not self.has_class("-too-small")

    def _usable(self) -> tuple[Key, ...]:
        """The keys of this screen that this person has, and that somebody answers to; known once the body is."""
        if self._shown.old:
            return LOST
        return (*self.ACTS, *self.LOOKS) if self._shown.may_operate else self.LOOKS

    def _write(self, size: Size) -> None:
        if not self.query("#too-small"):  # a size or a picture may come before the rows are there
            return
        small = size.width < NEEDED.width or size.height < NEEDED.height
        self.set_class(small, "-too-small")
        if small:
            self.query_one("#too-small", Rows).show(self._with_foot(size))
            return
        rule, footers = (row("-" * size.width),), list(self.query("#actions").results(Footer))
        self.query_one("#keys", Footer).offer(main_keys(size.width))
        self.query_one("#banner", Rows).show((banner(self._shown, size.width),))
        self.query_one("#top-rule", Rows).show(rule)
        self.query_one("#bottom-rule", Rows).show((row(_with_hint(self._hint, size.width)),))
        room = Size(size.width, size.height - FRAME - len(footers))
        rows = self._body(Size(room.width, room.height - self.taken(room)))
        self.query_one("#body", Rows).show(rows)
        for footer in footers:  # what can be done depends on what is listed
            footer.offer(self._usable())

    def brief(self, view: View, size: Size) -> Sequence[Row]:
        """What a window too small for this screen shows in its place: the building in brief."""
        return narrow(view, size.width, size.height)

    def _with_foot(self, size: Size) -> tuple[Row, ...]:
        columns = max(LEAST_COLUMNS, size.width)
        foot = _foot(size, columns)
        shown = [*self.brief(self._shown, Size(columns, max(0, size.height - len(foot) - 1)))]
        blank = [BLANK] * (size.height - len(foot) - 1 - len(shown))
        return (*shown, *blank, row("-" * size.width), *(row(line) for line in foot))

    def _body(self, size: Size) -> Sequence[Row]:
        view = self._shown
        if view.picture is None:
            return no_picture(view, size.width)
        if not view.old:
            return squeezed(self.body(view, size), size.height)
        head = old_rows(view, size.width, whole=self.TELLS_WHAT_TO_DO)
        room = size.height - len(head)
        told = squeezed(self.body(view, Size(size.width, room)), room)
        return (*head, *(fitted(line, size.width, Tone.OLD) if line else BLANK for line in told))


def _foot(size: Size, columns: int) -> list[str]:
    """Why there is no more in a small window, and what shows the rest."""
    told = say(
        " Window too small: {width}x{height}. HEMS needs {width2}x{height2}. To leave: Ctrl-Q, then Y.",
        width=size.width,
        height=size.height,
        width2=NEEDED.width,
        height2=NEEDED.height,
    )
    plain = say("For the rest, in a window of any size: hems status, hems circuits, hems alarms.")
    texts = (told.strip(), plain)
    return [line for text in texts for line in wrap(text, columns - 1, initial_indent=" ", subsequent_indent=" ")]


def _with_hint(hint: str, width: int) -> str:
    """The rule above the keys, with what a subclass of the program has to say of its own keys."""
    return f"--- {hint} ".ljust(width, "-") if hint else "-" * width
