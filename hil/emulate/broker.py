"""An MQTT broker on loopback for the length of a run: mosquitto where it is installed, else one in this process."""

import asyncio
import contextlib
import shutil
import socket
from pathlib import Path

from hil.emulate.lines import LOOPBACK
from hil.emulate.mqtt import Embedded

PLACES = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
"""Debian puts it where a plain user's PATH does not reach."""
UP_WITHIN_S = 10.0
DOWN_WITHIN_S = 3.0
LOOK_S = 0.05
MOST_MOVES = 5
"""How often another port is tried at the first start."""
# A child that outlives its parent would hold the port: the shell ends it when its own standard input does, and must not
# itself be ended by the terminal that goes.
CHILD = 'trap "" HUP INT; "$@" & child=$!; cat >/dev/null; kill $child; wait $child'


def find_mosquitto() -> str | None:
    """Where mosquitto is, if it is."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path=PLACES)


def free_port() -> int:
    """A TCP port on loopback that is free now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


class Broker:
    """Can be killed and started again on the same port, as brokers are in the field."""

    def __init__(self, kind: str, run_dir: Path) -> None:
        """`kind` is `auto`, `mosquitto` or `embedded`."""
        self.kind = ("mosquitto" if find_mosquitto() else "embedded") if kind == "auto" else kind
        self.port = free_port()
        self.alive = False
        self._has_served = False
        self._moves = 0
        self._config = run_dir / "mosquitto.conf"
        self._child: asyncio.subprocess.Process | None = None
        self._embedded: Embedded | None = None

    async def start(self) -> None:
        """Serve; returns when it answers.  Raises: OSError when it does not within some seconds."""
        if self.kind == "mosquitto":
            await self._start_child()
        else:
            await self._start_embedded()
        async with asyncio.timeout(UP_WITHIN_S):
            await self._wait_for_answer()
        self.alive = True

    async def stop(self) -> None:
        """Gone, with every connection."""
        self.alive = False
        if self._child is not None:
            await self._stop_child(self._child)
        if self._embedded is not None:
            self._embedded.kill()
        self._child = self._embedded = None
        self._config.unlink(missing_ok=True)

    async def _start_child(self) -> None:
        found = find_mosquitto()
        if found is None:
            raise FileNotFoundError("mosquitto is not installed; use --broker embedded")
        plain = ("allow_anonymous true", "persistence false", "log_type error", "set_tcp_nodelay true")
        lines = (f"listener {self.port} {LOOPBACK}", *plain)
        self._config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._child = await asyncio.create_subprocess_exec(
            "sh",
            "-c",
            CHILD,
            "sh",
            found,
            "-c",
            str(self._config),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )

    async def _stop_child(self, child: asyncio.subprocess.Process) -> None:
        if child.stdin is not None:
            child.stdin.close()
        try:
            async with asyncio.timeout(DOWN_WITHIN_S):
                await child.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                child.kill()

    async def _start_embedded(self) -> None:
        while True:
            self._embedded = Embedded()
            try:
                await self._embedded.start(LOOPBACK, self.port)
            except OSError:
                # Somebody has taken the port since it was found free; from the first start on it stays the same.
                if self._has_served or self._moves >= MOST_MOVES:
                    raise
                self._moves += 1
                self.port = free_port()
            else:
                self._has_served = True
                return

    async def _wait_for_answer(self) -> None:
        while True:
            try:
                _, writer = await asyncio.open_connection(LOOPBACK, self.port)
            except OSError:
                await asyncio.sleep(LOOK_S)
            else:
                writer.close()
                return
