"""Checks of what was left in cars."""

from collections.abc import Mapping

from hems.sim.checks.case import Case, Check, Finding


def cars_above_floor(case: Case) -> Finding:
    """No car that was seen ever had less than its driver keeps; there was one."""
    floors = {str(bay.id): bay.floor_pct for bay in case.site.bays}
    lowest: dict[str, float] = {}
    for frame in case.record.frames:
        for bay, soc_pct in frame.car_soc_pct.items():
            lowest[bay] = min(soc_pct, lowest.get(bay, 100.0))
    low = [bay for bay, soc_pct in lowest.items() if soc_pct < floors.get(bay, 0.0)]
    detail = ", ".join(f"{bay} {soc_pct:.0f}% of {floors.get(bay, 0.0):.0f}% kept" for bay, soc_pct in lowest.items())
    return not low and bool(lowest), detail or "no car"


def car_keeps(case: Case, bay: str, pct: float, from_s: float = 0.0) -> Finding:
    """A car never has less than so much from then on."""
    known = [frame.car_soc_pct[bay] for frame in case.record.frames if frame.t_s >= from_s and bay in frame.car_soc_pct]
    if not known:
        return False, "no car"
    return min(known) >= pct, f"{min(known):.1f}%"


CARS: Mapping[str, Check] = {"cars_above_floor": cars_above_floor, "car_keeps": car_keeps}
