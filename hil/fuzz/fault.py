"""One thing that goes wrong, and where: what there is to break, and when it breaks."""

from dataclasses import dataclass
from random import Random
from typing import Any

from hems.config.site_file import SiteFile
from hems.model.units import CircuitId
from hems.model.wiring import circuit_closed
from hems.sim.rig import Rig
from hems.sim.scenario import WorldAct

FAULTS_END_S = 600.0
"""By then everything that breaks has been mended."""
SOONEST_S = 2.0
SHORTEST_S, LONGEST_S = 2.0, 240.0
RESTS_S = 60.0
"""For so long after a fault is mended its consequences may still come."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that begins and, mostly, ends: the acts that belong together."""

    acts: tuple[WorldAct, ...]
    hinders: bool = False
    """Whether hems may be unable to see, or to switch, what it would have to meanwhile."""
    lasts_s: float = 0.0
    """How much longer it goes on than its last act."""
    own: bool = False
    """Whether a trip meanwhile is the island's own affair: what made it has gone, or wants what nobody can switch."""

    @property
    def window(self) -> tuple[float, float]:
        """From when to when what happens may be its consequence."""
        return (self.acts[0].t_s, self.acts[-1].t_s + self.lasts_s + RESTS_S)


@dataclass(frozen=True, slots=True)
class Scene:
    """What there is to break."""

    rng: Random
    file: SiteFile
    rig: Rig

    @property
    def devices(self) -> list[str]:
        """Every device on the wire."""
        return sorted(str(spec.id) for spec in self.file.wiring.devices)

    @property
    def networked(self) -> list[str]:
        """Those that speak over a connection of their own."""
        return sorted(str(spec.id) for spec in self.file.wiring.devices if spec.link.startswith("tcp:"))

    @property
    def switched(self) -> list[str]:
        """Circuits that hems has a switch for."""
        return sorted(str(circuit.id) for circuit in self.file.site.circuits if circuit.sheddable)

    @property
    def plugs(self) -> list[str]:
        """Circuits behind a broker."""
        mqtt = {spec.id for spec in self.file.wiring.devices if spec.driver == "mqtt"}
        ports = {name: self.file.wiring.writes.get(circuit_closed(CircuitId(name))) for name in self.switched}
        return [name for name, port in ports.items() if port is not None and port.device in mqtt]

    @property
    def bays(self) -> list[str]:
        """Where cars stand."""
        return sorted(str(bay) for bay in self.rig.start.cars)

    def span(self) -> tuple[float, float]:
        """When a fault begins and ends, rounded to what a file shows."""
        begins_s = self.rng.uniform(SOONEST_S, FAULTS_END_S - LONGEST_S)
        lasts_s = min(LONGEST_S, max(SHORTEST_S, self.rng.expovariate(1.0 / 50.0)))
        return round(begins_s, 1), round(begins_s + lasts_s, 1)


def act(t_s: float, do: str, **args: Any) -> WorldAct:  # noqa: ANN401 whatever the act takes
    """One of those that a fault is made of."""
    return WorldAct(t_s=t_s, do=do, args=args)
