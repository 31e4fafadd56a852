"""A plan for batteries and cars: what a solver found best for the next day and a half, and how long ago."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hems.model.units import SourceId


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """One quarter of an hour."""

    worth: float
    """What a kilowatt-hour in the batteries is worth then, in the currency of the tariff."""
    battery_w: float
    """What the batteries would do together, positive towards the building."""
    net_w: float
    """What circuits were expected to draw beyond the sun."""
    cars: Mapping[SourceId, float] = field(default_factory=dict)
    """What a kilowatt-hour in the cells of each car is worth then, while it is here."""
    cars_w: float = 0.0
    """What cars would give together; negative while they charge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was found; times in seconds since 1970, UTC."""

    begins_s: float
    step_s: float
    steps: tuple[PlanStep, ...]
    target_w: float | None = None
    """Import above which the month would become dearer, where a demand charge is paid."""

    def at(self, utc_s: float) -> PlanStep | None:
        """The step of an instant; None before the first and after the last."""
        place = int((utc_s - self.begins_s) // self.step_s)
        return self.steps[place] if 0 <= place < len(self.steps) else None

    def age_s(self, utc_s: float) -> float:
        """Seconds since it begins, which is when it was asked."""
        return utc_s - self.begins_s
