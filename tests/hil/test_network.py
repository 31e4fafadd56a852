"""A network of the kernel's own between two processes, cut and mended."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hil.network import NETS, Network, laid

pytestmark = pytest.mark.wire
ECHO = """
import asyncio, sys
async def serve(reader, writer):
    while line := await reader.readline():
        writer.write(line)
async def main():
    server = await asyncio.start_server(serve, sys.argv[1], 5020)
    print("ready", flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


def our_link_stands() -> bool:
    """Whether the gateway's own kernel takes its cable to be in."""
    carriers = [one / "carrier" for one in Path("/sys/class/net").glob(f"hd{os.getpid() % NETS}")]
    return [one.read_text(encoding="ascii").strip() for one in carriers] == ["1"]


@pytest.mark.skipif(os.geteuid() != 0, reason="a network may be laid by root only")
@pytest.mark.parametrize("cut", [Network.cut, Network.pull], ids=["dropped silently", "cable pulled"])
async def test_a_cut_network_carries_nothing_and_what_was_on_its_way_arrives_once_it_is_whole(
    cut: Callable[[Network, bool], None],
) -> None:
    with laid(wanted=True) as network:
        if network is None:
            pytest.skip("no network may be laid here")
        # given a device at the other end, with which somebody speaks
        python = (*network.inside, sys.executable, "-c", ECHO, network.there)
        device = await asyncio.create_subprocess_exec(*python, stdout=asyncio.subprocess.PIPE)
        assert device.stdout is not None
        await device.stdout.readline()
        reader, writer = await asyncio.open_connection(network.there, 5020)
        writer.write(b"one\n")
        assert await asyncio.wait_for(reader.readline(), 30.0) == b"one\n"
        # when it is cut, then nothing comes, and nobody new gets through
        cut(network, True)
        assert our_link_stands() is (cut is Network.cut)
        writer.write(b"two\n")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.readline(), 0.5)
        with pytest.raises((TimeoutError, OSError)):
            await asyncio.wait_for(asyncio.open_connection(network.there, 5020), 0.5)
        # and once it is whole again, the old connection has forgotten nothing
        cut(network, False)
        assert await asyncio.wait_for(reader.readline(), 30.0) == b"two\n"
        writer.close()
        device.kill()
        await device.wait()
