"""What is asked of one source."""

from dataclasses import dataclass

from hems.model.cause import Cause
from hems.model.quick import quick


@quick
@dataclass(frozen=True, slots=True)
class Wish:
    """The power asked of one car, and why."""

    power_w: float
    cause: Cause
