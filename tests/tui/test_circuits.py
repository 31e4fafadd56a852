"""The list of circuits, and keeping the laundry on for an hour."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import pytest

from hems.model.codec import to_plain
from hems.model.consequence import Consequence
from hems.model.errors import RequestError
from hems.model.people import PersonRole
from hems.model.picture import Picture
from hems.model.request import Want
from hems.model.units import CircuitId
from hems.tui.text.override import effects
from tests.desk import HandMadeDesk, until
from tests.pictures import normal_day, power_cut
from tests.tui.screens import app_of, assert_looks_like, lines_of, see, text_of, watching
from tests.tui.states import by_hand


def consequence(**changes: Any) -> Consequence:
    """What keeping the laundry on for an hour costs in a power cut."""
    told = Consequence(
        circuit=CircuitId("laundry"),
        name="Laundry",
        want=Want.ON,
        duration_s=3600.0,
        longest_s=28800.0,
        draws_w=2800.0,
        on_island=True,
        room_w=5100.0,
        essential_now_h=14.1,
        essential_then_h=13.2,
        floor_pct=5.0,
    )
    return replace(told, **changes)


class Desk(HandMadeDesk):
    """Tells what an override would do, and refuses what it is set to refuse."""

    refuses = ""

    async def request(self, name: str, args: Mapping[str, Any], *, role: PersonRole, peer: str) -> Mapping[str, Any]:
        self.asked.append((name, args, role, peer))
        if self.refuses and name == "override":
            raise RequestError(self.refuses)
        told = consequence(want=Want(args.get("want", "on")), duration_s=args.get("duration_s", 0.0))
        return {"consequence": to_plain(told), "confirm": "laundry-1"}

    def overrides(self) -> list[Mapping[str, Any]]:
        return [dict(args) for name, args, _, _ in self.asked if name == "override"]


class SlowDesk(Desk):
    """Answers when it may, and wants a reason as the daemon does."""

    def __init__(self, shown: Picture) -> None:
        super().__init__(shown)
        self.answers = asyncio.Event()
        self.answers.set()

    async def request(self, name: str, args: Mapping[str, Any], *, role: PersonRole, peer: str) -> Mapping[str, Any]:
        await self.answers.wait()
        if not args.get("reason", "given"):
            raise RequestError("Give a reason of at least five letters: others will want to know.")
        return await super().request(name, args, role=role, peer=peer)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_form_as_it_looks(run_dir: Path, size: tuple[int, int]) -> None:
    async with watching(run_dir, power_cut(), size=size, door="operate", desk=Desk(power_cut())) as (pilot, _):
        await pilot.press("3", "slash", *"laun", "enter", "enter")
        await until(lambda: "would last until" in text_of(app_of(pilot)))
        await pilot.press(*"newborn in 3B")
        await until(lambda: "newborn in 3B_" in text_of(app_of(pilot)))
        assert_looks_like(f"override-step-1-{size[0]}x{size[1]}", text_of(app_of(pilot)))
        await pilot.press("enter")
        await until(lambda: "Press Y to do it" in text_of(app_of(pilot)))
        await pilot.pause()
        assert_looks_like(f"override-step-2-{size[0]}x{size[1]}", text_of(app_of(pilot)))


async def test_keeping_the_laundry_on_for_an_hour_takes_nine_keys_and_undoing_it_one(run_dir: Path) -> None:
    desk = Desk(power_cut())
    async with watching(run_dir, power_cut(), door="operate", desk=desk) as (pilot, server):
        # given the screen that a power cut opens
        app, before, after = app_of(pilot), ("3", "slash", *"lau", "enter", "enter"), ("enter", "y")
        await pilot.press("2")
        # when somebody looks for the laundry, gives a reason, reads what it would do, and says yes
        await pilot.press(*before)
        await until(lambda: "would last until" in text_of(app))
        await pilot.press(*"newborn")
        await pilot.press(after[0])
        await until(lambda: "Keep Laundry ON until 15:32?" in text_of(app))
        await pilot.press(after[1])
        await until(lambda: "CIRCUIT            GROUP" in text_of(app))

        # then the daemon was asked once, with the word that it gave
        assert desk.overrides() == [
            {
                "circuit": "laundry",
                "want": "on",
                "duration_s": 3600.0,
                "reason": "newborn",
                "who": "",
                "confirm": "laundry-1",
            }
        ]
        assert len(before) + len(after) <= 12

        # and one key undoes it
        await see(pilot, server, by_hand(power_cut(), "laundry"))
        assert "BY HAND until 15:31 (Ana)" in text_of(app)
        await pilot.press("b")
        await until(lambda: "Laundry: back to automatic." in text_of(app))
        assert desk.overrides()[-1] == {"circuit": "laundry", "want": "auto", "who": ""}


@pytest.mark.parametrize("key", ["e", "enter"])
async def test_a_circuit_that_is_kept_on_is_offered_to_be_kept_on_for_longer(run_dir: Path, key: str) -> None:
    # given a heat pump that somebody keeps on
    picture = by_hand(power_cut(), "heat_pump", next_off=False)
    desk = Desk(picture)
    async with watching(run_dir, picture, door="operate", desk=desk) as (pilot, _):
        # when its line is chosen and the key pressed
        await pilot.press("3", "slash", *"heat", "enter", key)
        await until(lambda: any(name == "consider" for name, *_ in desk.asked))
    # then what is asked about is keeping it on, not switching it off
    assert next(args for name, args, *_ in desk.asked if name == "consider")["want"] == "on"


async def test_only_y_does_it(run_dir: Path) -> None:
    desk = Desk(power_cut())
    async with watching(run_dir, power_cut(), door="operate", desk=desk) as (pilot, _):
        app = app_of(pilot)
        await pilot.press("3", "end", "enter")
        await until(lambda: "would last until" in text_of(app))
        for key in ("enter", "n", "space", "1"):
            await pilot.press("enter")
            await until(lambda: "Press Y to do it" in text_of(app))
            await pilot.press(key)
            await pilot.pause()
            assert "Press Y to do it" not in text_of(app)
        await pilot.press("enter")
        await until(lambda: "Press Y to do it" in text_of(app))
        await pilot.press("escape")
        await until(lambda: "CIRCUIT            GROUP" in text_of(app))

    assert desk.overrides() == []


async def test_while_hems_looks_ahead_the_form_says_so_and_a_y_is_neither_heard_nor_written(run_dir: Path) -> None:
    # given a form that is filled in, and a HEMS that takes its time
    desk = SlowDesk(power_cut())
    async with watching(run_dir, power_cut(), door="operate", desk=desk) as (pilot, _):
        app = app_of(pilot)
        await pilot.press("3", "end", "enter")
        await until(lambda: "would last until" in text_of(app))
        await pilot.press(*"newborn")
        desk.answers.clear()

        # when somebody goes on, and presses Y before the question is there
        await pilot.press("enter", "y")
        await until(lambda: "HEMS is asked ..." in text_of(app))
        desk.answers.set()

        # then the question comes, the reason is as written, and nothing is done
        await until(lambda: "Press Y to do it" in text_of(app))
        assert "[ newborn  " in text_of(app)
        assert desk.overrides() == []


async def test_without_a_reason_there_is_no_question_and_with_one_it_goes_on(run_dir: Path) -> None:
    # given a form whose reason is empty, which HEMS does not take
    desk = SlowDesk(power_cut())
    async with watching(run_dir, power_cut(), door="operate", desk=desk) as (pilot, _):
        app = app_of(pilot)
        await pilot.press("3", "end", "enter")
        await until(lambda: "would last until" in text_of(app))

        # when somebody goes on, it says what is missing; when that is written, it asks
        await pilot.press("enter")
        await until(lambda: "Give a reason" in text_of(app))
        assert "Press Y" not in text_of(app)
        await pilot.press(*"newborn", "enter")
        await until(lambda: "Press Y to do it" in text_of(app))


async def test_what_the_daemon_refuses_is_told_and_the_form_stays(run_dir: Path) -> None:
    desk = Desk(power_cut())
    desk.refuses = "Not done: the building has changed since you looked. Look again, then confirm."
    async with watching(run_dir, power_cut(), door="operate", desk=desk) as (pilot, _):
        app = app_of(pilot)
        await pilot.press("3", "end", "enter")
        await until(lambda: "would last until" in text_of(app))
        await pilot.press("enter")
        await until(lambda: "Press Y to do it" in text_of(app))
        await pilot.press("y")
        await until(lambda: "the building has changed since you looked" in " ".join(text_of(app).split()))


async def test_what_nobody_may_switch_opens_no_form(run_dir: Path) -> None:
    async with watching(run_dir, power_cut(), door="operate") as (pilot, _):
        await pilot.press("3", "home", "enter")
        await pilot.pause()
        told = text_of(app_of(pilot))

    assert "Lift cannot be switched from here; below is why." in told
    assert "This circuit is locked: life safety." in told


async def test_all_circuits_go_back_to_automatic_after_a_yes(run_dir: Path) -> None:
    picture = by_hand(by_hand(power_cut(), "laundry"), "gym")
    desk = Desk(picture)
    async with watching(run_dir, picture, door="operate", desk=desk) as (pilot, _):
        await pilot.press("3", "a", "n", "a", "y")
        await until(lambda: len(desk.overrides()) == 2)

    assert [asked["circuit"] for asked in desk.overrides()] == ["laundry", "gym"]
    assert {asked["want"] for asked in desk.overrides()} == {"auto"}


async def test_a_viewer_sees_no_keys_that_change_something_and_they_do_nothing(run_dir: Path) -> None:
    desk = Desk(by_hand(power_cut(), "laundry"))
    async with watching(run_dir, desk.shown, desk=desk) as (pilot, _):
        await pilot.press("3", "end", "enter", "b", "a", "y")
        await pilot.pause()
        told = lines_of(app_of(pilot))

    assert told[-3] == " / find"
    assert desk.asked == []


async def test_finding_narrows_the_list_and_escape_shows_it_all_again(run_dir: Path) -> None:
    async with watching(run_dir, power_cut(), door="operate") as (pilot, _):
        app = app_of(pilot)
        await pilot.press("3", "slash", *"essential", "enter")
        await pilot.pause()
        assert "Freezers" in text_of(app)
        assert "Lift" not in text_of(app)
        await pilot.press("escape")
        await pilot.pause()
        assert "Lift" in text_of(app)
        await pilot.press("slash", *"zz9")
        await pilot.pause()
        assert 'No circuit is called "zz9".' in text_of(app)


async def test_what_was_found_is_forgotten_when_somebody_comes_back_from_another_screen(run_dir: Path) -> None:
    async with watching(run_dir, power_cut()) as (pilot, _):
        await pilot.press("3", "slash", *"laun", "enter", "1", "3")
        await pilot.pause()
        assert "Lift" in text_of(app_of(pilot))


async def test_a_line_can_be_clicked(run_dir: Path) -> None:
    async with watching(run_dir, power_cut()) as (pilot, _):
        await pilot.press("3")
        await pilot.pause()
        at = next(y for y, line in enumerate(lines_of(app_of(pilot))) if "Freezers" in line)
        await pilot.click(offset=(10, at))
        await pilot.pause()

        assert lines_of(app_of(pilot))[at].startswith("> Freezers")


def test_on_the_grid_an_override_costs_nothing_and_that_is_said() -> None:
    told = effects(normal_day(), consequence(on_island=False, essential_now_h=None, essential_then_h=None))

    assert told[0] == "The building is on the grid: this costs no stored energy."


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "Essential power would last until ~SAT 03:40 (now ~SAT 04:30)."),
        ({"essential_then_h": 14.1}, "Essential power lasts until ~SAT 04:30 as before."),
        ({"essential_now_h": inf, "essential_then_h": inf}, "Essential power lasts more than a week, as before."),
        ({"essential_now_h": None}, "How long essential power then lasts is not known."),
        ({"waits": True}, "It is NOT switched on at once: HEMS waits for its turn and for room."),
    ],
)
def test_what_an_override_does_in_words(changes: dict[str, Any], sentence: str) -> None:
    assert sentence in effects(power_cut(), consequence(**changes))


async def test_a_circuit_that_waits_for_room_is_not_called_off_by_hand(run_dir: Path) -> None:
    # given somebody who wants the laundry on, and HEMS that waits until there is room for it
    waits = by_hand(power_cut(), "laundry", wanted=False, closed=False, override_on=True)
    async with watching(run_dir, waits) as (pilot, _):
        await pilot.press("3")
        await until(lambda: "OFF  WAITS until 15:31 (Ana)" in text_of(app_of(pilot)))
        told = " ".join(text_of(app_of(pilot)).split())

    assert "Laundry: asked ON by hand until 15:31 (Ana)" in told
    assert "HEMS waits until there is room for it." in told
    assert "kept OFF" not in told
