"""A network that is cut between the gateway and the devices on it."""

import asyncio
from pathlib import Path

import pytest

from tests.hil.bench import bench, remote

pytestmark = pytest.mark.wire
ASKED = bytes.fromhex("00070000000601010000 0008")


async def test_behind_a_cut_network_nobody_answers_and_afterwards_old_connections_are_refused(run_dir: Path) -> None:
    async with bench(run_dir, "relays") as built, remote(run_dir) as world:
        # given a connection that works
        host, port = built.links["relays"].removeprefix("tcp://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(ASKED)
        assert await reader.read(64)
        # when the network is cut, then neither it nor a new one is answered
        await world.do("partition", cut=True)
        fresh, other = await asyncio.open_connection(host, int(port))
        for ears, mouth in ((reader, writer), (fresh, other)):
            mouth.write(ASKED)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(ears.read(64), 0.1)
        # and when it is whole again, who speaks over an old one hears that it is gone
        await world.do("partition", cut=False)
        with pytest.raises(ConnectionResetError):
            await reader.read(64)
        fresh, other = await asyncio.open_connection(host, int(port))
        other.write(ASKED)
        assert await fresh.read(64)
        for mouth in (writer, other):
            mouth.close()
