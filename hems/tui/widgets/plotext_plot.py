"""The plot, drawn by plotext; imported only where that is installed."""

from textual_plotext import PlotextPlot

from hems.tui.text.history import Drawing
from hems.tui.widgets.plot import put


class LetterPlot(PlotextPlot):
    """A plot in plain colours whose lines are made of letters."""

    def draw(self, drawing: Drawing) -> None:
        """Show this from now on."""
        put(self.plt, drawing, {})
        self.refresh()
