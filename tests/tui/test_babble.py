"""Whatever the daemon answers, a screen stays: it says that it has not understood, and goes on."""

from collections.abc import AsyncGenerator, Mapping
from random import Random
from typing import Any

import pytest

from hems.model.errors import HemsError
from hems.model.picture import Picture
from hems.tui.app import HemsApp
from hems.tui.source import Message, NothingKept
from tests.desk import until
from tests.tui.screens import text_of
from tests.tui.states import troubled
from tests.tui.test_orders import weighed
from tests.tui.test_typing import at_once

JUNK: list[Any] = [
    {},
    {"confirm": 3, "consequence": [], "events": [1], "lines": 5, "trend": {}, "path": None, "session": []},
    {"confirm": "x", "consequence": {"name": 1}, "events": {"a": 1}, "trend": {"curves": 4}, "steps": 7, "missing": 1},
    {"site": {}, "wiring": 1, "digest": 2, "steps": [{"step": 1}], "missing": [], "weights": ["x"], "events": None},
    {"site": {}, "wiring": 1, "digest": 2, "steps": [], "missing": {}},
    ["no", "object"],
    None,
]
SENSE: Mapping[str, Mapping[str, Any]] = {"consider": weighed({"task": "grid_lost"}), "proofs": JUNK[4]}
"""What somebody has to hear first who is to ask for more."""
KEYS = {
    "1": "pc", "2": "thyp", "3": ("enter", "right", "enter", "y", "escape", "b", "a", "y"), "4": "l", "5": (" ", "c"),
    "6": "x+", "7": "", "8": "f", "9": ("enter", "enter", *"because", "enter", "y"), "0": ("enter",),
}  # fmt: skip


class Babbler:
    """A source whose daemon answers nonsense to everything, drawn by lot but always the same."""

    may_operate = may_engineer = True
    note = ""

    def __init__(self, *junk: Any) -> None:
        self.kept = NothingKept()
        self.junk = junk
        self.lot = Random(1)
        self.asked: list[str] = []

    async def ask(self, do: str, **args: Any) -> Mapping[str, Any]:
        self.asked.append(do)
        if do in SENSE and self.lot.random() < 0.5:
            return SENSE[do]
        nonsense: Mapping[str, Any] = self.lot.choice(self.junk)
        return nonsense

    async def messages(self) -> AsyncGenerator[Message, None]:
        picture: Picture = troubled()
        yield picture


async def test_no_answer_brings_a_screen_down() -> None:
    source = Babbler(*JUNK)
    app = HemsApp(source)  # type: ignore[arg-type]
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(lambda: app.view.picture is not None)
        for screen, keys in [*KEYS.items()] * 4:
            at_once(app, screen, *("space" if key == " " else key for key in keys), "escape", "escape")
            await pilot.pause()  # until the app has heard of them
            await until(lambda: not app.busy, within_s=20.0)
        await pilot.press("1")
        await until(lambda: "METER / ISLAND SWITCH" in text_of(app))

    assert app.return_code in (None, 0)
    assert {"consider", "order", "setup", "card"} <= set(source.asked)


async def test_what_is_not_understood_is_said() -> None:
    app = HemsApp(Babbler({"events": [1]}))  # type: ignore[arg-type]
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: app.view.picture is not None)
        await pilot.press("8")
        await until(lambda: "does not understand" in text_of(app))


def test_it_is_an_error_like_any_other() -> None:
    from hems.tui.asking import read

    with pytest.raises(HemsError, match="does not understand"):
        read(int, {"a": "b"}, "a")
