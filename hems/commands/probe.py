"""`hems probe`: what answers at a host, on a serial port or behind a broker, as lines for the site file.

Reads only.  A running daemon is asked to look, because it may hold the very link; without one, links are opened here.
"""

import argparse
import asyncio
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from hems.commands.asking import RUN_DIR, add_who
from hems.commands.numbers import number
from hems.model.errors import HemsError
from hems.ports.device import DriverFactory, Found, Held, Sought

BY_ID = Path("/dev/serial/by-id")
WIDTH = 79
AGAIN_S = 0.25
SOCKET = "admin.sock"


@dataclass(frozen=True, slots=True)
class Command:
    """`hems probe`."""

    help: str = "find out what answers at a host, on a serial port or behind a broker; reads only"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        parser.add_argument("kind", choices=("tcp", "rtu", "mqtt"))
        parser.add_argument(
            "place",
            nargs="?",
            metavar="HOST[:PORT]|PORT|BROKER[:PORT]",
            help="for rtu without one: list the serial ports",
        )
        parser.add_argument("--units", default="1-10", metavar="1-10", help="Modbus addresses to try (default: 1-10)")
        parser.add_argument(
            "--listen", type=number(0.1), default=15.0, metavar="SECONDS", help="how long to listen to a broker"
        )
        parser.add_argument("--driver", help="only this one, such as sunspec")
        parser.add_argument("--run-dir", type=Path, default=RUN_DIR, metavar="DIR", help="where a daemon would run")
        add_who(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Look, and print what to paste."""
        from hems.api.client import NoContact
        from hems.app import installed_drivers

        if args.kind == "rtu" and args.place is None:
            return _list_ports()
        sought = _sought(args)
        factories = installed_drivers()
        chosen = _chosen(args.driver, factories)
        print(f"# Looking at {sought.place} ({sought.kind}), reading only.", flush=True)
        try:
            return _shown(sought, asyncio.run(_by_daemon(sought, args)))
        except NoContact as nobody:
            return _shown(sought, _by_ourselves(sought, chosen, factories, args.run_dir, nobody))


COMMAND = Command()


def _chosen(asked: str | None, factories: Mapping[str, DriverFactory]) -> list[str]:
    if asked is not None and asked not in factories:
        raise HemsError(f"There is no driver {asked[:40]}; installed are {', '.join(sorted(factories))}.")
    return [asked] if asked is not None else sorted(factories)


def _sought(args: argparse.Namespace) -> Sought:
    """What the words mean.  Raises: HemsError."""
    if args.place is None:
        raise HemsError(f"Say which host, as in `hems probe {args.kind} 10.0.20.11`.")
    units = _units(args.units)
    if args.kind == "rtu":
        return Sought(kind="rtu", place=_lasting_name(args.place), units=units)
    if args.kind == "mqtt":
        link = args.place if "://" in args.place else f"mqtt://{args.place}"
        return Sought(kind="mqtt", place=link, listen_s=args.listen)
    try:
        parts = urlsplit(f"//{args.place}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host:
        raise HemsError(f"{args.place} is no host; write HOST or HOST:PORT, as in 10.0.20.11:502.")
    return Sought(kind="tcp", place=host, port=port, units=units)


def _units(text: str) -> tuple[int, ...]:
    found: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d{1,3})(?:-(\d{1,3}))?", part.strip())
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if not 0 <= first <= last <= 255:
            raise HemsError(f"--units {text}: write addresses from 0 to 255, as in 1-10 or 1,5,247.")
        found += range(first, last + 1)
    return tuple(dict.fromkeys(found))


def _lasting_name(port: str) -> str:
    """The name of a serial port that stays the same when the plugs change places, where it has one."""
    path = Path(port)
    if not path.exists():
        have = [str(one) for one in _ports()] or ["none"]
        raise HemsError(f"There is no serial port {port}; there are: {', '.join(have)}.")
    same = (one for one in _ports() if one.resolve() == path.resolve())
    return str(next(same, path))


def _ports() -> list[Path]:
    return sorted(BY_ID.iterdir()) if BY_ID.is_dir() else []


def _list_ports() -> int:
    ports = _ports()
    if not ports:
        print(f"No serial adapter is plugged in: {BY_ID} is empty. For another port give its path.")
        return 1
    print("Serial ports by the name that stays the same:")
    for port in ports:
        print(f"  hems probe rtu {port}    ({port.resolve()})")
    return 0


def _by_ourselves(
    sought: Sought, chosen: Sequence[str], factories: Mapping[str, DriverFactory], run_dir: Path, nobody: HemsError
) -> list[Found]:
    """Without a daemon, and never beside one: `nobody` says why none was reached.  Raises: HemsError."""
    from hems.runtime.process import sole_instance

    if not run_dir.is_dir():  # no daemon has ever run here, and a probe makes no directories
        return asyncio.run(_looked(sought, chosen, factories))
    with ExitStack() as alone:
        try:
            alone.enter_context(sole_instance(run_dir))
        except HemsError as held:
            raise (nobody if (run_dir / SOCKET).exists() else held) from held
        return asyncio.run(_looked(sought, chosen, factories))


async def _looked(sought: Sought, drivers: Sequence[str], factories: Mapping[str, DriverFactory]) -> list[Found]:
    """Over links of our own."""
    return [one for name in drivers async for one in factories[name].probe(sought, _tell, Held())]


async def _by_daemon(sought: Sought, args: argparse.Namespace) -> list[Found]:
    """The running daemon looks; its progress is shown as it comes.  Raises: HemsError."""
    from hems.api.client import Client
    from hems.model.codec import from_plain

    wanted = {"kind": sought.kind, "place": sought.place, "units": list(sought.units), "listen_s": sought.listen_s}
    wanted |= {key: value for key, value in (("port", sought.port), ("driver", args.driver)) if value is not None}
    async with Client(args.run_dir / SOCKET) as client:
        _tell("HEMS runs here and looks by itself, after everything else that it has to do: this takes longer.")
        number, heard = (await client.request("probe", who=args.who, **wanted))["search"], 0
        while True:
            told = await client.request("probed", search=number, after=heard)
            for text in told["said"]:
                _tell(text)
            heard += len(told["said"])
            if told["done"]:
                break
            await asyncio.sleep(AGAIN_S)
    if told["trouble"]:
        raise HemsError(told["trouble"])
    return [from_plain(Found, one) for one in told["found"]]


def _shown(sought: Sought, found: Sequence[Found]) -> int:
    _tell("")
    proposed = [one for one in found if one.profile]
    met = [f"{one.place or one.link}: {one.told}." for one in found if not one.profile]
    if not proposed:
        print(f"Nothing at {sought.place} says what it is. {' '.join(met) or _advice(sought)}")
        return 1
    print("\n".join([*_proposals(proposed), *(f"# {one}" for one in met)]))
    return 0


def _advice(sought: Sought) -> str:
    match sought.kind:
        case "rtu":
            return "Check the wires A and B, the termination and the address shown on the device; try --units 1-247."
        case "tcp":
            return "Check the address, that Modbus TCP is switched on in the device, and that nothing else polls it."
        case _:
            return "Check that the devices are connected to this broker; some speak only when something changes."


def _tell(text: str) -> None:
    """Progress, on one line that overwrites itself on a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{text[:WIDTH]:{WIDTH}}\r" if not text else f"\r{text[:WIDTH]:{WIDTH}}")
        sys.stderr.flush()
    elif text:
        print(text, file=sys.stderr)


def _proposals(found: Sequence[Found]) -> Iterator[str]:
    """Lines to paste; several proposals for one place are alternatives."""
    sure = sum(one.sure for one in found)
    yield f"# Proposals: {len(found)}, of which certain: {sure}. Paste what is right into the site file and rename it."
    places: dict[tuple[str, str], str] = {}
    numbers: dict[str, int] = {}
    for one in found:
        place = (one.link, one.place)
        if place not in places:
            numbers[one.class_] = numbers.get(one.class_, 0) + 1
            places[place] = f"{one.class_}_{numbers[one.class_]}"
            yield ""
            yield from _table(places[place], one)
        else:
            yield ""
            yield f"# Or, at the same place (compare with the label on the device): {one.title}"
            lines = list(_table(places[place], one))
            yield from (f"# {line}" for line in (lines[0], *lines[2:]))


def _table(name: str, one: Found) -> Iterator[str]:
    doubt = "" if one.sure else "Its values fit; compare with the label. "
    told = f"It says: {one.told}." if one.told else ""
    yield f"[devices.{name}]"
    yield f"# {one.title}. {doubt}{told}".rstrip()
    yield f"driver = {json.dumps(one.driver)}"
    yield f"profile = {json.dumps(one.profile)}"
    yield f"link = {json.dumps(one.link)}"
    if one.params or one.open_params:
        pairs = [f"{key} = {json.dumps(value)}" for key, value in one.params.items()]
        yield f"params = {{ {', '.join(pairs)} }}" if pairs else "params = { }"
    for key, about in one.open_params.items():
        yield f"# params also needs {key}: {about}"
