"""The contact with the daemon, as the screen needs it: the newest picture, and since when there is none."""

from collections.abc import Callable
from dataclasses import replace

from hems.api.client import Lost
from hems.model.event import Event
from hems.model.picture import Picture
from hems.tui.view import View
from hems.wording.language import say

Last = Callable[[], tuple[Picture, float] | None]
SILENCE_S = 3.0
"""Without a tick for this long the daemon hangs or the line is bad; it ticks once a second."""


class Link:
    """Turns what is heard into what is shown.  `now_s` is the event loop's clock, which is good for ages only."""

    def __init__(self, now_s: float, *, may_operate: bool = False, last: Last = lambda: None) -> None:
        """`last` is asked for a picture that was kept, and how old it is, when there is nobody to tell a newer one."""
        self._heard_s = now_s
        self._lost = False
        self._last = last
        self._view = View(may_operate=may_operate)

    def hear(self, message: Picture | Event | Lost, now_s: float) -> View:
        """The view after one message from `hems.api.client.follow`."""
        match message:
            case Picture():
                self._heard_s, self._lost = now_s, False
                self._view = replace(self._view, picture=message, reason="")
            case Lost(reason=reason):
                self._lost = True
                self._view = replace(self._view, reason=reason)
                self._remember(now_s)
            case Event():
                self._view = replace(self._view, news=self._view.news + 1)
        return self.look(now_s)

    def _remember(self, now_s: float) -> None:
        """Show at least what was kept of the building, clearly old."""
        kept = self._last() if self._view.picture is None else None
        if kept is not None:
            picture, age_s = kept
            self._heard_s = now_s - age_s
            self._view = replace(self._view, picture=picture)

    def look(self, now_s: float) -> View:
        """The view as time passes; what is heard no longer grows old."""
        silent_s = now_s - self._heard_s
        if self._lost or silent_s >= SILENCE_S:
            reason = self._view.reason or say("HEMS does not answer; it hangs, or the line is bad.")
            return replace(self._view, lost_for_s=float(int(silent_s)), reason=reason)
        return self._view
