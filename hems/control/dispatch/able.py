"""What batteries can do, as they have shown: less than their rating while they are cold, hot, nearly full or empty.

A limit of the connection that counts on the rating is not kept by a battery that does less.  So who has done less than
it was told for a while counts with what it did: the sun is held back, and flexible circuits go off, for the rest.  It
counts with a little more after a time, with more and more as long as it does that, and with its rating again once its
charge has moved away from there.
"""

from collections.abc import Mapping, Sequence

from hems.control.dispatch.memory import Able, Found
from hems.control.dispatch.steady import SHOWS_S
from hems.control.given import Given
from hems.control.memory.acting import Sent
from hems.control.state import ControlState
from hems.control.stored import NO_BATTERY
from hems.model import wiring
from hems.model.copies import replace
from hems.model.site import Battery
from hems.model.snapshot import BatteryReading
from hems.model.units import SourceId

NEW = Able()
FOLLOWS_S = 6.0
"""So long a battery may take to do what it is told."""
SLACK_W, SLACK = 300.0, 0.05
"""Less than this below its command, in W and as a part of it, is the error of a meter."""
AGAIN_S = 300.0
MORE_W, MORE = 600.0, 0.1
"""So much more it is believed to do after `AGAIN_S`, in W and as a part of what it did; if it does not, it shows."""
TRIED = 0.2
"""Part of what it can by which it is told more."""
MOVED_PCT = 2.0
"""With so much less in it a battery takes more again, and with so much more it gives more."""


def after(
    given: Given, state: ControlState, steered: Sequence[Battery], before: Mapping[SourceId, Able]
) -> Mapping[SourceId, Able]:
    """What each of these has shown after this instant; nothing on an island, where none is told a limit."""
    if state.mode.mode.on_island:
        return {}
    found = {}
    for one in steered:
        known, entry = before.get(one.id, NEW), state.sent.get(wiring.battery_power(one.id))
        if entry is not None and given.now_s < entry.last_s + given.params.command.lease_s:
            reading = given.snapshot.batteries.get(one.id, NO_BATTERY)
            known = _after(one, known, entry, reading, given.now_s)
        if known is not NEW:
            found[one.id] = known
    return found


def _after(battery: Battery, before: Able, entry: Sent, reading: BatteryReading, now_s: float) -> Able:
    """After a look that can show the command; else as before."""
    watts, told_w = reading.power_w.known(now_s), float(entry.value)
    if watts is None or reading.power_w.taken_s < entry.sent_s + SHOWS_S:
        return before
    gives = told_w > 0.0
    asked_w, missing_w = (told_w, told_w - watts) if gives else (-told_w, watts - told_w)
    does_w = max(0.0, asked_w - missing_w)
    if asked_w <= SLACK_W or missing_w <= SLACK_W or missing_w <= SLACK * asked_w:
        found = before.found
        if found is not None:
            same_way_w = does_w if found.gives is gives else 0.0
            found = None if _moved(found, reading.soc_pct.known(now_s)) else _more(battery, found, same_way_w, now_s)
        return NEW if found is None else Able(found=found)
    since_s = now_s if before.short_since_s is None else before.short_since_s
    if now_s < since_s + FOLLOWS_S:
        return replace(before, short_since_s=since_s)
    return Able(short_since_s=since_s, found=Found(gives, does_w, reading.soc_pct.known(now_s), now_s))


def _more(battery: Battery, found: Found, does_w: float, now_s: float) -> Found | None:
    """What it is believed to do at most, `does_w` being what it does of it; None when that is all it is rated for.

    More at once where it does more; more after `FOLLOWS_S` where it does all that it was believed to do when that was
    tried; and where it was seen to do less, more is tried after `AGAIN_S`.
    """
    rated_w = battery.discharge_max_w if found.gives else battery.charge_max_w
    all_of_it = does_w >= found.watts - max(SLACK_W, SLACK * found.watts)
    more_w = 0.0
    if now_s >= found.at_s + AGAIN_S or (found.follows and all_of_it and now_s >= found.at_s + FOLLOWS_S):
        more_w = max(MORE_W, MORE * found.watts)
    watts = max(does_w, found.watts + more_w)
    if watts >= rated_w:
        return None
    return found if watts <= found.watts else replace(found, watts=watts, at_s=now_s, follows=True)


def _moved(found: Found, soc_pct: float | None) -> bool:
    """Whether its charge is no longer what it was then."""
    if soc_pct is None or found.pct is None:
        return False
    return (soc_pct - found.pct if found.gives else found.pct - soc_pct) >= MOVED_PCT


def gives_w(battery: Battery, state: ControlState) -> float:
    """W that it can give."""
    found = state.connection.able.get(battery.id, NEW).found
    return min(battery.discharge_max_w, found.watts) if found is not None and found.gives else battery.discharge_max_w


def takes_w(battery: Battery, state: ControlState) -> float:
    """W that it can take."""
    found = state.connection.able.get(battery.id, NEW).found
    return battery.charge_max_w if found is None or found.gives else min(battery.charge_max_w, found.watts)


def tried_w(battery: Battery, state: ControlState, *, gives: bool) -> float:
    """W that it is told at most: more than it can, so that it shows what it can, but not what others could do."""
    able_w, rated_w = (
        (gives_w(battery, state), battery.discharge_max_w) if gives else (takes_w(battery, state), battery.charge_max_w)
    )
    return min(rated_w, (1.0 + TRIED) * able_w + MORE_W)


def due_s(able: Mapping[SourceId, Able]) -> list[float]:
    """When one that does less than it was told counts with that."""
    return [one.short_since_s + FOLLOWS_S for one in able.values() if one.short_since_s is not None]
