"""What drivers ask of their cars, and who may ask what.

That a car leaves anybody may say who stands there.  The rest is for the driver of the bay, known by its code, and
for an operator, but only towards more: nobody else lowers what a car keeps.
"""

from collections.abc import Mapping
from math import ceil
from typing import Any

from hems.control.cars.memory import DriverMemory
from hems.control.drivers import SILENT
from hems.control.energy import NO_CAR
from hems.control.present import way_pct
from hems.control.tuning.sources import CarParams
from hems.model.errors import RequestError
from hems.model.people import PersonRole
from hems.model.request import CarWish
from hems.model.site import Bay, Site
from hems.model.units import DAY_S, SourceId
from hems.runtime.asked.words import number_in, words
from hems.runtime.doorkeeper import Doorkeeper
from hems.runtime.scene import Scene
from hems.wording.language import say

LONGEST_S = 14.0 * DAY_S
FORGET_S = -1.0
FARTHEST_KM = 1000.0
FULL_PCT = 100.0
LEAST_PCT = 10.0
"""Nobody leaves with less."""


async def check_wish(
    wish: CarWish, args: Mapping[str, Any], role: PersonRole, site: Site, scene: Scene | None, doorkeeper: Doorkeeper
) -> None:
    """Whether whoever asks may.  Raises: RequestError with one sentence, PinNeeded."""
    if all(one is None for one in (*_told(wish), wish.never)):
        return
    if args.get("code"):
        await doorkeeper.check_code(wish.bay, str(args["code"]))
        return
    await doorkeeper.as_operator(args, role)
    bay = next(one for one in site.bays if one.id == wish.bay)
    memory = SILENT if scene is None else scene.state.drivers.get(bay.id, SILENT)
    _only_more(wish, bay, memory)


def _told(wish: CarWish) -> tuple[float | bool | None, ...]:
    return wish.leaves_in_s, wish.keeps_pct, wish.target_pct, wish.first


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


def read_wish(args: Mapping[str, Any], site: Site, scene: Scene | None, params: CarParams) -> CarWish:
    """What is said of a car.  Raises: RequestError with one sentence."""
    bay = next((one for one in site.bays if one.id == str(args.get("bay", ""))), None)
    if bay is None:
        known = ", ".join(one.id for one in site.bays)
        asked = str(args.get("bay", ""))[:40]
        raise RequestError(say("There is no bay {name}; there are {known}.", name=asked, known=known))
    wish = CarWish(
        bay=SourceId(bay.id),
        who=words(args, "who") or (say("its driver") if args.get("code") else ""),
        leaving=_yes(args, "leaving"),
        leaves_in_s=number_in(args, "leaves_in_s", FORGET_S, LONGEST_S),
        keeps_pct=number_in(args, "keeps_pct", 0.0, 100.0),
        target_pct=_target_pct(args, bay, scene, params),
        never=_yes(args, "never"),
        first=_yes(args, "first"),
    )
    if all(one is None for one in (wish.leaving, *_told(wish), wish.never)):
        raise RequestError(say("Say what: leaving, leaves_in_s, keeps_pct, target_pct, target_km, first or never."))
    if wish.keeps_pct is not None and wish.keeps_pct < bay.maker_floor_pct:
        raise RequestError(
            say("The car's maker allows no less than {least_pct:.0f}% to be kept.", least_pct=bay.maker_floor_pct)
        )
    return wish


def _target_pct(args: Mapping[str, Any], bay: Bay, scene: Scene | None, params: CarParams) -> float | None:
    """How full it shall be; a way in kilometres is what that takes, also in the cold, and a little to arrive with."""
    km = number_in(args, "target_km", 1.0, FARTHEST_KM)
    if km is None:
        return number_in(args, "target_pct", LEAST_PCT, FULL_PCT)
    told = None if scene is None else scene.snapshot.bays.get(bay.id, NO_CAR).capacity_wh.known(scene.now_s)
    needs_pct = ceil(way_pct(km, told or bay.capacity_wh, params))
    if needs_pct >= FULL_PCT:
        raise RequestError(say("Farther than this car goes: {km:.0f} km. Write 100% if it shall be full.", km=km))
    return max(LEAST_PCT, float(needs_pct))


def _yes(args: Mapping[str, Any], key: str) -> bool | None:
    value = args.get(key)
    if value is not None and not isinstance(value, bool):
        raise RequestError(say("Give {key} as true or false.", key=key))
    return value
