"""The real program on a pseudo-terminal: few bytes, no escape codes where none are understood, gone with its line."""

import asyncio
import fcntl
import os
import pty
import re
import signal
import struct
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from hems.api.server import Server
from hems.model.picture import Picture
from tests.desk import HandMadeDesk, serving, until
from tests.pictures import normal_day, power_cut

pytestmark = pytest.mark.wire

STEADY_B = 600
"""Bytes a second that a slow line has for a picture a second."""


class Terminal:
    """What came out of the program."""

    def __init__(self, process: asyncio.subprocess.Process, master: int) -> None:
        self.process = process
        self.master = master
        self.heard = b""
        asyncio.get_running_loop().add_reader(master, self._hear)

    def _hear(self) -> None:
        try:
            self.heard += os.read(self.master, 65536)
        except OSError:  # the other end is gone
            asyncio.get_running_loop().remove_reader(self.master)

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def hang_up(self) -> None:
        asyncio.get_running_loop().remove_reader(self.master)
        os.close(self.master)

    @property
    def text(self) -> str:
        """Without escape codes."""
        return re.sub(rb"\x1b\[[0-9;?>= ]*[a-zA-Z]", b" ", self.heard).decode(errors="replace")


def _own_terminal() -> None:
    """In the child: this terminal is the one whose end ends the session."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@asynccontextmanager
async def program(
    run_dir: Path,
    *words: str,
    do: str = "tui",
    size: tuple[int, int] = (80, 24),
    term: str = "xterm-256color",
) -> AsyncIterator[Terminal]:
    """`hems tui`, or another command, on a terminal of its own."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    others = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    env = {**others, "TERM": term, "COLORTERM": ""}  # the window's size is the terminal's word, not that of a runner
    command = (sys.executable, "-m", "hems.cli", do, "--run-dir", str(run_dir), *words)
    process = await asyncio.create_subprocess_exec(
        *command, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True, preexec_fn=_own_terminal
    )
    os.close(slave)
    terminal = Terminal(process, master)
    try:
        yield terminal
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def second(number: int) -> Picture:
    """A power cut in which as much changes in a second as in a real one."""
    cut = power_cut(outage_for_s=5100.0 + number, load_w=6200.0 + 130.0 * number, battery_w=4100.0 + 90.0 * number)
    rows = [
        replace(one, power_w=(one.power_w or 0.0) + 100.0 * number) if at % 5 == 0 else one
        for at, one in enumerate(cut.circuits)
    ]
    return replace(cut, circuits=tuple(rows), mono_s=cut.mono_s + number)


async def drawn(terminal: Terminal, server: Server, count: int) -> float:
    """Bytes for each picture, when each is drawn before the next comes."""
    await asyncio.sleep(0.5)  # what belongs to the start is through
    before = len(terminal.heard)
    for number in range(1, count + 1):
        server.publish(second(number))
        await asyncio.sleep(0.15)
    return (len(terminal.heard) - before) / count


@pytest.mark.parametrize("do", ["status", "circuits", "cars", "alarms"])
async def test_what_a_command_tells_fits_the_window_of_a_telephone(run_dir: Path, do: str) -> None:
    async with serving(run_dir, HandMadeDesk(second(0))), program(run_dir, do=do, size=(45, 20)) as terminal:
        assert await terminal.process.wait() == 0
        await until(lambda: terminal.text.count("\n") > 2)
        assert [line for line in terminal.text.splitlines() if len(line) > 45] == []


async def test_a_second_of_a_power_cut_costs_few_bytes_and_the_program_goes_with_its_line(run_dir: Path) -> None:
    async with serving(run_dir, HandMadeDesk(second(0))) as server, program(run_dir) as terminal:
        await until(lambda: "ESSENTIAL POWER LASTS" in terminal.text, within_s=60.0)
        on_outage = await drawn(terminal, server, 10)
        terminal.type("3")
        await until(lambda: "WHY / UNTIL WHEN" in terminal.text, within_s=60.0)
        on_circuits = await drawn(terminal, server, 10)

        assert 0 < on_outage <= STEADY_B
        assert 0 < on_circuits <= STEADY_B
        # and when the line is gone, so is the program
        terminal.hang_up()
        async with asyncio.timeout(60.0):
            await terminal.process.wait()


async def test_a_screen_goes_with_its_line_also_where_whoever_began_it_was_told_to_stay(run_dir: Path) -> None:
    # given a screen that was begun by something under nohup
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        async with serving(run_dir, HandMadeDesk(power_cut())), program(run_dir) as terminal:
            await until(lambda: "ESSENTIAL POWER LASTS" in terminal.text, within_s=60.0)
            # when its line is gone, then it does not stay behind and take a whole processor
            terminal.hang_up()
            async with asyncio.timeout(30.0):
                await terminal.process.wait()
    finally:
        signal.signal(signal.SIGHUP, before)


async def test_a_window_that_is_too_small_is_told_so(run_dir: Path) -> None:
    async with (
        serving(run_dir, HandMadeDesk(normal_day())),
        program(run_dir, size=(70, 20)) as terminal,
    ):
        await until(lambda: "Window too small: 70x20. HEMS needs 80x24." in terminal.text, within_s=60.0)


async def test_a_terminal_that_knows_no_escape_codes_gets_none(run_dir: Path) -> None:
    async with serving(run_dir, HandMadeDesk(power_cut())), program(run_dir, term="dumb") as terminal:
        async with asyncio.timeout(60.0):
            await terminal.process.wait()
        await until(lambda: "ESSENTIAL POWER LASTS UNTIL ABOUT" in terminal.text)

    assert b"\x1b" not in terminal.heard
    assert terminal.process.returncode == 0
