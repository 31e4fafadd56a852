"""What a simulated building pays, by hand calculation, and beside what it is compared."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hems.control.memory.using import Habits
from hems.control.params import Params
from hems.model.site import Location, Site, Supply, Tier, VoltagePoint
from hems.model.tariff import DemandCharge, Rate, Tariff, Window
from hems.model.units import PointId
from hems.report.worth import Worth, as_plain, sum_of
from hems.report.worth_sections import sections
from hems.sim.baseline import Baseline
from hems.sim.bill import PRIORITY, Bill, Metered, Way, price_of
from hems.sim.lot import cuts
from hems.sim.plant import Plant
from hems.sim.run import Act
from hems.sim.start import Car, StartPoint
from hems.sim.traces import CarEvent, ConstantTraces
from tests.sim.given import BATTERY, BAY, circuit, site

MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)
POINTS = tuple(
    VoltagePoint(id=PointId(where), location=where, powered_from=Supply.UPS)
    for where in (Location.UTILITY, Location.BUS)
)
EVENING = Rate(window=Window(from_h=18.0, to_h=20.0), buy=0.5)
TARIFF = Tariff(buy=0.2, sell=0.0, rates=(EVENING,), demand=(DemandCharge(per_kw=10.0, window=Window(from_h=6.0)),))


def house(**more: object) -> Site:
    plain = site(replace(circuit("lights", 4000.0), tier=Tier.CRITICAL, switchable=False))
    batteries = tuple(replace(one, reserve_pct=50.0, wear_per_kwh=0.1) for one in plain.batteries)
    tie = replace(plain.tie, listing="a listed transfer switch")
    return replace(plain, tariff=TARIFF, batteries=batteries, tie=tie, voltage_points=POINTS, **more)


def metered(of: Site, *, car: Car | None = None, events: tuple[CarEvent, ...] = ()) -> Metered:
    loads = {one.id: one.typical_w for one in of.circuits}
    bill = Bill(site=of, price=price_of(of), clock=MIDNIGHT)
    start = StartPoint(cars={BAY: car} if car else {})
    return Metered(of, ConstantTraces(loads, cars=events), start=start, bill=bill)


def through(plant: Metered, hours: float) -> Bill:
    plant.bill.begin(plant)
    plant.step(hours * 3600.0)
    plant.bill.close(plant)
    return plant.bill


def test_a_day_of_a_steady_load_costs_what_the_tariff_says():
    # given 4 kW all day, a battery that does nothing, a night in which the highest quarter does not count
    of = house()
    plant = metered(of)
    plant.set_battery_power(BATTERY, 0.0)
    paid = sum_of(through(plant, 24.0), of)
    assert paid.energy == pytest.approx(4.0 * (22 * 0.2 + 2 * 0.5))
    assert paid.demand == pytest.approx(4.0 * 10.0)


def test_the_highest_quarter_counts_only_in_its_hours():
    of = house()
    plant = metered(of)
    plant.set_battery_power(BATTERY, 0.0)
    assert sum_of(through(plant, 5.0), of).demand == 0.0


def test_what_a_battery_gave_is_seen_against_itself_at_rest_with_its_wear():
    of = house()
    plant = metered(of)
    plant.set_battery_power(BATTERY, 3000.0)
    bill = through(plant, 2.0)
    (month,) = bill.months.values()
    assert month.sides[Way.RESTING].bought_wh == pytest.approx(8000.0)
    assert month.sides[Way.REAL].bought_wh == pytest.approx(2000.0, rel=0.01)
    assert sum_of(bill, of).wear == pytest.approx(6.0 * 0.1, rel=0.01)
    # it began at 60 %, and keeps 50
    assert 0.0 < bill.least_above_pct < 10.0


def test_the_baseline_charges_cars_at_once_and_keeps_batteries_full():
    # given a car that comes at two with 40 % and goes at seven
    events = (CarEvent(7200.0, BAY, Car(soc_pct=40.0)), CarEvent(25_200.0, BAY, None))
    of = house()
    plant = metered(of, events=events)
    baseline = Baseline(of, Params(), plant, (), 36_000.0)
    baseline.begin()
    # when time passes as far as the real run's
    baseline.until(28_800.0, Habits())
    # then it has charged to what a driver usually wants, and the battery rests full
    assert plant.bill.left == [(BAY, pytest.approx(80.0, abs=2.0))]
    assert plant.batteries[BATTERY].soc_pct == pytest.approx(100.0, abs=0.5)
    assert plant.t_s == pytest.approx(28_800.0)


def test_a_power_cut_is_counted_on_both_sides_until_the_grid_has_them_again():
    of = house()
    acts = [
        Act(3600.0, Plant.fail_grid, fails_grid=True),
        Act(7200.0, Plant.return_grid),
    ]
    plant = metered(of)
    baseline = Baseline(of, Params(), plant, acts, 36_000.0)
    baseline.begin()
    baseline.until(14_400.0, Habits())
    (cut,) = plant.bill.cuts
    # it begins when the tie opens and ends after the wait of a grid that is back
    assert 3600.0 <= cut.begins_s < 3602.0
    assert cut.ends_s is not None
    assert 7200.0 < cut.ends_s < 7400.0
    assert cut.served(PRIORITY) == pytest.approx(1.0, abs=0.001)
    assert cut.wanted_wh[Tier.CRITICAL] == pytest.approx(4000.0, rel=0.06)


def test_all_sources_of_savings_add_up_to_what_was_saved():
    # given a real run that gave 3 kW for two hours beside one that did nothing, from the same charge
    of = house()
    real, base = metered(of, car=Car(soc_pct=50.0)), metered(of, car=Car(soc_pct=50.0))
    real.set_battery_power(BATTERY, 3000.0)
    base.set_battery_power(BATTERY, 0.0)
    base.set_bay_power(BAY, -5000.0)
    worth = Worth(of, through(real, 2.0), through(base, 2.0), {})
    # then the car that was not charged saved nothing: what it lacks counts like what was not bought
    by_cars, by_giving, by_batteries = worth.streams
    assert by_cars.energy == pytest.approx(5.0 * 2.0 * 0.2, rel=0.05)  # it ramps up first
    assert by_cars.total == pytest.approx(0.0, abs=0.02)
    assert by_giving.total == 0.0
    # and neither did the battery that is emptier now: its losses and its wear are lost
    assert by_batteries.total < 0.0
    paid = [sum_of(bill, of).total for bill in (worth.base, worth.real)]
    refill = sum(one.refill for one in worth.streams)
    assert worth.saved == pytest.approx(paid[0] - paid[1] + refill)
    assert as_plain(worth)["saved"] == pytest.approx(worth.saved, abs=0.01)
    assert any("HEMS cost" in words for section in sections(worth) for words in section.words)


def test_a_building_without_a_tariff_is_told_its_energies_and_no_money():
    of = house()
    bare = replace(of, tariff=None)
    worth = Worth(bare, through(metered(bare), 1.0), through(metered(bare), 1.0), {})
    (only,) = sections(worth)
    assert all("EUR" not in cell for row in only.rows for cell in row)
    assert as_plain(worth)["currency"] is None


def test_power_cuts_by_lot_never_touch_each_other_and_are_the_same_for_the_same_seed():
    acts = list(cuts(30, 8760.0, seed=3))
    times = [act.t_s for act in acts]
    assert times == sorted(times)
    assert sum(act.fails_grid for act in acts) == 30
    assert times == [act.t_s for act in cuts(30, 8760.0, seed=3)]
    assert times[-1] < 8760.0 * 3600.0
