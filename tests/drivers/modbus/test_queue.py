"""Who speaks next on a shared link."""

import asyncio
from contextlib import asynccontextmanager
from random import Random

import pytest

from drivers.modbus.address import parse_address
from drivers.modbus.errors import Forbidden, Garbled, LinkDown, NoAnswer
from drivers.modbus.frame import ReadFrame, Space, WriteFrame
from drivers.modbus.hearing import Heard
from drivers.modbus.job import Manners, coil_frames
from drivers.modbus.link import ModbusLink
from drivers.modbus.queue import LinkQueue
from hil.vloop import VirtualLoop, run
from tests.drivers.bench import Bench, Fault, Unit, on_pty, on_tcp
from tests.drivers.modbus.paper import PaperLink, queue_on

pytestmark = pytest.mark.wire

MANNERS = Manners(timeout_s=0.2, quiet_s=0.2)


def board(delay_s: float = 0.0) -> Unit:
    unit = Unit(fault=lambda _request: Fault(delay_s=delay_s))
    unit.put("coil", 0, *[0] * 8)
    unit.put("holding", 0, *range(100))
    return unit


@asynccontextmanager
async def queue_for(bench: Bench):
    address = parse_address(bench.link)
    queue = LinkQueue(address, ModbusLink(address), Random(1))
    serving = asyncio.create_task(queue.serve())
    try:
        yield queue
    finally:
        serving.cancel()


def register(at: int, unit: int = 1) -> ReadFrame:
    return ReadFrame(unit, Space.HOLDING, at, 1)


def yes() -> bool:
    return True


@pytest.mark.parametrize("wire", [on_tcp, on_pty])
async def test_a_shed_goes_ahead_of_every_waiting_poll_and_command(wire):
    # given a slow device with thirty polls and a command waiting
    async with wire(Bench(u1=board(delay_s=0.01))) as bench, queue_for(bench) as queue:
        polls = [asyncio.create_task(queue.read(register(at), MANNERS)) for at in range(30)]
        await asyncio.sleep(0.02)
        command = asyncio.create_task(
            queue.write(WriteFrame(1, Space.HOLDING, 50, (7,), single=True), MANNERS, allowed=yes)
        )
        # when a shed comes last
        await queue.write_coil(1, 3, False, MANNERS, allowed=yes, urgent=True)
        asked_before = len(bench.diary)
        await asyncio.gather(*polls, command)
    # then it left as the very next request, and the command before the polls that were left
    codes = [request.code for request in bench.diary]
    assert asked_before <= 6
    assert codes.index(5) < codes.index(6)
    assert codes[codes.index(6) + 1 :].count(3) >= 20


async def test_polls_that_are_due_earlier_go_first_but_slow_ones_do_not_starve():
    # given a link that is busy
    async with on_tcp(Bench(u1=board(delay_s=0.01))) as bench, queue_for(bench) as queue:
        first = asyncio.create_task(queue.read(register(98), MANNERS))
        # when a poll that may wait comes before many that may not
        slow = asyncio.create_task(queue.read(register(99), MANNERS, slack_s=0.1))

        async def flood() -> None:
            while not slow.done():
                await asyncio.gather(*(queue.read(register(at), MANNERS) for at in range(3)))

        await asyncio.wait_for(flood(), 2.0)
        await first
    # then it gives way, but not for ever
    asked = [request.address for request in bench.diary]
    assert 3 <= asked.index(99) < 20


async def test_all_coils_of_a_board_that_wait_leave_in_one_frame():
    async with on_tcp(Bench(u1=board())) as bench, queue_for(bench) as queue:
        await asyncio.gather(*(queue.write_coil(1, coil, True, MANNERS, allowed=yes, urgent=True) for coil in range(6)))
    assert [(request.code, request.address, request.values) for request in bench.writes()] == [(15, 0, [1] * 6)]


def test_coils_queued_behind_a_running_request_are_gathered_with_the_first():
    link = PaperLink(takes_s=0.05)

    async def story(_loop: VirtualLoop) -> None:
        queue = queue_on(link, "tcp://192.0.2.1")
        serving = asyncio.create_task(queue.serve())
        poll = asyncio.create_task(queue.read(register(1), MANNERS))
        await asyncio.sleep(0.02)
        sheds = []
        for coil in (4, 2, 3):
            sheds.append(asyncio.create_task(queue.write_coil(1, coil, False, MANNERS, allowed=yes, urgent=True)))
            await asyncio.sleep(0)
        await asyncio.gather(poll, *sheds)
        serving.cancel()

    run(story)
    assert [frame for _, frame in link.asked[1:]] == [WriteFrame(1, Space.COIL, 2, (0, 0, 0), single=False)]


async def test_a_board_without_function_15_gets_each_coil_in_a_frame_of_its_own():
    plain = Manners(timeout_s=0.2, quiet_s=0.2, one_coil=True)
    async with on_tcp(Bench(u1=board())) as bench, queue_for(bench) as queue:
        await asyncio.gather(*(queue.write_coil(1, coil, False, plain, allowed=yes, urgent=True) for coil in range(3)))
    assert [(sent.code, sent.address, sent.values) for sent in bench.writes()] == [
        (5, 0, [0]),
        (5, 1, [0]),
        (5, 2, [0]),
    ]


def test_a_coil_that_nobody_asked_for_is_never_written():
    frames = coil_frames(1, {0: True, 1: True, 4: False, 6: False, 7: False})
    assert [(frame.address, frame.values) for frame in frames] == [(4, (0,)), (6, (0, 0)), (0, (1, 1))]


async def test_a_write_that_is_not_allowed_when_its_turn_comes_never_leaves():
    async with on_tcp(Bench(u1=board())) as bench, queue_for(bench) as queue:
        with pytest.raises(Forbidden):
            await queue.write_coil(1, 3, False, MANNERS, allowed=lambda: False, urgent=True)
        with pytest.raises(Forbidden):
            await queue.write(WriteFrame(1, Space.HOLDING, 1, (1,), single=False), MANNERS, allowed=lambda: False)
        await queue.read(register(1), MANNERS)
    assert bench.writes() == []


async def test_identical_reads_that_wait_share_one_request():
    async with on_tcp(Bench(u1=board(delay_s=0.02))) as bench, queue_for(bench) as queue:
        answers = await asyncio.gather(*(queue.read(register(5), MANNERS) for _ in range(7)))
    assert answers == [(5,)] * 7
    assert len(bench.diary) == 1


@pytest.mark.parametrize("address", ["tcp://192.0.2.1", "rtu:///dev/ttyUSB0"])
def test_a_dead_unit_delays_another_by_one_time_out_and_later_hardly_ever(address):
    # given a unit that does not exist and one that does, on one link
    link = PaperLink()
    link.silent = lambda unit: unit == 9

    async def story(loop: VirtualLoop) -> list[float]:
        queue, waits = queue_on(link, address), list[float]()

        async def dead() -> None:
            while True:
                try:
                    await queue.read(register(1, unit=9), MANNERS)
                except NoAnswer:
                    await asyncio.sleep(0.01)

        tasks = [asyncio.create_task(one) for one in (queue.serve(), dead())]
        # when the living one is read again and again while the other is asked all the time
        for _ in range(40):
            started = loop.time()
            await queue.read(register(1), MANNERS)
            waits.append(loop.time() - started)
            await asyncio.sleep(0.03)
        for task in tasks:
            task.cancel()
        return waits

    waits = run(story)
    # then it never waits for longer than the other's time-out, and hardly ever once that is known to be silent
    assert max(waits) < MANNERS.timeout_s + 0.1
    assert len([wait_s for wait_s in waits if wait_s > 0.05]) <= 4
    assert 3 <= len(link.times(9)) <= 4


async def test_a_command_to_a_silent_unit_is_tried_all_the_same():
    async with on_tcp(Bench(u1=board())) as bench, queue_for(bench) as queue:
        for _ in range(3):
            with pytest.raises(NoAnswer):
                await queue.read(register(1, unit=9), MANNERS)
        with pytest.raises(NoAnswer):
            await queue.write_coil(9, 0, False, MANNERS, allowed=yes, urgent=True)
    assert len(bench.asked(9)) == 4


async def test_without_a_connection_polls_fail_at_once_between_attempts():
    async with on_tcp(Bench(u1=board())) as bench:
        pass
    async with queue_for(bench) as queue:
        started = asyncio.get_running_loop().time()
        for _ in range(20):
            with pytest.raises(LinkDown):
                await queue.read(register(1), MANNERS)
        assert asyncio.get_running_loop().time() - started < 0.5


async def test_a_shed_over_a_connection_that_has_died_meanwhile_still_arrives():
    async with on_tcp(Bench(u1=board())) as bench, queue_for(bench) as queue:
        await queue.read(register(1), MANNERS)
        bench.drop()
        await queue.write_coil(1, 3, True, MANNERS, allowed=yes, urgent=True)
        assert bench.units[1].coil[3] == 1


async def test_a_gap_that_one_unit_needs_is_used_by_another():
    polite = Manners(timeout_s=0.2, min_gap_s=0.1)
    async with on_tcp(Bench(u1=board(), u2=board())) as bench, queue_for(bench) as queue:
        await queue.read(register(1), polite)
        await asyncio.gather(queue.read(register(2), polite), queue.read(register(1, unit=2), MANNERS))
    assert [request.unit for request in bench.diary] == [1, 2, 1]
    assert bench.diary[2].at_s - bench.diary[0].at_s >= 0.099


def test_a_write_that_was_taken_back_does_not_leave_after_what_took_its_place():
    link = PaperLink(takes_s=0.05)

    async def story(_loop: VirtualLoop) -> None:
        queue = queue_on(link, "tcp://192.0.2.1")
        serving = asyncio.create_task(queue.serve())
        # given a command to close and a set-point, both waiting behind a slow request
        poll = asyncio.create_task(queue.read(register(1), MANNERS))
        await asyncio.sleep(0.02)
        closing = asyncio.create_task(queue.write_coil(1, 3, True, MANNERS, allowed=yes))
        raising = asyncio.create_task(queue.write(_power(900), MANNERS, allowed=yes))
        await asyncio.sleep(0)
        # when both are taken back for less
        closing.cancel()
        raising.cancel()
        await asyncio.gather(
            queue.write_coil(1, 3, False, MANNERS, allowed=yes, urgent=True),
            queue.write(_power(0), MANNERS, allowed=yes, urgent=True),
        )
        await poll
        await asyncio.sleep(0.1)
        serving.cancel()

    run(story)
    # then only less has left
    sent = [frame for _, frame in link.asked[1:]]
    assert sorted(sent, key=str) == sorted([WriteFrame(1, Space.COIL, 3, (0,), single=True), _power(0)], key=str)


def _power(watts: int) -> WriteFrame:
    return WriteFrame(1, Space.HOLDING, 50, (watts,), single=True)


def test_a_shed_survives_that_an_earlier_wish_for_the_same_coil_is_taken_back():
    link = PaperLink(takes_s=0.05)

    async def story(_loop: VirtualLoop) -> None:
        queue = queue_on(link, "tcp://192.0.2.1")
        serving = asyncio.create_task(queue.serve())
        poll = asyncio.create_task(queue.read(register(1), MANNERS))
        await asyncio.sleep(0.02)
        closing = asyncio.create_task(queue.write_coil(1, 3, True, MANNERS, allowed=yes))
        await asyncio.sleep(0)
        shed = asyncio.create_task(queue.write_coil(1, 3, False, MANNERS, allowed=yes, urgent=True))
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.gather(poll, shed)
        serving.cancel()

    run(story)
    assert [frame for _, frame in link.asked[1:]] == [WriteFrame(1, Space.COIL, 3, (0,), single=True)]


class SwallowingLink:
    """A link whose library loses a cancellation that comes together with the answer, as asyncio's `wait_for` does."""

    is_open = True

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def open(self, timeout_s: float) -> None:
        pass

    async def ask(self, frame, timeout_s: float) -> tuple[int, ...]:
        self.asked.set()
        try:
            await asyncio.sleep(10.0)
        except asyncio.CancelledError:
            return (7,)
        return ()

    def close(self) -> None:
        pass


async def test_a_stop_that_the_library_swallows_still_stops_the_queue():
    # given a queue in the middle of a request
    link = SwallowingLink()
    queue = LinkQueue(parse_address("rtu:///dev/ttyUSB0"), link, Random(1))
    serving = asyncio.create_task(queue.serve())
    asking = asyncio.create_task(queue.read(register(0), MANNERS))
    await link.asked.wait()
    # when it is told to stop just as the answer comes
    serving.cancel()
    # then it stops, and the answer is not lost
    await asyncio.wait({serving}, timeout=2.0)
    assert serving.cancelled()
    assert await asking == (7,)


async def test_a_board_that_knows_no_frame_for_several_coils_is_shed_one_by_one_and_remembered():
    unit = board()
    unit.fault = lambda request: Fault(exception=1) if request.code == 15 else None
    async with on_tcp(Bench(u1=unit)) as bench, queue_for(bench) as queue:
        for wanted in (True, False):
            sheds = (queue.write_coil(1, coil, wanted, MANNERS, allowed=yes, urgent=True) for coil in range(3))
            await asyncio.gather(*sheds)
            assert [unit.coil[coil] for coil in range(3)] == [int(wanted)] * 3
    assert [request.code for request in bench.writes()] == [15] + [5] * 6


class BrokenLink(SwallowingLink):
    """A link whose library has a fault of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.faults = 1

    async def ask(self, frame, timeout_s: float) -> tuple[int, ...]:
        if self.faults:
            self.faults -= 1
            raise AttributeError("a fault of the library")
        return (7,)

    def send(self, frame, timeout_s: float, heard: Heard) -> None:
        if self.faults:
            self.faults -= 1
            raise AttributeError("a fault of the library")
        heard((7,))


@pytest.mark.parametrize("link", ["tcp://127.0.0.1:502", "rtu:///dev/ttyUSB0"])
async def test_a_fault_of_the_library_costs_one_request_and_not_the_link(link):
    queue = LinkQueue(parse_address(link), BrokenLink(), Random(1))
    serving = asyncio.create_task(queue.serve())
    with pytest.raises(Garbled, match="AttributeError"):
        await queue.read(register(0), MANNERS)
    assert await queue.read(register(0), MANNERS) == (7,)
    serving.cancel()
