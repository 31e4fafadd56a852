"""The bays and the cars in them, as a screen shows them."""

from hems.control import drivers, energy
from hems.control.dispatch import departure
from hems.model import wiring
from hems.model.picture import CarPicture
from hems.model.site import Bay
from hems.runtime.scene import Scene


def cars(scene: Scene) -> tuple[CarPicture, ...]:
    """All bays, in the order of the site file."""
    return tuple(_car(scene, bay) for bay in scene.site.bays)


def _car(scene: Scene, bay: Bay) -> CarPicture:
    reading, now_s = scene.snapshot.bays[bay.id], scene.now_s
    entry = None if forms(scene, bay) else scene.state.sent.get(wiring.bay_power(bay.id))
    said, due_s = scene.state.drivers.get(bay.id, drivers.SILENT), departure.leaves_s(bay, scene.state)
    return CarPicture(
        id=bay.id,
        name=bay.name,
        bidirectional=bay.bidirectional,
        state=reading.state.known(now_s),
        power_w=reading.power_w.known(now_s),
        soc_pct=reading.soc_pct.known(now_s),
        floor_pct=bay.floor_pct,
        free_wh=energy.car_free_wh(bay, reading, scene.params.car, now_s) if bay.bidirectional else None,
        because=entry.cause if entry is not None else None,
        leaving=drivers.leaves(scene.state, bay.id, scene.params.car, now_s),
        leaves_in_s=None if said.leaves_s is None else max(0.0, said.leaves_s - now_s),
        told_keeps=said.keeps_pct is not None,
        never=said.never,
        target_pct=departure.target_pct(bay, scene.state),
        due_in_s=None if due_s is None or due_s < now_s else due_s - now_s,
        first=said.first,
    )


def plugged(scene: Scene) -> int:
    """How many bays are known to have a car."""
    return sum(1 for bay in scene.site.bays if _plugged(scene, bay))


def _plugged(scene: Scene, bay: Bay) -> bool:
    state = scene.snapshot.bays[bay.id].state.known(scene.now_s)
    return state is not None and state.has_car


def free_wh(scene: Scene) -> float | None:
    """What the building may take from all of them, as far as it is known."""
    readings = scene.snapshot.bays
    free = [
        energy.car_free_wh(bay, readings[bay.id], scene.params.car, scene.now_s)
        for bay in scene.site.bays
        if bay.bidirectional
    ]
    known = [wh for wh in free if wh is not None]
    return sum(known) if known else None


def forming(scene: Scene) -> str:
    """The bay whose car makes the island now."""
    return next((bay.name for bay in scene.site.bays if forms(scene, bay)), "")


def forms(scene: Scene, bay: Bay) -> bool:
    """Whether the car there makes the island now: what it was told to do on the grid is not why it gives."""
    return bay.id == scene.site.former.source and scene.state.mode.mode.on_island
