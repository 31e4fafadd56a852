"""Something done in a process that ends, so that what it takes to do it never stays in this one."""

import os
import pickle
from collections.abc import Callable
from typing import IO, TypeVar

from hems.model.contained import contained
from hems.runtime.once import Once

DoneT = TypeVar("DoneT")
NextT = TypeVar("NextT")


def apart(do: Callable[[], DoneT], then: Callable[[DoneT], NextT]) -> Callable[[], tuple[DoneT, Callable[[], NextT]]]:
    """Begin it beside this process.  To be called before there are threads.

    What is returned waits for its result, and gives with it what waits for what `then` makes of that, which any thread
    may ask for.  Whatever goes wrong over there, it is done over again here, where it can be told as usual.
    """
    mine, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(mine)
            with contained(), os.fdopen(theirs, "wb") as told:
                made = do()
                _tell(told, made)
                _tell(told, then(made))
        finally:
            os._exit(0)
    os.close(theirs)
    heard = os.fdopen(mine, "rb")

    def done() -> tuple[DoneT, Callable[[], NextT]]:
        with contained():
            made: DoneT = pickle.load(heard)
            return made, Once(lambda: _rest(heard, child, lambda: then(made)))
        _end(heard, child)
        again = do()
        return again, Once(lambda: then(again))

    return done


def _tell(told: IO[bytes], made: object) -> None:
    told.write(pickle.dumps(made, protocol=pickle.HIGHEST_PROTOCOL))
    told.flush()


def _rest(heard: IO[bytes], child: int, over: Callable[[], NextT]) -> NextT:
    """The second result, or what `over` makes in its place."""
    try:
        with contained():
            made: NextT = pickle.load(heard)
            return made
    finally:
        _end(heard, child)
    return over()


def _end(heard: IO[bytes], child: int) -> None:
    heard.close()
    os.waitpid(child, 0)
