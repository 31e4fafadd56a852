"""Something done in a process that ends, so that what it takes to do it never stays in this one."""

import os
import pickle
from collections.abc import Callable
from typing import TypeVar

from hems.model.contained import contained

DoneT = TypeVar("DoneT")


def apart(do: Callable[[], DoneT]) -> Callable[[], DoneT]:
    """Begin it beside this process; what is returned waits for its result.  To be called before there are threads.

    Whatever goes wrong over there, it is done over again here, where it can be told as usual.
    """
    mine, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(mine)
            with contained(), os.fdopen(theirs, "wb") as result:
                result.write(pickle.dumps(do(), protocol=pickle.HIGHEST_PROTOCOL))
        finally:
            os._exit(0)
    os.close(theirs)

    def done() -> DoneT:
        with os.fdopen(mine, "rb") as result:
            told = result.read()
        os.waitpid(child, 0)
        with contained():
            made: DoneT = pickle.loads(told)
            return made
        return do()

    return done
