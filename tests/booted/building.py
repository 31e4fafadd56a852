"""Runs in the booted system, with the release's own Python: the emulated house of examples/home.toml behind the very
addresses of that file, so that a stranger can follow the manual word for word.

Usage: building.py RIG RUN-DIR
"""

import asyncio
import fcntl
import json
import socket
import struct
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hil.emulate.broker import Broker

SIOCSIFADDR = 0x8916
EXAMPLE = Path("/usr/share/doc/hems/home.toml")


def own(address: str, number: int) -> None:
    """Make an address one of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        wanted = struct.pack("16sH2s4s8s", f"lo:{number}".encode(), socket.AF_INET, b"", socket.inet_aton(address), b"")
        fcntl.ioctl(asking, SIOCSIFADDR, wanted)


async def carry(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection to a device, there and back."""
    there, back = await asyncio.open_connection("127.0.0.1", port)

    async def pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(4096):
            sink.write(data)
        sink.close()

    await asyncio.gather(pour(reader, back), pour(there, writer), return_exceptions=True)


async def answer(run: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What prices are asked of and alarms are told to."""
    asked = (await reader.readuntil(b"\r\n\r\n")).decode()
    with (run / ("posted" if asked.startswith("POST") else "asked")).open("a") as heard:
        heard.write(asked)
    now_s = int(time.time() // 3600) * 3600
    slots = [{"begins": now_s + 3600 * hour, "ends": now_s + 3600 * (hour + 1), "value": 0.3} for hour in range(24)]
    body = json.dumps({"data": slots})
    writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())
    await writer.drain()
    writer.close()


async def serve(run: Path, devices: Mapping[str, Mapping[str, str]], ready: Mapping[str, Any]) -> None:
    """The house's devices where the example expects them, until the system ends."""
    links = {table["link"]: ready["links"][name] for name, table in devices.items()}
    for number, (link, real) in enumerate(links.items(), start=1):
        wanted, there = urlsplit(link), urlsplit(real or "")
        if wanted.scheme == "rtu":
            plug_in(Path(wanted.path), Path(there.path))
        elif there.port:
            own(wanted.hostname or "", number)
            await asyncio.start_server(partial(carry, there.port), wanted.hostname, wanted.port)
    broker = Broker("amqtt", run)
    await broker.start()
    own("10.0.20.2", len(links) + 1)
    await asyncio.start_server(partial(carry, broker.port), "10.0.20.2", 1883)
    await asyncio.start_server(partial(answer, run), "127.0.0.1", 8099)
    (run / "there").touch()
    await asyncio.Event().wait()


def plug_in(name: Path, port: Path) -> None:
    """A serial line under its lasting name and under its short one."""
    for path in (name, Path("/dev/ttyUSB0")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(port)
    port.resolve().chmod(0o666)


if __name__ == "__main__":
    rig, where = sys.argv[1], Path(sys.argv[2])
    where.mkdir(parents=True)
    subprocess.Popen([sys.executable, "-m", "hil.emulate", "--rig", rig, "--run", str(where), "--broker", "none"])
    while not (where / "ready.json").exists():
        time.sleep(0.2)
    told = json.loads((where / "ready.json").read_text())
    asyncio.run(serve(where, tomllib.loads(EXAMPLE.read_text())["devices"], told))
