"""`hems config`: put a new site file in force, see what it changes, and go back; or print what may stand in one."""

import argparse
import asyncio
import difflib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from hems.commands.asking import add_run_dir, add_who, ask, print_json
from hems.commands.selftest import SITE, needed_because
from hems.config.schema import json_schema
from hems.config.versions import Versions
from hems.model.errors import HemsError

BACK_WITHIN_S = 60
"""For the daemon to be there again with the new file."""
DOES = {
    "apply": "check FILE, put it in force and restart HEMS, which holds every device as it is meanwhile",
    "diff": "what FILE, or the version of that number, would change; without either, what the last change was",
    "rollback": "go back to the version of that number, or to the last",
    "versions": "list what is kept",
    "schema": "JSON Schema of the site file, for editors",
}


@dataclass(frozen=True, slots=True)
class Command:
    """`hems config`."""

    help: str = "put a site file in force, compare it, go back to an earlier one; what may stand in it"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        parser.add_argument("what", choices=DOES, help="; ".join(f"{act}: {text}" for act, text in DOES.items()))
        parser.add_argument("file", nargs="?", default="", metavar="FILE|NUMBER")
        parser.add_argument("--site", type=Path, default=SITE, metavar="FILE", help=f"in force; default {SITE}")
        parser.add_argument(
            "--no-restart", action="store_true", help="put the file there; HEMS reads it when it starts"
        )
        parser.add_argument("--force", action="store_true", help="also in a power cut or under an override")
        add_run_dir(parser)
        add_who(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Do it, or raise why not; then nothing has changed."""
        versions = Versions(args.site)
        if args.what == "schema":
            print_json(json_schema())
        elif args.what == "versions":
            _list(versions)
        elif args.what == "diff":
            print("\n".join(_difference(args, versions)) or "The two are the same.")
        else:
            _change(args, versions)
        return 0


COMMAND = Command()


def _list(versions: Versions) -> None:
    for one in versions.kept():
        print(f"{one.number}  in force until {one.replaced.astimezone():%Y-%m-%d %H:%M}  {one.path}")
    print(f"now in force: {versions.site}")


def _difference(args: argparse.Namespace, versions: Versions) -> Iterator[str]:
    """Lines of a unified diff, against what is in force."""
    now = versions.text()
    if not args.file:
        last = versions.version(None)
        old, new = (last.path.read_bytes(), f"version {last.number}"), (now, "in force")
    else:
        old, new = (now, "in force"), _named(args.file, versions)
    before, after = (data.decode("utf-8", "replace").splitlines() for data, _ in (old, new))
    return difflib.unified_diff(before, after, old[1], new[1], lineterm="")


def _named(name: str, versions: Versions) -> tuple[bytes, str]:
    """The bytes of a file, or of a version by its number.  Raises: HemsError."""
    if name.isdecimal():
        return versions.version(int(name)).path.read_bytes(), f"version {name}"
    try:
        return Path(name).read_bytes(), name
    except OSError as error:
        raise HemsError(f"{name} cannot be read ({error.strerror}); give the path of a site file.") from error


def _change(args: argparse.Namespace, versions: Versions) -> None:
    if args.what == "apply":
        if not args.file:
            raise HemsError("Say which file: hems config apply FILE.")
        path = Path(args.file)
    else:
        path = versions.version(_number(args.file)).path
    digest = _believed(path)
    data, before = path.read_bytes(), versions.text()
    if sha256(data).hexdigest() != digest:
        raise HemsError(f"{path} was written to meanwhile. Nothing was changed; do it again.")
    if data == before and not _runs_with_another(args, digest):
        print(f"{versions.site} is this very file. Nothing to do.")
        return
    running = not args.no_restart and _may_restart(args)
    if data != before:
        number = versions.put(data)
        print(f"{versions.site} is in place." + (f" The one before is kept as version {number}." if number else ""))
    if running:
        _restart(args, versions, digest, before)
        print("What was armed for the earlier file is only watched now: hems commission, hems arm.")
    else:
        print(
            "HEMS reads it when it starts. From then on what was armed for the earlier file is only watched: hems arm."
        )


def _number(text: str) -> int | None:
    if text and not text.isdecimal():
        raise HemsError(f"{text} is no number of a version; hems config versions lists them.")
    return int(text) if text else None


def _believed(path: Path) -> str:
    """The digest of a file in which there is no mistake.  Raises: ConfigError with all of them."""
    from hems.app import installed_drivers
    from hems.config.load import load

    site_file = load(path, installed_drivers())
    for notice in site_file.notices:
        print(f"note: {notice}")
    return site_file.digest


def _runs_with_another(args: argparse.Namespace, digest: str) -> bool:
    """Whether HEMS runs with another file than stands there: one written by hand, or by an apply that was cut short."""
    with suppress(HemsError):
        return bool(ask(args.run_dir, "view", "configuration")["digest"] != digest)
    return False


def _may_restart(args: argparse.Namespace) -> bool:
    """Whether HEMS runs.  Raises: HemsError when it must not be interrupted."""
    from hems.api.client import NoContact

    try:
        reason = needed_because(ask(args.run_dir, "view", "status"))
    except NoContact as lost:
        print(f"HEMS does not run here ({lost}); it reads the file when it starts.")
        return False
    if reason and not args.force:
        raise HemsError(f"{reason} Nothing was changed; to do it all the same: --force.")
    return True


def _restart(args: argparse.Namespace, versions: Versions, digest: str, before: bytes) -> None:
    """Have HEMS start anew and use the file; otherwise the file of before is put back.  Raises: HemsError."""
    try:
        ask(args.run_dir, "admin", "stop", hold=True, force=args.force, who=args.who)
    except HemsError as error:
        versions.put(before)
        raise HemsError(f"{error} The file is as it was.") from error
    print("HEMS starts anew; every device stays as it is meanwhile.")
    told = asyncio.run(_back(args))
    if told == digest:
        print("HEMS runs with the new file.")
        return
    what = "HEMS did not come back" if not told else "HEMS does not use it"
    if versions.text() != before:
        versions.put(before)
        what = f"{what}: the file of before is put back"
    raise HemsError(f"{what}; journalctl -u hems says why.")


async def _back(args: argparse.Namespace) -> str:
    """The digest of the file that HEMS uses once it is there again; empty when it did not come back in time."""
    from hems.api.client import Client

    for _ in range(BACK_WITHIN_S):
        await asyncio.sleep(1.0)
        with suppress(HemsError, OSError):
            async with Client(args.run_dir / "view.sock") as client:
                return str((await client.request("configuration"))["digest"])
    return ""
