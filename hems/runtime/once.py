"""What is made when somebody first asks for it, however many threads ask."""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

MadeT = TypeVar("MadeT")


class Once(Generic[MadeT]):
    """Its result is kept; whoever asks while it is being made waits.  What fails is tried again by who asks next."""

    def __init__(self, make: Callable[[], MadeT]) -> None:
        self._make = make
        self._made: list[MadeT] = []
        self._lock = Lock()

    def __call__(self) -> MadeT:
        """What was made.  Raises: what making it raises."""
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]
