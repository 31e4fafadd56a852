"""`hems selftest`: whether this version could take over here, tried on copies; and whether it may do so now.

The installer runs it with the new version before anything is switched over.  It writes nothing outside a directory
that is thrown away.
"""

import argparse
import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hems.commands.asking import RUN_DIR, ask
from hems.model.errors import HemsError
from hems.store.kind import STATE

SITE, STATE_DIR = Path("/etc/hems/site.toml"), Path("/var/lib/hems")
NOT_NOW = 2
"""Exit code where it could take over, but must not at this moment."""


@dataclass(frozen=True, slots=True)
class Command:
    """`hems selftest`."""

    help: str = "try on copies whether this version could take over here; --now: whether it may at this moment"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        parser.add_argument("--site", type=Path, default=SITE, metavar="FILE")
        parser.add_argument("--state-dir", type=Path, default=STATE_DIR, metavar="DIR")
        parser.add_argument("--now", action="store_true", help="only ask the running daemon; exit code 2 for not now")
        parser.add_argument("--run-dir", type=Path, default=RUN_DIR, metavar="DIR")

    def run(self, args: argparse.Namespace) -> int:
        """Print one line; raises what is wrong."""
        if args.now:
            return _may_be_stopped(args.run_dir)
        print(f"selftest: {', '.join(_tried(args.site, args.state_dir))}.")
        return 0


COMMAND = Command()


def _may_be_stopped(run_dir: Path) -> int:
    """Whether nobody would miss the daemon for a few seconds."""
    from hems.api.client import NoContact

    try:
        picture = ask(run_dir, "view", "status")
    except NoContact:
        print("HEMS does not run here, so nothing is interrupted.")
        return 0
    reason = needed_because(picture)
    print(reason or "HEMS may be interrupted.")
    return NOT_NOW if reason else 0


def needed_because(picture: Mapping[str, Any]) -> str:
    """Why the daemon must not be interrupted now, in a sentence; empty when it may."""
    if picture["outage_for_s"] is not None:
        return "The building runs on its own power: wait until the grid is back."
    held = [one["name"] for one in picture["circuits"] if one.get("override_who")]
    return f"Somebody keeps {', '.join(held)} by hand: wait until that ends, or hand it back." if held else ""


def _tried(site: Path, state_dir: Path) -> list[str]:
    """What has been found good.  Raises: ConfigError, HemsError."""
    from hems.app import installed_drivers
    from hems.config.load import load
    from hems.runtime.clock import SystemClock

    drivers, found = installed_drivers(), ["program complete"]
    for name in drivers:
        drivers[name].products()
    if not site.exists():
        return [*found, f"no site file at {site} yet"]
    site_file = load(site, drivers)
    with tempfile.TemporaryDirectory(prefix="hems-selftest-") as name:
        copied = _copied(state_dir, Path(name))
        _one_turn(site_file, Path(name), SystemClock(trusted=False))
    return [*found, "site file understood", f"{', '.join(copied) or 'no records'} taken over", "one cycle done"]


def _copied(state_dir: Path, to: Path) -> list[str]:
    """Copies of what would be taken over.  `history.db` may be large, and is begun anew where it does not fit."""
    path = state_dir / STATE.name
    if not path.exists():
        return []
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as source:
            source.execute("VACUUM INTO ?", (str(to / STATE.name),))
    except sqlite3.Error as error:
        raise HemsError(f"{path} cannot be copied: {error}. Look at it with hems audit verify.") from error
    return [STATE.name]


def _one_turn(site_file: Any, directory: Path, clock: Any) -> None:  # noqa: ANN401  (imported only when needed)
    from hems.control.measure import Measure
    from hems.control.tick import tick
    from hems.runtime.survival import first_state
    from hems.store.store import Store
    from hems.store.writer import AtOnce

    now = clock.now()
    store = Store(directory, boot_id="selftest", writer=AtOnce())
    store.start(now)
    health = store.health.state
    if not health.ok or health.set_aside:
        raise HemsError(f"This version cannot take over {STATE.name}: {health.why or health.set_aside}")
    state = first_state(site_file.site, store.left(now), now_s=now.mono_s, failures=0, cut_off=False)
    tick(site_file.site, state, Measure(site_file.site).snapshot({}), site_file.params, now)
    store.stop()
