"""Whatever comes of an evening on the grid: what hems orders keeps limits, reserve, floors and the least current.

Every second of each evening is looked at.  Cars give for the limit too, batteries and cars get emptier, chargers and
meters fall silent, and hems is killed.  The first charger switches between three phases and one, as seldom as it may.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from hems.control.cars import phases
from hems.control.cars.waking import DOES_W
from hems.control.energy import floor_pct
from hems.control.resume import resumed
from hems.model import wiring
from hems.model.mode import Mode
from hems.model.site import Bay
from hems.model.units import HOUR_S, SourceId
from tests.control.dispatch.street import FUSES_W, MAIN, TOLD, Street, connected_site
from tests.control.panel import utility

ALIVE = {wiring.LIMIT_HEARTBEAT: 1.0}
SETTLE_S = 16
"""A silence counts after two seconds, the fall of what circuits draw after ten, and cars have a few to follow."""
SMALL_WH = 4000.0
"""Of each store, so that it gets emptier and fuller within an evening."""
RESERVE_PCT = 60.0
SWITCHES = "bay_1"
"""The bay whose charger can switch over; on one phase it takes a third."""
OVER: dict[str, Any] = {"switches_phases": True, "charge_min_w": 4140.0}


class Evening(Street):
    """Stores empty and fill, and who is silent goes on with what was told last."""

    def __init__(self) -> None:
        self.cars_silent: dict[str, float] = {}
        """What each draws or gives meanwhile."""
        self.main_silent: float | None = None
        self.three = True
        """Whether that charger is on three phases."""
        self.moved_s: list[float] = []
        self.allowed_w = 30_000.0
        self.calm_s = 0
        site = connected_site(flexible=TOLD, reserve_pct=RESERVE_PCT)
        bays = [replace(one, gives_on_grid=True, outage_reserve_pct=0.0) for one in site.bays]
        bays = [replace(one, **OVER) if one.id == SWITCHES else one for one in bays]
        told = ALIVE | {wiring.IMPORT_LIMIT: self.allowed_w}
        super().__init__(replace(site, bays=tuple(bays)), soc_pct=63.0, limits=told)

    def car_w(self, bay: str) -> float:
        if bay not in self.plugged:
            return 0.0
        return self.cars_silent.get(bay, super().car_w(bay))

    @property
    def battery_w(self) -> float:
        return super().battery_w if self.main_silent is None else self.main_silent

    def least_w(self, bay: Bay) -> float:
        """The least that its car can charge with."""
        return bay.charge_min_w / (1 if self.three or bay.id != SWITCHES else len(bay.phases))

    def _turn(self) -> None:
        super()._turn()
        for command in self.steps[-1][1].commands:
            if command.role == wiring.bay_three_phases(SourceId(SWITCHES)) and bool(command.value) is not self.three:
                # seldom enough, though hems may have been killed since, and never while current flows
                assert all(self.now_s - when_s >= phases.APART_S for when_s in self.moved_s)
                assert len(self.moved_s) < phases.MOVES_A_DAY
                assert abs(self.car_w(SWITCHES)) < DOES_W
                self.three = bool(command.value)
                self.moved_s.append(self.now_s)

    def _meters(self) -> None:
        super()._meters()
        self.says({wiring.bay_three_phases(SourceId(SWITCHES)): self.three})
        for bay in self.cars_silent:
            bay_id = SourceId(bay)
            self.says(dict.fromkeys((wiring.bay_state(bay_id), wiring.bay_power(bay_id))))
        if self.main_silent is not None:
            self.says({wiring.battery_power(MAIN): None, wiring.battery_soc(MAIN): None})

    def happens(self, what: str, how: float) -> "Evening":
        """One thing happens, and so many seconds pass."""
        DOES[what](self, how)
        self.calm_s = 0
        for _ in range(SETTLE_S + 6):
            self.lives(1)
            self.calm_s += 1
            self.soc_pct -= self.battery_w / HOUR_S / SMALL_WH * 100.0
            for bay in self.plugged:
                self.plugged[bay] = min(100.0, self.plugged[bay] - self.car_w(bay) / HOUR_S / SMALL_WH * 100.0)
            self.look()
        return self

    def look(self) -> None:
        """What was ordered in this second, and what flows once all has had its time."""
        _, step = self.steps[-1]
        for command in step.commands:
            watts = float(command.value)
            bay = next((one for one in self.site.bays if command.role == wiring.bay_power(one.id)), None)
            if command.role == wiring.battery_power(MAIN) and watts > 0.0:
                # the reserve is never touched, nor is anything given on a charge that nobody knows
                assert self.main_silent is None
                assert self.soc_pct > RESERVE_PCT - 0.5
            if bay is not None and watts > 0.0:
                assert self.mode is Mode.GRID_CONNECTED
                assert self.plugged[str(bay.id)] > floor_pct(bay, self.params.car) - 0.5
                assert watts >= bay.discharge_min_w - 1.0
            if bay is not None and watts < 0.0:
                assert self.mode is Mode.GRID_CONNECTED
                assert -watts >= self.least_w(bay) - 1.0
        if self.calm_s >= SETTLE_S and not self.blind and self.main_silent is None:
            self._look_at_the_street()

    def _look_at_the_street(self) -> None:
        silent_w = -sum(watts for bay, watts in self.cars_silent.items() if bay in self.plugged)
        heard = [bay for bay in self.plugged if bay not in self.cars_silent]
        own_w = -self.battery_w - sum(self.car_w(bay) for bay in heard)
        slack_w = self.params.car.deadband_w * (1 + len(self.plugged))
        others_w = self.house_w + silent_w
        assert own_w <= max(0.0, self.allowed_w - others_w) + slack_w
        # and neither battery nor car feeds the grid
        assert own_w >= -max(0.0, others_w) - slack_w


def _limit(one: Evening, how: float) -> None:
    one.allowed_w = min(FUSES_W, 50_000.0 * how)
    one.limits = ALIVE | {wiring.IMPORT_LIMIT: one.allowed_w}


def _nobody(one: Evening, how: float) -> None:
    one.limits = {}
    one.lives(int(TOLD.heartbeat_s) + 2, every_s=31)
    one.allowed_w = TOLD.failsafe_import_w


def _car(one: Evening, how: float) -> str:
    return str(one.site.bays[int(how * 0.999 * len(one.site.bays))].id)


def _plug(one: Evening, how: float) -> None:
    bay = _car(one, how)
    if bay in one.plugged:
        del one.plugged[bay]
        one.cars_silent.pop(bay, None)
    else:
        one.plug(bay, soc_pct=52.0 + 40.0 * (how * 7.0 % 1.0))


def _hush(one: Evening, how: float) -> None:
    bay = _car(one, how)
    if bay in one.cars_silent:
        del one.cars_silent[bay]
    elif bay in one.plugged:
        one.cars_silent[bay] = one.car_w(bay)


def _main(one: Evening, how: float) -> None:
    one.main_silent = one.battery_w if one.main_silent is None else None


def _house(one: Evening, how: float) -> None:
    one.house_w = one.house_w if one.blind else -8000.0 + 30_000.0 * how


def _blind(one: Evening, how: float) -> None:
    one.blind = not one.blind


def _kill(one: Evening, how: float) -> None:
    one.state = resumed(one.state, shift_s=0.0, now_s=one.now_s)


def _passes(one: Evening, how: float) -> None:
    one.lives(60 + round(600.0 * how), every_s=5)


def _street(one: Evening, how: float) -> None:
    one.says(utility(None if how < 0.3 else 150.0 if how < 0.5 else 230.0))


DOES: dict[str, Callable[[Evening, float], None]] = {
    "the utility tells a limit": _limit,
    "nobody hears the utility": _nobody,
    "a car comes or leaves": _plug,
    "a charger falls silent or answers": _hush,
    "the battery falls silent or answers": _main,
    "circuits draw otherwise": _house,
    "the meter falls silent or answers": _blind,
    "hems is killed": _kill,
    "some minutes pass": _passes,
    "the grid is bad, unseen or good": _street,
}


@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from(sorted(DOES)), st.floats(0.0, 1.0)), min_size=2, max_size=6))
@example(
    [
        ("a car comes or leaves", 0.1),
        ("circuits draw otherwise", 0.9),
        ("the utility tells a limit", 0.2),
        ("hems is killed", 0.0),
    ]
)
@example(
    [
        ("a car comes or leaves", 0.6),
        ("circuits draw otherwise", 0.6),
        ("the utility tells a limit", 0.25),
        ("some minutes pass", 0.2),
        ("hems is killed", 0.0),
        ("the utility tells a limit", 0.9),
        ("some minutes pass", 1.0),
    ]
)
def test_whatever_comes_of_an_evening_nothing_is_ordered_that_limits_reserve_or_floors_forbid(
    story: list[tuple[str, float]],
):
    one = Evening()
    for bay, how in (("bay_1", 0.55), ("bay_3", 0.2)):
        one.plug(bay, soc_pct=52.0 + 40.0 * how)
    for what, how in story:
        one.happens(what, how)
