"""A plot of letters in the middle of a screen, where the extra `plots` is installed; nothing without it."""

from collections.abc import Mapping
from typing import Any, Protocol

from textual.widget import Widget

from hems.tui.text.history import Drawing


class Plot(Protocol):
    """Draws; a widget too."""

    def draw(self, drawing: Drawing) -> None:
        """Show this from now on."""


def plot(id: str) -> Widget | None:
    """A widget that is a `Plot`; None without the extra."""
    try:
        from hems.tui.widgets.plotext_plot import LetterPlot
    except ImportError:
        return None
    return LetterPlot(id=id)


def put(plt: Any, drawing: Drawing, colours: Mapping[str, Any]) -> None:  # noqa: ANN401  (plotext has no types)
    """Draw with plotext: a letter for each line, a gap where nothing was known."""
    plt.clear_figure()
    plt.theme("clear")
    steps = len(drawing.lines[0].points) if drawing.lines else 1
    plt.xlim(0, max(1, steps - 1))
    levels = list(drawing.levels)
    if levels[0] < levels[-1]:
        plt.ylim(levels[0], levels[-1])
    plt.yticks(levels, list(drawing.levels.values()))
    plt.xticks(list(drawing.times), list(drawing.times.values()))
    for line in drawing.lines:
        for xs in _stretches(line.points):
            ys = [line.points[x] for x in xs]
            plt.plot(xs, ys, marker=line.letter, color=colours.get(line.letter, "default"))


def _stretches(points: Any) -> list[list[int]]:  # noqa: ANN401
    """Places of neighbouring points that are known."""
    found: list[list[int]] = []
    for x, point in enumerate(points):
        if point is None:
            continue
        if found and found[-1][-1] == x - 1:
            found[-1].append(x)
        else:
            found.append([x])
    return found
