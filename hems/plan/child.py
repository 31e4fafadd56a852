"""The process: one problem by standard input, one plan by standard output, a line of JSON each; then it ends.

It takes the last place for the processor and is the first to go when memory is short.
"""

import contextlib
import json
import os
import resource
import sys
from pathlib import Path

from hems.model.codec import from_plain, to_plain
from hems.model.errors import HemsError
from hems.plan.problem import Problem, Solved
from hems.plan.program import solved

NICENESS = 15
MEMORY_BYTES = 2 * 1024 * 1024 * 1024
"""Address space, most of it never used: the libraries of the solver claim it."""
CPU_S = 60
WORST_FIRST = "1000"


def lower() -> None:
    """Take the last place; what the system does not permit is left as it is."""
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(WORST_FIRST, encoding="ascii")
    os.environ["OPENBLAS_NUM_THREADS"] = "1"


def main() -> int:
    """Read, solve, answer."""
    lower()
    asked = from_plain(Problem, json.loads(sys.stdin.readline()))
    try:
        answer = Solved(plan=solved(asked))
    except HemsError as error:
        answer = Solved(why_not=str(error))
    print(json.dumps(to_plain(answer)), flush=True)
    return 0
