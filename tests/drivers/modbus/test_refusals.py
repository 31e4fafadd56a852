"""What a device that says no leaves in force: never more than was asked for, and nothing of what others asked for."""

import asyncio
from typing import Any

import pytest

from hems.model.command import Fate
from tests.drivers import given
from tests.drivers.bench import Fault, Request
from tests.drivers.modbus.test_leases import CHARGING, COILS, LEASE_S, Case, board, played

SELDOM = {"normal": {"every_ms": 1000}}
SLOW = {**CHARGING, "poll": SELDOM}


def refused(code: int, *addresses: int, values: list[int] | None = None):
    """Refuses writes that touch one of these addresses, or carry these values."""

    def fault(request: Request) -> Fault | None:
        touched = set(range(request.address, request.address + request.count)) & set(addresses)
        return Fault(exception=code) if request.writes and (touched or request.values == values) else None

    return fault


@pytest.mark.parametrize("bad", [1, 2, 3])
def test_a_relay_that_a_board_does_not_have_keeps_no_other_relay_from_opening(bad: int):
    relays = {name: {**COILS["permit"], "steps": [{"space": "coil", "at": at, "to": "{value}"}]} for at, name in RELAYS}

    async def story(made: Case) -> None:
        made.unit.put("coil", 0, 1, 1, 1, 1)
        made.unit.fault = refused(2, bad)
        fates = await asyncio.gather(*(made.say(name, False) for _, name in RELAYS))
        assert [at for at, on in made.unit.coil.items() if on] == [0, bad]
        assert [fate is Fate.REFUSED for fate in fates] == [at == bad for at, _ in RELAYS]

    played(board(write=relays), story)


RELAYS = ((1, "one"), (2, "two"), (3, "three"))


def test_a_relay_that_is_told_otherwise_while_its_board_refuses_another_obeys_the_later_word():
    async def story(made: Case) -> None:
        made.unit.fault = refused(2, 2)
        opening = asyncio.gather(made.say("laundry", False), made.say("gym", False))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        closing = asyncio.create_task(made.say("laundry", True))
        await asyncio.gather(opening, closing)
        assert made.unit.coil[1] == 1

    played(board(), story)


def test_a_command_that_a_device_is_still_working_at_has_been_accepted():
    async def story(made: Case) -> None:
        accepted: list[int] = []

        def working(request: Request) -> Fault | None:
            accepted.extend(request.values if request.writes else ())
            return Fault(exception=5) if request.writes and len(accepted) == 1 else None

        made.unit.fault = working
        assert await made.say("power_w", 900.0, LEASE_S) is Fate.UNVERIFIED
        assert accepted == [900, 1]

    steps = [{"at": 20, "to": "{value}"}, {"at": 21, "to": 1}]
    two = {"power_w": {**CHARGING["write"]["power_w"], "steps": steps}}
    played(given.profile(**{**SLOW, "write": two}), story)


def test_what_a_gateway_got_no_answer_to_may_have_arrived_and_lapses():
    async def story(made: Case) -> None:
        made.unit.fault = refused(11, 20)
        assert await made.say("power_w", 900.0, LEASE_S) is Fate.UNREACHABLE
        made.unit.fault = lambda _request: None
        made.unit.holding[20] = 900
        await asyncio.sleep(LEASE_S + 2.0)
        assert made.unit.holding[20] == 0

    played(given.profile(**{**SLOW, "control": {}}), story)


@pytest.mark.parametrize(("wanted_w", "follows_w"), [(300.0, 0), (-300.0, 0), (900.0, 900), (1200.0, 900)])
@pytest.mark.parametrize("control", [{}, CHARGING["control"]])
def test_a_power_goes_on_only_if_what_was_refused_in_its_place_is_no_less(
    wanted_w: float, follows_w: int, control: dict[str, Any]
):
    async def story(made: Case) -> None:
        await made.say("power_w", 900.0, LEASE_S)
        made.unit.fault = refused(3, values=[int(wanted_w) % 65536])
        # when whoever controls asks for less again and again, and the device does not take that
        for _ in range(10):
            assert await made.say("power_w", wanted_w, LEASE_S) is Fate.REFUSED
            await asyncio.sleep(5.0)
        assert made.unit.holding[20] == follows_w

    power = {"power_w": {**CHARGING["write"]["power_w"], "steps": [{"at": 20, "type": "s16", "to": "{value}"}]}}
    played(given.profile(**{**SLOW, "write": power, "control": control}), story)


def test_a_power_for_which_a_permission_is_gone_does_not_go_on():
    async def story(made: Case) -> None:
        made.unit.holding[21] = 1
        await asyncio.sleep(2.0)
        await made.say("power_w", 900.0, LEASE_S)
        made.unit.holding[21] = 0
        await asyncio.sleep(2.0)
        for _ in range(10):
            assert await made.say("power_w", 300.0, LEASE_S) is Fate.REFUSED
            await asyncio.sleep(5.0)
        assert made.unit.holding[20] == 0

    read = {**CHARGING["read"], "ready": {"at": 21, "map": {"0": False, "1": True}}}
    power = {"power_w": {**CHARGING["write"]["power_w"], "guard": [{"if_above": 0, "needs": "ready"}]}}
    played(given.profile(**{**SLOW, "read": read, "write": power}), story)


def test_a_stop_that_is_refused_is_asked_for_until_it_is_taken_and_nothing_is_renewed_meanwhile():
    async def story(made: Case) -> None:
        await made.say("power_w", 900.0, LEASE_S)
        told = len(made.bench.writes())
        made.unit.fault = refused(4, values=[0])
        assert await made.say("power_w", 0.0) is Fate.REFUSED
        await asyncio.sleep(30.0)
        assert {request.values[0] for request in made.bench.writes()[told:]} == {0}
        made.unit.fault = lambda _request: None
        await asyncio.sleep(2.0)
        assert made.unit.holding[20] == 0

    played(given.profile(**SLOW), story)


def test_a_permit_whose_withdrawal_is_refused_is_withdrawn_by_the_engine():
    async def story(made: Case) -> None:
        await made.say("permit", True, LEASE_S)
        made.unit.fault = refused(4, 0)
        assert await made.say("permit", False) is Fate.REFUSED
        made.unit.fault = lambda _request: None
        await asyncio.sleep(2.0)
        assert made.unit.coil[0] == 0

    played(board(), story)
