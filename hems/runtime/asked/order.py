"""What a person orders of the whole building, read from a request; what is grave is asked for twice."""

from collections.abc import Mapping
from math import inf
from typing import Any

from hems.control.tuning.acting import OverrideParams
from hems.model import wiring
from hems.model.errors import RequestError
from hems.model.people import PersonRole
from hems.model.request import Order, Task
from hems.model.site import Site
from hems.model.units import DAY_S
from hems.model.wiring import Role
from hems.runtime.asked.override import longest_s
from hems.runtime.asked.words import number_in, who_asks, words
from hems.wording.language import N_, say

GRAVE = frozenset({Task.EVACUATION})
"""Begun only when it is asked for again with the word of the first answer."""
ENDS = frozenset({Task.HOLD, Task.GRID_LOST, Task.GRID_PRESENT})
"""A person's word in place of a measurement, or of a decision: it always has an end."""
LONGEST_S = 7.0 * DAY_S


def read_order(args: Mapping[str, Any], role: PersonRole, site: Site, params: OverrideParams) -> Order:
    """The order in a request.  Raises: RequestError with one sentence."""
    try:
        task = Task(str(args.get("task", "")))
    except ValueError as error:
        raise RequestError(say("Say which order: {known}.", known=", ".join(Task))) from error
    begin = args.get("begin")
    if not isinstance(begin, bool):
        raise RequestError(say("Say whether it begins or ends: begin, true or false."))
    if task is Task.FIRE and begin:
        raise RequestError(say("The fire alarm begins by its contact; a person can only say that it is over."))
    if task is Task.RETURN and begin and args.get("duration_s") is None:
        raise RequestError(say("Say in what time the grid is expected back, such as --for 6h."))
    if task in (Task.ISLAND, Task.DRILL) and begin and not site.tie.has_island:
        raise RequestError(say("Nothing here can open the grid switch on request: the site file has no tie.island."))
    told_s = number_in(args, "duration_s", 0.0, LONGEST_S)
    duration_s = inf if told_s is None else told_s
    if begin and task in ENDS:
        duration_s = min(duration_s, params.hold_s if task is Task.HOLD else longest_s(role, params))
    subjects = args.get("subjects", [])
    if not isinstance(subjects, list):
        raise RequestError(say("Name what is locked out in a list."))
    return Order(
        task=task,
        begin=begin,
        who=who_asks(args),
        role=role,
        reason=words(args, "reason"),
        start_in_s=number_in(args, "start_in_s", 0.0, LONGEST_S) or 0.0,
        duration_s=duration_s,
        subjects=tuple(_role(str(name), site) for name in subjects),
        target_pct=number_in(args, "target_pct", 0.0, 100.0) or 0.0,
    )


def _role(name: str, site: Site) -> Role:
    """What is locked out under that name: a circuit's switch, a charger or a battery."""
    roles = {str(one.id): wiring.circuit_closed(one.id) for one in site.circuits}
    roles |= {str(bay.id): wiring.bay_power(bay.id) for bay in site.bays}
    roles |= {str(battery.id): wiring.battery_power(battery.id) for battery in site.batteries}
    if name not in roles:
        told = N_("There is no circuit, bay or battery {name}; there are {known}.")
        raise RequestError(say(told, name=name[:40], known=", ".join(roles)))
    return roles[name]
