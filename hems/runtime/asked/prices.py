"""Prices from outside, read from a request."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from hems.model.codec import from_plain
from hems.model.errors import RequestError
from hems.model.prices import MOST_SLOTS, Prices, Slot, out_of_order
from hems.model.units import HOUR_S
from hems.runtime.asked.words import words

MOST = 1000.0
"""Per kilowatt-hour, in whatever currency; a source that forgets to divide by a thousand is caught here at times."""
MOST_G = 5000.0
LONGEST_S = 86400.0
"""A price that holds for longer is no dynamic one."""


def read_prices(args: Mapping[str, Any]) -> Prices:
    """The prices in a request.  Raises: RequestError with one sentence."""
    try:
        told = from_plain(Prices, {**args, "source": words(args, "source")})
    except (ValueError, OverflowError) as error:
        raise RequestError(f"These are no prices: {error}.") from error
    if not told.source:
        raise RequestError("Say where the prices come from: source.")
    if not 0 < len(told.slots) <= MOST_SLOTS:
        raise RequestError(f"Give 1 to {MOST_SLOTS} slots; these are {len(told.slots)}.")
    if out_of_order(told.slots):
        raise RequestError("Give the slots in order of time, each with an end, and none that overlap.")
    if not isfinite(told.told_s or 0.0) or not all(_sane(slot) for slot in told.slots):
        raise RequestError(
            f"Prices are between -{MOST:g} and {MOST:g} for a kWh, CO2 is between 0 and {MOST_G:g} g, and a slot lasts "
            f"{LONGEST_S / HOUR_S:g} hours at most."
        )
    return told


def _sane(slot: Slot) -> bool:
    prices = (one for one in (slot.buy, slot.sell) if one is not None)
    timely = slot.ends_s - slot.begins_s <= LONGEST_S
    return timely and all(abs(one) <= MOST for one in prices) and 0.0 <= (slot.co2_g or 0.0) <= MOST_G
