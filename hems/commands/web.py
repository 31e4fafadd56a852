"""`hems web`: the operator's screen in a browser, on this machine, only to look."""

import argparse
import sys
from dataclasses import dataclass

from hems.commands.asking import add_run_dir
from hems.commands.numbers import whole
from hems.model.errors import HemsError


@dataclass(frozen=True, slots=True)
class Command:
    """`hems web`."""

    help: str = "the operator's screen in a browser, on this machine"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        parser.add_argument("--host", default="localhost", help="where to listen (default localhost)")
        parser.add_argument("--port", type=whole(1, 65535), default=8070, help="default 8070")
        parser.add_argument("--behind-proxy", action="store_true", help="a proxy in front asks for a password")
        parser.add_argument("--public-url", metavar="URL", help="what people type, where a proxy stands in front")
        parser.add_argument("--operate", action="store_true", help="by the operators' door; otherwise nothing changes")
        add_run_dir(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Serve until stopped."""
        try:
            from hems.tui.web import WebScreen, check_host, check_url
        except ImportError as error:
            raise HemsError("The screen in a browser needs the extra web: pip install 'hems[web]'.") from error
        check_host(args.host, behind_proxy=args.behind_proxy)
        check_url(args.public_url)
        door = ("--socket", "operate") if args.operate else ("--readonly",)
        command = (sys.executable, "-m", "hems.cli", "tui", *door, "--run-dir", str(args.run_dir))
        WebScreen(command, host=args.host, port=args.port, public_url=args.public_url).serve()
        return 0


COMMAND = Command()
