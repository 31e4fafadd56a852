"""The process: one problem by standard input, one plan by standard output, a line of JSON each; then it ends.

It takes the last place for the processor and is the first to go when memory is short.
"""

import json
import os
import sys

from hems.model.codec import from_plain, to_plain
from hems.model.errors import HemsError
from hems.plan.problem import Problem, Solved
from hems.plan.program import solved
from hems.runtime.last_place import take_last_place

MEMORY_BYTES = 2 * 1024 * 1024 * 1024
"""Address space, most of it never used: the libraries of the solver claim it."""
CPU_S = 60
ONE_THREAD = "OPENBLAS_NUM_THREADS"


def main() -> int:
    """Read, solve, answer."""
    take_last_place(memory_bytes=MEMORY_BYTES, cpu_s=CPU_S)
    os.environ[ONE_THREAD] = "1"
    asked = from_plain(Problem, json.loads(sys.stdin.readline()))
    try:
        answer = Solved(plan=solved(asked))
    except HemsError as error:
        answer = Solved(why_not=str(error))
    print(json.dumps(to_plain(answer)), flush=True)
    return 0
