"""What is kept for power cuts, by season and by history; figures to be worked out by hand."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hems.control.dispatch import reserve
from hems.control.memory.using import Habits
from hems.control.state import ControlState, initial
from hems.model.site import Site, Tier
from hems.model.units import CircuitId, SourceId
from tests.given import circuit, flats

JUNE, DECEMBER = (int(datetime(2026, month, 15, tzinfo=UTC).timestamp() // 3600) for month in (6, 12))
LIFT, KITCHEN, SAUNA = CircuitId("lift"), CircuitId("kitchen"), CircuitId("sauna")


def site(*batteries: dict[str, Any]) -> Site:
    """Circuits of 1,000 W that count, and one of 5,000 W that does not; batteries of 40 kWh."""
    one = replace(flats().batteries[0], capacity_wh=40_000.0, reserve_pct=20.0, shutdown_pct=5.0)
    return replace(
        flats(),
        circuits=(
            circuit("lift", Tier.LIFE_SAFETY, 600.0),
            circuit("kitchen", Tier.ESSENTIAL, 400.0),
            circuit("sauna", Tier.COMFORT, 5000.0),
        ),
        batteries=tuple(replace(one, id=SourceId(f"b{n}"), **some) for n, some in enumerate(batteries or ({},))),
    )


def state(hour: int = JUNE, *cuts_h: float, **habits: Any) -> ControlState:
    return replace(initial(0.0), habits=Habits(hour=hour, cuts_h=cuts_h, **habits))


@pytest.mark.parametrize(("hour", "month"), [(JUNE, 6), (DECEMBER, 12), (0, 1), (-1, None)])
def test_the_month_is_that_of_the_hour_that_is_watched(hour: int, month: int | None):
    assert reserve.month_of(state(hour)) == month


WINTER = {"reserve_winter_pct": 50.0}


@pytest.mark.parametrize(
    ("battery", "hour", "kept_pct"),
    [
        pytest.param(WINTER, JUNE, 20.0, id="in summer"),
        pytest.param(WINTER, DECEMBER, 50.0, id="in winter"),
        pytest.param(WINTER, -1, 50.0, id="nobody knows the month"),
        pytest.param(WINTER | {"winter_months": (6,)}, JUNE, 50.0, id="where winter is in June"),
        pytest.param({"reserve_winter_pct": 10.0}, DECEMBER, 20.0, id="less in winter is not meant"),
        pytest.param(WINTER | {"reserve_pct": None}, DECEMBER, None, id="a battery without a reserve"),
        pytest.param({}, DECEMBER, 20.0, id="nothing said of winter"),
    ],
)
def test_more_is_kept_in_winter(battery: dict[str, Any], hour: int, kept_pct: float | None):
    found = reserve.present(site(battery), state(hour, 10.0))
    assert [one.reserve_pct for one in found] == [kept_pct]


def test_where_neither_is_said_the_batteries_are_the_same():
    there = site({}, {})
    assert reserve.present(there, state(DECEMBER, 10.0)) is there.batteries


def test_each_battery_has_its_own():
    found = reserve.present(site({}, WINTER), state(DECEMBER))
    assert [one.reserve_pct for one in found] == [20.0, 50.0]


HISTORY = {"reserve_by_history": True}


@pytest.mark.parametrize(
    ("batteries", "cut_h", "kept_pct"),
    [
        pytest.param([HISTORY], 15.2, 45.0, id="16 kWh out of 40, and what the inverter needs"),
        pytest.param([HISTORY, HISTORY], 15.2, 25.0, id="out of 80"),
        pytest.param([HISTORY], 3.8, 20.0, id="a short cut needs less than is kept anyhow"),
        pytest.param([HISTORY], 32.3, 90.0, id="just as much as is ever kept"),
        pytest.param([HISTORY], 99.0, 90.0, id="never more"),
        pytest.param([HISTORY | {"reserve_winter_pct": 60.0}], 15.2, 60.0, id="winter asks for more"),
        pytest.param([HISTORY | {"reserve_winter_pct": 30.0}], 15.2, 45.0, id="winter asks for less"),
    ],
)
def test_where_cuts_were_long_more_is_kept(batteries: list[dict[str, Any]], cut_h: float, kept_pct: float):
    found = reserve.present(site(*batteries), state(DECEMBER, cut_h))
    assert found[0].reserve_pct == pytest.approx(kept_pct)


def test_what_circuits_that_count_usually_need_through_a_long_cut():
    # the lift is known to draw 200 W on working days and 400 on others: 300 on average, and 400 by the kitchen
    learned = {LIFT: (200,) * 24 + (400,) * 24, SAUNA: (9000,) * 48}
    assert reserve.needed_wh(site(), state(JUNE, 9.5, loads_w=learned)) == pytest.approx(7000.0)


@pytest.mark.parametrize(
    ("cuts_h", "long_h"),
    [
        ((), 0.0),
        ((3.0,), 3.0),
        ((2.0, 1.0), 2.0),
        ((5.0, 1.0, 4.0, 2.0, 3.0), 5.0),
        ((6.0, 5.0, 1.0, 4.0, 2.0, 3.0), 5.0),
        (tuple(float(n) for n in range(10, 0, -1)), 9.0),
    ],
)
def test_four_of_five_cuts_were_not_longer(cuts_h: tuple[float, ...], long_h: float):
    assert reserve.long_h(cuts_h) == long_h
