"""How far the sun is held back, and how it is let go again; figures to be worked out by hand."""

from dataclasses import replace
from typing import Any

import pytest

from hems.control.arbitrate import Rank
from hems.control.dispatch.curtail import proposals
from hems.control.memory.acting import Sent
from hems.control.memory.seeing import ModeMemory
from hems.control.state import ControlState, initial
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import Mode
from hems.model.reading import Reading
from hems.model.site import Site
from hems.model.snapshot import Snapshot
from hems.model.units import SourceId
from tests.control.fresh import battery_reading, fresh
from tests.given import flats

ROOF, BARN, SHED, MAIN = (SourceId(name) for name in ("roof", "barn", "shed", "main"))
NOW_S = 1000.0


def site(export_max_w: float | None = 2000.0, **battery: Any) -> Site:
    """Plants of 8 and 4 kW that can be limited, one that cannot; a battery that is dispatched."""
    roof = replace(flats().pvs[0], rated_w=8000.0, limitable=True)
    one = replace(flats().batteries[0], **{"controllable": True, "reserve_pct": 20.0, "charge_max_w": 3000.0} | battery)
    return replace(
        flats(),
        grid=replace(flats().grid, export_max_w=export_max_w),
        pvs=(roof, replace(roof, id=BARN, rated_w=4000.0), replace(roof, id=SHED, limitable=False)),
        batteries=(one,),
        bays=(),
    )


def state(mode: Mode = Mode.GRID_CONNECTED, sent_s: float = 0.0, **told_w: float) -> ControlState:
    entries = {
        wiring.pv_limit(SourceId(name)): Sent(value=watts, cause=Cause(Why.SUN_FREE), sent_s=sent_s, last_s=sent_s)
        for name, watts in told_w.items()
    }
    return replace(initial(0.0), mode=ModeMemory(mode=mode), sent=entries)


def sees(
    grid_w: float | None, roof_w: float = 6000.0, barn_w: float = 3000.0, soc_pct: float | None = 99.5
) -> Snapshot:
    """A battery that is full takes nothing."""
    return Snapshot(
        grid_w=Reading(grid_w, 500.0, 9e9) if grid_w is not None else fresh(None),
        pvs={one: Reading(watts, 500.0, 9e9) for one, watts in ((ROOF, roof_w), (BARN, barn_w), (SHED, 9000.0))},
        batteries={MAIN: battery_reading(power_w=0.0, soc_pct=soc_pct)},
    )


def limits(there: Site, memory: ControlState, snapshot: Snapshot) -> dict[str, float]:
    """What each plant may give at most."""
    return {
        name: one.high
        for name in ("roof", "barn", "shed")
        for one in proposals(there, memory, snapshot, NOW_S)
        if one.rank is Rank.LIMIT and one.role == wiring.pv_limit(SourceId(name))
    }


def both(total_w: float) -> dict[str, Any]:
    return {"roof": pytest.approx(total_w * 2 / 3), "barn": pytest.approx(total_w / 3)}


@pytest.mark.parametrize(
    ("snapshot", "total_w"),
    [
        pytest.param(sees(-2300.0), 8700.0, id="300 W too much, of 9,000 that are given"),
        pytest.param(sees(-2001.0), 8999.0, id="a watt too much"),
        pytest.param(sees(-13_000.0), 0.0, id="more than they give"),
        pytest.param(sees(-2300.0, 9000.0, 6000.0), 11_700.0, id="they give more than they are rated for"),
        pytest.param(sees(None), 2000.0, id="the street is silent: no more than may be fed in"),
        pytest.param(sees(-5300.0, soc_pct=99.4), 8700.0, id="a battery takes 3,000 W of it"),
        pytest.param(sees(-5300.0, soc_pct=None), 5700.0, id="nobody knows whether it does"),
    ],
)
def test_what_is_too_much_is_taken_off_at_once(snapshot: Snapshot, total_w: float):
    assert limits(site(), state(), snapshot) == both(total_w)


def test_a_battery_that_decides_alone_is_not_counted_on():
    assert limits(site(controllable=False), state(), sees(-5300.0, soc_pct=50.0)) == both(5700.0)


@pytest.mark.parametrize(
    ("grid_w", "total_w"),
    [
        pytest.param(0.0, 6600.0, id="3 tenths of 2,000 W of room"),
        pytest.param(-1000.0, 6300.0, id="no less than 300 W"),
        pytest.param(-1700.0, 6300.0, id="just as much room"),
    ],
)
def test_it_is_let_go_again_in_steps(grid_w: float, total_w: float):
    assert limits(site(), state(roof=4000.0, barn=2000.0), sees(grid_w)) == both(total_w)


def test_the_last_watts_are_left_to_batteries_where_there_are_any():
    told = state(roof=4000.0, barn=2000.0)
    assert limits(site(), told, sees(-1701.0)) == both(6000.0)
    assert limits(site(controllable=False), told, sees(-1701.0)) == both(6299.0)


@pytest.mark.parametrize(
    ("sent_s", "total_w"),
    [
        pytest.param(499.1, 5700.0, id="meters show the last command"),
        pytest.param(499.2, 6000.0, id="they show what was before it"),
    ],
)
def test_nothing_is_lowered_twice(sent_s: float, total_w: float):
    told = state(sent_s=sent_s, roof=4000.0, barn=2000.0)
    assert limits(site(), told, sees(-2300.0, 4000.0, 2000.0)) == both(total_w)


def test_a_plant_that_was_told_nothing_counts_with_its_rating():
    assert limits(site(), state(roof=4000.0), sees(0.0)) == both(8600.0)


@pytest.mark.parametrize("mode", [Mode.ISLANDED, Mode.BLACKOUT])
def test_without_the_grid_nothing_is_said(mode: Mode):
    assert list(proposals(site(), state(mode), sees(-9000.0), NOW_S)) == []


def test_a_plant_that_may_give_all_is_told_so_only_if_it_was_told_less():
    assert limits(site(), state(), sees(0.0)) == {}
    assert limits(site(None), state(), sees(-99_000.0)) == {}
    assert limits(site(None), state(roof=4000.0), sees(-99_000.0)) == {"roof": 8000.0}
    assert list(proposals(replace(site(), pvs=()), state(), sees(-9000.0), NOW_S)) == []


def test_whose_limit_it_is_is_told_and_all_of_it_is_wished_for():
    found = list(proposals(site(), state(), sees(-2300.0), NOW_S))
    roof = [one for one in found if one.role == wiring.pv_limit(ROOF)]
    assert [(one.rank, one.cause.why, one.prefer) for one in roof] == [
        (Rank.LIMIT, Why.LIMIT_AGREED, None),
        (Rank.GRID, Why.SUN_FREE, 8000.0),
    ]
    free = list(proposals(site(None), state(roof=4000.0), sees(0.0), NOW_S))
    assert [one.cause.why for one in free] == [Why.SUN_FREE, Why.SUN_FREE]
