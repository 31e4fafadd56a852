"""The Modbus engine against libmodbus, in C: implementations that share no line, on TCP and on a paced line."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from hems.model.command import Fate
from hems.model.errors import HemsError
from hil import bench_whole, foreign
from hil.emulate.lines import Bridge
from tests.drivers import given
from tests.drivers.bench import Bench, Site, eventually

pytestmark = [
    pytest.mark.wire,
    pytest.mark.skipif(foreign.missing() is not None, reason=f"no foreign Modbus peer: {foreign.missing()}"),
]
BAUDS = (9600, 115200)


@asynccontextmanager
async def peer(baud: int | None) -> AsyncIterator[Bench]:
    """libmodbus behind a link: TCP, or a line as slow as its baud rate."""
    bench = Bench()
    if baud is None:
        async with foreign.on_tcp() as (port,):
            bench.link = f"tcp://127.0.0.1:{port}"
            yield bench
        return
    bridge = Bridge(baud)
    near = bridge.open()
    try:
        async with foreign.on_rtu(bridge.far_end, baud, unit=1):
            bench.link = f"rtu://{near}?baud={baud}&parity=N&stop_bits=1"
            yield bench
    finally:
        bridge.close()


def command(name: str, step: dict[str, Any]) -> dict[str, Any]:
    """One write and its read-back."""
    return {
        "steps": [{"to": "{value}", **step}],
        "verify": {"read": name, "equals": "{value}"},
        "lapses_to": "zero",
    }


PRODUCT: dict[str, Any] = {
    "link": {"kinds": ["tcp", "rtu"], "timeout_ms": 600, "max_gap": 4},
    "poll": {"normal": {"every_ms": 100, "stale_ms": 2000}},
    "read": {
        "number": {"at": 17},
        "long": {"at": 256, "type": "u32"},
        "swapped": {"at": 256, "type": "u32", "word": "little"},
        "from_inputs": {"at": 99, "space": "input"},
        "odd": {"at": 7, "space": "coil", "type": "bool"},
        "even": {"at": 8, "space": "discrete", "type": "bool"},
        "limit": {"at": 300},
        "pair": {"at": 310, "type": "s32"},
        "relay": {"at": 20, "space": "coil", "type": "bool"},
    },
    "write": {
        "limit": command("limit", {"at": 300, "fc": 6}),
        "pair": command("pair", {"at": 310, "type": "s32"}),
        "relay": {"kind": "bool", **command("relay", {"at": 20, "space": "coil"})},
    },
}


@pytest.mark.parametrize("baud", [None, *BAUDS])
async def test_every_table_and_type_is_read_as_the_other_side_means_it(baud: int | None) -> None:
    async with peer(baud) as bench:
        site = Site()
        async with given.driven(site, given.declared(bench, given.profile(**PRODUCT))):
            await site.until(*(f"box/{point}" for point in PRODUCT["read"]), within_s=10.0)
    told = {name: site.value(f"box/{name}") for name in ("number", "long", "swapped", "from_inputs", "odd", "even")}
    assert told == {
        "number": 17.0,
        "long": 256 * 65536 + 257.0,
        "swapped": 257 * 65536 + 256.0,
        "from_inputs": 99.0,
        "odd": True,
        "even": False,
    }


@pytest.mark.parametrize("baud", [None, *BAUDS])
async def test_what_is_written_is_there_by_the_other_sides_word(baud: int | None) -> None:
    async with peer(baud) as bench:
        site = Site()
        async with given.driven(site, given.declared(bench, given.profile(**PRODUCT)), armed=["box"]) as driver:
            await site.until("box/limit", "box/relay", within_s=10.0)
            for command, value in (("limit", 1234), ("pair", -70_000), ("relay", True)):
                reply = await driver.write("box", command, value, urgent=False, islanded=False)
                assert reply.fate is Fate.CONFIRMED, (command, reply)
            await eventually(lambda: site.value("box/pair") == -70_000.0)


@pytest.mark.parametrize("ports", [1, 8])
async def test_the_yardstick_client_reads_from_every_port(ports: int) -> None:
    async with foreign.on_tcp(ports) as open_ports:
        assert len(set(open_ports)) == ports
        wall_s, used_s = await foreign.polled(open_ports[-1], 40, 100)
    assert 0.0 < used_s < 5.0
    assert wall_s > 0.0


async def test_the_yardstick_that_sheds_switches_every_board_as_the_tie_opens_and_as_it_closes() -> None:
    async with foreign.told(3) as (ports, told), foreign.reacting(ports):
        tie = bench_whole.Played(ports, told, boards=2)
        assert 0.0 < await tie.all_shed() < bench_whole.WITHIN_S
        assert await tie.all_back()


async def test_a_foreign_client_that_gives_up_says_so_and_of_which_device() -> None:
    # given a tie that takes the connection and never answers
    left = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(64)
        await reader.read()  # libmodbus waits half a second, and goes
        writer.close()
        left.set()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        # when whoever measures waits for what the client does
        with pytest.raises(HemsError, match=f"client in C gave up: port {port}: .*timed out"):
            async with foreign.reacting([port]):
                await left.wait()
                raise TimeoutError  # as it is for who waits for a relay that nobody opens


async def test_what_fails_beside_a_foreign_client_that_goes_on_is_told_as_it_is() -> None:
    with pytest.raises(TimeoutError):
        async with foreign.told(2) as (ports, _), foreign.reacting(ports):
            raise TimeoutError
