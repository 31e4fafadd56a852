"""The plot, drawn by plotext; imported only where that is installed."""

from rich.text import Text
from textual.app import RenderResult
from textual_plotext import PlotextPlot

from hems.tui.text.history import Drawing
from hems.tui.widgets.plot import put

AXES = str.maketrans({"─": "-", "│": "|"} | dict.fromkeys("┌┐└┘├┤┬┴┼", "+"))
"""A serial console has no boxes."""


class LetterPlot(PlotextPlot):
    """A plot in plain colours whose lines are made of letters, in plain ASCII as everything else."""

    def draw(self, drawing: Drawing) -> None:
        """Show this from now on."""
        put(self.plt, drawing, {})
        self.refresh()

    def render(self) -> RenderResult:
        """What plotext draws, with axes that every terminal has."""
        drawn = super().render()
        if isinstance(drawn, Text):
            drawn.plain = drawn.plain.translate(AXES)
        return drawn
