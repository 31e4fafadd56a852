"""Work beside a screen that asks the daemon: whatever is answered, the screen stays."""

from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

from textual import work
from textual.worker import Worker

P = ParamSpec("P")
Asks = Callable[P, Coroutine[None, None, None]]


def asking(*, exclusive: bool = False, group: str = "default") -> Callable[[Asks[P]], Callable[P, Worker[None]]]:
    """Decorates what asks; an answer that nobody understands ends it, and is told by `BuildingScreen`."""
    made: Any = work(exclusive=exclusive, group=group, exit_on_error=False)
    decorate: Callable[[Asks[P]], Callable[P, Worker[None]]] = made
    return decorate
