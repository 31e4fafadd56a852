"""What a start finds of the run before: devices that may be commanded still, and whose site file it is.

All that is otherwise now is told and kept.
"""

import logging
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from hems.config.site_file import SiteFile
from hems.model.audit import Entry
from hems.model.instant import Instant
from hems.model.proof import Unproven
from hems.model.units import DeviceId
from hems.ports.store import AuditRecords
from hems.runtime.fleet import Fleet

log = logging.getLogger(__name__)


def armings(fleet: Fleet, unproven: Mapping[DeviceId, Unproven], audit: AuditRecords, now: Instant) -> None:
    """Devices are armed as they were, but for those of which anything has changed."""
    for device in fleet.rearm(now):
        why = "the site file, its profile or its proofs have changed"
        log.warning("%s is no longer armed: %s.", device, why)
        audit.add(Entry(who="hems", action="disarm", subject=device, reason=why), now)
    for one in unproven.values():
        log.warning("%s is armed without proof, by %s: %s.", one.device, one.who, one.reason)


def configuration(file: SiteFile, audit: AuditRecords, now: Instant, *, before: str) -> None:
    """A site file that is not the one of the last run was changed by somebody: whose file it is, is all we know."""
    if file.digest == before:
        return
    owner = _owner(file.path)
    was = f"before: {before}" if before else ""
    entry = Entry(who="hems", action="configuration", subject=file.digest, origin=f"{file.path}{owner}", detail=was)
    audit.add(entry, now)


def _owner(path: Path) -> str:
    with suppress(OSError):
        return f" of uid={path.stat().st_uid}"
    return ""
