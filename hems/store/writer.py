"""The one thread that writes, so that the control loop never waits for a disk."""

import logging
from collections import deque
from collections.abc import Callable
from threading import Condition, Event, Thread

from hems.model.contained import contained

log = logging.getLogger(__name__)

Job = Callable[[], None]
"""Should not raise: whatever can go wrong with a file ends in its health."""


class Writer:
    """Does the jobs handed over: urgent ones first, each kind in order."""

    def __init__(self) -> None:
        self._urgent: deque[Job] = deque()
        self._ordinary: deque[Job] = deque()
        self._changed = Condition()
        self._stopping = False
        self._thread = Thread(target=self._work, name="hems-store", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether jobs are being done."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin with the jobs handed over so far."""
        self._thread.start()

    def submit(self, job: Job, *, urgent: bool = False) -> bool:
        """Hand over a job; one that is already waiting is not added again.  False when the writer has been stopped."""
        queue = self._urgent if urgent else self._ordinary
        with self._changed:
            if self._stopping:
                return False
            if job not in queue:
                queue.append(job)
                self._changed.notify()
        return True

    def drain(self, timeout_s: float) -> bool:
        """Wait until every job handed over so far is done; False when that took too long."""
        reached = Event()
        return self.submit(reached.set) and reached.wait(timeout_s)

    def stop(self, timeout_s: float) -> bool:
        """Do the jobs that are waiting, then end; False when that took too long and the rest is given up."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            with contained() as done:  # a fault in one must not take the journal from all others
                job()
            if done.fault is not None:
                log.error("Something could not be written.", exc_info=done.fault)

    def _next(self) -> Job | None:
        with self._changed:
            while not self._urgent and not self._ordinary:
                if self._stopping:
                    return None
                self._changed.wait()
            return self._urgent.popleft() if self._urgent else self._ordinary.popleft()


class AtOnce(Writer):
    """Does each job as it is handed over, in the caller's thread: for simulated time, where no thread can keep pace."""

    def __init__(self) -> None:
        super().__init__()
        self._started = False

    @property
    def alive(self) -> bool:
        """Whether jobs are being done."""
        return self._started

    def start(self) -> None:
        """Do the jobs handed over so far."""
        self._started = True
        self._work_off()

    def submit(self, job: Job, *, urgent: bool = False) -> bool:
        """Do a job now, or at the start."""
        taken = super().submit(job, urgent=urgent)
        if self._started:
            self._work_off()
        return taken

    def stop(self, timeout_s: float) -> bool:
        """Take no more jobs."""
        self._stopping = True
        self._started = False
        return True

    def _work_off(self) -> None:
        while self._urgent or self._ordinary:
            (self._urgent or self._ordinary).popleft()()
