"""Axis T: where is the switch between building and grid?"""

from hems.control.memory.seeing import TieMemory
from hems.control.params import Params
from hems.model.copies import revised
from hems.model.mode import TiePosition
from hems.model.reading import Reading
from hems.model.site import Site
from hems.model.snapshot import TieReading


def word(reading: Reading[bool], now_s: float) -> bool | None:
    """Yes or no; anything else, such as a sentinel that a profile has overlooked, is neither."""
    value = reading.known(now_s)
    return value if isinstance(value, bool) else None


def contacts(tie: TieReading, now_s: float) -> TiePosition:
    """The tie by its two auxiliary contacts alone; both must be fresh."""
    closed, opened = word(tie.closed_contact, now_s), word(tie.open_contact, now_s)
    if closed is None or opened is None:
        return TiePosition.UNKNOWN
    if closed and opened:
        return TiePosition.INVALID
    if not closed and not opened:
        return TiePosition.MOVING
    return TiePosition.CLOSED if closed else TiePosition.OPEN


def judged(
    site: Site,
    memory: TieMemory,
    reading: TieReading,
    params: Params,
    now_s: float,
    *,
    utility_present: bool,
    has_utility: bool,
) -> TieMemory:
    """By the contacts where they can be read, else by a device's flag; unknown where the two contradict for long."""
    raw = contacts(reading, now_s)
    since_s = memory.raw_since_s if raw is memory.raw else now_s
    flag = word(reading.grid_connected, now_s)
    by_flag = TiePosition.UNKNOWN if flag is None else TiePosition.CLOSED if flag else TiePosition.OPEN
    disagrees = TiePosition.UNKNOWN not in (raw, by_flag) and raw is not by_flag
    disagree_s = (now_s if memory.disagree_since_s is None else memory.disagree_since_s) if disagrees else None
    bounced = now_s < since_s + params.witness.contact_debounce_s and memory.value is not TiePosition.UNKNOWN
    value = memory.value if bounced else raw
    if raw is TiePosition.UNKNOWN:
        # A flag alone may say "open"; "closed" needs voltage on the utility side, where that is measured.
        trusted = by_flag is not TiePosition.CLOSED or utility_present or not has_utility
        value = by_flag if trusted else TiePosition.UNKNOWN
    elif disputed(disagree_s, params, now_s):
        harmless = raw is TiePosition.CLOSED and utility_present
        value = TiePosition.CLOSED if harmless else TiePosition.UNKNOWN
    elif raw is TiePosition.MOVING and now_s >= since_s + site.tie.travel_max_s:
        value = TiePosition.INVALID
    return revised(memory, value=value, raw=raw, raw_since_s=since_s, disagree_since_s=disagree_s)


def disputed(disagree_since_s: float | None, params: Params, now_s: float) -> bool:
    """Whether flag and contacts have contradicted each other for longer than the flag may lag."""
    return disagree_since_s is not None and now_s >= disagree_since_s + params.witness.disagree_s
