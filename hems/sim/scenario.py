"""A story and what is expected of it; the same for fast-forward and for real sockets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from hems.model.units import HOUR_S, CircuitId, SourceId
from hems.sim.plant import Plant
from hems.sim.start import Car


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldAct:
    """Something that happens to the building, to its devices, or to hems."""

    t_s: float
    do: str
    """One of `WORLD`, `DEVICES` or `PEOPLE`."""
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One check with its parameters, and how a report calls it."""

    check: str
    text: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A story."""

    id: str
    """The acceptance scenario it is, such as T1-a; else the name of its file."""
    title: str
    proves: tuple[str, ...]
    """Requirements, unsafe control actions and complaints that it stands for."""
    place: str
    """The building it happens in; empty when any will do."""
    times: str
    """`short` or `normal`: with which waits it makes sense."""
    rig: Mapping[str, Any]
    """What of the building is different here, laid over its rig."""
    site: Mapping[str, Any]
    """What hems believes differently here, laid over the site file."""
    ends_s: float
    acts: tuple[WorldAct, ...]
    expectations: tuple[Expectation, ...]
    ways: tuple[str, ...] = ("fast", "virtual")
    """In which ways it is played unless somebody asks for others: a process can be frozen in real time only."""
    seen_days: int = 0
    """For so many days hems has seen the building before; less than a few, and it plans nothing."""
    short: tuple[tuple[float, float], ...] = ()
    """Instants of the story and where they fall when it is told in short; those between are in proportion."""


WORLD: Mapping[str, Callable[..., None]] = {
    "fail_grid": lambda plant: plant.fail_grid(),
    "return_grid": lambda plant: plant.return_grid(),
    "sag": lambda plant, pu: plant.sag(pu),
    "flicker": lambda plant, pu: setattr(plant.grid, "flicker_pu", pu),
    "unplug": lambda plant, bay: plant.unplug(_bay(plant, bay)),
    "plug": lambda plant, bay, **car: plant.plug(_bay(plant, bay), Car(**car)),
    "generator_ill": lambda plant: plant.run_generator(lambda engine: engine.fall_ill(True)),
    "generator_mended": lambda plant: plant.run_generator(lambda engine: engine.fall_ill(False)),
    "fire_alarm": lambda plant, on: setattr(plant.contacts, "fire_alarm", on),
    "red_button": lambda plant, on: setattr(plant.contacts, "red_button", on),
    "dark_start": lambda plant, charged: setattr(plant.contacts, "dark_start", charged),
    "weld": lambda plant, circuit, closed: plant.stick(_circuit(plant, circuit), closed),
    "mend": lambda plant, circuit: plant.stick(_circuit(plant, circuit), None),
    "want": lambda plant, circuit, kw: plant.want(_circuit(plant, circuit), kw * 1000.0),
    "shine": lambda plant, pu: plant.shine(pu),
    "hertz": lambda plant, off_hz: setattr(plant.grid, "off_hz", off_hz),
    "limit": lambda plant, **limits: plant.utility.limit(**limits),
    "utility_silent": lambda plant, silent: plant.utility.fall_silent(silent),
    "reduce": lambda plant, on: setattr(plant.utility, "reduced", on),
    "jam_tie": lambda plant: setattr(plant.tie, "jammed", True),
    "free_tie": lambda plant: setattr(plant.tie, "jammed", False),
    "contacts": lambda plant, closed, open: setattr(plant.tie, "contacts", (closed, open)),
    "mend_contacts": lambda plant: setattr(plant.tie, "contacts", None),
}
"""What nature and wear do to the building."""
DEVICES = (
    "silence",
    "resume",
    "says",
    "reboot",
    "half_open",
    "reset",
    "foreign",
    "second_master",
    "ghost",
    "kill_broker",
    "start_broker",
    "kill_hems",
    "freeze_hems",
    "disk",
    "partition",
    "clock",
    "solver",
)
"""What happens to devices, wires and the gateway.  `half_open` is a connection of which one end has died,
`foreign` a switch moved by another master, `second_master` one that tells a battery or a charger its power each second,
`ghost` a retained command that comes back with the broker.  `freeze_hems` stops the program without ending it, `disk`
lets it write nothing more, `partition` cuts the network between it and all devices that are on one.
`solver` says how the plan's process fares."""
PEOPLE = ("ask",)
"""What somebody asks of hems: the words of its socket."""


def act_on(plant: Plant, act: WorldAct) -> None:
    """Do what nature does.  Raises: KeyError for a bay or circuit that is not there; TypeError for wrong arguments."""
    WORLD[act.do](plant, **act.args)


def plain_day(hours: float) -> Scenario:
    """Nothing happens but the loads, the sun and the cars."""
    return Scenario(
        id="day",
        title=f"{hours:g} hours on the grid",
        proves=(),
        place="",
        times="normal",
        rig={},
        site={},
        ends_s=hours * HOUR_S,
        acts=(),
        expectations=(),
    )


def in_short(scenario: Scenario) -> Scenario:
    """The same story with shortened waits; as it is where it says nothing of how it would be told."""
    if not scenario.short:
        return scenario
    marks = ((0.0, 0.0), *scenario.short)

    def when(t_s: float) -> float:
        before, after = next(pair for pair in pairwise(marks) if t_s <= pair[1][0])
        return before[1] + (after[1] - before[1]) * (t_s - before[0]) / (after[0] - before[0])

    def moved(expectation: Expectation) -> Expectation:
        params = {key: when(value) if key in WHEN else value for key, value in expectation.params.items()}
        return replace(expectation, params=params)

    return replace(
        scenario,
        times="short",
        ends_s=when(scenario.ends_s),
        acts=tuple(replace(act, t_s=when(act.t_s)) for act in scenario.acts),
        expectations=tuple(moved(one) for one in scenario.expectations),
    )


WHEN = ("by_s", "from_s", "to_s")
"""Parameters of checks that are instants of the story."""


def _bay(plant: Plant, name: str) -> SourceId:
    if name not in plant.bays:
        raise KeyError(name)
    return SourceId(name)


def _circuit(plant: Plant, name: str) -> CircuitId:
    if name not in plant.circuits:
        raise KeyError(name)
    return CircuitId(name)
