"""The last picture and the panel card, for whoever looks while the daemon is gone: in memory, and on a disk.

The first is written every few seconds to the run directory, which wears nothing out; the second now and then, and when
the mode changes, beside the store.  A picture that cannot be written is let be: nothing depends on it.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hems.model.codec import from_plain, to_plain
from hems.model.errors import StoreError
from hems.model.mode import Mode
from hems.model.picture import Picture
from hems.wording.language import say

NAME, CARD = "picture.json", "card.txt"
OFTEN_S, SELDOM_S = 10.0, 900.0


class LastPicture:
    """Keeps pictures; `submit` hands the work to a thread."""

    def __init__(self, run_dir: Path, state_dir: Path, submit: Callable[[Callable[[], None]], object]) -> None:
        self._run_dir = run_dir
        self._state_dir = state_dir
        self._submit = submit
        self._often_s = self._seldom_s = float("-inf")
        self._mode: Mode | None = None

    def keep_card(self, text: str) -> None:
        """Keep the panel card, which changes only with the site file."""
        self._submit(lambda: _put(CARD, text, [self._run_dir, self._state_dir]))

    def keep(self, picture: Picture) -> None:
        """Take the picture of one tick; returns at once."""
        turned, now_s = picture.mode is not self._mode, picture.mono_s
        seldom = turned or now_s >= self._seldom_s + SELDOM_S
        if not turned and now_s < self._often_s + OFTEN_S:
            return
        self._mode, self._often_s = picture.mode, now_s
        self._seldom_s = now_s if seldom else self._seldom_s
        places = [self._run_dir, self._state_dir] if seldom else [self._run_dir]
        self._submit(lambda: _write(picture, places))


def _write(picture: Picture, places: list[Path]) -> None:
    _put(NAME, json.dumps(to_plain(picture), separators=(",", ":")), places)


def _put(name: str, text: str, places: list[Path]) -> None:
    for place in places:
        with suppress(OSError):
            fresh = place / f".{name}"
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(place / name)


def last_card(*places: Path) -> str:
    """The panel card as the daemon last had it, from the first place that has one.  Raises: StoreError."""
    for place in places:
        with suppress(OSError, ValueError):
            return (place / CARD).read_text(encoding="utf-8")
    raise StoreError(say("No panel card was kept here. It hangs on the panel door; `hems checklist` prints it."))


def last_picture(*places: Path) -> tuple[Picture, float]:
    """The newest one that can be read, and when it was written, by the machine's clock.  Raises: StoreError."""
    found = []
    for place in places:
        with suppress(OSError, ValueError, TypeError):
            path = place / NAME
            found.append((path.stat().st_mtime, from_plain(Picture, json.loads(path.read_text(encoding="utf-8")))))
    if not found:
        raise StoreError(say("No picture was kept: nothing is known of the building."))
    written_s, picture = max(found, key=lambda one: one[0])
    return picture, written_s
