"""Cars, devices and the log."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hems.model.cause import Cause, Why
from hems.model.codec import to_plain
from hems.model.event import Event, EventKind
from hems.model.instant import Instant
from hems.model.people import PersonRole
from hems.model.picture import AlarmPicture, Picture
from hems.model.point import row_of
from hems.model.reading import Reading
from hems.tui.format import text_of as row_text
from hems.tui.text.alarm_list import alarm_list
from hems.tui.text.car_list import about as about_car
from hems.tui.text.circuit_list import about as about_circuit
from hems.tui.text.circuit_list import circuit_list
from hems.tui.text.circuits import group_row
from hems.tui.text.notes import alarm_rows
from hems.tui.text.outage import outage
from hems.tui.text.reach import off_at_once
from hems.wording.language import use
from tests.desk import HandMadeDesk, until
from tests.pictures import home, normal_day, power_cut
from tests.tui.screens import app_of, lines_of, text_of, watching

START = datetime(2026, 11, 19, 23, 50, 0, tzinfo=UTC)


def happened() -> list[Event]:
    """A night with a power cut at ten past one in the afternoon of the next day."""

    def at(hours: float) -> Instant:
        return Instant(mono_s=1000.0 + 3600.0 * hours, utc=START + timedelta(hours=hours))

    off = {"value": False}
    return [
        Event(at(0.0), EventKind.MODE, "grid_connected", Cause(Why.ESTIMATES_VALID)),
        Event(at(13.3), EventKind.MODE, "islanded_stabilizing", Cause(Why.TIE_OPENED)),
        Event(at(13.3), EventKind.COMMAND, "circuits/laundry/closed", Cause(Why.ISLAND_CAPACITY, off)),
        Event(at(13.3), EventKind.COMMAND, "circuits/gym/closed", Cause(Why.ISLAND_CAPACITY, off)),
        Event(at(13.31), EventKind.MODE, "islanded", Cause(Why.ISLAND_STABLE)),
        Event(at(14.0), EventKind.ALARM_RAISED, "device/laundry_plug", Cause(Why.DEVICE_SILENT)),
    ]


class Rememberer(HandMadeDesk):
    """Tells what has happened."""

    def __init__(self, picture: Picture, events: list[Event]) -> None:
        super().__init__(picture)
        self.events = events

    async def request(self, name: str, args: Mapping[str, Any], *, role: PersonRole, peer: str) -> Mapping[str, Any]:
        return {"events": [to_plain(event) for event in self.events]}


async def test_the_log_stays_with_the_newest_line_until_another_is_chosen(run_dir: Path) -> None:
    desk = Rememberer(power_cut(), happened()[:5])
    async with watching(run_dir, power_cut(), desk=desk) as (pilot, server):
        app = app_of(pilot)
        await pilot.press("8")
        await until(lambda: "Switched OFF Laundry" in text_of(app))

        # given one more event, when it is told
        desk.events = happened()
        server.publish_event(happened()[-1])
        # then the mark is on it
        await until(lambda: any(line.startswith(">") and "ALARM" in line for line in lines_of(app)))

        # and when an older line is chosen, the mark stays there
        await pilot.press("home")
        desk.events = [*happened(), replace(happened()[-1], kind=EventKind.ALARM_CLEARED)]
        server.publish_event(desk.events[-1])
        await until(lambda: "CLEAR" in text_of(app))
        assert any(line.startswith("> Thu 23:50:00") for line in lines_of(app))


async def test_the_log_goes_from_day_to_day_and_finds_words(run_dir: Path) -> None:
    desk = Rememberer(power_cut(), happened())
    async with watching(run_dir, power_cut(), desk=desk) as (pilot, _):
        app = app_of(pilot)
        await pilot.press("8")
        await until(lambda: "Switched OFF Laundry" in text_of(app))
        await pilot.press("left")
        await pilot.pause()
        assert any(line.startswith("> Thu 23:50:00") for line in lines_of(app))
        await pilot.press("right")
        await pilot.pause()
        assert any(line.startswith("> Fri 13:08:00") for line in lines_of(app))

        await pilot.press("slash", *"gym", "enter")
        await pilot.pause()
        assert "Switched OFF Gym" in text_of(app)
        assert "Switched OFF Laundry" not in text_of(app)


async def test_a_car_that_alone_powers_the_house_says_so_before_anything_else(run_dir: Path) -> None:
    async with watching(run_dir, home(car_forms="Garage")) as (pilot, _):
        await pilot.press("4")
        await pilot.pause()
        told = text_of(app_of(pilot))

    assert "FEEDS ALL, DO NOT UNPLUG" in told
    assert "DO NOT UNPLUG the car at Garage" in told


class Talking(HandMadeDesk):
    """Says what a device has said."""

    async def request(self, name: str, args: Mapping[str, Any], *, role: PersonRole, peer: str) -> Mapping[str, Any]:
        self.asked.append((name, args, role, peer))
        if name == "ask":
            return {"said": "utility_meter was asked just now and answered in 21 ms."}
        if name == "disarm":
            return {
                "disarmed": args["devices"],
                "goes_on": [
                    "utility_meter goes on with what it was told last: Laundry off, Gym off, Pool off, Sauna off."
                ],
            }
        rows = [row_of("power_w", Reading(4100.0, 0.0), 0.4), row_of("l1_v", None, 0.4)]
        return {"points": [to_plain(one) for one in rows]}


async def test_a_device_is_tested_by_what_it_says_and_only_the_installer_takes_it_out_of_service(run_dir: Path) -> None:
    desk = Talking(power_cut())
    async with watching(run_dir, power_cut(), door="operate", desk=desk) as (pilot, _):
        app = app_of(pilot)
        await pilot.press("7", "t")
        await until(lambda: "WHAT utility_meter SAYS" in text_of(app))
        assert "answered in 21 ms" in text_of(app)
        assert [args for name, args, *_ in desk.asked if name == "ask"] == [{"device": "utility_meter"}]
        assert "4100 W       0.4 s" in text_of(app)
        assert "never  NOT READ" in text_of(app)
        await pilot.press("escape", "d", "y")
        assert "take out of service" not in text_of(app)
        assert [name for name, *_ in desk.asked if name == "disarm"] == []
    async with watching(run_dir, power_cut(), door="admin", desk=desk) as (pilot, _):
        await pilot.press("7", "d")
        await until(lambda: "Take utility_meter out of service?" in " ".join(text_of(app_of(pilot)).split()))
        await pilot.press("y")
        await until(
            lambda: [args["devices"] for name, args, *_ in desk.asked if name == "disarm"] == [["utility_meter"]]
        )
        # and what it goes on with is said
        await until(lambda: "Laundry off, Gym off, Pool off, Sauna off." in " ".join(text_of(app_of(pilot)).split()))


def test_why_a_car_does_something_does_not_repeat_its_name() -> None:
    picture = power_cut()
    car = replace(picture.cars[0], because=Cause(Why.SUPPORT_ISLAND))
    assert "Why: It helps to carry the building in the power cut." in list(about_car(picture, car))


def test_a_circuit_that_is_off_in_a_power_cut_is_not_said_to_stay_on() -> None:
    # given a group that may stay on until 50 %, and a circuit of it that own power does not reach for
    picture = power_cut()
    group = next(one for one in picture.tiers if one.until_soc_pct is not None and not one.by_price)
    circuit = next(one for one in picture.circuits if one.tier is group.tier and one.sheddable)
    off = replace(circuit, wanted=False, closed=False, because=Cause(Why.ISLAND_CAPACITY), override_who="")
    assert not any("stays on" in told for told in about_circuit(picture, off))
    assert any("stays on" in told for told in about_circuit(picture, replace(off, wanted=True)))


def test_a_circuit_whose_device_is_not_armed_is_not_said_to_disobey() -> None:
    # given a power cut in a building that is only half put into service
    picture = power_cut()
    circuit = next(one for one in picture.circuits if one.sheddable)
    one = replace(circuit, closed=True, wanted=False, unsent=True, because=Cause(Why.ISLAND_CAPACITY))
    shown = replace(picture, circuits=(one,))
    assert "ON   would be OFF: NOT ARMED" in row_text(circuit_list(shown, "", "", 80).items[0].line)
    [told, *_] = about_circuit(shown, one)
    assert told == f"HEMS would have {one.name} OFF, but its device is not armed: nothing is sent."


def test_what_brought_a_circuit_back_to_the_grid_is_no_reason_in_the_next_power_cut() -> None:
    picture = power_cut()
    circuit = next(one for one in picture.circuits if one.sheddable and one.wanted and not one.override_who)
    back = replace(circuit, since_s=600.0, because=Cause(Why.GRID_RESTORED))
    assert not any("grid carries" in told for told in about_circuit(picture, back))


def half_armed(*, also: tuple[str, ...] = ()) -> Picture:
    """A power cut in which the switches of the first circuit due to go off, and of those of `also`, are not armed."""
    picture = power_cut()
    first = next(one.id for one in picture.circuits if one.next_off)
    rows = [replace(one, watched_only=one.id == first or one.name in also) for one in picture.circuits]
    return replace(picture, circuits=tuple(rows), armed=True)


def test_what_hems_may_not_switch_is_not_promised_to_go_off_next() -> None:
    # given a building that is half put into service
    picture = half_armed()
    asleep = next(one for one in picture.circuits if one.watched_only)
    acting = [one for one in picture.circuits if one.due]
    # then its row says that it would go off, and the screen of the power cut who does and who does not
    row = next(item for item in circuit_list(picture, "", "", 80).items if item.key == asleep.id)
    assert "would go off NEXT" in row_text(row.line)
    assert "NOT ARMED" in row_text(row.line)
    told = " ".join(" ".join(row_text(line) for line in outage(picture, 80, 40)).split())
    assert f"HEMS switches off {', '.join(one.name for one in acting)}." in told
    assert f"It stays on, because its device is not armed: {asleep.name}." in told


def test_what_hems_may_not_switch_is_not_promised_to_go_off_at_once_either() -> None:
    # given a good grid, and an overload in store that two circuits would end, of which one is not armed
    rows = [replace(one, watched_only=one.name == "Gym") for one in normal_day().circuits]
    picture = normal_day(circuits=tuple(rows), off_at_once=("Laundry", "Gym"), armed=True)
    assert off_at_once(picture) == "Off at once, more than own power carries: Laundry, Gym (NOT ARMED)."


def test_a_group_in_which_nothing_is_armed_is_said_to_stay() -> None:
    picture = power_cut()
    tier = next(one.tier for one in picture.circuits if one.next_off)
    names = tuple(one.name for one in picture.circuits if one.tier is tier)
    group = next(one for one in picture.tiers if one.tier is tier)
    assert "NOT ARMED: stays as it is" in row_text(group_row(half_armed(also=names), group))
    assert "goes off NEXT" in row_text(group_row(picture, group))


def test_how_urgent_an_alarm_is_stands_in_the_readers_language() -> None:
    alarm = AlarmPicture(key="mode", priority="HIGH", since_s=12.0, cause=Cause(Why.TIE_INVALID), subject="mode")
    picture = power_cut(alarms=(alarm,), alarms_gone=(replace(alarm, priority="LOW", gone_for_s=1.0),))
    try:
        use("de")
        rows = [row_text(item.line) for item in alarm_list(picture, "", "", 80).items]
        assert [row.split()[0] for row in rows] == ["!EILT", "WOCHE"]
        assert row_text(alarm_rows(picture, 80, 9)[0]).startswith("!EILT ")
    finally:
        use("")
