"""Each part of the plant against a hand calculation."""

from math import exp, inf
from random import Random

import pytest

from hems.model.site import Bay, Pv
from hems.model.snapshot import BayState
from hems.sim.battery import Store, car_loss_w
from hems.sim.bay import BayCharger
from hems.sim.circuits import CircuitLoad
from hems.sim.compressor import Hermetic, Turn
from hems.sim.former import Former, Stage, trip_after_s
from hems.sim.grid import Grid
from hems.sim.pv import PvArray
from hems.sim.start import Car, Physics, WattHz
from hems.sim.tie import Position, Tie
from tests.sim.given import BAY, L1, L2, L3, ROOF, circuit

PHASES = (L1, L2, L3)
CURVE = ((1.1, 600.0), (1.25, 60.0), (1.5, 10.0), (2.0, 1.0))


def forming() -> Former:
    former = Former(curve=CURVE, ratings=(10_000.0,), physics=Physics())
    former.tie_opened(able=True)
    former.step(0.02, (0.0,), may_restart=False)
    return former


@pytest.mark.parametrize(
    ("load_pu", "after_s"),
    [(0.9, inf), (1.0, inf), (1.1, 600.0), (1.25, 60.0), (1.4, 19.69), (1.5, 10.0), (2.0, 1.0), (3.0, 0.039)],
)
def test_the_overload_curve_is_log_log_between_its_points_and_beyond(load_pu, after_s):
    assert trip_after_s(load_pu, CURVE) == pytest.approx(after_s, rel=0.01)


def test_half_the_time_of_the_curve_is_half_the_dose_and_it_cools_within_five_minutes():
    # given an inverter at 1.25 of its rating, which it bears for 60 s
    former = forming()
    # when it has borne that for 30 s
    former.step(30.0, (1.25,), may_restart=False)
    # then half its patience is gone, and 150 s below the rating bring it back
    assert former.dose == pytest.approx(0.5)
    former.step(75.0, (0.8,), may_restart=False)
    assert former.dose == pytest.approx(0.25)
    former.step(75.0, (0.8,), may_restart=False)
    assert former.dose == 0.0


def test_a_full_dose_trips_it_and_it_restarts_three_times_if_the_load_is_gone():
    former = forming()
    for tries in range(3):
        former.step(10.0, (1.5,), may_restart=False)
        assert former.stage is Stage.TRIPPED
        former.step(30.0, (0.0,), may_restart=False)
        assert former.stage is Stage.TRIPPED, "the load still waits"
        former.step(0.1, (0.0,), may_restart=True)
        assert former.stage is Stage.FORMING
        assert former.trips == tries + 1
    former.step(10.0, (1.5,), may_restart=False)
    assert former.stage is Stage.OFF


def test_the_tie_opens_by_itself_80_ms_after_the_grid_dies_and_its_contacts_tell_the_travel():
    tie = Tie(Physics())
    seen = []
    for _ in range(10):
        tie.step(0.01, 0.0)
        seen.append((tie.closed_contact, tie.open_contact))
    assert seen == [(True, False)] * 5 + [(False, False)] * 2 + [(False, True)] * 3


def test_a_sag_that_the_grid_code_rides_through_does_not_open_it_for_21_s():
    tie = Tie(Physics())
    tie.step(20.9, 0.8)
    assert tie.position is Position.CLOSED
    tie.step(0.2, 0.8)
    assert tie.position is Position.MOVING


def test_it_closes_only_with_permit_and_after_its_own_qualification():
    # given an open tie and a grid that is back
    tie = Tie(Physics(tie_qualify_s=20.0))
    for _ in range(10):
        tie.step(0.01, 0.0)
    tie.step(30.0, 1.0)
    # when there is no permit, then it stays open however long the grid has been good
    assert tie.position is Position.OPEN
    # when it is permitted, then it closes at once, the qualification being behind it
    tie.permit = True
    assert tie.until_s(1.0) == 0.0
    tie.step(0.001, 1.0)
    tie.step(0.02, 1.0)
    assert tie.position is Position.CLOSED


def test_an_excursion_starts_its_qualification_anew():
    tie = Tie(Physics(tie_qualify_s=20.0))
    tie.permit = True
    for _ in range(10):
        tie.step(0.01, 0.0)
    tie.step(19.0, 1.0)
    tie.step(0.1, 0.7)
    tie.step(19.0, 1.0)
    assert tie.position is Position.OPEN
    assert tie.qualifying_left_s == pytest.approx(1.0)


def test_a_battery_loses_five_percent_each_way():
    # given 80 kWh at 60 %
    store = Store(capacity_wh=80_000.0, soc_pct=60.0, charge_max_w=30_000.0, discharge_max_w=30_000.0)
    # when it gives 20 kW for an hour, 21 kWh leave the cells
    store.power_w = 20_000.0
    store.flow(3600.0)
    assert store.soc_pct == pytest.approx(60.0 - 21.0 / 80.0 * 100.0)
    # and when it takes 20 kW for an hour, 19 kWh arrive
    store.power_w = -20_000.0
    store.flow(3600.0)
    assert store.soc_pct == pytest.approx(60.0 - 2.0 / 80.0 * 100.0)


def test_charging_tapers_to_nothing_at_the_top():
    store = Store(capacity_wh=80_000.0, soc_pct=97.5, charge_max_w=30_000.0, discharge_max_w=30_000.0)
    assert store.charge_limit_w == pytest.approx(15_000.0)
    store.soc_pct = 100.0
    assert store.charge_limit_w == 0.0


def test_how_long_a_store_lasts():
    store = Store(capacity_wh=80_000.0, soc_pct=60.0, charge_max_w=30_000.0, discharge_max_w=30_000.0)
    store.power_w = 20_000.0
    assert store.until_s(2.0) == pytest.approx(0.58 * 80_000.0 / 21_000.0 * 3600.0)


def test_a_car_loses_most_of_what_little_it_gives():
    assert 300.0 / (300.0 + car_loss_w(300.0)) == pytest.approx(0.70, abs=0.01)
    assert 6000.0 / (6000.0 + car_loss_w(6000.0)) == pytest.approx(0.93, abs=0.01)


def test_inrush_decays_and_a_short_interruption_costs_only_part_of_it():
    load = CircuitLoad(circuit("pump", 1000.0, L1, inrush_w=5000.0), PHASES, Physics(), closed=False)
    # given a pump that has stood still
    load.step(5.0)
    # when it is switched on, then it draws all its inrush, and a 1/e of it one time constant later
    load.told = True
    assert load.draw(1000.0, live=True) == pytest.approx(6000.0)
    load.step(0.3)
    assert load.draw(1000.0, live=True) == pytest.approx(1000.0 + 5000.0 * exp(-1.0))
    load.step(10.0)
    assert load.draw(1000.0, live=True) == pytest.approx(1000.0)
    # and when voltage is away for 40 ms, it is still turning
    load.draw(1000.0, live=False)
    load.step(0.04)
    assert load.draw(1000.0, live=True) == pytest.approx(1000.0 + 0.04 * 5000.0)


def test_cold_load_pick_up_is_two_and_a_half_times_after_two_hours_and_decays_with_half_an_hour():
    load = CircuitLoad(circuit("heat", 4000.0, thermostatic=True), PHASES, Physics(), closed=False)
    load.draw(4000.0, live=True)
    load.step(3600.0)
    load.told = True
    assert load.waiting_w == pytest.approx(1.75 * 4000.0)
    load.step(3600.0)
    assert load.draw(4000.0, live=True) == pytest.approx(2.5 * 4000.0)
    load.step(1800.0)
    assert load.draw(4000.0, live=True) == pytest.approx(4000.0 * (1.0 + 1.5 * exp(-1.0)))


def test_pv_stops_on_a_dead_bus_and_waits_before_it_feeds_again():
    roof = PvArray(Pv(id=ROOF, name="roof", rated_w=30_000.0, phases=PHASES), PHASES, Physics(pv_reconnect_s=60.0))
    assert roof.wanted_w(0.5) == pytest.approx(15_000.0)
    roof.step(0.1, live=False)
    assert roof.wanted_w(0.5) == 0.0
    roof.step(59.0, live=True)
    assert roof.wanted_w(0.5) == 0.0
    assert roof.until_s(live=True) == pytest.approx(1.0)
    roof.step(1.0, live=True)
    assert roof.wanted_w(0.5) == pytest.approx(15_000.0)


def bay(**car: object) -> BayCharger:
    spec = Bay(id=BAY, name="bay", phases=PHASES, charge_max_w=11_000.0, charge_min_w=4140.0, discharge_max_w=10_000.0)
    charger = BayCharger(spec, PHASES, Physics())
    charger.plug(Car(**({"soc_pct": 70.0} | car)))  # type: ignore[arg-type]
    return charger


def test_a_charger_follows_its_command_at_its_ramp():
    charger = bay()
    charger.setpoint_w = 8000.0
    assert charger.follow(1.0, live=True) == pytest.approx(5000.0)
    assert charger.follow(1.0, live=True) == pytest.approx(8000.0)
    assert charger.state is BayState.DISCHARGING


def test_below_six_amperes_it_pauses():
    charger = bay()
    charger.setpoint_w = -4000.0
    assert charger.follow(10.0, live=True) == 0.0
    assert charger.state is BayState.SUSPENDED


@pytest.mark.parametrize("car", [{"gives": False}, {"soc_pct": 20.0}])
def test_without_permission_or_below_the_makers_floor_it_refuses_to_discharge_without_a_word(car):
    charger = bay(**car)
    charger.setpoint_w = 5000.0
    assert not charger.discharge_ready
    assert charger.follow(10.0, live=True) == 0.0


def test_an_uncommanded_car_rests_or_charges_by_itself_as_it_is_built():
    assert bay().target_w(live=True) == 0.0
    assert bay(resumes=True).target_w(live=True) == -11_000.0


def test_a_short_interruption_costs_a_charger_a_pause_and_a_long_one_its_command():
    # given a charger at work
    charger = bay()
    charger.setpoint_w = -8000.0
    charger.follow(10.0, live=True)
    # when voltage is away for a tenth of a second
    charger.step(0.1, live=False)
    charger.follow(0.1, live=False)
    charger.step(0.02, live=True)
    # then it pauses for its resynchronisation and goes on
    assert charger.power_w == 0.0
    charger.step(10.0, live=True)
    assert charger.follow(10.0, live=True) == -8000.0
    # and after a long interruption it has forgotten and boots
    charger.step(5.0, live=False)
    charger.follow(5.0, live=False)
    assert charger.state is BayState.UNAVAILABLE
    charger.step(0.02, live=True)
    assert charger.setpoint_w is None
    charger.step(15.0, live=True)
    assert charger.state is BayState.PLUGGED


def test_an_unplugged_bay_knows_nothing_of_a_car():
    charger = bay()
    charger.unplug()
    assert (charger.state, charger.soc_pct, charger.capacity_wh) == (BayState.UNPLUGGED, None, None)


def test_the_grids_unrest_is_a_function_of_time_and_seed():
    one, other, different = (Grid(nominal_v=230.0, nominal_hz=50.0, phases=3, rng=Random(seed)) for seed in (7, 7, 8))
    assert one.volts(123.4) == other.volts(123.4) != different.volts(123.4)
    assert one.volts(123.4) != one.volts(124.4)
    volts = [volt for second in range(1000) for volt in one.volts(float(second))]
    assert 225.0 < min(volts) < max(volts) < 235.0
    hertz = [one.hertz(float(second)) for second in range(1000)]
    assert 49.9 < min(hertz) < max(hertz) < 50.1


def test_a_dead_grid_has_neither_voltage_nor_frequency():
    grid = Grid(nominal_v=230.0, nominal_hz=50.0, phases=3, rng=Random(1))
    grid.present_pu = 0.0
    assert (grid.volts(1.0), grid.hertz(1.0), grid.energised) == ((0.0, 0.0, 0.0), 0.0, False)


def test_a_swell_opens_the_tie_after_13_s_and_one_beyond_a_fifth_at_once():
    tie = Tie(Physics())
    tie.step(12.9, 1.15)
    assert tie.position is Position.CLOSED
    tie.step(0.2, 1.15)
    assert tie.position is Position.MOVING
    far = Tie(Physics())
    far.step(0.07, 1.25)
    assert far.position is Position.MOVING


def test_worn_contacts_rattle_for_20_ms_after_the_tie_has_arrived():
    tie = Tie(Physics(tie_bounce_s=0.02))
    tie.step(0.06, 0.0)
    tie.step(0.02, 0.0)
    assert tie.position is Position.OPEN
    seen = []
    for _ in range(8):
        seen.append(tie.open_contact)
        tie.step(0.004, 0.0)
    # on at 0, 4, 12 and 20 ms and later; off from 5 to 10 ms and from 15 to 20 ms
    assert seen == [True, True, False, True, False, True, True, True]


def test_a_car_that_sleeps_wakes_when_charging_has_been_offered_often_enough():
    # given a car that wakes at the second offer
    charger = bay(soc_pct=50.0, knocks=2)
    # when charging is offered, taken back and offered again
    woken = []
    for wish_w in (-7000.0, 0.0, -7000.0):
        charger.setpoint_w = wish_w
        charger.step(1.0, live=True)
        woken.append(charger.target_w(live=True))
    # then it takes nothing before the second time
    assert woken == [0.0, 0.0, -7000.0]


def test_a_car_may_tell_another_charge_than_it_has():
    charger = bay(soc_pct=30.0, told_pct=80.0)
    assert charger.soc_pct == 80.0
    assert charger.store.soc_pct == 30.0


def test_flicker_is_a_fast_swing_of_the_voltage_around_where_it_was():
    grid = Grid(nominal_v=230.0, nominal_hz=50.0, phases=1, rng=Random(1))
    still_v = grid.volts(0.25 / 8.8)[0]
    grid.flicker_pu = 0.04
    # a quarter of a swing of 8.8 Hz is its crest, three quarters its trough
    assert grid.volts(0.25 / 8.8)[0] == pytest.approx(still_v * 1.04)
    assert grid.volts(0.75 / 8.8)[0] == pytest.approx(still_v * 0.96, rel=0.001)
    assert grid.hertz(0.25 / 8.8) == pytest.approx(50.0, abs=0.05)


def test_a_compressor_that_is_started_too_early_stalls_until_its_protection_opens_and_tries_again():
    # given a heat pump of 3 kW that needs 180 s from its last turn, and was off for 60 s
    load = CircuitLoad(circuit("heat_pump", 3_000.0), PHASES, Physics(), hermetic=Hermetic())
    load.draw(3_000.0, live=True)
    load.told = False
    load.draw(3_000.0, live=True)
    load.step(60.0)
    # when it is switched on again
    load.told = True
    # then it stands and draws five times as much, for 8 s, until its protection opens for 120 s
    assert load.draw(3_000.0, live=True) == 15_000.0
    assert load.compressor.until_s() == pytest.approx(8.0)
    load.step(8.0)
    assert (load.draw(3_000.0, live=True), load.compressor.trips, load.stalled) == (0.0, 1, True)
    # and then, 188 s after its last turn, it turns
    load.step(120.0)
    assert (load.draw(3_000.0, live=True), load.compressor.turn, load.stalled) == (3_000.0, Turn.TURNING, False)


@pytest.mark.parametrize("off_s", [0.08, 180.0, 3600.0])
def test_a_compressor_turns_through_a_changeover_and_starts_after_its_rest(off_s):
    load = CircuitLoad(circuit("heat_pump", 3_000.0), PHASES, Physics(), hermetic=Hermetic())
    load.draw(3_000.0, live=False)
    load.step(off_s)
    assert load.draw(3_000.0, live=True) == 3_000.0


def test_pv_gives_way_to_a_high_frequency_by_40_percent_for_each_hertz():
    roof = PvArray(Pv(id=ROOF, name="roof", rated_w=5_000.0, phases=PHASES), PHASES, Physics())
    assert [roof.given_pu(off_hz) for off_hz in (0.0, 0.2, 1.45, 2.7, 3.0)] == pytest.approx([1.0, 1.0, 0.5, 0.0, 0.0])


def test_pv_that_hesitates_keeps_what_it_gave_least_until_the_frequency_is_low_and_comes_back_slowly():
    # given a roof that gives more again below 50.05 Hz only, by a tenth in a minute
    curve = WattHz(back_hz=0.05, back_pu_per_s=0.1 / 60.0)
    roof = PvArray(Pv(id=ROOF, name="roof", rated_w=5_000.0, phases=PHASES), PHASES, Physics(), watt_hz=curve)
    # when the frequency was 1.45 Hz too high, and is 0.1 Hz too high for an hour
    roof.answer(1.45, 1.0)
    roof.answer(0.1, 3600.0)
    # then it gives the half all the time
    assert roof.given_pu(0.1) == pytest.approx(0.5)
    # and three minutes after the frequency is right, 0.3 more
    roof.answer(0.0, 180.0)
    assert roof.given_pu(0.0) == pytest.approx(0.8)
