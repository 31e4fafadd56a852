"""An export limit is kept by holding back the sun, after batteries have taken what they can."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from hems.control.dispatch import curtail
from hems.control.memory.seeing import ModeMemory
from hems.control.params import Params
from hems.control.state import initial
from hems.model import wiring
from hems.model.cause import Why
from hems.model.mode import Mode
from hems.model.reading import missing
from hems.model.request import Task
from hems.model.site import Site
from hems.model.supply import FlexibleLimits, GridConnection
from hems.model.units import SourceId
from hems.sim.plant import Plant
from hems.sim.run import FastForward, Ticked
from hems.sim.start import StartPoint
from hems.sim.traces import ConstantTraces
from tests.control.panel import on_the_grid, snapshot, tie
from tests.given import flats, order

ROOF, MAIN = SourceId("roof"), SourceId("main")
LIMIT = wiring.pv_limit(ROOF)


def sunny(**grid: Any) -> Site:
    """30 kW of sun, 5 kW of circuits, a battery with a reserve."""
    site = flats(grid=GridConnection(nominal_v=230.0, nominal_hz=50.0, service_a=100.0, **grid), bays=())
    battery = replace(site.batteries[0], controllable=True, reserve_pct=40.0)
    return replace(site, batteries=(battery,), pvs=(replace(site.pvs[0], limitable=True),))


class Roof:
    """The building under full sun."""

    def __init__(self, site: Site, soc_pct: float = 100.0) -> None:
        loads = {one.id: 5000.0 / len(site.circuits) for one in site.circuits}
        self.plant = Plant(site, ConstantTraces(loads, sun=0.9), start=StartPoint(battery_soc_pct=soc_pct))
        self.forward = FastForward(site, Params(), self.plant, near_s=5.0, far_s=30.0)
        self.ticks: list[Ticked] = []
        self.lives(960.0)
        assert self.forward.state.mode.mode is Mode.GRID_CONNECTED

    def lives(self, seconds: float) -> "Roof":
        self.ticks = list(self.forward.run(self.plant.t_s + seconds))
        return self


def test_with_a_full_battery_the_sun_is_held_back_to_what_may_be_fed_in():
    roof = Roof(sunny(export_max_w=8000.0))
    # 27 kW of sun, 5 kW used: 22 would flow, 8 may
    assert -8100.0 <= roof.plant.grid_w <= -7000.0
    assert roof.forward.state.sent[LIMIT].cause.why is Why.LIMIT_AGREED


def test_while_the_battery_has_room_nothing_of_the_sun_is_lost():
    roof = Roof(sunny(export_max_w=8000.0), soc_pct=50.0)
    assert sum(pv.power_w for pv in roof.plant.pvs.values()) > 26_000.0


@pytest.mark.parametrize(("soc_pct", "held"), [(0.0, False), (99.0, False), (100.0, True), (None, True)])
def test_only_a_battery_that_is_full_or_tells_nothing_takes_none_of_the_sun(soc_pct: float | None, *, held: bool):
    # given 27 kW of sun that circuits use 5 of, where 8 may be fed in, and a battery that can take the rest
    site = sunny(export_max_w=8000.0)
    battery = {wiring.battery_power(MAIN): 0.0, wiring.battery_soc(MAIN): soc_pct}
    seen = snapshot(site, {**battery, wiring.GRID_POWER: -22_000.0, wiring.pv_power(ROOF): 27_000.0}, 10.0)
    state = replace(initial(0.0), mode=ModeMemory(mode=Mode.GRID_CONNECTED))
    assert any(curtail.proposals(site, state, seen, 10.0)) is held


def test_a_battery_that_is_nearly_full_takes_less_and_less_and_the_limit_is_kept_all_the_same():
    # given 27 kW of sun, 5 kW used, 8 kW that may be fed in, and a battery that is charged gently from 95 % on
    roof = Roof(sunny(export_max_w=8000.0), soc_pct=90.0)
    fed_w = []
    for _ in range(60):
        roof.lives(60.0)
        fed_w.append(-roof.plant.grid_w)
    assert min(battery.soc_pct for battery in roof.plant.batteries.values()) > 99.0
    # then the sun is held back for what it does not take, looked at twice a minute, and no more than that
    assert max(fed_w) <= 1.1 * 8000.0
    assert sum(fed_w[-10:]) / 10.0 >= 7000.0


def test_it_is_let_go_when_the_building_needs_it():
    roof = Roof(sunny(export_max_w=0.0))
    held_w = roof.plant.pvs[ROOF].power_w
    assert held_w < 5500.0
    # when the building begins to draw 15 kW more
    roof.plant.want(roof.plant.site.circuits[0].id, 15_000.0)
    roof.lives(120.0)
    # then the sun serves it
    assert roof.plant.pvs[ROOF].power_w > held_w + 12_000.0
    assert roof.plant.grid_w >= -300.0


def test_no_limit_is_sent_where_nobody_limits():
    roof = Roof(sunny())
    assert LIMIT not in roof.forward.state.sent


def test_while_the_utility_is_not_heard_its_failsafe_holds_for_the_sun_too():
    flexible = FlexibleLimits(failsafe_import_w=20_000.0, failsafe_export_w=0.0)
    roof = Roof(sunny(flexible=flexible))
    assert roof.plant.grid_w >= -300.0
    assert roof.forward.state.sent[LIMIT].cause.why is Why.LIMIT_FAILSAFE


def test_without_the_meter_at_the_grid_the_plants_give_no_more_than_may_be_fed_in():
    roof = Roof(sunny(export_max_w=6000.0), soc_pct=50.0)
    assert roof.plant.pvs[ROOF].power_w > 26_000.0
    # when that meter falls silent
    roof.forward.faults.readings = without_meter(roof.forward.faults.readings)  # type: ignore[method-assign]
    roof.lives(10.0)
    # then the limit holds whatever circuits draw
    assert roof.plant.pvs[ROOF].power_w <= 6001.0


def without_meter(readings: Any) -> Any:
    def silent(values: Any, now_s: float) -> Any:
        return {**readings(values, now_s), wiring.GRID_POWER: missing()}

    return silent


@pytest.mark.parametrize(
    ("doubt", "mode"),
    [
        (tie(None, None, None), Mode.FAULT_SAFE),
        (order(Task.MAINTENANCE), Mode.MAINTENANCE),
    ],
)
def test_a_limit_does_not_lapse_in_doubt_nor_while_people_work(doubt: Any, mode: Mode):
    # given a plant that may feed nothing in
    made = on_the_grid(site=sunny(export_max_w=0.0)).says({wiring.battery_soc(MAIN): 100.0})
    made.says({wiring.pv_power(ROOF): 20_000.0, wiring.GRID_POWER: -5_000.0}).advance(3.0)
    made.says({wiring.pv_power(ROOF): 15_000.0, wiring.GRID_POWER: 0.0}).advance(5.0)
    before, since_s = made.commands(LIMIT)[-1][1].value, made.now_s
    assert before < 15_000.0
    # when nobody knows where the tie is, or people come to work
    (made.ask if mode is Mode.MAINTENANCE else made.says)(doubt)
    made.says({wiring.pv_power(ROOF): 1_000.0}).advance(300.0, every_s=5.0)
    assert made.mode is mode
    # then it is told so again before it lapses, and never more
    told = [(t_s, one.value) for t_s, one in made.commands(LIMIT) if t_s > since_s]
    times = [since_s, *(t_s for t_s, _ in told), made.now_s]
    assert max(after - one for one, after in pairwise(times)) < made.params.command.lease_s
    assert {value for _, value in told} == {before}


def test_a_plant_that_nobody_has_limited_is_left_alone_in_doubt():
    made = on_the_grid(site=sunny(export_max_w=0.0)).says(tie(None, None, None)).advance(100.0, every_s=5.0)
    assert made.mode is Mode.FAULT_SAFE
    assert made.commands(LIMIT) == []
