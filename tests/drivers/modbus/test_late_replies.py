"""An answer that comes after its time must never be taken for the answer to the next request."""

import asyncio
from random import Random

import pytest

from drivers.modbus.address import parse_address
from drivers.modbus.errors import LinkError, NoAnswer
from drivers.modbus.frame import ReadFrame, Space
from drivers.modbus.job import Manners
from drivers.modbus.link import ModbusLink
from drivers.modbus.queue import LinkQueue
from tests.drivers.bench import Bench, Fault, Request, Unit, on_gateway, on_pty, on_tcp

pytestmark = pytest.mark.wire

MANNERS = Manners(timeout_s=0.2, quiet_s=0.5)


def slave(late_s: float, *, transaction: int | None = None, late_at: tuple[int, ...] = (10, 20, 30)) -> Unit:
    """Registers that hold their own address, some of which answer late, and the others only just in time.

    So the late answer arrives while the next one is awaited.
    """
    unit = Unit()
    for address in (10, 20, 30):
        unit.put("holding", address, address, address + 1)

    def fault(request: Request) -> Fault:
        return Fault(delay_s=late_s if request.address in late_at else 0.12, transaction=transaction)

    unit.fault = fault
    return unit


async def answers(bench: Bench, *asked: tuple[int, int, int]) -> list[tuple[int, ...] | str]:
    """What reading (unit, address, count) one after the other gives; errors by name."""
    address = parse_address(bench.link)
    queue = LinkQueue(address, ModbusLink(address), Random(1))
    serving = asyncio.create_task(queue.serve())
    got: list[tuple[int, ...] | str] = []
    for unit, at, count in asked:
        try:
            got.append(await queue.read(ReadFrame(unit, Space.HOLDING, at, count), MANNERS))
        except LinkError as trouble:
            got.append("NoAnswer" if isinstance(trouble, NoAnswer) else type(trouble).__name__)
    serving.cancel()
    return got


@pytest.mark.parametrize("wire", [on_tcp, on_gateway, on_pty])
async def test_a_slave_that_is_always_late_gives_errors_and_never_values(wire):
    async with wire(Bench(u1=slave(0.3))) as bench:
        got = await answers(bench, (1, 10, 1), (1, 20, 1), (1, 30, 1), (1, 10, 2))
    assert got == ["NoAnswer"] * 4


@pytest.mark.parametrize("wire", [on_tcp, on_gateway, on_pty])
async def test_after_one_late_answer_the_next_values_are_their_own(wire):
    async with wire(Bench(u1=slave(0.3, late_at=(10,)))) as bench:
        got = await answers(bench, (1, 10, 1), (1, 20, 1), (1, 30, 1), (1, 20, 2), (1, 30, 2))
    assert got == ["NoAnswer", (20,), (30,), (20, 21), (30, 31)]


async def test_a_late_answer_without_transaction_number_dies_with_its_connection():
    # given a TCP device that numbers every answer 0, which the library takes for the answer to anything
    async with on_tcp(Bench(u1=slave(0.3, transaction=0, late_at=(10,)))) as bench:
        # when its answer comes while the next one is awaited
        got = await answers(bench, (1, 10, 1), (1, 20, 1), (1, 30, 1))
    # then it arrives on a connection that is closed
    assert got == ["NoAnswer", (20,), (30,)]


async def test_a_late_answer_of_another_unit_is_not_taken_and_nobody_waits_for_the_quiet_time():
    # given two slaves on one line, of which the first answers too late, in the other's time
    async with on_pty(Bench(u1=slave(0.26, late_at=(10,)), u2=slave(0.12))) as bench:
        got = await answers(bench, (1, 10, 1), (2, 20, 1))
        timed_out, second = bench.diary
    # then the second is asked at once and its value is its own, or an honest error
    assert second.at_s - timed_out.at_s < 0.35
    assert got[0] == "NoAnswer"
    assert got[1] in ((20,), "NoAnswer")


async def test_the_quiet_time_holds_back_requests_to_the_late_unit_only():
    async with on_pty(Bench(u1=slave(0.3, late_at=(10,)))) as bench:
        await answers(bench, (1, 10, 1), (1, 20, 1))
        first, second = bench.diary
    assert second.at_s - first.at_s >= MANNERS.timeout_s + MANNERS.quiet_s - 0.01


@pytest.mark.parametrize("wire", [on_tcp, on_gateway, on_pty])
async def test_silence_is_told_after_the_time_out_and_not_later(wire):
    async with wire(Bench(u1=slave(0.0))) as bench:
        started = asyncio.get_running_loop().time()
        got = await answers(bench, (7, 10, 1))
        took_s = asyncio.get_running_loop().time() - started
    assert got == [NoAnswer.__name__]
    assert took_s < 0.5
