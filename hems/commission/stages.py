"""The nine stages of putting a building into service, and how far each has come."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hems.commission.steps import Kind, Step, steps
from hems.model.picture import Picture
from hems.model.site import Site
from hems.model.wiring import Wiring
from hems.wording.language import N_, translated


class Stage(StrEnum):
    """In the order in which they are done."""

    SITE = "site"
    DEVICES = "devices"
    READINGS = "readings"
    GROUPS = "groups"
    RELAYS = "relays"
    CARS = "cars"
    ALARMS = "alarms"
    DRILL = "drill"
    SHEET = "sheet"


TITLES: Mapping[Stage, str] = {
    Stage.SITE: N_("Site and clock"),
    Stage.DEVICES: N_("Find devices"),
    Stage.READINGS: N_("Prove each reading"),
    Stage.GROUPS: N_("Circuits and their groups"),
    Stage.RELAYS: N_("Prove each switch and power"),
    Stage.CARS: N_("Cars and what they keep"),
    Stage.ALARMS: N_("Alarms"),
    Stage.DRILL: N_("Rehearse a power cut"),
    Stage.SHEET: N_("Sheet to sign"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One stage as it stands."""

    stage: Stage
    title: str
    done: bool | None
    """None where a person has to judge."""
    told: str
    """How far it has come, in a few words."""


def progress(site: Site, wires: Wiring, proofs: Mapping[str, Any], picture: Picture) -> tuple[Progress, ...]:
    """All stages; `proofs` is the daemon's answer to the request of that name."""
    return tuple(
        Progress(stage=stage, title=translated(TITLES[stage]), done=done, told=told)
        for stage, done, told in _stands(site, wires, proofs, picture)
    )


def steps_of(stage: Stage, site: Site, wires: Wiring) -> tuple[Step, ...]:
    """What is to be proven in a stage."""
    reading = stage is Stage.READINGS
    return tuple(step for step in steps(site, wires) if (step.kind is Kind.READING) is reading)


def _stands(
    site: Site, wires: Wiring, proofs: Mapping[str, Any], picture: Picture
) -> Iterator[tuple[Stage, bool | None, str]]:
    clock = translated(N_("clock checked")) if picture.utc else translated(N_("CLOCK NOT CHECKED"))
    yield Stage.SITE, picture.utc is not None, f"{site.name}, {clock}"
    answering = sum(device.lost_for_s is None for device in picture.devices)
    told = translated(N_("{count} of {all} answer")).format(count=answering, all=len(picture.devices))
    yield Stage.DEVICES, answering == len(picture.devices), told
    yield Stage.READINGS, *_proven(steps_of(Stage.READINGS, site, wires), proofs)
    switchable = sum(circuit.sheddable for circuit in site.circuits)
    told = translated(N_("{all} circuits, {count} can be switched")).format(all=len(site.circuits), count=switchable)
    yield Stage.GROUPS, None, told
    yield Stage.RELAYS, *_proven(steps_of(Stage.RELAYS, site, wires), proofs)
    giving = sum(bay.bidirectional for bay in site.bays)
    told = translated(N_("{all} bays, {count} can give")).format(all=len(site.bays), count=giving)
    yield Stage.CARS, None, told
    standing = len(picture.alarms)
    yield Stage.ALARMS, not standing, translated(N_("{count} stand now")).format(count=standing)
    yield Stage.DRILL, None, translated(N_("switches nothing"))
    missing = [device for device, left in proofs["missing"].items() if left]
    told = translated(N_("{count} devices not proven")).format(count=len(missing))
    yield Stage.SHEET, None, told if missing else translated(N_("everything is proven"))


def _proven(wanted: Sequence[Step], proofs: Mapping[str, Any]) -> tuple[bool, str]:
    states = {one["step"]: one["state"] for one in proofs["steps"]}
    done = sum(states.get(step.id) == "proven" for step in wanted)
    told = translated(N_("{count} of {all} proven")).format(count=done, all=len(wanted))
    return done == len(wanted), told
