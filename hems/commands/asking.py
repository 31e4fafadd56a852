"""How a command talks to the running daemon, and where it finds it."""

import argparse
import asyncio
import getpass
import json
import os
import sys
import termios
from collections.abc import Iterable, Mapping
from pathlib import Path
from shutil import get_terminal_size
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from hems.model.errors import HemsError
from hems.wording.language import say, use

if TYPE_CHECKING:
    from hems.model.picture import Picture

WIDTH = 80
NARROWEST = 30
"""Columns; in fewer nothing can be told."""
RUN_DIR = Path("/run/hems")
YES = ("y", "yes", "j", "ja")
"""What a person types who agrees, in either language."""
PIN_VARIABLE = "HEMS_PIN"
"""Where a script keeps the PIN: a command line can be read by everybody on the machine."""


def add_run_dir(parser: argparse.ArgumentParser) -> None:
    """The option that says where the daemon's sockets are."""
    parser.add_argument("--run-dir", type=Path, default=RUN_DIR, metavar="DIR", help="where the daemon's sockets are")


def add_who(parser: argparse.ArgumentParser) -> None:
    """The option that names the person."""
    parser.add_argument("--who", default="", help="your name, for the log")


def ask(run_dir: Path, socket: str, do: str, **values: object) -> Mapping[str, Any]:
    """One request to the daemon; where it needs a PIN, the person is asked for it.  Raises: HemsError."""
    from hems.model.errors import PinNeeded

    try:
        return _asked(run_dir, socket, do, values)
    except PinNeeded as needed:
        return _asked(run_dir, socket, do, {**values, "pin": _pin(needed)})


def pictured(answer: Mapping[str, Any]) -> "Picture":
    """The building as `status` tells it, in whose language everything else is said.  Raises: HemsError."""
    from hems.model.codec import from_plain
    from hems.model.picture import Picture

    try:
        picture = from_plain(Picture, answer)
    except ValueError as error:
        told = say("HEMS answered what this program does not understand ({error}). Update it.", error=error)
        raise HemsError(told) from error
    use(picture.language)
    return picture


def secret(prompt: str) -> str:
    """What nobody else shall see: typed without echo, or one line of what is piped in."""
    if sys.stdin.isatty():
        return getpass.getpass(f"{prompt}: ")
    return sys.stdin.readline().strip()


def _pin(needed: HemsError) -> str:
    """From the environment for scripts, else from the person.  Raises: HemsError where nobody can be asked."""
    if given := os.environ.get(PIN_VARIABLE, ""):
        return given
    if not sys.stdin.isatty():
        nobody = say("Nobody can be asked here: set {name}, or type the command yourself.", name=PIN_VARIABLE)
        raise HemsError(f"{needed} {nobody}")
    return secret(str(needed).removesuffix("."))


def _asked(run_dir: Path, socket: str, do: str, values: Mapping[str, object]) -> Mapping[str, Any]:
    from hems.api.client import Client

    async def asked() -> Mapping[str, Any]:
        """Connect, ask, hang up; what is said of it is said in the building's language."""
        async with Client(run_dir / f"{socket}.sock") as client:
            use("" if client.hello is None else client.hello.language)
            return await client.request(do, **values)

    return asyncio.run(asked())


def forget_typed() -> None:
    """What was typed before a question was asked is no answer to it."""
    if sys.stdin.isatty():
        termios.tcflush(sys.stdin, termios.TCIFLUSH)


def agree(question: str) -> None:
    """A person says yes.  Raises: HemsError for anything else."""
    forget_typed()
    if input(question).strip().lower() not in YES:
        raise HemsError(say("Nothing was done."))


def tell(sentences: Iterable[str]) -> None:
    """For a terminal of usual width."""
    for sentence in sentences:
        print("\n".join(wrap(sentence, columns())))


def columns() -> int:
    """Of the lines: a telephone shows some 45 columns, and what is broken in mid-word there nobody reads."""
    return min(WIDTH, max(NARROWEST, get_terminal_size((WIDTH, 24)).columns)) if sys.stdout.isatty() else WIDTH


def print_json(value: object) -> None:
    """For scripts."""
    print(json.dumps(value, indent=2, ensure_ascii=False))
