"""The socket is the ceiling, the PIN names the person: over real sockets."""

import argparse
import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest

from hems.commands.person import COMMAND
from hems.model.errors import HemsError, PinNeeded, RequestError
from hems.model.people import PersonRole
from hems.runtime.doorkeeper import IDLE_S
from hems.runtime.root_word import FILE, RootWord, left_by_root
from hems.runtime.secrets import TRIES, WAIT_S
from tests.runtime.parts import HandClock, House
from tests.runtime.test_desk import ask, desk, laundry, refused
from tests.store.given import rows

PIN, PASSPHRASE, FRESH = "4711", "correct horse", "battery staple"


async def staffed(run_dir: Path, *, engineer: bool = False) -> None:
    """Ana has a PIN, and perhaps Kim a passphrase."""
    if engineer:
        await ask(run_dir, "admin", "person", name="Kim", role="engineer", secret=PASSPHRASE)
        await ask(run_dir, "admin", "person", name="Ana", secret=PIN, who="Kim", pin=PASSPHRASE)
    else:
        await ask(run_dir, "admin", "person", name="Ana", secret=PIN)


async def overrides(made: House) -> list[tuple[str, str]]:
    await made.cycle()
    return [(one.who, one.want) for one in made.loop.state.overrides]


async def needs_a_pin(run_dir: Path, socket: str, do: str, **args: Any) -> None:
    with pytest.raises(PinNeeded):
        await ask(run_dir, socket, do, **args)


async def test_as_long_as_nobody_has_a_pin_the_socket_alone_decides(run_dir: Path):
    async with desk(run_dir) as made:
        await ask(run_dir, "operate", "override", **laundry())
        assert await overrides(made) == [("Alex", "off")]
        assert (await ask(run_dir, "view", "status"))["needs_pin"] is False
        await staffed(run_dir)
        await made.cycle()
        assert (await ask(run_dir, "view", "status"))["needs_pin"] is True


async def test_once_somebody_has_a_pin_an_override_needs_one_and_bears_that_persons_name(run_dir: Path):
    async with desk(run_dir) as made:
        await staffed(run_dir)
        await needs_a_pin(run_dir, "operate", "override", **laundry())
        assert await overrides(made) == []
        # when Ana gives her PIN, whatever name stands in the form
        await ask(run_dir, "operate", "override", **laundry(who="the boss"), pin=PIN)
        assert await overrides(made) == [("Ana", "off")]
        made.store.drain()
        told = rows(run_dir, "state.db", "SELECT who, known_by, detail FROM audit ORDER BY id")
        assert told[-1][:2] == ("Ana", "pin")
        assert not any(PIN in str(row) for row in rows(run_dir, "state.db", "SELECT * FROM audit"))


async def test_back_to_automatic_looking_and_seeing_need_no_pin(run_dir: Path):
    async with desk(run_dir) as made:
        await staffed(run_dir)
        await ask(run_dir, "operate", "override", **laundry(), pin=PIN)
        await made.cycle()
        await ask(run_dir, "operate", "consider", **laundry())
        assert "There is no alarm" in await refused(run_dir, "operate", "seen", key="none")
        await ask(run_dir, "operate", "override", circuit="laundry", want="auto")
        assert await overrides(made) == []


async def test_the_socket_stays_the_ceiling_whatever_pin_is_given(run_dir: Path):
    async with desk(run_dir) as made:
        await staffed(run_dir, engineer=True)
        with pytest.raises(RequestError, match="arm needs the role engineer; this socket admits operator only"):
            await ask(run_dir, "operate", "arm", who="Kim", pin=PASSPHRASE)
        # nor does the desk itself let a role grow
        with pytest.raises(RequestError, match="Kim is operator here"):
            await made.desk.request("disarm", {"pin": PASSPHRASE}, role=PersonRole.OPERATOR, peer="")


async def test_an_operators_pin_opens_nothing_for_engineers(run_dir: Path):
    async with desk(run_dir):
        await staffed(run_dir, engineer=True)
        await needs_a_pin(run_dir, "admin", "disarm")
        told = await refused(run_dir, "admin", "disarm", who="Ana", pin=PIN)
        assert told == "Ana is operator here, and disarm needs the role engineer."
        await ask(run_dir, "admin", "disarm", who="Kim", pin=PASSPHRASE)


async def test_after_five_wrong_pins_one_waits_five_minutes_even_with_the_right_one(run_dir: Path):
    async with desk(run_dir) as made:
        assert isinstance(made.clock, HandClock)
        await staffed(run_dir)
        for left in range(TRIES - 1, 0, -1):
            told = await refused(run_dir, "operate", "override", **laundry(who="Ana"), pin="9999")
            assert told.startswith(f"PIN not right. {left} tr")
        assert "Wait 5 minutes now" in await refused(run_dir, "operate", "override", **laundry(who="Ana"), pin="9999")
        assert "wait 5 min" in await refused(run_dir, "operate", "override", **laundry(who="Ana"), pin=PIN)
        # and back to automatic goes on without one
        await ask(run_dir, "operate", "override", circuit="laundry", want="auto")
        # when the time is over
        made.clock.advance(WAIT_S)
        await ask(run_dir, "operate", "override", **laundry(who="Ana"), pin=PIN)
        assert await overrides(made) == [("Ana", "off")]


async def test_a_session_is_good_until_nobody_has_used_it_for_ten_minutes(run_dir: Path):
    async with desk(run_dir) as made:
        assert isinstance(made.clock, HandClock)
        await staffed(run_dir)
        entered = await ask(run_dir, "operate", "enter", pin=PIN)
        assert (entered["who"], entered["role"]) == ("Ana", "operator")
        for _ in range(3):
            made.clock.advance(IDLE_S - 1.0)
            await ask(run_dir, "operate", "override", **laundry(), session=entered["session"])
        made.clock.advance(IDLE_S)
        await needs_a_pin(run_dir, "operate", "override", **laundry(), session=entered["session"])
        await needs_a_pin(run_dir, "operate", "override", **laundry(), session="made up")


async def test_whoever_loses_the_pin_loses_what_was_begun_with_it(run_dir: Path):
    async with desk(run_dir):
        await staffed(run_dir, engineer=True)
        entered = await ask(run_dir, "operate", "enter", pin=PIN)
        await ask(run_dir, "admin", "person", name="Ana", remove=True, who="Kim", pin=PASSPHRASE)
        await needs_a_pin(run_dir, "operate", "override", **laundry(), session=entered["session"])
        assert "PIN not right" in await refused(run_dir, "operate", "override", **laundry(who="Ana"), pin=PIN)


async def test_an_engineer_is_told_of_a_passphrase_and_an_operator_of_a_pin(run_dir: Path):
    async with desk(run_dir) as made:
        assert isinstance(made.clock, HandClock)
        await staffed(run_dir, engineer=True)
        # when Kim mistypes the passphrase, with a request and at the door
        wrong = {"who": "Kim", "pin": "correct hose"}
        for do in ("people", "enter"):
            assert (await refused(run_dir, "admin", do, **wrong)).startswith("Passphrase not right. ")
        # and comes back to the screen after the break
        begun = await ask(run_dir, "admin", "enter", who="Kim", pin=PASSPHRASE)
        made.clock.advance(IDLE_S)
        told = await refused(run_dir, "admin", "people", session=begun["session"])
        assert told == "You have been away for ten minutes: say your passphrase again."
        # then Ana still hears of her PIN
        assert (await refused(run_dir, "operate", "enter", pin="9999")).startswith("PIN not right. ")


# Root -----------------------------------------------------------------------------------------------------------------


async def test_root_gives_the_only_engineer_a_new_passphrase_while_hems_runs(run_dir: Path):
    async with desk(run_dir) as made:
        await staffed(run_dir, engineer=True)
        begun = await ask(run_dir, "admin", "enter", who="Kim", pin=PASSPHRASE)
        # when nobody knows the passphrase any more, and root leaves his word
        with left_by_root(run_dir) as word:
            await ask(run_dir, "admin", "person", name="Kim", role="engineer", secret=FRESH, who="root", root=word)
        # then the new one counts, the old one and what was begun with it do not
        await ask(run_dir, "admin", "people", who="Kim", pin=FRESH)
        assert "Passphrase not right" in await refused(run_dir, "admin", "people", who="Kim", pin=PASSPHRASE)
        await needs_a_pin(run_dir, "admin", "people", session=begun["session"])
        # and it is written down that root did it, without the word or the passphrase
        made.store.drain()
        told = rows(run_dir, "state.db", "SELECT who, known_by, action, subject FROM audit ORDER BY id")
        assert ("root", "root", "person", "Kim") in told
        kept = str(rows(run_dir, "state.db", "SELECT * FROM audit"))
        assert word not in kept
        assert FRESH not in kept


async def test_nobody_else_gets_in_that_way(run_dir: Path):
    async with desk(run_dir):
        await staffed(run_dir, engineer=True)

        async def tried(word: str, do: str = "person") -> str:
            return await refused(run_dir, "admin", do, name="Eve", role="engineer", secret=FRESH, root=word)

        only_root = "Only root may do this without a passphrase: type sudo hems person reset."
        # without a file; with a word that is not the one; with one whose time is over
        assert await tried("made up") == only_root
        with left_by_root(run_dir) as word:
            assert await tried(word[:-1]) == only_root
        assert await tried(word) == only_root
        # with a file that others could have written, or that stands elsewhere
        path = run_dir / FILE
        path.write_text("made up")
        path.chmod(0o660)
        assert await tried("made up") == only_root
        path.rename(run_dir / "elsewhere")
        path.symlink_to(run_dir / "elsewhere")
        assert await tried("made up") == only_root
        path.unlink()
        # nor does it open anything else
        with left_by_root(run_dir) as word:
            await needs_a_pin(run_dir, "admin", "arm", devices="all", root=word)
            await needs_a_pin(run_dir, "admin", "people", root=word)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may do it")
async def test_the_command_asks_for_the_passphrase_and_leaves_no_word_behind(run_dir: Path):
    async with desk(run_dir):
        await staffed(run_dir, engineer=True)
        words = ["-m", "hems.cli", "person", "reset", "Kim", "--run-dir", str(run_dir)]
        typed = await asyncio.create_subprocess_exec(sys.executable, *words, stdin=PIPE, stdout=PIPE)
        told, _ = await typed.communicate(f"{FRESH}\n".encode())
        assert told.decode().startswith("Kim has a new passphrase as engineer")
        assert not (run_dir / FILE).exists()
        await ask(run_dir, "admin", "people", who="Kim", pin=FRESH)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may do it")
def test_the_command_tells_whoever_is_not_root_what_to_type(run_dir: Path):
    with pytest.raises(HemsError, match="is for root: type sudo hems person reset Kim"):
        COMMAND.run(argparse.Namespace(what="reset", name="Kim", who="", run_dir=run_dir))


def test_a_file_that_is_not_roots_is_no_word_of_root(run_dir: Path):
    with left_by_root(run_dir) as word:
        assert RootWord(run_dir, owner=os.geteuid()).is_said(word)
        assert not RootWord(run_dir, owner=os.geteuid() + 1).is_said(word)


def test_the_words_file_goes_also_where_the_request_was_refused_and_one_left_by_a_killed_command_is_replaced(
    run_dir: Path,
):
    (run_dir / FILE).write_text("of one that was killed")
    with pytest.raises(RequestError), left_by_root(run_dir) as word:
        assert RootWord(run_dir, owner=os.geteuid()).is_said(word)
        raise RequestError("No.")
    assert not (run_dir / FILE).exists()


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ({"name": "Ana", "secret": "12"}, "An operator's PIN is four to six digits."),
        ({"name": "Ana", "secret": "1234567"}, "An operator's PIN is four to six digits."),
        ({"name": "Ana", "secret": "12a4"}, "An operator's PIN is four to six digits."),
        ({"name": "Kim", "role": "engineer", "secret": "short"}, "An engineer's passphrase has eight letters or more."),
        ({"name": "", "secret": "1234"}, "Say whose PIN: give a name."),
        ({"name": "Eve", "role": "viewer", "secret": "1234"}, "A person is operator or engineer"),
        ({"name": "Eve", "remove": True}, "Nobody called Eve has one."),
    ],
)
async def test_a_pin_that_is_too_weak_and_a_person_who_is_not_there_are_refused(
    run_dir: Path, args: dict[str, Any], says: str
):
    async with desk(run_dir):
        assert (await refused(run_dir, "admin", "person", **args)).startswith(says)


async def test_no_two_people_have_the_same_pin_because_it_says_who_it_is(run_dir: Path):
    async with desk(run_dir):
        await staffed(run_dir)
        assert "Choose another one" in await refused(run_dir, "admin", "person", name="Bob", secret=PIN)


async def test_pins_are_kept_as_hashes_survive_a_restart_and_are_never_told(run_dir: Path):
    async with desk(run_dir) as made:
        await staffed(run_dir)
        told = await ask(run_dir, "admin", "people")
        assert told == {"people": [{"name": "Ana", "role": "operator"}]}
        [(kept,)] = rows(run_dir, "state.db", "SELECT hash FROM people")
        assert str(kept).startswith("$argon2id$")
        made.store.drain()
    async with desk(run_dir):
        await needs_a_pin(run_dir, "operate", "override", **laundry())
        await ask(run_dir, "operate", "override", **laundry(), pin=PIN)


async def test_hashing_does_not_hold_up_the_cycle(run_dir: Path):
    async with desk(run_dir) as made:
        await staffed(run_dir)
        # when somebody tries a PIN, which takes a while
        before = len(made.cycles)
        trying = asyncio.create_task(refused(run_dir, "operate", "override", **laundry(), pin="9999"))
        while not trying.done():
            await made.cycle()
        # then the cycle has turned meanwhile
        assert "PIN not right" in await trying
        assert len(made.cycles) > before + 3
