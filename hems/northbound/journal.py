"""Every event as an entry of systemd's journal, with fields to search by: `journalctl HEMS_KIND=alarm_raised`.

The journal takes entries as datagrams of `FIELD=value` lines.  Where there is no journal the same fields go to standard
output, one line of JSON for each event.
"""

import json
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hems.api.client import Lost, follow
from hems.model.event import Event, EventKind
from hems.model.picture import Picture
from hems.northbound.latest import names_in
from hems.wording import sentence

JOURNAL = Path("/run/systemd/journal/socket")
CRITICAL, WARNING, NOTICE, INFO = 2, 4, 5, 6
"""Priorities as syslog has them."""
OF_ALARM = {"HIGH": CRITICAL, "MED": WARNING, "LOW": NOTICE}
Fields = Mapping[str, str]


@dataclass(slots=True)
class Names:
    """What the latest picture calls things, and how urgent its alarms are."""

    site: str = ""
    names: dict[str, str] = field(default_factory=dict)
    priorities: dict[str, str] = field(default_factory=dict)

    def learn(self, picture: Picture) -> None:
        """Take them from a picture."""
        self.site = picture.site
        self.names = names_in(picture)
        self.priorities |= {one.key: one.priority for one in (*picture.alarms, *picture.alarms_folded)}


def fields_of(event: Event, names: Names) -> dict[str, str]:
    """The fields of one event."""
    told = {
        "MESSAGE": sentence(event.cause, event.subject, names.names),
        "PRIORITY": str(_priority(event, names)),
        "SYSLOG_IDENTIFIER": "hems-events",
        "HEMS_SITE": names.site,
        "HEMS_KIND": str(event.kind),
        "HEMS_SUBJECT": event.subject,
        "HEMS_CAUSE": str(event.cause.why),
        "HEMS_MONO_S": f"{event.at.mono_s:.3f}",
    }
    if event.at.utc is not None:
        told["HEMS_UTC"] = event.at.utc.isoformat()
    return told | {f"HEMS_{key.upper()}": str(value) for key, value in event.cause.facts.items()}


def _priority(event: Event, names: Names) -> int:
    if event.kind is EventKind.ALARM_RAISED:
        return OF_ALARM.get(names.priorities.get(event.subject, ""), WARNING)
    return NOTICE if event.kind in (EventKind.MODE, EventKind.ALARM_CLEARED, EventKind.REQUEST) else INFO


def entry(fields: Fields) -> bytes:
    """One entry as the journal takes it; a value is kept on one line, so that nobody's text begins a field."""
    return "".join(f"{key}={' '.join(value.split())}\n" for key, value in fields.items()).encode()


def writer(journal: Path = JOURNAL) -> Callable[[Fields], None]:
    """What writes an entry: into the journal where there is one, else to standard output."""
    if not journal.is_socket():
        return lambda fields: print(json.dumps(fields, ensure_ascii=False), flush=True, file=sys.stdout)
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def write(fields: Fields) -> None:
        """One datagram."""
        told.sendto(entry(fields), str(journal))

    return write


async def serve(run_dir: Path, journal: Path = JOURNAL) -> None:
    """Write events until cancelled."""
    write, names = writer(journal), Names()
    async for message in follow(run_dir / "view.sock"):
        match message:
            case Picture():
                names.learn(message)
            case Event():
                write(fields_of(message, names))
            case Lost(reason=reason):
                write({"MESSAGE": reason, "PRIORITY": str(WARNING), "SYSLOG_IDENTIFIER": "hems-events"})
