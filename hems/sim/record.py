"""What is written down of a run: looks at the building as it really was, and all that hems said.

The same whether the building was equations in memory or emulated devices on real sockets; times count from the start
of the scenario.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hems.model.cause import Why
from hems.model.event import Event, EventKind
from hems.model.mode import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The building as it really was at one instant."""

    t_s: float
    mode: Mode
    off: frozenset[str]
    """Circuits through which no current can flow."""
    stalled: frozenset[str] = frozenset()
    """Circuits whose compressor was started too early and has not got over it."""
    bus_live: bool
    car_soc_pct: Mapping[str, float]
    car_w: float = 0.0
    """All cars together, positive while they feed the building."""
    battery_pct: float = 0.0
    """The emptiest one."""
    battery_w: float = 0.0
    """All batteries together, positive while they feed the building."""
    pv_w: float = 0.0
    load_w: float = 0.0
    """What all circuits draw."""
    generator: str = "none"
    """What it does, as in `hems.sim.engine`."""
    generator_w: float = 0.0
    paralleled: bool = False
    """A generator that nothing keeps apart feeds a building whose tie is closed."""
    bus_hz: float = 0.0
    trips: int
    dose: float = 0.0
    """Overload of the former: 0 cool, 1 trips."""
    grid_w: float = 0.0
    grid_good: bool
    tie_open: bool
    permit: bool = False
    by_plan: bool = False
    """hems says that batteries and cars follow a plan, .."""
    plan_age_s: float = 0.0
    """.. and how old the last one is; 0 while it knows none."""


@dataclass(slots=True)
class Record:
    """A whole run."""

    frames: list[Frame] = field(default_factory=list)
    events: list[tuple[float, Event]] = field(default_factory=list)
    tie_opened_s: float | None = None
    opened_s: dict[str, float] = field(default_factory=dict)
    """When each circuit's switch first opened, by the building's own clock."""
    refused: list[tuple[float, str, str]] = field(default_factory=list)
    """What hems would not even take, when, and in which words; what it takes and refuses a moment later is an event."""

    def modes(self) -> list[tuple[float, Mode]]:
        """Every change of mode."""
        return [(t_s, Mode(event.subject)) for t_s, event in self.events if event.kind is EventKind.MODE]

    def raised(self) -> list[tuple[float, str]]:
        """The key of every alarm that was raised."""
        return [(t_s, event.subject) for t_s, event in self.events if event.kind is EventKind.ALARM_RAISED]

    def commanded(self, role: str, value: bool | float) -> list[float]:
        """When `value` was first commanded to `role`, each time."""
        return [
            t_s
            for t_s, event in self.events
            if event.kind is EventKind.COMMAND and event.subject == role and event.cause.facts.get("value") == value
        ]

    def switched(self, value: bool) -> list[tuple[float, str, Why]]:
        """Every first command to switch a circuit on or off."""
        return [
            (t_s, event.subject.split("/")[1], event.cause.why)
            for t_s, event in self.events
            if event.kind is EventKind.COMMAND
            and event.subject.endswith("/closed")
            and event.cause.facts.get("value") is value
        ]


def sequence(events: Iterable[tuple[float, Event]]) -> list[tuple[float, str, str, Why]]:
    """Modes and switchings with their causes: what must be the same in fast-forward and on the wires."""
    found: list[tuple[float, str, str, Why]] = []
    for t_s, event in events:
        if event.kind is EventKind.MODE:
            found.append((t_s, "mode", event.subject, event.cause.why))
        elif event.kind is EventKind.COMMAND:
            value = event.cause.facts.get("value")
            found.append((t_s, event.subject, str(bool(value)), event.cause.why))
    return found
