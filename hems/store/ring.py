"""The last minute in full, tick by tick; kept on disk around events, so that they can be replayed.

A frame is one tick's inputs as JSON text.  Frames are packed as they come, about 1.5 kB each, to keep memory small.
"""

import zlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from hems.store.backlog import Backlog

BEFORE_S = 60.0
"""A window reaches back this far, and so does the ring."""
AFTER_S = 900.0
"""And goes on for this long after its last trigger."""
BRIEF_S = 60.0
"""The same after what happens dozens of times a day: each second kept is 2.4 kB on the card."""
OUTAGE_EVERY_S = 5.0
"""Spacing of frames kept through an outage outside windows."""
_FAST = 1
"""zlib level: packing happens in the control loop."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One tick's inputs, packed."""

    mono_s: float
    packed: bytes

    @property
    def text(self) -> str:
        """The JSON text."""
        return zlib.decompress(self.packed).decode()


class Ring:
    """Frames of the last minute, and which of them go to disk."""

    def __init__(self, waiting: Backlog[Frame]) -> None:
        self._frames: deque[Frame] = deque()
        self._waiting = waiting
        self._window_ends_s = float("-inf")
        self._kept_s = float("-inf")

    def add(self, mono_s: float, text: str, *, outage: bool = False) -> None:
        """Take the frame of one tick.  `outage` keeps one every 5 s also long after the last trigger."""
        frame = Frame(mono_s, zlib.compress(text.encode(), _FAST))
        self._frames.append(frame)
        while self._frames and mono_s - self._frames[0].mono_s > BEFORE_S:
            self._frames.popleft()
        if self.keeps(mono_s) or (outage and mono_s - self._kept_s >= OUTAGE_EVERY_S):
            self._keep([frame])

    def trigger(self, mono_s: float, *, brief: bool = False) -> None:
        """Something happened (mode change, command, alarm, error): keep from 60 s before to 15 min after.

        Only a minute after where it is `brief`.
        """
        after_s = max(mono_s - BEFORE_S, self._kept_s)
        self._keep([frame for frame in self._frames if frame.mono_s > after_s])
        self._window_ends_s = max(self._window_ends_s, mono_s + (BRIEF_S if brief else AFTER_S))

    def keeps(self, mono_s: float) -> bool:
        """Whether a window is open then."""
        return mono_s <= self._window_ends_s

    def forget(self) -> None:
        """Begin anew."""
        self._frames.clear()

    def frames(self) -> Sequence[Frame]:
        """All that is in memory, oldest first."""
        return tuple(self._frames)

    def _keep(self, frames: list[Frame]) -> None:
        if frames:
            self._waiting.add(frames)
            self._kept_s = frames[-1].mono_s


def pack(frames: Sequence[Frame]) -> bytes:
    """Several frames as one blob, one JSON text per line; alike as they are, together they take far less."""
    return zlib.compress("\n".join(frame.text.replace("\n", " ") for frame in frames).encode())


def unpack(blob: bytes) -> list[str]:
    """The JSON texts of one blob."""
    return zlib.decompress(blob).decode().split("\n")
