"""The process: questions come in by standard input, answers go out by standard output, one line of JSON each.

It lowers itself first: last in line for the processor, first in line when memory is short, and bounded in both.  A
what-if goes before a look ahead, which is put aside meanwhile.  When the daemon is gone, so is it.
"""

import contextlib
import json
import sys
from collections.abc import Iterator
from queue import Queue
from threading import Thread
from typing import TextIO

from hems.model.codec import from_plain, to_plain
from hems.model.foresight import Foresight
from hems.outlook.look import looked, what_if
from hems.outlook.question import Answer, Question
from hems.runtime.last_place import take_last_place

MEMORY_BYTES = 512 * 1024 * 1024
"""Address space; what is really used is a tenth of it."""


def serve(questions: TextIO, answers: TextIO) -> None:
    """Answer until no more questions can come."""
    waiting: Queue[str | None] = Queue()
    Thread(target=_read, args=(questions, waiting), daemon=True).start()
    number, busy = 0, False
    job: Iterator[Foresight | None] = iter(())
    seen: Foresight | None = None
    while True:
        if not busy or not waiting.empty():
            line = waiting.get()
            if line is None:
                return
            question = from_plain(Question, json.loads(line))
            if question.request is not None:
                told = what_if(question, question.request)
                _write(answers, Answer(number=question.number, what_if=told))
            else:
                number, job, seen, busy = question.number, looked(question), None, True
            continue
        try:
            seen = next(job) or seen
        except StopIteration:
            busy = False
            _write(answers, Answer(number=number, foresight=seen))


def _read(questions: TextIO, waiting: "Queue[str | None]") -> None:
    for line in questions:
        waiting.put(line)
    waiting.put(None)


def _write(answers: TextIO, answer: Answer) -> None:
    answers.write(json.dumps(to_plain(answer)) + "\n")
    answers.flush()


def main() -> int:
    """The life of the process."""
    take_last_place(memory_bytes=MEMORY_BYTES)
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        serve(sys.stdin, sys.stdout)
    return 0
