"""Commands on their way: what waits for the journal, what never does, and what takes the place of what."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

import pytest

from hems.model import wiring
from hems.model.command import Fate
from hems.model.units import DeviceId
from hems.model.wiring import Role
from hems.runtime.act import PATIENCE_S, Actuators
from hems.store.store import Store, StoreLimits
from tests.given import flats
from tests.runtime.parts import (
    CAR,
    CHARGERS,
    GYM,
    LAUNDRY,
    SWITCHES,
    HandClock,
    Machines,
    Written,
    machines,
    power,
    settled,
    soon,
    switch,
    wired,
)
from tests.store.given import rows


@dataclass
class Bench:
    clock: HandClock
    machines: Machines
    store: Store
    actuators: Actuators
    islanded: bool = False


@asynccontextmanager
async def bench(directory: Path, **limits: float) -> AsyncIterator[Bench]:
    """Actuators between a real journal and machines that obey."""
    clock, ours = HandClock(), machines()
    store = Store(directory, limits=StoreLimits(**limits), boot_id="boot")  # type: ignore[arg-type]
    store.start(clock.now())
    drivers = dict.fromkeys(ours.devices, ours)
    actuators = Actuators(drivers, wired(flats()).writes, store.journal, clock, islanded=lambda: made.islanded)
    made = Bench(clock, ours, store, actuators)
    try:
        yield made
    finally:
        store.stop()


@contextmanager
def held(directory: Path) -> Iterator[None]:
    """Another program holds the journal's file."""
    connection = sqlite3.connect(directory / "state.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def broken(directory: Path) -> Path:
    """A place where no file can ever be made."""
    directory.write_text("in the way")
    return directory


def entries(directory: Path, role: Role) -> list[tuple[object, ...]]:
    return rows(directory, "state.db", f"SELECT value FROM intents WHERE role = '{role}' ORDER BY id")


# What takes power away ------------------------------------------------------------------------------------------------


async def test_what_takes_power_away_is_handed_to_the_driver_before_the_journal_is_asked(tmp_path: Path):
    async with bench(tmp_path) as made:
        # given a machine that looks into the journal when it is told something
        known: list[bool] = []
        made.machines.meets = lambda written: known.append(written.point in made.store.journal.last_positions())
        # when two circuits are switched off
        made.actuators.send([switch(LAUNDRY, False), switch(GYM, False)])
        await settled()
        # then neither was in the journal yet, and a moment later both are
        assert known == [False, False]
        made.store.drain()
        assert entries(tmp_path, LAUNDRY) == entries(tmp_path, GYM) == [("false",)]


async def test_circuits_that_open_are_on_the_wire_before_a_set_point_is_judged(tmp_path: Path):
    async with bench(tmp_path) as made:
        made.machines.turns = 2
        made.actuators.send([power(0.0, energises=False), switch(LAUNDRY, False), switch(GYM, False)])
        await settled()
        assert [one.point for one in made.machines.written] == [LAUNDRY, GYM, CAR]


class PromptMachines(Machines):
    """Machines whose driver opens circuits as soon as it hears of them."""

    def __init__(self, devices: Sequence[DeviceId]) -> None:
        super().__init__(devices)
        self.opened: list[tuple[DeviceId, list[str]]] = []
        self.faulty = ""

    def opener(self, device: DeviceId, commands: Sequence[str]) -> Callable[[], None]:
        if self.faulty == "while it makes ready":
            raise RuntimeError("a driver with a fault")
        return partial(self._opens, device, commands)

    def _opens(self, device: DeviceId, commands: Sequence[str]) -> None:
        if self.faulty:
            raise RuntimeError("a driver with a fault")
        self.opened.append((device, list(commands)))


@pytest.mark.parametrize("faulty", ["", "while it makes ready", "while it opens"])
async def test_circuits_are_opened_before_their_commands_are_sent_which_then_are_as_ever(tmp_path: Path, faulty: str):
    async with bench(tmp_path) as made:
        ours = PromptMachines(made.machines.devices)
        ours.faulty, ours.armed = faulty, made.machines.armed
        writes = made.actuators.writes
        actuators = Actuators(
            dict.fromkeys(ours.devices, ours), writes, made.store.journal, made.clock, islanded=lambda: False
        )
        # when two circuits of a board shall open, and a car shall rest
        commands = [switch(LAUNDRY, False), power(0.0, energises=False), switch(GYM, False)]
        actuators.send(commands)
        # then only what opens has been opened, and nothing been written yet
        opened = [(writes[LAUNDRY].device, [writes[LAUNDRY].point, writes[GYM].point])]
        assert ours.opened == ([] if faulty else opened)
        assert ours.written == []
        # and a moment later all of it is written, as by any other driver
        await settled()
        assert sorted(one.point for one in ours.written) == sorted(writes[command.role].point for command in commands)


async def test_the_journal_hears_of_what_takes_power_away_once_it_is_on_the_wire(tmp_path: Path):
    async with bench(tmp_path) as made:
        # given a link that takes some turns of the loop until a write has left
        made.machines.turns = 3
        known: list[bool] = []
        made.machines.meets = lambda written: known.append(written.point in made.store.journal.last_positions())
        made.actuators.send([switch(LAUNDRY, False)])
        await settled()
        # then telling the journal came after that, and it has been told
        assert known == [False]
        assert made.store.journal.last_positions()[LAUNDRY].value is False


async def test_what_is_switched_off_and_on_at_once_stands_in_the_journal_in_that_order(tmp_path: Path):
    async with bench(tmp_path) as made:
        made.actuators.send([switch(LAUNDRY, False)])
        made.actuators.send([switch(LAUNDRY, True)])
        await soon(lambda: made.machines.values(LAUNDRY) == [True])
        await settled()
        assert entries(tmp_path, LAUNDRY) == [("false",), ("true",)]


async def test_what_takes_power_away_goes_out_while_the_journal_is_held_by_somebody(tmp_path: Path):
    async with bench(tmp_path) as made:
        made.store.drain()
        with held(tmp_path):
            made.actuators.send([switch(LAUNDRY, False), power(0.0, energises=False)])
            await settled()
            assert made.machines.written == [
                Written(SWITCHES, LAUNDRY, False, True, False),
                Written(CHARGERS, CAR, 0.0, True, False, lease_s=60.0),
            ]
        made.store.drain()
        assert entries(tmp_path, LAUNDRY) == [("false",)]


async def test_a_driver_is_told_whether_the_building_is_on_its_own(tmp_path: Path):
    async with bench(tmp_path) as made:
        made.islanded = True
        made.actuators.send([switch(LAUNDRY, False)])
        await settled()
        assert made.machines.written == [Written(SWITCHES, LAUNDRY, False, True, True)]


# What gives power -----------------------------------------------------------------------------------------------------


async def test_what_gives_power_goes_out_only_when_it_is_on_disk(tmp_path: Path):
    async with bench(tmp_path) as made:
        # given a machine that looks into the file when it is told something
        found: list[list[tuple[object, ...]]] = []
        made.machines.meets = lambda written: found.append(entries(tmp_path, Role(written.point)))
        # when a circuit is switched on and a car is asked to give, while the file cannot be written
        made.store.drain()
        with held(tmp_path):
            made.actuators.send([switch(LAUNDRY, True), power(5000.0, energises=True)])
            await settled()
            assert made.machines.written == []
        # then it is in the file before the machine hears of it, and it does not push ahead of sheds
        await soon(lambda: len(found) == 2)
        assert found == [[("true",)], [("5000.0",)]]
        assert not any(written.urgent for written in made.machines.written)


async def test_without_a_journal_switches_are_closed_and_powers_refused(tmp_path: Path):
    async with bench(broken(tmp_path / "state")) as made:
        made.actuators.send([switch(LAUNDRY, True), power(5000.0, energises=True)])
        await soon(lambda: made.machines.written)
        await settled()
        # then what is read back is closed all the same, what is not is refused, and the fault is known
        assert made.machines.written == [Written(SWITCHES, LAUNDRY, True, False, False)]
        fates = {outcome.command.role: outcome.fate for outcome in made.actuators.take_outcomes()}
        assert fates == {LAUNDRY: Fate.CONFIRMED, CAR: Fate.REFUSED}
        assert made.actuators.journal_failed


async def test_a_refused_power_does_not_slip_past_the_journal_when_it_is_repeated(tmp_path: Path):
    # with all the time that a machine with much else to do takes to make a new file
    async with bench(broken(tmp_path / "state"), commit_time_out_s=60.0) as made:
        # given a power that was refused because the journal cannot be written
        made.actuators.send([power(5000.0, energises=True)])
        await soon(made.actuators.take_outcomes)
        # when it is repeated, now no longer as something new, or followed by a little less
        for watts in (5000.0, 4900.0):
            made.actuators.send([power(watts, energises=False)])
            [outcome] = await outcomes(made)
            assert outcome.fate is Fate.REFUSED
        assert made.machines.written == []
        # and when the journal works again, it goes out after its entry
        (tmp_path / "state").unlink()
        (tmp_path / "state").mkdir()
        made.actuators.send([power(4900.0, energises=False)])
        await soon(lambda: made.machines.written, within_s=60.0)
        assert entries(tmp_path / "state", CAR)[-1] == ("4900.0",)
        assert not made.actuators.journal_failed
        # and less than what is in the journal waits for nothing
        with held(tmp_path / "state"):
            made.actuators.send([power(3000.0, energises=False)])
            await settled()
            assert made.machines.values(CAR) == [4900.0, 3000.0]


async def outcomes(made: Bench) -> list[object]:
    found: list[object] = []
    await soon(lambda: found.extend(made.actuators.take_outcomes()) or found)
    return found


async def test_zero_goes_out_at_once_even_after_a_power_that_never_got_into_the_journal(tmp_path: Path):
    async with bench(broken(tmp_path / "state")) as made:
        made.actuators.send([power(5000.0, energises=True)])
        await soon(made.actuators.take_outcomes)
        made.actuators.send([power(0.0, energises=False)])
        await settled()
        assert made.machines.values(CAR) == [0.0]


# What takes the place of what -----------------------------------------------------------------------------------------


async def test_an_on_that_waits_for_the_journal_never_follows_an_off(tmp_path: Path):
    async with bench(tmp_path) as made:
        made.store.drain()
        with held(tmp_path):
            # given an on that cannot be journalled yet
            made.actuators.send([switch(LAUNDRY, True)])
            await asyncio.sleep(0.05)
            # when the circuit is to be off after all
            made.actuators.send([switch(LAUNDRY, False)])
            await settled()
            assert made.machines.values(LAUNDRY) == [False]
        # then the on does not come when the journal works again
        await asyncio.to_thread(made.store.drain)
        await asyncio.sleep(0.05)
        assert made.machines.values(LAUNDRY) == [False]
        assert [outcome.command.value for outcome in made.actuators.take_outcomes()] == [False]


async def test_an_on_that_waits_for_a_slow_link_never_follows_an_off(tmp_path: Path):
    async with bench(tmp_path) as made:
        # given an on that was handed over and waits in the queue of its link
        made.machines.open.clear()
        made.actuators.send([switch(LAUNDRY, True)])
        await soon(lambda: made.store.journal.last_positions())
        await settled()
        # when the circuit is to be off after all, and the link is free again
        made.actuators.send([switch(LAUNDRY, False)])
        made.machines.open.set()
        await settled()
        # then the off alone arrives
        assert made.machines.values(LAUNDRY) == [False]


async def test_in_whatever_order_commands_come_the_last_one_is_what_a_machine_hears_last(tmp_path: Path):
    async with bench(tmp_path) as made:
        chance, last = Random(7), dict[Role, bool | float]()
        for _ in range(300):
            # given machines that are now quick and now slow
            (made.machines.open.set if chance.random() < 0.6 else made.machines.open.clear)()
            # when commands come one after the other
            role = chance.choice((LAUNDRY, GYM, CAR))
            value = chance.choice((0.0, 3000.0, 6000.0)) if role == CAR else chance.random() < 0.5
            command = power(value, energises=chance.random() < 0.5) if role == CAR else switch(role, bool(value))
            made.actuators.send([command])
            last[role] = value
            await asyncio.sleep(chance.choice((0.0, 0.0, 0.001)))
        made.machines.open.set()
        await asyncio.to_thread(made.store.drain)
        await asyncio.sleep(0.05)
        # then each machine ends as it was told last
        assert {role: made.machines.values(role)[-1] for role in last} == last


async def test_the_same_again_does_not_disturb_what_is_still_on_its_way(tmp_path: Path):
    async with bench(tmp_path) as made:
        # given a link that is slower than the pause between two repetitions
        made.machines.open.clear()
        for _ in range(3):
            made.actuators.send([switch(LAUNDRY, False)])
            await settled()
            made.clock.advance(2.0)
        made.machines.open.set()
        await settled()
        # then the first arrives, and its fate is known from when it was handed over
        assert made.machines.values(LAUNDRY) == [False]
        [outcome] = made.actuators.take_outcomes()
        assert (outcome.fate, outcome.took_s, outcome.at_s) == (Fate.CONFIRMED, 6.0, 106.0)


async def test_a_driver_that_has_lost_a_command_gets_it_again(tmp_path: Path):
    async with bench(tmp_path) as made:
        # given a driver that will never come back from a command
        made.machines.open = asyncio.Event()
        made.actuators.send([switch(LAUNDRY, False)])
        await settled()
        made.machines.open = asyncio.Event()
        made.machines.open.set()
        # when the command is repeated for long enough
        for _ in range(int(PATIENCE_S)):
            made.actuators.send([switch(LAUNDRY, False)])
            await settled()
            assert made.machines.written == []
            made.clock.advance(1.0)
        made.actuators.send([switch(LAUNDRY, False)])
        await settled()
        # then it is handed over anew
        assert made.machines.values(LAUNDRY) == [False]


async def test_the_reflex_calls_off_whatever_was_about_to_give_power(tmp_path: Path):
    async with bench(tmp_path) as made:
        made.store.drain()
        with held(tmp_path):
            # given a circuit and a car that are about to be switched on, and a shed on a slow link
            made.actuators.send([switch(LAUNDRY, True), power(8000.0, energises=True)])
            await asyncio.sleep(0.02)
            # when the tie opens
            made.actuators.ready([switch(GYM, False)])()
            await settled()
        await asyncio.to_thread(made.store.drain)
        await asyncio.sleep(0.05)
        # then only the shed goes out; what is still wanted is asked for again
        assert made.machines.written == [Written(SWITCHES, GYM, False, True, False)]
        made.actuators.send([switch(LAUNDRY, True)])
        await soon(lambda: made.machines.values(LAUNDRY) == [True])


# What became of it ----------------------------------------------------------------------------------------------------


async def test_outcomes_come_once_with_the_time_they_took(tmp_path: Path):
    async with bench(tmp_path) as made:
        made.machines.fates = {GYM: Fate.UNREACHABLE}
        made.machines.open.clear()
        made.actuators.send([switch(LAUNDRY, False), switch(GYM, False)])
        await settled()
        made.clock.advance(0.3)
        assert made.actuators.take_outcomes() == ()
        made.machines.open.set()
        await settled()
        told = made.actuators.take_outcomes()
        assert [(one.command.role, one.fate, one.acknowledged) for one in told] == [
            (LAUNDRY, Fate.CONFIRMED, True),
            (GYM, Fate.UNREACHABLE, False),
        ]
        assert all(abs(one.took_s - 0.3) < 1e-9 and one.at_s == 100.3 for one in told)
        assert made.actuators.take_outcomes() == ()


async def test_a_device_that_is_not_armed_is_only_watched(tmp_path: Path):
    async with bench(tmp_path) as made:
        made.machines.arm(SWITCHES, False)
        made.actuators.send([switch(LAUNDRY, False)])
        await settled()
        [outcome] = made.actuators.take_outcomes()
        assert (outcome.fate, outcome.acknowledged) == (Fate.OBSERVING, False)
        assert made.machines.written == []


async def test_what_nothing_is_wired_to_is_refused(tmp_path: Path):
    async with bench(tmp_path) as made:
        made.actuators.send([switch(wiring.circuit_closed("sauna"), False)])  # type: ignore[arg-type]
        await settled()
        assert [one.fate for one in made.actuators.take_outcomes()] == [Fate.REFUSED]


async def test_a_fault_in_a_driver_is_an_outcome_like_any_other(tmp_path: Path):
    async with bench(tmp_path) as made:

        def stumbles(written: Written) -> None:
            if written.point == LAUNDRY:
                raise ZeroDivisionError

        made.machines.meets = stumbles
        made.actuators.send([switch(LAUNDRY, False), switch(GYM, False)])
        await settled()
        told = {one.command.role: (one.fate, one.detail) for one in made.actuators.take_outcomes()}
        assert told[LAUNDRY] == (Fate.UNREACHABLE, "its driver failed: ZeroDivisionError")
        assert told[GYM][0] is Fate.CONFIRMED


async def test_waiting_for_what_is_on_its_way_is_bounded(tmp_path: Path):
    async with bench(tmp_path) as made:
        made.machines.open.clear()
        made.actuators.send([switch(LAUNDRY, False)])
        async with asyncio.timeout(1.0):
            await made.actuators.settle([LAUNDRY, GYM], within_s=0.05)
        made.machines.open.set()
        await made.actuators.settle([LAUNDRY], within_s=1.0)
        assert made.machines.values(LAUNDRY) == [False]
