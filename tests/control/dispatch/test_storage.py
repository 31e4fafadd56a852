"""What a battery with a reserve does on the grid."""

from dataclasses import replace
from math import inf

import pytest

from hems.control.dispatch.envelope import Envelope
from hems.control.dispatch.flows import Flows
from hems.control.dispatch.storage import due_s, refilled_w
from hems.control.dispatch.store import ONE_WAY
from hems.control.state import initial
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import Mode
from hems.model.units import SourceId
from tests.control.dispatch.street import MAIN, Street, connected_site
from tests.control.panel import GRID_DEAD, TIE_OPEN, snapshot, utility

ROLE = wiring.battery_power(MAIN)


def test_it_takes_what_the_sun_gives_and_nobody_uses():
    street = Street(connected_site(), house_w=-6000.0).lives(20)
    assert abs(street.grid_w) <= street.params.car.deadband_w
    assert street.state.sent[ROLE].cause.why is Why.STORE_SUN


def test_it_serves_the_building_down_to_its_reserve_and_not_below():
    street = Street(connected_site(), house_w=6000.0, soc_pct=70.0).lives(20)
    assert abs(street.grid_w) <= street.params.car.deadband_w
    street.soc_pct = 59.9
    assert street.lives(2).battery_w == 0.0
    # and not again before there is a little more
    street.soc_pct = 61.0
    assert street.lives(5).battery_w == 0.0


def test_cars_are_not_charged_from_it():
    street = Street(connected_site(), house_w=5000.0).plug("bay_1").lives(40)
    assert street.car_w("bay_1") < -10_000.0
    assert street.battery_w <= 5000.0 + street.params.car.deadband_w


def test_it_fills_up_to_its_reserve_from_what_the_connection_leaves():
    street = Street(connected_site(import_max_w=15_000.0), house_w=10_000.0, soc_pct=30.0).lives(10)
    assert -5000.0 - street.params.car.deadband_w <= street.battery_w < -4000.0
    assert street.state.sent[ROLE].cause.why is Why.REFILL_RESERVE


def lacking(soc_pct: float | None, *, house_w: float, peak_w: float, import_w: float = 50_000.0) -> float:
    """What the battery of 80 kWh, 15 kW, that keeps 60 %, refills at."""
    site = connected_site()
    seen = snapshot(site, {wiring.battery_soc(MAIN): soc_pct})
    bounds = Envelope(import_w, Cause(Why.LIMIT_AGREED), inf, Cause(Why.LIMIT_AGREED))
    return refilled_w(site.batteries, seen, Flows(house_w, 0.0, 0.0), bounds, peak_w, 0.0).get(MAIN, 0.0)


def test_a_reserve_is_filled_again_below_the_month_s_peak_and_at_once_where_nobody_pays_for_one():
    assert connected_site().batteries[0].capacity_wh == 80_000.0
    # given 8 kWh that are missing: they are taken from what is left below a peak of 14 kW
    assert lacking(50.0, house_w=10_000.0, peak_w=14_000.0) == pytest.approx(4000.0)
    assert lacking(50.0, house_w=10_000.0, peak_w=inf) == connected_site().batteries[0].charge_max_w


def test_the_next_power_cut_may_come_soon_so_that_there_is_a_pace_whatever_peak_it_makes():
    # given 40 kWh that are missing, of which 95 % arrive, and six hours
    pace_w = 40_000.0 / 0.95 / 6.0
    assert lacking(10.0, house_w=14_000.0, peak_w=14_000.0) == pytest.approx(pace_w)
    assert lacking(10.0, house_w=20_000.0, peak_w=14_000.0) == pytest.approx(pace_w)
    # but no limit of the connection is exceeded for it, and what is next to nothing is not told
    assert lacking(10.0, house_w=14_000.0, peak_w=14_000.0, import_w=16_000.0) == pytest.approx(2000.0)
    assert lacking(10.0, house_w=14_000.0, peak_w=14_000.0, import_w=14_050.0) == 0.0


@pytest.mark.parametrize("soc_pct", [None, 58.0, 60.0, 90.0])
def test_a_reserve_that_is_whole_or_unknown_is_not_filled(soc_pct: float | None):
    assert lacking(soc_pct, house_w=0.0, peak_w=inf) == 0.0


def test_two_batteries_that_are_low_share_what_is_left():
    site = connected_site()
    second = replace(site.batteries[0], id=SourceId("second"), charge_max_w=5000.0)
    both = (replace(site.batteries[0], charge_max_w=15_000.0), second)
    low = {wiring.battery_soc(one.id): 50.0 for one in both}
    seen = snapshot(replace(site, batteries=both), low)
    bounds = Envelope(18_000.0, Cause(Why.LIMIT_AGREED), inf, Cause(Why.LIMIT_AGREED))
    found = refilled_w(both, seen, Flows(10_000.0, 0.0, 0.0), bounds, inf, 0.0)
    assert found == {MAIN: pytest.approx(6000.0), "second": pytest.approx(2000.0)}


def test_nobody_discharges_one_whose_charge_is_not_known():
    street = Street(connected_site(), house_w=6000.0).lives(10)
    assert street.battery_w > 0.0
    street.soc_pct = None  # type: ignore[assignment]
    assert street.lives(2).battery_w == 0.0


def test_one_without_a_reserve_is_left_alone():
    street = Street(connected_site(reserve_pct=None), house_w=6000.0).lives(30)
    assert street.commands(ROLE) == []


def test_it_rests_while_nobody_sees_the_grid():
    street = Street(connected_site(), house_w=6000.0).lives(10)
    assert street.battery_w > 0.0
    street.says(utility(None, None)).lives(10)
    assert street.mode is Mode.GRID_CONNECTED_DEGRADED
    assert street.battery_w == 0.0


def test_on_an_island_nobody_tells_it_anything():
    street = Street(connected_site(), house_w=6000.0).lives(10)
    street.says(GRID_DEAD, TIE_OPEN).lives(1)
    told = len(street.commands(ROLE))
    assert street.lives(60).mode.on_island
    assert len(street.commands(ROLE)) == told


def test_it_is_looked_at_again_when_what_it_gives_has_brought_it_to_its_reserve():
    # given a tenth of its capacity that may be given, at 2.4 kW, less what is lost on the way
    site = connected_site(reserve_pct=60.0)
    values = {wiring.battery_soc(MAIN): 70.0, ROLE: 2400.0}
    capacity_wh = site.batteries[0].capacity_wh
    whole_s = 0.1 * capacity_wh / 2400.0 * 3600.0
    assert due_s(site, initial(0.0), snapshot(site, values, 100.0), 100.0) == [pytest.approx(100.0 + ONE_WAY * whole_s)]
    # and never for one that takes, or has come down to it
    for unlike in ({ROLE: -2400.0}, {ROLE: 0.0}, {wiring.battery_soc(MAIN): 60.0}, {wiring.battery_soc(MAIN): None}):
        assert due_s(site, initial(0.0), snapshot(site, values | unlike, 100.0), 100.0) == []
