"""Commands that look at the running daemon, or tell it plain things: what it may command, what was seen, to stop."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hems.commands.asking import add_run_dir, add_who, ask, columns, pictured, print_json
from hems.commands.numbers import number
from hems.model.errors import HemsError, StoreError
from hems.wording.language import N_, say

GONE = N_("Circuits stay as they are; use the hand switches in the panel, the least important circuits first.")
AXES = {"grid": N_("Grid"), "tie": N_("Grid switch"), "bus": N_("Building")}
"""What witnesses tell about, at the head of a line."""
LEAST_WATCH_S = 0.1
"""Who looks again and again leaves the daemon its time."""


def add(command: Callable[..., argparse.ArgumentParser]) -> None:
    """All of them, each by `command`, which takes its name, what it does and what it is for."""
    status = command("status", _status, "what is going on, in plain lines")
    status.add_argument("--json", action="store_true")
    status.add_argument("--watch", type=number(LEAST_WATCH_S), metavar="SECONDS", help="again and again")
    where = "where the last picture is, without HEMS"
    status.add_argument("--state-dir", type=Path, default=Path("/var/lib/hems"), metavar="DIR", help=where)
    why = command("why", _why, "which witness says what, and which rule holds")
    why.add_argument("--json", action="store_true")
    log = command("log", _log, "what has happened since the start")
    log.add_argument("--json", action="store_true")
    log.add_argument("--state-dir", type=Path, metavar="DIR", help="all that was recorded there, also without HEMS")
    acknowledge = command("acknowledge", _acknowledge, "somebody has looked into a contradiction")
    arm = command("arm", _arm, "allow writing to devices")
    arm.add_argument("devices", nargs="*", help="default: all")
    arm.add_argument(
        "--unproven", default="", metavar="REASON", help="although it is not proven; the reason is recorded"
    )
    disarm = command("disarm", _disarm, "forbid writing to devices")
    disarm.add_argument("devices", nargs="*", help="default: all")
    as_it_is = "send nothing any more, not even what hands a device back, and say what it goes on with"
    disarm.add_argument("--as-it-is", action="store_true", help=as_it_is)
    stop = command("stop", _stop, "end the daemon in good order")
    stop.add_argument("--hold", action="store_true", help="leave every device as it is, for a restart")
    stop.add_argument("--force", action="store_true", help="also in an outage")
    for one in (status, why, log, acknowledge, arm, disarm, stop):
        add_run_dir(one)
    for one in (acknowledge, arm, disarm, stop):
        add_who(one)


def _ask(args: argparse.Namespace, socket: str, do: str, **values: object) -> Mapping[str, Any]:
    """One request to the daemon.  Raises: HemsError with one sentence."""
    return ask(args.run_dir, socket, do, **values)


def _status(args: argparse.Namespace) -> int:
    from hems.api.client import NoContact
    from hems.tui.plain import lines

    while True:
        try:
            answer = _ask(args, "view", "status")
        except NoContact as lost:
            if args.watch is None:
                return _old_status(args, lost)
            print(lost, file=sys.stderr, flush=True)
            asyncio.run(asyncio.sleep(args.watch))
            continue
        if args.json:
            print_json(answer)
        else:
            print("\n".join(lines(pictured(answer), columns())), flush=True)
        if args.watch is None:
            return 0
        asyncio.run(asyncio.sleep(args.watch))
        print()


def _old_status(args: argparse.Namespace, lost: HemsError) -> int:
    """Without the daemon: its last picture, clearly old, and what to do.  Raises: HemsError when there is none."""
    from hems.model.codec import to_plain
    from hems.runtime.clock import SystemClock
    from hems.store.last import last_picture
    from hems.tui.plain import old_lines
    from hems.wording.language import use

    now = SystemClock(trusted=True).now().utc
    assert now is not None
    try:
        picture, written_s = last_picture(args.run_dir, args.state_dir)
        use(picture.language)
    except StoreError as nothing:
        raise HemsError(f"{lost} {nothing} {say(GONE)}") from nothing
    age_s = max(0.0, now.timestamp() - written_s)
    if args.json:
        print_json({"old": True, "age_s": round(age_s, 1), "reason": str(lost), "picture": to_plain(picture)})
    else:
        written = datetime.fromtimestamp(written_s, UTC).astimezone()
        print("\n".join(old_lines(picture, str(lost), written, age_s, columns())))
    return 1


def _why(args: argparse.Namespace) -> int:
    from hems.model.cause import Cause
    from hems.model.codec import from_plain
    from hems.wording import axis_words, duration, mode_words, sentence, witness_name, witness_words

    answer = _ask(args, "view", "why")
    if args.json:
        print_json(answer)
        return 0
    print(say("{mode}, for {time}.", mode=mode_words(answer["mode"]), time=duration(answer["mode_for_s"])))
    print(sentence(from_plain(Cause, answer["mode_because"])))
    axes = {axis: axis_words(axis, answer[axis]) for axis in ("grid", "tie", "bus")}
    print(say("Grid: {grid}. Grid switch: {tie}. Building's supply: {bus}.", **axes))
    for witness in answer["witnesses"]:
        age_s, says = witness["age_s"], witness_words(witness["axis"], witness["says"])
        age = say("never") if age_s is None else say("{age_s:.1f} s ago", age_s=age_s)
        print(f"  {say(AXES[witness['axis']]):12} {witness_name(witness['name']):20} {says:15} {age}")
    return 0


def _log(args: argparse.Namespace) -> int:
    from hems.model.codec import from_plain
    from hems.model.event import Event
    from hems.report import timeline_line

    if args.state_dir is not None:
        return _all_log(args)
    events = _ask(args, "view", "events")["events"]
    if args.json:
        print_json(events)
        return 0
    told = [from_plain(Event, event) for event in events]
    names = {f"circuits/{one['id']}": one["name"] for one in _ask(args, "view", "status")["circuits"]}
    for event in told:
        print(timeline_line(event, told[0].at.mono_s, names))
    return 0


def _all_log(args: argparse.Namespace) -> int:
    """Every recorded event, with its time of day; needs no daemon."""
    from hems.model.codec import to_plain
    from hems.report.timeline import tag, told
    from hems.store.reader import events

    kept = events(args.state_dir)
    if args.json:
        print_json([to_plain(event) for event in kept])
        return 0
    for event in kept:
        utc = event.at.utc
        when = say("{up_s:.0f} s up", up_s=event.at.mono_s) if utc is None else f"{utc.astimezone():%Y-%m-%d %H:%M:%S}"
        print(f"{when}  {tag(event)}  {told(event, {})}")
    return 0


def _acknowledge(args: argparse.Namespace) -> int:
    _ask(args, "operate", "acknowledge", who=args.who)
    print(say("Noted. HEMS starts over once the contradiction has been gone for a while."))
    return 0


def _arm(args: argparse.Namespace) -> int:
    asked = {"devices": args.devices or "all", "who": args.who, "unproven": args.unproven}
    answer = _ask(args, "admin", "arm", **asked)
    print(say("HEMS may now command: {devices}.", devices=", ".join(answer["armed"])))
    if answer["unproven"]:
        print(say("Without proof, which is recorded: {devices}.", devices=", ".join(answer["unproven"])))
    return 0


def _disarm(args: argparse.Namespace) -> int:
    asked = {"devices": args.devices or "all", "as_it_is": args.as_it_is}
    answer = _ask(args, "admin", "disarm", **asked, who=args.who)
    print(say("HEMS now only watches: {devices}.", devices=", ".join(answer["disarmed"])))
    for line in answer["goes_on"]:
        print(line)
    return 0


def _stop(args: argparse.Namespace) -> int:
    _ask(args, "admin", "stop", hold=args.hold, force=args.force, who=args.who)
    print(say("HEMS is stopping."))
    return 0
