"""`python -m hil.emulate --rig FILE --run DIR`: the bench as a process, until it is told to stop."""

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from hems.model.errors import ConfigError
from hems.sim.rig import Rig, load_rig
from hil.emulate.bench import Bench
from hil.emulate.broker import Broker
from hil.emulate.control import Control

EX_CONFIG = 78


def main(argv: Sequence[str] | None = None) -> int:
    """Run a bench; the exit code."""
    given = _parser().parse_args(argv)
    try:
        rig = load_rig(given.rig, given.over)
        asyncio.run(_serve(rig, given))
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return EX_CONFIG
    except (OSError, RuntimeError) as error:
        sys.stderr.write(f"The bench cannot start: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m hil.emulate", description="A building on the wire, in real time.")
    parser.add_argument("--rig", type=Path, required=True, help="the building and its wires (hil/rigs)")
    parser.add_argument("--over", type=json.loads, default={}, metavar="JSON", help="what is different from the rig")
    parser.add_argument("--run", type=Path, required=True, help="directory for ready.json, plant.sock and serial ports")
    parser.add_argument("--broker", choices=("auto", "embedded", "mosquitto", "none"), default="auto")
    parser.add_argument("--gateways", action="store_true", help="serial lines are gateways on loopback")
    parser.add_argument("--seed", type=int, help="another evening than the rig's")
    parser.add_argument(
        "--data",
        type=Path,
        nargs="?",
        const=os.environ.get("HEMS_DATA"),
        help="measured loads and sun from this directory (without a value: from HEMS_DATA)",
    )
    return parser


async def _serve(rig: Rig, given: argparse.Namespace) -> None:
    given.run.mkdir(parents=True, exist_ok=True)
    broker = None if given.broker == "none" else Broker(given.broker, given.run)
    plant = rig.plant(seed=given.seed, data=given.data)
    bench = Bench(plant, rig.devices, given.run, broker, serial=not given.gateways)
    control = Control(bench, given.run / "plant.sock")
    stop = asyncio.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(wanted, stop.set)
    try:
        await control.open()
        await bench.open()
        running = asyncio.create_task(bench.run())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        stopping.cancel()
    finally:
        await control.close()
        await bench.close()


if __name__ == "__main__":
    sys.exit(main())
