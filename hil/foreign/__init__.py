"""Peers not written for hems: a Modbus server and client in C, made with libmodbus where that is installed."""

import asyncio
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from hems.model.errors import HemsError

HERE = Path(__file__).parent
HEADERS = (Path("/usr/include/modbus/modbus.h"), Path("/usr/local/include/modbus/modbus.h"))


def missing() -> str | None:
    """Why there are no foreign peers on this machine, or None."""
    if shutil.which("cc") is None:
        return "no C compiler is here; on Debian: apt install gcc libc6-dev libmodbus-dev"
    if not any(header.exists() for header in HEADERS):
        return "libmodbus is not here; on Debian: apt install libmodbus-dev"
    return None


@cache
def built(name: str) -> Path:
    """The program `server` or `client`.  Raises: HemsError when it cannot be made."""
    program = Path(tempfile.mkdtemp(prefix="hems-foreign-")) / name
    command = ["cc", "-O2", "-o", str(program), str(HERE / f"{name}.c")]
    flags = [f"-I{header.parent}" for header in HEADERS if header.exists()]
    made = subprocess.run([*command, *flags, "-lmodbus"], capture_output=True, text=True, check=False)
    if made.returncode:
        raise HemsError(f"{name}.c cannot be compiled: {made.stderr.strip()[-300:]}")
    return program


@asynccontextmanager
async def on_tcp(ports: int = 1) -> AsyncIterator[list[int]]:
    """The foreign server on so many ports of loopback."""
    async with _running("tcp", str(ports)) as server:
        assert server.stdout is not None
        yield [int(await server.stdout.readline()) for _ in range(ports)]


@asynccontextmanager
async def on_rtu(tty: str, baud: int, unit: int) -> AsyncIterator[None]:
    """The foreign server as a slave on a serial line."""
    async with _running("rtu", tty, str(baud), str(unit)) as server:
        assert server.stdout is not None
        await server.stdout.readline()
        yield


@asynccontextmanager
async def _running(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    server = await asyncio.create_subprocess_exec(
        built("server"), *arguments, stdout=asyncio.subprocess.PIPE, stderr=sys.stderr
    )
    try:
        yield server
    finally:
        server.kill()
        await server.wait()


async def polled(port: int, count: int, times: int) -> tuple[float, float]:
    """Wall and processor seconds of the foreign client for `times` reads of `count` registers."""
    client = await asyncio.create_subprocess_exec(
        built("client"), str(port), str(count), str(times), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await client.communicate()
    if client.returncode:
        raise HemsError("The foreign Modbus client gave up.")
    wall_s, used_s = out.split()
    return float(wall_s), float(used_s)
