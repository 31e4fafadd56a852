"""Where people have PINs, the screen asks for one when something is to be changed, and for nothing else."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hems.model.errors import PinNeeded, WrongPin
from hems.model.people import PersonRole
from hems.tui.app import HemsApp
from tests.desk import until
from tests.pictures import power_cut
from tests.tui.screens import app_of, text_of, watching
from tests.tui.test_circuits import Desk
from tests.tui.test_typing import at_once


class Guarded(Desk):
    """Takes 4711 from Ana, and nothing without a PIN."""

    async def request(self, name: str, args: Mapping[str, Any], *, role: PersonRole, peer: str) -> Mapping[str, Any]:
        if name == "override" and args.get("want") != "auto":
            if "pin" not in args:
                raise PinNeeded("Your PIN is needed for this.")
            if args["pin"] != "4711":
                raise WrongPin("PIN not right. 4 tries left, then 5 min wait.")
        return await super().request(name, args, role=role, peer=peer)


async def asked_for_a_pin(app: HemsApp) -> None:
    """The first circuit that is off shall be on: up to where the person is asked who it is."""
    at_once(app, "3", "enter", "right")
    await until(lambda: "would last until" in text_of(app))
    at_once(app, "enter")
    await until(lambda: "Press Y to do it" in text_of(app))
    at_once(app, "y")
    await until(lambda: "Your PIN is needed for this." in text_of(app))


async def test_the_pin_is_asked_for_after_yes_again_when_it_is_wrong_and_names_the_person(run_dir: Path) -> None:
    desk = Guarded(power_cut())
    async with watching(run_dir, power_cut(), door="operate", desk=desk) as (pilot, _):
        app = app_of(pilot)
        await asked_for_a_pin(app)
        # when a wrong one is typed, it is not shown, and what the daemon says is
        at_once(app, *"1234")
        await until(lambda: "[ ****_" in text_of(app))
        at_once(app, "enter")
        await until(lambda: "4 tries left" in text_of(app))
        # when the right one is, it is done, in the name that belongs to the PIN
        at_once(app, *"4711", "enter")
        await until(lambda: desk.overrides() != [])

    assert desk.overrides()[0]["pin"] == "4711"
    assert "who" not in desk.overrides()[0]


async def test_without_a_pin_nothing_is_done_and_back_to_automatic_needs_none(run_dir: Path) -> None:
    desk = Guarded(power_cut())
    async with watching(run_dir, power_cut(), door="operate", desk=desk) as (pilot, _):
        app = app_of(pilot)
        await asked_for_a_pin(app)
        at_once(app, "escape")
        await until(lambda: "Not done: it needs a PIN or passphrase." in text_of(app))

    assert desk.overrides() == []
