"""Circuits that are opened in the turn in which it was decided: only where nothing is to be thought of first."""

import asyncio
from typing import Any

import pytest

from drivers.modbus.factory import product_of
from hems.model.command import Fate
from hems.model.units import DeviceId
from tests.drivers import given
from tests.drivers.bench import Bench, Fault, Site, Unit, eventually, on_tcp

pytestmark = pytest.mark.wire

STEP = {"space": "coil", "at": 3, "to": "{value}"}
CLOSED: dict[str, Any] = {
    "kind": "bool",
    "lapses_to": "held",
    "verify": {"read": "closed", "equals": "{value}", "after_ms": 3000},
    "steps": [STEP],
}


def board(**changes: Any):
    """A relay that is read back."""
    read = {"closed": {"at": 3, "space": "coil", "type": "bool"}, "number": {"at": 10}}
    link = {"kinds": ["tcp"], "timeout_ms": 3000}
    return given.profile(link=link, read=read, write={"closed": {**CLOSED, **changes}})


def relay() -> Unit:
    unit = Unit()
    unit.put("coil", 0, *[1] * 8)
    unit.put("holding", 10, 0)
    return unit


async def test_a_relay_that_was_opened_early_is_told_once_and_read_back_as_ever():
    site = Site()
    async with (
        on_tcp(Bench(u1=relay())) as bench,
        given.driven(site, given.declared(bench, board(), "board"), armed=["board"]) as driver,
    ):
        await site.until("board/closed")
        driver.opener(DeviceId("board"), ["closed", "no such command"])()
        reply = await driver.write("board", "closed", False, urgent=True, islanded=True)
        assert reply.fate is Fate.CONFIRMED
        assert [(sent.code, sent.address, sent.values) for sent in bench.writes()] == [(5, 3, [0])]


async def test_a_relay_of_a_device_that_is_not_armed_is_not_opened_early():
    site = Site()
    async with (
        on_tcp(Bench(u1=relay())) as bench,
        given.driven(site, given.declared(bench, board(), "board")) as driver,
    ):
        await site.until("board/closed")
        driver.opener(DeviceId("board"), ["closed"])()
        seen = len(bench.diary)
        await eventually(lambda: len(bench.diary) >= seen + 2)
        assert bench.writes() == []


async def test_what_is_told_while_an_early_opening_is_not_answered_yet_has_the_last_word():
    site, unit = Site(), relay()
    link, seldom = {"kinds": ["tcp"], "timeout_ms": 3000}, {"normal": {"every_ms": 60_000, "stale_ms": 200_000}}
    read = {"closed": {"at": 3, "space": "coil", "type": "bool"}}
    profile = given.profile(link=link, read=read, write={"closed": CLOSED}, poll=seldom)
    async with (
        on_tcp(Bench(u1=unit)) as bench,
        given.driven(site, given.declared(bench, profile, "board"), armed=["board"]) as driver,
    ):
        await site.until("board/closed")
        # given a board that nobody else asks, and that takes its time to open
        unit.fault = lambda request: Fault(delay_s=0.1) if request.code == 5 else None
        driver.opener(DeviceId("board"), ["closed"])()
        told = [
            asyncio.create_task(driver.write("board", "closed", on, urgent=not on, islanded=True))
            for on in (False, True)
        ]
        # when it shall be closed meanwhile
        off, on = await asyncio.gather(*told)
        # then it is, and what it had been told before is not told again
        assert (off.fate, on.fate) == (Fate.UNVERIFIED, Fate.CONFIRMED)
        assert [sent.values for sent in bench.writes()] == [[0], [1]]


@pytest.mark.parametrize(
    "changes",
    [
        {"lapses_to": "closed"},
        {"persistent": True},
        {"steps": [{**STEP, "to": "1 - {value}"}]},
        {"steps": [{**STEP, "to": "{number}"}]},
        {"steps": [{**STEP, "when": "nonzero"}]},
        {"steps": [STEP, {**STEP, "at": 4}]},
        {"steps": [{"at": 10, "to": "{value}"}]},
    ],
    ids=["closes by itself", "wears", "turned round", "hangs on a point", "for on only", "two steps", "a register"],
)
def test_what_needs_a_thought_is_not_opened_early(changes):
    assert product_of(board()).nominal.commands["closed"].coil == 3
    assert product_of(board(**changes)).nominal.commands["closed"].coil is None
