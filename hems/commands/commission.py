"""`hems commission`: proving every sign, phase and relay, with a person at the panel.

It asks the running daemon for everything; it may be stopped at any step and goes on there the next time.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import get_terminal_size
from textwrap import fill
from typing import Any

from hems.commands.asking import ask, forget_typed
from hems.commands.paper import hand_out
from hems.commission.engine import Engine, Stopped
from hems.commission.house import Daemon
from hems.commission.steps import Step, steps
from hems.model.errors import HemsError
from hems.model.proof import Verdict

MARKS = {"proven": "proven ", "failed": "FAILED ", "changed": "CHANGED", "open": "open   "}


@dataclass(frozen=True, slots=True)
class Command:
    """`hems commission`."""

    help: str = "prove every sign, phase and relay step by step; needs the running daemon"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        parser.add_argument("what", nargs="*", metavar="DEVICE|STEP", help="only these; default: all that is open")
        parser.add_argument("--site", type=Path, default=Path("/etc/hems/site.toml"), metavar="FILE")
        parser.add_argument(
            "--run-dir",
            type=Path,
            metavar="DIR",
            help="where the daemon's sockets are; default: the site's run_dir",
        )
        parser.add_argument("--who", default="", help="your name, which stands under each result")
        parser.add_argument("--list", action="store_true", help="only show how each step stands")
        parser.add_argument("--again", action="store_true", help="also what has been proven")
        parser.add_argument("--sheet", action="store_true", help="print the sheet to sign, with all that was proven")
        parser.add_argument("--html", type=Path, metavar="FILE", help="with --sheet: write one HTML file instead")
        parser.add_argument("--needed", action="store_true", help="only what a device cannot be armed without")

    def run(self, args: argparse.Namespace) -> int:
        """Walk through the steps, or list them."""
        from hems.app import installed_drivers
        from hems.config.load import load

        site_file = load(args.site, installed_drivers())
        run_dir = args.run_dir or site_file.settings.run_dir
        told = ask(run_dir, "view", "proofs")
        if args.sheet:
            return _sheet(site_file, told, args.html)
        every = steps(site_file.site, site_file.wiring)
        chosen = _chosen(every, args.what)
        if args.list:
            print("\n".join(_listed(chosen, told)))
            return 0
        states = {one["step"]: one["state"] for one in told["steps"]}
        todo = [step for step in chosen if args.again or states.get(step.id) != "proven"]
        todo = [step for step in todo if step.needed or not args.needed]
        if not todo:
            print("Everything of this is proven. With --again it can be done once more.")
            return 0
        if not args.who.strip():
            raise HemsError('Say who proves it: --who "your name"; a name stands under each result.')
        return asyncio.run(_walk(site_file, run_dir, todo, args.who))


COMMAND = Command()


def _sheet(site_file: Any, told: Mapping[str, Any], html: Path | None) -> int:  # noqa: ANN401
    from hems.report.sign_off import sign_off

    return hand_out(sign_off(site_file.site, told, site_file.digest), html)


def _chosen(every: Sequence[Step], what: Sequence[str]) -> list[Step]:
    if not what:
        return list(every)
    found = [step for step in every if step.device in what or step.id in what]
    for word in what:
        if not any(word in (step.device, step.id) for step in every):
            devices = ", ".join(dict.fromkeys(step.device for step in every))
            raise HemsError(f"{word[:60]} is neither a step nor a device with steps; such devices are {devices}.")
    return found


def _listed(chosen: Sequence[Step], told: Mapping[str, Any]) -> Iterator[str]:
    """How each step stands, by device."""
    by_step = {one["step"]: one for one in told["steps"]}
    for device in dict.fromkeys(step.device for step in chosen):
        missing = told["missing"].get(device, [])
        word = "all proven that it needs" if not missing else f"{len(missing)} to prove before it is armed"
        reason = f"; ARMED WITHOUT PROOF: {told['unproven'][device]}" if device in told["unproven"] else ""
        yield f"{device}: {word}{reason}"
        for step in chosen:
            if step.device == device:
                one = by_step[step.id]
                yield f"  {MARKS[one['state']]} {step.id:34} {step.place:24} {_signed(one['proof'])}".rstrip()


def _signed(proof: Mapping[str, Any] | None) -> str:
    if proof is None:
        return ""
    return ", ".join(part for part in (proof["who"], proof["at"][:16].replace("T", " "), proof["note"]) if part)


async def _walk(site_file: Any, run_dir: Path, todo: Sequence[Step], who: str) -> int:  # noqa: ANN401
    from hems.api.client import Client

    terminal = Terminal()
    terminal.tell(f"{len(todo)} steps. Answer with one letter; q stops, and the next time it goes on there.")
    async with Client(run_dir / "admin.sock") as client:
        house = Daemon(client.request, who)
        try:
            ends = await Engine(site_file.site, site_file.wiring, house, terminal).walk(todo)
        except Stopped:
            terminal.tell("Stopped. What is proven is kept.")
            await house.end()
            return 1
        await house.end()
        terminal.tell("")
        missing = (await client.request("proofs"))["missing"]
    ready = [device for device in dict.fromkeys(step.device for step in todo if step.needed) if not missing[device]]
    if ready:
        terminal.tell(f'Proven: {", ".join(ready)}. To let HEMS command: hems arm {" ".join(ready)} --who "{who}"')
    return 0 if all(end is Verdict.PROVEN for end in ends.values()) else 1


class Terminal:
    """Questions on a terminal, in plain lines."""

    def tell(self, text: str) -> None:
        """Print it, without a word broken at the edge."""
        print("\n".join(_fitting(line) for line in text.split("\n")), flush=True)

    async def ask(self, question: str, answers: Mapping[str, str]) -> str:
        """One letter."""
        choice = ", ".join(f"{key} {words}" for key, words in answers.items())
        while True:
            self.tell(f"  {question}")
            forget_typed()
            print(f"  [{choice}, q stop] ", end="", flush=True)
            line = await asyncio.to_thread(sys.stdin.readline)
            said = str(line).strip().lower()[:1]
            if not line or said == "q":
                raise Stopped
            if said in answers:
                return said


def _fitting(line: str) -> str:
    """One line in as many as the terminal needs; a file gets it whole."""
    if not sys.stdout.isatty():
        return line
    indent = " " * (len(line) - len(line.lstrip()))
    return fill(line.strip(), get_terminal_size().columns, initial_indent=indent, subsequent_indent=indent)
