"""What one tick gives back: nothing in it has happened yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hems.control.evidence import Witness
from hems.control.state import ControlState
from hems.model.command import Command
from hems.model.event import Event
from hems.model.members import direct
from hems.model.site import Site
from hems.model.units import CircuitId
from hems.model.wiring import Role


@direct
class Test(StrEnum):
    """How a raw value is compared with a trigger's."""

    __test__ = False  # not a test case, whatever pytest thinks of the name

    IS = "is"
    ABOVE = "above"
    BELOW = "below"
    CHANGES = "changes"
    """It becomes another one; only worth a tick, never a shed."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """One raw reading that is enough."""

    role: Role
    test: Test
    value: bool | float | str

    def fires(self, value: object) -> bool:
        """Whether a fresh, good value meets the condition."""
        if self.test is Test.IS:
            return value == self.value
        if self.test is Test.CHANGES or not isinstance(value, int | float) or not isinstance(self.value, int | float):
            return False
        return value > self.value if self.test is Test.ABOVE else value < self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Armed:
    """Sheds that are ready to go, without a tick, the moment any trigger fires."""

    name: str
    triggers: tuple[Trigger, ...]
    commands: tuple[Command, ...]
    expires_s: float
    """Not to be used after this: the building has changed since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The result of one tick."""

    state: ControlState
    commands: tuple[Command, ...]
    events: tuple[Event, ...]
    wake_at_s: float
    """Tick again at this instant at the latest: a hold, dwell, expiry or dose comes due."""
    watch: tuple[Trigger, ...]
    """Tick at once when one of these becomes true or stops being true."""
    armed: tuple[Armed, ...]
    witnesses: tuple[Witness, ...]
    watts: Mapping[CircuitId, float]
    """Demand of every circuit as this tick saw it, for screens."""
    qualifying_left_s: float | None
    site: Site
    """What is installed as it counted in this tick: tiers and floors may be raised."""
