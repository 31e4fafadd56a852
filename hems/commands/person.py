"""`hems person`: who may operate the building and whose code belongs to which bay."""

import argparse
import os
import sys
from dataclasses import dataclass

from hems.commands.asking import add_run_dir, add_who, ask, print_json, secret
from hems.model.errors import HemsError
from hems.runtime.root_word import left_by_root
from hems.wording.language import N_, say

ROLES = ("operator", "engineer")
WORDS = {"operator": N_("PIN, four to six digits"), "engineer": N_("Passphrase, eight letters or more")}
ROLE_NAMES = {"operator": N_("operator"), "engineer": N_("engineer")}


@dataclass(frozen=True, slots=True)
class Command:
    """`hems person`."""

    help: str = (
        "who has a PIN, a passphrase or the code of a bay; give one, take it away, or as root replace a forgotten one"
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        text = (
            "list; add NAME: give a PIN; remove NAME; code BAY: give its driver a code of four digits; reset NAME: as "
            "root, a new passphrase for an engineer, where nobody knows the old one"
        )
        parser.add_argument("what", choices=("list", "add", "remove", "code", "reset"), help=text)
        parser.add_argument("name", nargs="?", default="", help="the person, or the bay")
        parser.add_argument("--role", choices=ROLES, default="operator", help="for add (default operator)")
        parser.add_argument("--remove", action="store_true", help="with code: take the code away")
        parser.add_argument("--json", action="store_true", help="with list: as data")
        add_run_dir(parser)
        add_who(parser)

    def run(self, args: argparse.Namespace) -> int:
        """List, or ask for a PIN twice and hand it over."""
        if args.what == "list":
            return _list(args)
        if not args.name:
            raise HemsError(say("Say whom: `hems person {what} NAME`.", what=args.what))
        if args.what == "code":
            more = {"remove": True} if args.remove else {"secret": _twice(say("Code, four digits"))}
            ask(args.run_dir, "operate", "code", bay=args.name, who=args.who, **more)
            told = N_("The code of {name} is taken away.") if args.remove else N_("The code of {name} is set.")
            print(say(told, name=args.name))
        elif args.what == "reset":
            _reset(args)
        elif args.what == "remove":
            ask(args.run_dir, "admin", "person", name=args.name, remove=True, who=args.who)
            print(say("{name} has no PIN any more.", name=args.name))
        else:
            new = _twice(say(WORDS[args.role]))
            ask(args.run_dir, "admin", "person", name=args.name, role=args.role, secret=new, who=args.who)
            told = N_("{name} may now act as {role}. From now on HEMS asks for it.")
            print(say(told, name=args.name, role=say(ROLE_NAMES[args.role])))
        return 0


def _reset(args: argparse.Namespace) -> None:
    """Root gives an engineer a new passphrase; HEMS goes on running.  Raises: HemsError."""
    if os.geteuid() != 0:
        raise HemsError(say("hems person reset is for root: type sudo hems person reset {name}.", name=args.name))
    who, new = args.who or os.environ.get("SUDO_USER", "") or "root", _twice(say(WORDS["engineer"]))
    try:
        with left_by_root(args.run_dir) as word:
            ask(args.run_dir, "admin", "person", name=args.name, role="engineer", secret=new, who=who, root=word)
    except OSError as error:
        told = N_("Cannot write in {path}: {why}. Give the directory of HEMS' sockets with --run-dir.")
        raise HemsError(say(told, path=args.run_dir, why=error.strerror or error)) from error
    told = N_("{name} has a new passphrase as engineer; the old one counts no more. HEMS has written this down.")
    print(say(told, name=args.name))


def _list(args: argparse.Namespace) -> int:
    people = ask(args.run_dir, "admin", "people", who=args.who)["people"]
    if args.json:
        print_json(people)
        return 0
    if not any(one["role"] in ROLES for one in people):
        none = N_("Nobody has a PIN: whoever may open the operators' socket may operate. Begin with `hems person add`.")
        print(say(none))
    for one in people:
        bay = one["name"].removeprefix("bay/")
        told = say("{bay}: its driver has a code.", bay=bay)
        print(told if one["role"] == "driver" else f"{one['name']}: {say(ROLE_NAMES.get(one['role'], one['role']))}.")
    return 0


def _twice(what: str) -> str:
    """A new secret, typed twice by a person, once by a script.  Raises: HemsError when the two differ."""
    first = secret(what)
    if sys.stdin.isatty() and secret(say("The same again")) != first:
        raise HemsError(say("The two are not the same. Nothing was changed."))
    return first


COMMAND = Command()
