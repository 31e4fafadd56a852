"""The command line.  Everything a screen can do can be done here in plain lines, for a script or a screen reader."""

import argparse
import gc
import io
import logging
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points, version
from pathlib import Path

from hems.commands import client
from hems.model.errors import ConfigError, HemsError

EX_CONFIG = 78
"""sysexits.h: something is wrong with the configuration."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say; the exit code is 0 only if it was done."""
    words = _language_first(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # better a ? than no answer, where the terminal knows no umlaut
    args = _parser(words).parse_args(words)
    if args.lang:
        os.environ["LANGUAGE"] = args.lang
    try:
        code = int(args.act(args))
        sys.stdout.flush()
        return code
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return EX_CONFIG
    except HemsError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read our output has seen enough; what is buffered must not be tried again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


def _language_first(words: Sequence[str]) -> Sequence[str]:
    """`--lang de` may stand anywhere: nobody remembers that it is not the command's own."""
    place = next((n for n, word in enumerate(words) if word == "--lang" or word.startswith("--lang=")), 0)
    length = 2 if place and words[place] == "--lang" else 1
    return [*words[place : place + length], *words[:place], *words[place + length :]]


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hems", description="Keeps a building powered when the grid fails.")
    parser.add_argument("--version", action="version", version=f"hems {version('hems')}")
    parser.add_argument("--lang", metavar="LANGUAGE", help="such as de; default: that of your login (LANGUAGE, LANG)")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, act: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        """Add one subcommand."""
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(act=act)
        return added

    run = command("run", _run, "run the daemon for one site")
    run.add_argument("--site", type=Path, default=Path("/etc/hems/site.toml"), metavar="FILE")
    run.add_argument(
        "--last-good", type=Path, metavar="FILE", help="keep here the last site file that ran, for when it is spoilt"
    )
    run.add_argument(
        "--trust-clock", action="store_true", help="the wall clock is right: a battery-backed clock is fitted"
    )
    client.add(command)
    replay = command("replay", _replay, "ask today's code what it would have done with what was recorded")
    replay.add_argument("--site", type=Path, required=True, metavar="FILE")
    replay.add_argument("--state-dir", type=Path, metavar="DIR", help="where the records are; default: the site's")
    named = (word for word, before in zip(words, ("", *words), strict=False) if before != "--lang")
    asked = next((word for word in named if not word.startswith("-")), None)
    if asked not in commands.choices:  # the daemon needs none of what is plugged in
        _plugged_in(command, asked)
    return parser


def _plugged_in(command: Callable[..., argparse.ArgumentParser], asked: str | None) -> None:
    """Commands that are modules of their own; one that cannot be loaded is listed and says why when it is called.

    Only the one that is asked for is loaded; all of them when the list of commands may be.
    """
    entries = {entry.name: entry for entry in entry_points(group="hems.commands")}
    for name, entry in sorted(entries.items() if asked not in entries else [(asked, entries[asked])]):
        try:
            plugged = entry.load()
        except ImportError as error:
            reason = f"{name} cannot be loaded: {error}. Install what it needs."
            command(name, lambda _, reason=reason: _refuse(reason), "not available here")
            continue
        parser = command(name, plugged.run, plugged.help)
        plugged.add_arguments(parser)


def _refuse(reason: str) -> int:
    raise HemsError(reason)


def _run(args: argparse.Namespace) -> int:
    gc.disable()  # what a start makes is there to stay; `service` has garbage looked for once it runs
    from hems.runtime.installed import InstalledDrivers
    from hems.starting import begun

    drivers = InstalledDrivers()
    read = begun(args.site, args.last_good, drivers)  # beside this process, while it imports the rest
    from hems import service
    from hems.runtime.clock import SystemClock
    from hems.runtime.log import begin

    site_file, card = read()
    begin(site_file.settings.log_level)
    for notice in site_file.notices:
        logging.getLogger("hems").warning("%s", notice)
    clock = SystemClock(trusted=args.trust_clock)
    return service.run(site_file, drivers, clock=clock, last_good=args.last_good, card=card)


def _replay(args: argparse.Namespace) -> int:
    from hems.app import installed_drivers
    from hems.config.load import load
    from hems.control.frame import replayed
    from hems.store.reader import frames

    site_file = load(args.site, installed_drivers())
    directory = args.state_dir or site_file.settings.state_dir
    seen = list(replayed(frames(directory), site_file.site, site_file.params))
    differences = [one for one in seen if one is not None]
    for one in differences:
        print(f"at {one.at.mono_s:.1f} s: was {one.was[0]} {dict(one.was[1])}, today {one.now[0]} {dict(one.now[1])}")
    print(f"{len(seen)} ticks replayed, {len(differences)} decided otherwise.")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
