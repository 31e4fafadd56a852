"""What would come of what somebody says of a car, before it is said: when it is ready, and what others get."""

from hems.control.dispatch import departure
from hems.control.energy import NO_CAR
from hems.model.consequence import CarConsequence, OtherCar
from hems.model.foresight import CarAhead, WhatIf
from hems.model.request import CarWish
from hems.runtime.scene import Scene

LATER_S = 900.0
"""Nobody notices that a car is ready so little later."""
LESS_PCT = 1.0


def car_consequence(scene: Scene, wish: CarWish, ahead: WhatIf | None) -> CarConsequence:
    """As far as the look ahead knows; in a power cut it knows nothing of charging."""
    bay = next(one for one in scene.site.bays if one.id == wish.bay)
    state, reading = scene.state, scene.snapshot.bays.get(bay.id, NO_CAR)
    leaves_s = departure.leaves_s(bay, state)
    leaves_in_s = None if leaves_s is None else max(0.0, leaves_s - scene.now_s)
    if wish.leaves_in_s is not None:
        leaves_in_s = wish.leaves_in_s if wish.leaves_in_s >= 0.0 else None
    then = {} if ahead is None else {one.bay: one for one in ahead.cars_then}
    mine = then.get(bay.id)
    on_island = scene.state.mode.mode.on_island
    return CarConsequence(
        name=bay.name,
        target_pct=departure.target_pct(bay, state) if wish.target_pct is None else wish.target_pct,
        first=wish.first is True,
        plugged=departure.plugged(bay, state),
        on_island=on_island,
        looked_ahead=mine is not None and not on_island,
        tells=reading.soc_pct.known(scene.now_s) is not None,
        leaves_in_s=leaves_in_s,
        ready_in_s=None if mine is None else mine.ready_s,
        pct=0.0 if mine is None else mine.pct,
        others=() if ahead is None else _others(scene, wish, ahead),
    )


def _others(scene: Scene, wish: CarWish, ahead: WhatIf) -> tuple[OtherCar, ...]:
    names, then = {bay.id: bay.name for bay in scene.site.bays}, {one.bay: one for one in ahead.cars_then}
    pairs = [(one, then[one.bay]) for one in ahead.cars_now if one.bay in then and one.bay != wish.bay]
    return tuple(
        OtherCar(name=names[now.bay], now_s=now.ready_s, then_s=after.ready_s, now_pct=now.pct, then_pct=after.pct)
        for now, after in pairs
        if _differs(now, after)
    )


def _differs(now: CarAhead, then: CarAhead) -> bool:
    """Whether its driver would notice: another time, or another charge where it does not get there."""
    if now.ready_s is None and then.ready_s is None:
        return abs(now.pct - then.pct) >= LESS_PCT
    return now.ready_s is None or then.ready_s is None or abs(now.ready_s - then.ready_s) >= LATER_S
