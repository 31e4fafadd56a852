"""Seeing alarms and setting them aside, over real sockets."""

from pathlib import Path
from typing import Any

import pytest

from hems.model.errors import PinNeeded
from hems.model.picture import Picture
from tests.runtime.parts import House
from tests.runtime.test_desk import ask, desk, refused, runs

KEY, REASON = "fault/disk", "a new one comes tomorrow"


async def shown(made: House) -> Picture:
    await runs(made, 1)
    picture = made.desk.picture()
    assert picture is not None
    return picture


async def test_an_alarm_that_is_not_there_cannot_be_seen_and_one_that_is_says_by_whom(run_dir: Path) -> None:
    async with desk(run_dir) as made:
        made.faults["disk"] = "The disk is full."
        await runs(made, 1)
        assert "There is no alarm moon" in await refused(run_dir, "operate", "seen", key="moon")
        await ask(run_dir, "operate", "seen", key=KEY, who="Ana")
        assert [alarm.seen_by for alarm in (await shown(made)).alarms if alarm.key == KEY] == ["Ana"]


async def test_setting_aside_needs_a_reason_and_a_pin_and_taking_it_back_neither(run_dir: Path) -> None:
    async with desk(run_dir) as made:
        made.faults["disk"] = "The disk is full."
        await runs(made, 1)
        await ask(run_dir, "admin", "person", name="Ana", secret="4711")
        with pytest.raises(PinNeeded):
            await ask(run_dir, "operate", "aside", key=KEY, reason=REASON)
        assert "five letters" in await refused(run_dir, "operate", "aside", key=KEY, pin="4711")
        await ask(run_dir, "operate", "aside", key=KEY, reason=REASON, duration_s=1800.0, pin="4711")
        [aside] = (await shown(made)).alarms_aside
        assert (aside.key, aside.aside_by, aside.aside_reason) == (KEY, "Ana", REASON)
        assert KEY not in {alarm.key for alarm in (await shown(made)).alarms}
        # and no way round by another request's name
        await ask(run_dir, "operate", "unaside", key=KEY, act="aside")
        assert KEY in {alarm.key for alarm in (await shown(made)).alarms}


@pytest.mark.parametrize("duration", [0, -1.0, 9 * 3600.0, "long", True, None])
async def test_nothing_is_set_aside_for_no_time_or_too_long(run_dir: Path, duration: Any) -> None:
    async with desk(run_dir) as made:
        made.faults["disk"] = "The disk is full."
        await runs(made, 1)
        told = await refused(run_dir, "operate", "aside", key=KEY, reason=REASON, duration_s=duration)
        assert told.startswith("Say for how many seconds: more than 0, and at most 28800")
