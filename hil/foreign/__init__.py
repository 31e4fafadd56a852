"""Peers not written for hems: Modbus server and client, and an MQTT echo, in C, where their libraries are installed."""

import asyncio
import atexit
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from hems.model.contained import contained
from hems.model.errors import HemsError
from hil import ending

HERE = Path(__file__).parent
PLACES = (Path("/usr/include"), Path("/usr/local/include"))
MODBUS, MOSQUITTO = "modbus", "mosquitto"
LIBRARIES = {"server": MODBUS, "client": MODBUS, "echo": MOSQUITTO}
HEADERS = {MODBUS: "modbus/modbus.h", MOSQUITTO: "mosquitto.h"}


def missing(program: str = "server") -> str | None:
    """Why `server`, `client` or `echo` cannot be had on this machine, or None."""
    library = LIBRARIES[program]
    if shutil.which("cc") is None:
        return f"no C compiler is here; on Debian: apt install gcc libc6-dev lib{library}-dev"
    if not any((place / HEADERS[library]).exists() for place in PLACES):
        return f"lib{library} is not here; on Debian: apt install lib{library}-dev"
    return None


@cache
def built(name: str) -> Path:
    """The program `server`, `client` or `echo`.  Raises: HemsError when it cannot be made."""
    where = tempfile.mkdtemp(prefix="hems-foreign-")
    atexit.register(shutil.rmtree, where, ignore_errors=True)
    program = Path(where) / name
    command = ["cc", "-O2", "-o", str(program), str(HERE / f"{name}.c")]
    flags = [f"-I{(place / HEADERS[MODBUS]).parent}" for place in PLACES]
    made = subprocess.run([*command, *flags, f"-l{LIBRARIES[name]}"], capture_output=True, text=True, check=False)
    if made.returncode:
        raise HemsError(f"{name}.c cannot be compiled: {made.stderr.strip()[-300:]}")
    return program


@asynccontextmanager
async def on_tcp(ports: int = 1) -> AsyncIterator[list[int]]:
    """The foreign server on so many ports of loopback."""
    async with _running("server", "tcp", str(ports)) as server:
        assert server.stdout is not None
        yield [int(await server.stdout.readline()) for _ in range(ports)]


@asynccontextmanager
async def told(ports: int) -> AsyncIterator[tuple[list[int], asyncio.StreamReader]]:
    """The foreign server as a tie and boards of relays, and what it tells of them, line by line."""
    async with _running("server", "told", str(ports)) as server:
        assert server.stdout is not None
        yield [int(await server.stdout.readline()) for _ in range(ports)], server.stdout


@asynccontextmanager
async def on_rtu(tty: str, baud: int, unit: int) -> AsyncIterator[None]:
    """The foreign server as a slave on a serial line."""
    async with _running("server", "rtu", tty, str(baud), str(unit)) as server:
        assert server.stdout is not None
        await server.stdout.readline()
        yield


@asynccontextmanager
async def echo(port: int, heard: str, said: str) -> AsyncIterator[None]:
    """The foreign MQTT client at a broker of loopback, which says on one topic what it hears on another."""
    async with _running("echo", str(port), heard, said) as client:
        assert client.stdout is not None
        await client.stdout.readline()
        yield


@asynccontextmanager
async def _running(program: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Raises: HemsError, when it has given up, instead of whatever failed by that."""
    peer = await _started(program, *arguments)
    try:
        with contained() as use:
            yield peer
    finally:
        if peer.returncode is None:
            peer.kill()
        await peer.wait()
    if peer.returncode != -signal.SIGKILL:
        assert peer.stderr is not None
        raise _gave_up(program, await peer.stderr.read()) from use.fault
    if use.fault is not None:
        raise use.fault


async def _started(program: str, *arguments: str) -> asyncio.subprocess.Process:
    command = (*ending.taken_along(), str(built(program)), *arguments)
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)


def _gave_up(program: str, said: bytes) -> HemsError:
    why = said.decode(errors="replace").strip() or "it did not say why"
    return HemsError(f"The foreign {program} in C gave up: {why}.")


@asynccontextmanager
async def reacting(ports: Sequence[int]) -> AsyncIterator[None]:
    """The foreign client as one that sheds: it looks at a tie at the first port, and switches boards at the rest."""
    async with _running("client", "react", *map(str, ports)) as client:
        assert client.stdout is not None
        await client.stdout.readline()
        yield


async def polled(port: int, count: int, times: int) -> tuple[float, float]:
    """Wall and processor seconds of the foreign client for `times` reads of `count` registers.  Raises: HemsError."""
    client = await _started("client", str(port), str(count), str(times))
    out, said = await client.communicate()
    if client.returncode:
        raise _gave_up("client", said)
    wall_s, used_s = out.split()
    return float(wall_s), float(used_s)
