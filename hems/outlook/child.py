"""The process: questions come in by standard input, answers go out by standard output, one line of JSON each.

It lowers itself first: behind the daemon for the processor, first in line when memory is short, and bounded in both.  A
look ahead has the last place of all.  A what-if, which a person waits for, goes before it and puts it aside: on a busy
machine the last place is a twentieth of a processor.  When the daemon is gone, so is it.
"""

import contextlib
import json
import sys
from collections.abc import Iterator
from queue import Empty, Queue
from threading import Event, Lock, Thread
from typing import TextIO

from hems.model.codec import from_plain, to_plain
from hems.outlook.look import looked, what_if
from hems.outlook.question import Answer, Question
from hems.runtime.last_place import NICENESS, step_back, take_last_place

MEMORY_BYTES = 512 * 1024 * 1024
"""Address space; what is really used is a tenth of it."""
ASKED_NICENESS = 5
"""While a person waits: behind the daemon, before all that nobody waits for."""


class Looks:
    """Looks ahead, slice by slice, in a thread of its own that has the last place; the newest question counts."""

    def __init__(self, answers: TextIO) -> None:
        self._answers = answers
        self._asked: Queue[Question] = Queue()
        self._turn, self._free = Lock(), Event()
        self._free.set()

    def ask(self, question: Question) -> None:
        """Look from here, and no longer from where the last question stood."""
        self._asked.put(question)

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Between two slices, and none until this ends."""
        self._free.clear()
        try:
            with self._turn:
                yield
        finally:
            self._free.set()

    def end(self) -> None:
        """Not a slice more."""
        self._free.clear()

    def run(self) -> None:
        """For as long as the process lives."""
        step_back(NICENESS - ASKED_NICENESS)
        question = self._asked.get()
        while True:
            question = self._look(question) or self._asked.get()

    def _look(self, question: Question) -> Question | None:
        """Answer, or the question that has come meanwhile."""
        job, seen = looked(question), None
        while True:
            self._free.wait()
            with self._turn:
                try:
                    seen = next(job) or seen
                except StopIteration:
                    _write(self._answers, Answer(number=question.number, foresight=seen))
                    return None
            with contextlib.suppress(Empty):
                return self._asked.get_nowait()


def serve(questions: TextIO, answers: TextIO) -> None:
    """Answer until no more questions can come."""
    looks = Looks(answers)
    Thread(target=looks.run, daemon=True).start()
    for line in questions:
        with looks.aside():
            question = from_plain(Question, json.loads(line))
            if question.request is None:
                looks.ask(question)
            else:
                told = what_if(question, question.request)
                _write(answers, Answer(number=question.number, what_if=told))
    looks.end()


def _write(answers: TextIO, answer: Answer) -> None:
    answers.write(json.dumps(to_plain(answer)) + "\n")
    answers.flush()


def main() -> int:
    """The life of the process."""
    take_last_place(memory_bytes=MEMORY_BYTES, niceness=ASKED_NICENESS)
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        serve(sys.stdin, sys.stdout)
    return 0
