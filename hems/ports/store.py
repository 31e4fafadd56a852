"""What outlives the daemon, as the runtime sees it: a journal, records of arming, and a history."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from hems.model.audit import Entry
from hems.model.command import Command
from hems.model.event import Event
from hems.model.instant import Instant
from hems.model.people import Person
from hems.model.proof import Proof, Unproven
from hems.model.trend import Trend
from hems.model.units import DeviceId


class Journal(Protocol):
    """The record of what was asked of each actuator."""

    async def commit(self, commands: Sequence[Command], at: Instant) -> None:
        """Back when the commands are on disk.  Raises: StoreError when they could not be written in time."""

    def note(self, commands: Sequence[Command], at: Instant) -> None:
        """Write them beside; never waits, never raises."""


class ArmingRecords(Protocol):
    """Who allowed writing to which device, and for which exact set-up."""

    @property
    def disarmings(self) -> int:
        """How often something was disarmed."""

    def armed(self) -> Mapping[DeviceId, str]:
        """Devices that may be written to, each with the fingerprint it was armed for."""

    async def arm(self, device: DeviceId, hash_: str, *, who: str, at: Instant, disarmings: int | None = None) -> None:
        """Record it, unless there were more than so many `disarmings`.  Raises: StoreError when it is not recorded."""

    def disarm(self, device: DeviceId, *, at: Instant) -> None:
        """Record it beside."""


class AuditRecords(Protocol):
    """Who did what."""

    def add(self, entry: Entry, at: Instant) -> None:
        """Keep it, beside; never waits, never raises."""


class PeopleRecords(Protocol):
    """Hashes of PINs, passphrases and bay codes."""

    def known(self) -> Mapping[str, Person]:
        """Everybody by name."""

    async def set(self, person: Person, *, set_by: str, at: Instant) -> None:
        """Keep a person, in place of an older record of that name.  Raises: StoreError when that fails."""

    async def remove(self, name: str, *, at: Instant) -> None:
        """Forget a person.  Raises: StoreError when that fails."""


class ProofRecords(Protocol):
    """What was proven when the building was put into service.  What writes blocks, and may raise StoreError."""

    def proof(self, step: str) -> Proof | None:
        """The last proof of a step."""

    def seal(self, device: DeviceId) -> str:
        """A hash of all that is recorded of a device."""

    def unproven(self) -> Mapping[DeviceId, Unproven]:
        """Devices that were armed without their proofs."""

    def add(self, proof: Proof) -> None:
        """Record a step in place of an older proof of it."""

    def arm_unproven(self, one: Unproven) -> None:
        """Record that a device was armed without its proofs."""

    def forget_unproven(self, device: DeviceId) -> None:
        """It no longer is."""


class Ring(Protocol):
    """Full inputs of the last minutes, kept around events."""

    def add(self, mono_s: float, text: str, *, outage: bool = False) -> None:
        """Take one tick."""

    def trigger(self, mono_s: float, *, brief: bool = False) -> None:
        """Keep what lies around this instant, and for long after it unless it is `brief`."""


class History(Protocol):
    """What a tick leaves behind; nothing here waits or raises."""

    @property
    def ring(self) -> Ring:
        """Full inputs."""

    def record_samples(self, at: Instant, values: Mapping[str, float | None]) -> None:
        """One tick's values by series."""

    def record_events(self, events: Sequence[Event]) -> None:
        """Events, at once."""

    def save_state(self, blob: str, at: Instant, *, at_once: bool = False) -> None:
        """What the next start needs."""


class Records(Protocol):
    """What was recorded, to be read again; both block and are called in a thread of their own."""

    def trend(self, names: Sequence[str], *, at: Instant, span_s: float, steps: int) -> Trend:
        """The last `span_s` seconds before `at` in even steps.  Raises: StoreError."""

    def export(self, names: Sequence[str], *, at: Instant, span_s: float) -> Path:
        """The same in a file for a spreadsheet.  Raises: StoreError."""
