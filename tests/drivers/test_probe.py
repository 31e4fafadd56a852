"""Probing: every product is recognised at its own registers, and nothing is ever written."""

import tomllib
from pathlib import Path

import pytest

from drivers.modbus import FACTORY
from drivers.modbus.address import Address, parse_address
from drivers.modbus.link import PymodbusLink
from drivers.modbus.probe import Prober, addresses, link_of, recognised, usual_lines
from drivers.modbus.schema import ModbusProfile
from drivers.profile.candidate import candidates, names_product
from drivers.profile.load import load_raw
from hems.ports.device import Found, Sought
from tests.drivers.bench import Bench, Fault, Unit, on_pty, on_tcp

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
    return [found async for found in FACTORY.probe(sought, said.append)], said


def at(bench: Bench, *units: int) -> Sought:
    """Where that bench is to be looked for."""
    if bench.link.startswith("rtu"):
        return Sought(kind="rtu", place=bench.link.removeprefix("rtu://").split("?")[0], units=units)
    host, _, port = bench.link.removeprefix("tcp://").partition(":")
    return Sought(kind="tcp", place=host, port=int(port), units=units)


def prober_for(bench: Bench) -> Prober:
    address = parse_address(bench.link)
    return Prober(address, PymodbusLink(address))


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
    assert found == []
    assert any("no connection" in line for line in said)


def test_a_serial_port_is_tried_with_the_settings_of_known_products_first():
    tried = list(addresses(Sought(kind="rtu", place="/dev/ttyUSB0")))
    assert [one.serial for one in tried] == usual_lines()
    assert link_of(tried[0]) == "rtu:///dev/ttyUSB0?baud=9600&parity=N&stop_bits=1"
    assert link_of(Address("rtu-over-tcp", "gateway", 4001)) == "rtu-over-tcp://gateway:4001"
