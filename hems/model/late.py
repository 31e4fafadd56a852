"""Methods of values that hardly anybody asks for, written when somebody does.

Up to Python 3.12 `dataclasses` compiles six methods for each frozen class, one by one, which takes a third of a start
that makes 300 of them; most are never called.  From 3.13 on it compiles a class in one go, and is left alone.
"""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

LATE = frozenset({"__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__"})
"""Not `__init__`: a class that is there is used."""

Method = Callable[..., Any]


@contextmanager
def written_late() -> Iterator[None]:
    """So for all classes that are made meanwhile: around what a process imports at its start."""
    known = vars(dataclasses)
    write: Callable[..., Method] | None = known.get("_create_fn")
    if write is None:
        yield
        return
    known["_create_fn"] = partial(_created, write)
    try:
        yield
    finally:
        known["_create_fn"] = write


def _created(write: Callable[..., Method], name: str, *source: Any, **more: Any) -> Method:  # noqa: ANN401
    """A method from its source, as `dataclasses` gives it."""
    now = partial(write, name, *source, **more)
    return _late(name, now) if name in LATE else now()


def _late(name: str, write: Callable[[], Method]) -> Method:
    """What writes the method with its first call, and has it take its place."""
    written: Method | None = None

    def method(self: object, *others: object) -> object:
        """As the method that it becomes."""
        nonlocal written
        if written is None:
            written = write()
            written.__qualname__ = method.__qualname__
            for cls in type(self).__mro__:
                if vars(cls).get(name) is method:
                    setattr(cls, name, written)
        return written(self, *others)

    method.__name__ = name
    return method
