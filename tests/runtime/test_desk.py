"""What people may ask for, over real sockets, and in which words they are refused."""

import argparse
import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hems.api.client import Client
from hems.api.server import Server
from hems.commands.orders import EVACUATE
from hems.model.cause import Why
from hems.model.errors import HemsError, RequestError
from hems.model.people import PersonRole
from tests.control.panel import GRID_DEAD, TIE_OPEN
from tests.runtime.parts import METERS, SWITCHES, HandClock, House, house
from tests.store.given import rows

REASON = "the washing machine leaks"


@asynccontextmanager
async def desk(run_dir: Path, **more: Any) -> AsyncIterator[House]:
    """A house with its sockets open, after a first look."""
    async with house(run_dir, **more) as made:
        server = Server(run_dir, made.desk)
        serving = asyncio.create_task(server.serve())
        await server.listening.wait()
        made.deliver()
        await made.cycle()
        try:
            yield made
        finally:
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving


async def ask(run_dir: Path, socket: str, do: str, **args: Any) -> Any:
    async with Client(run_dir / f"{socket}.sock") as client:
        return await client.request(do, **args)


async def refused(run_dir: Path, socket: str, do: str, **args: Any) -> str:
    """The sentence."""
    with pytest.raises(RequestError) as caught:
        await ask(run_dir, socket, do, **args)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert sentence[0].isupper()
    assert "\n" not in sentence
    return sentence


def laundry(**changes: Any) -> dict[str, Any]:
    return {"circuit": "laundry", "want": "off", "reason": REASON, "who": "Alex", "duration_s": 1800.0} | changes


# Overrides ------------------------------------------------------------------------------------------------------------


async def test_an_override_reaches_the_tick_and_the_audit(run_dir: Path):
    async with desk(run_dir) as made:
        assert await ask(run_dir, "operate", "override", **laundry()) == {
            "circuit": "laundry",
            "want": "off",
            "duration_s": 1800.0,
        }
        await made.cycle()
        [override] = made.loop.state.overrides
        assert (override.who, override.reason, override.role) == ("Alex", REASON, "operator")
        assert override.expires_s == made.clock.mono_s() + 1800.0
        made.store.drain()
        assert rows(run_dir, "state.db", "SELECT who, role, action, subject, reason, result, mono_s FROM audit") == [
            ("Alex", "operator", "override off", "laundry", REASON, "done", 100.0)
        ]
        [(origin,)] = rows(run_dir, "state.db", "SELECT origin FROM audit")
        assert f"pid={os.getpid()}" in str(origin)


async def test_what_was_refused_is_in_the_audit_with_the_sentence_and_what_only_looks_is_not(run_dir: Path):
    async with desk(run_dir) as made:
        sentence = await refused(run_dir, "operate", "override", **laundry(circuit="lift"))
        await ask(run_dir, "operate", "consider", **laundry())
        await ask(run_dir, "view", "why")
        made.store.drain()
        assert rows(run_dir, "state.db", "SELECT action, subject, result FROM audit") == [
            ("override off", "lift", sentence)
        ]


async def test_whoever_is_refused_again_and_again_does_not_fill_the_disk(run_dir: Path):
    async with desk(run_dir) as made:
        for _ in range(30):
            await refused(run_dir, "operate", "override", **laundry(circuit="lift"))
        await ask(run_dir, "operate", "override", **laundry())
        made.store.drain()
        assert rows(run_dir, "state.db", "SELECT count(*) FROM audit") == [(21,)]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"reason": ""}, "Give a reason of at least five letters"),
        ({"reason": " \n x \t "}, "Give a reason of at least five letters"),
        ({"circuit": "sauna"}, "There is no circuit sauna; there are lift, "),
        ({"circuit": "lift"}, "Lift is life safety"),
        ({"circuit": "network_room"}, "Network room has no switch"),
        ({"want": "maybe"}, "Say which circuit, and on, off or auto"),
        ({"want": None}, "Say which circuit, and on, off or auto"),
        ({"duration_s": -1.0}, "Say for how many seconds: more than 0, and at most 28800, which is 8 hours."),
        ({"duration_s": 0}, "Say for how many seconds"),
        ({"duration_s": "an hour"}, "Say for how many seconds"),
        ({"duration_s": True}, "Say for how many seconds"),
        ({"duration_s": None}, "Say for how many seconds"),
        ({"duration_s": [3600]}, "Say for how many seconds"),
    ],
)
async def test_what_cannot_be_done_is_refused_in_a_sentence(run_dir: Path, changes: dict[str, Any], says: str):
    async with desk(run_dir) as made:
        assert (await refused(run_dir, "operate", "override", **laundry(**changes))).startswith(says)
        assert (await made.cycle()).snapshot.requests == ()


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), float("-inf")])
async def test_odd_numbers_are_refused_also_by_a_client_that_can_say_them(run_dir: Path, odd: float):
    async with desk(run_dir) as made:
        with pytest.raises(RequestError, match="Say for how many seconds"):
            await made.desk.request("override", laundry(duration_s=odd), role=PersonRole.OPERATOR, peer="")


async def test_a_number_too_large_for_json_is_refused(run_dir: Path):
    async with desk(run_dir):
        reader, writer = await asyncio.open_unix_connection(run_dir / "operate.sock")
        await reader.readline()
        line = '{"id":1,"do":"override","args":{"circuit":"gym","want":"off","reason":"because","duration_s":1e999}}\n'
        writer.write(line.encode())
        assert b"Say for how many seconds" in await reader.readline()
        writer.close()


@pytest.mark.parametrize(
    ("socket", "asked_s", "granted_s"),
    [
        ("operate", 1e9, 8 * 3600.0),
        ("admin", 1e9, 24 * 3600.0),
        ("admin", 10**400, 24 * 3600.0),
        ("operate", 60, 60.0),
    ],
)
async def test_nobody_gets_longer_than_his_role_may_and_is_told_so(
    run_dir: Path, socket: str, asked_s: float, granted_s: float
):
    async with desk(run_dir) as made:
        answer = await ask(run_dir, socket, "override", **laundry(duration_s=asked_s))
        assert answer["duration_s"] == granted_s
        await made.cycle()
        [override] = made.loop.state.overrides
        assert override.expires_s == made.clock.mono_s() + granted_s


async def test_back_to_automatic_needs_no_reason_and_no_time(run_dir: Path):
    async with desk(run_dir) as made:
        await ask(run_dir, "operate", "override", **laundry())
        await made.cycle()
        await ask(run_dir, "operate", "override", circuit="laundry", want="auto")
        await made.cycle()
        assert made.loop.state.overrides == ()


async def test_what_people_write_is_kept_on_one_line_and_of_bearable_length(run_dir: Path):
    async with desk(run_dir) as made:
        await ask(run_dir, "operate", "override", **laundry(reason="a\nleak\x1b[2J " + 1000 * "x", who="\x07Alex  B."))
        await made.cycle()
        [override] = made.loop.state.overrides
        assert override.who == "Alex B."
        assert override.reason.startswith("a leak[2J xxx")
        assert len(override.reason) == 200


# Arming, stopping, the rest -------------------------------------------------------------------------------------------


async def test_arming_is_recorded_and_only_for_devices_that_exist(run_dir: Path):
    async with desk(run_dir) as made:
        made.machines.arm(SWITCHES, False)
        sentence = await refused(run_dir, "admin", "arm", devices=["switches", "toaster"])
        assert sentence == "There is no device toaster; there are chargers, meters, switches."
        assert not made.machines.armed[SWITCHES]
        assert await ask(run_dir, "admin", "arm", devices=["switches"], who="Kim", unproven="in a test") == {
            "armed": ["switches"],
            "unproven": ["switches"],
        }
        assert made.machines.armed[SWITCHES]
        assert set(made.store.arming.armed()) == {SWITCHES}
        assert await ask(run_dir, "admin", "disarm", devices="switches", who="Kim") == {
            "disarmed": ["switches"],
            "goes_on": ["switches goes on with what it was told last: permission to reconnect withheld."],
        }
        assert not made.machines.armed[SWITCHES]
        assert not made.store.arming.armed()


@pytest.mark.parametrize("devices", [5, [], None, {"switches": True}])
async def test_arming_nothing_sensible_is_refused(run_dir: Path, devices: object):
    async with desk(run_dir):
        assert await refused(run_dir, "admin", "arm", devices=devices) == "Name the devices in a list, or say all."


async def test_arming_that_cannot_be_recorded_does_not_happen(run_dir: Path):
    async with desk(run_dir) as made:
        made.machines.arm(METERS, False)
        made.store.stop()
        assert (await refused(run_dir, "admin", "arm", devices=["meters"])).startswith(
            "Not armed: Nothing can be recorded"
        )
        assert not made.machines.armed[METERS]


async def test_holding_is_refused_in_an_outage_unless_it_is_forced(run_dir: Path):
    async with desk(run_dir) as made:
        # given a building on its own power
        for _ in range(30):
            made.deliver(GRID_DEAD, TIE_OPEN)
            await made.cycle()
            made.clock.advance(1.0)  # type: ignore[attr-defined]
        assert made.desk.in_outage
        # when somebody wants to hold, then it is refused, unless it is forced
        assert "runs on its own power" in await refused(run_dir, "admin", "stop", hold=True)
        assert "runs on its own power" in await refused(run_dir, "admin", "stop", hold=True, force="yes")
        assert made.stops == []
        await ask(run_dir, "admin", "stop", hold=True, force=True)
        await ask(run_dir, "admin", "stop")
        assert made.stops == [True, False]


async def test_holding_on_the_grid_needs_no_force_and_is_in_the_audit(run_dir: Path):
    async with desk(run_dir) as made:
        await ask(run_dir, "admin", "stop", hold=True, who="Kim")
        assert made.stops == [True]
        made.store.drain()
        assert rows(run_dir, "state.db", "SELECT who, action, detail FROM audit") == [("Kim", "stop", '{"hold": true}')]


async def test_before_the_first_look_why_is_answered_with_patience(run_dir: Path):
    async with house(run_dir) as made:
        with pytest.raises(RequestError, match="ask again in a second"):
            await made.desk.request("why", {}, role=PersonRole.VIEWER, peer="")


async def test_why_and_events_say_what_the_last_look_saw(run_dir: Path):
    async with desk(run_dir) as made:
        why = await ask(run_dir, "view", "why")
        assert why["mode"] == "init"
        assert {witness["axis"] for witness in why["witnesses"]} == {"grid", "tie", "bus"}
        events = (await ask(run_dir, "view", "events"))["events"]
        assert len(events) == len(made.cycles[0].step.events)


async def test_a_request_that_nobody_knows_is_refused_by_the_desk_itself(run_dir: Path):
    async with house(run_dir) as made:
        with pytest.raises(RequestError, match="There is no request 'explode'; there are: why"):
            await made.desk.request("explode", {}, role=PersonRole.ENGINEER, peer="")


async def test_a_request_that_meets_a_fault_is_answered_and_the_next_one_is_served(run_dir: Path):
    async with desk(run_dir) as made:
        # given a driver that stumbles when it is armed
        def stumble(device: object, armed: bool) -> None:
            raise ZeroDivisionError

        made.machines.arm = stumble  # type: ignore[method-assign]
        async with Client(run_dir / "admin.sock") as client:
            with pytest.raises(RequestError, match="HEMS failed on this request"):
                await client.request("disarm", devices="all")
            assert (await client.request("why"))["mode"] == "init"


# Orders ---------------------------------------------------------------------------------------------------------------


async def test_maintenance_is_ordered_with_what_is_locked_out_and_ends_by_a_person(run_dir: Path):
    async with desk(run_dir) as made:
        answer = await ask(run_dir, "operate", "order", task="maintenance", begin=True, subjects=["laundry"], who="Al")
        assert answer == {"task": "maintenance", "begin": True}
        await made.cycle()
        picture = made.desk.picture()
        assert picture is not None
        assert picture.mode == "maintenance"
        await ask(run_dir, "operate", "order", task="maintenance", begin=False)
        await made.cycle()
        picture = made.desk.picture()
        assert picture is not None
        assert picture.mode == "init"


async def test_an_evacuation_is_asked_for_twice(run_dir: Path):
    async with desk(run_dir) as made:
        order = {"task": "evacuation", "begin": True}
        word = (await ask(run_dir, "operate", "order", **order))["confirm"]
        # another word, and the same word twice, begin nothing
        assert "Look again" in await refused(run_dir, "operate", "order", **order, confirm="yes")
        assert await ask(run_dir, "operate", "order", **order, confirm=word) == order
        assert "Look again" in await refused(run_dir, "operate", "order", **order, confirm=word)
        assert len(made.desk.take_requests()) == 1
        # and it ends at once
        assert await ask(run_dir, "operate", "order", task="evacuation", begin=False)
        assert len(made.desk.take_requests()) == 1


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ({}, "Say which order: maintenance, island"),
        ({"task": "party", "begin": True}, "Say which order"),
        ({"task": "maintenance"}, "begins or ends"),
        ({"task": "maintenance", "begin": "yes"}, "begins or ends"),
        ({"task": "maintenance", "begin": True, "subjects": ["cellar"]}, "no circuit, bay or battery cellar"),
        ({"task": "maintenance", "begin": True, "subjects": "laundry"}, "in a list"),
        ({"task": "island", "begin": True}, "has no tie.island"),
        ({"task": "return", "begin": True}, "in what time the grid is expected back"),
        ({"task": "fire", "begin": True}, "begins by its contact"),
        ({"task": "evacuation", "begin": True, "duration_s": 1e12}, "a number from 0 to 604800"),
        ({"task": "evacuation", "begin": True, "target_pct": 200}, "a number from 0 to 100"),
    ],
)
async def test_an_order_that_cannot_be_given_is_refused_in_one_sentence(run_dir: Path, args: dict[str, Any], says: str):
    async with desk(run_dir):
        assert says in await refused(run_dir, "operate", "order", **args)


async def test_who_only_looks_gives_no_orders(run_dir: Path):
    async with desk(run_dir):
        with pytest.raises(RequestError):
            await ask(run_dir, "view", "order", task="maintenance", begin=True)


async def runs(made: House, seconds: int) -> None:
    """One cycle a second, with everything measured anew."""
    for _ in range(seconds):
        made.clock.advance(1.0)
        made.deliver()
        await made.cycle()


# Two steps ------------------------------------------------------------------------------------------------------------


async def test_what_an_override_would_do_is_told_before_it_is_made_and_no_reason_is_needed_to_look(run_dir: Path):
    async with desk(run_dir) as made:
        asked = laundry(want="on", duration_s=100000.0)
        del asked["reason"]
        told = (await ask(run_dir, "operate", "consider", **asked))["consequence"]

        assert (told["name"], told["want"], told["on_island"]) == ("Laundry", "on", False)
        assert told["duration_s"] == told["longest_s"] == 28800.0
        assert made.loop.state.overrides == ()


async def test_who_means_to_do_it_is_asked_for_the_reason_before_the_question(run_dir: Path):
    async with desk(run_dir):
        told = await refused(run_dir, "operate", "consider", **laundry(reason=""))

    assert told == "Give a reason of at least five letters: others will want to know."


async def test_in_a_power_cut_keeping_a_circuit_on_costs_hours_and_keeping_it_off_saves_some(run_dir: Path):
    async with desk(run_dir) as made:
        made.deliver(GRID_DEAD, TIE_OPEN)
        await runs(made, 40)
        assert made.loop.state.mode.mode.on_island
        costs = (await ask(run_dir, "operate", "consider", **laundry(want="on", duration_s=28800.0)))["consequence"]
        saves = (await ask(run_dir, "operate", "consider", **laundry(want="off", duration_s=28800.0)))["consequence"]

    assert costs["on_island"]
    assert costs["essential_then_h"] < costs["essential_now_h"] <= saves["essential_then_h"]
    assert costs["room_w"] is not None


async def test_a_confirmed_override_is_granted_once_and_only_with_the_word_that_was_given(run_dir: Path):
    async with desk(run_dir) as made:
        word = (await ask(run_dir, "operate", "consider", **laundry()))["confirm"]
        await ask(run_dir, "operate", "override", **laundry(confirm=word))
        again = await refused(run_dir, "operate", "override", **laundry(confirm=word))
        await made.cycle()

        assert again == "Not done: more than a minute has gone by. Look again, then confirm."
        assert len(made.loop.state.overrides) == 1


async def test_a_confirmation_a_minute_later_or_for_something_else_is_refused(run_dir: Path):
    async with desk(run_dir) as made:
        word = (await ask(run_dir, "operate", "consider", **laundry()))["confirm"]
        made.clock.advance(61.0)
        late = await refused(run_dir, "operate", "override", **laundry(confirm=word))
        word = (await ask(run_dir, "operate", "consider", **laundry()))["confirm"]
        other = await refused(run_dir, "operate", "override", **laundry(want="on", confirm=word))

    assert late == "Not done: more than a minute has gone by. Look again, then confirm."
    assert other == "Not done: the building has changed since you looked. Look again, then confirm."


async def test_a_confirmation_is_refused_when_the_grid_has_failed_in_between(run_dir: Path):
    async with desk(run_dir) as made:
        await runs(made, 40)
        word = (await ask(run_dir, "operate", "consider", **laundry()))["confirm"]
        made.deliver(GRID_DEAD, TIE_OPEN)
        await runs(made, 3)
        told = await refused(run_dir, "operate", "override", **laundry(confirm=word))

    assert told == "Not done: the building has changed since you looked. Look again, then confirm."


async def test_what_nobody_may_switch_is_refused_at_the_first_step(run_dir: Path):
    async with desk(run_dir):
        told = await refused(run_dir, "operate", "consider", **laundry(circuit="lift"))

    assert "life safety" in told


async def test_what_an_order_would_do_is_told_with_a_word_that_is_good_for_just_that(run_dir: Path):
    async with desk(run_dir) as made:
        told = await ask(run_dir, "operate", "consider", task="evacuation", begin=True)
        # nobody looks ahead here, and that is said
        assert (told["consequence"]["task"], told["consequence"]["looked_ahead"]) == ("evacuation", False)
        other = await refused(run_dir, "operate", "order", task="maintenance", begin=True, confirm=told["confirm"])
        assert other == "Not done: the building has changed since you looked. Look again, then confirm."
        told = await ask(run_dir, "operate", "consider", task="evacuation", begin=True)
        assert await ask(run_dir, "operate", "order", task="evacuation", begin=True, confirm=told["confirm"])
        assert len(made.desk.take_requests()) == 1


@pytest.mark.parametrize("words", [["--yes"], ["--confirm", "{word}"]])
async def test_a_script_may_order_what_is_grave_with_yes_or_with_the_word(run_dir: Path, words: list[str]):
    async with desk(run_dir) as made:
        # given nobody at a keyboard, so that nothing is asked, and a first answer that gives a word
        with pytest.raises(HemsError, match=r"say it again with --yes, or within a minute with --confirm") as first:
            await asyncio.to_thread(EVACUATE.run, evacuate(run_dir))
        word = str(first.value).split()[-1]

        # when it is said again with one of the two, then it is asked for
        again = [one.format(word=word) for one in words]
        assert await asyncio.to_thread(EVACUATE.run, evacuate(run_dir, *again)) == 0
        assert len(made.desk.take_requests()) == 1


def evacuate(run_dir: Path, *words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    EVACUATE.add_arguments(parser)
    return parser.parse_args(["begin", *words, "--run-dir", str(run_dir)])


async def test_what_would_be_refused_is_refused_before_anybody_is_asked_for_a_reason(run_dir: Path):
    async with desk(run_dir) as made:
        await runs(made, 40)
        nothing_to_hold = await refused(run_dir, "operate", "consider", task="hold", begin=True)
        no_battery = await refused(run_dir, "operate", "order", task="storm", begin=True)

    assert "there is nothing to hold" in nothing_to_hold
    assert "batter" in no_battery


async def test_a_word_that_the_grid_is_there_tells_what_comes_back_or_that_it_does_not_count(run_dir: Path):
    async with desk(run_dir) as made:
        await runs(made, 40)
        told = await ask(run_dir, "operate", "consider", task="grid_present", begin=True)

    assert not told["consequence"]["counts"]


async def test_a_rehearsal_reports_and_switches_nothing(run_dir: Path):
    async with desk(run_dir) as made:
        found = (await ask(run_dir, "operate", "rehearse", who="Alex"))["rehearsal"]
        assert {"at", "mode", "off", "before_pu", "after_pu", "dose"} == set(found)
        cycle = await made.cycle()
        assert [command for command in cycle.step.commands if command.role.startswith("circuits/")] == []
        # and what it has shown is remembered with its date
        [asked] = [event for event in cycle.step.events if event.cause.why is Why.REHEARSED]
        assert json.loads(str(asked.cause.facts["found"])) == found


# A power for a moment -------------------------------------------------------------------------------------------------


async def test_an_engineer_may_ask_a_source_for_a_power_and_nobody_else(run_dir: Path):
    # given a building that looks around: nothing is tried out yet
    async with desk(run_dir, clock=(clock := HandClock())) as made:
        assert "wait until" in await refused(run_dir, "admin", "steer", source="bay_1", power_w=2000.0, who="Kim")
        # when it knows that the grid carries it
        for _ in range(10):
            clock.advance(100.0)
            made.deliver()
            await made.cycle()
        await ask(run_dir, "admin", "steer", source="bay_1", power_w=2000.0, duration_s=30.0, who="Kim")
        (steer,) = made.desk.take_requests()
        assert (steer.source, steer.power_w, steer.who) == ("bay_1", 2000.0, "Kim")
        with pytest.raises(RequestError, match="needs the role engineer"):
            await ask(run_dir, "operate", "steer", source="bay_1", power_w=2000.0)


@pytest.mark.parametrize("watts", [1e9, float("inf"), "much", True, None])
async def test_a_power_beyond_the_source_is_refused(run_dir: Path, watts: object):
    async with desk(run_dir) as made:
        with contextlib.suppress(ValueError):
            await refused(run_dir, "admin", "steer", source="bay_1", power_w=watts)
        await refused(run_dir, "admin", "steer", source="nobody", power_w=100.0)
        assert made.desk.take_requests() == ()


# A person's word ------------------------------------------------------------------------------------------------------


async def test_a_hold_is_refused_on_the_grid_with_the_reason(run_dir: Path):
    async with desk(run_dir):
        told = await refused(run_dir, "operate", "order", task="hold", begin=True, who="Ana")
        assert told == "Not done: the building is on the grid, so there is nothing to hold."


@pytest.mark.parametrize(("socket", "longest_s"), [("operate", 8 * 3600.0), ("admin", 24 * 3600.0)])
async def test_what_a_person_says_of_the_grid_always_ends_and_is_shown(run_dir: Path, socket: str, longest_s: float):
    async with desk(run_dir) as made:
        answer = await ask(run_dir, socket, "order", task="grid_lost", begin=True, who="Ana", reason="lines are down")
        assert answer["duration_s"] == longest_s
        await made.cycle()
        [shown] = (await ask(run_dir, "view", "status"))["orders"]
        assert (shown["task"], shown["who"], shown["reason"]) == ("grid_lost", "Ana", "lines are down")
        assert shown["left_s"] == longest_s
