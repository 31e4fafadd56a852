"""What is wrong with HEMS itself, as alarms tell it."""

from collections.abc import Mapping
from typing import Protocol

from hems.runtime.act import Actuators
from hems.runtime.fleet import Fleet
from hems.runtime.supervise import Running


class Kept(Protocol):
    """How a file fares in which HEMS keeps something."""

    @property
    def ok(self) -> bool:
        """Whether it can be written."""

    @property
    def why(self) -> str:
        """Why not."""

    @property
    def set_aside(self) -> str:
        """What became of one that was damaged; empty if none was."""


def own_faults(
    files: Mapping[str, Kept], actuators: Actuators, fleet: Fleet, running: Running, *, refused: str = ""
) -> dict[str, str]:
    """Sentences, each by a name that stays the same while it lasts; `refused` is what is wrong with a new site file."""
    faults = {f"{name} set aside": one.set_aside for name, one in files.items() if one.set_aside}
    if actuators.journal_failed:
        faults["state"] = "The journal could not be written: only what is read back is switched on."
    faults |= {name: one.why for name, one in files.items() if not one.ok}
    if refused:
        faults["site file"] = refused
    return faults | fleet.faults() | running.troubles
