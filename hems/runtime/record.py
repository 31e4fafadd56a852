"""What a tick leaves behind.

Events at once, values by the minute, full inputs around events, and the state when it changes.
"""

import json
from typing import Any

from hems.control.dispatch.memory import DayMemory
from hems.control.dispatch.value import saved
from hems.control.frame import frame_of
from hems.control.params import Params
from hems.control.state import ControlState
from hems.control.step import Step
from hems.model.codec import to_plain
from hems.model.event import Event, EventKind
from hems.model.instant import Instant
from hems.model.picture import Picture
from hems.model.site import Site
from hems.model.snapshot import Snapshot
from hems.ports.store import History

WORTH = ("today/paid", "today/saved", "today/peak_w", "today/own_sun_pct")
"""Series of what a day has come to so far: money in the tariff's currency, as long as there is a tariff."""
CARS_WORTH = ("today/saved_later", "today/saved_giving")
"""The same by cars, where there are bays; `today/saved` is by batteries."""
KEY_EVERY_S = 30.0
"""Spacing of frames that carry the state as well as the inputs."""
SAVE_EVERY_S = 150.0
"""Spacing of states kept for the next start while nothing is decided."""
KEEP_AROUND = frozenset({EventKind.MODE, EventKind.COMMAND, EventKind.ALARM_RAISED})
"""Events whose surroundings are kept in full."""


class Recorder:
    """Hands one tick to the store; never waits."""

    def __init__(self, history: History, params: Params) -> None:
        self._history = history
        self._params = params
        self._saved: tuple[Any, ...] = ()
        self._saved_s = float("-inf")
        self._keyed_s = float("-inf")

    def record(self, now: Instant, before: ControlState, snapshot: Snapshot, step: Step, picture: Picture) -> None:
        """Keep what one tick knew, saw and decided."""
        self._history.record_samples(
            now, _samples(picture) | (_worth(step.site, step.state.day) if picture.currency else {})
        )
        if step.events:
            self._history.record_events(step.events)
        frame = frame_of(now, before if self._is_key(now) else None, snapshot, step)
        outage = picture.outage_for_s is not None
        self._history.ring.add(now.mono_s, frame, outage=outage)
        kept = [event for event in step.events if event.kind in KEEP_AROUND]
        if kept:
            self._history.ring.trigger(now.mono_s, brief=not outage and all(map(_mere_power, kept)))

    def save(self, now: Instant, state: ControlState, *, at_once: bool = False) -> None:
        """Keep what a restart needs, at once when a decision has changed it and otherwise now and then."""
        said = (state.overrides, dict(state.orders), dict(state.drivers), state.drilled, state.by_hand, _marks(state))
        engine = (
            state.generator.stage,
            state.generator.failures,
        )  # a restart must not stop one that it knows nothing of
        lasting = (state.mode.mode, state.mode.outage_since_s, state.last_shed_s, state.last_restore_s, engine, said)
        changed = at_once or lasting != self._saved
        if changed or now.mono_s - self._saved_s >= SAVE_EVERY_S:
            self._saved, self._saved_s = lasting, now.mono_s
            blob = json.dumps(to_plain(state), separators=(",", ":"))
            self._history.save_state(blob, now, at_once=changed)

    def _is_key(self, now: Instant) -> bool:
        """Whether this frame carries the state too, so that a replay can begin with it."""
        if now.mono_s - self._keyed_s < KEY_EVERY_S:
            return False
        self._keyed_s = now.mono_s
        return True


def _mere_power(event: Event) -> bool:
    """Whether a car or a battery was asked for another power: on the grid that is no news."""
    return event.kind is EventKind.COMMAND and event.subject.endswith("/power_w")


def _marks(state: ControlState) -> list[tuple[str, str, float | None]]:
    """What people have said of alarms."""
    return [(key, one.seen_by, one.aside_until_s) for key, one in state.alarms.items() if one.seen_s is not None]


def _samples(picture: Picture) -> dict[str, float | None]:
    """One tick's values by series."""
    values: dict[str, float | None] = {
        "grid_w": picture.grid_w,
        "load_w": picture.load_w,
        "pv_w": picture.pv_w,
        "battery_w": picture.battery_w,
        "battery_soc_pct": picture.battery_soc_pct,
        "cars_w": picture.cars_w,
        "overload_dose": picture.overload_dose,
    }
    values |= {f"circuits/{circuit.id}/power_w": circuit.power_w for circuit in picture.circuits}
    values |= {f"bays/{car.id}/soc_pct": car.soc_pct for car in picture.cars}
    return values


def _worth(site: Site, day: DayMemory) -> dict[str, float | None]:
    """What today has come to so far; begins anew at midnight, so that the highest of a day is the whole of it."""
    if day.seen_s <= 0.0:
        return {}
    own_sun_pct = None if day.sun_wh <= 0.0 else 100.0 * max(0.0, 1.0 - day.real.sold_wh / day.sun_wh)
    by = saved(site, day)
    worth = zip(WORTH, (day.real.cost, by.batteries, day.real.peak_w, own_sun_pct), strict=True)
    cars = zip(CARS_WORTH, (by.later, by.giving), strict=True) if day.cars is not None else ()
    return dict((*worth, *cars))
