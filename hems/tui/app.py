"""The screen as a program: follows the daemon's pictures and shows them; it decides and remembers nothing."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing, suppress
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.timer import Timer

from hems.model.errors import HemsError
from hems.tui.asking import Ask, texts
from hems.tui.in_turn import KeysInTurn
from hems.tui.link import Link
from hems.tui.screens.alarms import AlarmsScreen
from hems.tui.screens.ask import LeaveScreen
from hems.tui.screens.base import BuildingScreen
from hems.tui.screens.cars import CarsScreen
from hems.tui.screens.circuits import CircuitsScreen
from hems.tui.screens.devices import DevicesScreen
from hems.tui.screens.field import FieldScreen
from hems.tui.screens.help import HelpScreen
from hems.tui.screens.history import HistoryScreen
from hems.tui.screens.listing import ListScreen
from hems.tui.screens.log import LogScreen
from hems.tui.screens.orders import OrdersScreen
from hems.tui.screens.outage import OutageScreen
from hems.tui.screens.overview import OverviewScreen
from hems.tui.screens.page import PageScreen
from hems.tui.source import Live, Source
from hems.tui.text.calls import call_lines
from hems.tui.themes import COLOURS, DARK, themes
from hems.tui.view import View
from hems.tui.with_pin import WithPin
from hems.tui.working import asking
from hems.wording.language import say, use

LOOK_S = 1.0
"""How often the age of old numbers is looked at."""

FROZEN_S = 60.0
"""A frozen picture is let go after this long, so that nobody forgets it."""

SLOW_S = 5.0
"""On a slow line the picture is drawn again only so often, unless things get worse."""

MODES = ("overview", "outage", "circuits", "cars", "alarms", "history", "devices", "log", "orders", "settings")


class HemsApp(KeysInTurn):
    """Shows one building, by the socket of its daemon or from another source; by the viewers' door nothing changes.

    `who` is the name that goes into the log with what is changed.  `extra_hint` is appended to the line of keys, for a
    subclass with bindings of its own.
    """

    CSS_PATH = Path(__file__).with_name("hems.tcss")  # whole: a subclass lives elsewhere
    ENABLE_COMMAND_PALETTE = False  # its key is here for everybody, and opens it for engineers
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "show('overview')", show=False),
        Binding("2", "show('outage')", show=False),
        Binding("3", "show('circuits')", show=False),
        Binding("4", "show('cars')", show=False),
        Binding("5", "show('alarms')", show=False),
        Binding("6", "show('history')", show=False),
        Binding("7", "show('devices')", show=False),
        Binding("8", "show('log')", show=False),
        Binding("9", "show('orders')", show=False),
        Binding("0", "show('settings')", show=False),
        Binding("question_mark,f1", "help", show=False),
        Binding("f,F", "freeze", show=False),
        Binding("p,P", "paper", show=False),
        Binding("c,C", "calls", show=False),
        Binding("escape", "back", show=False),
        Binding("ctrl+p", "palette", show=False),
        Binding("ctrl+c", "quit", show=False, system=True),
    ]

    def __init__(
        self,
        source: Path | Source,
        *,
        who: str = "",
        colours: str = "dark",
        extra_hint: str = "",
        slow: bool = False,
    ) -> None:
        super().__init__()
        self._colours = colours
        self._slow = slow
        self._waiting: View | None = None
        self._thawing: Timer | None = None
        self._source = Live(source) if isinstance(source, Path) else source
        self._may_operate = self._source.may_operate
        self._ask: Ask = WithPin(self._source, self._typed_pin)
        self._card: list[str] = []
        self._who = who
        self._hint = extra_hint or self._source.note
        self.use_command_palette = self._source.may_engineer
        self.view = View(may_operate=self._may_operate)
        """What is shown now."""

    async def _typed_pin(self, why: str) -> str | None:
        """What the person types; nothing where they do not want to."""
        return await self.push_screen_wait(FieldScreen(why, secret=True))

    async def on_mount(self) -> None:
        """Open on the overview; an outage opens its own screen as soon as it is seen."""
        for theme in themes():
            self.register_theme(theme)
        self.theme = f"hems-{self._colours}"
        self.add_mode("overview", lambda: OverviewScreen(self._hint))
        self.add_mode("outage", lambda: OutageScreen(self._ask, self._who, self._hint))
        self.add_mode("circuits", lambda: CircuitsScreen(self._ask, self._who, self._hint))
        self.add_mode("alarms", lambda: AlarmsScreen(self._ask, self._who, self._hint))
        self.add_mode("cars", lambda: CarsScreen(self._ask, self._who, self._hint))
        self.add_mode("history", lambda: HistoryScreen(self._ask, self._hint))
        self.add_mode("devices", lambda: DevicesScreen(self._ask, self._source.may_engineer, self._hint))
        self.add_mode("log", lambda: LogScreen(self._ask, self._hint))
        self.add_mode("orders", lambda: OrdersScreen(self._ask, self._who, self._hint))
        self.add_mode("settings", lambda: self._settings())
        await self.switch_mode("overview")
        self._watch()

    @work(exclusive=True, group="feed")
    async def _watch(self) -> None:
        """Follow the daemon for as long as the program runs."""
        clock = asyncio.get_running_loop().time
        link = Link(clock(), may_operate=self._may_operate, last=self._source.kept.last)
        self.set_interval(LOOK_S, lambda: self._grow_old(link.look(clock())))
        if self._slow:
            self.set_interval(SLOW_S, self._catch_up)
        async with aclosing(self._source.messages()) as messages:
            async for message in messages:
                await self._take(link.hear(message, clock()))

    def _grow_old(self, view: View) -> None:
        """Ticks show themselves; between them only lost contact changes the screen, a frozen one too."""
        if view.old and view != self.view:
            self.show(view)

    async def _take(self, view: View) -> None:
        still = self.view.frozen or (self._slow and self.view.picture is not None and not self.view.old)
        if still and not view.worse_than(self.view):
            self._waiting = view
            return
        self._waiting = None
        if view == self.view:
            return
        began = view.in_outage and not self.view.in_outage
        self.show(view)
        if began:
            await self.action_show("outage")

    def _catch_up(self) -> None:
        """On a slow line: draw what has come since the last time."""
        if self._waiting is not None and not self.view.frozen:
            self.show(self._waiting)
            self._waiting = None

    def show(self, view: View) -> None:
        """Draw it; what has not changed costs nothing."""
        self.view = view
        if view.picture is not None:
            use(view.picture.language)
        for screen in self.screen_stack:
            if isinstance(screen, BuildingScreen):
                with self.batch_update():
                    screen.show(view)

    async def action_show(self, mode: str) -> None:
        """Go to one of the main screens; whatever was open above it closes."""
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        await self.switch_mode(mode)
        if isinstance(self.screen, ListScreen):
            self.screen.arrive()
        if isinstance(self.screen, BuildingScreen):
            self.screen.show(self.view)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the palette offers, which only engineers have: the screens by name, and the colours."""
        for mode in MODES:
            yield SystemCommand(mode.capitalize(), f"Go to the screen {mode.capitalize()}", self._going(mode))
        for colours in COLOURS:
            yield SystemCommand(f"Colours: {colours}", "Until you leave", self._coloured(colours))

    def _settings(self) -> BuildingScreen:
        """Imported when it is wanted: few come here, and the others shall not wait for it."""
        from hems.tui.screens.settings import SettingsScreen

        return SettingsScreen(self._ask, self._who, self._source.may_engineer, self._hint)

    def _going(self, mode: str) -> Callable[[], Awaitable[None]]:
        return lambda: self.action_show(mode)

    def _coloured(self, colours: str) -> Callable[[], None]:
        return lambda: setattr(self, "theme", f"hems-{colours}")

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Colours until a theme is chosen."""
        return dict(DARK)

    async def action_freeze(self) -> None:
        """Hold the picture still, or let it go on; it goes on by itself after a while and when things get worse."""
        if self.view.frozen:
            await self._thaw()
        elif self.view.picture is not None and not self.view.old:
            self.show(replace(self.view, frozen=True))
            self._thawing = self.set_timer(FROZEN_S, self._thaw)

    async def _thaw(self) -> None:
        if self.view.frozen:
            if self._thawing is not None:
                self._thawing.stop()
            view = self._waiting or replace(self.view, frozen=False)
            self.view = replace(self.view, frozen=False)
            await self._take(view)
            self.show(view)

    @asking(exclusive=True, group="paper")
    async def action_paper(self) -> None:
        """The paper for the panel door, as HEMS has it or has left it."""
        if not self.view.old:
            with suppress(HemsError):
                self._card = texts(await self._source.ask("card"), "lines")
        try:
            lines = self._card or self._source.kept.card().splitlines()
        except HemsError as error:
            lines = [str(error)]
        self._open(PageScreen(say("THE CARD FOR THE PANEL DOOR"), lines, self._hint, wrapped=False))

    def action_calls(self) -> None:
        """Whom to call."""
        picture = self.view.picture
        self._open(PageScreen(say("WHOM TO CALL"), call_lines(() if picture is None else picture.contacts), self._hint))

    def _open(self, page: PageScreen) -> None:
        """Above the main screen, in place of another page."""
        if isinstance(self.screen, PageScreen):
            self.pop_screen()
        if isinstance(self.screen, BuildingScreen):
            self.push_screen(page)
            page.show(self.view)

    async def action_help(self) -> None:
        """Explain the screen that is open."""
        if isinstance(self.screen, BuildingScreen) and not isinstance(self.screen, HelpScreen):
            help_screen = HelpScreen(self.screen.ABOUT, self._hint)
            await self.push_screen(help_screen)
            help_screen.show(self.view)

    async def action_back(self) -> None:
        """Close what is open above the main screen; never leaves the program."""
        if isinstance(self.screen, ListScreen) and self.screen.leave_find():
            return
        if len(self.screen_stack) > 1 and isinstance(self.screen, BuildingScreen):
            await self.pop_screen()

    def action_palette(self) -> None:
        """Everything by name, for the engineer."""
        if self._source.may_engineer:
            self.action_command_palette()

    async def action_quit(self) -> None:
        """Ask, then leave."""
        if isinstance(self.screen, LeaveScreen):
            self.screen.dismiss(False)
        else:
            self.push_screen(LeaveScreen(), lambda leave: self.exit() if leave else None)


def terminal_fits() -> bool:
    """Whether there is a terminal that can show a screen; otherwise the caller prints plain lines instead."""
    if os.environ.get("TEXTUAL_DRIVER"):  # a browser at the other end
        return True
    ends = (sys.stdin, sys.stdout, sys.stderr)  # Textual draws on the last of them
    return all(end.isatty() for end in ends) and os.environ.get("TERM", "dumb") not in ("dumb", "unknown", "")
