"""What has to be decided, as a value that fits on one line of JSON."""

from dataclasses import dataclass

from hems.control.dispatch.expected import STEP_S
from hems.control.dispatch.market import Look, local_offset, look
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """The plan, or one sentence why there is none."""

    plan: Plan | None = None
    why_not: str = ""


def problem(given: Given, state: ControlState) -> Problem | None:
    """None while too little is known, or there is nothing to plan."""
    tariff, offset = given.site.tariff, local_offset(given)
    if tariff is None or offset is None or given.now.utc is None:
        return None
    seen = look(given, state, tariff, offset)
    if seen is None:
        return None
    return Problem(begins_s=given.now.utc.timestamp(), step_s=STEP_S, look=seen, end_worth=worth(seen.store, seen.days))
