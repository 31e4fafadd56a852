"""The bulkheads: where a fault of one part ends, so that it does not reach the others.

There are few of them, each between parts that must outlive each other: the devices of one protocol and all others, one
client's request and the other clients, what is nice to have and control.  Everywhere else a fault is let through, and
what is expected to go wrong is caught by its name.
"""

from types import TracebackType
from typing import Self


class contained:  # noqa: N801  (reads as a word: `with contained() as part:`)
    """Runs what is inside; what it raises is kept here instead of going on.

    `fault` is None after all went well.  Whoever uses it must tell of the fault: nothing is logged here.  An end that
    was asked for (a cancelled task, an interrupt, an exit) goes through.
    """

    __slots__ = ("fault",)

    def __init__(self) -> None:
        self.fault: Exception | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if isinstance(raised, Exception):
            self.fault = raised
        return self.fault is not None
