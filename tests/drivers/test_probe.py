"""Probing: every product is recognised at its own registers, and nothing is ever written."""

import asyncio
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

from drivers.modbus import FACTORY
from drivers.modbus.address import Address, parse_address
from drivers.modbus.link import ModbusLink
from drivers.modbus.probe import addresses, link_of, recognised, usual_lines
from drivers.modbus.prober import Prober, same_place
from drivers.modbus.schema import ModbusProfile
from drivers.profile.candidate import candidates, names_product
from drivers.profile.load import load_raw
from hems.model.command import Fate
from hems.model.reading import Quality
from hems.model.units import DeviceId
from hems.ports.device import Found, Held, Sought
from tests.drivers.bench import Bench, Fault, Site, Unit, eventually, on_pty, on_tcp
from tests.drivers.given import declared, driven, profile

IMAGES = sorted((Path(__file__).parent / "images").glob("*.toml"))


def image(path: Path) -> dict:
    return tomllib.loads(path.read_text())


def unit_of(path: Path) -> Unit:
    made = Unit()
    for table, blocks in image(path).get("words", {}).items():
        for address, words in blocks.items():
            made.put(table, int(address, 0), *words)
    return made


async def probed(sought: Sought) -> tuple[list[Found], list[str]]:
    said: list[str] = []
    return [found async for found in FACTORY.probe(sought, said.append, Held())], said


def at(bench: Bench, *units: int) -> Sought:
    """Where that bench is to be looked for."""
    if bench.link.startswith("rtu"):
        return Sought(kind="rtu", place=bench.link.removeprefix("rtu://").split("?")[0], units=units)
    host, _, port = bench.link.removeprefix("tcp://").partition(":")
    return Sought(kind="tcp", place=host, port=int(port), units=units)


def prober_for(bench: Bench) -> Prober:
    address = parse_address(bench.link)
    return Prober(address, ModbusLink(address))


def as_delivered(path: Path) -> bool:
    """Whether an image is of a Modbus product with the settings its maker gives it, as a search expects."""
    told = image(path)
    return load_raw(told.get("profile", path.stem))["engine"] == "modbus" and not told.get("params")


@pytest.mark.wire
@pytest.mark.parametrize("path", filter(as_delivered, IMAGES), ids=lambda path: path.stem)
async def test_a_product_is_recognised_and_only_read(path: Path):
    product = image(path).get("profile", path.stem)
    profile = next(candidates(ModbusProfile, product, {})).profile
    number = profile.link.unit_id
    # given the product as its maker describes it
    async with (on_tcp if "tcp" in profile.link.kinds else on_pty)(Bench(**{f"u{number}": unit_of(path)})) as bench:
        # when somebody looks for it
        prober = prober_for(bench)
        found = await recognised(prober, number)
        prober.close()
        # then nothing but reads has reached it, and what names itself is proposed
        assert bench.diary
        assert bench.writes() == []
        if names_product(profile.identify):
            assert product in [one.profile for one in found if one.sure]


@pytest.mark.wire
async def test_each_unit_that_answers_is_proposed_with_its_address():
    meter = unit_of(Path(__file__).parent / "images" / "eastron-sdm630.toml")
    # given a line with a meter at address 3 and nothing else
    async with on_pty(Bench(u3=meter)) as bench:
        found, said = await probed(at(bench, 1, 2, 3))
    # then it is found there, with the line's settings, and the person has seen where hems was looking
    assert bench.writes() == []
    mine = found[0]
    assert mine.profile == "eastron-sdm630"  # single-phase relatives fit as well, with fewer points
    assert mine.params == {"unit_id": 3}
    assert mine.link.endswith("?baud=9600&parity=N&stop_bits=1")
    assert any("unit 2" in line for line in said)


@pytest.mark.wire
async def test_a_gateway_that_speaks_for_a_silent_unit_is_not_taken_for_it():
    # given a gateway that answers "no answer from the unit" for everybody
    silent = Unit(fault=lambda _: Fault(exception=11))
    async with on_tcp(Bench(u1=silent)) as bench:
        prober = prober_for(bench)
        assert not await prober.answers(1)
        prober.close()


async def test_nothing_at_all_is_said_and_not_raised():
    found, said = await probed(Sought(kind="tcp", place="127.0.0.1", port=9))
    # but what is in the way is told, and is no proposal
    assert [(one.profile, "no connection" in one.told) for one in found] == [("", True)]
    assert any("no connection" in line for line in said)


@pytest.mark.wire
async def test_a_link_in_use_is_asked_through_its_own_queue_while_polls_and_sheds_go_on():
    board = Unit()
    board.put("coil", 0, *[1] * 8)
    # given a board that is polled, with a command that is armed, and nothing else at its address
    of = profile(
        read={"coil_1": {"space": "coil", "at": 0}},
        write={"coil_1": {"kind": "bool", "lapses_to": "held", "steps": [{"space": "coil", "at": 0, "to": "{value}"}]}},
    )
    async with on_tcp(Bench(u1=board)) as bench:
        site, told = Site(), declared(bench, of)
        async with driven(site, told, armed=["box"]) as driver:
            await site.until("box/coil_1")
            # when somebody looks for units 1 and 2 there, under another name of the same host
            where = Sought(kind="tcp", place="localhost", port=told.address.port, units=(1, 2))
            looking = asyncio.create_task(listed(where, Held(shared=site.context.shared)))
            await eventually(lambda: bench.asked(2) != [])
            began_s = asyncio.get_running_loop().time()
            reply = await driver.write(DeviceId("box"), "coil_1", False, urgent=True, islanded=True)
            took_s = asyncio.get_running_loop().time() - began_s
            looking.cancel()
        # then there has never been a second connection, and a shed waited for one question at most
        assert bench.most_at_once == 1
        assert (reply.fate, board.coil[0]) == (Fate.UNVERIFIED, 0)  # nothing was said of reading it back
        assert took_s < of.link.timeout_ms / 1000 + 0.1
        # and no value of the board has gone stale meanwhile
        assert all(reading.quality is Quality.GOOD for _, reading in site.history)
        ages_s = [later.taken_s - one.taken_s for (_, one), (_, later) in pairwise(site.history)]
        assert max(ages_s) < 0.5


async def listed(sought: Sought, held: Held) -> list[Found]:
    return [found async for found in FACTORY.probe(sought, lambda _: None, held)]


def test_one_place_is_one_place_under_all_its_names(tmp_path: Path):
    tty, name = tmp_path / "ttyUSB0", tmp_path / "by-id"
    tty.touch()
    name.symlink_to(tty)
    assert same_place(Address("rtu", str(tty)), Address("rtu", str(name)))
    assert same_place(Address("tcp", "localhost", 502), Address("rtu-over-tcp", "127.0.0.1", 502))
    assert not same_place(Address("tcp", "127.0.0.1", 502), Address("tcp", "127.0.0.1", 503))
    assert not same_place(Address("tcp", "127.0.0.1", 502), Address("tcp", "127.0.0.2", 502))


def test_a_serial_port_is_tried_with_the_settings_of_known_products_first():
    tried = list(addresses(Sought(kind="rtu", place="/dev/ttyUSB0")))
    assert [one.serial for one in tried] == usual_lines()
    assert link_of(tried[0]) == "rtu:///dev/ttyUSB0?baud=9600&parity=N&stop_bits=1"
    assert link_of(Address("rtu-over-tcp", "gateway", 4001)) == "rtu-over-tcp://gateway:4001"
