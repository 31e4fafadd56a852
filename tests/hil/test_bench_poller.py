"""The yardstick of a polled outage: controllers that look once a second see it up to a second late."""

import asyncio
import contextlib
import time
from types import SimpleNamespace

import pytest

from hil import bench_poller

pytestmark = pytest.mark.wire


async def test_whoever_looks_once_a_second_sees_an_outage_within_one_and_half_of_them_after_half():
    contacts = SimpleNamespace(inputs=0b01)

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                asked = await reader.readexactly(12)
                assert asked == bench_poller.LOOK
                writer.write(asked[:4] + bytes((0, 4)) + asked[6:8] + bytes((1, contacts.inputs)))
        writer.close()

    server = await asyncio.start_server(client, "127.0.0.1", 0)
    async with server, bench_poller.polling(f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}") as pollers:
        # given some who look, and a tie that is closed
        await asyncio.sleep(0.2)
        assert pollers.seen_s == {}
        # when it opens
        opened_s, contacts.inputs = time.clock_gettime(time.CLOCK_BOOTTIME), 0b10
        await asyncio.sleep(bench_poller.EVERY_S + 0.3)
    # then all have seen it, evenly spread over a second
    delays_s = sorted(pollers.delays_s(opened_s))
    assert len(delays_s) == bench_poller.PHASES
    assert delays_s[0] < 0.3
    assert 0.25 < delays_s[len(delays_s) // 2] < 0.75
    assert 0.7 < delays_s[-1] < bench_poller.EVERY_S + 0.3
