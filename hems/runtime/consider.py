"""What an override would do, before anybody makes it."""

import secrets as chance

from hems.control import overload, reach, restoring, sheddable
from hems.control.energy import SERVED, Band, enter_pct
from hems.control.memory.using import FRESH
from hems.control.sending import may_close
from hems.model.consequence import Consequence
from hems.model.copies import replace
from hems.model.errors import RequestError
from hems.model.foresight import WhatIf
from hems.model.mode import Mode
from hems.model.picture import Picture
from hems.model.request import Request, Want
from hems.model.site import Circuit, Tier
from hems.model.units import HOUR_S
from hems.runtime.ahead import Scene, draws, lives_on, sun_w
from hems.wording.language import say

VALID_S = 60.0
"""How long what was shown may be acted on."""
MOST_GIVEN = 32
"""People who look at the same time."""

Stands = tuple[Request, Mode, bool, bool | None]
"""What a person was shown: the request, and how building and circuit stood."""


class Shown:
    """The words that go with what people were shown: each good once, for a minute, and while nothing has changed."""

    def __init__(self) -> None:
        self._given: dict[str, tuple[Stands, float]] = {}

    def word(self, request: Request, picture: Picture, now_s: float) -> str:
        """The word to say with the request."""
        self._given = {word: one for word, one in self._given.items() if now_s <= one[1]}
        while len(self._given) >= MOST_GIVEN:
            del self._given[next(iter(self._given))]
        text = f"{request.circuit}-{chance.token_hex(3)}"
        self._given[text] = (_stands(request, picture), now_s + VALID_S)
        return text

    def check(self, said: str, request: Request, picture: Picture | None, now_s: float) -> None:
        """Raises: RequestError when the word is not good any more."""
        stands, until_s = self._given.pop(said, (None, 0.0))
        if stands is None or now_s > until_s:
            raise RequestError(say("Not done: more than a minute has gone by. Look again, then confirm."))
        if picture is None or _stands(request, picture) != stands:
            raise RequestError(say("Not done: the building has changed since you looked. Look again, then confirm."))


def _stands(request: Request, picture: Picture) -> Stands:
    bare = Request(circuit=request.circuit, want=request.want, who="", role=request.role, duration_s=request.duration_s)
    circuit = next(one for one in picture.circuits if one.id == request.circuit)
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
