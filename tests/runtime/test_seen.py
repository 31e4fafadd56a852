"""An alarm is new, seen, or gone before anybody saw it."""

from dataclasses import replace
from pathlib import Path

import pytest

from hems.model.cause import Cause, Why
from hems.model.errors import RequestError
from hems.model.picture import AlarmPicture, Picture
from hems.runtime.seen import MOST_GONE, Seen
from tests.pictures import normal_day
from tests.runtime.test_desk import ask, desk, refused, runs


def at(now_s: float, *keys: str) -> Picture:
    alarms = tuple(
        AlarmPicture(key=key, priority="MED", since_s=10.0, cause=Cause(Why.DEVICE_SILENT), subject=key) for key in keys
    )
    return replace(normal_day(), mono_s=now_s, alarms=alarms)


def test_what_somebody_has_seen_says_who_and_since_when() -> None:
    seen = Seen()
    seen.marked(at(100.0, "plug"))
    seen.see("plug", "Ana", 105.0)

    [alarm] = seen.marked(at(110.0, "plug")).alarms
    assert (alarm.seen_by, alarm.seen_for_s) == ("Ana", 5.0)


def test_an_alarm_leaves_when_it_is_gone_and_seen_in_either_order() -> None:
    seen = Seen()
    seen.marked(at(100.0, "first", "second"))
    seen.see("first", "Ana", 101.0)

    [gone] = seen.marked(at(102.0)).alarms_gone
    assert (gone.key, gone.gone_for_s) == ("second", 0.0)

    seen.see("second", "Ana", 103.0)
    assert seen.marked(at(104.0)).alarms_gone == ()


def test_an_alarm_that_comes_again_is_new_again() -> None:
    seen = Seen()
    seen.marked(at(100.0, "plug"))
    seen.see("plug", "Ana", 101.0)
    seen.marked(at(102.0))

    back = seen.marked(at(103.0, "plug"))
    assert back.alarms[0].seen_by == ""
    assert back.alarms_gone == ()


def test_what_was_never_an_alarm_cannot_be_seen() -> None:
    with pytest.raises(RequestError, match="There is no alarm plug any more"):
        Seen().see("plug", "Ana", 1.0)


def test_what_went_unseen_does_not_pile_up() -> None:
    seen = Seen()
    for number in range(2 * MOST_GONE):
        seen.marked(at(float(number), f"plug {number}"))

    gone = seen.marked(at(1000.0)).alarms_gone
    assert len(gone) == MOST_GONE
    assert gone[0].key == f"plug {2 * MOST_GONE - 1}"


async def test_an_alarm_that_is_not_there_cannot_be_seen_and_one_that_is_says_by_whom(run_dir: Path) -> None:
    async with desk(run_dir) as made:
        made.faults["disk"] = "The disk is full."
        await runs(made, 1)
        assert "There is no alarm moon" in await refused(run_dir, "operate", "seen", key="moon")

        await ask(run_dir, "operate", "seen", key="fault/disk", who="Ana")
        await runs(made, 1)
        picture = made.desk.picture()
        assert picture is not None
        assert [alarm.seen_by for alarm in picture.alarms if alarm.key == "fault/disk"] == ["Ana"]
