"""`hems tui`: the operator's screen."""

import argparse
import getpass
import os
from dataclasses import dataclass
from pathlib import Path

from hems.commands.asking import add_run_dir, add_who, ask
from hems.model.errors import HemsError

THEMES = ("dark", "light", "mono", "ansi")


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
        add_who(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Show it until somebody leaves; plain lines where no screen can be shown."""
        from hems.tui.app import HemsApp, terminal_fits
        from hems.tui.source import Live, Recording

        if args.replay is not None:
            source: Live | Recording = Recording(args.replay)
        else:
            source = Live(args.run_dir / f"{_door(args)}.sock", args.record)
        if not terminal_fits():
            return _plainly(args)
        colours = args.theme or ("ansi" if os.environ.get("TERM") == "linux" else "dark")
        HemsApp(source, who=args.who or getpass.getuser(), colours=colours, slow=args.slow).run()
        return 0


COMMAND = Command()


def _plainly(args: argparse.Namespace) -> int:
    """What `hems status` says."""
    from hems.model.codec import from_plain
    from hems.model.picture import Picture
    from hems.tui.plain import lines

    if args.replay is not None:
        raise HemsError("A recording needs a terminal that can show a screen; this one cannot.")
    print("\n".join(lines(from_plain(Picture, ask(args.run_dir, "view", "status")))))
    return 0


def _door(args: argparse.Namespace) -> str:
    """The socket to come in by: the one asked for, else the operators' if this person may open it."""
    if args.readonly:
        return "view"
    may_operate = os.access(args.run_dir / "operate.sock", os.R_OK | os.W_OK)
    return args.socket or ("operate" if may_operate else "view")
