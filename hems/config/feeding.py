"""What feeds the gateway and its devices is never switched off, because it cannot even be given a switch."""

from collections.abc import Iterator

from hems.config.problem import Path, Problem, absent, nearest, wrong
from hems.config.schema import SiteTable

ELSEWHERE = "elsewhere"
"""Fed by nothing in this file, such as a battery of its own."""


def fed(site: SiteTable) -> Iterator[tuple[Path, str]]:
    """Which key names which circuit as the one that feeds something."""
    named: dict[Path, str | None] = {("settings",): site.settings.fed_by}
    named |= {("devices", name): device.fed_by for name, device in site.devices.items()}
    for where, feeder in named.items():
        if feeder is not None and feeder != ELSEWHERE:
            yield (*where, "fed_by"), feeder


def feeders(site: SiteTable) -> frozenset[str]:
    """The circuits that must stay on for hems to see and to act."""
    return frozenset(feeder for _, feeder in fed(site))


def feeding(site: SiteTable) -> Iterator[Problem]:
    """A feeder that is not there or could be switched off, and a site that does not say what feeds its gateway."""
    for where, feeder in fed(site):
        circuit = site.circuits.get(feeder)
        if circuit is None:
            near = nearest(feeder, site.circuits)
            remedy = f'write "{near}"' if near else f'name one, or write "{ELSEWHERE}"'
            yield wrong(where, feeder, "is no circuit of this file", remedy, ("circuits", feeder))
        elif circuit.switch is not None:
            what = "this gateway" if where[0] == "settings" else f"the device {where[1]}"
            why = f"switches the circuit that feeds {what}, and hems would switch off what it sees and acts with"
            remedy = "remove the key, and feed one or the other from another circuit"
            yield wrong(("circuits", feeder, "switch"), circuit.switch, why, remedy, where)
    known = site.settings.fed_by is not None or any(circuit.protected for circuit in site.circuits.values())
    if not known and any(circuit.switch is not None for circuit in site.circuits.values()):
        remedy = f'name the circuit that feeds this gateway, its network and the meters, or write "{ELSEWHERE}"'
        yield absent(("settings", "fed_by"), remedy)
