"""What has to be decided, as a value that fits on one line of JSON."""

from dataclasses import dataclass

from hems.control import present
from hems.control.dispatch.expected import STEP_S
from hems.control.dispatch.market import Look, look
from hems.control.dispatch.visits import visits
from hems.control.dispatch.worth import worth
from hems.control.given import Given
from hems.control.state import ControlState
from hems.model.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """The day and a half ahead; `begins_s` in seconds since 1970, UTC."""

    begins_s: float
    step_s: float
    look: Look
    end_worth: float
    """What a kilowatt-hour is worth that is left at the end: as the closed form has it."""
    charges_cars: bool = False
    """Whether batteries may charge cars; hems does not do that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """The plan, or one sentence why there is none."""

    plan: Plan | None = None
    why_not: str = ""


def problem(given: Given, state: ControlState) -> Problem | None:
    """None while too little is known, or there is nothing to plan."""
    tariff = given.site.tariff
    if tariff is None or given.now.utc is None:
        return None
    begins_s, given = given.now.utc.timestamp(), present.counted(given, state)
    seen = look(given, state, tariff, visits(given, state))
    if seen is None or (seen.store.full_wh <= 0.0 and not seen.visits):
        return None
    return Problem(begins_s=begins_s, step_s=STEP_S, look=seen, end_worth=worth(seen.store, seen.days))
