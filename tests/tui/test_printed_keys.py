"""Whatever key a screen prints does something when somebody presses it there, with shift as well as without."""

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from textual.binding import Binding
from textual.pilot import Pilot

from hems.api.server import Server
from hems.model.codec import to_plain
from hems.model.people import PersonRole
from hems.model.picture import Picture
from hems.model.point import row_of
from hems.model.reading import Reading
from hems.tui.app import MODES, HemsApp
from hems.tui.screens.base import BuildingScreen, main_keys
from hil.demo_screen import DemoApp
from tests.desk import until
from tests.pictures import normal_day, power_cut
from tests.tui.screens import app_of, text_of, watching
from tests.tui.states import by_hand, troubled
from tests.tui.test_circuits import consequence
from tests.tui.test_history import Archivist
from tests.tui.test_lists import happened
from tests.tui.test_orders import promised, weighed

NAMED = {
    "ENTER": "enter", "SPACE": "space", "ESC": "escape", "Esc": "escape", "TAB": "tab", "END": "end", "LEFT": "left",
    "RIGHT": "right", "PAGE DOWN": "pagedown", "/": "slash", "?": "question_mark", "+": "plus", "-": "minus",
    "[": "left_square_bracket", "]": "right_square_bracket", "Ctrl-Q": "ctrl+q",
}  # fmt: skip
ONE = "|".join([*(re.escape(name) for name in NAMED), "[A-HJ-Z0-9]"])
BETWEEN = r"(?:, | and |(?<=T)/)"
SOME = rf"(?:{ONE})(?:{BETWEEN}(?:{ONE}))*"
EXPLAINED = re.compile(rf"(?:^|\s\s)({SOME})(?=\s\s+\S)|(?:^|\s\s)({SOME})(?=\s[a-z])")
"""In a text: `  T  a text for tenants` or `ENTER keep   ESC show all`."""
OFFERED = re.compile(rf"({SOME})(?=\s|[A-Z][a-z])")
"""In the line of keys: `H hold everything`, `?Help`."""
READS = {"events", "history", "consider", "read", "ask", "proofs", "setup", "groups"}
"""What screens ask without being told to."""
FIRST = {"END": ("home",), "RIGHT": ("left",)}
"""Where a key has nowhere to go, somebody has gone the other way before."""


HERE = {"1"}
EVERYWHERE = {*"1234567890?F", "Ctrl-Q"}
"""The app's own keys, pressed on the first screen only."""


class Willing(Archivist):
    """Tells whatever is asked, and does whatever is ordered."""

    async def request(self, name: str, args: Mapping[str, Any], *, role: PersonRole, peer: str) -> Mapping[str, Any]:
        self.asked.append((name, args, role, peer))
        if name in ("history", "export"):
            return await super().request(name, args, role=role, peer=peer)
        if name == "ask":
            return {"said": "It was asked just now and answered in 21 ms."}
        if name == "read":
            return {"points": [to_plain(row_of("power_w", Reading(4100.0, 0.0), 0.4))]}
        if name == "consider" and "task" in args:
            return weighed(args)
        if name == "consider" and "bay" in args:
            return promised()
        told = to_plain(consequence(duration_s=args.get("duration_s") or 0.0))
        card = [f"{number}. line" for number in range(60)]
        return {"events": [to_plain(one) for one in happened()], "lines": card, "consequence": told, "confirm": "word"}

    @property
    def done(self) -> int:
        """How often something was done."""
        return sum(name not in READS for name, *_ in self.asked)


def keys_in(found: re.Pattern[str], text: str) -> set[str]:
    """The keys that a text names."""
    lists = {next(group for group in one.groups() if group) for one in found.finditer(text)}
    return {key for some in lists for key in re.split(BETWEEN, some)}


def offered(words: Iterable[str]) -> set[str]:
    """The keys in a line of keys."""
    return {key for word in words if (found := OFFERED.match(word)) for key in re.split(BETWEEN, found[1])}


def printed(screen: BuildingScreen) -> set[str]:
    """The keys that this screen prints: in its line of keys, in the line of all screens, in its text and its help.

    Help also explains what needs an operator, or a line to do it with.
    """
    usable = [word for word, _ in screen._usable()]
    others = offered(word for word, _ in (*screen.ACTS, *screen.LOOKS) if word not in usable)
    text = "\n".join(strip.text for strip in screen._compositor.render_strips(screen.size))
    about = "\n".join(screen.ABOUT)
    told = keys_in(EXPLAINED, f"{text}\n{about}")
    return offered([*usable, *(word for word, _ in main_keys(80))]) | (told - others)


def standing(app: HemsApp, desk: Willing) -> tuple[object, ...]:
    """All that somebody would notice; numbers that only tell how much time has passed count for nothing."""
    text = re.sub(r"\d+ (s|min)\b", "", text_of(app)) if app.view.old else text_of(app)
    return (text, type(app.screen), app.view.frozen, desk.done, len(app._notifications))


async def at_rest(pilot: Pilot[None], mode: str) -> None:
    """On a main screen, as somebody finds it who has just come."""
    app = app_of(pilot)
    if app.view.frozen:
        await app.action_freeze()
    if len(app.screen_stack) > 1:
        await pilot.press("escape")
    await app.action_show(mode)
    await pilot.pause()


async def dead(pilot: Pilot[None], server: Server, desk: Willing, mode: str) -> AsyncIterator[str]:
    """Printed keys of one screen after which everything was as before."""
    app, picture = app_of(pilot), desk.shown
    assert picture is not None
    await at_rest(pilot, mode)
    assert isinstance(app.screen, BuildingScreen)
    resting = standing(app, desk)[:2]
    for key in sorted(printed(app.screen) - (HERE if mode == "overview" else EVERYWHERE)):
        server.publish(picture)  # a busy machine may have been silent for too long
        if standing(app, desk)[:2] != resting:
            await at_rest(pilot, mode)
        await pilot.press(*FIRST.get(key, ()))
        before = standing(app, desk)
        await pilot.press(NAMED.get(key, key))
        try:
            await until(lambda before=before: standing(app, desk) != before, within_s=1.0)
        except TimeoutError:
            yield f"{mode}: {key}"


async def all_dead(pilot: Pilot[None], server: Server, desk: Willing) -> list[str]:
    """On all main screens."""
    return [told for mode in MODES async for told in dead(pilot, server, desk, mode)]


@pytest.mark.parametrize(
    ("door", "picture"),
    [("operate", normal_day()), ("operate", by_hand(troubled(), "laundry")), ("view", power_cut())],
    ids=["a normal day", "a power cut", "only looking"],
)
async def test_every_printed_key_does_something(run_dir: Path, door: str, picture: Picture) -> None:
    desk = Willing(picture)
    async with watching(run_dir, picture, door=door, desk=desk) as (pilot, server):
        found = await all_dead(pilot, server, desk)
        assert found == [], found


def test_a_letter_works_with_shift_and_without() -> None:
    owners = [HemsApp, DemoApp, *screens_of(BuildingScreen)]
    for owner in owners:
        keys = {key: one.action for one in owner.BINDINGS if isinstance(one, Binding) for key in one.key.split(",")}
        letters = {key: action for key, action in keys.items() if len(key) == 1 and key.isalpha()}
        assert {key.swapcase(): action for key, action in letters.items()} == letters, owner


def screens_of(kind: type[BuildingScreen]) -> list[type[BuildingScreen]]:
    """All screens there are."""
    return [one for found in kind.__subclasses__() for one in (found, *screens_of(found))]


def test_the_key_of_the_demonstration_means_the_same_on_every_screen() -> None:
    own = {key for keys, *_ in DemoApp.BINDINGS for key in keys.split(",")}
    taken = [
        (screen.__name__, key)
        for screen in screens_of(BuildingScreen)
        for one in screen.BINDINGS
        if isinstance(one, Binding)
        for key in one.key.split(",")
        if key in own
    ]
    assert own == {"g", "G"}
    assert taken == []
