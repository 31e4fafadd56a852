"""Which steps have been proven for this building as it is set up now, and which are still open."""

from collections.abc import Mapping

from hems.model.proof import Proof, Verdict, basis_of, needed, port_of
from hems.model.site import Site
from hems.model.units import DeviceId
from hems.model.wiring import DeviceSpec, Role, Wiring
from hems.ports.store import ProofRecords


class Proving:
    """Judges the record against the site: a proof counts only for what it was made on."""

    def __init__(self, site: Site, wiring: Wiring, profiles: Mapping[DeviceId, str], record: ProofRecords) -> None:
        self.record = record
        self._site = site
        self._wiring = wiring
        self._profiles = profiles
        """Fingerprint of each device's profile."""
        self._specs: Mapping[DeviceId, DeviceSpec] = {spec.id: spec for spec in wiring.devices}
        self._needed = needed(wiring)

    def steps(self) -> tuple[str, ...]:
        """Everything that can be proven here."""
        readings = (f"reading/{role}" for role in self._wiring.reads)
        return (*self._wiring.writes, *readings)

    def device_of(self, step: str) -> DeviceId | None:
        """The device a step proves something about; None when there is no such step."""
        port = port_of(step, self._wiring)
        return None if port is None else port.device

    def basis(self, step: str, device: DeviceId) -> str:
        """What a step rests on, as it is now."""
        return basis_of(step, self._site, self._wiring, self._specs[device], self._profiles[device])

    def state_of(self, step: str) -> str:
        """`proven`, `failed`, `changed` (proven once, on something else) or `open`."""
        proof, device = self.record.proof(step), self.device_of(step)
        if proof is None or device is None:
            return "open"
        return proof.verdict if proof.basis == self.basis(step, device) else "changed"

    def missing(self, device: DeviceId) -> tuple[Role, ...]:
        """Steps that must be proven before a device is armed."""
        return tuple(role for role in self._needed[device] if self.state_of(role) != Verdict.PROVEN)

    def seal(self, device: DeviceId) -> str:
        """Changes with every change of what is recorded of a device."""
        return self.record.seal(device)

    def shown(self, step: str) -> Proof | None:
        """The last proof of a step, whatever it rests on."""
        return self.record.proof(step)
