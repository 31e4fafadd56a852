"""Names in a story that nothing in its building has."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from hems.config.problem import Path, Problem, wrong
from hems.config.source import read
from hems.sim.rig_tables import WHAT, unknown_name
from hems.sim.words import ASK

SETS = ("off", "stalled")
"""What is seen of circuits by name."""
OVER_NETWORK = ("half_open", "reset")
ELSEWHERE = {("source", ASK)}
"""Names of who is no part of a building: where prices come from."""
KINDS = {"circuits": "circuit", "batteries": "battery", "bays": "bay", "pvs": "PV plant"}
"""Tables whose names stand in what a role, an alarm or a decision is about."""


@dataclass(frozen=True, slots=True)
class Built:
    """The tables of a building: its rig, and what hems believes of it; neither is checked."""

    rig: Mapping[str, Any]
    site: Mapping[str, Any]

    @classmethod
    def read(cls, rig: FilePath, site: FilePath) -> "Built":
        """Both files.  Raises: ConfigError when one cannot be read."""
        return cls(read(rig, WHAT).table, read(site).table)

    def there(self, *kinds: str) -> set[str]:
        """What is really there."""
        return {name for kind in kinds for name in self.rig.get(kind, {})}

    def believed(self, *kinds: str) -> set[str]:
        """What hems knows of."""
        return {name for kind in kinds for name in self.site.get(kind, {})}

    @property
    def devices(self) -> set[str]:
        """Those that are there and that hems speaks to."""
        return self.there("devices") & self.believed("devices")

    def wired(self, circuit: str) -> tuple[bool, bool]:
        """Whether a circuit hangs on a relay board, and whether on a plug of its own."""
        devices = self.rig.get("devices", {}).values()
        on_board = any(circuit in device.get("coils", {}).values() for device in devices)
        return on_board, any(device.get("circuit") == circuit for device in devices)


def strangers(raw: Mapping[str, Any], built: Built) -> Iterator[Problem]:
    """Every name that is unknown, in what happens and in what is expected."""
    for place, entry in enumerate(raw["at"]):
        yield from _in_act(("at", place), entry, built)
    for place, entry in enumerate(raw.get("expect", ())):
        yield from _in_expectation(("expect", place), entry, built)
    for place, point in enumerate(raw.get("rig", {}).get("start", {}).get("misplaced", ())):
        if point not in built.believed("voltage_points"):
            where = ("rig", "start", "misplaced", place)
            yield unknown_name(where, point, built.believed("voltage_points"), "voltage point")


def _in_act(where: Path, entry: Mapping[str, Any], built: Built) -> Iterator[Problem]:
    having = built.believed if entry["do"] == ASK else built.there
    known = {
        "circuit": (having("circuits"), "circuit"),
        "bay": (having("bays"), "bay"),
        "source": (built.there("batteries", "bays"), "battery or bay"),
        "device": (built.devices, "device"),
    }
    found = [
        unknown_name((*where, key), entry[key], names, what)
        for key, (names, what) in known.items()
        if key in entry and entry[key] not in names and (key, entry["do"]) not in ELSEWHERE
    ]
    yield from found or _out_of_reach(where, entry, built)


def _out_of_reach(where: Path, entry: Mapping[str, Any], built: Built) -> Iterator[Problem]:
    """What is there, but cannot have happened to it what is told."""
    do, circuit = entry["do"], entry.get("circuit", "")
    on_board, on_plug = built.wired(circuit)
    if do == "foreign" and not on_board:
        yield wrong(
            (*where, "circuit"), circuit, "hangs on no relay board", "name one that a device has among its coils"
        )
    if do == "ghost" and not on_plug:
        yield wrong((*where, "circuit"), circuit, "has no plug of its own", "name the circuit of a plug")
    if do in OVER_NETWORK and "bus" in built.rig["devices"][entry["device"]]:
        yield wrong((*where, "device"), entry["device"], "is on a serial line, not on a network", "name one that is")
    if do.startswith("generator_") and not built.rig.get("generator"):
        yield wrong((*where, "do"), do, "needs a generator, and this building has none", "name another place")


def _in_expectation(where: Path, entry: Mapping[str, Any], built: Built) -> Iterator[Problem]:
    if "that" in entry and entry["that"][0] in SETS:
        given = entry["that"][2]
        yield from _each((*where, "that"), [given] if isinstance(given, str) else given, built)
    if "bay" in entry and entry["bay"] not in built.there("bays"):
        yield unknown_name((*where, "bay"), entry["bay"], built.there("bays"), "bay")
    for key in ("about", "role"):
        kind, _, rest = str(entry.get(key, "")).partition("/")
        name, more, _ = rest.partition("/")
        names = built.believed(kind) if kind in KINDS else {name}
        if rest and name not in names and (more or not any(one.startswith(name) for one in names)):
            yield unknown_name((*where, key), name, names, KINDS[kind])


def _each(where: Path, names: Iterable[str], built: Built) -> Iterator[Problem]:
    for name in names:
        if name not in built.there("circuits"):
            yield unknown_name(where, name, built.there("circuits"), "circuit")
