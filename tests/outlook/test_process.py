"""The outlook process and the daemon's end of it: it answers, it is lowered, and whatever it does hurts nobody."""

import asyncio
import io
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from hems.model.codec import from_plain, to_plain
from hems.model.foresight import Foresight
from hems.model.instant import Instant
from hems.model.request import Want
from hems.outlook.child import MEMORY_BYTES, serve
from hems.outlook.process import COMMAND, OutlookProcess, rest_s
from hems.outlook.question import Answer, Question
from tests.outlook.given import asked, present, scene
from tests.runtime.parts import soon

SILENT = (sys.executable, "-c", "import time; time.sleep(60)")
RUBBISH = (sys.executable, "-c", "import sys; sys.stdin.readline(); print('what', flush=True); sys.stdin.read()")
GONE = (sys.executable, "-c", "pass")
MISSING = ("/no/such/program",)


@pytest.fixture(scope="module")
def question() -> Question:
    return present(fails=True)


@asynccontextmanager
async def running(command: Sequence[str], **times: float) -> AsyncIterator[OutlookProcess]:
    made = OutlookProcess(command, **times)
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.wait([task])


def proc(pid: int, name: str) -> str:
    """What the kernel says of a process."""
    return Path(f"/proc/{pid}/{name}").read_text(encoding="ascii")


def niceness_of_threads(pid: int) -> list[int]:
    """Each thread has its own."""
    return sorted(os.getpriority(os.PRIO_PROCESS, int(one.name)) for one in Path(f"/proc/{pid}/task").iterdir())


def test_a_person_who_waits_is_served_before_a_look_ahead_is_finished(question: Question):
    # given a look ahead and a what-if that have both been asked
    both = [question, replace(question, number=2, request=asked(Want.OFF))]
    answers = io.StringIO()
    # when no more can come
    serve(io.StringIO("".join(json.dumps(to_plain(one)) + "\n" for one in both)), answers)
    # then the what-if has been answered, and the look ahead is not finished for nobody
    told = [from_plain(Answer, json.loads(line)) for line in answers.getvalue().splitlines()]
    assert [one.number for one in told] == [2]
    assert told[0].what_if is not None


@pytest.mark.timeout(600)  # whoever has lowered itself waits for every other test
async def test_it_looks_ahead_in_a_process_that_has_lowered_itself_and_asks_at_once_when_the_mode_changes(
    question: Question,
):
    async with running(COMMAND, every_s=3600.0) as made:
        made.follow(scene(question))
        await soon(made.latest, within_s=250.0)
        seen = made.latest()
        assert isinstance(seen, Foresight)
        assert seen.at_s == question.now.mono_s
        child = made._child
        assert child is not None
        # then the thread that serves people is behind the daemon, and the one that looks ahead far behind both
        own = os.getpriority(os.PRIO_PROCESS, 0)
        assert niceness_of_threads(child.pid) == [min(19, own + 5), min(19, own + 15)]
        assert proc(child.pid, "oom_score_adj").strip() == "1000"
        space = next(one for one in proc(child.pid, "limits").splitlines() if one.startswith("Max address space"))
        assert str(MEMORY_BYTES) in space
        # when nothing has changed but the time, it waits for its turn
        made.follow(scene(replace(question, now=Instant(question.now.mono_s + 1.0, question.now.utc))))
        assert not made._due.is_set()
        # when the mode is another, it does not
        made.follow(scene(present()))
        await soon(lambda: (latest := made.latest()) is not None and latest.grid_fails, within_s=250.0)


@pytest.mark.parametrize("command", [RUBBISH, GONE, MISSING], ids=["rubbish", "gone", "missing"])
async def test_one_that_fails_is_started_again_and_nobody_waits_for_it(question: Question, command: Sequence[str]):
    async with running(command, first_pause_s=0.01, what_if_within_s=0.2) as made:
        made.follow(scene(question))
        assert await made.what_if(asked(Want.OFF)) is None
        if command is not MISSING:
            await soon(lambda: made.starts >= 2, within_s=30.0)
        assert made.latest() is None


async def test_one_that_says_nothing_is_killed_and_started_again(question: Question):
    async with running(SILENT, answer_within_s=0.1, first_pause_s=0.01) as made:
        made.follow(scene(question))
        await soon(lambda: made._child)
        first = made._child
        assert first is not None
        await soon(lambda: made.starts >= 2, within_s=30.0)
        assert first.returncode is not None


async def test_it_ends_with_the_daemon(question: Question):
    async with running(COMMAND) as made:
        await soon(lambda: made._child)
        child = made._child
        assert child is not None
    assert child.returncode is not None


@pytest.mark.parametrize(("took_s", "then_s"), [(0.0, 60.0), (12.0, 60.0), (20.0, 80.0), (50.0, 200.0), (170.0, 110.0)])
def test_on_a_slow_machine_it_looks_less_often_yet_while_the_last_look_is_shown(took_s: float, then_s: float):
    assert rest_s(60.0, took_s) == then_s
