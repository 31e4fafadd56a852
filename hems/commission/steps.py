"""What there is to prove in a building, in the order in which it is best proven."""

from dataclasses import dataclass
from enum import StrEnum

from hems.model import wiring
from hems.model.site import Circuit, Phase, Site
from hems.model.units import DeviceId, SourceId
from hems.model.wiring import Role, Wiring, circuit_of
from hems.wording import tier_name


class Kind(StrEnum):
    """How a step is done."""

    READING = "reading"
    """A person compares it with the device's own display."""
    RELAY = "relay"
    """Opened for a moment: what fell, and on which phase?"""
    PERMIT = "permit"
    """Looked at by a person: nothing is switched."""
    SETPOINT = "setpoint"
    """A small power for a moment: does it flow, and in the right direction?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to prove."""

    id: str
    """As in the record: a commanded role, or `reading/` and a role."""
    device: DeviceId
    place: str
    """Device and point, as in the site file."""
    kind: Kind
    title: str
    needed: bool
    """Whether the device cannot be armed without it."""
    circuit: Circuit | None = None
    source: SourceId | None = None


SIGNS = {
    "grid/power_w": "taken from the grid (minus: given to it)",
    "former/": "given by the inverter on this phase (minus: taken)",
    "batteries/": "given by the battery (minus: charging)",
    "pvs/": "from the sun",
    "bays/": "given by the car (minus: charging)",
    "circuits/": "drawn by the circuit",
}
"""What a power with a plus sign means, for comparison with a display."""


def steps(site: Site, wires: Wiring) -> tuple[Step, ...]:
    """Readings first: what is switched is judged by them."""
    readings = [_reading(role, wires) for role in wires.reads if _is_power(role)]
    return (*readings, *(_command(role, site, wires) for role in wires.writes))


def sign_words(role: str) -> str:
    """What a plus means."""
    return next((words for start, words in SIGNS.items() if role.startswith(start)), "")


def phases_of(circuit: Circuit) -> str:
    """`L1` or `L1, L2 and L3`."""
    names = [phase.value for phase in sorted(circuit.phases, key=list(Phase).index)]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _is_power(role: Role) -> bool:
    return role.endswith("_w")


def _reading(role: Role, wires: Wiring) -> Step:
    port = wires.reads[role]
    return Step(
        id=f"reading/{role}",
        device=port.device,
        place=str(port),
        kind=Kind.READING,
        title=f"the sign of {role}",
        needed=False,
    )


def _command(role: Role, site: Site, wires: Wiring) -> Step:
    port = wires.writes[role]
    circuit = next((one for one in site.circuits if one.id == circuit_of(role)), None)
    kind = Kind.PERMIT if role == wiring.TIE_PERMIT else Kind.SETPOINT if circuit is None else Kind.RELAY
    source = SourceId(role.split("/")[1]) if kind is Kind.SETPOINT else None
    return Step(
        id=role,
        device=port.device,
        place=str(port),
        kind=kind,
        title=_title(kind, circuit, source),
        needed=True,
        circuit=circuit,
        source=source,
    )


def _title(kind: Kind, circuit: Circuit | None, source: SourceId | None) -> str:
    if circuit is not None:
        return f"the switch of {circuit.name} ({tier_name(circuit.tier).lower()}, on {phases_of(circuit)})"
    return "the permission to reconnect" if kind is Kind.PERMIT else f"the set-point of {source}"
