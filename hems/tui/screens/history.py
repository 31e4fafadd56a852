"""Key 6: how things went, as a plot and a table."""

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.widget import Widget

from hems.model.errors import HemsError
from hems.model.trend import Trend
from hems.tui.asking import Ask, read
from hems.tui.format import BLANK, Row
from hems.tui.screens.base import BuildingScreen
from hems.tui.text.history import SPANS_S, Group, drawing, groups, table, title
from hems.tui.view import View
from hems.tui.widgets.footer import Key
from hems.tui.widgets.plot import Plot, plot
from hems.tui.widgets.rows import Rows
from hems.tui.working import asking
from hems.wording.language import say

STEPS = 120
AGAIN_S = 60.0
"""How often what is shown is read again: minutes are what is recorded."""
DAY = 2
"""The span of a day."""
TABLE = 8
"""Rows of heading, five lines, remark and air."""
LEAST_PLOT = 6


class HistoryScreen(BuildingScreen):
    """One group of series at a time."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,left_square_bracket", "group(-1)", show=False),
        Binding("right,right_square_bracket", "group(1)", show=False),
        Binding("up,plus,equals_sign", "span(1)", show=False),
        Binding("down,minus", "span(-1)", show=False),
        Binding("x,X", "export", show=False),
    ]
    LOOKS: ClassVar[tuple[Key, ...]] = (
        ("LEFT/RIGHT other values", "screen.group(1)"),
        ("+ longer", "screen.span(1)"),
        ("- shorter", "screen.span(-1)"),
    )
    ACTS: ClassVar[tuple[Key, ...]] = (("X file for a spreadsheet", "screen.export"),)
    ABOUT: ClassVar[Sequence[str]] = (
        "HISTORY shows how things went: power, stored energy, single circuits.",
        "",
        "Each line of the plot is drawn with a letter, which stands before its name",
        "in the table. The table says the same without the plot: the lowest, mean,",
        "highest and last value, and how it went, from light (low) to dark (high).",
        "A gap, or ?, means that nothing was known then.",
        "",
        "  LEFT, RIGHT, [ and ]  other values      + and -  a longer or shorter time",
        "  X  writes what is shown into a file for a spreadsheet; it tells where",
        "",
        "What is given to the building counts plus; what it gives away counts minus.",
    )

    def __init__(self, ask: Ask, hint: str = "") -> None:
        super().__init__(hint)
        self._ask = ask
        self._at = 0
        self._span = DAY
        self._trend: Trend | None = None
        self._note = ""
        self._read_s = float("-inf")
        self._plot: Widget | None = None

    def middle(self) -> ComposeResult:
        """A title, the plot and the table."""
        yield Rows(id="chart-title")
        self._plot = plot("plot")
        if self._plot is not None:
            yield self._plot
        yield from super().middle()

    def taken(self, size: Size) -> int:
        """Rows of title and plot."""
        group, rest = self._group(), size.height - 1
        lines = 0 if group is None else len(group.names)
        most = rest - max(TABLE, lines + TABLE - 5)
        height = most if self._plot is not None and most >= LEAST_PLOT and self._trend is not None else 0
        if self._plot is not None:
            self._plot.display = height > 0
            self._plot.styles.height = height
        return 1 + height

    def show(self, view: View) -> None:
        """Read again each minute, while somebody looks."""
        super().show(view)
        picture = None if view.old or not (self.is_mounted and self.is_current) else view.picture
        if picture is not None and picture.mono_s - self._read_s >= AGAIN_S:
            self._read_s = picture.mono_s
            self._fetch()

    def body(self, view: View, size: Size) -> Sequence[Row]:
        """The table; the title and the plot stand above it, the title alone where there is no terminal."""
        group = self._group()
        if group is None:
            return ()
        head = title(group, self._span)
        if self.is_mounted:
            self.query_one("#chart-title", Rows).show((head,))
        shown = self._trend
        if shown is not None and [curve.series for curve in shown.curves] != list(group.names):
            shown = None
        if shown is not None and self._plot is not None and self._plot.display:
            _draws(self._plot).draw(drawing(group, shown))
        told = table(group, shown, self._note, size.width)
        return told if self.is_mounted else (head, BLANK, *told)

    def take(self, trend: Trend) -> None:
        """Show this from now on."""
        self._trend, self._note = trend, ""

    def action_group(self, step: int) -> None:
        """Other values."""
        picture = self._shown.picture
        count = 0 if picture is None else len(groups(picture))
        if count:
            self._at = (self._at + step) % count
            self._anew()

    def action_span(self, step: int) -> None:
        """A longer or shorter time."""
        self._span = max(0, min(len(SPANS_S) - 1, self._span + step))
        self._anew()

    def action_export(self) -> None:
        """Have the daemon write a file."""
        if self._shown.may_operate and self._group() is not None:
            self._export()

    def _group(self) -> Group | None:
        picture = self._shown.picture
        found = () if picture is None else groups(picture)
        return found[self._at % len(found)] if found else None

    def _anew(self) -> None:
        self._trend, self._note = None, ""
        self.show(self._shown)
        self._fetch()

    def _asked(self) -> dict[str, Any]:
        group = self._group()
        return {"series": [] if group is None else list(group.names), "span_s": SPANS_S[self._span]}

    @asking(exclusive=True, group="history")
    async def _fetch(self) -> None:
        try:
            told = await self._ask("history", **self._asked(), steps=STEPS)
            self.take(read(Trend, told, "trend"))
        except HemsError as error:
            self._note = str(error)
        self.show(self._shown)

    @asking(exclusive=True, group="export")
    async def _export(self) -> None:
        try:
            path = read(str, await self._ask("export", **self._asked()), "path")
            self._note = say("Written on the gateway: {told}", told=path)
        except HemsError as error:
            self._note = str(error)
        self.show(self._shown)


def _draws(widget: Any) -> Plot:  # noqa: ANN401  (a widget that draws, see `plot`)
    drawn: Plot = widget
    return drawn
