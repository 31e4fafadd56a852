"""Devices and the gateway on processors of their own, as they are boxes of their own in a building.

On one machine the system likes to wake whoever is spoken to on the processor of the one who speaks.  An emulated device
would then wait until the gateway has nothing to do any more, which no real one does, and the time of an answer would be
one or ten, by chance.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def among_devices() -> Iterator[None]:
    """What is started here runs where devices do: on the last processor."""
    with _on(_devices()):
        yield


@contextmanager
def at_the_gateway() -> Iterator[None]:
    """What is started here, and whoever calls it, runs on all other processors; where there is one only, on that."""
    with _on(os.sched_getaffinity(0) - _devices() or _devices()):
        yield


def moved_to_devices(pid: int) -> None:
    """Let what has been started elsewhere go on where devices do."""
    os.sched_setaffinity(pid, _devices())


def _devices() -> set[int]:
    return {max(os.sched_getaffinity(0))}


@contextmanager
def _on(processors: set[int]) -> Iterator[None]:
    here = os.sched_getaffinity(0)
    os.sched_setaffinity(0, processors)
    try:
        yield
    finally:
        os.sched_setaffinity(0, here)
