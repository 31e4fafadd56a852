"""What drivers ask of their cars, and who may ask what.

That a car leaves anybody may say who stands there.  The rest is for the driver of the bay, known by its code, and
for an operator, but only towards more: nobody else lowers what a car keeps.
"""

from collections.abc import Mapping
from math import inf
from typing import Any

from hems.control.cars.memory import DriverMemory
from hems.control.drivers import SILENT
from hems.control.state import ControlState
from hems.model.errors import RequestError
from hems.model.people import PersonRole
from hems.model.request import CarWish
from hems.model.site import Bay, Site
from hems.model.units import DAY_S, SourceId
from hems.runtime.doorkeeper import Doorkeeper
from hems.runtime.words import NUMBER, words
from hems.wording.language import say

LONGEST_S = 14.0 * DAY_S
FORGET_S = -1.0


async def car_wish(
    args: Mapping[str, Any], role: PersonRole, site: Site, state: ControlState | None, doorkeeper: Doorkeeper
) -> CarWish:
    """The wish in a request, if whoever makes it may.  Raises: RequestError with one sentence, PinNeeded."""
    wish = _read(args, site)
    if all(one is None for one in (wish.leaves_in_s, wish.keeps_pct, wish.target_pct, wish.never)):
        return wish
    if args.get("code"):
        await doorkeeper.check_code(wish.bay, str(args["code"]))
        return wish
    await doorkeeper.as_operator(args, role)
    bay = next(one for one in site.bays if one.id == wish.bay)
    memory = SILENT if state is None else state.drivers.get(bay.id, SILENT)
    _only_more(wish, bay, memory)
    return wish


def _only_more(wish: CarWish, bay: Bay, memory: DriverMemory) -> None:
    """Raises: RequestError for what takes something from the driver."""
    keeps_pct = bay.floor_pct if memory.keeps_pct is None else memory.keeps_pct
    less = wish.keeps_pct is not None and wish.keeps_pct < keeps_pct
    if less or (wish.never is False and memory.never):
        raise RequestError(
            say(
                "Only the driver may let {name} keep less than {keeps_pct:.0f}%: with the bay's code.",
                name=bay.name,
                keeps_pct=keeps_pct,
            )
        )


def _read(args: Mapping[str, Any], site: Site) -> CarWish:
    bay = next((one for one in site.bays if one.id == str(args.get("bay", ""))), None)
    if bay is None:
        known = ", ".join(one.id for one in site.bays)
        asked = str(args.get("bay", ""))[:40]
        raise RequestError(say("There is no bay {name}; there are {known}.", name=asked, known=known))
    wish = CarWish(
        bay=SourceId(bay.id),
        who=words(args, "who") or (say("its driver") if args.get("code") else ""),
        leaving=_yes(args, "leaving"),
        leaves_in_s=_number(args, "leaves_in_s", FORGET_S, LONGEST_S),
        keeps_pct=_number(args, "keeps_pct", 0.0, 100.0),
        target_pct=_number(args, "target_pct", 10.0, 100.0),
        never=_yes(args, "never"),
    )
    if all(one is None for one in (wish.leaving, wish.leaves_in_s, wish.keeps_pct, wish.target_pct, wish.never)):
        raise RequestError(say("Say what: leaving, leaves_in_s, keeps_pct, target_pct or never."))
    if wish.keeps_pct is not None and wish.keeps_pct < bay.maker_floor_pct:
        raise RequestError(
            say("The car's maker allows no less than {least_pct:.0f}% to be kept.", least_pct=bay.maker_floor_pct)
        )
    return wish


def _yes(args: Mapping[str, Any], key: str) -> bool | None:
    value = args.get(key)
    if value is not None and not isinstance(value, bool):
        raise RequestError(say("Give {key} as true or false.", key=key))
    return value


def _number(args: Mapping[str, Any], key: str, least: float, most: float) -> float | None:
    value = args.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most or value == inf:
        raise RequestError(say(NUMBER, key=key, least=least, most=most))
    return float(value)
