"""Where a host is that a link names, also while nobody answers for names."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from drivers.modbus.address import parse_address
from drivers.modbus.link import ModbusLink
from drivers.modbus.names import Host, looked_up
from tests.drivers.bench import Bench, Unit, eventually, on_tcp


class Resolver:
    """Answers for names until it is lost, and then keeps everybody waiting, or says at once that it knows nothing."""

    def __init__(self) -> None:
        self.asked = 0
        self.hangs = self.refuses = False
        self.end = threading.Event()

    def __call__(self, name: str) -> Sequence[str]:
        self.asked += 1
        if self.hangs:
            self.end.wait(300.0)
        if self.hangs or self.refuses:
            raise OSError("nobody knows")
        return ("192.0.2.7",)


async def test_what_was_known_last_stands_while_nobody_answers_and_is_asked_once_at_a_time():
    # given a host that has been found
    resolver = Resolver()
    host = Host("charger.house", resolver, patience_s=0.01)
    assert await host.addresses() == ("192.0.2.7",)
    # when the router that answers for names is gone
    resolver.hangs = True
    found = [await host.addresses() for _ in range(5)]
    await eventually(lambda: resolver.asked > 1, within_s=60.0)
    found += [await host.addresses() for _ in range(5)]
    # then the host is where it was, and one thread has waited for all
    assert found == [("192.0.2.7",)] * 10
    assert resolver.asked == 2
    resolver.end.set()


async def test_a_host_that_was_never_found_is_nowhere_and_asked_for_again():
    resolver = Resolver()
    host = Host("charger.house", resolver)
    resolver.refuses = True
    for _ in range(2):
        with pytest.raises(OSError, match="nobody knows"):
            await host.addresses()
    resolver.refuses = False
    assert await host.addresses() == ("192.0.2.7",)


async def test_an_address_is_never_looked_up():
    resolver = Resolver()
    assert [await Host(place, resolver).addresses() for place in ("192.0.2.9", "::1")] == [("192.0.2.9",), ("::1",)]
    assert not resolver.asked


async def test_a_link_reaches_a_host_by_its_name():
    assert looked_up("localhost")
    async with on_tcp(Bench(u1=Unit())) as bench:
        link = ModbusLink(parse_address(bench.link.replace("127.0.0.1", "localhost")))
        await asyncio.wait_for(link.open(20.0), 30.0)
        assert link.is_open
        link.close()
