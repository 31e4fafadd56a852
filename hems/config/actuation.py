"""How long a command takes at worst on each link, what is too slow for it, and what the overload logic makes of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf

from hems.config.problem import Problem, wrong
from hems.config.schema import SiteTable
from hems.control.params import Params
from hems.model.site import Site
from hems.model.units import DeviceId, SourceId
from hems.model.wiring import DeviceSpec
from hems.ports.device import DriverFactory

DECIDE_S = 0.1
"""From the arrival of a witness to the hand-over of the armed list, and the contactor's own time."""
SLOWEST_S = 2.0
"""For what is shed the moment the tie opens.  Source: domain reference 2.2, hard bound."""
KEPT = ("life safety", "critical")
"""Tiers that are never in the list which goes out when the tie opens."""


def worst_times(devices: Sequence[DeviceSpec], factories: Mapping[str, DriverFactory]) -> dict[DeviceId, float]:
    """Worst time in s from a command to its effect on the wire, for every device."""
    found: dict[DeviceId, float] = {}
    for name in dict.fromkeys(spec.driver for spec in devices):
        found |= factories[name].actuation_s([spec for spec in devices if spec.driver == name])
    return found


def too_slow(site: SiteTable, times: Mapping[DeviceId, float]) -> Iterator[Problem]:
    """Circuits that are to be shed at once and cannot be."""
    for name, circuit in site.circuits.items():
        if circuit.switch is None or circuit.protected or circuit.layer_0 or circuit.tier in KEPT:
            continue
        seconds = times.get(_device(circuit.switch), 0.0)
        if seconds > SLOWEST_S:
            why = f"takes {seconds:.1f} s at worst, and what is shed when the tie opens may take {SLOWEST_S:g}"
            remedy = (
                "give its device a link of its own or a faster line, or let a contactor drop it by itself and write "
                f"circuits.{name}.layer_0 = true"
            )
            yield wrong(("circuits", name, "switch"), circuit.switch, why, remedy)


def slow_bays(table: SiteTable, times: Mapping[DeviceId, float]) -> dict[SourceId, float]:
    """Bays whose chargers may go on charging for longer than what is shed at once may take, and how long."""
    taken = {
        SourceId(name): times.get(_device(bay.setpoint), 0.0) + DECIDE_S if bay.setpoint else inf
        for name, bay in table.bays.items()
        if not bay.layer_0
    }
    return {name: seconds for name, seconds in taken.items() if seconds > SLOWEST_S + DECIDE_S}


def with_slow_bays(site: Site, slow: Mapping[SourceId, float]) -> Site:
    """The site as the armed list has to see it."""
    return replace(site, bays=tuple(replace(bay, stops_s=slow.get(bay.id, 0.0)) for bay in site.bays))


def _device(port: str) -> DeviceId:
    return DeviceId(port.split("/")[0])


def slowest_shed_s(site: SiteTable, times: Mapping[DeviceId, float]) -> float:
    """The worst time of what is shed at once; 0 where nothing is."""
    switches = [one.switch for one in site.circuits.values() if one.switch is not None and not one.layer_0]
    return max((times.get(_device(switch), 0.0) for switch in switches), default=0.0)


def reckoned_with(params: Params, seconds: float) -> Params:
    """Parameters whose overload logic counts with at least these times."""
    acts_s = max(params.overload.actuation_s, seconds + DECIDE_S)
    return replace(params, overload=replace(params.overload, actuation_s=acts_s))
