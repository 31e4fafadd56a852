"""`hems audit`: who did what, and whether anybody has touched the record of it."""

import argparse
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from hems.commands.asking import print_json
from hems.store.audit_check import Finding, Kept, entries, verified
from hems.wording.language import say, use

STATE_DIR = Path("/var/lib/hems")
FAILED = 3
"""Exit code of `verify` when the audit is not as it was written."""


@dataclass(frozen=True, slots=True)
class Command:
    """`hems audit`."""

    help: str = "who did what, when, from where and why; and whether anybody has touched that record"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        text = "list: every act (default); verify: look at the whole chain, exit code 3 when it is broken"
        parser.add_argument("what", nargs="?", choices=("list", "verify"), default="list", help=text)
        parser.add_argument("--find", default="", metavar="WORD", help="list only what has this word in it")
        parser.add_argument("--head", default="", metavar="N:HASH", help="verify: what an earlier verify told to note")
        parser.add_argument("--site", type=Path, metavar="FILE", help="of the building whose record it is")
        where = f"where state.db is; default: the site's, or {STATE_DIR}"
        parser.add_argument("--state-dir", type=Path, metavar="DIR", help=where)
        parser.add_argument("--json", action="store_true")

    def run(self, args: argparse.Namespace) -> int:
        """Print the acts, or what came of looking at them."""
        directory = _directory(args)
        if args.what == "verify":
            return _verify(verified(directory, args.head), as_json=args.json)
        found = [one for one in entries(directory) if args.find.lower() in line(one).lower()]
        if args.json:
            print_json([_plain(one) for one in found])
            return 0
        for one in found:
            print(line(one))
        if not found:
            print(say("Nothing of that kind.") if args.find else say("Nothing has been asked of HEMS yet."))
        return 0


def _directory(args: argparse.Namespace) -> Path:
    """Where it is kept; a site file also says in which language to tell it.  Raises: ConfigError."""
    if args.site is None:
        return args.state_dir or STATE_DIR
    from hems.app import installed_drivers
    from hems.config.load import load

    file = load(args.site, installed_drivers())
    use(file.site.language)
    return args.state_dir or file.settings.state_dir


def line(kept: Kept) -> str:
    """One act in one line."""
    one = kept.entry
    up = say("{up_s:.0f} s after a start", up_s=kept.at.mono_s)
    when = f"{kept.at.utc.astimezone():%Y-%m-%d %H:%M:%S%z}" if kept.at.utc else up
    known = f" ({', '.join(word for word in (one.role, one.known_by) if word)})" if one.role else ""
    return " ".join([f"{kept.number}", when, f"{one.who}{known}:", *_told(kept)])


def _told(kept: Kept) -> Iterator[str]:
    one = kept.entry
    yield f"{one.action} {one.subject}"
    if one.reason:
        yield say('because "{reason}"', reason=one.reason)
    if one.detail:
        yield one.detail
    if one.origin:
        yield say("from {origin}", origin=one.origin)
    yield f"-> {one.result or say('done')}"


def _plain(kept: Kept) -> dict[str, object]:
    utc = None if kept.at.utc is None else kept.at.utc.isoformat()
    return {"number": kept.number, "utc": utc, "mono_s": kept.at.mono_s, **asdict(kept.entry), "hash": kept.hash}


def _verify(finding: Finding, *, as_json: bool) -> int:
    if as_json:
        print_json(asdict(finding))
    elif finding.problems:
        print(say("THE AUDIT IS NOT AS IT WAS WRITTEN:"))
        for problem in finding.problems:
            print(f"  {problem}")
    else:
        print(say("{count} entries, each as it was written, none missing.", count=finding.entries))
        print(say("Note this, to compare later with --head: {head}", head=finding.head))
    return FAILED if finding.problems else 0


COMMAND = Command()
