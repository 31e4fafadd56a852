"""Circuits, and the groups that go off together, as a screen shows them."""

from math import inf

from hems.control import energy
from hems.control.memory.using import FRESH
from hems.control.price import WORTH
from hems.model import wiring
from hems.model.picture import CircuitPicture, TierPicture
from hems.model.request import Want
from hems.model.site import Circuit, Tier
from hems.model.units import CircuitId
from hems.runtime import ahead
from hems.runtime.scene import Scene


def circuits(scene: Scene) -> tuple[CircuitPicture, ...]:
    """All of them, in the order of the site file."""
    next_off = ahead.next_off(scene)
    return tuple(_circuit(scene, circuit, next_off) for circuit in scene.site.circuits)


def _circuit(scene: Scene, circuit: Circuit, next_off: frozenset[CircuitId]) -> CircuitPicture:
    state, now_s = scene.state, scene.now_s
    memory = state.loads.get(circuit.id, FRESH)
    reading = scene.snapshot.circuits.get(circuit.id)
    role = wiring.circuit_closed(circuit.id)
    entry = state.sent.get(role)
    override = next((one for one in state.overrides if one.circuit == circuit.id), None)
    closed = reading.closed.known(now_s) if reading is not None else None
    wanted = bool(entry.value) if entry is not None else closed is not False
    unsent = entry is not None and entry.observed and closed is not None and closed is not wanted
    off_h, weighs_h = ahead.circuit_reach(scene, circuit.id)
    return CircuitPicture(
        id=circuit.id,
        name=circuit.name,
        tier=circuit.tier,
        power_w=_circuit_power(scene, circuit, closed),
        wanted=wanted,
        closed=closed,
        sheddable=circuit.sheddable,
        because=memory.shed_because or (entry.cause if entry is not None else None),
        since_s=None if entry is None else now_s - entry.sent_s,
        next_off=circuit.id in next_off,
        off_h=off_h,
        weighs_h=weighs_h,
        disobeys=not unsent and (memory.deaf or (entry is not None and entry.contradicted_since_s is not None)),
        override_who=override.who if override is not None else "",
        override_on=None if override is None else override.want is Want.ON,
        override_reason=override.reason if override is not None else "",
        override_left_s=None if override is None else override.expires_s - now_s,
        switchable=circuit.switchable,
        by_hand=reading.by_hand.known(now_s) if reading is not None else None,
        unsent=unsent,
        watched_only=role in scene.snapshot.watched_only,
    )


def _circuit_power(scene: Scene, circuit: Circuit, closed: bool | None) -> float | None:
    """Measured, or nothing when it is off, or the estimate for a circuit without a meter."""
    reading = scene.snapshot.circuits.get(circuit.id)
    if reading is not None and reading.power_w.taken_s > -inf:
        return reading.power_w.known(scene.now_s)
    return 0.0 if closed is False else scene.step.watts[circuit.id]


def tiers(scene: Scene, rows: tuple[CircuitPicture, ...]) -> tuple[TierPicture, ...]:
    """The groups that have a circuit."""
    return tuple(_tier(scene, tier, those) for tier in Tier if (those := [one for one in rows if one.tier is tier]))


def _tier(scene: Scene, tier: Tier, circuits: list[CircuitPicture]) -> TierPicture:
    off = [
        memory.shed_since_s
        for one in circuits
        if (memory := scene.state.loads.get(one.id)) is not None and memory.shed_since_s is not None
    ]
    next_off = any(one.next_off for one in circuits)
    return TierPicture(
        tier=tier,
        circuits=len(circuits),
        on=sum(1 for one in circuits if (one.wanted if one.closed is None else one.closed)),
        power_w=ahead.known_sum(tuple(one.power_w for one in circuits)),
        until_soc_pct=energy.shedding_pct(tier, scene.params.band),
        by_price=tier in WORTH and scene.state.saving.price is not None,
        hours_left=_hours_left(scene, tier, next_off=next_off),
        next_off=next_off,
        off_since_s=scene.now_s - min(off) if off else None,
    )


def _hours_left(scene: Scene, tier: Tier, *, next_off: bool) -> float | None:
    """Until a group goes off; of the one that goes next the same hours as everywhere it is told."""
    soonest_h = ahead.next_off_h(scene) if next_off else None
    hours = ahead.tier(scene, tier)
    expected_h = hours[1] if soonest_h is None and hours is not None else soonest_h
    return None if expected_h == inf else expected_h
