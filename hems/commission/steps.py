"""What there is to prove in a building, in the order in which it is best proven."""

from dataclasses import dataclass
from enum import StrEnum

from hems.model import wiring
from hems.model.site import Circuit, Phase, Site
from hems.model.units import DeviceId, SourceId
from hems.model.wiring import Role, Wiring, circuit_of
from hems.wording import listed, tier_name
from hems.wording.language import N_, say


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
    short: str
    """For a list: what it is about."""
    needed: bool
    """Whether the device cannot be armed without it."""
    circuit: Circuit | None = None
    source: SourceId | None = None


SIGNS = {
    "grid/power_w": N_("taken from the grid (minus: given to it)"),
    "former/": N_("given by the inverter on this phase (minus: taken)"),
    "batteries/": N_("given by the battery (minus: charging)"),
    "pvs/": N_("from the sun"),
    "bays/": N_("given by the car (minus: charging)"),
    "circuits/": N_("drawn by the circuit"),
}
"""What a power with a plus sign means, for comparison with a display."""


def steps(site: Site, wires: Wiring) -> tuple[Step, ...]:
    """Readings first: what is switched is judged by them."""
    readings = [_reading(role, wires) for role in wires.reads if _is_power(role)]
    return (*readings, *(_command(role, site, wires) for role in wires.writes))


def sign_words(role: str) -> str:
    """What a plus means."""
    return next((say(words) for start, words in SIGNS.items() if role.startswith(start)), "")


def phases_of(circuit: Circuit) -> str:
    """`L1` or `L1, L2 and L3`."""
    names = [phase.value for phase in sorted(circuit.phases, key=list(Phase).index)]
    return listed(names)


def _is_power(role: Role) -> bool:
    return role.endswith("_w")


def _reading(role: Role, wires: Wiring) -> Step:
    port = wires.reads[role]
    return Step(
        id=f"reading/{role}",
        device=port.device,
        place=str(port),
        kind=Kind.READING,
        title=say("the sign of {role}", role=role),
        short=role,
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
        short=_short(circuit, source),
        needed=True,
        circuit=circuit,
        source=source,
    )


def _title(kind: Kind, circuit: Circuit | None, source: SourceId | None) -> str:
    if circuit is not None:
        return say(
            "the switch of {name} ({group}, on {phases})",
            name=circuit.name,
            group=tier_name(circuit.tier),
            phases=phases_of(circuit),
        )
    return (
        say("the permission to reconnect") if kind is Kind.PERMIT else say("the set-point of {source}", source=source)
    )


def _short(circuit: Circuit | None, source: SourceId | None) -> str:
    if circuit is not None:
        return circuit.name
    return say("permission to reconnect") if source is None else str(source)
