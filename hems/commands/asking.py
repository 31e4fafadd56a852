"""How a command talks to the running daemon, and where it finds it."""

import argparse
import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RUN_DIR = Path("/run/hems")


def add_run_dir(parser: argparse.ArgumentParser) -> None:
    """The option that says where the daemon's sockets are."""
    parser.add_argument("--run-dir", type=Path, default=RUN_DIR, metavar="DIR", help="where the daemon's sockets are")


def add_who(parser: argparse.ArgumentParser) -> None:
    """The option that names the person."""
    parser.add_argument("--who", default="", help="your name, for the log")


def ask(run_dir: Path, socket: str, do: str, **values: object) -> Mapping[str, Any]:
    """One request to the daemon.  Raises: HemsError with one sentence."""
    from hems.api.client import Client

    async def asked() -> Mapping[str, Any]:
        """Connect, ask, hang up."""
        async with Client(run_dir / f"{socket}.sock") as client:
            return await client.request(do, **values)

    return asyncio.run(asked())


def print_json(value: object) -> None:
    """For scripts."""
    print(json.dumps(value, indent=2, ensure_ascii=False))
