"""What the world does to the bench, over a Unix socket: one JSON object per line, one reply per line.

    {"do": "fail_grid"}                      {"do": "return_grid"}             {"do": "sag", "pu": 0.8}
    {"do": "unplug", "bay": "bay_1"}         {"do": "plug", "bay": "bay_1", "soc_pct": 55, "capacity_wh": 60000}
    {"do": "silence", "device": "relays"}    {"do": "resume", "device": "relays"}
    {"do": "says", "device": "hybrid", "what": "zeros"}
    {"do": "reboot", "device": "relays"}     {"do": "kill_broker"}             {"do": "start_broker"}
    {"do": "half_open", "device": "relays"}  {"do": "reset", "device": "relays"}    {"do": "partition", "cut": true}
    {"do": "status", "since": 0}

and every other word of `hems.sim.scenario.WORLD`.

`status` tells the truth of the plant and the journal from entry number `since` on, stamped on the boot-time clock.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hems.sim.faults import Says
from hems.sim.scenario import WORLD
from hil.emulate.bench import Bench

Request = Mapping[str, Any]
Reply = dict[str, Any]


class Control:
    """The socket `plant.sock` in the run directory."""

    def __init__(self, bench: Bench, path: Path) -> None:
        self._bench = bench
        self._path = path
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen, for this user only."""
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, self._path)
        self._path.chmod(0o600)

    async def close(self) -> None:
        """Hang up and take the socket away."""
        if self._server is not None:
            self._server.close()
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, line: bytes) -> Reply:
        try:
            request = json.loads(line)
            return {"ok": True, "at_s": self._bench.now_s()} | await self._do(request)
        except (ValueError, TypeError, AttributeError) as error:
            return {"ok": False, "error": f"not understood: {error}"}
        except KeyError as error:
            return {"ok": False, "error": f"unknown or missing: {error}"}

    async def _do(self, request: Request) -> Reply:
        bench = self._bench
        args = {key: value for key, value in request.items() if key != "do"}
        match request["do"]:
            case "status":
                bench.building.catch_up()
                return truth(bench, since=int(request.get("since", 0)))
            case act if act in WORLD:
                what, name = ("car", args["bay"]) if "bay" in args else ("world", act)
                bench.building.act(what, name, str(args) if args else act, lambda: WORLD[act](bench.plant, **args))
            case "silence" | "resume" as act:
                bench.silence(request["device"], act == "silence")
            case "says":
                bench.say(request["device"], Says(request["what"]))
            case "reboot":
                bench.reboot(request["device"])
            case "half_open":
                bench.half_open(request["device"])
            case "reset":
                bench.reset(request["device"])
            case "partition":
                bench.partition(cut=bool(request["cut"]))
            case "foreign":
                bench.foreign(request["circuit"], closed=bool(request["closed"]))
            case "second_master":
                bench.second_master(request["source"], 1000.0 * request["kw"], float(request["for_s"]))
            case "ghost":
                await bench.ghost(request["circuit"], closed=bool(request["closed"]))
            case "kill_broker" | "start_broker" as act:
                await self._broker(start=act == "start_broker")
            case other:
                raise KeyError(other)
        return {}

    async def _broker(self, *, start: bool) -> None:
        broker = self._bench.broker
        if broker is None:
            raise KeyError("broker")
        self._bench.building.note("broker", broker.kind, "starts" if start else "killed")
        await (broker.start() if start else broker.stop())


def truth(bench: Bench, *, since: int = 0) -> Reply:
    """The plant as it is, and what has happened to it."""
    plant = bench.plant
    journal = list(bench.building.journal)
    return {
        "t_s": plant.t_s,
        "grid_pu": plant.grid.present_pu,
        "utility_v": plant.utility_v,
        "utility_hz": plant.utility_hz,
        "tie": plant.tie_position,
        "closed_contact": plant.closed_contact,
        "open_contact": plant.open_contact,
        "permit": plant.permit,
        "paralleled": plant.engine is not None and plant.engine.meets(plant.tie.connects),
        "bus_live": plant.bus_live,
        "bus_v": plant.bus_v,
        "bus_hz": plant.bus_hz,
        "grid_w": plant.grid_w,
        "load_w": plant.load_w,
        "load_phase_w": plant.load_phase_w,
        "former": {
            "stage": plant.former.stage.value,
            "trips": plant.former_trips,
            "dose": plant.overload_dose,
            "phase_w": plant.former_phase_w,
        },
        "generator": None
        if plant.engine is None
        else {"stage": plant.engine.stage.value, "power_w": plant.engine.power_w, "idled_s": plant.engine.idled_s},
        "circuits": {
            name: {"closed": load.closed, "power_w": load.power_w, "stalled": load.stalled}
            for name, load in plant.circuits.items()
        },
        "batteries": {
            name: {"soc_pct": store.soc_pct, "power_w": store.power_w} for name, store in plant.batteries.items()
        },
        "pvs": {name: {"power_w": pv.power_w, "available_w": pv.available_w} for name, pv in plant.pvs.items()},
        "bays": {
            name: {
                "state": bay.state.value,
                "power_w": bay.power_w,
                "soc_pct": None if bay.store is None else bay.store.soc_pct,
                "discharge_ready": bay.discharge_ready,
                "floor_pct": bay.floor,
            }
            for name, bay in plant.bays.items()
        },
        "devices": {name: {"silent": device.silent} for name, device in bench.devices.items()},
        "broker": None if bench.broker is None else {"kind": bench.broker.kind, "alive": bench.broker.alive},
        "history": [asdict(entry) for entry in journal[since:]],
        "next": len(journal),
    }
