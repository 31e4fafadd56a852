"""The cycle: when it turns, and what it survives."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from hems.api.client import Client
from hems.api.server import Server
from hems.control.mode import ON_GRID
from hems.control.params import Params, shortened
from hems.control.step import Armed, Test, Trigger
from hems.model import wiring
from hems.model.reading import Reading
from hems.model.request import Want
from hems.model.snapshot import DeviceHealth
from hems.runtime.loop import PERIOD_S, SHORTEST_S
from hems.runtime.own_faults import own_faults
from hems.runtime.supervise import Running
from tests.given import forces
from tests.runtime.parts import LAUNDRY, METERS, SWITCHES, House, LoopClock, house, settled, soon, switch

LATE_S = 0.15
"""What a busy machine may add to a pause."""


async def running(made: House) -> "asyncio.Task[None]":
    task = asyncio.create_task(made.loop.run())
    await soon(lambda: made.cycles)
    return task


async def ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.wait([task], timeout=1.0)
    assert task.cancelled()


async def test_it_turns_each_period_and_whenever_the_last_tick_asked_for_it(run_dir: Path):
    async with house(run_dir, clock=LoopClock()) as made:
        made.deliver()
        task = await running(made)
        await asyncio.sleep(2.1)
        await ended(task)
        # then no pause was longer than a period, nor than was asked for, nor so short that it starves the drivers
        assert len(made.cycles) >= 3
        asked = 0
        for before, after in zip(made.cycles, made.cycles[1:], strict=False):
            pause_s = after.now.mono_s - before.now.mono_s
            due_s = min(PERIOD_S, max(SHORTEST_S, before.step.wake_at_s - before.now.mono_s))
            asked += due_s < PERIOD_S
            assert SHORTEST_S - 0.002 <= pause_s <= due_s + LATE_S
        assert asked  # the settling of INIT comes due between two periods


async def test_it_turns_at_once_when_a_watched_witness_changes(run_dir: Path):
    async with house(run_dir, clock=LoopClock()) as made:
        made.deliver()
        task = await running(made)
        await asyncio.sleep(0.1)
        turned = len(made.cycles)
        # when the tie's contact opens
        now_s = made.clock.mono_s()
        made.board(METERS, {wiring.TIE_CLOSED_CONTACT: Reading(False, now_s)})
        await soon(lambda: len(made.cycles) > turned)
        # then the cycle has seen it long before the next period
        assert made.cycles[turned].now.mono_s - now_s < LATE_S
        assert made.cycles[turned].snapshot.tie.closed_contact.value is False
        await ended(task)


async def test_a_contact_that_bounces_does_not_starve_the_drivers(run_dir: Path):
    async with house(run_dir, clock=LoopClock()) as made:
        task = await running(made)
        turned, until_s = len(made.cycles), made.clock.mono_s() + 0.3
        while made.clock.mono_s() < until_s:
            made.loop.wake.set()
            await asyncio.sleep(0)
        assert len(made.cycles) - turned <= 0.3 / SHORTEST_S + 1
        await ended(task)


async def test_it_survives_a_client_that_does_not_read(run_dir: Path):
    server: list[Server] = []
    async with house(run_dir, clock=LoopClock(), publish=lambda picture, events: server[0].publish(picture)) as made:
        server.append(Server(run_dir, made.desk))
        serving = asyncio.create_task(server[0].serve())
        await server[0].listening.wait()
        # given one client that subscribes and never reads, and one that does
        _, deaf = await asyncio.open_unix_connection(run_dir / "view.sock", limit=1024)
        deaf.write(json.dumps({"subscribe": True}).encode() + b"\n")
        deaf.transport.pause_reading()  # type: ignore[attr-defined]
        async with Client(run_dir / "view.sock") as good:
            pictures = good.subscribe()
            task = await running(made)
            # when the cycle turns as fast as it can for a while
            seen = []
            for _ in range(20):
                made.loop.wake.set()
                seen.append(await asyncio.wait_for(anext(pictures), 2.0))
            # then the other one sees every turn
            assert len({picture.mono_s for picture in seen}) == 20  # type: ignore[union-attr]
            await ended(task)
        deaf.close()
        serving.cancel()


async def test_what_people_ask_for_reaches_the_next_tick_and_no_other(run_dir: Path):
    async with house(run_dir) as made:
        asked = forces("laundry", Want.OFF)
        made.desk._waiting.append(asked)
        assert (await made.cycle()).snapshot.requests == (asked,)
        assert (await made.cycle()).snapshot.requests == ()
        assert [one.circuit for one in made.loop.state.overrides] == ["laundry"]


async def test_a_disk_that_cannot_be_written_becomes_an_alarm(tmp_path: Path):
    # given a place where no file can be made
    place = tmp_path / "state"
    place.write_text("in the way")
    async with house(place) as made:
        assert not made.store.drain() or not made.store.health.state.ok
        made.faults |= own_faults(made.store.health.files, made.actuators, made.fleet, Running())
        # when the cycle turns
        await made.cycle()
        # then it is the most important alarm, since nothing may be energised on the strength of a journal entry
        alarm = made.loop.state.alarms["fault/state"]
        assert (alarm.priority, str(place) in str(alarm.cause.facts["detail"])) == ("HIGH", True)


async def test_a_journal_that_took_too_long_is_an_alarm_as_well(run_dir: Path):
    async with house(run_dir) as made:
        made.actuators.journal_failed = True
        made.faults |= own_faults(made.store.health.files, made.actuators, made.fleet, Running())
        await made.cycle()
        assert made.loop.state.alarms["fault/state"].priority == "HIGH"


async def test_nothing_is_energised_during_the_boot_hold(run_dir: Path):
    # given short waits everywhere but here
    params = replace(shortened(Params()), boot=Params().boot)
    async with house(run_dir, params=params) as made:
        # and a good grid, a car that wants to be charged, and somebody who wants an open circuit closed at once
        made.deliver({LAUNDRY: False, wiring.bay_state("bay_3"): "plugged", wiring.GRID_POWER: 1000.0})  # type: ignore[arg-type]
        began_s = made.clock.mono_s()
        made.desk._waiting.append(forces("laundry", Want.ON))
        energised: list[float] = []
        # when time passes
        while made.clock.mono_s() < began_s + params.boot.hold_energise_s + 3.0:
            made.deliver()
            cycle = await made.cycle()
            if any(command.energises for command in cycle.step.commands):
                energised.append(cycle.now.mono_s - began_s)
            made.clock.advance(1.0)  # type: ignore[attr-defined]
        # then nothing is given power before, and the circuit comes right after
        assert min(energised) == pytest.approx(params.boot.hold_energise_s, abs=1.0)
        await soon(lambda: made.machines.values(LAUNDRY) == [True])
        assert made.loop.state.mode.mode in ON_GRID


async def test_a_fault_in_what_only_shows_is_alarmed_and_stops_nothing(run_dir: Path):
    told: list[object] = []

    def publish(picture: object, events: object) -> None:
        """Fails at the first two."""
        told.append(picture)
        if len(told) <= 2:
            raise ValueError("no such number in JSON")

    async with house(run_dir, publish=publish) as made:
        for _ in range(2):
            await made.cycle()
        assert "fault/show the building" in made.loop.state.alarms
        for _ in range(2):
            await made.cycle()
        assert "fault/show the building" not in made.loop.state.alarms
        assert made.desk.picture() is told[-1]


async def test_a_driver_that_cannot_tell_how_it_is_costs_only_its_own_devices(run_dir: Path):
    async with house(run_dir) as made:
        first = (await made.cycle()).snapshot.devices[SWITCHES]

        def stumble() -> None:
            raise KeyError("device")

        made.machines.on_health = stumble
        lost = (await made.cycle()).snapshot.devices[SWITCHES]
        made.clock.advance(6.0)  # type: ignore[attr-defined]
        await made.cycle()
        # then they count as lost since then, and an alarm says so
        assert lost == replace(first, lost_since_s=100.0, detail="driver paper fails")
        assert "device/switches" in made.loop.state.alarms
        # and all is well when it can again
        made.machines.on_health = lambda: None
        assert (await made.cycle()).snapshot.devices[SWITCHES] == DeviceHealth(link="here", armed=True)


async def test_what_the_reflex_has_sent_is_known_to_the_next_tick(run_dir: Path):
    async with house(run_dir) as made:
        # given a list that is ready for the opening tie
        made.deliver()
        await made.cycle()
        trigger = Trigger(wiring.TIE_CLOSED_CONTACT, Test.IS, False)
        ready = Armed(name="ours", triggers=(trigger,), commands=(switch(LAUNDRY, False),), expires_s=200.0)
        made.board.arm([ready], ())
        # when it opens
        made.deliver({wiring.TIE_CLOSED_CONTACT: False})
        await settled()
        # then the machine has heard of it without a tick, and the next tick sees both the shed and what became of it
        assert made.machines.values(LAUNDRY) == [False]
        cycle = await made.cycle()
        assert [one.role for one in cycle.snapshot.fired] == [LAUNDRY]
        assert LAUNDRY in [one.command.role for one in cycle.snapshot.outcomes]
        assert (await made.cycle()).snapshot.fired == ()


async def test_drivers_hear_of_an_island_in_the_very_turn_that_sees_it(run_dir: Path):
    async with house(run_dir) as made:
        # given a building on the grid
        for _ in range(5):
            made.deliver()
            await made.cycle()
            made.clock.advance(1.0)
        assert made.loop.state.mode.mode in ON_GRID
        assert made.machines.islands == [(False, False)]
        # when its tie opens
        while not made.loop.state.mode.mode.on_island:
            made.deliver({wiring.TIE_CLOSED_CONTACT: False, wiring.TIE_OPEN_CONTACT: True})
            await made.cycle()
            made.clock.advance(0.5)
        # then the drivers know it now, and not at the next write
        assert made.machines.islands == [(False, False), (True, True)]
        port = made.actuators.writes.get(wiring.battery_power(made.site.former.source))
        assert made.machines.former == (port.device if port else None)


async def test_what_the_reflex_sends_has_left_before_the_tick_that_it_woke_begins(run_dir: Path):
    async with house(run_dir) as made:
        # given a list that is ready for the opening tie, and a link that takes some turns of the event loop
        made.deliver()
        await made.cycle()
        trigger = Trigger(wiring.TIE_CLOSED_CONTACT, Test.IS, False)
        ready = Armed(name="ours", triggers=(trigger,), commands=(switch(LAUNDRY, False),), expires_s=200.0)
        made.board.arm([ready], ())
        order: list[str] = []
        made.machines.turns, made.machines.meets = 5, lambda written: order.append(written.point)
        made.machines.on_health = lambda: order.append("look")
        # when it opens, and the cycle turns in that very moment
        made.deliver({wiring.TIE_CLOSED_CONTACT: False})
        await made.loop.cycle()
        # then the shed did not wait for it
        assert order[:2] == [LAUNDRY, "look"]


async def test_what_a_tick_switches_off_has_left_before_it_is_shown(run_dir: Path):
    order: list[str] = []
    async with house(run_dir, publish=lambda picture, events: order.append("shown")) as made:
        made.deliver()
        await made.cycle()
        made.machines.turns, made.machines.meets = 5, lambda written: order.append(written.point)
        # when the tick decides to switch something off
        made.desk._waiting.append(forces("laundry", Want.OFF))
        order.clear()
        await made.loop.cycle()
        # then everything else of the cycle came after
        assert order == [LAUNDRY, "shown"]


async def test_what_comes_due_between_decision_picture_and_record_is_not_kept_waiting(run_dir: Path):
    order: list[str] = []

    def publish(picture: object, events: object) -> None:
        order.append("shown")
        # when a timer comes due while the building is shown
        asyncio.get_running_loop().call_later(0.0, order.append, "timer")

    async with house(run_dir, publish=publish) as made:
        ring = made.store.ring
        made.deliver()
        await made.cycle()
        before = len(ring.frames())
        order.clear()
        loop = asyncio.get_running_loop()
        loop.call_soon(loop.call_soon, lambda: order.append(f"{len(ring.frames()) - before} recorded"))
        await made.loop.cycle()
        # then it has its turn before the tick is recorded, and so had what came due while it was decided
        assert order == ["0 recorded", "shown", "timer"]
        assert len(ring.frames()) == before + 1


async def test_a_device_that_does_not_answer_holds_no_cycle_up(run_dir: Path):
    async with house(run_dir) as made:
        made.deliver()
        await made.cycle()
        made.machines.open.clear()
        made.desk._waiting.append(forces("laundry", Want.OFF))
        async with asyncio.timeout(5.0):
            await made.loop.cycle()
            # and what it has given way to once, it does not give way to again
            await made.actuators.away(within_s=3600.0)
        made.machines.open.set()
