"""What operators and drivers can do beside overrides: hold everything, tell tenants, say when a car leaves."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import pytest

from hems.model.codec import to_plain
from hems.model.consequence import CarConsequence, OrderConsequence, OtherCar
from hems.model.errors import RequestError
from hems.model.people import PersonRole
from hems.model.picture import OrderPicture, Picture
from hems.model.request import Task
from tests.desk import HandMadeDesk, until
from tests.pictures import normal_day, power_cut
from tests.tui.screens import app_of, assert_looks_like, lines_of, see, text_of, watching
from tests.tui.states import FAULT, HEATING, ordered, troubled
from tests.tui.test_typing import at_once


def weighed(args: Mapping[str, Any], **known: Any) -> Mapping[str, Any]:
    """What HEMS says an order would do."""
    told = OrderConsequence(
        task=Task(args["task"]),
        duration_s=args.get("duration_s") or inf,
        **{"on_island": True, "looked_ahead": True, "essential_now_h": 14.1, "essential_then_h": 12.8, **known},
    )
    return {"consequence": to_plain(told), "confirm": f"{told.task}-1"}


def promised() -> Mapping[str, Any]:
    """What HEMS says that comes of what is said of a car."""
    other = OtherCar(name="Bay 2", now_s=7200.0, then_s=None, now_pct=80.0, then_pct=71.0)
    told = CarConsequence(
        name="Bay 1", target_pct=90.0, looked_ahead=True, leaves_in_s=10795.0, pct=80.0, others=(other,)
    )
    return {"consequence": to_plain(told)}


class Guarded(HandMadeDesk):
    """Writes down what it is asked; the code of every bay is 4711."""

    async def request(self, name: str, args: Mapping[str, Any], *, role: PersonRole, peer: str) -> Mapping[str, Any]:
        if args.get("code", "4711") != "4711":
            raise RequestError("Code not right. 4 tries left, then 5 minutes wait.")
        answer = await super().request(name, args, role=role, peer=peer)
        if name == "consider" and "bay" in args:
            return promised()
        return weighed(args) if name == "consider" else answer

    def done(self, name: str) -> list[Mapping[str, Any]]:
        return [args for asked, args, _, _ in self.asked if asked == name]


def coded() -> Picture:
    """A power cut in which every bay has a code."""
    picture = power_cut()
    return replace(picture, cars=tuple(replace(car, has_code=True) for car in picture.cars))


async def test_everything_is_held_after_a_yes_and_the_same_key_ends_it(run_dir: Path) -> None:
    desk = Guarded(power_cut())
    async with watching(run_dir, power_cut(), door="operate", desk=desk) as (pilot, server):
        app = app_of(pilot)
        at_once(app, "2", "h")
        # then it says what that costs, as HEMS has reckoned it, and a Y confirms just what was shown
        await until(lambda: "Essential power would last until ~SAT 03:20" in text_of(app))
        await pilot.pause()
        assert_looks_like("power_cut-hold", text_of(app))
        assert desk.done("order") == []
        at_once(app, "y")
        await until(lambda: desk.done("order") != [])
        held = desk.done("order")[0]
        assert (held["task"], held["begin"], held["confirm"]) == ("hold", True, "hold-1")

        order = OrderPicture(task=Task.HOLD, who="Ana", reason="tenants come down", begins_in_s=0.0, left_s=720.0)
        await see(pilot, server, replace(power_cut(), orders=(order,)))
        assert "Hold everything, 12 min more (Ana)." in text_of(app)
        at_once(app, "h")
        await until(lambda: len(desk.done("order")) == 2)
        assert desk.done("order")[1]["begin"] is False


async def test_a_storm_watch_is_one_key_from_the_overview_and_asks_as_every_order_does(run_dir: Path) -> None:
    desk = Guarded(normal_day())
    async with watching(run_dir, normal_day(), door="operate", desk=desk) as (pilot, _):
        app = app_of(pilot)
        await pilot.press("1", "w")
        await until(lambda: "For how long?" in text_of(app))
        await pilot.press("enter")
        await until(lambda: "Why?" in text_of(app))
        await pilot.press(*"storm", "enter")
        await until(lambda: "Y yes" in text_of(app))
        assert desk.done("order") == []
        await pilot.press("y")
        await until(lambda: [one["task"] for one in desk.done("order")] == ["storm"])
    async with watching(run_dir, normal_day(), door="view", desk=desk) as (pilot, _):
        await pilot.press("1", "w")
        assert "storm" not in text_of(app_of(pilot)).lower()


async def test_tenants_are_told_in_every_language(run_dir: Path) -> None:
    async with watching(run_dir, power_cut()) as (pilot, _):
        at_once(app_of(pilot), "2", "t")
        await until(lambda: "TO ALL TENANTS" in text_of(app_of(pilot)))
        await pilot.pause()
        assert_looks_like("power_cut-tenants", text_of(app_of(pilot)))
        at_once(app_of(pilot), "pagedown", "pagedown")
        await until(lambda: "AN ALLE MIETER" in text_of(app_of(pilot)))
        assert "Laundry, Gym" in text_of(app_of(pilot))


async def test_leaving_early_is_one_key_without_a_code_and_the_same_key_takes_it_back(run_dir: Path) -> None:
    desk = Guarded(coded())
    async with watching(run_dir, coded(), door="operate", desk=desk) as (pilot, server):
        at_once(app_of(pilot), "4", "l")
        await until(lambda: desk.done("car") != [])
        assert dict(desk.done("car")[0]) == {"bay": "bay_1", "who": "", "leaving": True}

        cars = tuple(replace(car, leaving=car.id == "bay_1") for car in coded().cars)
        await see(pilot, server, replace(coded(), cars=cars))
        assert "Its driver is about to leave" in text_of(app_of(pilot))
        at_once(app_of(pilot), "l")
        await until(lambda: len(desk.done("car")) == 2)
        assert desk.done("car")[1]["leaving"] is False


@pytest.mark.parametrize(
    ("keys", "wish"),
    [
        (("d", *"16:32", "enter"), {"leaves_in_s": 7195.0}),
        (("d", *"2h", "enter"), {"leaves_in_s": 7200.0}),
        (("t", *"90%", "enter"), {"target_pct": 90.0}),
        (("t", *"120 km", "enter"), {"target_km": 120.0}),
        (("v",), {"first": True}),
        (("k", *"70%", "enter"), {"keeps_pct": 70.0}),
        (("n",), {"never": True}),
    ],
)
async def test_a_driver_says_more_with_the_code_of_the_bay(
    run_dir: Path, keys: tuple[str, ...], wish: dict[str, Any]
) -> None:
    desk = Guarded(coded())
    async with watching(run_dir, coded(), door="operate", desk=desk) as (pilot, _):
        at_once(app_of(pilot), "4", *keys)
        await until(lambda: "Four-digit code of Bay 1?" in text_of(app_of(pilot)))
        at_once(app_of(pilot), *"4711", "enter")
        if {"keeps_pct", "never"}.isdisjoint(wish):
            # HEMS says before Y what comes of it
            await until(lambda: "It CANNOT be ready: when it leaves at 17:32" in text_of(app_of(pilot)))
            assert "Bay 2 is NOT ready then: about 71%." in text_of(app_of(pilot))
            assert desk.done("car") == []
            at_once(app_of(pilot), "y")
        await until(lambda: desk.done("car") != [])

    assert dict(desk.done("car")[0]) == {"bay": "bay_1", "who": "", "code": "4711", **wish}


async def test_any_key_but_y_leaves_a_car_as_it_was(run_dir: Path) -> None:
    desk = Guarded(normal_day())
    async with watching(run_dir, normal_day(), door="operate", desk=desk) as (pilot, _):
        at_once(app_of(pilot), "4", "v")
        await until(lambda: "goes FIRST for this visit?" in text_of(app_of(pilot)))
        await until(lambda: "Y yes" in text_of(app_of(pilot)))
        at_once(app_of(pilot), "n")
        await until(lambda: "goes FIRST" not in text_of(app_of(pilot)))
        assert desk.done("car") == []


async def test_what_is_neither_percent_nor_kilometres_is_told_so(run_dir: Path) -> None:
    async with watching(run_dir, coded(), door="operate") as (pilot, _):
        at_once(app_of(pilot), "4", "t", *"full", "enter")
        await until(lambda: "full is neither percent nor kilometres" in text_of(app_of(pilot)))


async def test_what_is_no_time_is_told_so(run_dir: Path) -> None:
    async with watching(run_dir, coded(), door="operate") as (pilot, _):
        at_once(app_of(pilot), "4", "d", *"soon", "enter")
        await until(lambda: "soon is no time; write for example 07:30 or 2h." in text_of(app_of(pilot)))


async def test_an_alarm_is_set_aside_for_some_hours_with_a_reason(run_dir: Path) -> None:
    desk = Guarded(troubled())
    async with watching(run_dir, troubled(), door="operate", desk=desk) as (pilot, server):
        app = app_of(pilot)
        at_once(app, "5", "s")
        await until(lambda: "Set aside for how long?" in text_of(app))
        at_once(app, "enter", *"electrician comes", "enter")
        await until(lambda: desk.done("aside") != [])
        assert desk.done("aside")[0]["duration_s"] == 7200.0
        assert desk.done("aside")[0]["reason"] == "electrician comes"

        aside = replace(HEATING, aside_left_s=7200.0, aside_by="Ana")
        await see(
            pilot,
            server,
            replace(troubled(), alarms=troubled().alarms[1:], alarms_aside=(aside,), alarms_folded=(HEATING,) * 3),
        )
        assert any("ASIDE until 16:32" in line for line in lines_of(app))
        assert any("3 messages folded into this power cut's start" in line for line in lines_of(app))
        # and the same key takes it back
        await pilot.press("up", "up", "up")
        at_once(app, *("down",) * [line[2:6] for line in lines_of(app)[3:8]].index("HIGH"), "s")
        await until(lambda: desk.done("unaside") != [])


async def test_what_somebody_says_of_the_grid_takes_two_steps_and_has_an_end(run_dir: Path) -> None:
    desk = Guarded(power_cut())
    async with watching(run_dir, power_cut(), door="operate", desk=desk) as (pilot, server):
        app = app_of(pilot)
        # when the line that is chosen first is begun, with the time on offer and a reason
        at_once(app, "9", "enter")
        await until(lambda: "[ 1h_" in text_of(app))
        at_once(app, "enter")
        await until(lambda: "Others will want to know" in text_of(app))
        at_once(app, *"dark street", "enter")
        # then nothing is done before a Y
        await until(lambda: "It ends by itself after 1 h." in text_of(app))
        assert "The grid is LOST:" in text_of(app)
        assert desk.done("order") == []
        at_once(app, "y")
        await until(lambda: desk.done("order") != [])
        assert dict(desk.done("order")[0]) == {
            "task": "grid_lost", "begin": True, "who": "", "duration_s": 3600.0, "reason": "dark street",
            "confirm": "grid_lost-1",
        }  # fmt: skip

        # and the line says until when, and the same key ends it
        await see(pilot, server, ordered(power_cut(), Task.GRID_LOST))
        assert "YES, until 16:22" in text_of(app)
        at_once(app, "enter")
        await until(lambda: "End it now?" in text_of(app))
        at_once(app, "y")
        await until(lambda: len(desk.done("order")) == 2)
        assert desk.done("order")[1]["begin"] is False


async def test_each_time_of_a_rota_is_announced_in_clock_times_and_stands_there(run_dir: Path) -> None:
    desk = Guarded(normal_day())
    async with watching(run_dir, normal_day(), door="operate", desk=desk) as (pilot, server):
        app = app_of(pilot)
        # when a cut from four to six is announced at 14:32
        at_once(app, "9", *("down",) * 7, "enter")
        await until(lambda: "From when?" in text_of(app))
        at_once(app, *"16:00", "enter")
        await until(lambda: "For how long?" in text_of(app))
        at_once(app, *("backspace",) * 2, *"18:00", "enter")
        await until(lambda: "Others will want to know" in text_of(app))
        at_once(app, *"rota", "enter")
        await until(lambda: "It ends by itself after 2 h." in text_of(app))
        assert "Leave the grid at that time?" in text_of(app)
        at_once(app, "y")
        await until(lambda: desk.done("order") != [])
        said = desk.done("order")[0]
        assert (said["task"], said["begin"], said["duration_s"]) == ("island", True, 7200.0)
        assert 5220.0 < said["start_in_s"] <= 5280.0
        # then each that is known has a line, and the next ENTER announces one more
        times = [
            OrderPicture(task=Task.ISLAND, who="Ana", reason="", begins_in_s=begins_s, left_s=begins_s + 7200.0)
            for begins_s in (5280.0, 27000.0)
        ]
        await see(pilot, server, replace(normal_day(), orders=tuple(times)))
        assert "Announced at 16:00, for 2 h (Ana)." in text_of(app)
        assert "Announced at 22:02, for 2 h (Ana)." in text_of(app)
        assert_looks_like("normal_day-rota", text_of(app))
        at_once(app, "enter")
        await until(lambda: "From when?" in text_of(app))
        # while the task's own line takes back the one that comes next
        at_once(app, "escape", "up", "enter")
        await until(lambda: "End it now?" in text_of(app))


async def test_an_evacuation_is_confirmed_with_the_word_that_hems_gave_with_what_it_does(run_dir: Path) -> None:
    class Grave(Guarded):
        async def request(
            self, name: str, args: Mapping[str, Any], *, role: PersonRole, peer: str
        ) -> Mapping[str, Any]:
            answer = await super().request(name, args, role=role, peer=peer)
            takes = {"cars_now_w": -3300.0, "cars_then_w": 7400.0, "off_by_it": ("Laundry", "Gym")}
            return weighed(args, **takes) if name == "consider" else answer

    desk = Grave(power_cut())
    async with watching(run_dir, power_cut(), door="operate", desk=desk) as (pilot, _):
        app = app_of(pilot)
        at_once(app, "9", "down", "down", "enter")
        await until(lambda: "Others will want to know" in text_of(app))
        at_once(app, *"flood", "enter")
        await until(lambda: "Cars: take 7.4 kW; without it: give 3.3 kW." in text_of(app))
        assert "EVACUATION: cars keep more" in text_of(app)
        assert "Off because of it, within ten minutes: Laundry," in text_of(app)
        at_once(app, "y")
        await until(lambda: "Done: Evacuation" in text_of(app))

    assert [one.get("confirm") for one in desk.done("order")] == ["evacuation-1"]


async def test_a_y_before_hems_has_answered_does_nothing_and_what_hems_refuses_is_told(run_dir: Path) -> None:
    class Slow(Guarded):
        answers = asyncio.Event()

        async def request(
            self, name: str, args: Mapping[str, Any], *, role: PersonRole, peer: str
        ) -> Mapping[str, Any]:
            if name == "consider":
                await self.answers.wait()
                raise RequestError("Everything was held not long ago: that can be asked again in 1 h 40 min.")
            return await super().request(name, args, role=role, peer=peer)

    desk = Slow(power_cut())
    async with watching(run_dir, power_cut(), door="operate", desk=desk) as (pilot, _):
        app = app_of(pilot)
        at_once(app, "2", "h", "y")
        await until(lambda: "HEMS looks ahead" in text_of(app))
        desk.answers.set()
        await until(lambda: "again in 1 h 40 min" in text_of(app))
        at_once(app, "y")
        await until(lambda: "YOU CAN" in text_of(app) or "T tell tenants" in text_of(app))

    assert desk.done("order") == []


async def test_who_only_looks_orders_nothing(run_dir: Path) -> None:
    desk = Guarded(power_cut())
    async with watching(run_dir, power_cut(), desk=desk) as (pilot, _):
        at_once(app_of(pilot), "9", "enter")
        await until(lambda: "Say that the grid is LOST" in text_of(app_of(pilot)))
        assert "ENTER begin or end" not in text_of(app_of(pilot))

    assert desk.done("order") == []


async def test_after_a_contradiction_a_person_says_on_the_screen_that_somebody_has_looked(run_dir: Path) -> None:
    desk = Guarded(FAULT)
    async with watching(run_dir, FAULT, door="operate", desk=desk) as (pilot, _):
        app = app_of(pilot)
        at_once(app, "9", "enter")
        await until(lambda: "The electrician has looked into it" in text_of(app))
        at_once(app, "y")
        await until(lambda: "Noted. HEMS starts over" in text_of(app))

    assert desk.done("acknowledge") == [{"who": ""}]
