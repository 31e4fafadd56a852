"""What is kept of a request: everything that could change something, also when it was refused; never a PIN."""

import json
from collections.abc import Mapping
from typing import Any

from hems.model.audit import DONE, Entry
from hems.model.people import NEEDED_ROLE, Caller, PersonRole
from hems.ports.clock import Clock
from hems.ports.store import AuditRecords
from hems.runtime.asked.words import words

SILENT = frozenset({"consider", "people", "probed", "prices"})
"""Requests that only look, although they come by a door for people who may do more; and prices, told by no person."""
SECRET = frozenset({"pin", "secret", "code", "session", "confirm", "root"})
ELSEWHERE = frozenset({"who", "reason", "unproven", "note"})
SUBJECTS = ("circuit", "bay", "source", "key", "step", "device", "name", "task")
LONGEST = 400
REFUSALS = 20
"""Refused requests kept each minute: who tries again and again must not wear out the card."""
MINUTE_S = 60.0


class Auditing:
    """Writes requests down."""

    def __init__(self, records: AuditRecords, clock: Clock) -> None:
        self._records = records
        self._clock = clock
        self._since_s = float("-inf")
        self._refused = 0

    def note(
        self, name: str, args: Mapping[str, Any], caller: Caller, origin: str, refused: str = "", subject: str = ""
    ) -> None:
        """Keep one request and what came of it."""
        if name in SILENT or NEEDED_ROLE.get(name, PersonRole.VIEWER) is PersonRole.VIEWER:
            return
        now = self._clock.now()
        if refused and not self._may_keep(now.mono_s):
            return
        entry = Entry(
            who=caller.name,
            role=caller.role,
            known_by="bay code" if name == "car" and args.get("code") else caller.known_by,
            origin=origin,
            action=_action(name, args),
            subject=subject or _subject(args),
            detail=_detail(args),
            reason=words(args, "reason") or words(args, "unproven") or words(args, "note"),
            result=refused or DONE,
        )
        self._records.add(entry, now)

    def _may_keep(self, now_s: float) -> bool:
        if now_s >= self._since_s + MINUTE_S:
            self._since_s, self._refused = now_s, 0
        self._refused += 1
        return self._refused <= REFUSALS


def _action(name: str, args: Mapping[str, Any]) -> str:
    match name:
        case "override":
            return f"override {words(args, 'want')}"
        case "order":
            return f"{words(args, 'task')} {'begins' if args.get('begin') is True else 'ends'}"
        case "prove":
            return f"prove: {words(args, 'verdict')}"
        case "person" | "code" if args.get("remove") is True:
            return f"{name} removed"
    return name


def _subject(args: Mapping[str, Any]) -> str:
    for key in SUBJECTS:
        if args.get(key) and key != "task":
            return words(args, key)
    devices = args.get("devices")
    if isinstance(devices, list):
        return ", ".join(str(one)[:60] for one in devices[:20])
    return str(devices)[:60] if devices else "building"


def _detail(args: Mapping[str, Any]) -> str:
    shown = {key: value for key, value in args.items() if key not in SECRET | ELSEWHERE}
    return json.dumps(shown, sort_keys=True, default=str, ensure_ascii=False)[:LONGEST]
