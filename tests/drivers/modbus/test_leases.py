"""Each command holds for as long as it is repeated; then the engine itself sends less, and never anything else."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from drivers.modbus.driver import BusDriver
from hems.model.command import Fate
from hil.vloop import VirtualLoop, run
from tests.drivers import given
from tests.drivers.bench import Bench, Fault, Request, Site, Unit, eventually, on_tcp, running

LEASE_S = 60.0
COILS = {
    name: {"kind": "bool", "lapses_to": "held", "steps": [{"space": "coil", "at": at, "to": "{value}"}]}
    for at, name in enumerate(("permit", "laundry", "gym"))
}


def board(**more: object):
    plain = {
        "read": {"permit": {"space": "coil", "at": 0}},
        "poll": {"normal": {"every_ms": 1000}},
        "write": COILS,
    }
    return given.profile(**{**plain, **more})


@dataclass
class Case:
    bench: Bench
    unit: Unit
    driver: BusDriver

    async def say(self, command: str, value: float | bool, lease_s: float = 0.0) -> Fate:
        reply = await self.driver.write("box", command, value, urgent=not value, islanded=True, lease_s=lease_s)
        return reply.fate


@asynccontextmanager
async def case(product):
    unit, site = Unit(), Site()
    unit.put("coil", 0, 0, 1, 1)
    unit.put("holding", 10, *[0] * 20)
    async with on_tcp(Bench(u1=unit)) as bench:
        driver = BusDriver([given.declared(bench, product)], site.context)
        driver.arm("box", True)
        async with running(driver):
            yield Case(bench, unit, driver)


def played(product, story: Callable[[Case], Awaitable[None]]) -> None:
    async def main(_loop: VirtualLoop) -> None:
        async with case(product) as made:
            await story(made)

    run(main)


def test_a_permit_lapses_although_other_relays_of_its_board_are_commanded_and_no_shed_is_undone():
    async def story(made: Case) -> None:
        # given a permit, a shed circuit and a circuit that is on
        await made.say("permit", True, LEASE_S)
        await made.say("laundry", False)
        await made.say("gym", True)
        # when only circuits are commanded from now on
        for _ in range(10):
            await asyncio.sleep(7.0)
            await made.say("gym", True)
        # then the permit is gone after its lease, and nothing else has moved
        assert made.unit.coil == {0: 0, 1: 0, 2: 1}
        assert [request.values for request in made.bench.writes() if request.address == 0] == [[1], [0]]

    played(board(), story)


def test_a_permit_that_is_repeated_stays():
    async def story(made: Case) -> None:
        for _ in range(20):
            await made.say("permit", True, LEASE_S)
            await asyncio.sleep(20.0)
        assert made.unit.coil[0] == 1
        assert all(request.values == [1] for request in made.bench.writes())

    played(board(), story)


def test_a_permit_lapses_no_later_than_a_second_after_its_lease():
    async def story(made: Case) -> None:
        await made.say("permit", True, LEASE_S)
        given_s = asyncio.get_running_loop().time()
        await eventually(lambda: not made.unit.coil[0], within_s=90.0)
        assert LEASE_S < asyncio.get_running_loop().time() - given_s < LEASE_S + 1.2

    played(board(), story)


def test_circuits_have_no_lease_and_stay_for_days_as_they_were_told():
    async def story(made: Case) -> None:
        await made.say("laundry", False)
        await made.say("gym", True)
        told = len(made.bench.writes())
        await asyncio.sleep(2000.0)
        assert made.unit.coil == {0: 0, 1: 0, 2: 1}
        assert len(made.bench.writes()) == told

    played(board(poll={"normal": {"every_ms": 60_000}}), story)


def test_a_permit_that_was_withdrawn_in_vain_is_withdrawn_by_the_engine():
    async def story(made: Case) -> None:
        await made.say("permit", True, LEASE_S)
        # when the board does not answer to the withdrawal, and whoever commands has gone since
        made.unit.fault = lambda request: Fault(silent=True) if request.writes else None
        assert await made.say("permit", False) is Fate.UNREACHABLE
        made.unit.fault = lambda _request: None
        made.unit.coil[0] = 1
        await asyncio.sleep(LEASE_S + 2.0)
        assert made.unit.coil[0] == 0

    played(board(), story)


def test_a_permit_that_the_device_refuses_to_renew_lapses_all_the_same():
    async def story(made: Case) -> None:
        await made.say("permit", True, LEASE_S)
        made.unit.fault = lambda request: Fault(exception=4) if request.writes else None
        assert await made.say("permit", True, LEASE_S) is Fate.REFUSED
        made.unit.fault = lambda _request: None
        await asyncio.sleep(LEASE_S + 2.0)
        assert made.unit.coil[0] == 0

    played(board(), story)


def test_a_permit_that_was_taken_back_while_it_left_lapses():
    async def story(made: Case) -> None:
        await made.say("gym", True)
        # given a permit whose sender gives up just when the frame has left
        made.unit.fault = lambda request: Fault(delay_s=0.1) if request.writes else None
        sending = asyncio.create_task(made.say("permit", True, LEASE_S))
        await eventually(lambda: bool(made.unit.coil[0]))
        sending.cancel()
        await asyncio.sleep(LEASE_S + 2.0)
        assert made.unit.coil[0] == 0

    played(board(), story)


def test_a_permit_that_has_lapsed_while_its_board_was_away_does_not_come_back_with_it():
    async def story(made: Case) -> None:
        await made.say("permit", True, LEASE_S)
        made.unit.fault = lambda _request: Fault(silent=True)
        await asyncio.sleep(LEASE_S + 30.0)
        made.unit.fault = lambda _request: None
        await asyncio.sleep(40.0)
        assert made.unit.coil[0] == 0

    played(board(), story)


def test_the_lapse_is_tried_until_it_has_arrived():
    async def story(made: Case) -> None:
        await made.say("permit", True, LEASE_S)
        made.unit.fault = lambda request: Fault(exception=6) if request.writes else None
        await asyncio.sleep(LEASE_S + 10.0)
        assert made.unit.coil[0] == 1
        made.unit.fault = lambda _request: None
        await asyncio.sleep(2.0)
        assert made.unit.coil[0] == 0

    played(board(), story)


def test_a_command_of_the_profile_lapses_by_itself_whatever_the_caller_says():
    product = given.profile(
        read={"shown": {"at": 20}},
        write={
            "power_w": {"steps": [{"at": 20, "to": "{value}"}], "lapses_to": "held", "hold_max_s": 15},
            "limit_w": {"steps": [{"at": 21, "to": "{value}"}], "lapses_to": "held"},
        },
    )

    async def story(made: Case) -> None:
        await made.say("power_w", 900.0)
        for _ in range(6):
            await made.say("limit_w", 500.0)
            await asyncio.sleep(3.0)
        assert made.unit.holding[20] == 0
        assert made.unit.holding[21] == 500

    played(product, story)


def test_a_power_that_has_lapsed_is_not_renewed_any_more():
    product = given.profile(
        read={"shown": {"at": 20}},
        write={"power_w": {"steps": [{"at": 20, "to": "{value}"}], "lapses_to": "zero"}},
        control={"watchdog": {"kind": "rewrite", "renew_s": 10, "timeout_s": 30}},
    )

    async def story(made: Case) -> None:
        await made.say("power_w", 900.0, LEASE_S)
        await asyncio.sleep(200.0)
        written = [request.values for request in made.bench.writes()]
        assert written[:6] == [[900]] * 6
        # a device that would go back to its own idea is held at 0
        assert set(map(tuple, written[7:])) == {(0,)}

    played(product, story)


def test_a_register_that_wears_is_written_on_change_only():
    product = given.profile(
        read={"shown": {"at": 20}},
        write={
            "power_w": {
                "steps": [{"at": 20, "to": "{value}"}],
                "lapses_to": "held",
                "persistent": True,
                "verify": {"read": "shown", "within": 1},
            }
        },
    )

    async def story(made: Case) -> None:
        # when the same value is asked for again and again, then another, then it was changed by somebody else
        for _ in range(10):
            assert await made.say("power_w", 900.0, LEASE_S) is Fate.CONFIRMED
            await asyncio.sleep(20.0)
        assert await made.say("power_w", 800.0, LEASE_S) is Fate.CONFIRMED
        made.unit.holding[20] = 5
        assert await made.say("power_w", 800.0, LEASE_S) is Fate.CONFIRMED
        # then it was written three times, and once more when nobody asked any longer
        await asyncio.sleep(200.0)
        assert [request.values for request in made.bench.writes()] == [[900], [800], [800], [0]]

    played(product, story)


def test_a_permit_beside_a_power_lapses_also_where_the_whole_device_is_made_safe_first():
    product = given.profile(
        read={"shown": {"at": 20}},
        write={**COILS, "power_w": {"steps": [{"at": 20, "to": "{value}"}], "lapses_to": "held"}},
        control={"safe": [{"at": 20, "to": 0}], "watchdog": {"kind": "none", "hold_max_s": 30}},
    )

    async def story(made: Case) -> None:
        await made.say("power_w", 900.0, LEASE_S)
        await made.say("permit", True, LEASE_S)
        await asyncio.sleep(200.0)
        assert made.unit.holding[20] == 0
        assert made.unit.coil == {0: 0, 1: 1, 2: 1}
        assert len(made.bench.writes()) == 4

    played(product, story)


FORMER = {
    "read": {"shown": {"at": 20}},
    "write": {**COILS, "power_w": {"steps": [{"at": 20, "to": "{value}"}], "lapses_to": "held"}},
    "control": {
        "safe": [{"at": 20, "to": 0}],
        "watchdog": {"kind": "rewrite", "renew_s": 10, "timeout_s": 60, "hold_max_s": 60},
    },
}


def test_what_makes_the_island_is_neither_stopped_nor_told_its_power_again_but_its_permit_lapses():
    async def story(made: Case) -> None:
        # given a battery that charges, on the grid, with the permit on one of its relays
        await made.say("power_w", 900.0, LEASE_S)
        await made.say("permit", True, LEASE_S)
        # when the grid goes and the battery feeds the building, so that nobody commands it any more
        made.driver.islanded(True, stabilising=True, former="box")
        await asyncio.sleep(300.0)
        # then not one register of its power was written
        assert [request.values for request in made.bench.writes() if request.address == 20] == [[900]]
        assert made.unit.coil[0] == 0
        # and when the grid is back, it is commanded and made safe as ever
        made.driver.islanded(False, former="box")
        await made.say("power_w", 500.0, LEASE_S)
        await asyncio.sleep(100.0)
        assert made.unit.holding[20] == 0

    played(given.profile(**FORMER), story)


def test_what_does_not_make_the_island_is_stopped_on_it():
    async def story(made: Case) -> None:
        await made.say("power_w", 900.0, LEASE_S)
        made.driver.islanded(True, former="another")
        await asyncio.sleep(300.0)
        assert made.unit.holding[20] == 0

    played(given.profile(**FORMER), story)


def test_what_makes_the_island_is_told_to_rest_where_its_profile_knows_what_that_means_on_an_island():
    knowing = {
        **FORMER,
        "read": {"shown": {"at": 20}, "_rest": {"at": 25}},
        "write": {
            "power_w": {
                "steps": [{"at": 20, "to": "{value}", "when": "nonzero"}, {"at": 21, "to": "{_rest}", "when": "zero"}],
                "lapses_to": "held",
            }
        },
    }

    async def story(made: Case) -> None:
        made.unit.holding[25] = 7
        await asyncio.sleep(1.0)
        await made.say("power_w", 900.0, LEASE_S)
        made.driver.islanded(True, former="box")
        await asyncio.sleep(100.0)
        assert made.unit.holding[21] == 7

    played(given.profile(**knowing), story)


def test_a_dead_man_that_is_set_shorter_than_commands_are_repeated_does_not_end_them():
    short = {"safe": [{"at": 20, "to": 0}], "watchdog": {"kind": "none", "hold_max_s": 10}}
    power = {"steps": [{"at": 20, "to": "{value}"}], "lapses_to": "held", "hold_max_s": 10}
    product = given.profile(read={"shown": {"at": 20}}, write={"power_w": power}, control=short)

    async def story(made: Case) -> None:
        for _ in range(10):
            await made.say("power_w", 900.0, LEASE_S)
            await asyncio.sleep(20.0)
        assert {tuple(request.values) for request in made.bench.writes()} == {(900,)}
        await asyncio.sleep(LEASE_S / 2)
        assert made.unit.holding[20] == 0

    played(product, story)


@pytest.mark.parametrize(("hard", "after_s"), [(False, 0.0), (True, 5.0)])
def test_what_a_limit_asks_for_waits_for_no_pause_unless_the_device_fails_without_it(hard: bool, after_s: float):
    pause = {"min_interval_ms": 5000, "min_interval_hard": hard}
    product = given.profile(
        read={"shown": {"at": 20}},
        write={"power_w": {"steps": [{"at": 20, "to": "{value}"}], "lapses_to": "zero", **pause}},
    )

    async def story(made: Case) -> None:
        await made.say("power_w", 900.0)
        loop = asyncio.get_running_loop()
        told_s = loop.time()
        # when something comes that can wait
        await made.say("power_w", 800.0)
        assert 4.9 < loop.time() - told_s < 5.5
        told_s = loop.time()
        # and at once something that a limit asks for
        await made.driver.write("box", "power_w", 400.0, urgent=True, islanded=False, presses=True)
        assert after_s - 0.1 < loop.time() - told_s < after_s + 0.5
        assert made.unit.holding[20] == 400

    played(product, story)


@pytest.mark.parametrize("watts", [900.0, 0.0])
def test_a_cap_that_nobody_asks_for_any_more_is_left_to_the_timer_of_the_device(watts: float):
    # given an inverter that lifts a cap by itself, and is told it again every 20 s
    cap = {"steps": [{"at": 20, "to": "{value}"}], "lapses_to": "uncapped"}
    product = given.profile(
        read={"shown": {"at": 20}},
        write={"power_limit_w": cap},
        control={"watchdog": {"kind": "lease", "timeout_s": 60, "renew_s": 20}},
    )

    async def story(made: Case) -> None:
        await made.say("power_limit_w", watts, LEASE_S)
        await asyncio.sleep(LEASE_S + 5.0)
        during = [request.values for request in made.bench.writes()]
        await asyncio.sleep(200.0)
        # then it is said no longer than it was asked for; 0 in its place would be the hardest cap of all
        assert [request.values for request in made.bench.writes()] == during
        assert set(map(tuple, during)) == {(int(watts),)}

    played(product, story)


CHARGING: dict[str, Any] = {
    "read": {"shown": {"at": 20}, "_model": {"at": 25}},
    "identify": {"_model": {"equals": 0}},
    "write": {"power_w": {"steps": [{"at": 20, "to": "{value}"}], "lapses_to": "held"}},
    "control": {"watchdog": {"kind": "rewrite", "renew_s": 10, "timeout_s": 60}},
}


async def told_while_away(made: Case, wanted_w: float, back: Callable[[Request], Fault | None] = lambda _: None) -> int:
    """A charger at 900 W goes for so long that it must say who it is, is told another power, and comes back.

    How often it had been written to before that.
    """
    await made.say("power_w", 900.0, LEASE_S)
    made.unit.fault = lambda _request: Fault(silent=True)
    await asyncio.sleep(15.0)
    assert await made.say("power_w", wanted_w, LEASE_S) is Fate.UNREACHABLE
    told = len(made.bench.writes())
    made.unit.fault = back
    await asyncio.sleep(25.0)
    return told


@pytest.mark.parametrize(("wanted_w", "follows_w"), [(0.0, 0), (300.0, 0), (900.0, 900), (1200.0, 900)])
def test_what_was_ended_while_a_device_was_away_is_not_begun_again_when_it_is_back(wanted_w: float, follows_w: int):
    async def story(made: Case) -> None:
        told = await told_while_away(made, wanted_w)
        # then it is told to rest, unless what it was told before is no more than what was asked for
        assert {request.values[0] for request in made.bench.writes()[told:]} == {follows_w}
        assert made.unit.holding[20] == follows_w

    played(given.profile(**CHARGING), story)


def test_a_stop_that_is_the_first_word_to_a_device_that_is_back_comes_before_what_it_was_told_before():
    async def story(made: Case) -> None:
        await made.say("power_w", 900.0, LEASE_S)
        made.unit.fault = lambda _request: Fault(silent=True)
        await asyncio.sleep(15.0)
        told = len(made.bench.writes())
        made.unit.fault = lambda _request: None
        assert await made.say("power_w", 0.0, LEASE_S) is Fate.UNVERIFIED
        assert {request.values[0] for request in made.bench.writes()[told:]} == {0}

    played(given.profile(**CHARGING), story)


def test_a_cap_that_was_lowered_while_a_device_was_away_is_not_said_again_as_it_was():
    async def story(made: Case) -> None:
        told = await told_while_away(made, 300.0)
        assert made.bench.writes()[told:] == []

    capped = {"power_w": {**CHARGING["write"]["power_w"], "lapses_to": "uncapped"}}
    lifted = {"watchdog": {"kind": "lease", "renew_s": 10, "timeout_s": 60}}
    played(given.profile(**{**CHARGING, "write": capped, "control": lifted}), story)


def test_a_register_that_wears_is_not_taken_for_written_where_the_device_was_away():
    async def story(made: Case) -> None:
        await told_while_away(made, 0.0)
        await made.say("power_w", 0.0, LEASE_S)
        assert made.unit.holding[20] == 0

    wears = {"power_w": {**CHARGING["write"]["power_w"], "persistent": True}}
    played(given.profile(**{**CHARGING, "write": wears, "control": {}}), story)


def test_what_is_ended_before_control_could_be_taken_again_is_over():
    async def story(made: Case) -> None:
        # given a charger that is back, but does not take being controlled
        told = await told_while_away(made, 900.0, lambda request: Fault(silent=True) if request.writes else None)
        # when it is told to stop, and then takes everything
        assert await made.say("power_w", 0.0, LEASE_S) is Fate.UNREACHABLE
        made.unit.fault = lambda _request: None
        await asyncio.sleep(25.0)
        assert [request.values for request in made.bench.writes()[told:] if request.address == 20][-1] == [0]

    acquired = {**CHARGING["control"], "acquire": [{"at": 22, "to": 1}]}
    played(given.profile(**{**CHARGING, "control": acquired}), story)


LEASED = {**CHARGING, "poll": {"normal": {"every_ms": 1000}}}


@pytest.mark.parametrize(
    "watchdog",
    [
        {"kind": "lease", "timeout_s": 30},
        {"kind": "counter", "timeout_s": 30, "renew_s": 5, "renew": [{"at": 22, "to": "{value}"}]},
    ],
)
def test_what_carries_its_own_end_is_said_again_in_a_third_of_that_however_seldom_it_is_asked_for(
    watchdog: dict[str, Any],
):
    async def story(made: Case) -> None:
        # given a power that the device ends after 30 s by itself, and that is asked for every 200 s
        await made.say("power_w", 900.0, 600.0)
        await asyncio.sleep(100.0)
        # then the device is told again in time
        told_s = [request.at_s for request in made.bench.writes() if request.address == 20]
        assert max(later - earlier for earlier, later in itertools.pairwise(told_s)) < 12.0
        # and once nobody has asked for it for the length of its lease, that is over
        await asyncio.sleep(502.0)
        assert made.unit.holding[20] == 0

    played(given.profile(**{**LEASED, "control": {"watchdog": watchdog}}), story)
