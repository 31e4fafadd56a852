"""The loop whose clock jumps: as fast as it can, and never faster than what it waits for."""

import asyncio
import time
from contextlib import suppress

import pytest

from hil import vloop


def test_an_hour_of_sleep_takes_no_time():
    async def main(loop: vloop.VirtualLoop) -> float:
        # given a loop, when something sleeps for an hour
        began_s = loop.time()
        await asyncio.sleep(3600.0)
        return loop.time() - began_s

    began_s = time.monotonic()
    # then its clock says so and ours does not
    assert vloop.run(main) == pytest.approx(3600.0)
    assert time.monotonic() - began_s < 5.0


def test_traffic_on_a_socket_takes_no_virtual_time():
    async def main(loop: vloop.VirtualLoop) -> float:
        # given a server that answers at once, and something due in a minute
        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while line := await reader.readline():
                writer.write(line)
            writer.close()

        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        asyncio.get_running_loop().call_later(60.0, lambda: None)
        began_s = loop.time()
        # when a client asks a hundred times
        for _ in range(100):
            writer.write(b"hello\n")
            assert await reader.readline() == b"hello\n"
        writer.close()
        server.close()
        return loop.time() - began_s

    # then nobody has waited
    assert vloop.run(main) == 0.0


def test_the_clock_stands_while_a_thread_works():
    async def main(loop: vloop.VirtualLoop) -> float:
        # given something due in a minute, when a thread needs real time
        loop.call_later(60.0, lambda: None)
        began_s = loop.time()
        await loop.run_in_executor(None, time.sleep, 0.05)
        return loop.time() - began_s

    # then it has been waited for
    assert vloop.run(main) == 0.0


def test_of_two_sleepers_the_shorter_wakes_first():
    async def main(loop: vloop.VirtualLoop) -> list[tuple[str, float]]:
        woken: list[tuple[str, float]] = []

        async def sleeper(name: str, seconds: float) -> None:
            await asyncio.sleep(seconds)
            woken.append((name, loop.time() - began_s))

        began_s = loop.time()
        await asyncio.gather(sleeper("late", 7200.0), sleeper("early", 30.0))
        return woken

    assert vloop.run(main) == [("early", pytest.approx(30.0)), ("late", pytest.approx(7200.0))]


def test_who_asks_again_and_again_whether_its_time_has_come_does_not_stop_the_clock():
    async def main(loop: vloop.VirtualLoop) -> int:
        # given some that wait for a time less than a nanosecond ahead, out of step, and ask again when called too early
        asked = 0

        async def waits(until_s: float, turns: int) -> None:
            nonlocal asked
            for _ in range(turns):
                await asyncio.sleep(0)
            while loop.time() < until_s and asked < 1000:
                asked += 1
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(until_s):
                        await asyncio.Event().wait()

        now_s = loop.time()
        await asyncio.gather(*(waits(now_s + 5e-10, turns) for turns in range(3)))
        return asked

    # then each of them is called once, or twice
    assert vloop.run(main) < 10
