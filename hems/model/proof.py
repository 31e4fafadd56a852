"""What has been proven about a building, step by step, and by whom."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

from hems.model.site import Site
from hems.model.units import DeviceId
from hems.model.wiring import DeviceSpec, Port, Role, Wiring, circuit_of


class Verdict(StrEnum):
    """How a step ended."""

    PROVEN = "proven"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One step, done once."""

    step: str
    """What was proven: a commanded role such as `circuits/laundry/closed`, or `reading/` and a role that is read."""
    device: DeviceId
    verdict: Verdict
    who: str
    at: str = ""
    """ISO 8601; empty where the clock was not known to be good."""
    basis: str = ""
    """Hash of everything the step rests on: the device, its profile, the point, the phases."""
    before: Mapping[str, float] = field(default_factory=dict)
    after: Mapping[str, float] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproven:
    """A device that was armed without its proofs, and why."""

    device: DeviceId
    reason: str
    who: str
    at: str = ""


def needed(wiring: Wiring) -> dict[DeviceId, tuple[Role, ...]]:
    """The steps without which a device is not armed: everything that is commanded through it."""
    found: dict[DeviceId, tuple[Role, ...]] = {spec.id: () for spec in wiring.devices}
    for role, port in wiring.writes.items():
        found[port.device] = (*found[port.device], role)
    return found


def port_of(step: str, wiring: Wiring) -> Port | None:
    """Where a step happens; None when there is no such step in this building."""
    if step.startswith("reading/"):
        return wiring.reads.get(Role(step.removeprefix("reading/")))
    return wiring.writes.get(Role(step))


def basis_of(step: str, site: Site, wiring: Wiring, spec: DeviceSpec, profile: str) -> str:
    """A hash that changes when a step has to be done again: `profile` is the fingerprint of the device's profile."""
    circuit = circuit_of(Role(step))
    phases = next((one.phases for one in site.circuits if one.id == circuit), ())
    rests_on = (step, str(port_of(step, wiring)), spec.driver, spec.profile, spec.link, sorted(spec.params.items()))
    return sha256(repr((*rests_on, profile, tuple(phases))).encode()).hexdigest()[:16]
