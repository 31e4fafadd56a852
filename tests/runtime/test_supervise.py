"""What is kept running: started again after a fault, told to stop at the end, left behind when it will not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hems.model.errors import HemsError
from hems.runtime.supervise import FIRST_PAUSE_S, Running
from tests.runtime.parts import soon


@asynccontextmanager
async def running() -> AsyncIterator[Running]:
    made = Running()
    try:
        yield made
    finally:
        await made.end(within_s=2.0)


class Driver:
    """Fails as it is told at each start, and runs when nothing is left to go wrong."""

    def __init__(self, *faults: BaseException | None) -> None:
        self.faults = list(faults)
        self.starts = 0

    async def run(self) -> None:
        self.starts += 1
        if not self.faults:
            await asyncio.Event().wait()
        elif (fault := self.faults.pop(0)) is not None:
            raise fault


async def test_a_driver_that_raises_is_started_again_and_the_others_go_on():
    async with running() as ours:
        # given two drivers, one of which has a fault
        faulty, good = Driver(ZeroDivisionError("x")), Driver()
        ours.keep("driver modbus", faulty.run)
        ours.keep("driver mqtt", good.run)
        # then it is started again soon, the other has noticed nothing, and the fault is known
        await soon(lambda: faulty.starts == 2, within_s=FIRST_PAUSE_S + 1.0)
        assert good.starts == 1
        assert ours.troubles == {
            "driver modbus": "Driver modbus has failed and is started again by itself: ZeroDivisionError: x."
        }


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (None, "it ended by itself"),
        (asyncio.CancelledError(), "something in it was cancelled"),
        (HemsError("Cannot listen at /x. Check it."), "Cannot listen at /x. Check it"),
        (ExceptionGroup("unhandled", [ExceptionGroup("more", [KeyError("unit")])]), "KeyError: 'unit'"),
    ],
)
async def test_whatever_ends_a_driver_it_is_started_again(fault: BaseException | None, says: str):
    async with running() as ours:
        driver = Driver(fault)
        ours.keep("driver modbus", driver.run)
        await soon(lambda: driver.starts == 2, within_s=FIRST_PAUSE_S + 1.0)
        assert ours.troubles["driver modbus"].endswith(f": {says}.")


async def test_pauses_grow_so_that_a_hopeless_one_costs_nothing():
    async with running() as ours:
        driver = Driver(*[OSError() for _ in range(100)])
        ours.keep("driver modbus", driver.run)
        await asyncio.sleep(1.0)
        assert 2 <= driver.starts <= 4


async def test_the_end_is_insisted_on():
    ours = Running()
    swallowed = 0

    async def run() -> None:
        """Forgets its first cancellation, as `asyncio.wait_for` of Python 3.11 can."""
        nonlocal swallowed
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            swallowed += 1
        await asyncio.Event().wait()

    ours.keep("driver mqtt", run)
    await asyncio.sleep(0)
    async with asyncio.timeout(3.0):
        assert await ours.end(within_s=2.5) == []
    assert swallowed == 1


async def test_what_will_not_end_is_left_behind_by_name():
    ours, enough = Running(), asyncio.Event()

    async def stubborn() -> None:
        """Does not listen until it has had enough."""
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if enough.is_set():
                    raise

    good = Driver()
    ours.keep("driver modbus", stubborn)
    ours.keep("driver mqtt", good.run)
    await asyncio.sleep(0)
    async with asyncio.timeout(1.5):
        assert await ours.end(within_s=0.3) == ["driver modbus"]
    enough.set()
    await ours.end(within_s=1.0)
