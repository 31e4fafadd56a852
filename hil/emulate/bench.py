"""The whole bench: a building, its devices on their lines, the broker, and the faults that can be put in between."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pymodbus.simulator import SimDevice

from hems.model.errors import ConfigError
from hems.sim.faults import Says
from hems.sim.plant import Plant
from hil.emulate.broker import Broker
from hil.emulate.building import STEP_S, Building, boot_time_s
from hil.emulate.devices.dse import dse
from hil.emulate.devices.evtec import evtec
from hil.emulate.devices.gateway import Gateway
from hil.emulate.devices.sdm630 import sdm630
from hil.emulate.devices.shelly import Shelly
from hil.emulate.devices.sungrow import sungrow
from hil.emulate.devices.sunspec import sunspec
from hil.emulate.devices.vestel import vestel
from hil.emulate.devices.waveshare import Board, waveshare
from hil.emulate.lines import LOOPBACK, SerialLine, TcpLine
from hil.emulate.real import RealBoard

Table = Mapping[str, Any]
Maker = Callable[[Building, str, Table], SimDevice]

MAKERS: dict[str, Maker] = {
    "eastron-sdm630": sdm630,
    "sungrow-sh": sungrow,
    "sunspec-inverter": sunspec,
    "evtec-bidipro": evtec,
    "vestel-evc04": vestel,
    "dse-genset": dse,
}
RELAY_BOARD, PLUG = "waveshare-relay", "shelly-gen2-switch"
BY_BROKER: Mapping[str, type[Shelly] | type[Gateway]] = {PLUG: Shelly, "grid-limits": Gateway}
"""What talks by way of the broker."""
REBOOT_S = 3.0
ONLINE_WITHIN_S = 10.0
CANCEL_AGAIN_S = 0.3
MASTER_EVERY_S = 1.0
"""How often a second master says what it wants."""


@dataclass
class Device:
    """One emulated device as the bench sees it."""

    name: str
    emulates: str
    powered_from: str
    says: Says = Says.TRUTH
    unpowered: bool = False
    cut_off: bool = False
    """Whether the network between it and the gateway is gone."""
    board: Board | None = None
    real: bool = False
    """Whether it stands on the bench: nothing here speaks for it, and nobody here makes it say anything."""

    @property
    def silent(self) -> bool:
        """Whether it does not answer now."""
        return self.spoken is Says.NOTHING

    @property
    def spoken(self) -> Says:
        """What it answers."""
        return Says.NOTHING if self.unpowered or self.cut_off else self.says


@dataclass
class Bench:
    """Build with a plant, the rig's devices and a directory; then `open`, `run`, `close`."""

    plant: Plant
    tables: Table
    run_dir: Path
    broker: Broker | None
    now_s: Callable[[], float] = boot_time_s
    """The clock it lives by, s; that of the machine unless time is virtual."""
    step_s: float = STEP_S
    serial: bool = True
    """Whether serial lines are lines, or gateways on loopback: the kernel hands a line over in its own time, which a
    clock that jumps does not wait for."""
    devices: dict[str, Device] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.building = Building(self.plant, self.now_s, self.step_s)
        self._lines: list[TcpLine | SerialLine] = []
        self._by_name: dict[str, TcpLine] = {}
        self._posts: list[Shelly | Gateway] = []
        self._real: list[RealBoard] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Put everything on the wire and write `ready.json`.

        Raises: ConfigError for a device the rig describes wrongly; RuntimeError when a port is taken.
        """
        serial: dict[str, list[tuple[str, Table, SimDevice]]] = {}
        for name, table in self.tables.items():
            simulated = self._make(name, table)
            if simulated is None:
                continue
            if "bus" in table:
                serial.setdefault(str(table["bus"]), []).append((name, table, simulated))
            else:
                await self._on_tcp(name, int(table.get("port", 0)), simulated)
        for bus, members in serial.items():
            await self._on_serial(bus, members)
        await self._start_posts()
        self.building.each_round(self._power)
        self._tasks.append(asyncio.create_task(self.building.run(), name="plant"))
        self._tasks += [asyncio.create_task(one.run(), name="a real board") for one in self._real]
        self._write_ready()

    async def run(self) -> None:
        """Until cancelled; a bug in any part ends it."""
        await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        """Off the wire; leaves nothing behind but the journal."""
        await _end(self._tasks)
        for line in self._lines:
            await line.close()
        if self.broker is not None:
            await self.broker.stop()
        (self.run_dir / "ready.json").unlink(missing_ok=True)

    def silence(self, name: str, silent: bool) -> None:
        """Make a device deaf and mute, or end that.  Raises: KeyError when there is no such device."""
        self.say(name, Says.NOTHING if silent else Says.TRUTH)

    def say(self, name: str, says: Says) -> None:
        """Make a device say something else than the truth.

        Raises:
            KeyError: there is no such device.
            ValueError: it is a real one.
        """
        if self.devices[name].real:
            raise ValueError(f"{name} is a real device: do it by hand")
        self.devices[name].says = says
        self.building.note("device", name, says.value)

    def reboot(self, name: str) -> None:
        """Take a device's power for a moment; whoever speaks to it over an old connection after that is refused.

        Raises: KeyError when there is no such device.
        """
        self.silence(name, True)
        self._die(name)
        self.building.lose_power(name)
        asyncio.get_running_loop().call_later(REBOOT_S, self._come_back, name)

    def half_open(self, name: str) -> None:
        """Let a device forget its connections and say nothing of it.  Raises: KeyError when it is not on a network."""
        if name not in self._by_name:
            raise KeyError(name)
        self._die(name)
        self.building.note("device", name, "its connections are half open")

    def reset(self, name: str) -> None:
        """Let a device end its connections with a reset; a serial line has none."""
        for connection in self._by_name[name].connections if name in self._by_name else ():
            connection.reset()

    def partition(self, *, cut: bool) -> None:
        """Between the gateway and all devices on the network; what was open is dead, and reset once they meet again."""
        self.building.note("device", "network", "cut" if cut else "whole")
        for name in self._by_name:
            self._die(name)
            if not cut:
                self.reset(name)
        for device in self.devices.values():
            device.cut_off = cut and (device.name in self._by_name or device.emulates == PLUG)

    def _die(self, name: str) -> None:
        for connection in self._by_name[name].connections if name in self._by_name else ():
            connection.dead = True

    def _come_back(self, name: str) -> None:
        self.reset(name)
        self.silence(name, False)

    def foreign(self, circuit: str, *, closed: bool) -> None:
        """Another master moves a circuit's relay.  Raises: KeyError when no board here has that circuit."""
        boards = (device.board for device in self.devices.values() if device.board is not None)
        board, channel = next(
            ((board, board.channel(circuit)) for board in boards if board.channel(circuit) is not None), (None, None)
        )
        if board is None or channel is None:
            raise KeyError(circuit)
        board.set(channel, closed)

    def second_master(self, source: str, power_w: float, for_s: float) -> None:
        """Another master tells a battery or a charger its power again and again.  Raises: KeyError."""
        self.building.note("setpoint", source, f"another master: {power_w:g} W")
        tell, loop = self.building.obeys[source], asyncio.get_running_loop()
        for again in range(int(for_s / MASTER_EVERY_S) + 1):
            loop.call_later(again * MASTER_EVERY_S, tell, power_w)

    async def ghost(self, circuit: str, *, closed: bool) -> None:
        """Leave a retained command for a circuit's plug with the broker.  Raises: KeyError when it has no plug."""
        plugs = (one for one in self._posts if isinstance(one, Shelly))
        plug = next((one for one in plugs if one.circuit == circuit), None)
        if plug is None or self.broker is None:
            raise KeyError(circuit)
        await plug.haunt(LOOPBACK, self.broker.port, closed=closed)

    def _make(self, name: str, table: Table) -> SimDevice | None:
        """The device of one table; None for those that are not on Modbus."""
        try:
            product = str(table["emulates"])
            device = self.devices[name] = Device(name, product, str(table.get("powered_from", "ups")))
            if "link" in table:
                self._on_the_bench(device, str(table["link"]), table)
                return None
            if product in BY_BROKER:
                self._posts.append(BY_BROKER[product](self.building, name, table, silent=lambda: device.silent))
                return None
            if product == RELAY_BOARD:
                simulated, device.board = waveshare(self.building, name, table)
                return simulated
            return MAKERS[product](self.building, name, table)
        except KeyError as error:
            raise ConfigError((f"device {name}: {error} is missing in the rig or not known to it.",)) from error

    def _on_the_bench(self, device: Device, link: str, table: Table) -> None:
        """A real device in the place of an emulated one; contactors follow the relays of a real board."""
        device.real = True
        self.links[device.name] = link
        if device.emulates != RELAY_BOARD:
            return
        host, _, port = link.removeprefix("tcp://").rpartition(":")
        wires = {str(coil): str(wire) for coil, wire in table.get("coils", {}).items()}
        board = Board(self.building, device.name, wires)
        name, note = device.name, self.building.note
        watch = RealBoard(board, host, int(port), int(table.get("unit_id", 1)), lambda said: note("device", name, said))
        self._real.append(watch)

    async def _on_tcp(self, name: str, port: int, simulated: SimDevice) -> None:
        device = self.devices[name]
        line = TcpLine(simulated, port=port, speech=lambda _: device.spoken)
        self._lines.append(line)
        self._by_name[name] = line
        self.links[name] = await line.open()

    async def _on_serial(self, bus: str, members: list[tuple[str, Table, SimDevice]]) -> None:
        units = {int(table.get("unit_id", 1)): self.devices[name] for name, table, _ in members}
        devices = [simulated for _, _, simulated in members]

        def speech(unit: int) -> Says:
            return units[unit].spoken if unit in units else Says.TRUTH  # noise may name anybody

        line: TcpLine | SerialLine = TcpLine(*devices, port=0, speech=speech, gateway=True)
        if self.serial:
            path, baud = self.run_dir.absolute() / bus, int(members[0][1].get("baud", 9600))
            line = SerialLine(devices, path=path, baud=baud, speech=speech)
        self._lines.append(line)
        link = await line.open()
        self.links |= {name: link for name, _, _ in members}

    async def _start_posts(self) -> None:
        if self.broker is None or not self._posts:
            return
        await self.broker.start()
        for one in self._posts:
            self._tasks.append(asyncio.create_task(one.run(LOOPBACK, self.broker.port), name="behind the broker"))
        async with asyncio.timeout(ONLINE_WITHIN_S):
            await asyncio.gather(*(one.online.wait() for one in self._posts))
        link = f"mqtt://{LOOPBACK}:{self.broker.port}"
        self.links |= {name: link for name, device in self.devices.items() if device.emulates in BY_BROKER}

    def _power(self) -> None:
        """Devices fed from the bus live and die with it."""
        unpowered = not self.building.powers_devices
        for device in self.devices.values():
            if device.powered_from != "bus" or device.unpowered == unpowered:
                continue
            device.unpowered = unpowered
            self.building.note("device", device.name, "unpowered" if unpowered else "powered")
            if unpowered and not device.real:
                self.building.lose_power(device.name)

    def _write_ready(self) -> None:
        """All at once, so that nobody reads half of it."""
        draft = self.run_dir / "ready.json.new"
        broker = None if self.broker is None else self.broker.kind
        draft.write_text(json.dumps({"links": self.links, "broker": broker}, indent=1), encoding="utf-8")
        draft.replace(self.run_dir / "ready.json")


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel until it has worked: `asyncio.wait_for` of Python 3.11, which aiomqtt uses, can swallow a cancellation."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)
