"""`hems tui`: the operator's screen."""

import argparse
import getpass
import os
import signal
from dataclasses import dataclass
from pathlib import Path

from hems.commands.asking import add_run_dir, add_who, ask, pictured
from hems.model.errors import HemsError, StoreError
from hems.model.picture import Picture
from hems.wording.language import say

STATE_DIR = Path("/var/lib/hems")
THEMES = ("dark", "light", "mono", "ansi")


@dataclass(frozen=True, slots=True)
class KeptFiles:
    """What the daemon has left in its directories."""

    run_dir: Path
    state_dir: Path

    def last(self) -> tuple[Picture, float] | None:
        """Its last picture, and its age by the machine's clock."""
        from hems.runtime.clock import SystemClock
        from hems.store.last import last_picture

        now = SystemClock(trusted=True).now().utc
        try:
            picture, written_s = last_picture(self.run_dir, self.state_dir)
        except StoreError:
            return None
        return picture, 0.0 if now is None else max(0.0, now.timestamp() - written_s)

    def card(self) -> str:
        """The panel card.  Raises: StoreError."""
        from hems.store.last import last_card

        return last_card(self.run_dir, self.state_dir)


@dataclass(frozen=True, slots=True)
class Command:
    """`hems tui`."""

    help: str = "the operator's screen"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        parser.add_argument("--socket", choices=("view", "operate", "admin"), help="default: operate if you may")
        parser.add_argument("--readonly", action="store_true", help="only look: no key changes anything")
        parser.add_argument("--theme", choices=THEMES, help="colours (default dark; ansi on a Linux console)")
        parser.add_argument("--slow", action="store_true", help="for a slow line: draws every 5 s, worse news at once")
        parser.add_argument("--record", type=Path, metavar="FILE", help="also keep what is seen, for --replay")
        parser.add_argument("--replay", type=Path, metavar="FILE", help="show a recording instead of the building")
        add_run_dir(parser)
        parser.add_argument(
            "--state-dir", type=Path, default=STATE_DIR, metavar="DIR", help="where HEMS leaves its last picture"
        )
        add_who(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Show it until somebody leaves; plain lines where no screen can be shown."""
        from hems.tui.app import HemsApp, terminal_fits
        from hems.tui.source import Live, Recording

        if args.replay is not None:
            source: Live | Recording = Recording(args.replay)
        else:
            kept = KeptFiles(args.run_dir, args.state_dir)
            source = Live(args.run_dir / f"{_door(args)}.sock", args.record, kept=kept)
        if not terminal_fits():
            return _plainly(args)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # one that `nohup` had set aside: a screen goes with its terminal
        colours = args.theme or ("ansi" if os.environ.get("TERM") == "linux" else "dark")
        HemsApp(source, who=args.who or getpass.getuser(), colours=colours, slow=args.slow).run()
        return 0


COMMAND = Command()


def _plainly(args: argparse.Namespace) -> int:
    """What `hems status` says."""
    from hems.tui.plain import lines

    if args.replay is not None:
        raise HemsError(say("A recording needs a terminal that can show a screen; this one cannot."))
    print("\n".join(lines(pictured(ask(args.run_dir, "view", "status")))))
    return 0


def _door(args: argparse.Namespace) -> str:
    """The socket to come in by: the one asked for, else the operators' if this person may open it."""
    if args.readonly:
        return "view"
    may_operate = os.access(args.run_dir / "operate.sock", os.R_OK | os.W_OK)
    return args.socket or ("operate" if may_operate else "view")
