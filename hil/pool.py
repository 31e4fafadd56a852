"""Plays many stories, some at the same time; one that breaks or hangs has failed, and the run goes on."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from hems.app import installed_drivers
from hems.config.load import load
from hems.model.contained import contained
from hems.model.errors import ConfigError
from hems.sim.record import Record
from hems.sim.scenario import Scenario
from hil.ending import with_parent
from hil.places import place
from hil.stage import WAYS, Played

Task = tuple[Scenario, str]
"""A story and the way it is played."""
LEAST_S, PER_S = 600.0, 4.0
"""Real time that a story is given, besides so much for each of its seconds: sockets in virtual time go 3 to 20 times
faster than that on a quiet machine."""
AGAIN_S = 30.0
"""A story that goes on hanging while it is cleared away is ended once more after so long."""
LOOPS_OWN, SOON_S = str(Path(asyncio.__file__).parent), 0.001
"""Code that is not ended in its midst, and when the next is tried."""


class TooLong(SystemExit):
    """A kind of exit, because an event loop lets nothing else through that is raised while a callback runs."""


def play_all(tasks: Sequence[Task], jobs: int) -> Iterator[Played]:
    """Every story played in its way, in the order in which they end; `jobs` at the same time, each in a process."""
    if jobs <= 1:
        yield from map(play_one, tasks)
        return
    with ProcessPoolExecutor(jobs, initializer=with_parent) as pool:
        # The longest begin first, so that none of them is still played when all others have ended.
        longest = sorted(tasks, key=lambda task: 0.0 if task[1] == "fast" else -task[0].ends_s)
        playing: dict[Future[Played], Task] = {pool.submit(play_one, task): task for task in longest}
        while playing:
            for future in wait(playing, return_when=FIRST_COMPLETED).done:
                yield _result(future, playing.pop(future))


def _result(future: "Future[Played]", task: Task) -> Played:
    try:
        return future.result()
    except BrokenProcessPool as error:
        return _broken(task, str(error))


def play_one(task: Task) -> Played:
    """A story that ends in an error has failed by it.  Raises: ConfigError, which would be the same in every story."""
    scenario, way = task
    try:
        with limited(LEAST_S + PER_S * scenario.ends_s), contained() as program:
            return WAYS[way](scenario)
    except TooLong:
        return _broken(task, f"not at its end after {LEAST_S + PER_S * scenario.ends_s:.0f} s")
    if isinstance(program.fault, ConfigError):
        raise program.fault
    return _broken(task, f"{type(program.fault).__name__}: {program.fault}")


def _broken(task: Task, why: str) -> Played:
    scenario, way = task
    file = load(place(scenario.place).site, installed_drivers())
    return Played(scenario=scenario, way=way, site_file=file, record=Record(), took_s=0.0, broken=why)


@contextmanager
def limited(most_s: float) -> Iterator[None]:
    """In the main thread, where signals arrive.  Raises: TooLong, in the midst of whatever goes on for too long."""

    def end(_: int, at: FrameType | None) -> None:
        # Between taking a callback out and calling it a loop would lose it: a task that is never gone on with cannot
        # be cleared away.
        if at is not None and at.f_code.co_filename.startswith(LOOPS_OWN):
            signal.setitimer(signal.ITIMER_REAL, SOON_S, AGAIN_S)
            return
        raise TooLong

    before: Callable[..., object] | int | None = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, most_s, AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
