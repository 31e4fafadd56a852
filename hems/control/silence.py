"""Devices that fell silent, or come and go, together: what they share has failed, and one alarm is enough."""

from collections import defaultdict
from collections.abc import Mapping
from itertools import groupby

from hems.control.memory.acting import Alarm
from hems.model.snapshot import COMES_AND_GOES, DeviceHealth
from hems.model.units import DeviceId

TOGETHER = 3
"""From so many devices on it is what they hang on."""
GAP_S = 30.0
"""Devices notice after different times that nobody speaks to them; after the one before, each no later than this."""
NETWORK = "network"
SHARED = "shared"
"""Among the facts of a device's alarm: by what it was silenced."""


def shared(devices: Mapping[DeviceId, DeviceHealth], alarms: Mapping[str, Alarm]) -> Mapping[str, tuple[DeviceId, ...]]:
    """Devices that have lost their network, or their line, by its name; a line is a link as in the site file.

    What fell silent with others stays with them until it answers, however many have come back before it.
    """
    by_wire: defaultdict[str, list[DeviceId]] = defaultdict(list)
    for device, health in devices.items():
        if health.lost_since_s is not None:
            by_wire[wire(health.link)].append(device)
    found = {}
    for name, silent in by_wire.items():
        left = {one for one in silent if _was_shared(alarms.get(f"device/{one}"), name)}
        members = left | set(_at_once({one: devices[one].lost_since_s or 0.0 for one in silent}))
        if members:
            found[name] = tuple(sorted(members))
    return found


def unsteady(devices: Mapping[DeviceId, DeviceHealth], name: str) -> tuple[DeviceId, ...]:
    """Devices on a wire that come and go, where they are so many that it is the wire."""
    on_it = {device: one for device, one in devices.items() if wire(one.link) == name}
    found = [one for one, health in on_it.items() if any(alarm.code == COMES_AND_GOES for alarm in health.alarms)]
    return tuple(sorted(found)) if len(found) >= TOGETHER else ()


def wire(link: str) -> str:
    """What a device is reached by: its serial line, or the network for all others."""
    return link if link.startswith("rtu:") else NETWORK


def called(wire: str) -> str:
    """`network`, or `ttyUSB0`."""
    return wire.partition("?")[0].rpartition("/")[2]


def _was_shared(alarm: Alarm | None, name: str) -> bool:
    return alarm is not None and alarm.cause.facts.get(SHARED) == name


def _at_once(since_s: Mapping[DeviceId, float]) -> list[DeviceId]:
    """Those of a run of at least `TOGETHER`, in which each fell silent soon after the one before."""
    ordered = sorted(since_s, key=lambda device: since_s[device])
    runs, run = {}, 0
    for before, device in zip([None, *ordered], ordered, strict=False):
        run += before is not None and since_s[device] > since_s[before] + GAP_S
        runs[device] = run
    members = [list(one) for _, one in groupby(ordered, runs.__getitem__)]
    return [device for one in members if len(one) >= TOGETHER for device in one]
