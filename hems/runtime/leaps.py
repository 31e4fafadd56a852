"""What cannot be, or hardly, is not believed at once: one bad word of a device must not switch a building off.

A BMS that has lost its cells' word tells zeros.  It tells a charge of 0, which some do until they have started, and it
permits 0 W.  Believed at once, one such reading would switch off all but life safety, and circuits would be hours in
coming back.  Until it has stood for a while a leap is no reading at all, neither the new one nor the old.

A meter whose words were mixed up tells of a power that no inverter gives.  One that did would have tripped before
anything could be switched off, so nothing is lost by waiting for a second word.  Source: UCA 9.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from hems.model import wiring
from hems.model.reading import Quality, Reading
from hems.model.site import Battery, Former, Site
from hems.model.units import HOUR_S
from hems.model.wiring import Role

LEAP_PCT = 5.0
"""A BMS that corrects itself moves by less at once; whole percents and a look that comes late are in it too."""
FASTER = 2.0
"""As many times as fast as the battery may be charged and discharged its charge may still move."""
STANDS_S = 60.0
"""A leap that has stood for so long is a correction, and true."""
ZERO_STANDS_S = 600.0
"""A zero needs somebody who agrees: by then an inverter whose battery is empty has stopped."""


FORBIDS_S = 5.0
"""Nothing permitted for so long is meant: an inverter that obeys has stopped before."""


IMPOSSIBLE_PU = 3.0
"""An inverter limits its current below such a multiple of its rating."""
BEYOND_CURVE = 1.5
"""One whose curve reaches further, below so many times its last point."""


class Doubt(Protocol):
    """What keeps one quantity from being believed too soon."""

    def believed(self, reading: Reading[Any]) -> Reading[Any]:
        """The reading, or none where it leaps."""


class Charge:
    """What one battery tells of its charge, percent."""

    def __init__(self, battery: Battery) -> None:
        most_w = max(battery.charge_max_w, battery.discharge_max_w)
        self._pct_per_s = FASTER * 100.0 * most_w / battery.capacity_wh / HOUR_S
        self._believed: tuple[float, float] | None = None
        """Percent, and when they were read."""
        self._leapt_s: float | None = None

    def believed(self, reading: Reading[Any]) -> Reading[Any]:
        """The reading, or none where energy would have to leap."""
        if reading.quality is not Quality.GOOD or reading.value is None:
            return reading
        pct, before = float(reading.value), self._believed
        if self._may_be(pct, reading.taken_s, before) or self._stands(pct, reading.taken_s):
            self._believed, self._leapt_s = (pct, reading.taken_s), None
            return reading
        reason = f"{pct:g} % before it has started" if before is None else f"leaps from {before[0]:g} to {pct:g} %"
        return reading._replace(value=None, quality=Quality.INVALID, reason=reason)

    def _may_be(self, pct: float, taken_s: float, before: tuple[float, float] | None) -> bool:
        """Whether energy has not leapt; a first word is believed unless it is the zero of a BMS that is not ready."""
        if before is None:
            return pct > 0.0
        return abs(pct - before[0]) <= LEAP_PCT + self._pct_per_s * max(0.0, taken_s - before[1])

    def _stands(self, pct: float, taken_s: float) -> bool:
        self._leapt_s = taken_s if self._leapt_s is None else self._leapt_s
        return taken_s >= self._leapt_s + (STANDS_S if pct else ZERO_STANDS_S)


class Permission:
    """What one battery may be discharged with, W."""

    def __init__(self) -> None:
        self._forbids_s: float | None = None

    def believed(self, reading: Reading[Any]) -> Reading[Any]:
        """The reading, or none while it forbids everything all of a sudden."""
        if reading.quality is not Quality.GOOD or reading.value != 0:
            self._forbids_s = None
            return reading
        self._forbids_s = reading.taken_s if self._forbids_s is None else self._forbids_s
        if reading.taken_s >= self._forbids_s + FORBIDS_S:
            return reading
        return reading._replace(value=None, quality=Quality.INVALID, reason="permits nothing all of a sudden")


class Power:
    """What the former gives on one phase, or its source on all, W."""

    def __init__(self, rated_w: float, former: Former) -> None:
        self._most_w = rated_w * max(IMPOSSIBLE_PU, BEYOND_CURVE * former.curve[-1][0])
        self._alone = True
        """No such word came just before."""

    def believed(self, reading: Reading[Any]) -> Reading[Any]:
        """The reading, or none where a single one tells of more than any inverter gives."""
        if reading.quality is not Quality.GOOD or reading.value is None:
            return reading
        alone, self._alone = self._alone, abs(float(reading.value)) <= self._most_w
        if self._alone or not alone:
            return reading
        reason = f"{float(reading.value):g} W is more than any inverter of that size gives"
        return reading._replace(value=None, quality=Quality.INVALID, reason=reason)


def doubts(site: Site) -> Mapping[Role, Doubt]:
    """Of every battery of the site and of its former, by the role in which they tell."""
    former = site.former
    told: dict[Role, Doubt] = {wiring.battery_soc(one.id): Charge(one) for one in site.batteries}
    told |= {wiring.battery_limit(one.id): Permission() for one in site.batteries}
    told |= {wiring.former_phase_w(index): Power(va, former) for index, va in enumerate(former.phase_va)}
    own = (one for one in site.batteries if one.id == former.source)
    return told | {wiring.battery_power(one.id): Power(one.discharge_max_w, former) for one in own}
