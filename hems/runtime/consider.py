"""What an override or an order would do, before anybody makes it."""

import secrets as chance
from collections.abc import Set
from math import inf

from hems.control import overload, reach, restoring, said, sheddable
from hems.control.energy import SERVED, Band, enter_pct
from hems.control.memory.using import FRESH
from hems.control.sending import may_close
from hems.model.consequence import Consequence, OrderConsequence
from hems.model.copies import replace
from hems.model.errors import RequestError
from hems.model.foresight import WhatIf
from hems.model.picture import Picture
from hems.model.request import Order, Request, Standing, Task, Want
from hems.model.site import Circuit, Tier
from hems.model.units import HOUR_S, CircuitId
from hems.runtime.ahead import draws, essential, foreseen, lives_on, sun_w
from hems.runtime.scene import Scene
from hems.wording.language import say

VALID_S = 60.0
"""How long what was shown may be acted on."""
MOST_GIVEN = 32
"""People who look at the same time."""

Wish = Request | Order
Stands = tuple[object, ...]
"""What a person was shown: the wish, and how building and circuit stood."""


class Shown:
    """The words that go with what people were shown: each good once, for a minute, and while nothing has changed."""

    def __init__(self) -> None:
        self._given: dict[str, tuple[Stands, float]] = {}

    def word(self, wish: Wish, picture: Picture, now_s: float) -> str:
        """The word to say with the wish."""
        self._given = {word: one for word, one in self._given.items() if now_s <= one[1]}
        while len(self._given) >= MOST_GIVEN:
            del self._given[next(iter(self._given))]
        subject = wish.circuit if isinstance(wish, Request) else wish.task
        text = f"{subject}-{chance.token_hex(3)}"
        self._given[text] = (_stands(wish, picture), now_s + VALID_S)
        return text

    def check(self, word: str, wish: Wish, picture: Picture | None, now_s: float) -> None:
        """Raises: RequestError when the word is not good any more."""
        stands, until_s = self._given.pop(word, (None, 0.0))
        if stands is None or now_s > until_s:
            raise RequestError(say("Not done: more than a minute has gone by. Look again, then confirm."))
        if picture is None or _stands(wish, picture) != stands:
            raise RequestError(say("Not done: the building has changed since you looked. Look again, then confirm."))


def _stands(wish: Wish, picture: Picture) -> Stands:
    bare = replace(wish, who="", reason="")
    if isinstance(wish, Order):
        return bare, picture.mode.on_island
    circuit = next(one for one in picture.circuits if one.id == wish.circuit)
    return bare, picture.mode, circuit.wanted, circuit.closed


def consequence(scene: Scene, request: Request, longest_s: float, ahead: WhatIf | None = None) -> Consequence:
    """What keeping a circuit as asked would do to the building as it stands; by the look ahead, where there is one."""
    circuit = next(one for one in scene.site.circuits if one.id == request.circuit)
    on_island = scene.state.mode.mode.on_island
    now_h = then_h = None
    if on_island and ahead is not None:
        now_h, then_h = ahead.essential_now_h, ahead.essential_then_h
    elif on_island:
        now_h, then_h = _essential_h(scene, circuit, request)
    now_h, then_h = _as_shown(scene, now_h, then_h)
    names = {one.id: one.name for one in scene.site.circuits}
    phase_w = overload.phase_w(scene.snapshot, scene.site, scene.now_s)
    return Consequence(
        circuit=circuit.id,
        name=circuit.name,
        want=request.want,
        duration_s=request.duration_s,
        longest_s=longest_s,
        draws_w=scene.step.watts[circuit.id],
        on_island=on_island,
        room_w=restoring.room_w(scene.site, phase_w, scene.params) if on_island else None,
        waits=request.want is Want.ON and _waits(scene, circuit, phase_w),
        essential_now_h=now_h,
        essential_then_h=then_h,
        next_off=names.get(ahead.next_off, "") if ahead is not None and ahead.next_off is not None else "",
        next_off_h=ahead.next_off_h if ahead is not None else None,
        looked_ahead=ahead is not None,
        floor_pct=enter_pct(Band.FLOOR, scene.params.band),
    )


def order_consequence(scene: Scene, order: Order, ahead: WhatIf | None) -> OrderConsequence:
    """What would come of an order, as far as the look ahead knows."""
    told = OrderConsequence(
        task=order.task, duration_s=order.duration_s, on_island=scene.state.mode.mode.on_island, looked_ahead=True
    )
    if order.task is Task.GRID_PRESENT:  # in the look ahead the grid can be seen, and nobody's word is needed
        counts, names = _counts(scene, order), _names(scene, _saving(scene))
        return replace(told, counts=counts, on_by_it=names if counts else ())
    if ahead is None or ahead.soon_now is None or ahead.soon_then is None:
        return replace(told, looked_ahead=False)
    now, then = ahead.soon_now, ahead.soon_then
    now_h, then_h = _as_shown(scene, ahead.essential_now_h, ahead.essential_then_h)
    return replace(
        told,
        essential_now_h=now_h,
        essential_then_h=then_h,
        on_by_it=_names(scene, then.on - now.on),
        off_by_it=_names(scene, now.on - then.on),
        cars_now_w=now.cars_w,
        cars_then_w=then.cars_w,
        batteries_now_w=now.batteries_w,
        batteries_then_w=then.batteries_w,
    )


def _as_shown(scene: Scene, now_h: float | None, then_h: float | None) -> tuple[float | None, float | None]:
    """Hours without and with it, from the hours that every screen shows: two answers to one question confuse."""
    shown = essential(scene) if foreseen(scene) is not None else None
    if shown is None or now_h is None or then_h is None or inf in (shown[1], now_h, then_h):
        return now_h, then_h
    return shown[1], max(0.0, shown[1] + then_h - now_h)


def _names(scene: Scene, circuits: Set[CircuitId]) -> tuple[str, ...]:
    return tuple(one.name for one in scene.site.circuits if one.id in circuits)


def _saving(scene: Scene) -> frozenset[CircuitId]:
    """What is off to save energy only."""
    loads = scene.state.loads.items()
    return frozenset(name for name, one in loads if (why := one.shed_because) is not None and why.why in said.ENERGY)


def _counts(scene: Scene, order: Order) -> bool:
    """Whether the word that the grid is there would count now."""
    standing = Standing(task=order.task, who="", reason="", begins_s=scene.now_s, ends_s=scene.now_s + VALID_S)
    return said.present(replace(scene.state, orders={order.task: standing}), scene.now_s)


def _waits(scene: Scene, circuit: Circuit, phase_w: tuple[float, ...] | None) -> bool:
    """Whether an override would not switch it on at once."""
    if _is_on(scene, circuit):
        return False
    mode = scene.state.mode
    if not may_close(scene.state, scene.now_s):
        return True
    outlook = sheddable.Outlook(
        watts=scene.step.watts,
        phase_w=phase_w,
        going_w=(0.0,) * len(scene.site.former.phase_va),
        band=Band(scene.state.band),
        least=SERVED[Band(scene.state.band)],
        mode=mode.mode,
        mode_for_s=scene.now_s - mode.since_s,
        cars_phase_w=(0.0,) * len(scene.site.former.phase_va),
        sheds_settled=True,
    )
    fits = restoring.fits(circuit, scene.site, scene.state, outlook, scene.params, scene.now_s)
    return mode.mode.on_island and not fits


def _is_on(scene: Scene, circuit: Circuit) -> bool:
    reading = scene.snapshot.circuits.get(circuit.id)
    closed = reading.closed.known(scene.now_s) if reading is not None else None
    shed = scene.state.loads.get(circuit.id, FRESH).shed_because is not None
    return not shed if closed is None else closed


def _essential_h(scene: Scene, circuit: Circuit, request: Request) -> tuple[float | None, float | None]:
    """Hours of essential power as things are, and after what this costs or saves."""
    store = lives_on(scene)
    if store is None:
        return None, None
    uses, sun, band = draws(scene), sun_w(scene), scene.params.band
    now_h = reach.hours_until_off(Tier.ESSENTIAL, store, uses, sun, band)
    stays_h = reach.hours_until_off(circuit.tier, store, uses, sun, band) if _is_on(scene, circuit) else 0.0
    asked_h = request.duration_s / HOUR_S
    # Kept on, it costs what it would not have had; kept off, it saves what it would have had.
    span_h = max(0.0, asked_h - stays_h) if request.want is Want.ON else -min(asked_h, stays_h)
    wh = scene.step.watts[circuit.id] * span_h
    left = replace(store, pct=store.pct - wh / store.wh_per_pct) if store.wh_per_pct > 0.0 else store
    then_h = reach.hours_until_off(Tier.ESSENTIAL, left, uses, sun, band)
    return now_h, then_h
